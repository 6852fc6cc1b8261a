//! Where the destinations are: read with sets and pieces, which are told by the destination's number.

use std::sync::Arc;

use super::cache::same;
use super::{History, ReadError, Reading};
use crate::oceanbase::client::QueryError;
use crate::oceanbase::model::StorageViews;
use crate::oceanbase::query::{self, Query, StorageQuery};

impl Reading<'_> {
    /// Reads where the destinations are. A refusal costs only the figures of the stores: no privilege
    /// that backups do without may end their reading.
    pub(super) async fn storages(&mut self, history: &mut History) -> Result<(), ReadError> {
        match self.read_storages().await {
            Ok(read) => history.storages = same(Some(&history.storages), read),
            Err(QueryError::Server(error)) => {
                tracing::warn!(code = error.code, "destinations can not be read");
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
    /// Where the destinations are.
    pub(in crate::oceanbase) fn storages(&self) -> Arc<StorageViews> {
        Arc::clone(&self.storages)
    }
}
