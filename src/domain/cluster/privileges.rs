//! Whether the account of an OceanBaseCluster may send every statement that the object needs.

use crate::api::condition::types::PRIVILEGES_SUFFICIENT;
use crate::api::{OceanBaseClusterSpec, cluster::RecoveryPolicy};
use crate::domain::condition::{DesiredCondition, Status, desired_condition};
use crate::oceanbase::model::{Privilege, Privileges};

/// Operations, the privilege that each needs, and whether only recoveries need it.
const OPERATIONS: [(&str, Privilege, bool); 6] = [
    ("reading the views of backups", Privilege::Select, false),
    (
        "backup, log backup, retention and cleanup",
        Privilege::AlterSystem,
        false,
    ),
    ("RESTORE and RECOVER TABLE", Privilege::AlterSystem, true),
    (
        "ACTIVATE STANDBY, DROP TENANT and SET DECRYPTION",
        Privilege::Super,
        true,
    ),
    (
        "CREATE and DROP RESOURCE UNIT",
        Privilege::CreateResourceUnit,
        true,
    ),
    (
        "CREATE and DROP RESOURCE POOL",
        Privilege::CreateResourcePool,
        true,
    ),
];

/// Returns the condition. Privileges for recoveries count only if the object allows recoveries.
pub(super) fn condition(
    spec: &OceanBaseClusterSpec,
    privileges: Option<&Privileges>,
) -> DesiredCondition {
    let Some(privileges) = privileges else {
        return desired_condition(
            PRIVILEGES_SUFFICIENT,
            Status::Unknown,
            "PrivilegesUnknown",
            "the database does not show the privileges of the account (SHOW GRANTS)",
        );
    };
    let recovery = &spec.recovery;
    let allows_recovery = recovery.policy == RecoveryPolicy::Allowed
        || recovery.verification == RecoveryPolicy::Allowed;
    let relevant = || {
        OPERATIONS
            .into_iter()
            .filter(move |(_, _, of_recovery)| allows_recovery || !of_recovery)
    };
    let lacking: Vec<_> = relevant()
        .filter(|(_, privilege, _)| privileges.has(*privilege) == Some(false))
        .map(|(operation, privilege, _)| format!("{operation}: GRANT {privilege}"))
        .collect();
    if !lacking.is_empty() {
        let message = format!(
            "the database would reject {}; docs/least-privilege.md lists the grants",
            lacking.join("; ")
        );
        return desired_condition(PRIVILEGES_SUFFICIENT, false, "MissingPrivilege", message);
    }
    if relevant().any(|(_, privilege, _)| privileges.has(privilege).is_none()) {
        return desired_condition(
            PRIVILEGES_SUFFICIENT,
            Status::Unknown,
            "PrivilegesUnknown",
            "the account has a role, and SHOW GRANTS does not list the privileges of the role",
        );
    }
    desired_condition(
        PRIVILEGES_SUFFICIENT,
        true,
        "PrivilegesGranted",
        if allows_recovery {
            "the account may back up, clean up and recover"
        } else {
            "the account may back up and clean up; the OceanBaseCluster does not allow recovery"
        },
    )
}
