//! Reads of cleanups. There is one cleanup per hour and tenant that had nothing to do. Of these,
//! only a metric keeps the number.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{CLOCK_SLACK, History, ReadError, ReadScope, Reading, VIEW_LAG};
use crate::oceanbase::client::QueryError;
use crate::oceanbase::model::{CleanupJob, JobId, JobStatus, Tenant, TenantId};
use crate::oceanbase::query::{self, CleanupQuery, Query, TenantRow};

/// Age up to which ended cleanups are read at first.
const FIRST_HISTORY: SignedDuration = SignedDuration::from_hours(48);
/// Number of ended cleanups that are kept per tenant.
const MAX_CLEANUPS: usize = 20;

type Key = (TenantId, JobId);

/// Values that are carried over from read to read.
#[derive(Default)]
pub(super) struct CleanupCache {
    jobs: BTreeMap<Key, CleanupJob>,
    /// START_TIMESTAMP of the newest cleanup so far.
    newest_start: Option<Timestamp>,
    /// Cleanups that have left one view and not appeared in the other, and since when.
    moving: HashMap<Key, Instant>,
    /// Ended cleanups since the watermark that were counted.
    counted: BTreeMap<Key, Timestamp>,
    has_read: bool,
}

impl CleanupCache {
    pub(super) fn is_running(&self) -> bool {
        self.jobs.values().any(|job| !job.status.is_terminal())
    }

    /// Removes the cleanups of tenants that no longer exist.
    pub(super) fn forget_dropped(&mut self, tenants: &[TenantRow]) {
        let there: BTreeSet<_> = tenants.iter().map(|row| row.id).collect();
        let is_there = |id: &TenantId| *id == TenantId::SYS || there.contains(id);
        self.jobs.retain(|(tenant, _), _| is_there(tenant));
    }

    /// Returns the newest cleanup that sys has started.
    pub(super) fn newest_of_sys(&self) -> JobId {
        let of_sys = self
            .jobs
            .keys()
            .filter(|(tenant, _)| *tenant == TenantId::SYS);
        let parents = self
            .jobs
            .values()
            .filter(|job| job.initiator_tenant_id == TenantId::SYS);
        let parents = parents.map(|job| job.initiator_job_id);
        of_sys
            .map(|(_, id)| *id)
            .chain(parents)
            .max()
            .unwrap_or_default()
    }

    /// Returns the cleanups of each tenant.
    pub(super) fn by_tenant(&self) -> BTreeMap<TenantId, Vec<CleanupJob>> {
        let mut by_tenant = BTreeMap::<_, Vec<_>>::new();
        for job in self.jobs.values() {
            by_tenant
                .entry(job.tenant_id)
                .or_default()
                .push(job.clone());
        }
        by_tenant
    }

    /// Returns the START_TIMESTAMP from which ended cleanups must be read. It is never later than
    /// an unfinished one.
    fn watermark(&self, now: Timestamp) -> Timestamp {
        let oldest = now.saturating_sub(FIRST_HISTORY).unwrap_or(Timestamp::MIN);
        let recent = self
            .newest_start
            .and_then(|at| at.saturating_sub(CLOCK_SLACK).ok());
        let recent = recent.unwrap_or(oldest);
        let running = self.jobs.values().filter(|job| !job.status.is_terminal());
        let unfinished = running.map(|job| job.started_at).min();
        unfinished.map_or(recent, |at| at.min(recent)).max(oldest)
    }

    /// Joins the read cleanups with the known ones. Returns whether something has changed.
    fn merge(&mut self, running: Vec<CleanupJob>, ended: Vec<CleanupJob>) -> bool {
        let fresh: BTreeMap<Key, _> = running
            .into_iter()
            .chain(ended)
            .map(|job| ((job.tenant_id, job.id), job))
            .collect();
        let mut moving = HashMap::new();
        let before = self.jobs.len();
        self.jobs.retain(|key, job| {
            if fresh.contains_key(key) || job.status.is_terminal() {
                return true;
            }
            let since = self.moving.get(key).copied().unwrap_or_else(Instant::now);
            moving.insert(*key, since);
            since.elapsed() <= VIEW_LAG
        });
        let mut changed = before != self.jobs.len();
        self.moving = moving;
        for (key, mut job) in fresh {
            self.newest_start = self.newest_start.max(Some(job.started_at));
            let known = self.jobs.get(&key);
            // An ended cleanup stays ended, even if its row lingers in the view of running ones.
            if known.is_some_and(|known| known.status.is_terminal()) {
                continue;
            }
            if let Some(known) = known {
                job.items.clone_from(&known.items);
            }
            changed |= !job.is_idle() && known != Some(&job);
            self.jobs.insert(key, job);
        }
        self.trim();
        changed
    }

    fn trim(&mut self) {
        let mut ended = BTreeMap::<TenantId, usize>::new();
        let newest_first: Vec<Key> = self.jobs.keys().rev().copied().collect();
        for key in newest_first {
            let known = self.jobs.get(&key);
            let is_over = known.is_some_and(|job| job.status.is_terminal());
            let is_idle = known.is_some_and(CleanupJob::is_idle);
            let count = ended.entry(key.0).or_default();
            *count += usize::from(is_over);
            // Of cleanups without work, only the newest is useful: it shows that the policy runs.
            if is_over && (*count > MAX_CLEANUPS || (is_idle && *count > 1)) {
                self.jobs.remove(&key);
            }
        }
    }
}

impl Reading<'_> {
    /// Reads cleanups if they are due. Returns whether something has changed since the last read.
    /// If the database rejects the query, the rest of the read continues: a privilege that backups
    /// do not need must not stop their reads.
    pub(super) async fn cleanups(
        &mut self,
        history: &mut History,
        depth: ReadScope,
        now: Timestamp,
    ) -> Result<bool, ReadError> {
        if depth == ReadScope::Hot && !history.cleanups.is_running() {
            return Ok(false);
        }
        match self.read_cleanups(history, now).await {
            Ok(changed) => Ok(changed),
            Err(QueryError::Server(error)) => {
                tracing::warn!(code = error.code, "cleanups cannot be read");
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn read_cleanups(
        &mut self,
        history: &mut History,
        now: Timestamp,
    ) -> Result<bool, QueryError> {
        let is_first = !history.cleanups.has_read;
        let since = history.cleanups.watermark(now);
        // Running cleanups before ended ones: a row that moves between the two queries then appears
        // in the second.
        let query = Query::from(CleanupQuery::Jobs);
        let running = query::cleanups(&self.ask(&query).await?);
        let running = self.legible(&query, running);
        let idle = !is_first;
        let query = Query::from(CleanupQuery::History { since, idle });
        let ended = query::cleanups(&self.ask(&query).await?);
        let ended = self.legible(&query, ended);
        self.count(&mut history.cleanups, &ended, since, is_first);
        let mut changed = history.cleanups.merge(running, ended);
        changed |= self.read_items(history).await?;
        history.cleanups.has_read = true;
        Ok(changed && !is_first)
    }

    /// Counts the cleanups that have ended since the last read; none at the first read.
    fn count(
        &self,
        known: &mut CleanupCache,
        ended: &[CleanupJob],
        since: Timestamp,
        is_first: bool,
    ) {
        known.counted.retain(|_, started_at| *started_at >= since);
        for job in ended {
            let key = (job.tenant_id, job.id);
            let is_new = known.counted.insert(key, job.started_at).is_none();
            if is_new && !is_first && job.tenant_id != TenantId::SYS {
                self.metrics.work.cleanups.add_one([result(job)]);
            }
        }
    }

    /// Reads the items of cleanups whose items are not completely known.
    async fn read_items(&mut self, history: &mut History) -> Result<bool, QueryError> {
        let lacking = |job: &&CleanupJob| {
            let known = i64::try_from(job.items.len()).unwrap_or(i64::MAX);
            let is_settled =
                job.status.is_terminal() && job.items.iter().all(|item| item.is_deleted);
            job.tenant_id != TenantId::SYS && job.tasks > 0 && (known < job.tasks || !is_settled)
        };
        let wanted = |job: &&CleanupJob| {
            // Items of an ended cleanup that failed are read once more, not forever.
            lacking(job)
                && (!job.status.is_terminal() || job.items.is_empty() || job.done > deleted(job))
        };
        let jobs = history.cleanups.jobs.values().filter(wanted);
        let since = jobs.map(|job| job.started_at).min();
        let Some(since) = since else {
            return Ok(false);
        };
        let query = Query::from(CleanupQuery::Items(since));
        let running = query::cleaned_items(&self.ask(&query).await?);
        let mut items = self.legible(&query, running);
        let query = Query::from(CleanupQuery::ItemHistory(since));
        let ended = query::cleaned_items(&self.ask(&query).await?);
        items.extend(self.legible(&query, ended));
        let mut fresh = BTreeMap::<Key, BTreeMap<_, _>>::new();
        for (key, item) in items {
            // In both views: take the ended one.
            fresh
                .entry(key)
                .or_default()
                .insert((item.is_set, item.id), item);
        }
        let mut changed = false;
        let (tenants, jobs) = (&history.tenants, &mut history.cleanups.jobs);
        for (key, items) in fresh {
            let Some(job) = jobs.get_mut(&key) else {
                continue;
            };
            let tenant = tenants.get(&key.0).map(Arc::as_ref);
            let known: BTreeMap<_, _> = job
                .items
                .iter()
                .map(|item| ((item.is_set, item.id), item.bytes))
                .collect();
            let items: Vec<_> = items
                .into_values()
                .map(|mut item| {
                    let before = known.get(&(item.is_set, item.id)).copied().flatten();
                    item.bytes = before.or_else(|| bytes(tenant?, item.is_set, item.id));
                    item
                })
                .collect();
            changed |= job.items != items;
            job.items = items;
        }
        Ok(changed)
    }
}

fn deleted(job: &CleanupJob) -> i64 {
    let deleted = job.items.iter().filter(|item| item.is_deleted).count();
    i64::try_from(deleted).unwrap_or(i64::MAX)
}

fn result(job: &CleanupJob) -> &'static str {
    match &job.status {
        JobStatus::Completed if job.is_idle() => "idle",
        JobStatus::Completed => "completed",
        JobStatus::Canceled => "canceled",
        _ => "failed",
    }
}

/// Returns the size of a set or piece in the storage, as known before its deletion.
fn bytes(tenant: &Tenant, is_set: bool, id: i64) -> Option<i64> {
    if is_set {
        let set = tenant.sets.iter().find(|set| set.id.0 == id)?;
        return Some(set.output_bytes);
    }
    let piece = tenant.pieces.iter().find(|piece| piece.id == id)?;
    Some(piece.output_bytes)
}
