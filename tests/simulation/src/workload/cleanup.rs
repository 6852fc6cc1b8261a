//! User actions on old backups: retention and immediate deletion.

use std::time::Duration;

use oceanbase_sim::statement::Kind;

use super::everyday::STRATEGY;
use super::trouble::strategy;
use super::{Action, STORE, Workload, edit, minutes};

/// Two tenants with full sets of 20, 10 and 3 days ago and their logs. The database deletes the
/// second tenant's obsolete backups within an hour.
const A_PAST: &str = "
version: '4.4.2.0'
cluster: {name: obprod, id: 7}
speed: 1
tenants:
  - name: orders
    fullBackupSize: 1GiB
    dataDest: 'file:///ob-backup/obprod-7/orders-1002/data'
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/orders-1002/log', rounds: [{from: 25d}]}
    backups: [{ago: 20d}, {ago: 10d}, {ago: 3d}]
  - name: billing
    fullBackupSize: 1GiB
    dataDest: 'file:///ob-backup/obprod-7/billing-1004/data'
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/billing-1004/log', rounds: [{from: 25d}]}
    backups: [{ago: 20d}, {ago: 10d}, {ago: 3d}]
    recoveryWindow: 7d
";

/// Delay before users cancel a cleanup. Faults delay the statement for two minutes, and an operator
/// that may have one under way waits before it checks.
const MUCH_LATER: Duration = Duration::from_secs(200);

fn cleanup(name: &str, tenant: &str, target: &str) -> Action {
    Action::Apply(format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: CleanupTask
metadata: {{name: {name}}}
spec: {{clusterRef: {{name: prod}}, tenantName: {tenant}, mode: Delete, target: {target}}}
"
    ))
}

impl Workload {
    /// A recovery window is set, extended and removed.
    pub(super) fn policies() -> Self {
        let mut policies = Self::new("policies", &["orders", "billing"]);
        policies
            .allowed
            .extend([Kind::AddDeletePolicy, Kind::DropDeletePolicy]);
        policies.slots = vec!["2026-11-20T02:00:00Z", "2026-11-20T02:10:00Z"];
        let retain = |change| edit("backupstrategies", "nightly", change);
        let keeps = "retention: {policy: RecoveryWindow, recoveryWindowDays: 7}";
        policies
            .at(Duration::ZERO, strategy(&[keeps]))
            .at(
                minutes(7),
                retain("spec: {retention: {recoveryWindowDays: 30}}"),
            )
            .at(
                minutes(16),
                retain("spec: {retention: {policy: KeepAll, recoveryWindowDays: null}}"),
            )
    }

    /// A strategy moves to another storage. Log backup ends and restarts there, and a full backup
    /// follows.
    pub(super) fn switch() -> Self {
        let mut switch = Self::new("switch", &["orders"]);
        switch.allowed.push(Kind::NoArchiveLog);
        switch.moves = true;
        switch.length = minutes(37);
        switch.slots = vec!["2026-11-20T02:00:00Z", "2026-11-20T02:18:00Z"];
        let later = STRATEGY.replace("'10 2 * * *'", "'18 2 * * *'");
        let moves = later + "  storageChangePolicy: StopAndSwitch\n";
        let new = format!(
            "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: new}}
spec: {{type: NFS, nfs: {{path: {STORE}-new}}}}
"
        );
        switch
            .at(Duration::ZERO, Action::Apply(moves))
            .at(Duration::ZERO, Action::Apply(new))
            .at(
                minutes(10),
                edit(
                    "backupstrategies",
                    "nightly",
                    "spec: {storageRef: {name: new}}",
                ),
            )
    }

    /// An old set is deleted, and another tenant's obsolete backups. Then come a canceled deletion,
    /// a set that must stay, and pieces.
    pub(super) fn purge() -> Self {
        let mut purge = Self::new("purge", &["orders", "billing"]);
        A_PAST.clone_into(&mut purge.scenario);
        purge.heals = false;
        // The operator checks for a statement after it is surely over.
        purge.patience = Duration::from_secs(30);
        purge.allowed = vec![Kind::DeleteBackup, Kind::CancelDeleteBackup];
        purge
            .at(
                minutes(1),
                cleanup("old", "orders", "{type: BackupSets, backupSetIDs: [1]}"),
            )
            .at(minutes(2), cleanup("window", "billing", "{type: Obsolete}"))
            .at(
                minutes(7),
                Action::Database("holdCleanup: {tenant: orders, at: doing}"),
            )
            .at(
                minutes(7),
                cleanup(
                    "never-mind",
                    "orders",
                    "{type: BackupSets, backupSetIDs: [2]}",
                ),
            )
            .at(
                minutes(7) + MUCH_LATER,
                edit("cleanuptasks", "never-mind", "spec: {cancel: true}"),
            )
            .at(
                minutes(14),
                Action::Database("releaseCleanup: {tenant: orders}"),
            )
            .at(
                minutes(14),
                cleanup("newest", "orders", "{type: BackupSets, backupSetIDs: [3]}"),
            )
            .at(
                minutes(15),
                cleanup("pieces", "orders", "{type: Pieces, pieceIDs: [1, 2]}"),
            )
    }
}
