//! The run of one plan and its final checks.

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

/// How long after the last fault everything must be as in the faultless run.
const CONVERGENCE: Duration = Duration::from_mins(1);

/// How long before the end of a run the operator must stop writing and sending.
const QUIET: Duration = Duration::from_mins(5);

/// Limit on permanently refused statements that are sent before the end.
const SELDOM: usize = 30;

/// How late a slot may start if its strategy does not say, in seconds.
const STARTING_DEADLINE: i64 = 6 * 60 * 60;

/// Limit on the time between two leaders. A lease ends 15 s after it was last observed, and is
/// checked every 2 s.
const TAKEOVER: Duration = Duration::from_secs(20);

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The plan.
    pub plan: Plan,
    /// The violations.
    pub violations: Vec<String>,
    /// Whether every fault happened and had its intended effect.
    pub struck: bool,
    /// The points that the run reached.
    pub points: Vec<Point>,
    /// The final state of the world.
    pub digest: Digest,
    /// How often each statement was sent.
    pub sent: Sent,
    /// When the operator last wrote more than a checkpoint, or changed the database.
    pub settled_at: Duration,
    /// Changes of objects and statements that change the database, as texts.
    pub history: Vec<String>,
}

/// Runs a plan in a world of its own. With the faultless run of the same workload, it reports the
/// differences.
#[must_use]
pub fn run(plan: &Plan, peace: Option<&Report>) -> Report {
    let workload = Workload::find(&plan.workload);
    let mut workload =
        workload.unwrap_or_else(|| panic!("there is no workload `{}`", plan.workload));
    let length = workload.length;
    let set_back = plan.faults.iter().map(|fault| fault.act.sets_back(length));
    workload.length += Duration::from_secs(set_back.sum());
    // The HTTP client of a kubeconfig is unused, but kube requires a provider.
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
            // Numbers of sessions and statements are removed because they also count reads.
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
    // A permanently refused statement is repeated rarely.
    let is_seldom = refuses && sent_lately(world) <= SELDOM;
    let faults = &report.plan.faults;
    let struck_at = world.director.struck().0.unwrap_or_default();
    // The report of a late fault may come late: after a clock jump, at the next checkpoints.
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
    // One of the two operators had no fault.
    if (of_second == 0 || of_second == faults.len()) && gap > TAKEOVER {
        wrong.push(format!(
            "one leader: no operator renewed the lease for {gap:?}"
        ));
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
            // Refused statements were reported and sent again.
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

/// Returns how many statements that may change something are sent at the end.
fn sent_lately(world: &World) -> usize {
    let end = oceanbase_sim::clock::Clock::now(&world.time);
    let lately = |entry: &&Entry| end.since(entry.at) < QUIET;
    world
        .simulator
        .log(|log| log.changing().filter(lately).count())
}

/// Returns the tasks that should be over (I15).
fn unfinished(tasks: &[Arc<Value>], passes: bool, refuses: bool) -> Vec<String> {
    // A task that waits for a user's repair says so.
    let waits = |task: &Value| {
        let status = &task["status"];
        let may_wait = status["phase"] == "Pending" || refuses;
        !passes && may_wait && !status["cause"].is_null()
    };
    // A task for several tenants waits with its children.
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

/// Returns lost slots (I6): each due slot is in the history, or waits for the end of an upgrade.
fn lost_slots(workload: &Workload, world: &World, strategy: &Value) -> Vec<String> {
    let history = strategy["status"]["scheduleHistory"].as_array();
    let kept: Vec<Timestamp> = history
        .into_iter()
        .flatten()
        .filter_map(|record| record["scheduledTime"].as_str()?.parse().ok())
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

/// Returns whether a slot fell due while the strategy was suspended, by an operator's clock. Such a
/// slot needs no task.
fn was_suspended(workload: &Workload, world: &World, slot: Timestamp) -> bool {
    let Some((from, until)) = workload.suspended() else {
        return false;
    };
    let mut due = world.seats.iter().map(|seat| seat.time().shown_at(slot));
    due.any(|due| due.is_some_and(|due| (from..until).contains(&due)))
}

/// Returns whether an upgrade of the database holds a slot. The strategy must report it, and the
/// slot must be within its deadline. A later slot belongs in the history as missed.
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

/// Counts panics, because the operator catches panics of its reconcile passes.
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
