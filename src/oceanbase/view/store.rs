//! Queries on where destinations are, and on the database's own tries of them.

use super::Query;

/// A query on destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreQuery {
    /// Where the pieces lie that are not deleted.
    LogRoots,
    /// When destinations were last tried; nothing of their keys.
    Checks,
}

impl StoreQuery {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::LogRoots => "log_roots",
            Self::Checks => "store_checks",
        }
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
        }
        .to_owned()
    }
}

impl From<StoreQuery> for Query {
    fn from(query: StoreQuery) -> Self {
        Self::Store(query)
    }
}
