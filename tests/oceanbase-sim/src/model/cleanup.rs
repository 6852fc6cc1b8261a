//! Delete jobs of one tenant, their tasks, and their origin (`ob_backup_clean_scheduler`).
//!
//! Jobs come from a statement, or once an hour with a policy `default`. The scheduler
//! (`cleanup_scheduler`) does the rest. `obsolete` and `deletion` select the sets and pieces of a
//! job.

use std::collections::VecDeque;
use std::time::Duration;

use super::{
    DestId, Doom, JobId, JobLevel, JobStatus, Pace, PieceId, Purpose, RoundId, Scn, SetId, Stage,
    TaskId, TenantId, Uri,
};

/// The object that a task deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanTarget {
    /// A backup set.
    Set(SetId),
    /// A piece of a round.
    Piece(RoundId, PieceId),
}

/// A row of `CDB_OB_BACKUP_DELETE_TASKS` or `CDB_OB_BACKUP_DELETE_TASK_HISTORY`.
#[derive(Clone, Debug)]
pub struct CleanTask {
    /// `TASK_ID`.
    pub id: TaskId,
    /// `TASK_TYPE`, `ID` and `ROUND_ID`.
    pub target: CleanTarget,
    /// `DEST_ID`.
    pub dest: DestId,
    /// `PATH`.
    pub uri: Uri,
    /// `START_TIMESTAMP`.
    pub started_at: Scn,
    /// `END_TIMESTAMP`.
    pub ended_at: Option<Scn>,
    /// `STATUS`.
    pub status: JobStatus,
    /// `RESULT`.
    pub result: i64,
    /// `COMMENT`.
    pub comment: String,
}

impl CleanTask {
    pub(super) fn end(&mut self, status: JobStatus, result: i64, at: Scn) {
        self.status = status;
        self.result = result;
        crate::error::result_text(result).clone_into(&mut self.comment);
        self.ended_at = Some(at);
    }
}

/// The subject of a delete job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CleanKind {
    /// Backups that no restore to this instant or later needs.
    Obsolete(Scn),
    /// Sets by id (V4.4.2).
    Sets(Vec<SetId>),
    /// Pieces by id (V4.4.2).
    Pieces(Vec<PieceId>),
    /// All backups at a destination (V4.4.2).
    All(Purpose, DestId, Uri),
}

impl CleanKind {
    /// `TYPE`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Obsolete(_) => "DELETE OBSOLETE BACKUP",
            Self::Sets(_) => "DELETE BACKUP SET",
            Self::Pieces(_) => "DELETE BACKUP PIECE",
            Self::All(..) => "DELETE BACKUP ALL",
        }
    }

    /// Returns `PARAMETER`: an instant, or an id that reads as microseconds of 1970. Of several ids
    /// the column shows the first: the reference describes only one.
    #[must_use]
    pub fn parameter(&self) -> Scn {
        let id = match self {
            Self::Obsolete(expired) => return *expired,
            Self::Sets(ids) => ids.first().map(|id| id.0),
            Self::Pieces(ids) => ids.first().map(|id| id.0),
            Self::All(_, dest, _) => Some(dest.0),
        };
        Scn::from_micros(id.unwrap_or_default())
    }
}

/// A row of `CDB_OB_BACKUP_DELETE_JOBS` or `CDB_OB_BACKUP_DELETE_JOB_HISTORY`. No view shows the
/// description of a statement.
#[derive(Clone, Debug)]
pub struct CleanJob {
    /// `JOB_ID`, counted together with those of backups.
    pub id: JobId,
    /// `INITIATOR_TENANT_ID`; the tenant itself for the hourly jobs.
    pub initiator: TenantId,
    /// `INITIATOR_JOB_ID`.
    pub initiator_job: JobId,
    /// `EXECUTOR_TENANT_ID`.
    pub executors: Vec<TenantId>,
    /// `TYPE` and `PARAMETER`.
    pub kind: CleanKind,
    /// `JOB_LEVEL`.
    pub level: JobLevel,
    /// `START_TIMESTAMP`.
    pub started_at: Scn,
    /// `END_TIMESTAMP`.
    pub ended_at: Option<Scn>,
    /// `STATUS`.
    pub status: JobStatus,
    /// `RESULT`.
    pub result: i64,
    /// `COMMENT`.
    pub comment: String,
    /// Its tasks, from DOING on. A job without deletions has rows but no tasks.
    pub tasks: Vec<CleanTask>,
    pub(super) due: Scn,
    pub(super) held: bool,
    pub(super) failure: Option<(i64, String)>,
    pub(super) retries: u32,
}

impl CleanJob {
    /// `SUCCESS_TASK_COUNT`.
    #[must_use]
    pub fn succeeded(&self) -> usize {
        let completed = |task: &&CleanTask| task.status == JobStatus::Completed;
        self.tasks.iter().filter(completed).count()
    }

    pub(super) fn is_child_of(&self, parent: JobId) -> bool {
        self.initiator == TenantId::SYS && self.initiator_job == parent
    }

    pub(super) fn end(&mut self, status: JobStatus, result: i64, comment: &str, at: Scn) {
        self.status = status;
        self.result = result;
        comment.clone_into(&mut self.comment);
        self.ended_at = Some(at);
    }

    /// Sets the next date of a job that reached a state, or that a hold stops there.
    pub(super) fn settle(&mut self, now: Scn, pace: &Pace, hold: Option<Stage>) {
        self.held = hold == Some(self.status.stage());
        self.due = if self.held {
            Scn::NEVER
        } else {
            now.plus(pace.backup_step())
        };
    }

    /// Cancels jobs in INIT and DOING (CANCEL DELETE BACKUP).
    pub(super) fn cancel(&mut self, now: Scn, pace: &Pace, hold: Option<Stage>) {
        if matches!(self.status, JobStatus::Init | JobStatus::Doing) {
            self.status = JobStatus::Canceling;
            self.result = CANCELED;
            crate::error::result_text(CANCELED).clone_into(&mut self.comment);
            self.settle(now, pace, hold);
        }
    }
}

/// `RESULT` of canceled jobs.
pub(super) const CANCELED: i64 = -4072;

/// A requested delete job.
#[derive(Clone, Debug)]
pub struct CleanRequest {
    /// The tenant whose session started it, or the tenant itself.
    pub initiator: TenantId,
    /// The job of sys that it belongs to, 0 if none.
    pub initiator_job: JobId,
    /// The backups to delete.
    pub kind: CleanKind,
}

/// The delete jobs of one tenant.
#[derive(Clone, Debug)]
pub struct Cleanups {
    /// Running jobs, and finished ones for a short time.
    pub jobs: Vec<CleanJob>,
    /// Job history, ascending by the time of moving.
    pub history: Vec<CleanJob>,
    pub(super) dooms: VecDeque<Doom>,
    pub(super) hold: Option<Stage>,
    /// The next time of the hourly trigger.
    pub(super) tick: Scn,
}

impl Default for Cleanups {
    fn default() -> Self {
        Self {
            jobs: Vec::new(),
            history: Vec::new(),
            dooms: VecDeque::new(),
            hold: None,
            tick: Scn::NEVER,
        }
    }
}

impl Cleanups {
    pub(super) fn due(&self) -> Scn {
        let due = self.jobs.iter().map(|job| job.due).min();
        due.unwrap_or(Scn::NEVER)
    }

    /// Aligns the trigger to whole hours of the tenant's life. Backups that a new policy makes
    /// obsolete can therefore be deleted at once, or in an hour.
    pub(super) fn align(&mut self, created_at: Scn, now: Scn, interval: Duration) {
        let interval = interval.max(Duration::from_nanos(1));
        let passed = now.since(created_at).as_nanos() / interval.as_nanos() + 1;
        let nanos = passed.saturating_mul(interval.as_nanos());
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        self.tick = created_at.plus(Duration::from_nanos(nanos));
    }

    pub(super) fn cancel(&mut self, now: Scn, pace: &Pace) {
        let hold = self.hold;
        let jobs = self.jobs.iter_mut();
        jobs.for_each(|job| job.cancel(now, pace, hold));
    }

    /// Makes the running job, or otherwise the next one, fail at the scheduler's next step.
    pub(super) fn doom(&mut self, doom: Doom, now: Scn, pace: &Pace) {
        let running = |job: &&mut CleanJob| job.status == JobStatus::Doing;
        match self.jobs.iter_mut().find(running) {
            Some(job) => {
                job.failure = Some((doom.code, doom.comment));
                job.held = false;
                job.due = now.plus(pace.backup_step());
            }
            None => self.dooms.push_back(doom),
        }
    }

    /// Stops present and future jobs in this stage.
    pub(super) fn hold(&mut self, stage: Stage) {
        self.hold = Some(stage);
        let here = |job: &&mut CleanJob| job.status.stage() == stage;
        for job in self.jobs.iter_mut().filter(here) {
            job.held = true;
            job.due = Scn::NEVER;
        }
    }

    /// Releases the jobs.
    pub(super) fn release(&mut self, now: Scn, pace: &Pace) {
        self.hold = None;
        for job in self.jobs.iter_mut().filter(|job| job.held) {
            job.held = false;
            job.due = now.plus(pace.backup_step());
        }
    }
}
