//! One read of a cluster: queries in an order that keeps their rows consistent, and the values that
//! are carried over from the previous read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::client::{QueryError, Rows, Session, code_of};
use super::model::{Job, JobId, Round, StorageViews, Tenant, TenantId};
use super::problem::ConnectionProblem;
use super::query::{self, Query, TenantRow, ViewError};
use super::version::Version;
use crate::telemetry::Metrics;

mod cache;
mod cleanups;
mod late;
mod restores;
mod slow_queries;
mod storages;

use cache::{kept, same, shared, trim};
use slow_queries::LimitedLocations;

/// Age up to which ended jobs are read at first.
const FIRST_HISTORY: SignedDuration = SignedDuration::from_hours(35 * 24);
/// Largest expected difference between the clocks of two nodes in START_TIMESTAMP.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(10);
/// Number of ended jobs that are kept per tenant.
const MAX_ENDED_JOBS: usize = 20;
/// Number of ended parents that are kept. Sys has one for each backup that the operator starts, of
/// any tenant.
const MAX_ENDED_PARENTS: usize = 500;
/// Time for which a job that is in neither view still counts as running. Its row moves from one
/// view to the other, and views lag.
const VIEW_LAG: Duration = Duration::from_mins(1);

/// Queries on one session.
pub(super) struct Reading<'a> {
    session: &'a mut dyn Session,
    version: Version,
    metrics: &'a Metrics,
    timeout: Duration,
}

/// Amount of data that is read even if nothing seems to have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadScope {
    /// Data that can change at any time.
    Hot,
    /// In addition, what commands of the operator change: delete policies and ended jobs. A job
    /// that started and ended between two reads was never visible as running.
    AfterCommand,
    /// In addition, sets and pieces.
    Full,
}

/// Values that are carried over from read to read.
#[derive(Default)]
pub(super) struct History {
    tenants: BTreeMap<TenantId, Arc<Tenant>>,
    parents: Arc<Vec<Job>>,
    /// START_TIMESTAMP of the newest job so far.
    newest_start: Option<Timestamp>,
    /// Jobs that have left one view and not appeared in the other, and since when.
    moving: HashMap<(TenantId, JobId), Instant>,
    /// Time of the last read of the lag targets.
    lag_targets_at: Option<Instant>,
    /// Whether the cluster is being upgraded, and when this was read.
    upgrade_mode: Option<(bool, Instant)>,
    /// START_TIMESTAMP of jobs that are no longer treated as moving. Their rows may still appear.
    missing: HashMap<(TenantId, JobId), Timestamp>,
    restores: restores::RestoreCache,
    cleanups: cleanups::CleanupCache,
    storages: Arc<StorageViews>,
}

/// Reason why a read failed.
pub(super) enum ReadError {
    Query(QueryError),
    View(ViewError),
}

impl From<QueryError> for ReadError {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<ViewError> for ReadError {
    fn from(error: ViewError) -> Self {
        Self::View(error)
    }
}

impl From<ReadError> for ConnectionProblem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Query(error) => error.into(),
            ReadError::View(error) => error.into(),
        }
    }
}

type Read = (BTreeMap<TenantId, Arc<Tenant>>, Arc<Vec<Job>>, bool);

impl<'a> Reading<'a> {
    pub(super) fn new(
        session: &'a mut dyn Session,
        version: Version,
        metrics: &'a Metrics,
        timeout: Duration,
    ) -> Self {
        Self {
            session,
            version,
            metrics,
            timeout,
        }
    }

    /// Runs a statement without rows.
    pub(super) async fn execute(&mut self, text: &'static str) -> Result<(), QueryError> {
        self.session.query(text, self.timeout).await.map(drop)
    }

    /// Runs a query.
    pub(super) async fn ask(&mut self, query: &Query) -> Result<Rows, QueryError> {
        let began = Instant::now();
        let answer = self
            .session
            .query(&query.text(self.version), self.timeout)
            .await;
        let code = code_of(&answer);
        self.metrics.statement(query.name(), &code, began.elapsed());
        answer
    }

    /// Returns the progress in percent. A row that cannot be read is omitted, because no decision
    /// depends on progress. For jobs, sets and pieces, an incomplete read would be worse than none.
    async fn progress(&mut self) -> Result<BTreeMap<(TenantId, JobId), u8>, QueryError> {
        let answer = self.ask(&Query::Progress).await?;
        let read = query::progress(self.version, &answer);
        Ok(self.legible(&Query::Progress, read).into_iter().collect())
    }

    /// Reads the cluster in this scope, or in a larger one if something has changed. The last value
    /// of the result is whether sets and pieces were read.
    pub(super) async fn read(
        &mut self,
        history: &mut History,
        depth: ReadScope,
        now: Timestamp,
    ) -> Result<Read, ReadError> {
        let tenants = query::tenants(self.version, &self.ask(&Query::Tenants).await?)?;
        let mut rounds = query::rounds(&self.ask(&Query::Rounds).await?)?;
        let mut log_dests = query::archive_dests(&self.ask(&Query::ArchiveDests).await?)?;
        let mut data_dests = query::data_dests(&self.ask(&Query::DataDests).await?)?;
        // Running jobs before ended ones: a row that moves between the two queries then appears in
        // the second. In the reverse order, it could appear in neither.
        let mut running = query::jobs(&self.ask(&Query::RunningJobs).await?)?;
        if running.iter().any(|job| !job.status.is_terminal()) {
            let progress = self.progress().await?;
            for job in &mut running {
                job.percent = progress.get(&(job.tenant_id, job.id)).copied();
            }
        }
        let stale = depth == ReadScope::Full
            || history.awaits_a_set(now)
            || history.is_stale(&tenants, &rounds, &running);
        let mut ended = Vec::new();
        let mut policies = None;
        if stale || depth == ReadScope::AfterCommand {
            policies = Some(query::policies(&self.ask(&Query::Policies).await?)?);
            let since = history.watermark(now);
            ended = query::jobs(&self.ask(&Query::JobHistory(since)).await?)?;
        }
        self.upgrade_mode(history).await?;
        let mut lag_targets = self.lag_targets(history, depth).await?;
        let depth = if stale { ReadScope::Full } else { depth };
        let mut limited = self.limited(depth).await?;
        let cleaned = self.cleanups(history, depth, now).await?;
        let full = stale || history.has_newly_ended(&ended) || cleaned;
        let mut sets = BTreeMap::new();
        let mut pieces = BTreeMap::new();
        if full {
            sets = query::sets(&self.ask(&Query::Sets).await?)?;
            pieces = query::pieces(&self.ask(&Query::Pieces).await?)?;
            self.storages(history).await?;
        }
        let mut jobs = history.merge_jobs(running, ended);
        history.cleanups.forget_dropped(&tenants);
        let mut cleanups = history.cleanups.by_tenant();
        history.parents = Arc::new(jobs.remove(&TenantId::SYS).unwrap_or_default());
        let mut refusals = self.backup_refusals(history, &jobs, now).await?;
        let mut current = BTreeMap::new();
        for row in tenants {
            let id = row.id;
            let known = history.tenants.get(&id);
            let tenant = Tenant {
                id,
                name: row.name,
                status: row.status,
                role: row.role,
                switchover_status: row.switchover_status,
                compatible: row.compatible,
                locked: row.locked,
                archive_log: row.archive_log,
                log_dest: log_dests.remove(&id),
                data_dest: data_dests.remove(&id),
                policies: match (&mut policies, known) {
                    (Some(fresh), _) => fresh.remove(&id).unwrap_or_default(),
                    (None, known) => known.map_or_else(Vec::new, |t| t.policies.clone()),
                },
                lag_target: match (&mut lag_targets, known) {
                    (Some(fresh), _) => fresh.remove(&id),
                    (None, known) => known.and_then(|tenant| tenant.lag_target),
                },
                limited: match &mut limited {
                    LimitedLocations::Known(fresh) => Some(fresh.remove(&id).unwrap_or_default()),
                    LimitedLocations::Unknown => None,
                    LimitedLocations::NotRead => known.and_then(|tenant| tenant.limited.clone()),
                },
                round: rounds.remove(&id),
                pieces: kept(full, pieces.remove(&id), known.map(|tenant| &tenant.pieces)),
                sets: kept(full, sets.remove(&id), known.map(|tenant| &tenant.sets)),
                jobs: jobs.remove(&id).unwrap_or_default(),
                backup_refusals: match &mut refusals {
                    Some(fresh) => fresh.remove(&id).unwrap_or_default(),
                    None => known.map_or_else(Vec::new, |tenant| tenant.backup_refusals.clone()),
                },
                cleanups: same(
                    known.map(|tenant| &tenant.cleanups),
                    cleanups.remove(&id).unwrap_or_default(),
                ),
            };
            current.insert(id, shared(tenant, known));
        }
        history.tenants.clone_from(&current);
        Ok((current, Arc::clone(&history.parents), full))
    }
}

impl History {
    /// Returns whether the last read showed an upgrade of the cluster.
    pub(super) fn is_upgrading(&self) -> bool {
        self.upgrade_mode
            .is_some_and(|(is_upgrading, _)| is_upgrading)
    }

    /// Returns the newest cleanup that sys has started.
    pub(super) fn newest_cleanup(&self) -> JobId {
        self.cleanups.newest_of_sys()
    }

    /// Returns whether a job or a piece has changed since sets and pieces were read.
    fn is_stale(
        &self,
        tenants: &[TenantRow],
        rounds: &BTreeMap<TenantId, Round>,
        running: &[Job],
    ) -> bool {
        let marks = |round: Option<&Round>| round.map(|round| (round.id, round.piece_id));
        let pieces_changed = tenants.iter().any(|row| {
            let known = self.tenants.get(&row.id);
            known.is_none_or(|known| {
                marks(known.round.as_ref()) != marks(rounds.get(&row.id))
                    || known.round.as_ref().map(|round| &round.status)
                        != rounds.get(&row.id).map(|round| &round.status)
            })
        });
        let known_jobs = self.known_by_id();
        let known_running = |job: &Job| {
            let known = known_jobs.get(&(job.tenant_id, job.id));
            known.is_some_and(|known| known.status == job.status)
        };
        let running_ids: HashSet<_> = running.iter().map(|job| (job.tenant_id, job.id)).collect();
        let vanished = self
            .known_jobs()
            .filter(|known| !known.status.is_terminal())
            .any(|known| !running_ids.contains(&(known.tenant_id, known.id)));
        // Jobs of other tenants, such as one that is being dropped, are never known.
        let there: HashSet<TenantId> = tenants.iter().map(|row| row.id).collect();
        let of_ours = |job: &&Job| job.tenant_id == TenantId::SYS || there.contains(&job.tenant_id);
        let appeared_or_ended = running
            .iter()
            .filter(of_ours)
            .any(|job| !known_running(job));
        pieces_changed || vanished || appeared_or_ended
    }

    /// Returns whether a job has ended that was not known as ended.
    fn has_newly_ended(&self, ended: &[Job]) -> bool {
        let known_jobs = self.known_by_id();
        ended.iter().any(|job| {
            let known = known_jobs.get(&(job.tenant_id, job.id));
            let is_known = known.is_some_and(|known| known.status.is_terminal());
            // Older jobs are not kept: see `trim`.
            self.recent().is_none_or(|recent| job.started_at >= recent) && !is_known
        })
    }

    /// Returns the known jobs by ID. Linear searches would cost millions of comparisons per read
    /// for a thousand tenants.
    fn known_by_id(&self) -> HashMap<(TenantId, JobId), &Job> {
        let known = self.known_jobs();
        known.map(|job| ((job.tenant_id, job.id), job)).collect()
    }

    fn known_jobs(&self) -> impl Iterator<Item = &Job> {
        self.tenants
            .values()
            .flat_map(|tenant| &tenant.jobs)
            .chain(self.parents.iter())
    }

    /// Returns the START_TIMESTAMP from which ended jobs must be read. It is never later than an
    /// unfinished job.
    fn watermark(&self, now: Timestamp) -> Timestamp {
        let Some(recent) = self.recent() else {
            return now.saturating_sub(FIRST_HISTORY).unwrap_or(Timestamp::MIN);
        };
        let oldest = now.saturating_sub(FIRST_HISTORY).unwrap_or(Timestamp::MIN);
        let missing = self.missing.values().copied().filter(|at| *at > oldest);
        let unfinished = self
            .known_jobs()
            .filter(|job| !job.status.is_terminal())
            .map(|job| job.started_at)
            .chain(missing)
            .min();
        unfinished.map_or(recent, |at| at.min(recent))
    }

    /// Returns the time since which jobs count as recent, by the database's clocks.
    fn recent(&self) -> Option<Timestamp> {
        self.newest_start?.saturating_sub(CLOCK_SLACK).ok()
    }

    /// Joins running, ended and known jobs. A job in both views has ended.
    fn merge_jobs(&mut self, running: Vec<Job>, ended: Vec<Job>) -> BTreeMap<TenantId, Vec<Job>> {
        let mut jobs = BTreeMap::<(TenantId, JobId), Job>::new();
        let mut moving = HashMap::new();
        let fresh: BTreeMap<_, _> = running
            .into_iter()
            .chain(ended)
            .map(|job| ((job.tenant_id, job.id), job))
            .collect();
        let mut missing = Vec::new();
        for known in self.known_jobs() {
            let key = (known.tenant_id, known.id);
            if fresh.contains_key(&key) {
                continue;
            }
            if !known.status.is_terminal() {
                let since = self.moving.get(&key).copied().unwrap_or_else(Instant::now);
                if since.elapsed() > VIEW_LAG {
                    missing.push((key, known.started_at));
                    continue;
                }
                moving.insert(key, since);
            }
            jobs.insert(key, known.clone());
        }
        self.missing.extend(missing);
        self.missing.retain(|key, _| !fresh.contains_key(key));
        jobs.extend(fresh);
        self.moving = moving;
        self.newest_start = jobs
            .values()
            .map(|job| job.started_at)
            .max()
            .max(self.newest_start);
        let mut by_tenant = BTreeMap::<TenantId, Vec<Job>>::new();
        for ((tenant, _), job) in jobs {
            by_tenant.entry(tenant).or_default().push(job);
        }
        for (tenant, jobs) in &mut by_tenant {
            trim(
                jobs,
                if *tenant == TenantId::SYS {
                    MAX_ENDED_PARENTS
                } else {
                    MAX_ENDED_JOBS
                },
            );
        }
        by_tenant
    }
}

#[cfg(test)]
mod tests;
