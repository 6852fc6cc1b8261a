//! Concurrent users of one database: two operators with one leader, two namespaces, many tenants,
//! and another backup tool.

use std::time::Duration;

use oceanbase_backup_operator::controller::leader_election;
use oceanbase_sim::statement::Kind;

use super::everyday::{STRATEGY, task};
use super::{Action, STORE, Workload, edit, minutes, scenario};
use crate::oracle::PASSWORD;

/// A strategy in one of two namespaces; both strategies name the tenant `ledger`.
fn strategy(namespace: &str, cluster: &str, tenant: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: of-{tenant}, namespace: {namespace}}}
spec:
  clusterRef: {{name: {cluster}}}
  storageRef: {{name: nfs}}
  tenants: {{names: [{tenant}, ledger]}}
  schedule: {{timeZone: UTC, full: {{cron: '0 2 * * *'}}, incremental: {{cron: '25 2 * * *'}}}}
  retention: {{policy: Unmanaged}}
"
    )
}

/// A cluster's object and a storage in another namespace, for the same database.
fn neighbour() -> String {
    format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: prod-sys, namespace: shop}}
stringData: {{password: {PASSWORD}}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: OceanBaseCluster
metadata: {{name: shared, namespace: shop}}
spec:
  endpoints: ['ob.elsewhere:2881']
  credentials: {{secretRef: {{name: prod-sys}}}}
  maxConcurrentBackups: 1
  tls: {{mode: Disabled}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: nfs, namespace: shop}}
spec: {{type: NFS, nfs: {{path: {STORE}}}}}
"
    )
}

/// A strategy that is due only in a year.
const YEARLY: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: yearly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  firstBackup: OnSchedule
  schedule: {timeZone: UTC, full: {cron: '0 0 1 1 *'}}
  retention: {policy: Unmanaged}
";

const OF_ALL: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {name: all}
spec: {strategyRef: {name: yearly}, scope: AllTenants, type: Full}
";

/// A tenant that is backed up from a console, one with data backups only, and one without backups.
const ELSEWHERE: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 20
tenants:
  - {name: orders, fullBackupSize: 100GiB}
  - name: ledger
    fullBackupSize: 100GiB
    dataDest: 'file:///elsewhere/ledger/data'
    archive: {dest: 'LOCATION=file:///elsewhere/ledger/log', rounds: [{from: 480h}]}
    backups: [{ago: 360h}, {ago: 24h}]
  - name: stock
    fullBackupSize: 100GiB
    dataDest: 'file:///elsewhere/stock/data'
";

const OF_ALL_TENANTS: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  schedule: {timeZone: UTC, full: {cron: '0 2 * * *'}}
  retention: {policy: RecoveryWindow, recoveryWindowDays: 7}
  deletionPolicy: Stop
";

impl Workload {
    /// Two operators with one leader: a full and an incremental slot, and a backup between them
    /// during which the Lease is deleted.
    pub(super) fn leader() -> Self {
        let mut leader = Self::new("leader", &["orders"]);
        leader.has_second = true;
        leader.slots = vec!["2026-11-20T02:00:00Z", "2026-11-20T02:10:00Z"];
        leader
            .at(Duration::ZERO, Action::Apply(STRATEGY.to_owned()))
            .at(minutes(10), Action::Apply(task("now", "orders")))
            .at(
                minutes(10) + Duration::from_secs(11),
                Action::Delete {
                    plural: "leases",
                    name: leader_election::NAME,
                },
            )
    }

    /// Two objects of one database in two namespaces, each with a strategy. Both name one tenant,
    /// which the older strategy owns until that strategy and its log backup are deleted.
    pub(super) fn neighbours() -> Self {
        let mut neighbours = Self::new("neighbours", &["orders", "billing", "ledger"]);
        neighbours.namespaces.push("shop");
        neighbours.at_once = 1;
        neighbours.length = minutes(45);
        neighbours.slots = vec!["2026-11-20T02:00:00Z"];
        let own = strategy("payments", "prod", "orders");
        let delete = |plural, name| Action::Delete { plural, name };
        neighbours
            .at(Duration::ZERO, Action::Apply(own))
            .at(Duration::ZERO, Action::Apply(neighbour()))
            .at(
                minutes(1),
                Action::Apply(strategy("shop", "shared", "billing")),
            )
            // Backups that had to wait, even for two more minutes, are over by then.
            .at(minutes(20), delete("backupstrategies", "of-orders"))
            .at(minutes(20), delete("logbackups", "prod-t1006"))
    }

    /// One task for all tenants of a strategy, one backup at a time.
    pub(super) fn everybody() -> Self {
        let tenants = ["orders", "billing", "stock"];
        let mut everybody = Self::new("everybody", &tenants);
        everybody.scenario = scenario(&tenants, minutes(1));
        everybody.at_once = 1;
        everybody
            .at(
                Duration::ZERO,
                edit(
                    "oceanbaseclusters",
                    "prod",
                    "spec: {maxConcurrentBackups: 1}",
                ),
            )
            .at(Duration::ZERO, Action::Apply(YEARLY.to_owned()))
            .at(minutes(4), Action::Apply(OF_ALL.to_owned()))
    }
    /// A strategy for all tenants with a recovery window and cleanup at deletion. Another tool
    /// backs up two tenants, and one that is created later.
    pub(super) fn elsewhere() -> Self {
        let mut elsewhere = Self::new("elsewhere", &["orders", "ledger", "stock"]);
        ELSEWHERE.clone_into(&mut elsewhere.scenario);
        elsewhere.allowed.extend([
            Kind::NoArchiveLog,
            Kind::AddDeletePolicy,
            Kind::DropDeletePolicy,
        ]);
        elsewhere.slots = vec!["2026-11-20T02:00:00Z"];
        let created = "create: {name: wages, fullBackupSize: 100GiB, \
                       dataDest: 'file:///elsewhere/wages/data'}";
        elsewhere
            .at(Duration::ZERO, Action::Apply(OF_ALL_TENANTS.to_owned()))
            .at(minutes(8), Action::Database(created))
            .at(
                minutes(15),
                Action::Delete {
                    plural: "backupstrategies",
                    name: "nightly",
                },
            )
    }
}
