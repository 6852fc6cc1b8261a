//! Every statement that changes something, rendered in one place from checked values.
//!
//! A command is a short script on one session. One that is not idempotent by nature carries a
//! [`Precondition`]: a look at the database, on the same session, right before it is sent.

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

/// Something that is asked of the database, always from the sys tenant.
#[derive(Clone, Debug)]
pub enum Command {
    /// Says where the tenant's logs go. It replaces all attributes, and is refused while a round
    /// is in any state but STOP.
    SetLogArchiveDest {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// Where.
        destination: Destination,
        /// Whether logs are kept until they are archived.
        mandatory: bool,
        /// Days of log in one piece, 1 to 7.
        piece_switch_days: i32,
        /// The place that it is set to already: the same one where only its attributes change.
        replaces: Option<Location>,
    },
    /// Lets archiving go on (`true`) or holds it.
    SetLogArchiveDestState {
        /// The tenant.
        tenant: TenantName,
        /// ENABLE, not DEFER.
        enable: bool,
    },
    /// Says how far archived logs may be behind before they are written, from V4.2 on. Refused (4179)
    /// while the tenant has no destination of logs, and below 60 s with S3.
    SetArchiveLagTarget {
        /// The tenant.
        tenant: TenantName,
        /// Seconds, 0 to 7200.
        seconds: i32,
    },
    /// Begins a round of log archiving.
    ArchiveLog {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// Where its logs are to go: whoever points them elsewhere has other plans.
        location: Location,
    },
    /// Ends the round.
    NoArchiveLog(TenantName),
    /// Ends the round to leave this place, while nothing of the tenant runs.
    LeaveLogDest {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// Where its logs go.
        location: Location,
    },
    /// Says where the tenant's data backups go.
    SetDataBackupDest {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// Where.
        destination: Destination,
        /// The place that it is set to already, and that is left.
        replaces: Option<Location>,
    },
    /// Lets the engine delete what is not needed to recover to any time in this window. Refused
    /// while the tenant has such a policy.
    AddDeletePolicy {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// Where its backups were seen to go: those of nobody else are to be deleted.
        observed: Destinations,
        /// Days of the window, from 1 on.
        days: i32,
    },
    /// Ends that. Nothing is deleted any more.
    DropDeletePolicy {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// The window that is ended, as the view shows it.
        recovery_window: String,
    },
    /// Starts a data backup.
    Backup {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// Only what changed since the set before.
        incremental: bool,
        /// With the logs that the set needs.
        plus_archivelog: bool,
        /// What whoever restores the set must give.
        password: Option<RestorePassword>,
        /// What the job is found by.
        key: JobKey,
        /// How many backups of ours may run at once in the cluster.
        locations: usize,
    },
    /// Looks whether a data backup with this key is known; sends nothing.
    FindBackup {
        /// The tenant.
        tenant: TenantName,
        /// What the job is found by.
        key: JobKey,
    },
    /// Cancels the running data backup of the tenant, if it is the one with this key.
    CancelBackup {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// The job's key.
        key: JobKey,
    },
    /// Makes a tenant from backups, or takes it away again.
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
    /// The command's fixed name: the label of its metric and its log line.
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

    /// The tenant that it is about.
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

    /// How long the database may work on it, at most: its `ob_query_timeout`. Setting a
    /// destination does real I/O on the store.
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

    /// How long the database may work on BACKUP and other short statements.
    pub const BACKUP_TIMEOUT: Duration = Duration::from_secs(10);

    /// What the session is told right before the statement, where the statement needs that. Such a
    /// session is a fresh one and used for nothing else: what was told must not reach another
    /// backup or restore, and this one must not go without it.
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

    /// Explains why the database refuses it.
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

    /// What is asked on the same session once the statement is answered.
    #[must_use]
    pub fn question(&self) -> Option<Query> {
        match self {
            Self::Recovery(recovery) => recovery.question(),
            _ => None,
        }
    }

    /// The key of a RESTORE or a RECOVER TABLE: such a statement takes long, and nobody waits for it.
    #[must_use]
    pub fn restore_key(&self) -> Option<&RestoreKey> {
        match self {
            Self::Recovery(recovery) => recovery.key(),
            _ => None,
        }
    }

    /// What finds the job of such a statement, also when it was refused.
    #[must_use]
    pub fn search(&self) -> Option<Precondition> {
        match self {
            Self::Recovery(recovery) => recovery.search(),
            _ => None,
        }
    }

    /// The statement; `None` where the guard's look is all. Values can not hold a quote or a backslash: see [`TenantName`], [`JobKey`]
    /// and [`Destination`].
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
