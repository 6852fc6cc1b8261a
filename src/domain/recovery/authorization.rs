//! What may be recovered, and to which tenants (`spec.recovery` of the clusters).

use crate::api::cluster::{Recovery, RecoveryPolicy};
use crate::domain::{Blocker, authorization};

/// Checks whether the source cluster allows the recovery of a tenant. For a storage without a
/// cluster, the target cluster decides.
///
/// # Errors
/// The recovery is not allowed.
pub fn source_allowed(recovery: &Recovery, cluster: &str, tenant: &str) -> Result<(), Blocker> {
    allowed(recovery, cluster)?;
    listed(recovery, cluster, tenant)
}

fn listed(recovery: &Recovery, cluster: &str, tenant: &str) -> Result<(), Blocker> {
    if authorization::is_listed(&recovery.source_tenants, tenant) {
        return Ok(());
    }
    Err(Blocker::permanent(
        "RecoveryForbidden",
        format!(
            "`recovery.sourceTenants` of OceanBaseCluster '{cluster}' does not list tenant \
             '{tenant}': ask the user who manages the connection to add it, then create a new RecoveryTask"
        ),
    ))
}

/// Checks whether a tenant of this name may be created in the target.
///
/// # Errors
/// The tenant is not allowed.
pub fn target_allowed(recovery: &Recovery, cluster: &str, tenant: &str) -> Result<(), Blocker> {
    allowed(recovery, cluster)?;
    prefixed(recovery, cluster, tenant)
}

fn prefixed(recovery: &Recovery, cluster: &str, tenant: &str) -> Result<(), Blocker> {
    let prefixes = &recovery.target_name_prefixes;
    if prefixes.iter().any(|prefix| tenant.starts_with(prefix)) {
        return Ok(());
    }
    Err(Blocker::permanent(
        "TargetNameNotAllowed",
        format!(
            "the name of a tenant that is recovered to OceanBaseCluster '{cluster}' must be of the \
             form {}: choose such a name for the target in a new RecoveryTask",
            prefixes
                .iter()
                .map(|prefix| format!("{prefix}…"))
                .collect::<Vec<_>>()
                .join(" or ")
        ),
    ))
}

/// Checks whether tables may be recovered into an existing tenant of this name.
///
/// # Errors
/// The tenant is not allowed.
pub fn existing_target_allowed(
    recovery: &Recovery,
    cluster: &str,
    tenant: &str,
) -> Result<(), Blocker> {
    allowed(recovery, cluster)?;
    if authorization::is_listed(&recovery.target_tenants, tenant) {
        return Ok(());
    }
    Err(Blocker::permanent(
        "TargetTenantNotAllowed",
        format!(
            "`recovery.targetTenants` of OceanBaseCluster '{cluster}' does not list tenant \
             '{tenant}', so no tables can be recovered into it. Ask the user who manages the \
             connection to add it, then create a new RecoveryTask"
        ),
    ))
}

/// Checks whether a tenant of this cluster may be restored temporarily for a verification.
///
/// # Errors
/// The verification is not allowed.
pub fn verification_allowed(
    recovery: &Recovery,
    cluster: &str,
    tenant: &str,
) -> Result<(), Blocker> {
    verification(recovery, cluster)?;
    listed(recovery, cluster, tenant)
}

/// Checks whether a temporary tenant of this name may be created in the target and dropped.
///
/// # Errors
/// The tenant is not allowed.
pub fn scratch_allowed(recovery: &Recovery, cluster: &str, tenant: &str) -> Result<(), Blocker> {
    verification(recovery, cluster)?;
    prefixed(recovery, cluster, tenant)
}

fn verification(recovery: &Recovery, cluster: &str) -> Result<(), Blocker> {
    if recovery.verification == RecoveryPolicy::Allowed {
        return Ok(());
    }
    Err(Blocker::permanent(
        "VerificationForbidden",
        format!(
            "OceanBaseCluster '{cluster}' does not allow verification: ask the user who manages \
             the connection to set `recovery.verification: Allowed`. The next verification then \
             runs"
        ),
    ))
}

fn allowed(recovery: &Recovery, cluster: &str) -> Result<(), Blocker> {
    if recovery.policy == RecoveryPolicy::Allowed {
        return Ok(());
    }
    Err(Blocker::permanent(
        "RecoveryForbidden",
        format!(
            "OceanBaseCluster '{cluster}' does not allow recovery: ask the user who manages the connection \
             to set `recovery.policy: Allowed`, then create a new RecoveryTask"
        ),
    ))
}
