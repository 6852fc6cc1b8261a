//! Stories of several operators with one leader.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use oceanbase_sim::fault::{self, Fault, Trigger};
use oceanbase_sim::log::Entry;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{LOG_BACKUP, ONE_TENANT, task_without_strategy};
use crate::support::proxy::{Moment, Proxy, Write};
use crate::support::{Operator, World, account, apply, eventually, scratch};

/// Short enough for a story, and long enough for a busy machine to renew it.
const SECONDS: &str = "10";

/// Starts the n-th operator of a world, with a lease of this length.
fn operator(world: &World, number: usize, seconds: &str) -> Operator {
    let name = format!("operator-{number}");
    let arguments = ["--leader-elect", "--lease-namespace", &world.namespace];
    let arguments = [
        &arguments[..],
        &["--lease-seconds", seconds, "--pod-name", &name],
    ]
    .concat();
    Operator::start_with(&world.kubeconfig, &world.namespace, number, &arguments)
}

/// Creates a world without an operator, whose Lease the shipped account may hold.
fn world(story: &str) -> World {
    let world = World::new(story, ONE_TENANT);
    account::may_lead_in(&world.namespace);
    world
}

/// Returns when a finished operator logged its end.
fn ended_at(operator: &Operator) -> Timestamp {
    let log = operator.log();
    let mut times = log.lines().rev().map(|line| line.split(' ').next());
    times.find_map(|time| time?.parse().ok()).unwrap()
}

/// Returns the name of the operator that holds the Lease; empty without a holder.
fn leader(world: &World) -> String {
    let lease = world.get("lease", "oceanbase-backup-operator");
    let holder = lease["spec"]["holderIdentity"].as_str().unwrap_or_default();
    holder.split('_').next().unwrap_or_default().to_owned()
}

fn wait_for_leader(world: &World, number: usize) {
    let name = format!("operator-{number}");
    eventually("the leader", || leader(world), |leader| *leader == name);
}

/// Starts two operators, of which the first leads.
fn pair(world: &World, seconds: &str) -> (Operator, Operator) {
    let first = operator(world, 0, seconds);
    wait_for_leader(world, 0);
    (first, operator(world, 1, seconds))
}

fn assert_one_backup(world: &World) {
    let changing = world.changing();
    assert_eq!(world.count(Kind::Backup), 1, "{changing:#?}");
    let effects = world
        .simulator
        .log(|log| log.effects(Kind::Backup, "orders"));
    assert_eq!(effects, 1, "{changing:#?}");
}

#[test]
fn the_operator_that_stands_by_is_ready_and_has_no_connection_to_the_database() {
    let world = world("stands-by");
    apply(
        &world.namespace,
        "
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: oceanbase-backup-operator}
spec: {holderIdentity: somebody, leaseDurationSeconds: 3600}
",
    )
    .unwrap();
    let operator = operator(&world, 0, SECONDS);
    eventually(
        "readiness",
        || operator.get("/readyz").0,
        |code| *code == 200,
    );
    let (_, metrics) = operator.get("/metrics");
    assert!(metrics.contains("\nobbackup_leader 0\n"), "{metrics}");
    // Only the leader publishes metrics about objects.
    assert!(!metrics.contains("namespace="), "{metrics}");
    assert_eq!(world.simulator.connections().logins, 0);
    assert_eq!(leader(&world), "somebody");
}

#[test]
fn when_the_leader_is_killed_the_other_finds_its_backup() {
    let world = world("leader-killed");
    let (first, second) = pair(&world, SECONDS);
    world.apply(LOG_BACKUP);
    world.phase("logbackup", "orders-log", "InProgress");
    // The database executes the statement, and its answer is lost.
    world.inject(Fault::Stall {
        on: Trigger::next(Kind::Backup),
        when: fault::Moment::AfterCommit,
    });
    world.apply(&task_without_strategy("now"));
    eventually(
        "a BACKUP",
        || world.count(Kind::Backup),
        |count| *count == 1,
    );
    first.kill();
    let task = world.phase("backuptask", "now", "Completed");
    assert_eq!(task["status"]["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(leader(&world), "operator-1");
    assert_one_backup(&world);
    let events = eventually(
        "an event of the Lease",
        || of_the_lease(&world),
        |events| !events.is_empty(),
    );
    assert_eq!(events.len(), 1, "{events:#?}");
    assert_eq!(events[0]["reason"], "LeaderLost");
    assert_eq!(events[0]["type"], "Warning");
    let note = events[0]["message"].as_str().unwrap();
    assert!(note.starts_with("'operator-0_"), "{note}");
    drop(second);
}

/// Returns events of the Lease.
fn of_the_lease(world: &World) -> Vec<Value> {
    let events = world.list("events");
    let of_it = |event: &Value| event["involvedObject"]["kind"] == "Lease";
    events.into_iter().filter(of_it).collect()
}

/// Freezes the leader while it waits for the answer to its first statement with this text, and
/// resumes it after the other operator has finished the work.
fn freeze_at(statement: &str) {
    let world = world("leader-frozen");
    let (mut first, _second) = pair(&world, SECONDS);
    world.apply(LOG_BACKUP);
    world.phase("logbackup", "orders-log", "InProgress");
    world.inject(Fault::Slow {
        on: Trigger::any().containing(statement),
        delay: Duration::from_secs(2),
    });
    world.apply(&task_without_strategy("now"));
    let came = || {
        let is_it = |entry: &&Entry| entry.text.contains(statement);
        world
            .simulator
            .log(|log| log.entries().filter(is_it).count())
    };
    eventually(statement, came, |came| *came > 0);
    first.freeze();
    world.phase("backuptask", "now", "Completed");
    assert_eq!(leader(&world), "operator-1", "{statement}");
    first.thaw();
    let (status, took) = first.wait();
    assert_eq!(status.code(), Some(1), "{statement}");
    assert!(took < Duration::from_secs(1), "{statement}: {took:?}");
    assert_one_backup(&world);
}

/// The other operator waited until no request of the first could still be under way, checked, and
/// sent what was missing.
#[test]
fn a_leader_that_stood_still_beyond_its_lease_sends_nothing_and_ends_within_a_second() {
    let statements = [
        "SET DATA_BACKUP_DEST",
        "CDB_OB_BACKUP_JOB_HISTORY WHERE DESCRIPTION",
        "BACKUP TENANT",
    ];
    std::thread::scope(|scope| {
        for statement in statements {
            scope.spawn(move || freeze_at(statement));
        }
    });
}

#[test]
fn a_leader_that_can_not_renew_ends_before_the_other_acts() {
    let mut world = world("leader-cut-off");
    let gate = Proxy::start();
    let direct = world.kubeconfig.clone();
    world.kubeconfig = gate.kubeconfig(scratch());
    let mut first = operator(&world, 0, SECONDS);
    wait_for_leader(&world, 0);
    world.kubeconfig = direct;
    let second = operator(&world, 1, SECONDS);
    let renewals = gate.writes().len();
    let after_another = move |before: &[Write], write: &Write| {
        before.len() > renewals && write.operation == "PUT leases"
    };
    gate.hold(Box::new(after_another), Moment::Before);
    let (status, _) = first.wait();
    assert_eq!(status.code(), Some(1));
    wait_for_leader(&world, 1);
    let lease = world.get("lease", "oceanbase-backup-operator");
    let acquired_at = lease["spec"]["acquireTime"].as_str().unwrap();
    let acquired_at: Timestamp = acquired_at.parse().unwrap();
    assert!(ended_at(&first) < acquired_at, "{}", first.log());
    drop(second);
}

#[test]
fn a_leader_that_is_stopped_hands_over_at_once() {
    // Without the release the other would wait for this minute; it checks every eight seconds.
    let world = world("hand-over");
    let (first, second) = pair(&world, "60");
    let (status, _) = first.terminate();
    assert_eq!(status.code(), Some(0));
    let stopped = Instant::now();
    wait_for_leader(&world, 1);
    let took = stopped.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    let metrics = || second.get("/metrics").1;
    eventually("the metric", metrics, |metrics| {
        metrics.contains("\nobbackup_leader 1\n")
    });
}
