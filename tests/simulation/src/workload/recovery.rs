//! Recoveries of tenants and tables from backups.

use std::time::Duration;

use oceanbase_sim::statement::Kind;

use super::everyday::LOG_BACKUP;
use super::{Action, Workload, edit, minutes};

/// A tenant with a day of backups in the operator's storage, and an untouched tenant with a name
/// like those of recovered tenants.
const BACKED_UP: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 10
tenants:
  - name: orders
    fullBackupSize: 1GiB
    dataDest: 'file:///ob-backup/obprod-7/orders-1002/data'
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/orders-1002/log', rounds: [{from: 48h}]}
    backups: [{ago: 24h}]
    tables: [{name: shop.orders, rows: 1000}, {name: shop.items, rows: 20}]
  - {name: restore_kept}
";

/// A point in the window of the tenant: half an hour after its backup.
const POINT: &str = "2026-11-19T02:25:00+00:00";

/// Delay before users cancel a recovery: the recovery is under way by then.
pub(super) const LATER: Duration = Duration::from_secs(90);

/// Delay before users cancel a recovery that must have begun. The operator waits more than a minute
/// before it checks, and an upgrade lasts for two.
const MUCH_LATER: Duration = Duration::from_mins(5);

/// Statements that recoveries may send.
const OF_RECOVERIES: [Kind; 10] = [
    Kind::CreateResourceUnit,
    Kind::CreateResourcePool,
    Kind::Restore,
    Kind::RecoverTable,
    Kind::CancelRestore,
    Kind::CancelRecoverTable,
    Kind::ActivateStandby,
    Kind::DropTenant,
    Kind::DropResourcePool,
    Kind::DropResourceUnit,
];

/// A recovery of `orders` with these lines in its target and its spec.
fn recovery(name: &str, target: &str, more: &str) -> Action {
    Action::Apply(format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata: {{name: {name}}}
spec:
  source: {{tenant: {{clusterRef: {{name: prod}}, tenantName: orders}}}}
  until: {{type: Time, time: '{POINT}'}}
  target:
    clusterRef: {{name: prod}}
    resources: {{create: {{unit: {{maxCPU: '2', memory: 8Gi}}}}}}
    {target}
  {more}
"
    ))
}

/// A recovery of the whole tenant as this tenant.
fn whole(name: &str, tenant: &str) -> Action {
    let target = format!("type: NewTenant\n    tenantName: {tenant}");
    recovery(name, &target, "")
}

/// A recovery of one table into this tenant, under another name.
fn of_a_table(name: &str, tenant: &str) -> Action {
    let target = format!("type: ExistingTenant\n    tenantName: {tenant}");
    let table = name.replace('-', "_");
    let objects = format!("objects: {{tables: [{{from: shop.orders, to: shop.{table}}}]}}");
    recovery(name, &target, &objects)
}

impl Workload {
    fn with_recoveries(name: &'static str, rules: &'static str) -> Self {
        let mut recovery = Self::new(name, &["orders", "restore_kept"]);
        BACKED_UP.clone_into(&mut recovery.scenario);
        recovery.heals = false;
        recovery.allowed.extend(OF_RECOVERIES);
        recovery
            .at(Duration::ZERO, edit("oceanbaseclusters", "prod", rules))
            .at(Duration::ZERO, Action::Apply(LOG_BACKUP.to_owned()))
    }

    /// Four recoveries of a tenant: to a time, canceled while the database works, failing, and with
    /// the name of an existing tenant.
    pub(super) fn recover() -> Self {
        let holds = "holdRestore: {tenant: restore_never, at: waitLs}";
        let fails = "failRestore: {tenant: restore_broken, at: consistentScn, code: -9094}";
        Self::with_recoveries(
            "recover",
            "spec: {recovery: {policy: Allowed, sourceTenants: ['*']}}",
        )
        .at(Duration::ZERO, Action::Database(holds))
        .at(Duration::ZERO, Action::Database(fails))
        .at(minutes(1), whole("undo", "restore_undo"))
        .at(minutes(1), whole("taken", "restore_kept"))
        .at(minutes(4), whole("never-mind", "restore_never"))
        .at(
            minutes(4) + MUCH_LATER,
            edit("recoverytasks", "never-mind", "spec: {cancel: true}"),
        )
        .at(minutes(8), whole("broken", "restore_broken"))
    }

    /// Two operators with one leader: a tenant is recovered.
    pub(super) fn recover_leader() -> Self {
        let rules = "spec: {recovery: {policy: Allowed, sourceTenants: ['*']}}";
        let mut leader = Self::with_recoveries("recover-leader", rules);
        leader.has_second = true;
        leader.length = minutes(20);
        leader.at(minutes(1), whole("undo", "restore_undo"))
    }

    /// RESTORE reads the storage for longer than the operator's wait, and for less. One recovery is
    /// canceled during the read.
    pub(super) fn recover_slowly() -> Self {
        let mut slowly = Self::reading_slowly("recover-slowly");
        let reads = "[slowRestore: {tenant: restore_soon, reads: 15s}, \
                     slowRestore: {tenant: restore_never, reads: 150s}, \
                     holdRestore: {tenant: restore_never, at: waitLs}]";
        slowly = slowly.at(Duration::ZERO, Action::Database(reads));
        slowly
            .at(minutes(1), whole("soon", "restore_soon"))
            .at(minutes(4), whole("never-mind", "restore_never"))
            .at(
                minutes(4) + LATER,
                edit("recoverytasks", "never-mind", "spec: {cancel: true}"),
            )
    }

    /// Two operators with one leader: RESTORE reads the storage for longer than a lease is valid.
    pub(super) fn recover_slowly_leader() -> Self {
        let mut leader = Self::reading_slowly("recover-slowly-leader");
        leader.has_second = true;
        leader.length = minutes(20);
        leader
    }

    fn reading_slowly(name: &'static str) -> Self {
        let rules = "spec: {recovery: {policy: Allowed, sourceTenants: ['*']}}";
        let mut slowly = Self::with_recoveries(name, rules);
        slowly.reads_slowly = true;
        // A repeated statement reads once more.
        slowly.patience = minutes(3);
        let reads = "slowRestore: {tenant: restore_undo, reads: 40s}";
        slowly
            .at(Duration::ZERO, Action::Database(reads))
            .at(minutes(1), whole("undo", "restore_undo"))
    }

    /// Three recoveries of a table: under another name into its own tenant, canceled into another
    /// tenant, and failing.
    pub(super) fn recover_tables() -> Self {
        let rules =
            "spec: {recovery: {policy: Allowed, sourceTenants: ['*'], targetTenants: ['*']}}";
        let holds = "holdRecoverTable: {tenant: restore_kept, at: importing}";
        let fails = "failRecoverTable: {tenant: orders, at: importing, code: -9094}";
        let mut tables = Self::with_recoveries("recover-tables", rules);
        // The database may work on a RECOVER TABLE for a minute, and no name prevents a second one.
        tables.patience = Duration::from_secs(30);
        tables
            .at(Duration::ZERO, Action::Database(holds))
            .at(minutes(1), of_a_table("undo", "orders"))
            .at(minutes(4), of_a_table("never-mind", "restore_kept"))
            .at(
                minutes(4) + MUCH_LATER,
                edit("recoverytasks", "never-mind", "spec: {cancel: true}"),
            )
            .at(minutes(12), Action::Database(fails))
            .at(minutes(12), of_a_table("broken", "orders"))
    }
}
