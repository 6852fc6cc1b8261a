//! The clusters and objects of the measurements.

use std::fmt::Write;
use std::sync::Arc;

use anyhow::Result;
use oceanbase_sim::Simulator;
use oceanbase_sim::clock::WallClock;
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::server::Server;

/// Starts a simulated cluster with this many tenants, and returns its address.
pub(super) async fn simulate(tenants: usize) -> Result<(Simulator, String)> {
    let names = (0..tenants).map(|number| format!("tenant{number}"));
    let scenario = names.fold(Scenario::new("4.3.5.2"), |scenario, name| {
        scenario.tenant(&name)
    });
    let simulator = Simulator::new(&scenario.speed(300.0).sys_password("bench"), WallClock)?;
    simulator.log_mut(|log| log.keep(20_000));
    let address = "127.0.0.1:0".parse()?;
    let server = Server::bind(address, Arc::new(simulator.clone()), None).await?;
    let endpoint = server.local_addr()?.to_string();
    tokio::spawn(server.run());
    Ok((simulator, endpoint))
}

/// Returns a namespace with the account of every simulated cluster, and a storage.
pub(super) fn namespace(name: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Namespace
metadata: {{name: {name}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: sys, namespace: {name}}}
stringData: {{password: bench}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: nfs, namespace: {name}}}
spec: {{type: NFS, nfs: {{path: /ob-backup}}}}
"
    )
}

/// Returns the object of a cluster with this limit on simultaneous backups.
pub(super) fn cluster(namespace: &str, name: &str, endpoint: &str, backups: usize) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: OceanBaseCluster
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  endpoints: ['{endpoint}']
  credentials: {{secretRef: {{name: sys}}}}
  tls: {{mode: Disabled}}
  maxConcurrentBackups: {backups}
"
    )
}

/// Returns a strategy on cluster level whose slots are far away.
pub(super) fn strategy(namespace: &str, name: &str, cluster: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  clusterRef: {{name: {cluster}}}
  storageRef: {{name: nfs}}
  schedule: {{timeZone: UTC, full: {{cron: '0 0 1 1 *'}}}}
  retention: {{policy: Unmanaged}}
"
    )
}

/// Returns a strategy for each tenant, which begins with a full backup.
pub(super) fn first_runs(namespace: &str, cluster: &str, tenants: usize) -> String {
    let mut manifest = String::new();
    for number in 0..tenants {
        let all = strategy(namespace, &format!("tenant{number}"), cluster);
        let _ = writeln!(
            manifest,
            "---{all}  firstBackup: Immediately\n  tenants: {{names: [tenant{number}]}}"
        );
    }
    manifest
}

/// Returns Secrets of 128 KiB that no object refers to.
pub(super) fn foreign_secrets(namespace: &str, numbers: std::ops::Range<usize>) -> String {
    let value = "x".repeat(128 * 1024);
    let mut manifest = String::new();
    for number in numbers {
        let _ = write!(
            manifest,
            "
---
apiVersion: v1
kind: Secret
metadata: {{name: foreign-{number}, namespace: {namespace}}}
stringData: {{value: {value}}}
"
        );
    }
    manifest
}

/// Returns a full backup of a tenant by the strategy.
pub(super) fn task(namespace: &str, name: &str, tenant: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{strategyRef: {{name: all}}, tenantName: {tenant}, type: Full}}
"
    )
}
