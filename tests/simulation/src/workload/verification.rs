//! Tenants that are restored temporarily, queried and dropped.

use std::time::Duration;

use oceanbase_sim::statement::Kind;

use super::recovery::LATER;
use super::{Action, Workload, edit, minutes};
use crate::oracle::READER_PASSWORD;

/// Two tenants with a backup of an hour ago: one has as many rows as the check expects, the other
/// has not.
fn scenario() -> String {
    let tenant = |(name, id, rows): (&str, u64, u64)| {
        let place = format!("file:///ob-backup/obprod-7/{name}-{id}");
        format!(
            "
  - name: {name}
    password: {READER_PASSWORD}
    fullBackupSize: 1GiB
    dataDest: '{place}/data'
    archive: {{dest: 'LOCATION={place}/log', rounds: [{{from: 4h}}]}}
    backups: [{{ago: 1h}}]
    tables: [{{name: shop.orders, rows: {rows}}}]"
        )
    };
    let tenants = [("orders", 1002, 1000), ("billing", 1004, 7)].map(tenant);
    format!(
        "
version: '4.3.5.2'
cluster: {{name: obprod, id: 7}}
speed: 10
tenants:{}
",
        tenants.concat()
    )
}

const CHECKS: &str =
    "checks: [{name: all, sql: SELECT COUNT(*) FROM shop.orders, expectedValue: '1000'}]";

const RESOURCES: &str = "resources: {create: {unit: {maxCPU: '2', memory: 8Gi}}}";

/// A strategy whose next backup is due in a year, and a drill that verifies from two o'clock on. The
/// drill comes first: keys contain its UID, which must not depend on what the operator creates.
fn strategy() -> String {
    format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: reader}}
stringData: {{username: root, password: {READER_PASSWORD}}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryDrill
metadata: {{name: nightly}}
spec:
  strategyRef: {{name: nightly}}
  schedule: {{timeZone: UTC, dailyRange: {{start: '02:00', end: '02:15'}}}}
  target: {{clusterRef: {{name: prod}}, {RESOURCES}}}
  tenantCredentials:
  - {{tenantName: orders, secretRef: {{name: reader}}}}
  - {{tenantName: billing, secretRef: {{name: reader}}}}
  {CHECKS}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: nightly}}
spec:
  clusterRef: {{name: prod}}
  storageRef: {{name: nfs}}
  firstBackup: OnSchedule
  schedule: {{timeZone: UTC, full: {{cron: '0 0 1 1 *'}}}}
  retention: {{policy: Unmanaged}}
"
    )
}

/// A verification that a user requests.
fn by_hand() -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata: {{name: drill}}
spec:
  source: {{tenant: {{clusterRef: {{name: prod}}, tenantName: orders}}}}
  until: {{type: Latest}}
  target: {{type: NewTenant, clusterRef: {{name: prod}}, tenantName: restore_drill, role: Standby, {RESOURCES}}}
  verification:
    credentials: {{secretRef: {{name: reader}}}}
    {CHECKS}
"
    )
}

impl Workload {
    fn with_verification(name: &'static str) -> Self {
        let mut verify = Self::new(name, &["orders", "billing"]);
        verify.scenario = scenario();
        verify.allowed.extend([
            Kind::CreateResourceUnit,
            Kind::CreateResourcePool,
            Kind::Restore,
            Kind::CancelRestore,
            Kind::DropTenant,
            Kind::DropResourcePool,
            Kind::DropResourceUnit,
        ]);
        let rules = "spec: {recovery: {verification: Allowed, sourceTenants: ['*']}}";
        verify
            .at(Duration::ZERO, edit("oceanbaseclusters", "prod", rules))
            .at(Duration::ZERO, Action::Apply(strategy()))
    }

    /// A drill verifies the two tenants one after the other, and one fails its check. Meanwhile
    /// a user requests another verification.
    pub(super) fn verify() -> Self {
        Self::with_verification("verify").at(
            minutes(5) + Duration::from_secs(2),
            Action::Apply(by_hand()),
        )
    }

    /// A drill is deleted while it verifies.
    pub(super) fn verify_gone() -> Self {
        let mut gone = Self::with_verification("verify-gone");
        gone.length = minutes(20);
        let holds = "holdRestore: {tenant: restore_verify_billing_a70d93768a, at: waitLs}";
        gone.at(Duration::ZERO, Action::Database(holds)).at(
            minutes(5) + LATER,
            Action::Delete {
                plural: "recoverydrills",
                name: "nightly",
            },
        )
    }
}
