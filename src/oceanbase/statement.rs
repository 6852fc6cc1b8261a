//! Statements that change something, all rendered here from validated values.
//!
//! A command is a short script on one session. If a repetition could do harm, it has a
//! [`Precondition`]: a check of the database on the same session, right before the statement.

mod cleanup;
mod precondition;
mod recovery;
mod requirement;
mod session;
mod storage_update;
mod tables;

use std::time::Duration;

pub use cleanup::Cleanup;
pub use precondition::Precondition;
pub use recovery::Recovery;
pub use session::{READ_ONLY, SESSION_SETUP, SessionSetting, limit};
pub use storage_update::{StorageUpdate, StorageUpdateKind};
pub use tables::TableRecovery;

use super::client::ServerError;
use super::destination::{Destination, Location};
use super::error::{
    MISSING_PRIVILEGE, explain_missing, explain_refusal, explain_refusal_of_archiving,
    explain_refusal_of_pool, explain_refusal_to_restore,
};
use super::model::{
    DELETE_POLICY, Destinations, Failure, JobKey, Privilege, RestoreKey, TenantId, TenantName,
};
use super::query::Query;
use super::restore_password::RestorePassword;

/// Command to the database, always sent from the sys tenant.
#[derive(Clone, Debug)]
pub enum Command {
    /// Sets the destination of the tenant's logs. It replaces all attributes, and is rejected
    /// unless the round is in state STOP.
    SetLogArchiveDest {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// New destination.
        destination: Destination,
        /// Whether logs are kept until they are archived.
        mandatory: bool,
        /// Days of log in one piece, 1 to 7.
        piece_switch_days: i32,
        /// Location that the destination already has. It is the same one if only attributes change.
        replaces: Option<Location>,
    },
    /// Resumes archiving (`true`) or pauses it.
    SetLogArchiveDestState {
        /// The tenant.
        tenant: TenantName,
        /// Whether the state becomes ENABLE, not DEFER.
        enable: bool,
    },
    /// Sets how far archived logs may lag behind, from V4.2 on. Rejected (4179) while the tenant
    /// has no log destination, and for less than 60 s with S3.
    SetArchiveLagTarget {
        /// The tenant.
        tenant: TenantName,
        /// Seconds, 0 to 7200.
        seconds: i32,
    },
    /// Starts an archive round.
    ArchiveLog {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Expected destination of the logs. Another destination means that another tool has
        /// changed it.
        location: Location,
    },
    /// Stops the archive round.
    NoArchiveLog(TenantName),
    /// Stops the archive round to leave this location, while no data backup of the tenant runs.
    LeaveLogDest {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Location of the logs.
        location: Location,
    },
    /// Sets the destination of the tenant's data backups.
    SetDataBackupDest {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// New destination.
        destination: Destination,
        /// Current location, which is left.
        replaces: Option<Location>,
    },
    /// Lets the database delete backups that are not needed to recover to any time in this window.
    /// Rejected while the tenant has such a policy.
    AddDeletePolicy {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Observed destinations of the tenant. Backups in any other destination must not be
        /// deleted.
        observed: Destinations,
        /// Length of the window in days, at least 1.
        days: i32,
    },
    /// Drops the delete policy. Then nothing more is deleted.
    DropDeletePolicy {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Window of the policy to drop, as the view shows it.
        recovery_window: String,
    },
    /// Starts a data backup.
    Backup {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Whether only changes since the previous set are backed up.
        incremental: bool,
        /// Whether the set includes the logs that it needs.
        plus_archivelog: bool,
        /// Password that a restore of the set will need.
        password: Option<RestorePassword>,
        /// Key of the job.
        key: JobKey,
        /// Number of the operator's backups that may run concurrently in the cluster.
        slots: usize,
    },
    /// Searches for a data backup with this key; sends nothing.
    FindBackup {
        /// The tenant.
        tenant: TenantName,
        /// Key of the job.
        key: JobKey,
    },
    /// Cancels the running data backup of the tenant, if it is the one with this key.
    CancelBackup {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Key of the job.
        key: JobKey,
    },
    /// Restores a tenant, or removes it again.
    Recovery(Recovery),
    /// Deletes backups.
    Cleanup(Cleanup),
}

impl From<Cleanup> for Command {
    fn from(cleanup: Cleanup) -> Self {
        Self::Cleanup(cleanup)
    }
}

impl From<Recovery> for Command {
    fn from(recovery: Recovery) -> Self {
        Self::Recovery(recovery)
    }
}

impl From<TableRecovery> for Command {
    fn from(tables: TableRecovery) -> Self {
        Self::Recovery(Recovery::Tables(tables))
    }
}

impl Command {
    /// Returns the fixed name of the command, which labels its metric and log line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SetLogArchiveDest { .. } => "set_log_archive_dest",
            Self::SetLogArchiveDestState { .. } => "set_log_archive_dest_state",
            Self::SetArchiveLagTarget { .. } => "set_archive_lag_target",
            Self::ArchiveLog { .. } => "archivelog",
            Self::NoArchiveLog(_) => "noarchivelog",
            Self::LeaveLogDest { .. } => "leave_log_archive_dest",
            Self::SetDataBackupDest { .. } => "set_data_backup_dest",
            Self::AddDeletePolicy { .. } => "add_delete_policy",
            Self::DropDeletePolicy { .. } => "drop_delete_policy",
            Self::Backup { .. } => "backup",
            Self::FindBackup { .. } => "find_backup",
            Self::CancelBackup { .. } => "cancel_backup",
            Self::Recovery(recovery) => recovery.name(),
            Self::Cleanup(cleanup) => cleanup.name(),
        }
    }

    /// Returns the tenant of the command.
    #[must_use]
    pub fn tenant(&self) -> &TenantName {
        match self {
            Self::NoArchiveLog(tenant)
            | Self::ArchiveLog { tenant, .. }
            | Self::LeaveLogDest { tenant, .. }
            | Self::SetLogArchiveDest { tenant, .. }
            | Self::SetLogArchiveDestState { tenant, .. }
            | Self::SetArchiveLagTarget { tenant, .. }
            | Self::SetDataBackupDest { tenant, .. }
            | Self::AddDeletePolicy { tenant, .. }
            | Self::DropDeletePolicy { tenant, .. }
            | Self::Backup { tenant, .. }
            | Self::FindBackup { tenant, .. }
            | Self::CancelBackup { tenant, .. } => tenant,
            Self::Recovery(recovery) => recovery.tenant(),
            Self::Cleanup(cleanup) => cleanup.tenant(),
        }
    }

    /// Returns the timeout of the database for the command (`ob_query_timeout`). Setting a
    /// destination accesses the storage.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        match self {
            Self::SetLogArchiveDest { .. } | Self::SetDataBackupDest { .. } => {
                Duration::from_mins(1)
            }
            Self::Recovery(recovery) => recovery.timeout(),
            _ => Self::BACKUP_TIMEOUT,
        }
    }

    /// Timeout of BACKUP and other short statements.
    pub const BACKUP_TIMEOUT: Duration = Duration::from_secs(10);

    /// Returns the session setting that must precede the statement, if any. The session must be new
    /// and serve only this command. Otherwise the password could apply to another backup or
    /// restore, or be missing for this one.
    #[must_use]
    pub fn preface(&self) -> Option<SessionSetting> {
        // SET ENCRYPTION needs no privilege of its own.
        let (name, text, privilege) = match self {
            Self::Backup { password, .. } => (
                "set_encryption",
                password.as_ref()?.statement(),
                Privilege::Select,
            ),
            Self::Recovery(recovery) => {
                ("set_decryption", recovery.decryption()?, Privilege::Super)
            }
            _ => return None,
        };
        Some(SessionSetting {
            name,
            text,
            privilege,
        })
    }

    /// Explains why the database rejected the command.
    #[must_use]
    pub fn refusal(&self, error: &ServerError) -> Failure {
        match self {
            _ if error.code == MISSING_PRIVILEGE => explain_missing(self.privilege(), error),
            Self::Recovery(Recovery::CreatePool { .. }) => explain_refusal_of_pool(error),
            Self::Recovery(_) => explain_refusal_to_restore(error),
            Self::ArchiveLog { .. } | Self::NoArchiveLog(_) => explain_refusal_of_archiving(error),
            _ => explain_refusal(error),
        }
    }

    /// Returns the query for the result, which runs on the same session after the statement.
    #[must_use]
    pub fn question(&self) -> Option<Query> {
        match self {
            Self::Recovery(recovery) => recovery.question(),
            _ => None,
        }
    }

    /// Returns the key of a RESTORE or RECOVER TABLE. These take long, so that no reconcile waits
    /// for their response.
    #[must_use]
    pub fn restore_key(&self) -> Option<&RestoreKey> {
        match self {
            Self::Recovery(recovery) => recovery.key(),
            _ => None,
        }
    }

    /// Returns the check that finds the job of such a statement, even if the statement was
    /// rejected.
    #[must_use]
    pub fn search(&self) -> Option<Precondition> {
        match self {
            Self::Recovery(recovery) => recovery.search(),
            _ => None,
        }
    }

    /// Returns the statement; `None` if the command only checks its precondition. Values cannot
    /// contain a quote or a backslash: see [`TenantName`], [`JobKey`] and [`Destination`].
    #[must_use]
    pub fn text(&self) -> Option<String> {
        Some(match self {
            Self::FindBackup { .. } => return None,
            Self::SetLogArchiveDest {
                tenant,
                destination,
                mandatory,
                piece_switch_days,
                ..
            } => {
                let location = destination.to_sql_text();
                let binding = if *mandatory { "Mandatory" } else { "Optional" };
                format!(
                    "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION={location} BINDING={binding} \
                     PIECE_SWITCH_INTERVAL={piece_switch_days}d' TENANT = '{tenant}'"
                )
            }
            Self::SetLogArchiveDestState { tenant, enable } => {
                let state = if *enable { "ENABLE" } else { "DEFER" };
                format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = '{state}' TENANT = '{tenant}'")
            }
            Self::SetArchiveLagTarget { tenant, seconds } => {
                format!("ALTER SYSTEM SET archive_lag_target = '{seconds}s' TENANT = '{tenant}'")
            }
            Self::ArchiveLog { tenant, .. } => {
                format!("ALTER SYSTEM ARCHIVELOG TENANT = '{tenant}'")
            }
            Self::NoArchiveLog(tenant) | Self::LeaveLogDest { tenant, .. } => {
                format!("ALTER SYSTEM NOARCHIVELOG TENANT = '{tenant}'")
            }
            Self::SetDataBackupDest {
                tenant,
                destination,
                ..
            } => {
                let uri = destination.to_sql_text();
                format!("ALTER SYSTEM SET DATA_BACKUP_DEST = '{uri}' TENANT = '{tenant}'")
            }
            Self::AddDeletePolicy { tenant, days, .. } => format!(
                "ALTER SYSTEM ADD DELETE BACKUP POLICY '{DELETE_POLICY}' \
                 RECOVERY_WINDOW '{days}d' TENANT = '{tenant}'"
            ),
            Self::DropDeletePolicy { tenant, .. } => {
                format!(
                    "ALTER SYSTEM DROP DELETE BACKUP POLICY '{DELETE_POLICY}' TENANT = '{tenant}'"
                )
            }
            Self::Backup {
                tenant,
                incremental,
                plus_archivelog,
                key,
                ..
            } => {
                let incremental = if *incremental { "INCREMENTAL " } else { "" };
                let logs = if *plus_archivelog {
                    "PLUS ARCHIVELOG "
                } else {
                    ""
                };
                format!(
                    "ALTER SYSTEM BACKUP {incremental}TENANT = '{tenant}' {logs}DESCRIPTION = \
                     '{key}'"
                )
            }
            Self::CancelBackup { tenant, .. } => {
                format!("ALTER SYSTEM CANCEL BACKUP TENANT = '{tenant}'")
            }
            Self::Recovery(recovery) => return recovery.text(),
            Self::Cleanup(cleanup) => return cleanup.text(),
        })
    }
}

#[cfg(test)]
mod tests;
