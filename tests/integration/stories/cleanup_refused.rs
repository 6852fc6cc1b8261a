//! Stories of deletions by users that are refused before any statement, or that wait.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{RestoreStage, Stage};
use oceanbase_sim::statement::Kind;

use super::ONE_TENANT;
use super::recovery::{ALLOWED, recoverable_as, recovery};
use crate::support::{World, eventually};

/// Tenants with a past: `orders` without a delete policy, `kept` with one, `bare` without a backup.
const TENANTS: &str = "
version: '4.4.2.0'
cluster: {name: obprod, id: 7}
speed: 20
tenants:
  - name: orders
    fullBackupSize: 1GiB
    dataDest: 'file:///ob-backup/obprod-7/orders-1002/data'
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/orders-1002/log', rounds: [{from: 25d}]}
    backups:
      - {ago: 20d}
      - {ago: 15d, type: INC}
      - {ago: 3d}
  - name: kept
    fullBackupSize: 1GiB
    dataDest: 'file:///ob-backup/obprod-7/kept-1004/data'
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/kept-1004/log', rounds: [{from: 25d}]}
    backups:
      - {ago: 20d}
      - {ago: 10d}
      - {ago: 3d}
    recoveryWindow: 7d
  - name: bare
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/bare-1006/log', rounds: [{from: 5d}]}
";

fn task(name: &str, tenant: &str, target: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: CleanupTask
metadata: {{name: {name}}}
spec: {{clusterRef: {{name: prod}}, tenantName: {tenant}, mode: Delete, target: {target}}}
"
    )
}

impl World {
    fn waits(&self, name: &str, reason: &str) {
        self.condition(("cleanuptask", name), "Succeeded", "Unknown", reason);
    }

    /// Waits for a new set of `orders` with this status, and returns its id.
    fn new_set(&self, status: &str) -> String {
        let query = format!(
            "SELECT BACKUP_SET_ID FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE TENANT_ID = 1002 \
             AND BACKUP_SET_ID > 3 AND STATUS = '{status}'"
        );
        let sets = || self.rows(&query).concat().into_iter().flatten().next();
        eventually(status, sets, Option::is_some).unwrap()
    }
}

#[test]
fn what_must_stay_is_refused_with_its_reason_and_nothing_is_sent() {
    let world = World::started("cleanup-refused", TENANTS);
    for (name, tenant, target, reason, named) in [
        (
            "base",
            "orders",
            "{type: BackupSets, backupSetIDs: [1]}",
            "NeededByIncremental",
            "incremental set 2",
        ),
        (
            "gap",
            "orders",
            "{type: Pieces, pieceIDs: [2]}",
            "PiecesNotInSequence",
            "archive piece 1",
        ),
        (
            "active",
            "orders",
            "{type: Pieces, pieceIDs: [26]}",
            "PieceActive",
            "archive piece 26",
        ),
        (
            "missing",
            "orders",
            "{type: Pieces, pieceIDs: [999]}",
            "PieceNotFound",
            "archive piece 999",
        ),
        (
            "everything",
            "orders",
            "{type: BackupSets, backupSetIDs: [1, 2, 3]}",
            "LastRestorableChain",
            "backup set 3",
        ),
        (
            "sets-by-policy",
            "kept",
            "{type: BackupSets, backupSetIDs: [1]}",
            "DeletePolicyActive",
            "backup set 1",
        ),
        (
            "pieces-by-policy",
            "kept",
            "{type: Pieces, pieceIDs: [1]}",
            "DeletePolicyActive",
            "archive piece 1",
        ),
        (
            "no-backup",
            "bare",
            "{type: Pieces, pieceIDs: [1]}",
            "NoFullBackup",
            "create a full backup first",
        ),
    ] {
        world.apply(&task(name, tenant, target));
        let object = world.phase("cleanuptask", name, "Failed");
        let cause = &object["status"]["cause"];
        assert_eq!(cause["reason"], reason, "{name}: {cause}");
        let message = cause["message"].as_str().unwrap();
        assert!(message.contains(named), "{name}: {message}");
    }
    assert_eq!(world.count(Kind::DeleteBackup), 0);
}

#[test]
fn sets_of_two_places_and_one_that_is_being_made_are_refused() {
    let world = World::started("cleanup-places", TENANTS);
    world.sql("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///ob-new/orders/data' TENANT = orders");
    world.sql("ALTER SYSTEM BACKUP TENANT = orders");
    let made = world.new_set("SUCCESS");
    world.apply(&task(
        "both",
        "orders",
        &format!("{{type: BackupSets, backupSetIDs: [1, 2, {made}]}}"),
    ));
    let both = world.phase("cleanuptask", "both", "Failed");
    assert_eq!(both["status"]["cause"]["reason"], "MultipleDestinations");

    world.hold("orders", Stage::Doing);
    world.sql("ALTER SYSTEM BACKUP TENANT = orders");
    let running = world.new_set("DOING");
    world.apply(&task(
        "first",
        "orders",
        "{type: BackupSets, backupSetIDs: [1, 2]}",
    ));
    world.waits("first", "WaitingForRunningBackup");
    let target = format!("{{type: BackupSets, backupSetIDs: [{running}]}}");
    let preview = task("running", "orders", &target).replace("mode: Delete", "mode: Preview");
    world.apply(&preview);
    let preview = world.phase("cleanuptask", "running", "Completed");
    assert_eq!(preview["status"]["cause"]["reason"], "BackupSetRunning");
    assert_eq!(world.count(Kind::DeleteBackup), 0);
}

#[test]
fn what_the_policy_does_not_need_is_deleted_by_hand_before_the_hour() {
    let world = World::started("cleanup-obsolete", TENANTS);
    world.apply(&task("now", "kept", "{type: Obsolete}"));
    let object = world.phase("cleanuptask", "now", "Completed");
    let status = &object["status"];
    assert_eq!(status["source"], "Manual");
    // The set of ten days ago reaches back to the window's start.
    assert_eq!(status["deletedSets"], 1);
    assert!(status["deletedPieces"].as_i64() >= Some(10), "{status}");
    assert_eq!(world.count(Kind::DeleteBackup), 1);
    let sets = "SELECT BACKUP_SET_ID FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE TENANT_ID = 1004 \
                AND FILE_STATUS = 'AVAILABLE' ORDER BY BACKUP_SET_ID";
    let left: Vec<_> = world.rows(sets).concat();
    assert_eq!(left, [Some("2".to_owned()), Some("3".to_owned())]);
}

#[test]
fn a_deletion_waits_for_a_backup_for_another_deletion_and_for_leave() {
    let world = World::started("cleanup-waits", TENANTS);
    world.hold("orders", Stage::Doing);
    world.sql("ALTER SYSTEM BACKUP TENANT = orders");
    world.new_set("DOING");
    let sets = "{type: BackupSets, backupSetIDs: [1, 2]}";
    world.apply(&task("sets", "orders", sets));
    world.waits("sets", "WaitingForRunningBackup");
    assert_eq!(world.count(Kind::DeleteBackup), 0);
    world.inject(Fault::HoldCleanup {
        tenant: "orders".to_owned(),
        at: Stage::Doing,
    });
    world.release("orders");
    world.phase("cleanuptask", "sets", "Executing");
    world.apply(&task("pieces", "orders", "{type: Pieces, pieceIDs: [1]}"));
    world.waits("pieces", "WaitingForRunningCleanup");
    world.edit(
        "oceanbasecluster",
        "prod",
        "spec: {access: {tenants: [kept]}}",
    );
    world.waits("pieces", "TenantNotAllowed");
    world.inject(Fault::ReleaseCleanup {
        tenant: "orders".to_owned(),
    });
    world.phase("cleanuptask", "sets", "Completed");
    assert_eq!(world.count(Kind::DeleteBackup), 1);
    world.edit(
        "oceanbasecluster",
        "prod",
        "spec: {access: {tenants: ['*']}}",
    );
    world.phase("cleanuptask", "pieces", "Completed");
    assert_eq!(world.count(Kind::DeleteBackup), 2);
}

#[test]
fn a_deletion_waits_for_a_recovery_that_reads_the_backups() {
    let scenario = ONE_TENANT.replace("4.3.5.2", "4.4.2.0");
    let world = recoverable_as("cleanup-recovery", &scenario, ALLOWED);
    world.inject(Fault::HoldRestore {
        tenant: "restore_orders".to_owned(),
        at: RestoreStage::ConsistentScn,
    });
    world.apply(&recovery("undo", "{}"));
    world.phase("recoverytask", "undo", "Restoring");
    world.apply(&task(
        "sets",
        "orders",
        "{type: BackupSets, backupSetIDs: [1]}",
    ));
    world.waits("sets", "WaitingForRunningRecovery");
    world.inject(Fault::ReleaseRestore {
        tenant: "restore_orders".to_owned(),
    });
    world.phase("recoverytask", "undo", "Completed");
    let sets = world.phase("cleanuptask", "sets", "Failed");
    assert_eq!(sets["status"]["cause"]["reason"], "LastRestorableChain");
}

#[test]
fn two_deletions_at_once_do_not_take_the_last_backups_between_them() {
    let world = World::started("cleanup-two", TENANTS);
    // The new destination is empty, so the database itself would keep nothing.
    world.sql("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///ob-new/orders/data' TENANT = orders");
    world.apply(&task(
        "one",
        "orders",
        "{type: BackupSets, backupSetIDs: [1, 2]}",
    ));
    world.apply(&task(
        "other",
        "orders",
        "{type: BackupSets, backupSetIDs: [3]}",
    ));
    let ended = ["one", "other"].map(|name| {
        let object = eventually(
            "the end of a deletion",
            || world.get("cleanuptask", name),
            |object| object["status"]["outcome"].is_string(),
        );
        let status = &object["status"];
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        (text(&status["outcome"]), text(&status["cause"]["reason"]))
    });
    let refused = ("Failed".to_owned(), "LastRestorableChain".to_owned());
    let done = ("Completed".to_owned(), String::new());
    assert!(
        ended.contains(&refused) && ended.contains(&done),
        "{ended:?}"
    );
    assert_eq!(world.count(Kind::DeleteBackup), 1);
}
