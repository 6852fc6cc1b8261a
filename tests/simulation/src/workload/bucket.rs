//! Storage with keys: users change the keys and the limits.

use std::time::Duration;

use oceanbase_sim::statement::Kind;

use super::everyday::STRATEGY;
use super::{Action, Workload, edit, minutes};
use crate::oracle::READER_PASSWORD;

const STORE: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {name: bucket}
spec:
  type: OSS
  oss: {endpoint: oss.example.com, bucket: ob-backup, credentials: {secretRef: {name: keys}}}
";

/// Applies the Secret of the storage with this key.
fn keys(key: &str) -> Action {
    Action::Apply(format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: keys}}
stringData: {{accessKeyId: AKID, accessKeySecret: {key}}}
"
    ))
}

fn store(change: &'static str) -> Action {
    edit("backupstorages", "bucket", change)
}

impl Workload {
    /// A bucket is limited and its key is changed. Then the limits are changed and removed.
    pub(super) fn bucket() -> Self {
        let mut bucket = Self::new("bucket", &["orders"]);
        bucket.slots = vec!["2026-11-20T02:00:00Z", "2026-11-20T02:10:00Z"];
        bucket.allowed.push(Kind::ChangeStorage);
        let password = format!("name: orders, password: {READER_PASSWORD},");
        bucket.scenario = bucket.scenario.replace("name: orders,", &password);
        let account = format!(
            "
apiVersion: v1
kind: Secret
metadata: {{name: orders-admin}}
stringData: {{password: {READER_PASSWORD}}}
"
        );
        let named =
            "spec: {tenantCredentials: [{tenantName: orders, secretRef: {name: orders-admin}}]}";
        let strategy = STRATEGY.replace("{name: nfs}", "{name: bucket}");
        bucket
            .at(Duration::ZERO, keys("first"))
            .at(Duration::ZERO, Action::Apply(account))
            .at(Duration::ZERO, edit("oceanbaseclusters", "prod", named))
            .at(Duration::ZERO, Action::Apply(STORE.to_owned()))
            .at(Duration::ZERO, Action::Apply(strategy))
            .at(minutes(7), store("spec: {limits: {maxIOPS: 800}}"))
            .at(minutes(11), keys("second"))
            .at(
                minutes(11),
                store("metadata: {annotations: {looked: again}}"),
            )
            .at(
                minutes(12),
                store("spec: {limits: {maxIOPS: 400, maxBytesPerSecond: 20Mi}}"),
            )
            .at(minutes(18), store("spec: {limits: null}"))
            .at(minutes(22), store("spec: {limits: {maxIOPS: 600}}"))
    }
}
