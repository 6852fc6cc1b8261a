//! Reads of restores and of the resources of tenants, while a controller requests them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{CLOCK_SLACK, FIRST_HISTORY, History, ReadError, Reading, VIEW_LAG};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::client::{QueryError, Rows};
use crate::oceanbase::error::explain_refusal;
use crate::oceanbase::model::{JobId, Restore, Restores, Server};
use crate::oceanbase::query::{self, ParsedRows, Query, RestoreQuery};

/// Time for which servers are shown after they were read. All reconciles after a request thus find
/// them, even if reads follow each other. The time is short, because the free capacity must be
/// current.
const SHOWN: Duration = Duration::from_secs(5);

/// Number of ended restores that are kept.
const MAX_ENDED_RESTORES: usize = 100;

/// Values that are carried over from read to read.
#[derive(Default)]
pub(super) struct RestoreCache {
    tenants: Jobs,
    tables: Jobs,
    /// Last published value. An equal value keeps its allocation.
    published: Arc<Restores>,
    /// Time at which the published servers were read.
    servers_at: Option<Instant>,
}

/// Restores of tenants, or of tables: each has its own numbering.
#[derive(Default)]
struct Jobs {
    by_id: BTreeMap<JobId, Restore>,
    /// START_TIMESTAMP of the newest restore so far.
    newest_start: Option<Timestamp>,
    /// Restores that have left one view and not appeared in the other, and since when.
    moving: HashMap<JobId, Instant>,
    /// START_TIMESTAMP of restores that are no longer treated as moving. Their rows may still
    /// appear.
    missing: HashMap<JobId, Option<Timestamp>>,
}

impl Reading<'_> {
    /// Reads restores and resources of tenants, and the servers if requested. A rejection is part
    /// of the result: a privilege that backups do not need must not stop their reads.
    pub(in crate::oceanbase) async fn restores(
        &mut self,
        history: &mut History,
        with_servers: bool,
        now: Timestamp,
    ) -> Result<Arc<Restores>, ReadError> {
        let cache = &mut history.restores;
        let read = match self.read_restores(cache, now).await {
            Ok(read) => {
                let servers = self.servers(cache, &read, with_servers).await?;
                Restores { servers, ..read }
            }
            Err(QueryError::Server(error)) => Restores {
                refused: Some(explain_refusal(&error)),
                ..Restores::default()
            },
            Err(error) => return Err(error.into()),
        };
        if *cache.published != read {
            cache.published = Arc::new(read);
        }
        Ok(Arc::clone(&cache.published))
    }

    async fn read_restores(
        &mut self,
        cache: &mut RestoreCache,
        now: Timestamp,
    ) -> Result<Restores, QueryError> {
        // Running restores before ended ones: a row that moves between the two queries then appears
        // in the second.
        let running = RestoreQuery::Progress;
        let running = self
            .rows(running, |rows| query::restores(rows, false))
            .await?;
        let ended = RestoreQuery::History(cache.tenants.watermark(now));
        let ended = self.rows(ended, |rows| query::restores(rows, true)).await?;
        let units = self.rows(RestoreQuery::Units, query::units).await?;
        let mut pools = self.rows(RestoreQuery::Pools, query::pools).await?;
        for pool in &mut pools {
            let unit = units.iter().find(|unit| unit.id == pool.unit_id);
            pool.unit = unit.map_or_else(String::new, |unit| unit.name.clone());
        }
        let mut zones = self.rows(RestoreQuery::Zones, query::zones).await?;
        zones.sort_unstable();
        let data_version = if self.version.can(Capability::TenantCompatible) {
            let version = RestoreQuery::DataVersion;
            self.rows(version, query::data_version).await?.pop()
        } else {
            None
        };
        cache.tenants.merge(running, ended);
        let tables_refused = match self.read_tables(&mut cache.tables, now).await {
            Ok(()) => None,
            Err(QueryError::Server(error)) => Some(explain_refusal(&error)),
            Err(error) => return Err(error),
        };
        Ok(Restores {
            restores: cache.tenants.by_id.values().cloned().collect(),
            tables: cache.tables.by_id.values().cloned().collect(),
            tables_refused,
            pools,
            units,
            zones,
            servers: None,
            data_version,
            refused: None,
        })
    }

    /// Reads the servers, or returns those that were read a few seconds ago. If the database
    /// rejects the query, the servers remain unknown.
    async fn servers(
        &mut self,
        cache: &mut RestoreCache,
        read: &Restores,
        with_servers: bool,
    ) -> Result<Option<Vec<Server>>, QueryError> {
        if with_servers {
            let servers = match self.read_servers().await {
                Err(QueryError::Server(error)) => {
                    let why = explain_refusal(&error).reason;
                    tracing::warn!(
                        why,
                        "the database does not show the resources of its servers"
                    );
                    Vec::new()
                }
                servers => servers?,
            };
            cache.servers_at = Some(Instant::now());
            return Ok(Some(servers));
        }
        let is_fresh = cache.servers_at.is_some_and(|at| at.elapsed() < SHOWN);
        let published = &cache.published;
        if is_fresh && published.pools == read.pools && published.units == read.units {
            return Ok(published.servers.clone());
        }
        Ok(None)
    }

    async fn read_servers(&mut self) -> Result<Vec<Server>, QueryError> {
        // Units last: a unit that is dropped in between no longer counts.
        let servers = self.ask(&RestoreQuery::Servers.into()).await?;
        let capacities = self.ask(&RestoreQuery::Capacities.into()).await?;
        let units = self.ask(&RestoreQuery::PlacedUnits.into()).await?;
        Ok(query::servers(&servers, &capacities, &units))
    }

    /// Reads recoveries of tables, if the version has them.
    async fn read_tables(&mut self, jobs: &mut Jobs, now: Timestamp) -> Result<(), QueryError> {
        if !self.version.can(Capability::TableRecovery) {
            return Ok(());
        }
        let running = RestoreQuery::TableJobs;
        let running = self
            .rows(running, |rows| query::tables(rows, false))
            .await?;
        let ended = RestoreQuery::TableHistory(jobs.watermark(now));
        let ended = self.rows(ended, |rows| query::tables(rows, true)).await?;
        jobs.merge(running, ended);
        Ok(())
    }

    async fn rows<T>(
        &mut self,
        query: RestoreQuery,
        read: impl FnOnce(&Rows) -> ParsedRows<T>,
    ) -> Result<Vec<T>, QueryError> {
        let query = Query::from(query);
        let answer = self.ask(&query).await?;
        Ok(self.legible(&query, read(&answer)))
    }

    /// Returns the rows that could be read. Rows that could not be read are counted and omitted.
    pub(super) fn legible<T>(&self, query: &Query, read: ParsedRows<T>) -> Vec<T> {
        if let Some(error) = read.unreadable.first() {
            let count = read.unreadable.len();
            self.metrics.left_out(query.name(), count);
            tracing::warn!(%error, rows = count, "rows are left out");
        }
        read.rows
    }
}

impl Jobs {
    /// Returns the START_TIMESTAMP from which ended restores must be read. It is never later than
    /// an unfinished one.
    fn watermark(&self, now: Timestamp) -> Timestamp {
        let oldest = now.saturating_sub(FIRST_HISTORY).unwrap_or(Timestamp::MIN);
        let recent = self
            .newest_start
            .and_then(|at| at.saturating_sub(CLOCK_SLACK).ok());
        let running = self.by_id.values().filter(|job| !job.status.is_terminal());
        let unfinished = running.map(|job| job.started_at);
        let missing = self.missing.values().copied();
        let since = unfinished.chain(missing).map(|at| at.unwrap_or(oldest));
        let since = since.filter(|at| *at >= oldest).min();
        let recent = recent.unwrap_or(oldest);
        since.map_or(recent, |at| at.min(recent))
    }

    /// Joins running, ended and known restores. A restore in both views has ended.
    fn merge(&mut self, running: Vec<Restore>, ended: Vec<Restore>) {
        let fresh: BTreeMap<_, _> = running
            .into_iter()
            .chain(ended)
            .map(|restore| (restore.job_id, restore))
            .collect();
        let mut moving = HashMap::new();
        self.by_id.retain(|id, job| {
            if fresh.contains_key(id) || job.status.is_terminal() {
                return true;
            }
            let since = self.moving.get(id).copied().unwrap_or_else(Instant::now);
            if since.elapsed() > VIEW_LAG {
                self.missing.insert(*id, job.started_at);
                return false;
            }
            moving.insert(*id, since);
            true
        });
        self.moving = moving;
        self.missing.retain(|id, _| !fresh.contains_key(id));
        for (id, restore) in fresh {
            let earlier = self.by_id.get(&id);
            // An ended restore stays ended, even if its row lingers in the view of running ones.
            if earlier.is_some_and(|earlier| earlier.status.is_terminal())
                && !restore.status.is_terminal()
            {
                continue;
            }
            self.newest_start = self.newest_start.max(restore.started_at);
            self.by_id.insert(id, restore);
        }
        self.trim();
    }

    /// Keeps the running restores and the newest of the ended ones.
    fn trim(&mut self) {
        let is_over = |job: &Restore| job.status.is_terminal();
        let ended = self.by_id.values().filter(|job| is_over(job)).count();
        let mut surplus = ended.saturating_sub(MAX_ENDED_RESTORES);
        self.by_id.retain(|_, job| {
            let drop = surplus > 0 && is_over(job);
            surplus -= usize::from(drop);
            !drop
        });
    }
}
