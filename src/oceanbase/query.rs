//! All queries on the views of the sys tenant, and the parsing of their rows.

mod cleanup;
mod restore;
mod rows;
mod sample;
mod storage;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use cleanup::CleanupQuery;
pub use restore::RestoreQuery;
pub use rows::{
    ParsedRows, TenantRow, ViewError, archive_dests, backup_refusals, cleaned_items, cleanups,
    data_dests, data_version, identity, jobs, lag_targets, log_roots, pieces, policies, pools,
    preview, privileges, progress, restores, rounds, servers, sets, storage_checks, storage_limits,
    tables, tenants, units, upgrade_mode, version, zones,
};
pub use sample::Sample;
pub use storage::StorageQuery;

use super::capability::Capability;
use super::model::{JobKey, TenantId};
use super::version::Version;

/// Query on the views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Version of the server.
    Version,
    /// Name and number of the cluster.
    Identity,
    /// Time at which the cluster was bootstrapped.
    Bootstrap,
    /// The user tenants.
    Tenants,
    /// Current rounds of log archiving.
    Rounds,
    /// Attributes of the log archive destinations.
    ArchiveDests,
    /// Attributes of the log archive destination of one tenant.
    ArchiveDestOf(TenantId),
    /// Destinations of data backups.
    DataDests,
    /// Destination of data backups of one tenant.
    DataDestOf(TenantId),
    /// Jobs that run or have just ended.
    RunningJobs,
    /// Progress of the running jobs.
    Progress,
    /// Ended jobs that started at this instant or later.
    JobHistory(Timestamp),
    /// Backup sets that are not deleted.
    Sets,
    /// Archive pieces that are not deleted.
    Pieces,
    /// Policies by which the database deletes backups automatically.
    Policies,
    /// `archive_lag_target` of the tenants; from V4.2 on.
    LagTargets,
    /// Whether the cluster is being upgraded (`enable_upgrade_mode`).
    UpgradeMode,
    /// Backups since this instant that sys accepted but the database did not start for a tenant;
    /// from V4.2.0 on.
    BackupRefusals(Timestamp),
    /// Privileges of the account of the session.
    Grants,
    /// Running jobs with this key.
    RunningJobsByKey(JobKey),
    /// Ended jobs with this key.
    JobHistoryByKey(JobKey),
    /// Numbers of running jobs with this key in the session's own tenant: the parents of jobs that
    /// sys started.
    OwnJobsByKey(JobKey),
    /// Numbers of ended jobs with this key in the session's own tenant.
    OwnJobHistoryByKey(JobKey),
    /// Queries on restores and the resources of tenants.
    Restore(RestoreQuery),
    /// Queries on cleanups.
    Cleanup(CleanupQuery),
    /// Queries on the locations of destinations.
    Store(StorageQuery),
}

const JOB_COLUMNS: &str = "TENANT_ID, JOB_ID, BACKUP_SET_ID, INITIATOR_TENANT_ID, \
    INITIATOR_JOB_ID, BACKUP_TYPE, STATUS, START_TIMESTAMP, END_TIMESTAMP, RESULT, DESCRIPTION, PATH";

impl Query {
    /// Returns the fixed name of the query, which labels its metric and log line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Identity => "identity",
            Self::Bootstrap => "bootstrap",
            Self::Tenants => "tenants",
            Self::Rounds => "rounds",
            Self::ArchiveDests => "archive_dests",
            Self::ArchiveDestOf(_) => "archive_dest_of",
            Self::DataDests => "data_dests",
            Self::DataDestOf(_) => "data_dest_of",
            Self::RunningJobs => "running_jobs",
            Self::Progress => "progress",
            Self::JobHistory(_) => "job_history",
            Self::Sets => "sets",
            Self::Pieces => "pieces",
            Self::Policies => "policies",
            Self::LagTargets => "lag_targets",
            Self::UpgradeMode => "upgrade_mode",
            Self::BackupRefusals(_) => "backup_refusals",
            Self::Grants => "grants",
            Self::RunningJobsByKey(_) => "running_jobs_by_key",
            Self::JobHistoryByKey(_) => "job_history_by_key",
            Self::OwnJobsByKey(_) => "own_jobs_by_key",
            Self::OwnJobHistoryByKey(_) => "own_job_history_by_key",
            Self::Restore(query) => query.name(),
            Self::Cleanup(query) => query.name(),
            Self::Store(query) => query.name(),
        }
    }

    /// Returns the capability that a release needs for the query.
    #[must_use]
    pub fn needs(&self) -> Option<Capability> {
        match self {
            Self::LagTargets => Some(Capability::ArchiveLagTarget),
            Self::BackupRefusals(_) => Some(Capability::SkippedTenantEndsJob),
            Self::Restore(query) => query.needs(),
            Self::Store(query) => query.needs(),
            _ => None,
        }
    }

    /// Returns the text for a server of this version.
    #[must_use]
    pub fn text(&self, version: Version) -> String {
        match self {
            Self::Version => "SELECT OB_VERSION() AS OB_VERSION, VERSION() AS VERSION".to_owned(),
            Self::Identity => "SELECT DISTINCT NAME, VALUE FROM oceanbase.GV$OB_PARAMETERS \
                 WHERE NAME IN ('cluster', 'cluster_id')"
                .to_owned(),
            Self::Bootstrap => {
                "SELECT CREATE_TIME FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_ID = 1".to_owned()
            }
            Self::Tenants => {
                let since = |what, columns| if version.can(what) { columns } else { "" };
                let role = ", TENANT_ROLE, SWITCHOVER_STATUS, LOG_MODE";
                let since_4_1 = since(Capability::TenantRole, role);
                let since_4_2 = since(Capability::TenantCompatible, ", COMPATIBLE");
                format!(
                    "SELECT TENANT_ID, TENANT_NAME, STATUS, LOCKED{since_4_1}{since_4_2} \
                     FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_TYPE = 'USER'"
                )
            }
            Self::Rounds => "SELECT TENANT_ID, ROUND_ID, STATUS, START_SCN, CHECKPOINT_SCN, \
                 USED_PIECE_ID, INPUT_BYTES, OUTPUT_BYTES, COMMENT, PATH \
                 FROM oceanbase.CDB_OB_ARCHIVELOG"
                .to_owned(),
            Self::ArchiveDests => {
                "SELECT TENANT_ID, NAME, VALUE FROM oceanbase.CDB_OB_ARCHIVE_DEST WHERE DEST_NO = 0"
                    .to_owned()
            }
            Self::ArchiveDestOf(tenant) => {
                format!(
                    "{} AND TENANT_ID = {tenant}",
                    Self::ArchiveDests.text(version)
                )
            }
            Self::DataDestOf(tenant) => {
                format!("{} AND TENANT_ID = {tenant}", Self::DataDests.text(version))
            }
            Self::DataDests => "SELECT TENANT_ID, VALUE FROM oceanbase.CDB_OB_BACKUP_PARAMETER \
                 WHERE NAME = 'data_backup_dest'"
                .to_owned(),
            Self::RunningJobs => format!("SELECT {JOB_COLUMNS} FROM oceanbase.CDB_OB_BACKUP_JOBS"),
            Self::Progress => {
                let percent = if version.can(Capability::BackupProgress) {
                    ", DATA_PROGRESS"
                } else {
                    ""
                };
                format!(
                    "SELECT TENANT_ID, JOB_ID, MACRO_BLOCK_COUNT, FINISH_MACRO_BLOCK_COUNT{percent} \
                     FROM oceanbase.CDB_OB_BACKUP_TASKS"
                )
            }
            Self::JobHistory(since) => format!(
                "SELECT {JOB_COLUMNS} FROM oceanbase.CDB_OB_BACKUP_JOB_HISTORY \
                 WHERE START_TIMESTAMP >= '{}'",
                second(*since)
            ),
            Self::Sets => "SELECT TENANT_ID, BACKUP_SET_ID, DEST_ID, BACKUP_TYPE, \
                 PREV_FULL_BACKUP_SET_ID, PREV_INC_BACKUP_SET_ID, END_TIMESTAMP, STATUS, \
                 FILE_STATUS, PLUS_ARCHIVELOG, START_REPLAY_SCN, MIN_RESTORE_SCN, INPUT_BYTES, \
                 OUTPUT_BYTES, ENCRYPTION_MODE, TENANT_COMPATIBLE, PATH \
                 FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE FILE_STATUS <> 'DELETED'"
                .to_owned(),
            Self::Pieces => "SELECT TENANT_ID, DEST_ID, ROUND_ID, PIECE_ID, STATUS, START_SCN, \
                 CHECKPOINT_SCN, END_SCN, FILE_STATUS, OUTPUT_BYTES \
                 FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES WHERE FILE_STATUS <> 'DELETED'"
                .to_owned(),
            Self::Policies => "SELECT TENANT_ID, POLICY_NAME, RECOVERY_WINDOW \
                 FROM oceanbase.CDB_OB_BACKUP_DELETE_POLICY"
                .to_owned(),
            // One row per server.
            Self::LagTargets => "SELECT DISTINCT TENANT_ID, VALUE FROM oceanbase.GV$OB_PARAMETERS \
                 WHERE NAME = 'archive_lag_target'"
                .to_owned(),
            Self::UpgradeMode => "SELECT DISTINCT VALUE FROM oceanbase.GV$OB_PARAMETERS \
                 WHERE NAME = 'enable_upgrade_mode'"
                .to_owned(),
            Self::Grants => "SHOW GRANTS".to_owned(),
            Self::BackupRefusals(since) => format!(
                "SELECT TIMESTAMP, VALUE1, VALUE2 \
                 FROM oceanbase.DBA_OB_ROOTSERVICE_EVENT_HISTORY \
                 WHERE MODULE = 'backup_data' AND EVENT = 'handle_user_tenant_backup_failed' \
                 AND NAME1 = 'user_tenant_id' AND NAME2 = 'ret' AND TIMESTAMP >= '{}'",
                second(*since)
            ),
            Self::RunningJobsByKey(key) => format!(
                "SELECT {JOB_COLUMNS} FROM oceanbase.CDB_OB_BACKUP_JOBS WHERE DESCRIPTION = '{key}'"
            ),
            Self::JobHistoryByKey(key) => format!(
                "SELECT {JOB_COLUMNS} FROM oceanbase.CDB_OB_BACKUP_JOB_HISTORY \
                 WHERE DESCRIPTION = '{key}'"
            ),
            Self::OwnJobsByKey(key) => format!(
                "SELECT JOB_ID FROM oceanbase.DBA_OB_BACKUP_JOBS WHERE DESCRIPTION = '{key}'"
            ),
            Self::OwnJobHistoryByKey(key) => format!(
                "SELECT JOB_ID FROM oceanbase.DBA_OB_BACKUP_JOB_HISTORY \
                 WHERE DESCRIPTION = '{key}'"
            ),
            Self::Restore(query) => query.text(version),
            Self::Cleanup(query) => query.text(),
            Self::Store(query) => query.text(),
        }
    }
}

/// Formats an instant in UTC, the time zone of the session, truncated to the second.
fn second(at: Timestamp) -> String {
    let at = TimeZone::UTC.to_datetime(at);
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
