//! Queries on the locations of destinations, and on the database's own checks of them.

use super::Query;
use crate::oceanbase::capability::Capability;

/// A query on destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageQuery {
    /// Locations of the pieces that are not deleted.
    LogRoots,
    /// Times of the last checks of destinations, without their keys.
    Checks,
    /// Destinations with limits.
    Limits,
}

impl StorageQuery {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::LogRoots => "log_roots",
            Self::Checks => "store_checks",
            Self::Limits => "store_limits",
        }
    }

    pub(super) fn needs(&self) -> Option<Capability> {
        matches!(self, Self::Limits).then_some(Capability::StorageLimits)
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::LogRoots => {
                "SELECT DISTINCT TENANT_ID, DEST_ID, PATH \
                 FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES WHERE FILE_STATUS <> 'DELETED'"
            }
            Self::Checks => {
                "SELECT TENANT_ID, DEST_ID, PATH, ENDPOINT, LAST_CHECK_TIMESTAMP \
                 FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO"
            }
            Self::Limits => {
                "SELECT TENANT_ID, PATH, ENDPOINT, MAX_IOPS, MAX_BANDWIDTH \
                 FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO \
                 WHERE MAX_IOPS <> 0 OR MAX_BANDWIDTH <> 0"
            }
        }
        .to_owned()
    }
}

impl From<StorageQuery> for Query {
    fn from(query: StorageQuery) -> Self {
        Self::Store(query)
    }
}
