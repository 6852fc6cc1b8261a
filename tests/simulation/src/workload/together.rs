//! Several that have to do with one database: two operators of which one acts, two namespaces, many
//! tenants.

use std::time::Duration;

use oceanbase_backup_operator::controller::lease;

use super::everyday::{STRATEGY, task};
use super::{Action, Workload, edit, minutes, scenario};
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
  schedule: {{cron: {{full: '0 2 * * *', incremental: '10 2 * * *'}}}}
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
spec: {{type: NFS, nfs: {{path: /ob-backup}}}}
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
                    name: lease::NAME,
                },
            )
    }

    /// Two objects of one database in two namespaces, each with a strategy: both name one tenant,
    /// which is the older strategy's until that and its log backup are deleted.
    pub(super) fn neighbours() -> Self {
        let mut neighbours = Self::new("neighbours", &["orders", "billing", "ledger"]);
        neighbours.is_everywhere = true;
        neighbours.at_once = 1;
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
            .at(minutes(9), delete("backupstrategies", "of-orders"))
            .at(minutes(9), delete("logbackups", "prod-t1006"))
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
}
