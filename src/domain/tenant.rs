//! Checks of a tenant and its cluster that several kinds share.

use super::Blocker;
use crate::oceanbase::model::{Tenant, TenantName};

/// Reason of an object whose work belongs to another database.
pub const CLUSTER_REPLACED: &str = "ClusterReplaced";

/// Reason of what waits until the cluster is upgraded.
pub const CLUSTER_UPGRADING: &str = "ClusterUpgrading";

/// Returns why nothing is started while the cluster is being upgraded.
#[must_use]
pub fn upgrading(subject: &str) -> Blocker {
    Blocker::waiting(
        CLUSTER_UPGRADING,
        format!(
            "the cluster is being upgraded (parameter enable_upgrade_mode is True); {subject} starts \
             after the upgrade"
        ),
    )
}

/// Returns why a tenant cannot be backed up now.
#[must_use]
pub fn ineligible(tenant: &Tenant) -> Option<Blocker> {
    if tenant.role != "PRIMARY" {
        return Some(Blocker::waiting(
            "TenantNotPrimary",
            format!(
                "the tenant's role is {}; only a primary tenant can be backed up. Back up its \
                 primary tenant, or wait until this tenant becomes primary",
                tenant.role
            ),
        ));
    }
    if tenant.status != "NORMAL" {
        return Some(Blocker::waiting(
            "TenantNotNormal",
            format!(
                "the tenant's status is {}; it can be backed up when the status is NORMAL",
                tenant.status
            ),
        ));
    }
    if tenant.locked {
        return Some(Blocker::waiting(
            "TenantLocked",
            "the tenant is locked; unlock it",
        ));
    }
    None
}

/// Returns why a name cannot be backed up, whether or not a tenant has it.
#[must_use]
pub fn unnameable(name: &str) -> Option<Blocker> {
    if TenantName::parse(name).is_some() {
        return None;
    }
    let message = if name.eq_ignore_ascii_case("sys") {
        "the database does not back up its tenant 'sys': name a user tenant".to_owned()
    } else {
        format!(
            "the name '{name}' is not allowed in a statement; name a tenant whose name has only \
             letters, digits and '_' and is not a reserved word"
        )
    };
    Some(Blocker::permanent("UnsafeTenantName", message))
}

/// Returns why the tenant that an object has recorded no longer exists: it was dropped, or another
/// one has its name. A statement for the old tenant would change the new one.
///
/// `since` says when, and `remedy` what a user can do.
pub(super) fn dropped_or_replaced(
    name: &str,
    found: Option<&Tenant>,
    known: Option<i64>,
    since: &str,
    remedy: &str,
) -> Option<Blocker> {
    let known = known?;
    let (reason, became) = match found {
        Some(tenant) if tenant.id.0 == known => return None,
        Some(_) => ("TenantReplaced", "recreated"),
        None => ("TenantDropped", "dropped"),
    };
    let message = format!("the tenant '{name}' was {became} {since}; {remedy}");
    Some(Blocker::permanent(reason, message))
}

/// Reason of what waits for a tenant that does not exist.
pub(super) const TENANT_NOT_FOUND: &str = "TenantNotFound";

/// Returns why an object waits whose tenant does not exist.
pub(super) fn not_found(name: &str, remedy: &str) -> Blocker {
    let message = format!("the cluster has no tenant '{name}': {remedy}");
    Blocker::waiting(TENANT_NOT_FOUND, message)
}
