//! The database's job: the recovery's own, or the job of another object with the same key.

use jiff::SignedDuration;

use super::target_point::{self, RequestedPoint};
use super::{Evaluation, Outcome, RecoveryDecision, Step};
use crate::api::Cause;
use crate::api::recovery_task::TargetRole;
use crate::domain::{cause, shortened, time};
use crate::oceanbase::model::{Restore, RestoreStatus, Scn};

/// Maximum number of backup sets and pieces that a status names.
const MAX_NAMED: usize = 50;
/// Longest path in a status, in bytes.
const PATH_LIMIT: usize = 1024;
/// Largest expected clock difference. A job that started earlier than this before the send does not
/// belong to the statement.
const JOB_CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(10);

impl<'a> Evaluation<'a> {
    /// Returns the recovery's own job, if the last read shows it.
    pub(super) fn job(&self) -> Option<&'a Restore> {
        self.job_with_key().filter(|job| self.is_own(job))
    }

    /// Returns the newest job with the key, or the newest job of tables with the same idempotency
    /// key.
    pub(super) fn job_with_key(&self) -> Option<&'a Restore> {
        let target = self.observed.target.as_ref().ok()?;
        let restores = target.restores.as_ref()?;
        let jobs = if self.is_of_tables() {
            &restores.tables
        } else {
            &restores.restores
        };
        let key = self.key()?;
        let asked = jobs.iter().filter(|restore| restore.is_of_request(&key));
        asked.max_by_key(|restore| restore.job_id)
    }

    fn is_own(&self, job: &Restore) -> bool {
        self.is_about_target(job) && self.key().is_some_and(|key| job.has_key(&key))
    }

    fn is_about_target(&self, job: &Restore) -> bool {
        let target = &self.spec().target.tenant_name;
        job.tenant_name.eq_ignore_ascii_case(target)
    }

    /// Follows a job that a lookup found.
    pub(super) fn found(self, job: &Restore) -> RecoveryDecision {
        let is_first = self.status.job_id.is_none() && self.status.sends == Some(1);
        let sent_at = self.status.step_time.as_ref().map(|at| at.0);
        let ended_before = job.status.is_terminal()
            && sent_at
                .zip(job.started_at)
                .is_some_and(|(sent, began)| began.duration_until(sent) > JOB_CLOCK_SLACK);
        if !self.is_own(job) || is_first && ended_before {
            return self.adopt(job);
        }
        self.follow(job)
    }

    /// Adopts the job of another object with the same key: each key recovers only once.
    pub(super) fn adopt(mut self, job: &Restore) -> RecoveryDecision {
        let began = job.started_at.unwrap_or(self.now);
        if let Some(other) = self.differs(job) {
            return self.fail(cause(
                "IdempotencyKeyUsed",
                &format!(
                    "a RecoveryTask with the same idempotency key began on {began} and {other}: \
                     nothing was sent; set another `idempotencyKey` in a new RecoveryTask"
                ),
            ));
        }
        self.record_job(job);
        if self.is_verification() && job.status.is_terminal() {
            return self.verified_before(job);
        }
        match job.status {
            RestoreStatus::Success => self.recovered_already(job),
            RestoreStatus::Fail => {
                // Leftovers are dropped as after any other failure.
                if self.status.step.is_none() {
                    self.enter(Step::Restoring);
                }
                self.fail(cause(
                    "AlreadyAttempted",
                    &format!(
                        "a RecoveryTask with the same idempotency key began on {began} and failed: \
                         nothing was sent; set another `idempotencyKey` in a new RecoveryTask to \
                         retry"
                    ),
                ))
            }
            _ => {
                self.enter(Step::Restoring);
                self.follow(job)
            }
        }
    }

    /// Returns how the job differs from the spec.
    fn differs(&self, job: &Restore) -> Option<String> {
        if !self.is_about_target(job) {
            return Some(format!("recovers tenant '{}'", job.tenant_name));
        }
        if !self.is_own(job) {
            return Some("recovers other tables, or under other names".to_owned());
        }
        if let Some(source) = self.other_source(job) {
            return Some(format!("recovers the backups of tenant '{source}'"));
        }
        match target_point::asked(&self.spec().until) {
            Ok(RequestedPoint::At(scn)) if job.scn != Scn(0) && job.scn != scn => {
                Some(format!("recovers to SCN {} ({})", job.scn, job.scn.at()))
            }
            _ => None,
        }
    }

    /// Returns the tenant whose backups the job reads, if it differs from the spec. For a storage
    /// without a cluster, a running job is checked later, and canceled if it reads the backups of
    /// another tenant. Jobs of tables do not show the tenant.
    fn other_source<'b>(&self, job: &'b Restore) -> Option<&'b str> {
        let source = &self.spec().source;
        let of_storage = source.storage.as_ref();
        let of_storage = of_storage.filter(|_| job.status.is_terminal());
        let wanted = match (&source.tenant, of_storage) {
            (Some(tenant), _) => &tenant.tenant_name,
            (None, Some(storage)) => &storage.tenant_name,
            (None, None) => return None,
        };
        let shown = job.source_tenant.as_str();
        (!shown.is_empty() && !shown.eq_ignore_ascii_case(wanted)).then_some(shown)
    }

    fn recovered_already(mut self, job: &Restore) -> RecoveryDecision {
        let began = job.started_at.unwrap_or(self.now);
        let ended = time(job.ended_at.unwrap_or(self.now));
        let what = if self.is_of_tables() {
            "the tables"
        } else {
            "the tenant"
        };
        let standby = if self.stays_standby() {
            format!(
                ". It is still a standby tenant: ALTER SYSTEM ACTIVATE STANDBY TENANT = '{}' makes \
                 it a primary tenant",
                self.spec().target.tenant_name
            )
        } else {
            String::new()
        };
        let done = cause(
            "AlreadyRecovered",
            &format!(
                "a RecoveryTask with the same idempotency key recovered {what} on {began}: nothing \
                 was sent; set another `idempotencyKey` to recover again{standby}"
            ),
        );
        self.status.progress = Some("100%".to_owned());
        self.status.restored_time = Some(ended.clone());
        self.status.completion_time = Some(ended);
        let creates = self.spec().target.resources.create.is_some();
        if creates && (self.is_of_tables() || self.status.step.is_some()) {
            return self.clean_up_after(Outcome::Completed, done);
        }
        self.end_with(Outcome::Completed, done)
    }

    /// Handles a verification by another object with the same key: its leftovers are dropped.
    fn verified_before(mut self, job: &Restore) -> RecoveryDecision {
        let began = job.started_at.unwrap_or(self.now);
        self.enter(Step::Restoring);
        self.fail(cause(
            "AlreadyAttempted",
            &format!(
                "a RecoveryTask with the same idempotency key verified on {began}: nothing was \
                 restored; set another `idempotencyKey` to verify again"
            ),
        ))
    }

    /// Returns whether the job's tenant should have become a primary tenant and is still a standby
    /// tenant.
    fn stays_standby(&self) -> bool {
        let target = self.observed.target.as_ref().ok();
        let tenant = target.and_then(|target| target.tenant.as_ref());
        let tenant = tenant.filter(|tenant| Some(tenant.id) == self.job_tenant());
        !self.is_of_tables()
            && self.spec().target.role == TargetRole::Primary
            && tenant.is_some_and(|tenant| tenant.role == "STANDBY")
    }

    /// Returns why the job must not continue. A storage holds backups of many tenants, and only the
    /// job shows whose backups it reads.
    pub(super) fn mismatch(&self, job: &Restore) -> Option<Cause> {
        let storage = self.spec().source.storage.as_ref()?;
        let differs =
            |shown: &str, given: &str| !shown.is_empty() && !shown.eq_ignore_ascii_case(given);
        let other_cluster = storage
            .cluster_name
            .as_ref()
            .is_some_and(|given| differs(&job.source_cluster, given));
        if !other_cluster && !differs(&job.source_tenant, &storage.tenant_name) {
            return None;
        }
        let cluster = storage.cluster_name.as_ref();
        let of_cluster = cluster.map_or_else(String::new, |name| format!(" of cluster '{name}'"));
        Some(cause(
            "SourceMismatch",
            &format!(
                "the storage contains backups of tenant '{}' of cluster '{}', but `source.storage` \
                 names tenant '{}'{of_cluster}. Name the tenant, its cluster and its directories \
                 in a new RecoveryTask",
                job.source_tenant, job.source_cluster, storage.tenant_name
            ),
        ))
    }

    /// Records what the job shows.
    pub(super) fn record_job(&mut self, job: &Restore) {
        self.record_auxiliary_tenant(job);
        let shown = self.job_with_progress(job);
        let percent = shown.recover_percent.filter(|part| *part > 0);
        let percent = percent.or(shown.percent);
        let status = &mut self.status;
        status.job_id = Some(job.job_id.0);
        status.engine_state = Some(shortened(job.status.to_string(), 64));
        status.start_time = job.started_at.map(time);
        if let (Some(id), Some(database)) = (job.tenant_id, &mut status.database) {
            database.tenant_id = Some(id.0);
        }
        if job.scn != Scn(0) {
            status.restore_scn = Some(job.scn.to_string());
            status.restore_time = Some(job.scn.at().to_string());
        }
        if !job.sets.is_empty() {
            (status.backup_sets, status.backup_set_count) = named(&job.sets);
        }
        if !job.pieces.is_empty() {
            (status.backup_pieces, status.backup_piece_count) = named(&job.pieces);
        }
        if let Some(percent) = percent {
            status.progress = Some(format!("{percent}%"));
        }
    }
}

/// Returns the paths that a status lists, and the number of all paths.
pub(super) fn named(paths: &[String]) -> (Vec<String>, Option<i32>) {
    let shown = paths.iter().take(MAX_NAMED);
    let shown = shown
        .map(|path| shortened(path.clone(), PATH_LIMIT))
        .collect();
    (shown, i32::try_from(paths.len()).ok())
}
