//! Tenants that a strategy may cover, by its spec alone.

use std::collections::BTreeSet;

use crate::api::BackupStrategySpec;

/// Returns the names of a strategy on tenant level; none for a strategy on cluster level.
fn names(spec: &BackupStrategySpec) -> &[String] {
    spec.tenants.as_ref().map_or(&[], |tenants| &tenants.names)
}

/// Returns whether a strategy may cover the tenant: it names the tenant, or is on cluster level.
#[must_use]
pub fn is_for(spec: &BackupStrategySpec, tenant: &str) -> bool {
    let names = names(spec);
    names.is_empty() || names.iter().any(|name| name == tenant)
}

/// Returns whether a strategy may cover one of these tenants.
#[must_use]
pub fn is_for_one_of(spec: &BackupStrategySpec, tenants: &BTreeSet<String>) -> bool {
    let names = names(spec);
    names.is_empty() || names.iter().any(|name| tenants.contains(name))
}

/// Returns whether both strategies may cover a common tenant.
#[must_use]
pub fn may_share_tenants(one: &BackupStrategySpec, other: &BackupStrategySpec) -> bool {
    names(one).is_empty() || names(one).iter().any(|name| is_for(other, name))
}
