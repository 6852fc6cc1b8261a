//! Values that several gauges are computed from.

use std::collections::HashMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::Condition;
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::credentials::ClusterKey;

/// Longest gap of each strategy's schedule in days, by uid, with the generation of its spec. The
/// computation covers years of slots, so its result is cached.
pub(super) type Gaps = HashMap<String, (Option<i64>, i32)>;

/// States of all clusters.
pub(super) type ClusterStates = [(ClusterKey, ClusterState)];

/// Returns whether a condition is true; `None` if it is unknown.
pub(super) fn holds(conditions: &[Condition], kind: &str) -> Option<bool> {
    let known = conditions.iter().find(|known| known.type_ == kind)?;
    match known.status.as_str() {
        "True" => Some(true),
        "False" => Some(false),
        _ => None,
    }
}

/// Returns a time in seconds since the epoch.
pub(super) fn second(time: Option<&Time>) -> Option<i64> {
    time.map(|time| time.0.as_second())
}
