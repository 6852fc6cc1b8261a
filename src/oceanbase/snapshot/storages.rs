//! Reads of the locations of destinations. Sets and pieces refer to destinations by number.

use std::sync::Arc;

use super::cache::same;
use super::{History, ReadError, Reading};
use crate::oceanbase::client::QueryError;
use crate::oceanbase::model::StorageViews;
use crate::oceanbase::query::{self, Query, StorageQuery};

impl Reading<'_> {
    /// Reads the locations of destinations. If the database rejects the query, only the figures of
    /// storages are missing: a privilege that backups do not need must not stop their reads.
    pub(super) async fn storages(&mut self, history: &mut History) -> Result<(), ReadError> {
        match self.read_storages().await {
            Ok(read) => history.storages = same(Some(&history.storages), read),
            Err(QueryError::Server(error)) => {
                tracing::warn!(code = error.code, "destinations cannot be read");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn read_storages(&mut self) -> Result<StorageViews, QueryError> {
        let query = Query::from(StorageQuery::LogRoots);
        let log_roots = query::log_roots(&self.ask(&query).await?);
        let log_roots = self.legible(&query, log_roots).into_iter().collect();
        let query = Query::from(StorageQuery::Checks);
        let checks = query::storage_checks(&self.ask(&query).await?);
        let checks = self.legible(&query, checks);
        Ok(StorageViews { log_roots, checks })
    }
}

impl History {
    /// Returns the locations of destinations.
    pub(in crate::oceanbase) fn storages(&self) -> Arc<StorageViews> {
        Arc::clone(&self.storages)
    }
}
