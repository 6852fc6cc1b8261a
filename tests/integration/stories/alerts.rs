//! What is wrong is told as an alert, until it is not wrong any more.

use oceanbase_sim::fault::Fault;
use serde_json::Value;

use super::{NIGHTLY, ONE_TENANT};
use crate::support::{World, eventually};

fn strategy(world: &World, alerts: i64) -> Value {
    eventually(
        "alerts of the strategy",
        || world.get("backupstrategy", "nightly"),
        |object| object["status"]["alertCount"] == alerts,
    )
}

#[test]
fn a_failed_backup_is_an_alert_until_a_later_one_goes_well() {
    let world = World::started("alerts", ONE_TENANT);
    world.inject(Fault::FailBackup {
        tenant: "orders".to_owned(),
        code: -9082,
        comment: None,
    });
    world.apply(NIGHTLY);
    let object = strategy(&world, 1);
    let alert = &object["status"]["alerts"][0];
    assert_eq!(
        [
            &alert["type"],
            &alert["object"],
            &alert["severity"],
            &alert["status"]
        ],
        ["base_backup_fail", "orders", "Critical", "Active"]
    );
    assert!(
        alert["message"]
            .as_str()
            .unwrap()
            .contains("the store is full")
    );
    eventually(
        "the alert on the cluster's page",
        || world.get("oceanbasecluster", "prod"),
        |object| object["status"]["alertCount"] == 1,
    );
    let (_, metrics) = world.operator.as_ref().unwrap().page("/metrics");
    let series = format!(
        "obbackup_alerts{{namespace=\"{}\",strategy=\"nightly\",type=\"base_backup_fail\"}} 1",
        world.namespace
    );
    assert!(metrics.contains(&series), "{metrics}");

    // By the strategy's own hand: a task that somebody else makes says nothing about its runs.
    world.edit(
        "backupstrategy",
        "nightly",
        "spec: {schedule: {cron: {full: '* * * * *'}}}",
    );
    let object = strategy(&world, 0);
    let recovered = &object["status"]["alerts"][0];
    assert_eq!(recovered["id"], alert["id"]);
    assert_eq!(recovered["status"], "Recovered");
    assert!(recovered["recoveredTime"].is_string());
}
