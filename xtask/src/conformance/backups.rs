//! Data backups of the scratch tenant: full, incremental, with logs, and canceled.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::model::{
    BackupSet, BackupSetId, Job, JobKey, JobStatus, TenantId,
};
use oceanbase_backup_operator::oceanbase::restore_password::{
    RestorePassword, RestorePasswordError,
};
use oceanbase_backup_operator::oceanbase::statement::Command;
use secrecy::ExposeSecret;

use super::archiving::is_shown_as;
use super::database::{Database, ReadError};
use super::report::Section;
use super::suite::{Poll, Step, Stopped, Suite, evidence_of};

const JOBS: &str = "views CDB_OB_BACKUP_JOBS and CDB_OB_BACKUP_JOB_HISTORY";
const SETS: &str = "view CDB_OB_BACKUP_SET_FILES";
const SCHEDULER: &str = "source: ob_backup_data_scheduler.cpp";

/// Backup sets of the run.
#[derive(Clone, Debug)]
pub(super) struct Sets {
    /// The full backup set.
    pub(super) full: BackupSet,
    /// The incremental backup set that depends on it.
    pub(super) incremental: BackupSet,
    /// The full backup set with its logs, if the release makes such sets.
    pub(super) with_logs: Option<BackupSet>,
}

impl Sets {
    /// Returns the newest set.
    pub(super) fn newest(&self) -> &BackupSet {
        self.with_logs.as_ref().unwrap_or(&self.incremental)
    }
}

/// The rows of one backup: the row of sys and the row of the tenant.
struct Pair {
    parent: Job,
    child: Job,
}

impl Suite {
    /// Makes backups. Returns their sets.
    pub(super) async fn check_backups(&mut self) -> Step<Sets> {
        self.begin(Section::Backups);
        let sets = self.make_backups().await;
        self.close_section(&sets);
        sets
    }

    async fn make_backups(&mut self) -> Step<Sets> {
        let full = self.make_backup(1, "full", false, false).await?;
        let is_full = full.full && full.prev_full_id == BackupSetId(0);
        self.check(
            is_full && !full.plus_archivelog,
            "A full set stands on no other and has no logs of its own",
            kind_of(&full),
            SETS,
        )?;
        let incremental = self.make_backup(2, "incremental", true, false).await?;
        self.check(
            !incremental.full && incremental.prev_full_id == full.id,
            "An incremental set stands on the full one",
            kind_of(&incremental),
            SETS,
        )?;
        let with_logs = self.check_plus_archivelog().await?;
        self.check_encryption().await;
        // The next checks do not depend on the result.
        let _ = self.check_cancel().await;
        Ok(Sets {
            full,
            incremental,
            with_logs,
        })
    }

    async fn check_plus_archivelog(&mut self) -> Step<Option<BackupSet>> {
        let evidence = evidence_of(Capability::PlusArchivelog);
        if !self.can(Capability::PlusArchivelog) {
            let command = self.backup(3, false, true)?;
            let assumption = "BACKUP … PLUS ARCHIVELOG is refused with 1235";
            let refused = self.refuses(&command, &[1235], assumption, evidence);
            if refused.await.is_err() {
                // The job runs and would block the next checks.
                let _ = self.undo_jobs().await;
            }
            return Ok(None);
        }
        let set = self
            .make_backup(3, "full backup with logs", false, true)
            .await?;
        self.check(
            set.full && set.plus_archivelog,
            "A set of BACKUP … PLUS ARCHIVELOG has its logs",
            kind_of(&set),
            evidence,
        )?;
        Ok(Some(set))
    }

    /// Makes a backup and waits for its set.
    async fn make_backup(
        &mut self,
        number: i32,
        what: &str,
        incremental: bool,
        plus_archivelog: bool,
    ) -> Step<BackupSet> {
        let command = self.backup(number, incremental, plus_archivelog)?;
        let assumption = format!("BACKUP from sys is accepted ({what})");
        self.accepts(&command, &assumption, SCHEDULER).await?;
        let key = self.job_key(number)?;
        let tenant = self.tenant_id;
        if number == 1 {
            self.check_rows_of_job(&key).await?;
            self.read_columns().await?;
        }
        let assumption = format!("The backup ends COMPLETED, in sys as well ({what})");
        let pair = self
            .reaches(
                &assumption,
                "COMPLETED",
                JOBS,
                async |database: &mut Database| {
                    let is_wanted = |pair: &Pair| {
                        pair.child.status == JobStatus::Completed
                            && pair.parent.status == JobStatus::Completed
                    };
                    pair_in(database, &key, tenant, is_wanted).await
                },
            )
            .await?;
        let assumption = format!("Its set is there, with times, sizes and its directory ({what})");
        let probe = async |database: &mut Database| {
            let sets = database.sets(tenant).await?.into_iter();
            let mut sets = sets.filter(|set| set.id == pair.child.set_id);
            Ok(match sets.next() {
                Some(set) if set.success => Poll::Done(set),
                Some(_) => Poll::Pending("its STATUS is not SUCCESS".to_owned()),
                None => Poll::Pending("there is no such row".to_owned()),
            })
        };
        match self.poll(probe).await {
            Ok(set) => {
                self.check_set(&set, &assumption)?;
                Ok(set)
            }
            Err(state) => {
                self.check(false, assumption, state, SETS)?;
                Err(Stopped)
            }
        }
    }

    fn check_set(&mut self, set: &BackupSet, assumption: &str) -> Step {
        let is_in_order = set.start_replay_scn.0 > 0 && set.min_restore_scn >= set.start_replay_scn;
        let parts = [
            (set.available, "FILE_STATUS AVAILABLE"),
            (is_in_order, "START_REPLAY_SCN before MIN_RESTORE_SCN"),
            (set.ended_at.is_some(), "END_TIMESTAMP"),
            (set.output_bytes > 0, "OUTPUT_BYTES"),
            (!set.tenant_compatible.is_empty(), "TENANT_COMPATIBLE"),
            (is_shown_as(&self.data, &set.path), "PATH"),
        ];
        let missing: Vec<_> = parts
            .iter()
            .filter(|(is_there, _)| !is_there)
            .map(|(_, name)| *name)
            .collect();
        let observation = if missing.is_empty() {
            "all of them".to_owned()
        } else {
            format!("not as expected: {}", missing.join(", "))
        };
        self.check(missing.is_empty(), assumption, observation, SETS)
    }

    /// Checks the rows of a job that has just begun.
    async fn check_rows_of_job(&mut self, key: &JobKey) -> Step {
        let tenant = self.tenant_id;
        let assumption = "The job is found by its DESCRIPTION: a row of sys, and one of the tenant that names it";
        self.reaches(
            assumption,
            "INITIATOR_TENANT_ID 1, INITIATOR_JOB_ID of the row of sys",
            JOBS,
            async |database: &mut Database| pair_in(database, key, tenant, |_| true).await,
        )
        .await
        .map(drop)
    }

    /// Cancels a running backup.
    async fn check_cancel(&mut self) -> Step {
        let number = 4;
        let command = self.backup(number, false, false)?;
        let assumption = "BACKUP from sys is accepted (to be canceled)";
        self.accepts(&command, assumption, SCHEDULER).await?;
        let (key, tenant) = (self.job_key(number)?, self.tenant_id);
        let assumption = "The backup to be canceled begins";
        let begun = self
            .reaches(
                assumption,
                "its rows are there",
                JOBS,
                async |database: &mut Database| pair_in(database, &key, tenant, |_| true).await,
            )
            .await?;
        if begun.child.status.is_terminal() {
            let assumption = "CANCEL BACKUP cancels a running backup";
            self.skip(assumption, "the backup ended first", SCHEDULER);
            return Ok(());
        }
        let second = self.backup(5, false, false)?;
        let _ = self
            .refuses(
                &second,
                &[9036],
                "A second BACKUP from sys is refused while one of the tenant runs",
                SCHEDULER,
            )
            .await;
        let destination = self.data_destination();
        let _ = self
            .refuses(
                &destination,
                &[9036],
                "SET DATA_BACKUP_DEST is refused while a backup of the tenant runs",
                "source: ob_backup_config.cpp",
            )
            .await;
        let cancel = Command::CancelBackup {
            tenant: self.settings.tenant.clone(),
            tenant_id: tenant,
            key: key.clone(),
        };
        self.accepts(&cancel, "CANCEL BACKUP from sys is accepted", SCHEDULER)
            .await?;
        let assumption = "The backup ends CANCELED, and FAILED with -4072 in sys";
        let probe = async |database: &mut Database| {
            let has_ended =
                |pair: &Pair| pair.child.status.is_terminal() && pair.parent.status.is_terminal();
            pair_in(database, &key, tenant, has_ended).await
        };
        let ended = match self.poll(probe).await {
            Ok(ended) => ended,
            Err(state) => return self.check(false, assumption, state, SCHEDULER),
        };
        if ended.child.status == JobStatus::Completed {
            self.skip(
                assumption,
                "the backup ended before it was canceled",
                SCHEDULER,
            );
            return Ok(());
        }
        let code = ended.parent.failure.as_ref().map(|failure| failure.code);
        let is_as_expected = ended.child.status == JobStatus::Canceled
            && ended.parent.status == JobStatus::Failed
            && code == Some(-4072);
        let (child, parent) = (ending_of(&ended.child), ending_of(&ended.parent));
        let observation = format!("{child}; in sys {parent}");
        self.check(is_as_expected, assumption, observation, SCHEDULER)
    }

    /// Returns the run's backup of this number.
    pub(super) fn backup(
        &self,
        number: i32,
        incremental: bool,
        plus_archivelog: bool,
    ) -> Step<Command> {
        Ok(Command::Backup {
            tenant: self.settings.tenant.clone(),
            tenant_id: self.tenant_id,
            incremental,
            plus_archivelog,
            password: None,
            key: self.job_key(number)?,
            slots: 1,
        })
    }

    /// Checks the session setting of a backup with a password, without a backup.
    async fn check_encryption(&mut self) {
        let Ok(password) = password() else {
            return;
        };
        let statement = password.statement();
        let assumption = "SET ENCRYPTION is accepted from sys";
        self.runs_alone(statement.expose_secret(), assumption).await;
    }

    /// Sends a statement in a session of its own.
    pub(super) async fn runs_alone(&mut self, text: &str, assumption: &str) {
        self.database.close();
        let answer = self.database.run(text, Command::BACKUP_TIMEOUT).await;
        let evidence = "source: ob_stmt_type.h";
        let _ = self.is_accepted(&answer, None, assumption, evidence);
        // The session setting reaches no other statement.
        self.database.close();
    }
}

/// Returns a password that protects nothing.
pub(super) fn password() -> Result<RestorePassword, RestorePasswordError> {
    RestorePassword::new("conformance".to_owned().into())
}

/// Reads the rows of a backup. Two ended rows are an error unless the caller accepts them.
async fn pair_in(
    database: &mut Database,
    key: &JobKey,
    tenant: TenantId,
    is_wanted: impl Fn(&Pair) -> bool,
) -> Result<Poll<Pair>, ReadError> {
    let (mut parent, mut child) = (None, None);
    for job in database.jobs(key).await? {
        if job.tenant_id == TenantId::SYS {
            parent = Some(job);
        } else if job.tenant_id == tenant && job.initiator_tenant_id == TenantId::SYS {
            child = Some(job);
        }
    }
    let (parent, child) = match (parent, child) {
        (Some(parent), Some(child)) => (parent, child),
        (Some(parent), None) => {
            let state = format!("no row of the tenant; in sys {}", ending_of(&parent));
            return Ok(Poll::Pending(state));
        }
        (None, _) => return Ok(Poll::Pending("there is no row of sys".to_owned())),
    };
    if child.initiator_job_id != parent.id {
        let problem = "INITIATOR_JOB_ID of the tenant's row is not the job of sys";
        return Err(ReadError::of_rows(problem));
    }
    let pair = Pair { parent, child };
    if is_wanted(&pair) {
        return Ok(Poll::Done(pair));
    }
    let (of_child, of_parent) = (ending_of(&pair.child), ending_of(&pair.parent));
    let state = format!("{of_child}; in sys {of_parent}");
    if pair.child.status.is_terminal() && pair.parent.status.is_terminal() {
        return Err(ReadError::of_rows(state));
    }
    Ok(Poll::Pending(state))
}

/// Returns the state of a job in the words of the report.
fn ending_of(job: &Job) -> String {
    let failure = job.failure.as_ref();
    let result = failure.map(|failure| format!(", RESULT {} ({})", failure.code, failure.reason));
    format!(
        "{}{}",
        format!("{:?}", job.status).to_uppercase(),
        result.unwrap_or_default()
    )
}

/// Returns the kind of a set in the words of the report.
fn kind_of(set: &BackupSet) -> String {
    let kind = if set.full { "full" } else { "incremental" };
    let logs = if set.plus_archivelog {
        "with"
    } else {
        "without"
    };
    let base = match set.prev_full_id.0 {
        0 => "no other set".to_owned(),
        id => format!("set {id}"),
    };
    format!("{kind}, {logs} logs, stands on {base}")
}
