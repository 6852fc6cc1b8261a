//! Stories of SIGKILL at the statements and API writes of a full backup.
//!
//! The points are enumerated. At each point of [`point`] the operator is killed twice: before the
//! effect, and after the effect but before the answer. Another operator takes over, and there must
//! be exactly one backup. One run of the tests executes a third of these kills, with a new seed;
//! `cargo xtask test --long` executes all of them.
//!
//! A run without faults is recorded first. It provides all statements of the sending sessions, and
//! each text of the reading sessions, at the beginning and while the backup works. Its writes must
//! all be among the points, or change nothing that an operator relies on. Every run reaches every
//! point: a plan that waits in vain fails.

mod point;
mod stage;

use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan, Unit};

use self::point::{Point, assert_complete};
use self::stage::Stage;
use crate::support::proxy::Moment;
use crate::support::{sample, within};

/// How many operators are killed at the same time.
const LANES: usize = 16;
/// Usual limit on the time to create a strategy in each world.
const STRATEGIES_TAKE: SignedDuration = SignedDuration::from_secs(15);

/// One experiment.
#[derive(Clone, Debug)]
struct Plan {
    point: Point,
    moment: Moment,
}

/// Kills the operator at a point and starts another one.
fn kill(plan: &Plan, mut stage: Stage) {
    let what = format!("{plan:?}");
    if plan.point.is_of_work() {
        stage.world.start_operator();
        stage.wait(&what, Stage::is_working);
        plan.point.arm(&stage, plan.moment);
    } else {
        plan.point.arm(&stage, plan.moment);
        stage.world.start_operator();
    }
    stage.wait(&what, Stage::is_reached);
    stage.world.kill_operator();
    stage.world.start_operator();
    stage.wait(&what, Stage::is_over);
    stage.assert_one_backup();
}

/// Returns the points of a run without faults.
fn recorded() -> Vec<Point> {
    let mut stage = stages(1).remove(0);
    stage.world.start_operator();
    stage.wait("a backup that nobody disturbs", Stage::is_over);
    // The last event comes after the last status.
    stage.world.settle();
    stage.world.kill_operator();
    stage.assert_one_backup();
    assert_complete(&stage.proxy.writes());
    let statements = stage.world.simulator.log(Point::statements);
    statements.into_iter().chain(Point::writes()).collect()
}

/// Creates worlds with a due slot, mostly the same one, so that its minute is waited for once.
fn stages(count: usize) -> Vec<Stage> {
    let made = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for lane in 0..LANES {
            let made = &made;
            scope.spawn(move || {
                for _ in (lane..count).step_by(LANES) {
                    let stage = Stage::new();
                    made.lock().unwrap().push(stage);
                }
            });
        }
    });
    let mut stages = made.into_inner().unwrap();
    let mut slot = coming_slot();
    for stage in &mut stages {
        stage.schedule(slot);
        // A slot from before its strategy would not count.
        while Timestamp::now() >= slot {
            slot = coming_slot();
            stage.schedule(slot);
        }
    }
    within(Duration::from_mins(2), "the slot", Timestamp::now, |now| {
        *now > slot
    });
    stages
}

/// Returns the first minute after the strategies exist, by their usual creation time.
fn coming_slot() -> Timestamp {
    let soon = Timestamp::now() + STRATEGIES_TAKE;
    let minute = soon.round(Unit::Minute).unwrap();
    if minute < soon {
        minute + 1.minute()
    } else {
        minute
    }
}

#[test]
fn a_kill_at_any_statement_or_write_of_a_full_backup_leaves_one_backup() {
    let plans: Vec<_> = recorded()
        .iter()
        .flat_map(|point| {
            [Moment::Before, Moment::After].map(|moment| Plan {
                point: point.clone(),
                moment,
            })
        })
        .collect();
    let plans = sample::of(plans);
    let of = |is: fn(&Point) -> bool| plans.iter().filter(|plan| is(&plan.point)).count();
    let commands = of(|point| matches!(point, Point::Statement { .. }));
    let readings = of(|point| matches!(point, Point::Reading { .. }));
    let writes = plans.len() - commands - readings;
    println!(
        "killed {commands} times in sessions that send, {readings} times in those that only read, \
         {writes} times at writes; seed {}",
        sample::seed()
    );
    let stages = stages(plans.len());
    let left = Mutex::new(plans.into_iter().zip(stages).collect::<Vec<_>>());
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().pop();
                    let Some((plan, stage)) = next else { return };
                    kill(&plan, stage);
                }
            });
        }
    });
}
