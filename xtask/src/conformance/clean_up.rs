//! Reverts the changes of a run to the scratch tenant. Unreadable objects count as present.

use oceanbase_backup_operator::oceanbase::client::{QueryError, Rows};
use oceanbase_backup_operator::oceanbase::model::{Job, JobStatus, RoundStatus};
use oceanbase_backup_operator::oceanbase::statement::{Cleanup, Command};

use super::database::{Database, ReadError};
use super::report::Section;
use super::suite::{Poll, Suite, describe};

/// OB_BACKUP_IN_PROGRESS: the row of a job has not moved to the history.
const BACKUP_IN_PROGRESS: u16 = 9036;

/// The outcome of an undo step, or the reason of its failure.
pub(super) type CleanUpResult<T = ()> = Result<T, String>;

impl Suite {
    /// Undoes the changes of the run and adds a line for each kind of leftover.
    pub(super) async fn clean_up(&mut self) {
        self.begin(Section::CleaningUp);
        // The session may be in the middle of a statement.
        self.database.close();
        let mut failures = Vec::new();
        if self.effects.tables {
            failures.extend(self.undo_tables().await.err());
        }
        failures.extend(self.undo_restores().await);
        failures.extend(self.undo_resources().await.err());
        if self.effects.changes {
            failures.extend(self.undo_jobs().await.err());
            failures.extend(self.undo_policy().await.err());
            failures.extend(self.undo_archiving().await.err());
            failures.extend(self.undo_destinations().await.err());
            self.report_scratch(&failures).await;
            let directory = self.report.facts.last().map(|(_, value)| value.clone());
            self.report.remarks.push(format!(
                "The files of the run stay in {}: delete the directory.",
                directory.unwrap_or_default()
            ));
        }
        if self.effects.names {
            self.report_created(&failures).await;
        }
        self.report_failures(failures);
    }

    /// Sends a command and returns the reason of a failure.
    pub(super) async fn undo(&mut self, command: &Command) -> CleanUpResult {
        let answer = self.database.send(command).await;
        match &answer {
            Ok(_) => Ok(()),
            Err(_) => Err(format!(
                "{}: {}",
                command.name(),
                describe(&answer, Some(command))
            )),
        }
    }

    /// Cancels backups and cleanups, which all belong to the run: none ran before it.
    pub(super) async fn undo_jobs(&mut self) -> CleanUpResult {
        let tenant = self.tenant_id;
        let cancel_backup = Command::CancelBackup {
            tenant: self.settings.tenant.clone(),
            tenant_id: tenant,
            key: self
                .job_key(1)
                .map_err(|_| "the key of the backup is not valid".to_owned())?,
        };
        let run = self.job_prefix();
        let is_ours = |job: &Job| job.tenant_id == tenant || job.description.starts_with(&run);
        self.poll(async |database: &mut Database| {
            let mut jobs = database.running_jobs().await?;
            jobs.retain(is_ours);
            // The row of sys appears first: until the tenant's row exists, there is nothing to
            // cancel.
            let runs = |job: &Job| job.tenant_id == tenant && job.status != JobStatus::Canceling;
            if jobs.iter().any(runs) {
                // The next poll shows the result.
                let _ = database.send(&cancel_backup).await;
            }
            Ok(poll_condition(jobs.is_empty(), "a backup runs"))
        })
        .await?;
        self.undo_cleanups().await
    }

    async fn undo_cleanups(&mut self) -> CleanUpResult {
        let tenant = self.tenant_id;
        let cleanups = self.database.cleanups_of(tenant).await?;
        if let Some(cleanup) = cleanups.first() {
            let cancel = Command::from(Cleanup::Cancel {
                tenant: self.settings.tenant.clone(),
                tenant_id: tenant,
                job_id: cleanup.id,
            });
            self.undo(&cancel).await?;
        }
        self.poll(async |database: &mut Database| {
            let has_ended = database.cleanups_of(tenant).await?.is_empty();
            Ok(poll_condition(has_ended, "a cleanup runs"))
        })
        .await
    }

    async fn undo_policy(&mut self) -> CleanUpResult {
        let policies = self.database.policies(self.tenant_id).await;
        if policies.is_ok_and(|policies| policies.is_empty()) {
            return Ok(());
        }
        let drop = self.drop_policy();
        self.undo(&drop).await
    }

    async fn undo_archiving(&mut self) -> CleanUpResult {
        let tenant = self.tenant_id;
        let log_dest = self.database.log_dest(tenant).await;
        if log_dest.is_ok_and(|dest| dest.is_some_and(|dest| !dest.enabled)) {
            let enable = Command::SetLogArchiveDestState {
                tenant: self.settings.tenant.clone(),
                enable: true,
            };
            self.undo(&enable).await?;
        }
        let name = self.settings.tenant.to_string();
        let row = self.database.tenant(&name).await;
        let round = self.database.round(tenant).await;
        let is_off = row.is_ok_and(|row| row.is_some_and(|row| row.archive_log != Some(true)));
        let has_stopped = round.is_ok_and(|round| {
            use RoundStatus::{Stop, Stopping};
            round.is_none_or(|round| matches!(round.status, Stop | Stopping))
        });
        if !(is_off && has_stopped) {
            let stop = Command::NoArchiveLog(self.settings.tenant.clone());
            self.undo(&stop).await?;
        }
        self.poll(async |database: &mut Database| {
            let round = database.round(tenant).await?;
            let has_stopped = round.is_none_or(|round| round.status == RoundStatus::Stop);
            Ok(poll_condition(has_stopped, "log archiving has not stopped"))
        })
        .await
    }

    /// Clears the destinations. The data destination is locked until all jobs are in the history.
    async fn undo_destinations(&mut self) -> CleanUpResult {
        let tenant = self.tenant_id;
        let log = self.database.log_dest(tenant).await;
        let data = self.database.data_dest(tenant).await;
        let has_log = !log.is_ok_and(|dest| dest.is_none());
        let has_data = !data.is_ok_and(|dest| dest.is_none());
        let parameters = [
            (has_log, "LOG_ARCHIVE_DEST"),
            (has_data, "DATA_BACKUP_DEST"),
        ];
        for (_, parameter) in parameters.into_iter().filter(|(is_set, _)| *is_set) {
            let statement = format!(
                "ALTER SYSTEM SET {parameter} = '' TENANT = '{}'",
                self.settings.tenant
            );
            self.poll(async |database: &mut Database| {
                let answer = database.run(&statement, Command::BACKUP_TIMEOUT).await;
                let state = format!("clearing {parameter}: {}", describe(&answer, None));
                poll_acceptance(&answer, BACKUP_IN_PROGRESS, state)
            })
            .await?;
        }
        Ok(())
    }
}

/// Ends a poll when the database accepts the statement. Polls again while the database refuses it
/// with `not_yet`.
pub(super) fn poll_acceptance(
    answer: &Result<Rows, QueryError>,
    not_yet: u16,
    state: String,
) -> Result<Poll<()>, ReadError> {
    match answer {
        Ok(_) => Ok(Poll::Done(())),
        Err(QueryError::Server(error)) if error.code != not_yet => Err(ReadError::of_rows(state)),
        Err(_) => Ok(Poll::Pending(state)),
    }
}

/// Ends a poll when the condition holds.
pub(super) fn poll_condition(is_so: bool, otherwise: &str) -> Poll<()> {
    if is_so {
        Poll::Done(())
    } else {
        Poll::Pending(otherwise.to_owned())
    }
}
