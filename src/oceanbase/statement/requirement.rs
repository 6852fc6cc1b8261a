//! Requirements of a statement: a release that supports it, a privilege of the account, and a
//! cluster that is not being upgraded.

use super::{Command, Recovery, TableRecovery};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::Privilege;

impl Command {
    /// Returns the capability that a release needs for the statement. A release without it rejects
    /// the statement, or accepts it and does something else.
    #[must_use]
    pub fn needs(&self) -> Option<Capability> {
        match self {
            Self::SetLogArchiveDestState { .. } => Some(Capability::PauseLogBackup),
            Self::SetArchiveLagTarget { .. } => Some(Capability::ArchiveLagTarget),
            Self::Backup {
                plus_archivelog: true,
                ..
            } => Some(Capability::PlusArchivelog),
            Self::Recovery(recovery) => recovery.needs(),
            Self::Cleanup(cleanup) => cleanup.needs(),
            _ => None,
        }
    }

    /// Returns the privilege that the statement needs in the sys tenant.
    #[must_use]
    pub fn privilege(&self) -> Privilege {
        match self {
            Self::Recovery(recovery) => recovery.privilege(),
            _ => Privilege::AlterSystem,
        }
    }

    /// Returns whether the statement waits until an upgrade of the cluster has ended. During an
    /// upgrade, sys accepts a BACKUP but starts nothing, and it rejects RESTORE and RECOVER TABLE.
    #[must_use]
    pub fn waits_for_upgrade(&self) -> bool {
        match self {
            Self::Backup { .. } => true,
            Self::Recovery(recovery) => recovery.key().is_some(),
            _ => false,
        }
    }
}

impl Recovery {
    /// Returns the capability that a release needs for the statement.
    pub(super) fn needs(&self) -> Option<Capability> {
        match self {
            Self::Preview { .. } => Some(Capability::RestorePreview),
            Self::CancelRestore { .. } => Some(Capability::CancelRestore),
            Self::UpgradeTenant { .. } => Some(Capability::TenantUpgradeJob),
            Self::Tables(tables) => Some(tables.needs()),
            _ => None,
        }
    }

    /// Returns the privilege that the statement needs in the sys tenant.
    pub(super) fn privilege(&self) -> Privilege {
        match self {
            Self::CreateUnit { .. } | Self::DropUnit { .. } => Privilege::CreateResourceUnit,
            Self::CreatePool { .. } | Self::DropPool { .. } => Privilege::CreateResourcePool,
            Self::DropTenant { .. }
            | Self::ActivateStandby { .. }
            | Self::Tables(TableRecovery::DropAuxiliary { .. }) => Privilege::Super,
            _ => Privilege::AlterSystem,
        }
    }
}
