//! Backups that sys accepted and that the database did not start for the tenant.

use jiff::{SignedDuration, Timestamp};

use super::incremental::INCREMENTAL_NOT_POSSIBLE;
use super::retry::INTERRUPTED_BY_UPGRADE;
use super::{BackupDecision, Evaluation};
use crate::api::Cause;
use crate::domain::cause;
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::{BackupRefusal, Failure, Job, JobStatus};

/// Time in INIT without a child after which a job of sys is reported as stuck.
const PARENT_INIT_TIMEOUT: SignedDuration = SignedDuration::from_mins(2);
/// Largest clock difference between two servers for a job and an event of one backup.
const REFUSAL_CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(30);
/// Number of the error with which the database rejects a backup for several reasons.
const BACKUP_CANNOT_START: i32 = -9040;
/// Why the database starts no backup during an upgrade.
const UPGRADING: &str = "the cluster is being upgraded (parameter enable_upgrade_mode is True)";

impl Evaluation<'_> {
    /// Returns why the database did not start the tenant's backup after sys had accepted it.
    pub(super) fn refusal_after(&self, parent: &Job) -> Option<BackupRefusal> {
        let is_refused = parent.status == JobStatus::Completed && self.status.job_id.is_none();
        let since = parent.started_at.saturating_sub(REFUSAL_CLOCK_SLACK).ok()?;
        let until = parent.ended_at.unwrap_or(Timestamp::MAX);
        let until = until.saturating_add(REFUSAL_CLOCK_SLACK).ok()?;
        let refusals = self.tenant().filter(|_| is_refused)?.backup_refusals.iter();
        refusals
            .filter(|refusal| (since..=until).contains(&refusal.at))
            .max_by_key(|refusal| refusal.at)
            .cloned()
    }

    pub(super) fn end_refused(
        self,
        refusal: &BackupRefusal,
        at: Option<Timestamp>,
    ) -> BackupDecision {
        let failure = &refusal.failure;
        let (reason, why) = self.explain_refusal(failure);
        let message = format!(
            "sys accepted the statement, but the database then rejected the backup of the tenant: \
             {why}"
        );
        let mut refused = cause(reason, &message);
        refused.code = Some(failure.code);
        self.fail_attempt(refused, failure.passing, at)
    }

    /// Returns reason and cause of a refusal. The database gives only a number, and 9040 has many
    /// causes.
    fn explain_refusal(&self, failure: &Failure) -> (&'static str, String) {
        if failure.code == BACKUP_CANNOT_START {
            if self.is_upgrading() {
                return (INTERRUPTED_BY_UPGRADE, UPGRADING.to_owned());
            }
            if let Some(why) = self.why_not_incremental() {
                return (INCREMENTAL_NOT_POSSIBLE, why);
            }
        }
        (failure.reason, failure.message.clone())
    }

    fn is_upgrading(&self) -> bool {
        let database = self.observed.database.as_ref();
        database.is_ok_and(|database| database.is_upgrading)
    }

    /// Returns the cause of a backup that the database skipped without a trace.
    pub(super) fn skipped_cause(&self) -> Cause {
        if self.is_upgrading() {
            let message =
                format!("sys accepted the statement, but the tenant has no job: {UPGRADING}");
            return cause(INTERRUPTED_BY_UPGRADE, &message);
        }
        cause(
            "TenantSkipped",
            "the database accepted the statement but did not back up the tenant. Check that the \
             tenant is NORMAL, that its log backup is running and that no other backup is running. \
             Then create a new BackupTask",
        )
    }

    /// Returns the blocker of a job of sys that never leaves INIT. V4.0 and V4.1 retry there
    /// without end what later releases reject.
    pub(super) fn stuck_parent(&self, parent: &Job) -> Option<Cause> {
        let database = self.observed.database.as_ref().ok()?;
        let waited = parent.started_at.duration_until(self.now);
        let is_stuck = parent.status == JobStatus::Init
            && !database.version.can(Capability::SkippedTenantEndsJob)
            && waited > PARENT_INIT_TIMEOUT;
        is_stuck.then(|| {
            cause(
                "BackupNotStarting",
                &format!(
                    "job {} of sys has been in INIT since {}, and the tenant has no job: OceanBase \
                     {} retries indefinitely. Check that the tenant is NORMAL, that its log \
                     archiving is DOING, that no other backup of it is running and that no upgrade \
                     is running. Or end all backups of sys with ALTER SYSTEM CANCEL BACKUP",
                    parent.id, parent.started_at, database.version
                ),
            )
        })
    }
}
