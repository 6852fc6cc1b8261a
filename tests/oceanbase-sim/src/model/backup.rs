//! Data backups of one tenant (`ob_backup_data_scheduler`).
//!
//! Statements insert jobs and cancel them; the scheduler (`backup_scheduler`) does the rest.

use std::collections::VecDeque;

use super::backup_scheduler::settle;
use super::{
    BackupSet, BackupType, DataDest, Job, JobId, JobLevel, JobStatus, Pace, Scn, SetId, Stage,
    TaskId, TenantId,
};
use crate::views::Version;

/// An accepted backup.
#[derive(Clone, Debug)]
pub struct Request {
    /// The tenant whose session started it.
    pub initiator: TenantId,
    /// The job of sys that it belongs to, 0 if none.
    pub initiator_job: JobId,
    /// Full or incremental.
    pub backup_type: BackupType,
    /// `PLUS ARCHIVELOG`.
    pub plus_archivelog: bool,
    /// Stage-2 hash of the password, or empty.
    pub passwd: String,
    /// `DESCRIPTION`.
    pub description: String,
}

/// The failure of a later backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doom {
    /// `RESULT`.
    pub code: i64,
    /// `COMMENT`.
    pub comment: String,
}

/// The data backups of one tenant.
#[derive(Clone, Debug, Default)]
pub struct Backups {
    /// The job table: running jobs, and finished ones for a short time.
    pub jobs: Vec<Job>,
    /// The job history, ascending by the time of moving.
    pub history: Vec<Job>,
    /// All sets, ascending.
    pub sets: Vec<BackupSet>,
    /// Failures of the next jobs.
    pub dooms: VecDeque<Doom>,
    pub(super) last_job: JobId,
    pub(super) last_set: SetId,
    pub(super) last_task: TaskId,
}

impl Backups {
    pub(super) fn due(&self) -> Scn {
        self.jobs
            .iter()
            .map(|job| job.due)
            .min()
            .unwrap_or(Scn::NEVER)
    }

    /// Returns whether the table has a row of this initiator, finished or not: the engine counts
    /// rows, not running jobs.
    #[must_use]
    pub fn has_row_of(&self, initiator: TenantId) -> bool {
        self.jobs.iter().any(|job| job.initiator == initiator)
    }

    /// Returns the newest set at a destination that can be the base of an incremental.
    #[must_use]
    pub fn base(&self, dest: &DataDest) -> Option<&BackupSet> {
        self.sets
            .iter()
            .rev()
            .find(|set| set.dest == dest.id && set.is_usable())
    }

    /// Inserts the job row. An incremental without a base silently becomes a full.
    pub(super) fn insert(
        &mut self,
        request: Request,
        dest: &DataDest,
        own: TenantId,
        versions: (Version, Version),
        now: Scn,
    ) {
        let backup_type = match self.base(dest) {
            None => BackupType::Full,
            Some(_) => request.backup_type,
        };
        self.last_job = self.last_job.next();
        self.last_set = self.last_set.next();
        self.jobs.push(Job {
            id: self.last_job,
            set: self.last_set,
            initiator: request.initiator,
            initiator_job: request.initiator_job,
            executors: vec![own],
            plus_archivelog: request.plus_archivelog,
            backup_type,
            level: JobLevel::UserTenant,
            passwd: request.passwd,
            started_at: now,
            ended_at: None,
            status: JobStatus::Init,
            result: 0,
            comment: String::new(),
            description: request.description,
            dest: Some(dest.clone()),
            task: None,
            due: now,
            held_at: None,
            failure: None,
            retries: 0,
            versions: Some(versions),
        });
    }

    /// Cancels jobs in INIT and DOING (CANCEL BACKUP).
    pub(super) fn cancel(&mut self, now: Scn, pace: &Pace, hold: Option<Stage>) {
        for job in &mut self.jobs {
            if matches!(job.status, JobStatus::Init | JobStatus::Doing) {
                job.status = JobStatus::Canceling;
                settle(job, now, pace, hold);
            }
        }
    }

    /// Makes the running job, or otherwise the next one, fail at the scheduler's next step.
    pub(super) fn doom(&mut self, doom: Doom, now: Scn, pace: &Pace) {
        let running = |job: &&mut Job| matches!(job.status, JobStatus::Init | JobStatus::Doing);
        match self.jobs.iter_mut().find(running) {
            Some(job) => {
                job.failure = Some((doom.code, doom.comment));
                job.held_at = None;
                job.due = now.plus(pace.backup_step());
            }
            None => self.dooms.push_back(doom),
        }
    }

    /// Schedules an early check of working jobs: the archive left DOING, a storage broke or an
    /// upgrade began.
    pub(super) fn look_soon(&mut self, now: Scn, pace: &Pace) {
        let soon = now.plus(pace.backup_step());
        for job in &mut self.jobs {
            if job.status == JobStatus::Doing && job.held_at.is_none() {
                job.due = job.due.min(soon);
            }
        }
    }

    /// Freezes jobs in this stage.
    pub(super) fn hold(&mut self, stage: Stage, now: Scn) {
        for job in self
            .jobs
            .iter_mut()
            .filter(|job| job.status.stage() == stage)
        {
            job.held_at.get_or_insert(now);
            job.due = Scn::NEVER;
        }
    }

    /// Lets frozen jobs continue; the frozen time does not count as work.
    pub(super) fn release(&mut self, now: Scn, pace: &Pace) {
        for job in &mut self.jobs {
            let Some(held_at) = job.held_at.take() else {
                continue;
            };
            if let Some(task) = &mut job.task {
                task.began_at = task.began_at.plus(now.since(held_at));
            }
            job.due = now.plus(pace.backup_step());
        }
    }

    /// Ends the work of running jobs at the scheduler's next step.
    pub(super) fn finish(&mut self, now: Scn, pace: &Pace) {
        for job in self.jobs.iter_mut().filter(|job| job.is_running()) {
            if let Some(task) = &mut job.task {
                task.work = now.since(task.began_at);
            }
            job.held_at = None;
            job.due = now.plus(pace.backup_step());
        }
    }
}
