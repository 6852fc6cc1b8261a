//! The scheduler of data backups: INIT, DOING, a terminal state, history.

use super::release::checks_upgrade_mode;
use super::round::bytes_in;
use super::{
    BackupSet, BackupType, Backups, DataDest, FileStatus, Job, JobStatus, Pace, Purpose,
    RoundStatus, Scn, SetId, SetStatus, Stage, Storage, Task, TenantId,
};
use crate::error::result_text_of;
use crate::views::Version;

/// Inputs of the scheduler besides its own rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) tenant: TenantId,
    pub(super) cluster: u64,
    pub(super) version: Version,
    pub(super) upgrading: bool,
    pub(super) compatible: Version,
    pub(super) archive: Option<RoundStatus>,
    pub(super) checkpoint: Scn,
    pub(super) storage: &'a Storage,
    pub(super) pace: &'a Pace,
    pub(super) full_bytes: u64,
    pub(super) bytes_per_second: u64,
    pub(super) backup_bytes_per_second: u64,
    pub(super) hold: Option<Stage>,
}

/// How often a failed step is retried before the job fails (`OB_MAX_RETRY_TIMES`).
const MAX_RETRIES: u32 = 3;

/// A server is not in the state that a step needs: the error of a step in upgrade mode.
const STATE_NOT_MATCH: i64 = -4109;
const VERSION_NOT_MATCH: i64 = -4143;

/// Returns whether a job fails at once (`ObBackupUtils::is_need_retry_error`).
fn is_final(code: i64) -> bool {
    matches!(
        code,
        -9082..=-9080 | -9071 | -9070 | -9029 | -9027 | VERSION_NOT_MATCH
    )
}

/// The internal address of the engine's single node, for comments.
pub(crate) const NODE: &str = "127.0.0.1:2882";

/// Sets the next date of a job that reached a state, or that a hold stops there.
pub(super) fn settle(job: &mut Job, now: Scn, pace: &Pace, hold: Option<Stage>) {
    if hold == Some(job.status.stage()) {
        job.held_at = Some(now);
        job.due = Scn::NEVER;
        return;
    }
    job.held_at = None;
    job.due = match &job.task {
        Some(task) if job.status == JobStatus::Doing && job.retries == 0 => {
            task.began_at.plus(task.work)
        }
        _ => now.plus(pace.backup_step()),
    };
}

impl Surroundings<'_> {
    /// Returns what blocks a step of a job (`check_can_backup_`), in the kernel's order.
    fn obstacle(&self, job: &Job) -> Option<i64> {
        if checks_upgrade_mode(self.version) {
            if self.upgrading {
                return Some(STATE_NOT_MATCH);
            }
            let now = (self.version, self.compatible);
            if job.versions.is_some_and(|versions| versions != now) {
                return Some(VERSION_NOT_MATCH);
            }
        }
        self.archive_failure()
    }

    /// Returns the failure unless the round is in DOING, which a backup needs from start to end.
    fn archive_failure(&self) -> Option<i64> {
        match self.archive {
            Some(RoundStatus::Doing) => None,
            Some(RoundStatus::Interrupted) => Some(-9027),
            _ => Some(-9029),
        }
    }

    /// Returns the failure of the check of the destination and of its format file.
    fn destination_failure(&self, dest: &DataDest) -> Option<i64> {
        match self
            .storage
            .check(&dest.uri, self.cluster, self.tenant, Purpose::Data)
        {
            Ok(Some(_)) => None,
            Ok(None) => Some(-9080),
            Err(error) => Some(-i64::from(error.code)),
        }
    }

    fn root_service_comment(&self, code: i64) -> String {
        format!(
            "(ROOTSERVICE)addr: {NODE}, result: {code}({}), trace_id: YB42{:08X}-000000-0-0",
            result_text_of(self.version, code),
            self.tenant.0
        )
    }
}

impl Backups {
    pub(super) fn step(&mut self, at: Scn, around: Surroundings<'_>) {
        // Rows that finished in an earlier step move; rows that finish in this step stay for a
        // while.
        let moved = |job: &mut Job| job.status.is_terminal() && job.due <= at;
        self.history.extend(self.jobs.extract_if(.., moved));
        for index in 0..self.jobs.len() {
            let Some(job) = self.jobs.get(index).filter(|job| job.due <= at).cloned() else {
                continue;
            };
            let next = match job.status {
                JobStatus::Init => self.start(job, at, around),
                JobStatus::Doing => self.work(job, at, around),
                _ => self.end(job, JobStatus::Canceled, -4072, String::new(), at),
            };
            if let Some(slot) = self.jobs.get_mut(index) {
                *slot = next;
                settle(slot, at, around.pace, around.hold);
            }
        }
    }

    fn start(&mut self, mut job: Job, at: Scn, around: Surroundings<'_>) -> Job {
        let Some(dest) = job.dest.clone() else {
            return job;
        };
        let failed = around.obstacle(&job);
        if let Some(code) = failed.or_else(|| around.destination_failure(&dest)) {
            return self.retry(job, code, at, around);
        }
        job.retries = 0;
        let set = self.open_set(&job, &dest, at, around);
        self.last_task = self.last_task.next();
        job.task = Some(Task {
            id: self.last_task,
            began_at: at,
            work: around
                .pace
                .backup_work(set.bytes, around.backup_bytes_per_second),
            replay_from: around.checkpoint.min(at),
            bytes: set.bytes,
        });
        job.status = JobStatus::Doing;
        // Jobs of two initiators may begin in another order than their ids.
        let place = self.sets.partition_point(|known| known.id < set.id);
        self.sets.insert(place, set);
        if let (None, Some(doom)) = (&job.failure, self.dooms.pop_front()) {
            job.failure = Some((doom.code, doom.comment));
        }
        if let (Some(_), Some(task)) = (&job.failure, &mut job.task) {
            // A failing task ends before its work is complete.
            task.work = task.work.min(around.pace.backup_step());
        }
        job
    }

    fn work(&mut self, mut job: Job, at: Scn, around: Surroundings<'_>) -> Job {
        if let Some((code, comment)) = job.failure.take() {
            return self.fail(job, code, Some(comment), at, around);
        }
        let store = job
            .dest
            .as_ref()
            .and_then(|dest| around.storage.health(&dest.uri).error());
        let broken = store.map(|error| -i64::from(error.code));
        if let Some(code) = around.obstacle(&job).or(broken) {
            return self.retry(job, code, at, around);
        }
        job.retries = 0;
        match &job.task {
            Some(task) if at >= task.began_at.plus(task.work) => {
                self.end(job, JobStatus::Completed, 0, String::new(), at)
            }
            _ => job,
        }
    }

    /// Handles a failed step: the job fails at once or after too many failures of the step.
    fn retry(&mut self, mut job: Job, code: i64, at: Scn, around: Surroundings<'_>) -> Job {
        if is_final(code) || job.retries >= MAX_RETRIES {
            return self.fail(job, code, None, at, around);
        }
        job.retries += 1;
        job
    }

    fn fail(
        &mut self,
        job: Job,
        code: i64,
        comment: Option<String>,
        at: Scn,
        around: Surroundings<'_>,
    ) -> Job {
        let comment = comment.unwrap_or_else(|| around.root_service_comment(code));
        self.end(job, JobStatus::Failed, code, comment, at)
    }

    fn end(
        &mut self,
        mut job: Job,
        status: JobStatus,
        result: i64,
        comment: String,
        at: Scn,
    ) -> Job {
        job.status = status;
        job.result = result;
        job.ended_at = Some(at);
        job.comment.clone_from(&comment);
        let Some(set) = self.sets.iter_mut().rev().find(|set| set.id == job.set) else {
            return job;
        };
        set.ended_at = Some(at);
        set.result = result;
        set.comment = comment;
        if status == JobStatus::Completed {
            set.status = SetStatus::Success;
            set.file_status = FileStatus::Available;
            set.start_replay = job.task.as_ref().map_or(Scn::ZERO, |task| task.replay_from);
            set.min_restore = at;
        } else {
            set.status = SetStatus::Failed;
            set.file_status = FileStatus::Incomplete;
        }
        job
    }

    fn open_set(&self, job: &Job, dest: &DataDest, at: Scn, around: Surroundings<'_>) -> BackupSet {
        let base = match job.backup_type {
            BackupType::Full => None,
            BackupType::Inc => self.base(dest),
        };
        let bytes = base.map_or(around.full_bytes, |base| {
            let changed = bytes_in(at.since(base.started_at), around.bytes_per_second);
            around.full_bytes.min(around.full_bytes / 100 + changed)
        });
        BackupSet {
            id: job.set,
            dest: dest.id,
            backup_type: job.backup_type,
            prev_full: base.map_or(SetId(0), BackupSet::full),
            prev_inc: base.map_or(SetId(0), |base| base.id),
            started_at: job.started_at,
            ended_at: None,
            status: SetStatus::Doing,
            file_status: FileStatus::Copying,
            plus_archivelog: job.plus_archivelog,
            start_replay: Scn::ZERO,
            min_restore: Scn::ZERO,
            bytes,
            result: 0,
            comment: String::new(),
            passwd: job.passwd.clone(),
            compatible: around.compatible,
            version: around.version,
            uri: dest.uri.clone(),
        }
    }
}
