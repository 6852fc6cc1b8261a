//! Labels of the objects that the operator creates. Users and tools select the objects of a
//! strategy, a cluster or a tenant with them.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::core::ObjectMeta;

use crate::api::{BackupStrategy, BackupType};

const STRATEGY: &str = "backup.oceanbase.io/strategy";
const DRILL: &str = "backup.oceanbase.io/drill";
const CLUSTER: &str = "backup.oceanbase.io/cluster";
const TENANT_NAME: &str = "backup.oceanbase.io/tenant-name";
const TENANT_ID: &str = "backup.oceanbase.io/tenant-id";
const TYPE: &str = "backup.oceanbase.io/type";
const SCHEDULED_TIME: &str = "backup.oceanbase.io/scheduled-time";

/// Longest value of a label.
const MAX_LENGTH: usize = 63;

/// Facts about an object that become labels. A name that is not a valid label value has no label: a
/// tenant's name may begin with `_`, and a name of an object may have 253 characters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Labels<'a> {
    /// Name of the BackupStrategy.
    pub strategy: Option<&'a str>,
    /// Name of the RecoveryDrill.
    pub drill: Option<&'a str>,
    /// Name of the OceanBaseCluster.
    pub cluster: Option<&'a str>,
    /// Name of the tenant.
    pub tenant_name: &'a str,
    /// Number of the tenant.
    pub tenant_id: Option<i64>,
    /// Type of the backup.
    pub type_: Option<BackupType>,
    /// Slot of the schedule.
    pub scheduled_time: Option<&'a Time>,
}

impl<'a> Labels<'a> {
    /// Returns the labels of every object that a strategy creates.
    pub(super) fn of_strategy(strategy: &'a BackupStrategy) -> Self {
        Self {
            strategy: strategy.metadata.name.as_deref(),
            cluster: Some(&strategy.spec.cluster_ref.name),
            ..Self::default()
        }
    }

    /// Returns the labels.
    pub(super) fn to_map(self) -> BTreeMap<String, String> {
        let type_ = self.type_.map(|type_| match type_ {
            BackupType::Full => "Full",
            BackupType::Incremental => "Incremental",
        });
        let stamp = |time: &Time| time.0.strftime("%Y%m%dT%H%M%SZ").to_string();
        let values = [
            (STRATEGY, self.strategy.map(str::to_owned)),
            (DRILL, self.drill.map(str::to_owned)),
            (CLUSTER, self.cluster.map(str::to_owned)),
            (TENANT_NAME, Some(self.tenant_name.to_owned())),
            (TENANT_ID, self.tenant_id.map(|id| id.to_string())),
            (TYPE, type_.map(str::to_owned)),
            (SCHEDULED_TIME, self.scheduled_time.map(stamp)),
        ];
        let labels = values.into_iter().filter_map(|(key, value)| {
            let value = value.filter(|value| is_label_value(value))?;
            Some((key.to_owned(), value))
        });
        labels.collect()
    }
}

/// Sets the label of the strategy whose settings an object has.
pub(super) fn label_strategy(metadata: &mut ObjectMeta, strategy: &str) {
    let labels = metadata.labels.get_or_insert_default();
    if is_label_value(strategy) {
        labels.insert(STRATEGY.to_owned(), strategy.to_owned());
    } else {
        labels.remove(STRATEGY);
    }
}

/// Returns whether a text is a valid value of a label that is not empty.
fn is_label_value(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    bytes.len() <= MAX_LENGTH
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_has_a_label_for_each_known_fact() {
        let slot = Time("2026-11-20T22:00:00+08:00".parse().unwrap());
        let labels = Labels {
            strategy: Some("nightly"),
            drill: Some("weekly"),
            cluster: Some("prod"),
            tenant_name: "orders",
            tenant_id: Some(1002),
            type_: Some(BackupType::Full),
            scheduled_time: Some(&slot),
        };
        let labels = labels.to_map();
        let labels: Vec<_> = labels
            .iter()
            .map(|(key, value)| (&**key, &**value))
            .collect();
        assert_eq!(
            labels,
            [
                (CLUSTER, "prod"),
                (DRILL, "weekly"),
                (SCHEDULED_TIME, "20261120T140000Z"),
                (STRATEGY, "nightly"),
                (TENANT_ID, "1002"),
                (TENANT_NAME, "orders"),
                (TYPE, "Full"),
            ]
        );
    }

    #[test]
    fn a_name_that_is_no_label_value_has_no_label() {
        let long = "a".repeat(64);
        for name in ["", "_orders", "orders_", "a b", &long] {
            let labels = Labels {
                tenant_name: name,
                ..Labels::default()
            };
            assert_eq!(labels.to_map(), BTreeMap::new(), "{name}");
        }
        let mut metadata = ObjectMeta::default();
        label_strategy(&mut metadata, "nightly");
        label_strategy(&mut metadata, &long);
        assert_eq!(metadata.labels, Some(BTreeMap::new()));
    }
}
