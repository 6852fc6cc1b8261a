//! The deletion of backup sets by a user.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::model::{
    CleanupJob, CleanupKind, Deletion, JobId, JobStatus,
};
use oceanbase_backup_operator::oceanbase::statement::{Cleanup, Command};
use oceanbase_backup_operator::oceanbase::version::Version;

use super::backups::Sets;
use super::database::{Database, ReadError};
use super::report::Section;
use super::suite::{Poll, Step, Suite, evidence_of};

const JOBS: &str = "views DBA_OB_BACKUP_DELETE_JOBS and DBA_OB_BACKUP_DELETE_JOB_HISTORY";
const SELECTOR: &str = "source: ob_backup_clean_selector.cpp";

impl Suite {
    /// Deletes the sets that are no longer needed.
    pub(super) async fn check_deletion(&mut self, sets: &Sets) {
        self.begin(Section::Cleanup);
        let step = if self.can(Capability::ManualCleanup) {
            self.delete_sets(sets).await
        } else {
            self.check_refused_deletion(sets).await
        };
        self.close_section(&step);
    }

    /// Checks that a release without the capability refuses to delete backups of the scratch
    /// tenant.
    async fn check_refused_deletion(&mut self, sets: &Sets) -> Step {
        let source = evidence_of(Capability::ManualCleanup);
        let cases = [
            (
                Deletion::Sets(vec![sets.full.id.0]),
                &[1235][..],
                "DELETE BACKUPSET is refused with 1235",
                source.as_str(),
            ),
            (
                Deletion::Obsolete,
                &[1235],
                "DELETE OBSOLETE BACKUP is refused with 1235",
                source.as_str(),
            ),
            (
                Deletion::Pieces(vec![1]),
                &[1064, 1235],
                "DELETE ARCHIVELOG_PIECE is refused with 1064 or 1235",
                "grammar: it does not parse up to 4.3.5.1; no later release before 4.4.2 was read",
            ),
        ];
        for (what, numbers, assumption, evidence) in cases {
            if what == Deletion::Obsolete && !was_read(self.database.version) {
                let why = "not sent: the source of the release was not read, and an accepted statement \
                           might act on all tenants";
                self.skip(assumption, why, evidence);
                continue;
            }
            let command = self.delete(what, JobId(0));
            let _ = self.refuses(&command, numbers, assumption, evidence).await;
        }
        Ok(())
    }

    async fn delete_sets(&mut self, sets: &Sets) -> Step {
        let evidence = || evidence_of(Capability::ManualCleanup);
        // The number of a set that was never made.
        let missing = Deletion::Sets(vec![sets.newest().id.0 + 1_000_000]);
        let command = self.delete(missing, JobId(0));
        let before = self.newest_cleanup().await?;
        let assumption = "DELETE BACKUPSET of a set that is not there is accepted";
        self.accepts(&command, assumption, evidence()).await?;
        let assumption = "Its cleanup ends FAILED with -9045";
        self.cleanup_ends(before, assumption, "FAILED, RESULT -9045", |job| {
            let code = job.failure.as_ref().map(|failure| failure.code);
            job.status == JobStatus::Failed && code == Some(-9045)
        })
        .await?;
        let numbers = vec![sets.full.id.0, sets.incremental.id.0];
        let before = self.newest_cleanup().await?;
        let command = self.delete(Deletion::Sets(numbers.clone()), before);
        let assumption = "DELETE BACKUPSET of sets that nothing needs is accepted";
        self.accepts(&command, assumption, evidence()).await?;
        self.read_columns().await?;
        let assumption = "Its cleanup is found in sys and ends COMPLETED";
        self.cleanup_ends(before, assumption, "COMPLETED", |job| {
            job.status == JobStatus::Completed
        })
        .await?;
        let tenant = self.tenant_id;
        let assumption = "The deleted sets are not in the view any more";
        let evidence = "view CDB_OB_BACKUP_SET_FILES";
        self.reaches(
            assumption,
            "gone",
            evidence,
            async |database: &mut Database| {
                let sets = database.sets(tenant).await?;
                let is_left = sets.iter().any(|set| numbers.contains(&set.id.0));
                Ok(if is_left {
                    Poll::Pending("not all are gone".to_owned())
                } else {
                    Poll::Done(())
                })
            },
        )
        .await
    }

    async fn newest_cleanup(&mut self) -> Step<JobId> {
        let read = self.database.cleanups(JobId(0)).await;
        let assumption = "The cleanups that sys has started are read";
        let cleanups = self.value(read, assumption, JOBS)?;
        let newest = cleanups.iter().map(|job| job.id).max();
        Ok(newest.unwrap_or_default())
    }

    /// Waits for the end of the cleanup that follows another cleanup.
    async fn cleanup_ends(
        &mut self,
        before: JobId,
        assumption: &str,
        observation: &str,
        is_wanted: impl Fn(&CleanupJob) -> bool,
    ) -> Step {
        let tenant = self.tenant_id;
        self.reaches(
            assumption,
            observation,
            SELECTOR,
            async |database: &mut Database| {
                let mut jobs = database.cleanups(before).await?.into_iter();
                let job = jobs.find(|job| job.is_for(tenant) && job.kind == CleanupKind::Sets);
                let Some(job) = job else {
                    return Ok(Poll::Pending("there is no such row".to_owned()));
                };
                if is_wanted(&job) {
                    return Ok(Poll::Done(()));
                }
                let code = job.failure.as_ref().map(|failure| failure.code);
                let state = format!("{:?}, RESULT {}", job.status, code.unwrap_or_default());
                if job.status.is_terminal() {
                    return Err(ReadError::of_rows(state));
                }
                Ok(Poll::Pending(state))
            },
        )
        .await
    }

    fn delete(&self, what: Deletion, after: JobId) -> Command {
        Command::from(Cleanup::Delete {
            tenant: self.settings.tenant.clone(),
            tenant_id: self.tenant_id,
            what,
            after,
            again: false,
        })
    }
}

/// Returns whether the source of a release without the capability was read. The newest is 4.3.5.1.
fn was_read(version: Version) -> bool {
    let newest = "4.3.5.1".parse::<Version>();
    newest.is_ok_and(|newest| version <= newest)
}
