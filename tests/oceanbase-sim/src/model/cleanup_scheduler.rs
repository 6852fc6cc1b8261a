//! The scheduler of delete jobs: INIT, DOING, a terminal state, history.

use super::cleanup::CANCELED;
use super::deletion::Refusal;
use super::tenant::Cluster;
use super::{
    CleanJob, CleanKind, CleanRequest, CleanTarget, CleanTask, FileStatus, JobId, JobLevel,
    JobStatus, Pace, Policy, Scn, Tenant, TenantId, parse_duration,
};
use crate::error::result_text;
use crate::views::Version;

/// How often an unreachable destination is retried before the job fails.
const MAX_RETRIES: u32 = 64;

impl Tenant {
    /// Returns the instant before which the policy `default` expires backups. `None` without such a
    /// policy, or with an empty or zero window: nothing expires.
    #[must_use]
    pub fn expired_at(&self, now: Scn) -> Option<Scn> {
        let is_default = |policy: &&Policy| policy.name == "default";
        let policy = self.policies.iter().find(is_default)?;
        let window = parse_duration(&policy.recovery_window)?;
        (!window.is_zero()).then(|| now.minus(window))
    }

    pub(super) fn cleanup_due(&self) -> Scn {
        let due = self.cleanup.due();
        if self.policies.is_empty() {
            due
        } else {
            due.min(self.cleanup.tick)
        }
    }

    /// Adds a policy, which takes effect at the next trigger.
    pub(crate) fn add_policy(&mut self, policy: Policy, now: Scn, pace: &Pace) {
        self.policies.push(policy);
        let interval = pace.cleanup_interval();
        self.cleanup.align(self.created_at, now, interval);
    }

    /// Inserts a delete job.
    pub(super) fn start_cleanup(
        &mut self,
        request: CleanRequest,
        version: Version,
        now: Scn,
        pace: &Pace,
    ) {
        self.backups.last_job = self.backups.last_job.next();
        let id = self.backups.last_job;
        let own = request.initiator == self.id;
        let mut job = CleanJob {
            id,
            initiator: request.initiator,
            // Before manual deletion existed, a tenant's own job was its own initiator.
            initiator_job: match (own, version < Version::V4_4_2) {
                (true, true) => id,
                (true, false) => JobId(0),
                (false, _) => request.initiator_job,
            },
            executors: vec![self.id],
            kind: request.kind,
            // What sys forwards names no tenants, and that reads as cluster level.
            level: if request.initiator == TenantId::SYS {
                JobLevel::Cluster
            } else {
                JobLevel::UserTenant
            },
            started_at: now,
            ended_at: None,
            status: JobStatus::Init,
            result: 0,
            comment: String::new(),
            tasks: Vec::new(),
            due: now,
            held: false,
            failure: None,
            retries: 0,
        };
        job.settle(now, pace, self.cleanup.hold);
        self.cleanup.jobs.push(job);
    }

    pub(super) fn step_cleanup(&mut self, at: Scn, cluster: Cluster<'_>) {
        let pace = cluster.pace;
        let moved = |job: &mut CleanJob| job.status.is_terminal() && job.due <= at;
        let finished = self.cleanup.jobs.extract_if(.., moved);
        self.cleanup.history.extend(finished);
        self.fire(at, cluster);
        for index in 0..self.cleanup.jobs.len() {
            let due = |job: &&CleanJob| job.due <= at;
            let Some(job) = self.cleanup.jobs.get(index).filter(due).cloned() else {
                continue;
            };
            let next = match job.status {
                JobStatus::Init => self.begin_cleanup(job, at, cluster),
                JobStatus::Doing => self.clean(job, at, cluster),
                JobStatus::Canceling => canceled(job, at),
                _ => job,
            };
            let hold = self.cleanup.hold;
            if let Some(slot) = self.cleanup.jobs.get_mut(index) {
                *slot = next;
                slot.settle(at, pace, hold);
            }
        }
    }

    /// Creates the hourly job of a tenant with a policy, even if there is nothing to delete or the
    /// previous job still runs.
    fn fire(&mut self, at: Scn, cluster: Cluster<'_>) {
        if self.cleanup.tick > at {
            return;
        }
        let interval = cluster.pace.cleanup_interval();
        self.cleanup.align(self.created_at, at, interval);
        if let Some(expired) = self.expired_at(at)
            && self.is_normal()
        {
            let request = CleanRequest {
                initiator: self.id,
                initiator_job: JobId(0),
                kind: CleanKind::Obsolete(expired),
            };
            self.start_cleanup(request, cluster.version, at, cluster.pace);
        }
    }

    fn begin_cleanup(&mut self, mut job: CleanJob, at: Scn, cluster: Cluster<'_>) -> CleanJob {
        // One job at a time has tasks; a finished job has them until it is moved.
        let others = |other: &CleanJob| other.id != job.id && !other.tasks.is_empty();
        if self.cleanup.jobs.iter().any(others) {
            return job;
        }
        let chosen = match self.choose(&job.kind, cluster.version, cluster.storage) {
            Ok(chosen) => chosen,
            Err(Refusal { retry: true, .. }) if job.retries < MAX_RETRIES => {
                job.retries += 1;
                return job;
            }
            Err(refusal) => {
                let text = result_text(refusal.code).to_owned();
                let comment = refusal.comment.unwrap_or(text);
                job.end(JobStatus::Failed, refusal.code, &comment, at);
                return job;
            }
        };
        self.record_checks(&job.kind, at);
        for (target, dest, uri) in chosen {
            self.backups.last_task = self.backups.last_task.next();
            job.tasks.push(CleanTask {
                id: self.backups.last_task,
                target,
                dest,
                uri,
                started_at: at,
                ended_at: None,
                status: JobStatus::Init,
                result: 0,
                comment: String::new(),
            });
        }
        job.status = JobStatus::Doing;
        let doom = self.cleanup.dooms.pop_front();
        job.failure = doom.map(|doom| (doom.code, doom.comment));
        job
    }

    /// Ends the running task and begins the next one; a file is DELETING between the two. The next
    /// job continues with what a job leaves in DELETING.
    fn clean(&mut self, mut job: CleanJob, at: Scn, cluster: Cluster<'_>) -> CleanJob {
        if let Some((code, comment)) = job.failure.take() {
            return self.fail_cleanup(job, code, &comment, at);
        }
        let doing = |task: &&mut CleanTask| task.status == JobStatus::Doing;
        if let Some(task) = job.tasks.iter_mut().find(doing) {
            if let Some(error) = cluster.storage.health(&task.uri).error() {
                let code = -i64::from(error.code);
                return self.fail_cleanup(job, code, result_text(code), at);
            }
            task.end(JobStatus::Completed, 0, at);
            let target = task.target;
            self.mark(target, FileStatus::Deleted);
        }
        let waiting = |task: &&mut CleanTask| task.status == JobStatus::Init;
        match job.tasks.iter_mut().find(waiting) {
            Some(task) => {
                task.status = JobStatus::Doing;
                let target = task.target;
                self.mark(target, FileStatus::Deleting);
            }
            None => job.end(JobStatus::Completed, 0, "", at),
        }
        job
    }

    fn fail_cleanup(&mut self, mut job: CleanJob, code: i64, comment: &str, at: Scn) -> CleanJob {
        let unfinished = |task: &&mut CleanTask| !task.status.is_terminal();
        let mut tasks = job.tasks.iter_mut().filter(unfinished);
        if let Some(task) = tasks.next() {
            task.end(JobStatus::Failed, code, at);
            let target = task.target;
            tasks.for_each(|task| task.end(JobStatus::Canceled, CANCELED, at));
            self.mark(target, FileStatus::Deleting);
        }
        job.end(JobStatus::Failed, code, comment, at);
        job
    }

    fn mark(&mut self, target: CleanTarget, status: FileStatus) {
        match target {
            CleanTarget::Set(id) => {
                let mut sets = self.backups.sets.iter_mut();
                if let Some(set) = sets.find(|set| set.id == id) {
                    set.file_status = status;
                }
            }
            CleanTarget::Piece(round, id) => {
                let mut pieces = self.archive.pieces.iter_mut();
                if let Some(piece) = pieces.find(|piece| (piece.round, piece.id) == (round, id)) {
                    piece.file_status = status;
                }
            }
        }
    }
}

fn canceled(mut job: CleanJob, at: Scn) -> CleanJob {
    let unfinished = |task: &&mut CleanTask| !task.status.is_terminal();
    let tasks = job.tasks.iter_mut().filter(unfinished);
    tasks.for_each(|task| task.end(JobStatus::Canceled, CANCELED, at));
    job.end(JobStatus::Canceled, CANCELED, result_text(CANCELED), at);
    job
}
