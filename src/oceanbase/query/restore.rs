//! Queries on restores.

use jiff::Timestamp;

use super::{Query, second};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::RestoreKey;
use crate::oceanbase::version::Version;

/// Columns of sources and results, in both views. BACKUP_DEST is excluded, because it contains
/// keys.
const COLUMNS: &str = "JOB_ID, RESTORE_TENANT_NAME, RESTORE_TENANT_ID, BACKUP_TENANT_NAME, \
    BACKUP_CLUSTER_NAME, RESTORE_SCN, STATUS, START_TIMESTAMP, BACKUP_SET_LIST, BACKUP_PIECE_LIST, \
    TOTAL_BYTES, FINISH_BYTES, DESCRIPTION";

/// Columns of recoveries of tables, in both views. BACKUP_DEST is excluded for the same reason.
const TABLE_COLUMNS: &str = "JOB_ID, INITIATOR_TENANT_ID, INITIATOR_JOB_ID, START_TIMESTAMP, \
    FINISH_TIMESTAMP, STATUS, AUX_TENANT_NAME, TARGET_TENANT_NAME, RESTORE_SCN, BACKUP_SET_LIST, \
    BACKUP_PIECE_LIST, RESULT, COMMENT, DESCRIPTION";

/// Query on restores and the resources of tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreQuery {
    /// Restores that run or have just ended.
    Progress,
    /// Restores that have ended, and started at this instant or later.
    History(Timestamp),
    /// Running restores with this key.
    ProgressByKey(RestoreKey),
    /// Ended restores with this key, of all times.
    HistoryByKey(RestoreKey),
    /// Running restores with this key, from the table of sys itself; from V4.1 on.
    OwnProgressByKey(RestoreKey),
    /// Ended restores with this key, from the table of sys itself; from V4.1 on.
    OwnHistoryByKey(RestoreKey),
    /// Recoveries of tables that run or have just ended. All queries on tables exist from V4.2.1
    /// on.
    TableJobs,
    /// Recoveries of tables that have ended, and started at this instant or later.
    TableHistory(Timestamp),
    /// Running recoveries of tables of this key's request.
    TableJobsByKey(RestoreKey),
    /// Ended recoveries of tables of this key's request, of all times.
    TableHistoryByKey(RestoreKey),
    /// Running recoveries of tables of this key's request, from the table of sys itself.
    OwnTableJobsByKey(RestoreKey),
    /// Ended recoveries of tables of this key's request, from the table of sys itself.
    OwnTableHistoryByKey(RestoreKey),
    /// Sets and pieces that the restore of the last preview on this session would read.
    Preview,
    /// Resource pools.
    Pools,
    /// Resource units.
    Units,
    /// Zones of the cluster: sys has a unit in each.
    Zones,
    /// Servers of the cluster.
    Servers,
    /// Capacities of the servers that respond.
    Capacities,
    /// Resources that the units of all pools use, except units that are being dropped.
    PlacedUnits,
    /// Version of the data of sys, which new tenants get; from V4.2 on.
    DataVersion,
}

impl RestoreQuery {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Progress => "restore_progress",
            Self::History(_) => "restore_history",
            Self::ProgressByKey(_) => "restore_progress_by_key",
            Self::HistoryByKey(_) => "restore_history_by_key",
            Self::OwnProgressByKey(_) => "own_restore_progress_by_key",
            Self::OwnHistoryByKey(_) => "own_restore_history_by_key",
            Self::TableJobs => "table_jobs",
            Self::TableHistory(_) => "table_history",
            Self::TableJobsByKey(_) => "table_jobs_by_key",
            Self::TableHistoryByKey(_) => "table_history_by_key",
            Self::OwnTableJobsByKey(_) => "own_table_jobs_by_key",
            Self::OwnTableHistoryByKey(_) => "own_table_history_by_key",
            Self::Preview => "restore_preview",
            Self::Pools => "pools",
            Self::Units => "units",
            Self::Zones => "zones",
            Self::Servers => "servers",
            Self::Capacities => "capacities",
            Self::PlacedUnits => "placed_units",
            Self::DataVersion => "data_version",
        }
    }

    pub(super) fn needs(&self) -> Option<Capability> {
        match self {
            Self::OwnProgressByKey(_) | Self::OwnHistoryByKey(_) => Some(Capability::TenantRole),
            Self::TableJobs
            | Self::TableHistory(_)
            | Self::TableJobsByKey(_)
            | Self::TableHistoryByKey(_)
            | Self::OwnTableJobsByKey(_)
            | Self::OwnTableHistoryByKey(_) => Some(Capability::TableRecovery),
            Self::Preview => Some(Capability::RestorePreview),
            Self::DataVersion => Some(Capability::TenantCompatible),
            _ => None,
        }
    }

    pub(super) fn text(&self, version: Version) -> String {
        match self {
            Self::Progress => progress(version),
            Self::History(since) => format!(
                "{} WHERE START_TIMESTAMP >= '{}'",
                history(version),
                second(*since)
            ),
            Self::ProgressByKey(key) => {
                format!("{} WHERE DESCRIPTION = '{key}'", progress(version))
            }
            Self::HistoryByKey(key) => {
                format!("{} WHERE DESCRIPTION = '{key}'", history(version))
            }
            // Without TENANT_ID, and without the percentages, which no check needs.
            Self::OwnProgressByKey(key) => format!(
                "SELECT {COLUMNS} FROM oceanbase.DBA_OB_RESTORE_PROGRESS WHERE DESCRIPTION = '{key}'"
            ),
            Self::OwnHistoryByKey(key) => format!(
                "SELECT {COLUMNS}, FINISH_TIMESTAMP, COMMENT FROM oceanbase.DBA_OB_RESTORE_HISTORY \
                 WHERE DESCRIPTION = '{key}'"
            ),
            Self::TableJobs => tables("JOBS"),
            Self::TableHistory(since) => format!(
                "{} WHERE START_TIMESTAMP >= '{}'",
                tables("JOB_HISTORY"),
                second(*since)
            ),
            Self::TableJobsByKey(key) => {
                format!("{} WHERE {}", tables("JOBS"), of_request(key))
            }
            Self::TableHistoryByKey(key) => {
                format!("{} WHERE {}", tables("JOB_HISTORY"), of_request(key))
            }
            // Without TENANT_ID: these rows belong to the session's own tenant.
            Self::OwnTableJobsByKey(key) => format!(
                "SELECT {TABLE_COLUMNS} FROM oceanbase.DBA_OB_RECOVER_TABLE_JOBS \
                 WHERE {}",
                of_request(key)
            ),
            Self::OwnTableHistoryByKey(key) => format!(
                "SELECT {TABLE_COLUMNS} FROM oceanbase.DBA_OB_RECOVER_TABLE_JOB_HISTORY \
                 WHERE {}",
                of_request(key)
            ),
            Self::Preview => "SHOW RESTORE PREVIEW".to_owned(),
            Self::Pools => "SELECT RESOURCE_POOL_ID, NAME, TENANT_ID, UNIT_COUNT, UNIT_CONFIG_ID, \
                 ZONE_LIST FROM oceanbase.DBA_OB_RESOURCE_POOLS"
                .to_owned(),
            Self::Units => "SELECT UNIT_CONFIG_ID, NAME, MAX_CPU, MEMORY_SIZE, LOG_DISK_SIZE \
                 FROM oceanbase.DBA_OB_UNIT_CONFIGS"
                .to_owned(),
            Self::Zones => {
                "SELECT DISTINCT ZONE FROM oceanbase.DBA_OB_UNITS WHERE TENANT_ID = 1".to_owned()
            }
            Self::Servers => {
                "SELECT SVR_IP, SVR_PORT, ZONE FROM oceanbase.DBA_OB_SERVERS".to_owned()
            }
            Self::Capacities => "SELECT SVR_IP, SVR_PORT, CPU_CAPACITY, CPU_CAPACITY_MAX, \
                 MEM_CAPACITY, LOG_DISK_CAPACITY FROM oceanbase.GV$OB_SERVERS"
                .to_owned(),
            Self::PlacedUnits => "SELECT SVR_IP, SVR_PORT, MAX_CPU, MIN_CPU, MEMORY_SIZE, \
                 LOG_DISK_SIZE FROM oceanbase.DBA_OB_UNITS WHERE STATUS = 'ACTIVE'"
                .to_owned(),
            Self::DataVersion => {
                "SELECT COMPATIBLE FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_ID = 1".to_owned()
            }
        }
    }
}

impl From<RestoreQuery> for Query {
    fn from(query: RestoreQuery) -> Self {
        Self::Restore(query)
    }
}

fn progress(version: Version) -> String {
    let percents = if version.can(Capability::RestoreProgress) {
        ", RESTORE_PROGRESS, RECOVER_PROGRESS"
    } else {
        ""
    };
    format!(
        "SELECT {}{COLUMNS}{percents} FROM oceanbase.CDB_OB_RESTORE_PROGRESS",
        whose(version)
    )
}

fn history(version: Version) -> String {
    format!(
        "SELECT {}{COLUMNS}, FINISH_TIMESTAMP, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY",
        whose(version)
    )
}

/// Returns the condition for a request. No character of a key has a special meaning in a pattern.
fn of_request(key: &RestoreKey) -> String {
    format!("DESCRIPTION LIKE '{}%'", key.request())
}

fn tables(which: &str) -> String {
    format!("SELECT TENANT_ID, {TABLE_COLUMNS} FROM oceanbase.CDB_OB_RECOVER_TABLE_{which}")
}

/// Returns the column for the tenant. Before V4.1, the views do not show whose row it is.
fn whose(version: Version) -> &'static str {
    if version.can(Capability::TenantRole) {
        "TENANT_ID, "
    } else {
        ""
    }
}
