//! Stories of cleanups: deletion by the database, previews, and deletion by users.

use std::collections::BTreeSet;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{FileStatus, PieceStatus, Stage};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{nightly_without_first_backup, with_recovery_window};
use crate::support::{World, eventually};

/// A tenant with full sets of 20, 10 and 3 days ago, and its logs.
pub(crate) const A_PAST: &str = "
version: '4.4.2.0'
cluster: {name: obprod, id: 7}
speed: 100
tenants:
  - name: orders
    fullBackupSize: 1GiB
    dataDest: 'file:///ob-backup/obprod-7/orders-1002/data'
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/orders-1002/log', rounds: [{from: 25d}]}
    backups:
      - {ago: 20d}
      - {ago: 10d}
      - {ago: 3d}
";

pub(crate) fn task(name: &str, mode: &str, target: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: CleanupTask
metadata: {{name: {name}}}
spec: {{clusterRef: {{name: prod}}, tenantName: orders, mode: {mode}, target: {target}}}
"
    )
}

type Items = BTreeSet<(String, u64)>;

impl World {
    /// Returns sets and pieces that the database has deleted.
    fn deleted(&self) -> Items {
        self.simulator.world(|cluster| {
            let tenant = cluster.tenant("orders").unwrap();
            let is_deleted = |status: &FileStatus| *status == FileStatus::Deleted;
            let sets = tenant.backups.sets.iter();
            let sets = sets.filter(|set| is_deleted(&set.file_status));
            let pieces = tenant.archive.pieces.iter();
            let pieces = pieces.filter(|piece| {
                is_deleted(&piece.file_status) && piece.status == PieceStatus::Frozen
            });
            sets.map(|set| ("BackupSet".to_owned(), set.id.0))
                .chain(pieces.map(|piece| ("Piece".to_owned(), piece.id.0)))
                .collect()
        })
    }

    /// Waits until a cleanup shows this phase, and returns its status.
    fn cleanup(&self, name: &str, phase: &str) -> Value {
        self.phase("cleanuptask", name, phase)["status"].clone()
    }
}

/// Returns the planned deletions.
fn planned(status: &Value) -> Items {
    let plan = status["plan"].as_array().unwrap().iter();
    plan.filter(|entry| entry["action"] == "Delete")
        .map(|entry| {
            let kind = entry["kind"].as_str().unwrap().to_owned();
            (kind, entry["id"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn what_a_preview_says_is_what_the_database_then_deletes() {
    let with_policy = format!("{A_PAST}    recoveryWindow: 7d\n");
    let mut world = World::new("cleanup-preview", &with_policy);
    world.inject(Fault::HoldCleanup {
        tenant: "orders".to_owned(),
        at: Stage::Init,
    });
    world.start_operator();
    world.apply(&task("look", "Preview", "{type: Obsolete}"));
    let plan = planned(&world.cleanup("look", "Completed"));
    assert!(
        plan.contains(&("BackupSet".to_owned(), 1)) && plan.len() > 5,
        "{plan:?}"
    );
    assert_eq!(world.count(Kind::DeleteBackup), 0);
    world.inject(Fault::ReleaseCleanup {
        tenant: "orders".to_owned(),
    });
    eventually(
        "the database's own cleanup",
        || world.deleted(),
        |deleted| *deleted == plan,
    );
}

#[test]
fn sets_are_deleted_by_hand_once_and_what_must_stay_is_refused_before() {
    let world = World::started("cleanup-sets", A_PAST);
    for (name, target, reason) in [
        (
            "newest",
            "{type: BackupSets, backupSetIDs: [3]}",
            "LastRestorableChain",
        ),
        (
            "unknown",
            "{type: BackupSets, backupSetIDs: [9]}",
            "BackupSetNotFound",
        ),
        (
            "needed",
            "{type: Pieces, pieceIDs: [1, 2, 3, 4, 5, 6, 7, 8]}",
            "NeededByLogs",
        ),
        ("obsolete", "{type: Obsolete}", "DeletePolicyMissing"),
    ] {
        world.apply(&task(name, "Delete", target));
        let status = world.cleanup(name, "Failed");
        assert_eq!(status["cause"]["reason"], reason, "{name}");
    }
    assert_eq!(world.count(Kind::DeleteBackup), 0);
    world.apply(&task(
        "old",
        "Delete",
        "{type: BackupSets, backupSetIDs: [1, 2]}",
    ));
    let status = world.cleanup("old", "Completed");
    assert_eq!(status["deletedSets"], 2);
    assert!(status["freedBytes"].as_u64() > Some(0));
    assert_eq!(world.count(Kind::DeleteBackup), 1);
    let expected = [1, 2].map(|id| ("BackupSet".to_owned(), id));
    assert_eq!(world.deleted(), expected.into());
    world.apply(&task(
        "pieces",
        "Delete",
        "{type: Pieces, pieceIDs: [1, 2]}",
    ));
    assert_eq!(world.cleanup("pieces", "Completed")["deletedPieces"], 2);
}

#[test]
fn what_the_database_refuses_after_it_took_the_statement_is_the_cause() {
    let world = World::started("cleanup-late", A_PAST);
    let tenant = || "orders".to_owned();
    world.inject(Fault::HoldCleanup {
        tenant: tenant(),
        at: Stage::Init,
    });
    world.apply(&task(
        "old",
        "Delete",
        "{type: BackupSets, backupSetIDs: [1, 2]}",
    ));
    eventually(
        "a statement",
        || world.count(Kind::DeleteBackup),
        |count| *count == 1,
    );
    // With a policy, only the database deletes backups.
    world
        .sql("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '60d' TENANT orders");
    world.inject(Fault::ReleaseCleanup { tenant: tenant() });
    let status = world.cleanup("old", "Failed");
    assert_eq!(status["cause"]["reason"], "DeleteNotAllowed");
    assert_eq!(status["cause"]["code"], -9045);
    assert_eq!(world.deleted(), Items::new());
    assert_eq!(world.count(Kind::DeleteBackup), 1);
}

#[test]
fn before_4_4_2_nothing_is_deleted_by_hand() {
    let old = A_PAST.replace("4.4.2.0", "4.3.5.2");
    let world = World::started("cleanup-version", &old);
    world.apply(&task(
        "old",
        "Delete",
        "{type: BackupSets, backupSetIDs: [1]}",
    ));
    let status = world.cleanup("old", "Failed");
    assert_eq!(status["cause"]["reason"], "UnsupportedServerVersion");
    assert_eq!(world.count(Kind::DeleteBackup), 0);
}

#[test]
fn a_running_cleanup_is_canceled() {
    let world = World::started("cleanup-cancel", A_PAST);
    world.inject(Fault::HoldCleanup {
        tenant: "orders".to_owned(),
        at: Stage::Doing,
    });
    world.apply(&task(
        "old",
        "Delete",
        "{type: BackupSets, backupSetIDs: [1]}",
    ));
    world.cleanup("old", "Executing");
    world.edit("cleanuptask", "old", "spec: {cancel: true}");
    eventually(
        "a cancel",
        || world.count(Kind::CancelDeleteBackup),
        |count| *count == 1,
    );
    world.inject(Fault::ReleaseCleanup {
        tenant: "orders".to_owned(),
    });
    world.cleanup("old", "Canceled");
}

#[test]
fn what_the_database_deletes_by_itself_is_shown_and_a_failure_with_its_cause() {
    let world = World::started(
        "cleanup-mirror",
        &A_PAST.replace("speed: 100", "speed: 200"),
    );
    world.inject(Fault::FailCleanup {
        tenant: "orders".to_owned(),
        code: -9140,
        comment: None,
    });
    world.apply(&with_recovery_window(&nightly_without_first_backup(), 7));
    let shown = |outcome: &'static str| {
        let tasks = eventually(
            "a cleanup of the database",
            || world.list("cleanuptask"),
            |all| all.iter().any(|task| task["status"]["outcome"] == outcome),
        );
        let mut tasks = tasks.into_iter();
        tasks
            .find(|task| task["status"]["outcome"] == outcome)
            .unwrap()
    };
    let failed = shown("Failed");
    assert_eq!(failed["status"]["cause"]["reason"], "ObjectLocked");
    assert_eq!(failed["status"]["source"], "Database");
    let completed = shown("Completed");
    let name = completed["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("nightly-t1002-clean-"), "{name}");
    assert_eq!(planned(&completed["status"]), world.deleted());
    assert_eq!(world.count(Kind::DeleteBackup), 0);
}
