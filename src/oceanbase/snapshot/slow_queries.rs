//! Queries on values that rarely change and are expensive to read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{History, ReadError, ReadScope, Reading};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::client::QueryError;
use crate::oceanbase::model::{BackupRefusal, Job, JobKey, JobStatus, LimitedLocation, TenantId};
use crate::oceanbase::query::{self, Query, StorageQuery};
use crate::oceanbase::version::Version;

/// Minimum time between reads of the lag targets during a series of statements, which may change a
/// target. Each server must return all its parameters.
const LAG_TARGETS_PAUSE: Duration = Duration::from_secs(5);

/// Minimum time between reads of `enable_upgrade_mode`, for the same reason.
const UPGRADE_MODE_PAUSE: Duration = Duration::from_secs(5);

/// Time after the end of a job of sys without a child during which the database is asked for the
/// reason. The event is written asynchronously.
const REFUSAL_LOOKUP_WINDOW: SignedDuration = SignedDuration::from_mins(2);

/// Largest expected difference between the clocks of the operator and of the servers.
const REFUSAL_CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(1);

/// Result of a read of locations with limits.
pub(super) enum LimitedLocations {
    /// The locations were not due.
    NotRead,
    /// The locations, or some of them, cannot be read.
    Unknown,
    /// All locations with limits, by tenant.
    Known(BTreeMap<TenantId, Vec<LimitedLocation>>),
}

impl Reading<'_> {
    /// Returns the current version of the server.
    pub(in crate::oceanbase) async fn version(&mut self) -> Result<Version, ReadError> {
        let answer = self.ask(&Query::Version).await?;
        Ok(query::version(&answer)?.0)
    }

    /// Reads whether the cluster is being upgraded, unless this was read a few seconds ago.
    pub(super) async fn upgrade_mode(&mut self, history: &mut History) -> Result<(), ReadError> {
        let read_at = history.upgrade_mode.map(|(_, at)| at);
        if read_at.is_some_and(|at| at.elapsed() < UPGRADE_MODE_PAUSE) {
            return Ok(());
        }
        self.current_upgrade_mode(history).await
    }

    async fn current_upgrade_mode(&mut self, history: &mut History) -> Result<(), ReadError> {
        let answer = self.ask(&Query::UpgradeMode).await?;
        history.upgrade_mode = Some((query::upgrade_mode(&answer)?, Instant::now()));
        Ok(())
    }

    /// Reads why the database did not start a backup that sys accepted, by tenant. Returns `None`
    /// if there is no such backup, or if the release does not end its job. Also reads the upgrade
    /// mode, because an upgrade may be the reason.
    pub(super) async fn backup_refusals(
        &mut self,
        history: &mut History,
        jobs: &BTreeMap<TenantId, Vec<Job>>,
        now: Timestamp,
    ) -> Result<Option<BTreeMap<TenantId, Vec<BackupRefusal>>>, ReadError> {
        if !self.version.can(Capability::SkippedTenantEndsJob) {
            return Ok(None);
        }
        let children: BTreeSet<_> = jobs
            .values()
            .flatten()
            .map(|job| job.initiator_job_id)
            .collect();
        let is_recent = |job: &&Job| {
            let ended_at = job.ended_at.unwrap_or(job.started_at);
            ended_at.duration_until(now).abs() <= REFUSAL_LOOKUP_WINDOW
        };
        let childless = history.parents.iter();
        let childless = childless
            .filter(|job| job.status == JobStatus::Completed && !children.contains(&job.id))
            .filter(|job| job.description.starts_with(JobKey::PREFIX))
            .filter(is_recent);
        let Some(since) = childless.map(|job| job.started_at).min() else {
            return Ok(None);
        };
        self.current_upgrade_mode(history).await?;
        let since = since.saturating_sub(REFUSAL_CLOCK_SLACK).unwrap_or(since);
        let query = Query::BackupRefusals(since);
        let answer = match self.ask(&query).await {
            Ok(answer) => answer,
            // The backup still ends as refused, but without a number.
            Err(QueryError::Server(error)) => {
                tracing::warn!(
                    code = error.code,
                    "events of the root service cannot be read"
                );
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let read = query::backup_refusals(&answer);
        let mut refusals = BTreeMap::<_, Vec<_>>::new();
        for (tenant, refusal) in self.legible(&query, read) {
            refusals.entry(tenant).or_default().push(refusal);
        }
        Ok(Some(refusals))
    }

    /// Returns `archive_lag_target` of the tenants, if due.
    pub(super) async fn lag_targets(
        &mut self,
        history: &mut History,
        depth: ReadScope,
    ) -> Result<Option<BTreeMap<TenantId, Duration>>, ReadError> {
        let read_at = history.lag_targets_at;
        let is_due = match depth {
            ReadScope::Full => true,
            ReadScope::AfterCommand => read_at.is_none_or(|at| at.elapsed() >= LAG_TARGETS_PAUSE),
            ReadScope::Hot => false,
        };
        if !is_due || !self.version.can(Capability::ArchiveLagTarget) {
            return Ok(None);
        }
        history.lag_targets_at = Some(Instant::now());
        let answer = self.ask(&Query::LagTargets).await?;
        Ok(Some(query::lag_targets(&answer)?))
    }

    /// Returns the tenants' locations with limits, if due. If the database rejects the query, the
    /// limits remain unknown.
    pub(super) async fn limited(
        &mut self,
        depth: ReadScope,
    ) -> Result<LimitedLocations, ReadError> {
        if depth == ReadScope::Hot || !self.version.can(Capability::StorageLimits) {
            return Ok(LimitedLocations::NotRead);
        }
        let query = Query::from(StorageQuery::Limits);
        let answer = match self.ask(&query).await {
            Ok(answer) => answer,
            Err(QueryError::Server(error)) => {
                tracing::warn!(code = error.code, "limits of storages cannot be read");
                return Ok(LimitedLocations::Unknown);
            }
            Err(error) => return Err(error.into()),
        };
        let read = query::storage_limits(&answer);
        let is_whole = read.unreadable.is_empty();
        let mut limited = BTreeMap::<_, Vec<_>>::new();
        for (tenant, location) in self.legible(&query, read) {
            limited.entry(tenant).or_default().push(location);
        }
        Ok(if is_whole {
            LimitedLocations::Known(limited)
        } else {
            LimitedLocations::Unknown
        })
    }
}
