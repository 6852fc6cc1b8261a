//! Several that have to do with one database: two operators of which one acts, two namespaces, many
//! tenants, somebody else who backs up.

use std::time::Duration;

use oceanbase_backup_operator::controller::leader_election;
use oceanbase_sim::statement::Kind;

use super::everyday::{STRATEGY, task};
use super::{Action, STORE, Workload, edit, minutes, scenario};
use crate::oracle::PASSWORD;

/// One of the strategies of two namespaces; both name the tenant `ledger`.
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
  schedule: {{cron: {{full: '0 2 * * *', incremental: '25 2 * * *'}}}}
"
    )
}

/// A cluster's object and a store in another namespace, for the same database.
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
  credentialsSecretRef: {{name: prod-sys}}
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

/// A strategy that says itself when it runs first: at its next slot, in a year.
const YEARLY: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: yearly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  firstBackup: OnSchedule
  schedule: {cron: {full: '0 0 1 1 *'}}
";

const OF_ALL: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {name: all}
spec: {strategyRef: {name: yearly}, scope: Strategy, type: Full}
";

/// One tenant that is backed up from a console, one of which only data backups are made, and one
/// that nobody backs up.
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
  schedule: {cron: {full: '0 2 * * *'}}
  retention: {policy: RecoveryWindow, recoveryWindowDays: 7}
  deletionPolicy: Stop
";

impl Workload {
    /// Two operators of which one acts: a full and an incremental slot, and between them a backup,
    /// during which somebody deletes the Lease.
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

    /// Two objects of one database in two namespaces, each with a strategy: both name one tenant,
    /// which is the older strategy's until that and its log backup are deleted.
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
            // Backups that had to wait for their turn, or for two minutes more, are over by then.
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
    /// A strategy for all tenants with a recovery window, which ends what it has begun when it is
    /// deleted. Somebody else backs up two of the tenants, and one that is created later.
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
