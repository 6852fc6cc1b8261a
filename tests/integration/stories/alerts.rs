//! Stories of alerts, which last as long as their problem.

use std::time::Duration;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;
use serde_json::Value;

use super::{NIGHTLY, ONE_TENANT, nightly_without_first_backup, task};
use crate::support::world::condition_of;
use crate::support::{World, eventually, within};

fn strategy(world: &World, alerts: i64) -> Value {
    within(
        Duration::from_mins(5),
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
            .contains("the storage is full")
    );
    eventually(
        "the alert on the cluster's page",
        || world.get("oceanbasecluster", "prod"),
        |object| object["status"]["alertCount"] == 1,
    );
    assert_counted(&world, "base_backup_fail");

    // The strategy must create the task: a user's task does not count as a run of the strategy.
    world.edit(
        "backupstrategy",
        "nightly",
        "spec: {schedule: {timeZone: UTC, full: {cron: '* * * * *'}}}",
    );
    let object = strategy(&world, 0);
    let recovered = &object["status"]["alerts"][0];
    assert_eq!(recovered["id"], alert["id"]);
    assert_eq!(recovered["status"], "Recovered");
    assert!(recovered["recoveredTime"].is_string());
}

/// Returns a tenant at the strategy's own destinations, with this past.
fn with_past(past: &str) -> String {
    let root = "file:///ob-backup/obprod-7/orders-1002";
    let (flow, block) = (
        "  - {name: orders, fullBackupSize: 1GiB}",
        "  - name: orders\n    fullBackupSize: 1GiB",
    );
    let tenant = ONE_TENANT.replace(flow, block);
    format!(
        "{tenant}    dataDest: '{root}/data'\n    archive:\n      dest: 'LOCATION={root}/log'\n{past}"
    )
}

/// Returns the strategy's only alert, which has this type and is about `orders`.
fn only_alert(object: &Value, kind: &str) -> Value {
    let alerts = object["status"]["alerts"].as_array().unwrap();
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    let alert = &alerts[0];
    assert_eq!(
        [&alert["type"], &alert["object"]],
        [kind, "orders"],
        "{alert}"
    );
    alert.clone()
}

/// Checks that the alert is active since one time, as a metric too.
fn assert_reported(world: &World, alert: &Value) {
    assert_eq!(alert["status"], "Active");
    assert_eq!(alert["generatedTime"], alert["lastGeneratedTime"]);
    assert_counted(world, alert["type"].as_str().unwrap());
}

/// Waits for one alert of this type in the metrics, which follow the operator's own watch.
fn assert_counted(world: &World, kind: &str) {
    let series = format!(
        "obbackup_alert_active{{namespace=\"{}\",strategy=\"nightly\",type=\"{kind}\"}} 1",
        world.namespace
    );
    let operator = world.operator.as_ref().unwrap();
    eventually(
        "the alert in the metrics",
        || operator.get("/metrics").1,
        |metrics| metrics.contains(&series),
    );
}

/// Checks that the same alert is recovered.
fn assert_recovered(world: &World, before: &Value) {
    let object = strategy(world, 0);
    let alerts = object["status"]["alerts"].as_array().unwrap();
    let alert = alerts.iter().find(|alert| alert["id"] == before["id"]);
    let alert = alert.unwrap();
    assert_eq!(alert["status"], "Recovered");
    assert_eq!(alert["generatedTime"], before["generatedTime"]);
    assert!(alert["recoveredTime"].as_str() >= alert["lastGeneratedTime"].as_str());
}

#[test]
fn an_interrupted_log_backup_that_is_far_behind_is_an_alert_until_it_runs_again() {
    let past = "      rounds: [{from: 2h, until: 30m, interrupted: true}]\n";
    let world = World::started("delay-alert", &with_past(past));
    // A repair would end the alert during the checks.
    let unhealed = "spec:\n  logBackup: {interruption: {policy: Report}}";
    world.apply(&nightly_without_first_backup().replace("spec:", unhealed));
    let alert = only_alert(&strategy(&world, 1), "inc_backup_delay");
    assert_eq!(alert["severity"], "Critical");
    assert_reported(&world, &alert);
    let name = ("backupstrategy", "nightly");
    let object = world.condition(name, "LogBackupHealthy", "False", "LogBackupInterrupted");
    let ready = condition_of(&object, "Ready");
    assert_eq!(ready["status"], "True", "a bad night does not block a sync");

    for state in ["Stopped", "Running"] {
        world.edit(
            "logbackup",
            "prod-t1002",
            &format!("spec: {{state: {state}}}"),
        );
        if state == "Stopped" {
            world.phase("logbackup", "prod-t1002", "Stopped");
        }
    }
    assert_recovered(&world, &alert);
}

#[test]
fn a_tenant_without_a_good_backup_for_too_long_is_an_alert_until_it_has_one() {
    let past = "      rounds: [{from: 480h}]\n    backups: [{ago: 288h}]\n";
    let world = World::started("success-alert", &with_past(past));
    let daily = nightly_without_first_backup().replace("0 0 1 1 *", "0 0 * * *");
    world.apply(&daily);
    let kind = "base_backup_too_long_time_no_one_success_task";
    let alert = only_alert(&strategy(&world, 1), kind);
    assert_eq!(alert["severity"], "Critical");
    let message = alert["message"].as_str().unwrap();
    assert!(message.contains("more than 9 days"), "{message}");
    assert_reported(&world, &alert);

    world.apply(&task("now", "Full"));
    world.phase("backuptask", "now", "Completed");
    assert_recovered(&world, &alert);
}

#[test]
fn a_backup_that_runs_for_too_long_is_an_alert_until_it_ends() {
    let world = World::started("slow-alert", ONE_TENANT);
    let at = Stage::Doing;
    world.hold("orders", at);
    let alerts = "spec:\n  alerts: {dataBackupTimeoutSeconds: 60}\n";
    world.apply(&NIGHTLY.replace("spec:\n", alerts));
    let alert = only_alert(&strategy(&world, 1), "base_backup_timeout");
    assert_eq!(alert["severity"], "Caution");
    assert_reported(&world, &alert);
    world.release("orders");
    assert_recovered(&world, &alert);
}
