//! SIGKILL of the operator at each statement and each API write of a full backup.
//!
//! Enumerated, not drawn: a run that nobody disturbs is written down first. Each of its statements
//! and writes is then a point at which the operator is killed twice: before it takes effect, and
//! after it took effect but before the operator hears of it. Another operator takes over, and
//! there must be one backup, as if nothing had happened.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp, ToSpan, Unit};
use oceanbase_sim::fault::{self, Fault, Trigger};
use oceanbase_sim::log::Ending;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use crate::support::proxy::{Moment, Proxy};
use crate::support::{World, within};

const SCENARIO: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 400
tenants:
  - {name: orders, fullBackupSize: 1GiB}
";

/// How many operators are killed at the same time.
const LANES: usize = 8;
/// How long one run may take: a statement without an answer is waited for until it is surely over.
const PATIENCE: Duration = Duration::from_mins(3);
/// Worlds that are set up before the slot: one for each plan, and some for a second try.
const STAGES: usize = 96;
/// How long it may take to set them up.
const SETTING_TAKES: SignedDuration = SignedDuration::from_secs(60);

/// Where the operator is killed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Point {
    /// The n-th statement with this in its text.
    Statement { containing: String, nth: usize },
    /// The n-th write of this operation.
    Write { operation: String, nth: usize },
}

impl Point {
    /// Whether every run comes by it. Statuses of strategies and log backups follow what was seen,
    /// and two changes that are seen at once are one write.
    fn is_certain(&self) -> bool {
        match self {
            Self::Statement { .. } => true,
            Self::Write { operation, nth } => operation.starts_with("POST") && *nth == 1,
        }
    }
}

/// One experiment.
#[derive(Clone, Debug)]
struct Plan {
    point: Point,
    moment: Moment,
}

/// A world in which a slot of the strategy is due, and no operator has seen it yet.
struct Stage {
    world: World,
    proxy: Proxy,
}

impl Stage {
    fn new(slot: Timestamp) -> Self {
        let mut world = World::new("kill", SCENARIO);
        let proxy = Proxy::start();
        world.kubeconfig = proxy.kubeconfig(Path::new(env!("CARGO_TARGET_TMPDIR")));
        let cron = slot.strftime("%M %H * * *");
        world.apply(&format!(
            "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: nightly}}
spec:
  clusterRef: {{name: prod}}
  storageRef: {{name: nfs}}
  schedule: {{cron: {{full: '{cron}'}}}}
"
        ));
        Self { world, proxy }
    }

    fn is_over(&self) -> bool {
        let tasks = self.world.list("backuptask");
        let strategy = self.world.get("backupstrategy", "nightly");
        !tasks.is_empty()
            && tasks
                .iter()
                .all(|task| !task["status"]["outcome"].is_null())
            && !strategy["status"]["lastSuccessTime"].is_null()
    }

    fn wait_for_the_end(&self, what: &str) {
        let began = Instant::now();
        while !self.is_over() {
            let world = &self.world;
            assert!(
                began.elapsed() < PATIENCE,
                "{what} is not over\n{:#?}\n{:#?}\n{:#?}",
                world.list("backuptask"),
                world.get("backupstrategy", "nightly")["status"],
                self.last_statements()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn last_statements(&self) -> Vec<String> {
        self.world.simulator.log(|log| {
            let newest = log.entries().rev().take(20);
            newest
                .map(|entry| format!("{} {entry}", entry.at.0))
                .collect()
        })
    }

    fn arm(&self, plan: &Plan) {
        match (&plan.point, plan.moment) {
            (Point::Write { operation, nth }, moment) => self.proxy.hold(operation, *nth, moment),
            (Point::Statement { containing, nth }, moment) => {
                let nth = u32::try_from(*nth).unwrap();
                self.world.inject(Fault::Stall {
                    on: Trigger::any().containing(containing).nth(nth),
                    when: match moment {
                        Moment::Before => fault::Moment::BeforeExecuting,
                        Moment::After => fault::Moment::AfterCommit,
                    },
                });
            }
        }
    }

    /// Whether the operator stands at the point.
    fn is_reached(&self) -> bool {
        let lost = |ending: &Ending| matches!(ending, Ending::LostBefore | Ending::LostAfter(_));
        self.proxy.held()
            || self
                .world
                .simulator
                .log(|log| log.entries().any(|entry| lost(&entry.ending)))
    }
}

/// The statements of the sessions that send commands, and the writes, of a run in peace.
fn recorded(mut stage: Stage, slot: Timestamp) -> Vec<Point> {
    stage.world.start_operator();
    stage.wait_for_the_end("a backup that nobody disturbs");
    stage.world.kill_operator();
    assert_one_backup(&stage, slot);
    let mut points = statements(&stage.world);
    let mut counts = HashMap::new();
    for write in stage.proxy.writes() {
        let nth = counts.entry(write.operation.clone()).or_insert(0);
        *nth += 1;
        let wanted = ["backuptasks", "backupstrategies", "logbackups"];
        if wanted.iter().any(|plural| write.operation.contains(plural)) {
            points.push(Point::Write {
                operation: write.operation,
                nth: *nth,
            });
        }
    }
    points
}

fn statements(world: &World) -> Vec<Point> {
    world.simulator.log(|log| {
        let commands: BTreeSet<u64> = log
            .entries()
            .filter(|entry| entry.text.contains("ob_query_timeout"))
            .map(|entry| entry.session)
            .collect();
        let texts: Vec<_> = log.entries().map(|e| (e.session, e.text.clone())).collect();
        let mut points = Vec::new();
        for (at, (session, text)) in texts.iter().enumerate() {
            if commands.contains(session) {
                // Up to the key: it holds the task's uid, which is another one in each run.
                let containing = text.split("obb/").next().unwrap_or(text).to_owned();
                let nth = texts[..=at]
                    .iter()
                    .filter(|(_, other)| other.contains(&containing))
                    .count();
                points.push(Point::Statement { containing, nth });
            }
        }
        points
    })
}

/// Kills the operator at a point and lets another one take over. `false` when the run did not come
/// by the point.
fn killed(plan: &Plan, mut stage: Stage, slot: Timestamp) -> bool {
    stage.arm(plan);
    stage.world.start_operator();
    let what = format!("{plan:?}");
    within(
        PATIENCE,
        &what,
        || stage.is_reached() || stage.is_over(),
        |so| *so,
    );
    if !stage.is_reached() {
        return false;
    }
    stage.world.kill_operator();
    stage.world.start_operator();
    stage.wait_for_the_end(&what);
    assert_one_backup(&stage, slot);
    true
}

fn assert_one_backup(stage: &Stage, slot: Timestamp) {
    let world = &stage.world;
    let statements = world.changing();
    let effects = world
        .simulator
        .log(|log| log.effects(Kind::Backup, "orders"));
    assert_eq!(effects, 1, "{statements:#?}");
    let jobs = world.simulator.world(|cluster| {
        let backups = &cluster.tenant("orders").unwrap().backups;
        backups.jobs.len() + backups.history.len()
    });
    assert_eq!(jobs, 1, "jobs in the database");

    let tasks = world.list("backuptask");
    let stamp = slot.strftime("%Y%m%d%H%M");
    let names: Vec<_> = tasks
        .iter()
        .map(|task| task["metadata"]["name"].clone())
        .collect();
    assert_eq!(names, [format!("nightly-t1002-full-{stamp}z")]);
    let status = &tasks[0]["status"];
    assert_eq!(status["phase"], "Completed", "{status:#}");
    assert_eq!(status["attempts"].as_array().unwrap().len(), 1);

    let job_ids: BTreeSet<_> = stage
        .proxy
        .writes()
        .iter()
        .filter(|write| write.operation == "PUT backuptasks/status")
        .filter_map(|write| write.object["status"]["jobId"].as_i64())
        .collect();
    assert_eq!(job_ids.len(), 1, "jobId was {job_ids:?}");
    assert_eq!(status["jobId"].as_i64(), job_ids.first().copied());

    let strategy = world.get("backupstrategy", "nightly");
    let history = strategy["status"]["scheduleHistory"].as_array();
    let outcomes: Vec<&Value> = history
        .into_iter()
        .flatten()
        .map(|record| &record["outcome"])
        .collect();
    assert_eq!(outcomes, ["Started"], "{:#}", strategy["status"]);
}

/// A minute that begins so late that all stages are set before.
fn coming_slot() -> Timestamp {
    let soon = Timestamp::now() + SETTING_TAKES;
    let minute = soon.round(Unit::Minute).unwrap();
    if minute < soon {
        minute + 1.minute()
    } else {
        minute
    }
}

#[test]
fn a_kill_at_any_statement_or_write_of_a_full_backup_leaves_one_backup() {
    // One slot for all stages, so that its minute is waited for once.
    let slot = coming_slot();
    let mut stages: Vec<_> = (0..STAGES).map(|_| Stage::new(slot)).collect();
    // A slot from before its strategy would be nobody's.
    assert!(Timestamp::now() < slot, "the stages took too long to set");
    within(Duration::from_mins(2), "the slot", Timestamp::now, |now| {
        *now > slot
    });
    let points = recorded(stages.pop().unwrap(), slot);
    let plans: Vec<_> = points
        .iter()
        .flat_map(|point| {
            [Moment::Before, Moment::After].map(|moment| Plan {
                point: point.clone(),
                moment,
            })
        })
        .collect();
    let count = plans.len();
    let is_statement = |plan: &Plan| matches!(plan.point, Point::Statement { .. });
    let statements = plans.iter().filter(|plan| is_statement(plan)).count();
    println!(
        "{count} plans: {statements} at statements, {} at writes",
        count - statements
    );
    assert!(
        count < STAGES,
        "{count} plans want more than {STAGES} stages"
    );

    let (plans, stages) = (Mutex::new(plans), Mutex::new(stages));
    let missed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let next = plans.lock().unwrap().pop();
                    let Some(plan) = next else { return };
                    let stage = stages.lock().unwrap().pop().unwrap();
                    if !killed(&plan, stage, slot) {
                        missed.lock().unwrap().push(plan);
                    }
                }
            });
        }
    });
    // Once more for those that did not come by: which passes write a status is a race.
    let mut stages = stages.into_inner().unwrap();
    let mut missed = missed.into_inner().unwrap();
    missed.retain(|plan| !stages.pop().is_some_and(|stage| killed(plan, stage, slot)));
    println!("{} plans did not come by their point", missed.len());
    assert!(
        !missed.iter().any(|plan| plan.point.is_certain()),
        "{missed:#?}"
    );
    assert!(missed.len() * 10 <= count, "{missed:#?}");
}
