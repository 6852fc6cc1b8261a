//! Whether the target's account has the privileges that the recovery needs. Otherwise a missing
//! privilege would show only after the tenant was restored.

use crate::api::RecoveryTaskSpec;
use crate::api::recovery_task::{TargetRole, TargetType};
use crate::domain::Blocker;
use crate::oceanbase::model::{Privilege, Privileges};

/// Checks the privileges that are known. Those that a role may grant are left to the database.
pub(in crate::domain::recovery) fn privileges(
    spec: &RecoveryTaskSpec,
    privileges: Option<&Privileges>,
) -> Result<(), Blocker> {
    let Some(privileges) = privileges else {
        return Ok(());
    };
    let creates = spec.target.resources.create.is_some();
    let of_tables = spec.target.type_ == TargetType::ExistingTenant;
    let needs_super = of_tables
        || spec.target.role == TargetRole::Primary
        || spec.verification.is_some()
        || !spec.decryption_secret_refs.is_empty();
    let needed = [
        (Privilege::AlterSystem, true),
        (Privilege::Super, needs_super),
        (Privilege::CreateResourceUnit, creates),
        (Privilege::CreateResourcePool, creates),
    ];
    let lacking: Vec<_> = needed
        .into_iter()
        .filter(|(privilege, is_needed)| *is_needed && privileges.has(*privilege) == Some(false))
        .map(|(privilege, _)| format!("GRANT {privilege}"))
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(Blocker::permanent(
        "MissingPrivilege",
        format!(
            "the account of the target lacks privileges for the recovery: {}. Grant them \
             (docs/least-privilege.md), wait until the OceanBaseCluster shows \
             PrivilegesSufficient, then create a new RecoveryTask",
            lacking.join(", ")
        ),
    ))
}
