//! Tests that the oracle reports faulty recoveries: a blind oracle would accept all.

use std::sync::Arc;
use std::time::Duration;

use api_double::{Change, Key};
use oceanbase_sim::Simulator;
use oceanbase_sim::model::BackupType;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::value::Backend;
use serde_json::{Value, json};

use crate::oracle::Oracle;
use crate::time::Time;
use crate::workload::Workload;

const KEY: &str = "obr/00112233445566778899aabbccddeeff";
const LOOK: &str = "SELECT JOB_ID FROM oceanbase.CDB_OB_RESTORE_PROGRESS \
                    WHERE DESCRIPTION = 'obr/00112233445566778899aabbccddeeff'";
const UNIT: &str = "CREATE RESOURCE UNIT `obr_00112233445566778899aabbccddeeff` \
                    MAX_CPU 2, MEMORY_SIZE '8G'";
const POOL: &str = "CREATE RESOURCE POOL `obr_00112233445566778899aabbccddeeff` \
                    UNIT = 'obr_00112233445566778899aabbccddeeff', UNIT_NUM = 1, \
                    ZONE_LIST = ('zone1')";
const RESTORE: &str = "ALTER SYSTEM RESTORE `copy` \
                       FROM 'file:///ob-backup/orders/data,file:///ob-backup/orders/log' \
                       WITH 'pool_list=obr_00112233445566778899aabbccddeeff' \
                       DESCRIPTION = 'obr/00112233445566778899aabbccddeeff'";
const DROP_POOL: &str = "DROP RESOURCE POOL `obr_00112233445566778899aabbccddeeff`";

/// Returns a status in which RESTORE may be under way for the first time.
fn restoring() -> Value {
    json!({"key": KEY, "step": "Restoring", "sends": 1})
}

fn ending() -> Value {
    json!({"key": KEY, "step": "CleaningUp", "sends": 1, "ending": "Failed"})
}

/// Returns the oracle's report about statements that run ten minutes apart. Before the last
/// statement, the status of the task changes from `first` to `last`.
fn said_of(statements: &[&str], first: &Value, last: &Value) -> Vec<String> {
    let spec = json!({"target": {"tenantName": "copy"}});
    said_of_task(&spec, statements, first, last)
}

/// Returns the same for a task with this spec.
fn said_of_task(spec: &Value, statements: &[&str], first: &Value, last: &Value) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let time = Time::begin();
        let ready = TenantSpec::new("orders").ready(Duration::from_hours(24));
        let ready = ready.backup(BackupType::Full, Duration::from_hours(12));
        let scenario = Scenario::new("4.3.5.2").with(ready);
        let simulator = Simulator::new(&scenario, time.clone()).unwrap();
        let mut session = simulator.connect("root@sys", "").unwrap();
        let oracle = Oracle::new(time, &Workload::find("recover").unwrap(), &[]);
        oracle.change(&simulator, &change(spec, None, first));
        for (at, text) in statements.iter().enumerate() {
            if at + 1 == statements.len() {
                oracle.change(&simulator, &change(spec, Some(first), last));
            }
            oracle.before_statement(&simulator, text);
            session.execute(text);
            oracle.after_statements(&simulator, "operator");
            tokio::time::sleep(Duration::from_mins(10)).await;
        }
        let said = oracle.violations().into_iter();
        said.filter_map(|text| Some(text.split_once(": I7: ")?.1.to_owned()))
            .collect()
    })
}

fn change(spec: &Value, before: Option<&Value>, after: &Value) -> Change {
    let task = |status: &Value| {
        Arc::new(json!({"metadata": {"name": "a", "uid": "1"}, "spec": spec, "status": status}))
    };
    Change {
        version: 2,
        key: Key {
            plural: "recoverytasks".to_owned(),
            namespace: "payments".to_owned(),
            name: "a".to_owned(),
        },
        before: before.map(task),
        after: Some(task(after)),
        actor: "operator/first-1".to_owned(),
        call: "update recoverytasks/status a".to_owned(),
    }
}

/// Returns the first report about statements of a task whose status does not change.
fn first_said(statements: &[&str], status: &Value) -> String {
    let said = said_of(statements, status, status);
    said.first().cloned().unwrap_or_default()
}

#[test]
fn a_recovery_that_was_intended_and_looked_for_may_begin() {
    let all = [UNIT, POOL, LOOK, RESTORE];
    assert_eq!(first_said(&all, &restoring()), "");
}

#[test]
fn a_recovery_that_nobody_intended_is_seen() {
    let preparing = json!({"key": KEY, "step": "Preparing"});
    let said = first_said(&[UNIT, POOL, LOOK, RESTORE], &preparing);
    assert!(said.starts_with("no status holds the intent"), "{said}");
}

#[test]
fn a_recovery_that_nobody_looked_for_is_seen() {
    let said = first_said(&[UNIT, POOL, RESTORE], &restoring());
    assert!(said.starts_with("the operator did not look for"), "{said}");
}

#[test]
fn a_second_recovery_is_seen_also_where_the_database_refuses_it() {
    let again = json!({"key": KEY, "step": "Restoring", "sends": 2});
    let all = [UNIT, POOL, LOOK, RESTORE, RESTORE];
    let said = said_of(&all, &restoring(), &again);
    assert!(said[0].contains("knows"), "{said:?}");
    let said = first_said(&all, &restoring());
    assert!(said.starts_with("no status holds the intent"), "{said}");
}

#[test]
fn a_resource_that_is_made_for_no_recovery_is_seen() {
    let said = first_said(&[&UNIT.replace("obr_0", "obr_1")], &restoring());
    assert!(said.starts_with("it is made for no recovery"), "{said}");
}

#[test]
fn whatever_is_dropped_must_be_of_a_job_that_has_failed() {
    let said = first_said(&["DROP TENANT `orders` FORCE"], &ending());
    assert!(
        said.starts_with("no recovery has made tenant 1002"),
        "{said}"
    );
    let drop_copy = "DROP TENANT `copy` FORCE";
    let all = [UNIT, POOL, LOOK, RESTORE, drop_copy];
    let said = said_of(&all, &restoring(), &ending());
    assert!(said[0].contains("has not failed"), "{said:?}");
    let said = first_said(&["DROP RESOURCE POOL `pool_orders`"], &ending());
    assert!(said.starts_with("no recovery has made pool"), "{said}");
}

#[test]
fn nothing_is_dropped_of_a_recovery_that_goes_on() {
    let said = first_said(&[UNIT, POOL, DROP_POOL], &restoring());
    assert!(said.contains("goes on"), "{said}");
    let said = said_of(&[UNIT, POOL, DROP_POOL], &restoring(), &ending());
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn a_tenant_that_no_recovery_has_brought_back_is_not_activated() {
    let activate = "ALTER SYSTEM ACTIVATE STANDBY TENANT = 'orders'";
    let said = first_said(&[activate], &restoring());
    assert!(
        said.starts_with("no recovery has brought tenant 1002 back"),
        "{said}"
    );
}

#[test]
fn an_end_that_is_none_is_seen() {
    let ended = |outcome: &str| {
        let mut status = ending();
        status["outcome"] = json!(outcome);
        status["cause"] = json!({"reason": "A"});
        status
    };
    let said = said_of(&[LOOK], &restoring(), &ended("Completed"));
    assert!(said[0].contains("has not ended well"), "{said:?}");
    let said = said_of(&[LOOK], &restoring(), &ended("Canceled"));
    assert!(said[0].contains("no user has canceled it"), "{said:?}");
    let said = said_of(&[UNIT, POOL, LOOK], &restoring(), &ended("Failed"));
    let left = ["pool", "unit"].map(|what| said.iter().any(|text| text.starts_with(what)));
    assert_eq!(left, [true, true], "{said:?}");
}

#[test]
fn what_was_dropped_and_is_not_told_is_seen() {
    let mut ended = ending();
    ended["outcome"] = json!("Failed");
    ended["cause"] = json!({"reason": "A"});
    let drop_unit = "DROP RESOURCE UNIT `obr_00112233445566778899aabbccddeeff`";
    let all = [UNIT, POOL, DROP_POOL, drop_unit, LOOK];
    let said = said_of(&all, &ending(), &ended);
    assert!(said[0].contains("`cleanup` does not say so"), "{said:?}");
    let name = "obr_00112233445566778899aabbccddeeff";
    ended["cleanup"] = json!({"poolsDropped": [name], "unitsDropped": [name]});
    assert_eq!(said_of(&all, &ending(), &ended), Vec::<String>::new());
}

const CHECK: &str = "SELECT 1";
const DROP_COPY: &str = "DROP TENANT `copy` FORCE";

fn verification() -> Value {
    json!({
        "target": {"tenantName": "copy", "role": "Standby"},
        "verification": {"checks": [{"sql": CHECK}]},
    })
}

#[test]
fn a_verified_tenant_is_dropped_when_its_verdict_stands() {
    let all = [UNIT, POOL, LOOK, RESTORE, LOOK, LOOK, LOOK, DROP_COPY];
    let said = said_of_task(&verification(), &all, &restoring(), &ending());
    assert!(said[0].starts_with("no status records"), "{said:?}");
    let mut judged = ending();
    judged["verification"] = json!({"result": "Passed"});
    let said = said_of_task(&verification(), &all, &restoring(), &judged);
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn a_verification_that_ends_with_its_tenant_there_or_was_not_asked_is_seen() {
    let mut ended = ending();
    ended["outcome"] = json!("Completed");
    ended["verification"] = json!({"result": "Passed"});
    let all = [UNIT, POOL, LOOK, RESTORE, LOOK];
    let said = said_of_task(&verification(), &all, &restoring(), &ended);
    let is_said = |text: &str| said.iter().any(|known| known.contains(text));
    assert!(is_said("the operator did not ask SELECT 1"), "{said:?}");
    assert!(is_said("tenant copy"), "{said:?}");
}
