//! Stories of the allowed lag of archived logs.

use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::bad_destination::S3;
use super::{LOG_BACKUP, ONE_TENANT, nightly_without_first_backup, task};
use crate::support::world::condition_of;
use crate::support::{World, eventually};

const LOGS: (&str, &str) = ("logbackup", "prod-t1002");

fn shows(world: &World, seconds: i64) -> Value {
    eventually(
        "the lag target to be shown",
        || world.get(LOGS.0, LOGS.1),
        |object| object["status"]["archiveLagTargetSeconds"] == seconds,
    )
}

#[test]
fn what_a_strategy_asks_for_is_set_for_its_tenant_and_what_a_dba_sets_is_told() {
    let world = World::started("lag-target", ONE_TENANT);
    let settings = "spec:\n  logBackup: {archiveLagTargetSeconds: 90}\n";
    world.apply(&nightly_without_first_backup().replace("spec:\n", settings));
    world.phase(LOGS.0, LOGS.1, "InProgress");
    let object = shows(&world, 90);
    assert_eq!(object["spec"]["archiveLagTargetSeconds"], 90);
    world.condition(LOGS, "Ready", "True", "Applied");

    world.edit(
        "backupstrategy",
        "nightly",
        "spec: {logBackup: {archiveLagTargetSeconds: 45}}",
    );
    shows(&world, 45);
    world.condition(LOGS, "Ready", "True", "Applied");

    world.sql("ALTER SYSTEM SET archive_lag_target = '2m' TENANT = orders");
    world.forget_statements();
    // It is read again after an event, otherwise within five minutes.
    world.apply(&task("now", "Full"));
    world.phase("backuptask", "now", "Completed");
    let object = shows(&world, 120);
    let ready = condition_of(&object, "Ready");
    assert_eq!(ready["status"], "True");
    let message = ready["message"].as_str().unwrap();
    assert!(message.contains("archive_lag_target to 120 s"), "{message}");
    assert_eq!(world.count(Kind::SetParameter), 0);
}

#[test]
fn less_than_a_minute_is_refused_for_s3_and_nothing_is_sent() {
    let world = World::started("lag-target-s3", ONE_TENANT);
    world.apply(S3);
    let short = "spec: {archiveLagTargetSeconds: 59, ";
    let logs = LOG_BACKUP.replace("{name: nfs}", "{name: bucket}");
    world.apply(&logs.replace("spec: {", short));
    let logs = ("logbackup", "orders-log");
    world.condition(logs, "Stalled", "True", "ArchiveLagTargetTooShort");
    assert_eq!(world.changing(), [""; 0]);
    world.edit(logs.0, logs.1, "spec: {archiveLagTargetSeconds: 60}");
    world.phase(logs.0, logs.1, "InProgress");
    world.condition(logs, "Ready", "True", "Applied");
}

#[test]
fn a_server_without_the_parameter_is_told() {
    let world = World::started("lag-target-old", &ONE_TENANT.replace("4.3.5.2", "4.1.0.2"));
    world.apply(&LOG_BACKUP.replace("spec: {", "spec: {archiveLagTargetSeconds: 60, "));
    let logs = ("logbackup", "orders-log");
    world.condition(logs, "Stalled", "True", "UnsupportedServerVersion");
    assert_eq!(world.changing(), [""; 0]);
}
