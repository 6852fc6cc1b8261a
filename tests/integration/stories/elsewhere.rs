//! Tenants that somebody else backs up, under a strategy for all tenants.

use serde_json::Value;

use super::EVERYBODY;
use crate::support::{World, eventually};

/// One that is backed up from a console, one that only makes data backups, and one that nobody
/// backs up.
const TENANTS: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - name: ledger
    fullBackupSize: 1GiB
    dataDest: 'file:///elsewhere/ledger/data'
    archive:
      dest: 'LOCATION=file:///elsewhere/ledger/log'
      rounds: [{from: 480h}]
    backups: [{ago: 360h}, {ago: 24h}]
  - name: stock
    fullBackupSize: 1GiB
    dataDest: 'file:///elsewhere/stock/data'
  - name: orders
    fullBackupSize: 1GiB
";

#[test]
fn nothing_is_sent_for_tenants_that_somebody_else_backs_up() {
    let world = World::started("elsewhere", TENANTS);
    let ours = "spec:\n  firstBackup: Immediately\n  \
                retention: {policy: RecoveryWindow, recoveryWindowDays: 7}";
    world.apply(&EVERYBODY.replace("spec:", ours));
    let done = |object: &Value| object["status"]["lastSuccessTime"].is_string();
    eventually(
        "a backup of ours",
        || world.get("backupstrategy", "nightly"),
        done,
    );
    let name = ("backupstrategy", "nightly");
    let object = world.condition(name, "RetentionApplied", "False", "DestinationInUse");
    let failing = object["status"]["tenants"]["failing"].as_array().unwrap();
    let names: Vec<_> = failing.iter().map(|tenant| &tenant["name"]).collect();
    assert_eq!(names, ["ledger", "stock"], "{failing:#?}");

    world.settle();
    let sent = world.changing();
    let is_ours = |text: &String| text.contains("'orders'");
    assert!(!sent.is_empty() && sent.iter().all(is_ours), "{sent:#?}");
}
