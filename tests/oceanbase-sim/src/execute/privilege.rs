//! Privileges that statements need (`ob_stmt_type.h`, `ob_privilege_check.cpp`).
//!
//! The engine checks them after the resolver.

use super::Caller;
use crate::error;
use crate::model::Privilege;
use crate::statement::Kind;
use crate::value::SqlError;

/// Checks the tenant of the session, then the privilege of its user.
///
/// # Errors
/// 1227: without a privilege in the text if the tenant is wrong.
pub(super) fn check(caller: &Caller, kind: Kind) -> Result<(), SqlError> {
    let (privilege, only_sys) = needed(kind);
    if only_sys {
        caller.only_sys()?;
    }
    match privilege {
        Some(privilege) if !caller.privileges.contains(&privilege) => {
            Err(error::access_denied(privilege.name()))
        }
        _ => Ok(()),
    }
}

/// Returns the privilege, and whether only sys may run the statement.
fn needed(kind: Kind) -> (Option<Privilege>, bool) {
    match kind {
        Kind::Restore
        | Kind::RestorePreview
        | Kind::RestoreSource
        | Kind::CancelRestore
        | Kind::RecoverTable
        | Kind::CancelRecoverTable
        | Kind::RunUpgrade => (Some(Privilege::AlterSystem), true),
        Kind::ActivateStandby | Kind::Switchover => (Some(Privilege::Super), false),
        Kind::DropTenant | Kind::SetDecryption => (Some(Privilege::Super), true),
        Kind::CreateResourceUnit | Kind::DropResourceUnit => {
            (Some(Privilege::CreateResourceUnit), true)
        }
        Kind::CreateResourcePool | Kind::DropResourcePool => {
            (Some(Privilege::CreateResourcePool), true)
        }
        Kind::ChangeStorage
        | Kind::SetEncryption
        | Kind::SetVariable
        | Kind::Select
        | Kind::Show
        | Kind::Simulate
        | Kind::Session
        | Kind::Unparsable => (None, false),
        Kind::SetLogArchiveDest
        | Kind::SetLogArchiveDestState
        | Kind::SetDataBackupDest
        | Kind::SetLogRestoreSource
        | Kind::SetParameter
        | Kind::ArchiveLog
        | Kind::NoArchiveLog
        | Kind::Backup
        | Kind::CancelBackup
        | Kind::AddDeletePolicy
        | Kind::DropDeletePolicy
        | Kind::CancelDeleteBackup
        | Kind::DeleteBackup
        | Kind::RecoverStandby
        | Kind::AlterSystem => (Some(Privilege::AlterSystem), false),
    }
}
