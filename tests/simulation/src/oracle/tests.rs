//! Tests that the oracle reports violations: a blind oracle would accept everything.

use std::sync::Arc;

use api_double::{Change, Key};
use oceanbase_sim::Simulator;
use oceanbase_sim::model::ChildRows;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::statement::Kind;
use oceanbase_sim::value::Backend;
use serde_json::{Value, json};

use super::{Oracle, PASSWORD};
use crate::time::Time;
use crate::workload::Workload;

fn oracle() -> Oracle {
    let workload = Workload {
        allowed: vec![Kind::Backup],
        ..Workload::find("manual").unwrap()
    };
    Oracle::new(Time::begin(), &workload, &[])
}

/// Returns the oracle's report about statements that run one after the other, each after the work
/// of the previous one.
fn said_of(statements: &[&str]) -> Vec<String> {
    let workload = Workload {
        allowed: vec![Kind::Backup],
        ..Workload::find("manual").unwrap()
    };
    said_of_each(statements, minutes(60), &workload)
}

fn minutes(count: u64) -> std::time::Duration {
    std::time::Duration::from_mins(count)
}

/// Returns the oracle's report about statements that run at this interval.
fn said_of_each(
    statements: &[&str],
    pause: std::time::Duration,
    workload: &Workload,
) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let ready = TenantSpec::new("orders").ready(std::time::Duration::from_hours(24));
        let mut elsewhere = TenantSpec::new("ledger");
        elsewhere.data_dest = Some("file:///elsewhere/ledger/data".to_owned());
        // The tenant's job exists when the statement is answered.
        let scenario = Scenario::new("4.3.5.2")
            .child_rows(ChildRows::AtOnce)
            .with(ready)
            .with(elsewhere);
        let simulator = Simulator::new(&scenario, Time::begin()).unwrap();
        let mut session = simulator.connect("root@sys", "").unwrap();
        let oracle = Oracle::new(Time::begin(), workload, &[]);
        oracle.lock().intents.insert("obb/1/1".to_owned());
        for text in statements {
            oracle.before_statement(&simulator, text);
            session.execute(text);
            oracle.after_statements(&simulator, "operator");
            tokio::time::sleep(pause).await;
        }
        without_times(&oracle)
    })
}

pub(super) fn without_times(oracle: &Oracle) -> Vec<String> {
    let cut = |text: &String| text.split_once(": ").map(|(_, rest)| rest.to_owned());
    oracle.violations().iter().filter_map(cut).collect()
}

/// Returns the oracle's report about a change of a BackupTask.
fn said_of_change(before: Option<Value>, after: Value, call: &str) -> Vec<String> {
    let task =
        |status: Value| json!({"metadata": {"name": "a", "generation": 1}, "status": status});
    let oracle = oracle();
    oracle
        .lock()
        .change(&changed(before.map(task), task(after), call));
    without_times(&oracle)
}

fn changed(before: Option<Value>, after: Value, call: &str) -> Change {
    Change {
        version: 2,
        key: Key {
            plural: "backuptasks".to_owned(),
            namespace: "payments".to_owned(),
            name: "a".to_owned(),
        },
        before: before.map(Arc::new),
        after: Some(Arc::new(after)),
        actor: "operator".to_owned(),
        call: call.to_owned(),
    }
}

const BACKUP: &str = "ALTER SYSTEM BACKUP TENANT = 'orders' DESCRIPTION = 'obb/1/1'";
const LOOK: &str = "SELECT JOB_ID FROM oceanbase.CDB_OB_BACKUP_JOBS WHERE DESCRIPTION = 'obb/1/1'";
const WRITE: &str = "update backuptasks/status a";

#[test]
fn a_backup_of_its_own_is_in_order() {
    assert_eq!(said_of(&[LOOK, BACKUP]), Vec::<String>::new());
}

#[test]
fn a_key_that_is_sent_again_is_seen() {
    assert_eq!(
        said_of(&[LOOK, BACKUP, BACKUP]),
        ["I1: BACKUP was run twice for obb/1/1"]
    );
}

#[test]
fn a_backup_without_a_key_is_seen() {
    let text = "ALTER SYSTEM BACKUP TENANT = 'orders'";
    assert_eq!(
        said_of(&[text]),
        [format!("a backup without a key: {text}")]
    );
}

#[test]
fn a_backup_beside_one_of_the_same_tenant_is_seen_though_the_database_refuses_it() {
    let second = "ALTER SYSTEM BACKUP TENANT = 'orders' DESCRIPTION = 'obb/2/1'";
    let said = said_of_each(
        &[LOOK, BACKUP, second],
        std::time::Duration::from_millis(1),
        &Workload::find("manual").unwrap(),
    );
    assert_eq!(
        said,
        [format!("I2: a backup of orders runs already: {second}")]
    );
}

#[test]
fn a_round_that_is_ended_before_its_set_can_be_recovered_is_seen() {
    let around = Workload::find("around").unwrap();
    let end = "ALTER SYSTEM NOARCHIVELOG TENANT = 'orders'";
    let early = said_of_each(&[LOOK, BACKUP, end], minutes(1), &around);
    assert!(
        early[0].starts_with("a round of orders is ended too soon"),
        "{early:?}"
    );
    let late = said_of_each(&[LOOK, BACKUP, LOOK, end], minutes(60), &around);
    assert_eq!(late, Vec::<String>::new());
}

#[test]
fn a_statement_that_nobody_asked_for_is_seen() {
    let text = "ALTER SYSTEM NOARCHIVELOG TENANT = 'orders'";
    assert_eq!(
        said_of(&[text]),
        [format!("I9: no object asked for {text}")]
    );
}

#[test]
fn a_statement_about_a_tenant_that_somebody_else_backs_up_is_seen() {
    let text = "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d' \
                TENANT = 'ledger'";
    let said = said_of(&[text]);
    let expected = format!("another tool backs up ledger: {text}");
    assert!(said.contains(&expected), "{said:?}");
}

#[test]
fn a_password_in_a_statement_is_seen() {
    let text = format!("SELECT '{PASSWORD}'");
    assert_eq!(said_of(&[&text]), ["I11: a password stands in a statement"]);
}

#[test]
fn an_end_that_changes_is_seen() {
    let said = said_of_change(
        Some(json!({"outcome": "Completed"})),
        json!({"outcome": "Failed"}),
        WRITE,
    );
    assert!(said[0].starts_with("I3: it had ended"), "{said:?}");
}

/// Returns the oracle's report about a task that becomes complete, with set 5 of tenant 1002 known.
fn said_of_an_end(spec: &Value, status: &Value) -> Vec<String> {
    let oracle = oracle();
    oracle.lock().sets = super::sets::Sets::of([((1002, 5), false)]);
    let meta = json!({"name": "a", "generation": 1});
    let task = |status: &Value| json!({"metadata": meta, "spec": spec, "status": status});
    let change = changed(Some(task(&json!({}))), task(status), WRITE);
    oracle.lock().change(&change);
    without_times(&oracle)
}

#[test]
fn a_complete_backup_without_a_set_is_seen() {
    let end =
        |set| json!({"outcome": "Completed", "database": {"tenantID": 1002}, "backupSetID": set});
    assert_eq!(said_of_an_end(&json!({}), &end(5)), Vec::<String>::new());
    let said = said_of_an_end(&json!({}), &end(6));
    assert!(said[0].starts_with("a set: none of number 6"), "{said:?}");
    let unknown = json!({"outcome": "Completed"});
    assert_eq!(said_of_an_end(&json!({}), &unknown).len(), 1);
}

#[test]
fn a_set_that_anybody_can_restore_is_seen_where_a_password_was_asked_for() {
    let asked = json!({"restorePasswordSecretRef": {"name": "restore"}});
    let mut end = json!({"outcome": "Completed", "database": {"tenantID": 1002}, "backupSetID": 5});
    let said = said_of_an_end(&asked, &end);
    assert!(said[0].starts_with("a set: no password"), "{said:?}");
    end["dataBackup"] = asked;
    assert_eq!(said_of_an_end(&json!({}), &end).len(), 1);
}

#[test]
fn a_task_for_many_tenants_needs_no_set_of_its_own() {
    let end = json!({"outcome": "Completed"});
    let said = said_of_an_end(&json!({"scope": "Strategy"}), &end);
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn a_job_that_changes_within_an_attempt_is_seen() {
    let attempt = |job: i64| json!({"attempts": [{"key": "obb/1/1", "jobID": job}]});
    let said = said_of_change(Some(attempt(1)), attempt(2), WRITE);
    assert!(said[0].starts_with("I4: job 1"), "{said:?}");
}

#[test]
fn a_generation_of_the_future_is_seen() {
    let said = said_of_change(Some(json!({})), json!({"observedGeneration": 2}), WRITE);
    assert!(said[0].starts_with("I13"), "{said:?}");
}

#[test]
fn a_write_of_what_is_somebody_elses_is_seen() {
    let said = said_of_change(Some(json!({})), json!({}), "update backuptasks a");
    assert!(said[0].starts_with("I12"), "{said:?}");
}

#[test]
fn a_condition_that_changes_after_the_end_is_seen() {
    let ended = |reason: &str| {
        let condition = json!({"type": "Succeeded", "status": "True", "reason": reason});
        json!({"outcome": "Completed", "conditions": [condition]})
    };
    let said = said_of_change(Some(ended("Completed")), ended("Other"), WRITE);
    assert!(
        said[0].starts_with("I3: it had ended, and conditions"),
        "{said:?}"
    );
}

#[test]
fn a_cause_that_changes_after_the_end_is_seen() {
    let ended = |reason: &str| json!({"outcome": "Failed", "cause": {"reason": reason}});
    let said = said_of_change(Some(ended("JobFailed")), ended("Other"), WRITE);
    assert!(
        said[0].starts_with("I3: it had ended, and cause"),
        "{said:?}"
    );
}

#[test]
fn an_end_that_is_seen_in_an_edited_object_stands() {
    let ended = |of: i64| {
        let condition = json!({"type": "Succeeded", "observedGeneration": of});
        json!({"outcome": "Completed", "conditions": [condition], "observedGeneration": of})
    };
    let said = said_of_change(Some(ended(0)), ended(1), WRITE);
    assert_eq!(said, Vec::<String>::new());
}

/// Returns the oracle's report about writes to a log backup's status, each so many seconds after
/// the previous write.
fn said_of_writes(writes: &[(u64, Value)]) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let object = |status: &Value| json!({"metadata": {"generation": 1}, "status": status});
        let oracle = oracle();
        let mut before = object(&json!({"phase": "InProgress", "checkpointSCN": "0"}));
        for (after, status) in writes {
            tokio::time::sleep(std::time::Duration::from_secs(*after)).await;
            let now = object(status);
            let change = changed(Some(before), now.clone(), "update logbackups/status a");
            oracle.lock().is_written_seldom(&change);
            before = now;
        }
        without_times(&oracle)
    })
}

#[test]
fn a_checkpoint_that_is_written_too_often_is_seen() {
    let at = |scn: &str| json!({"phase": "InProgress", "checkpointSCN": scn});
    let seldom = [(1, at("1")), (240, at("2")), (240, at("3"))];
    assert_eq!(said_of_writes(&seldom), Vec::<String>::new());
    let said = said_of_writes(&[(1, at("1")), (239, at("2"))]);
    assert!(said[0].starts_with("I10: only time has passed"), "{said:?}");
}

#[test]
fn news_may_follow_each_other_at_once() {
    let at = |phase: &str| json!({"phase": phase, "checkpointSCN": phase});
    let said = said_of_writes(&[(1, at("Stopping")), (1, at("Stopped"))]);
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn a_recovery_window_that_nobody_asked_for_is_seen() {
    let said = said_of(&["ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' \
                          RECOVERY_WINDOW '7d' TENANT = 'orders'"]);
    assert!(said.iter().any(|text| text.contains("I8: ")), "{said:?}");
}

#[test]
fn a_backup_into_one_of_somebody_else_and_its_cancel_are_seen() {
    let theirs = "ALTER SYSTEM BACKUP TENANT = 'orders'";
    let ours = [
        (
            "ALTER SYSTEM BACKUP TENANT = 'orders' DESCRIPTION = 'obb/1/1'",
            "a backup of another tool runs",
        ),
        (
            "ALTER SYSTEM CANCEL BACKUP TENANT = 'orders'",
            "another tool's backup of orders",
        ),
    ];
    let workload = Workload::find("manual").unwrap();
    for (text, expected) in ours {
        let pause = std::time::Duration::from_secs(61);
        let said = said_of_each(&[theirs, text], pause, &workload);
        assert!(
            said.iter().any(|known| known.contains(expected)),
            "{said:?}"
        );
    }
}
