//! One plan.

use std::cell::Cell;
use std::sync::{Arc, Once};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oceanbase_sim::log::Entry;
use oceanbase_sim::model::World as Cluster;
use serde_json::Value;

use crate::digest::{Digest, differences, digest, lasting};
use crate::plan::{Fault, Plan, Point};
use crate::sent::{Sent, miscounted, sent};
use crate::workload::Workload;
use crate::world::World;

/// How soon after the last fault everything must be as in peace.
const CONVERGENCE: Duration = Duration::from_mins(1);

/// How long before the end of a run nothing is written or sent any more.
const QUIET: Duration = Duration::from_mins(5);

/// How many statements are sent before the end that are refused for good.
const SELDOM: usize = 30;

/// How late a slot may start where its strategy does not say, in seconds.
const STARTING_DEADLINE: i64 = 6 * 60 * 60;

/// How soon after the last renewal of a leader that is gone another one leads: the lease is over
/// 15 s after it was seen, and it is looked at every 2 s.
const TAKEOVER: Duration = Duration::from_secs(20);

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was tried.
    pub plan: Plan,
    /// What did not hold.
    pub violations: Vec<String>,
    /// Whether every fault struck, and did what it is there for.
    pub struck: bool,
    /// What the run came by.
    pub points: Vec<Point>,
    /// What the world came to.
    pub digest: Digest,
    /// How often each statement was sent.
    pub sent: Sent,
    /// When the operator last wrote anything but a checkpoint, or changed the database.
    pub settled_at: Duration,
    /// Changes of objects and statements that change the database, as texts.
    pub history: Vec<String>,
}

/// Runs a plan in a world of its own. With the run in peace of the same workload it says what
/// differs.
#[must_use]
pub fn run(plan: &Plan, peace: Option<&Report>) -> Report {
    let workload = Workload::find(&plan.workload);
    let mut workload =
        workload.unwrap_or_else(|| panic!("there is no workload `{}`", plan.workload));
    let length = workload.length;
    let set_back = plan.faults.iter().map(|fault| fault.act.sets_back(length));
    workload.length += Duration::from_secs(set_back.sum());
    // The HTTP client of a kubeconfig is not used, but kube looks for the provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    count_panics();
    PANICS.set(0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let world = World::new(&workload, &plan.faults);
        let lived = world.live(&workload).await;
        let mut report = report(plan, &world);
        if !lived {
            report.violations.push("the operator ended".to_owned());
        }
        judge(&mut report, &workload, &world, peace);
        report
    })
}

fn report(plan: &Plan, world: &World) -> Report {
    let (moved_at, sent_at) = world.oracle.last_moves();
    let mut history: Vec<_> = world
        .double
        .history()
        .iter()
        .filter(|change| !matches!(change.key.plural.as_str(), "events" | "leases"))
        .map(ToString::to_string)
        .collect();
    world.simulator.log(|log| {
        history.extend(log.changing().map(|entry| {
            let text = entry.to_string();
            // Numbers of sessions and statements count those that only read too.
            text.split_once("] ")
                .map_or(text.clone(), |(_, rest)| rest.to_owned())
        }));
    });
    Report {
        plan: plan.clone(),
        violations: world.oracle.violations(),
        struck: world.director.struck().1 && world.simulator.traps() == 0,
        points: world.director.points(),
        digest: digest(world),
        sent: sent(&world.simulator),
        settled_at: moved_at.max(sent_at),
        history,
    }
}

fn judge(report: &mut Report, workload: &Workload, world: &World, peace: Option<&Report>) {
    let mut wrong = Vec::new();
    if world.director.is_stuck() {
        wrong.push("I15: the operator runs in circles without time passing".to_owned());
    }
    if PANICS.get() > 0 {
        wrong.push("something panicked".to_owned());
    }
    let is_masked = report.plan.faults.iter().all(Fault::is_masked);
    let passes = report.plan.faults.iter().all(Fault::passes);
    let refuses = report.plan.faults.iter().any(Fault::refuses);
    for plural in ["backuptasks", "cleanuptasks", "recoverytasks"] {
        wrong.extend(unfinished(&world.double.list(plural), passes, refuses));
    }
    wrong.extend(world.oracle.left_behind(&world.simulator));
    for strategy in world.double.list("backupstrategies") {
        wrong.extend(lost_slots(workload, world, &strategy));
    }
    // What is refused for good is tried now and then.
    let is_seldom = refuses && sent_lately(world) <= SELDOM;
    let faults = &report.plan.faults;
    let struck_at = world.director.struck().0.unwrap_or_default();
    // What goes wrong that late is told, of a clock that jumps at the next checkpoints.
    let reported = faults.iter().map(|fault| fault.act.is_reported_within());
    let told_at = struck_at + reported.max().unwrap_or_default() + 2 * CONVERGENCE;
    let quiet_from = workload.length.saturating_sub(QUIET).max(told_at);
    if report.settled_at > quiet_from && !is_seldom {
        wrong.push(format!("I10: still busy at {:?}", report.settled_at));
    }
    let of_second = faults
        .iter()
        .filter(|fault| fault.at.is_of_second())
        .count();
    let gap = world.oracle.longest_without_leader();
    // One of the two operators had nothing in its way.
    if (of_second == 0 || of_second == faults.len()) && gap > TAKEOVER {
        wrong.push(format!("one leader: nobody renewed the lease for {gap:?}"));
    }
    if let (Some(peace), true) = (peace, passes) {
        if is_masked {
            wrong.extend(differences(&peace.digest, &report.digest));
            wrong.extend(miscounted(
                &peace.sent,
                &report.sent,
                faults,
                workload.reads_slowly,
            ));
        } else {
            // What was refused meanwhile is told, and was sent again.
            wrong.extend(differences(
                &lasting(&peace.digest),
                &lasting(&report.digest),
            ));
        }
        let costs: u64 = faults.iter().map(|fault| fault.act.costs()).sum();
        let patience = workload.patience + Duration::from_secs(costs);
        let limit = peace.settled_at.max(struck_at) + CONVERGENCE + patience;
        if report.settled_at > limit {
            wrong.push(format!(
                "I15: settled after {:?}, {:?} is the limit",
                report.settled_at, limit
            ));
        }
    }
    report.violations.extend(wrong);
}

/// How many statements are sent at the end that may change something.
fn sent_lately(world: &World) -> usize {
    let end = oceanbase_sim::clock::Clock::now(&world.time);
    let lately = |entry: &&Entry| end.since(entry.at) < QUIET;
    world
        .simulator
        .log(|log| log.changing().filter(lately).count())
}

/// I15: tasks that should be over.
fn unfinished(tasks: &[Arc<Value>], passes: bool, refuses: bool) -> Vec<String> {
    // What somebody must mend first is waited for, and said.
    let waits = |task: &Value| {
        let status = &task["status"];
        let may_wait = status["phase"] == "Pending" || refuses;
        !passes && may_wait && !status["cause"].is_null()
    };
    // One for several tenants waits with its children.
    let of_children = |task: &Value| {
        let owner = &task["metadata"]["uid"];
        let is_child =
            |other: &&Arc<Value>| other["metadata"]["ownerReferences"][0]["uid"] == *owner;
        tasks.iter().filter(is_child).any(|child| waits(child))
    };
    let open = tasks
        .iter()
        .filter(|task| task["status"]["outcome"].is_null());
    let wrong = open.filter(|task| !waits(task) && !of_children(task));
    wrong
        .map(|task| format!("I15: not over: {}", task["metadata"]["name"]))
        .collect()
}

/// I6: each slot that fell due stands in the history, or waits for the end of an upgrade.
fn lost_slots(workload: &Workload, world: &World, strategy: &Value) -> Vec<String> {
    let history = strategy["status"]["scheduleHistory"].as_array();
    let kept: Vec<Timestamp> = history
        .into_iter()
        .flatten()
        .filter_map(|record| record["slot"].as_str()?.parse().ok())
        .collect();
    let lost = workload.slots.iter().filter(|slot| {
        let slot: Timestamp = slot.parse().unwrap();
        !kept.contains(&slot)
            && !was_suspended(workload, world, slot)
            && !waits_for_upgrade(world, strategy, slot)
    });
    lost.map(|slot| format!("I6: the slot {slot} was lost"))
        .collect()
}

/// Whether a slot fell due, by an operator's clock, while the strategy was suspended: nobody wanted
/// it.
fn was_suspended(workload: &Workload, world: &World, slot: Timestamp) -> bool {
    let Some((from, until)) = workload.suspended() else {
        return false;
    };
    let mut due = world.seats.iter().map(|seat| seat.time().shown_at(slot));
    due.any(|due| due.is_some_and(|due| (from..until).contains(&due)))
}

/// Whether a slot is held while the database is upgraded: the strategy must say so, and the slot must
/// not be older than it may start. An older one belongs into the history, as missed.
fn waits_for_upgrade(world: &World, strategy: &Value, slot: Timestamp) -> bool {
    let seconds = strategy["spec"]["schedule"]["startingDeadlineSeconds"].as_i64();
    let deadline = SignedDuration::from_secs(seconds.unwrap_or(STARTING_DEADLINE));
    let conditions = strategy["status"]["conditions"].as_array();
    let says_so = conditions.into_iter().flatten().any(|condition| {
        condition["type"] == "Scheduling" && condition["reason"] == "ClusterUpgrading"
    });
    let is_upgrading = world.simulator.world(Cluster::is_upgrading);
    is_upgrading && says_so && slot.duration_until(world.time.now()) < deadline
}

thread_local! {
    static PANICS: Cell<u32> = const { Cell::new(0) };
}

/// The operator catches panics of its passes: here they count.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let known = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            known(info);
        }));
    });
}
