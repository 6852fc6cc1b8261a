//! Checks of a tenant and its cluster that several kinds share.

use super::Blocker;
use crate::oceanbase::model::Tenant;

/// Returns why the tenant that an object has recorded no longer exists: it was dropped, or another
/// one has its name. A statement for the old tenant would change the new one.
///
/// `since` says when, and `remedy` what a user can do.
pub(super) fn gone(
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
