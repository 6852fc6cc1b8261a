//! The restore scheduler: jobs from the statement to history.

use std::collections::BTreeMap;
use std::time::Duration;

use super::restore::{RestoreDoom, RestoreJob, RestoreRequest, RestoreStage};
use super::slow_reads::SlowRead;
use super::{JobId, NODE, Role, Scn, TenantId, TenantStatus, World};
use crate::error::result_text;

/// All restores of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Restores {
    /// Restores in progress.
    pub jobs: Vec<RestoreJob>,
    /// Finished restores, ascending by the time of moving.
    pub history: Vec<RestoreJob>,
    /// Failures of future restores of these tenants.
    dooms: Vec<(String, RestoreDoom)>,
    /// Stages at which restores of these tenants stop.
    holds: Vec<(String, RestoreStage)>,
    /// How long RESTORE of these tenants reads the storage before the job's row exists.
    pub(super) slow: BTreeMap<String, Duration>,
    /// Restores that read the storage now.
    pub(super) reading: Vec<SlowRead>,
    last: JobId,
}

/// The result of a statement that waits for the tenant's shell, and the length of the wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shell {
    /// How long it waits.
    pub after: Duration,
    /// The error code, 0 without an error.
    pub result: i64,
    /// `COMMENT` of the job that failed.
    pub comment: String,
}

impl Shell {
    fn failed(after: Duration, result: i64, comment: String) -> Self {
        Self {
            after,
            result,
            comment,
        }
    }
}

impl Restores {
    pub(super) fn due(&self) -> Scn {
        let jobs = self.jobs.iter().map(|job| job.due);
        let first = jobs.min().unwrap_or(Scn::NEVER);
        first.min(self.reads_due())
    }

    /// Returns the running restore of a tenant; the case of names is ignored.
    #[must_use]
    pub fn of(&self, tenant: &str) -> Option<&RestoreJob> {
        let mut jobs = self.jobs.iter();
        jobs.find(|job| job.request.tenant_name.eq_ignore_ascii_case(tenant))
    }

    /// Returns the error if an earlier restore will take one of these pools first.
    fn pool_race(&self, names: &[String]) -> Option<i64> {
        let taken = |name: &String| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let fails = |job: &RestoreJob| {
            let doom = job.doom.as_ref();
            doom.is_some_and(|doom| doom.stage == RestoreStage::CreateTenant)
        };
        let mut jobs = self.jobs.iter().filter(|job| {
            job.stage == RestoreStage::CreateTenant && job.due != Scn::NEVER && !fails(job)
        });
        let race = jobs.any(|job| job.request.pools.iter().any(taken));
        race.then_some(-4626)
    }

    fn held(&self, job: &RestoreJob) -> bool {
        let hold = (job.request.tenant_name.clone(), job.stage);
        self.holds.contains(&hold)
    }
}

impl World {
    /// Returns the result of the statement of a tenant's next restore.
    pub(super) fn shell(&self, request: &RestoreRequest) -> Shell {
        let name = &request.tenant_name;
        let restores = &self.restores;
        let after = |seconds| self.pace.scale(Duration::from_secs(seconds));
        let held = |stage| restores.holds.contains(&(name.clone(), stage));
        if held(RestoreStage::CreateTenant) || held(RestoreStage::CreateShell) {
            // The statement gives up before the tenant exists; the job continues.
            return Shell::failed(after(600), -4012, String::new());
        }
        let mut dooms = restores.dooms.iter();
        let doom = dooms.find(|(tenant, _)| tenant == name);
        let early = doom.map(|(_, doom)| doom);
        let early = early.filter(|doom| doom.stage.is_blocking());
        let failure = self.pool_failure(&request.pools);
        match (
            early,
            failure.or_else(|| restores.pool_race(&request.pools)),
        ) {
            (Some(doom), _) if doom.stage == RestoreStage::CreateTenant => {
                Shell::failed(after(5), doom.code, doom.comment.clone())
            }
            (_, Some(code)) => Shell::failed(after(5), code, root_service_comment(code)),
            (Some(doom), None) => Shell::failed(after(10), doom.code, doom.comment.clone()),
            (None, None) => Shell::failed(after(20), 0, String::new()),
        }
    }

    /// Returns why a tenant cannot be created on these pools. One is gone or granted, or two have
    /// units on the one server of a zone.
    fn pool_failure(&self, names: &[String]) -> Option<i64> {
        let mut zones: Vec<&String> = Vec::new();
        for name in names {
            let Some(pool) = self.resources.pool(name) else {
                return Some(-4650);
            };
            if pool.tenant.is_some() {
                return Some(-4626);
            }
            if pool.zones.iter().any(|zone| zones.contains(&zone)) {
                return Some(-4657);
            }
            zones.extend(&pool.zones);
        }
        None
    }

    /// Inserts the job of a RESTORE. The statement then waits as the result says.
    pub(crate) fn start_restore(&mut self, request: RestoreRequest, now: Scn) -> Shell {
        let shell = self.shell(&request);
        let restores = &mut self.restores;
        restores.last = restores.last.next();
        let mut job = RestoreJob::new(restores.last, request, now);
        let name = job.request.tenant_name.clone();
        let doomed = restores
            .dooms
            .iter()
            .position(|(tenant, _)| *tenant == name);
        job.doom = doomed.map(|index| restores.dooms.remove(index).1);
        job.enter(RestoreStage::CreateTenant, now, &self.pace);
        if self.restores.held(&job) {
            job.due = Scn::NEVER;
        }
        self.restores.jobs.push(job);
        shell
    }

    /// Advances the jobs that are due.
    pub(super) fn step_restores(&mut self, at: Scn) {
        self.end_reading(at);
        for index in 0..self.restores.jobs.len() {
            let due = self.restores.jobs.get(index).filter(|job| job.due <= at);
            let Some(mut job) = due.cloned() else {
                continue;
            };
            self.step_restore(&mut job, at);
            if self.restores.held(&job) {
                job.due = Scn::NEVER;
            }
            if let Some(slot) = self.restores.jobs.get_mut(index) {
                *slot = job;
            }
        }
        let over =
            |job: &mut RestoreJob| job.stage == RestoreStage::Closing && job.due == Scn::ZERO;
        let over: Vec<_> = self.restores.jobs.extract_if(.., over).collect();
        self.restores.history.extend(over);
    }

    fn step_restore(&mut self, job: &mut RestoreJob, at: Scn) {
        let gone = job.tenant.is_some_and(|id| self.tenant_by_id(id).is_none());
        if gone && job.stage < RestoreStage::Ended {
            // Another user dropped the tenant.
            self.fail_restore(job, -5157, root_service_comment(-5157), at);
            return job.enter(RestoreStage::Closing, at, &self.pace);
        }
        if let Some(doom) = job.doom.take_if(|doom| doom.stage == job.stage) {
            return self.fail_restore(job, doom.code, doom.comment, at);
        }
        match job.stage {
            RestoreStage::CreateTenant => match self.create_shell(job, at) {
                Ok(()) => job.enter_next(at, &self.pace),
                Err(code) => self.fail_restore(job, code, root_service_comment(code), at),
            },
            RestoreStage::CreateShell => {
                self.with_restored(job, |tenant| tenant.status = TenantStatus::Restore);
                job.enter_next(at, &self.pace);
            }
            RestoreStage::ConsistentScn | RestoreStage::WaitLs => match self.broken_store(job) {
                Some(code) => self.fail_restore(job, code, server_comment(code), at),
                None => job.enter_next(at, &self.pace),
            },
            RestoreStage::Upgrade => {
                self.finish_restored(job);
                job.finished_at = Some(at);
                job.enter_next(at, &self.pace);
            }
            RestoreStage::Closing => job.due = Scn::ZERO,
            _ => job.enter_next(at, &self.pace),
        }
    }

    /// Fails the job; the partly restored tenant and its pools stay.
    fn fail_restore(&self, job: &mut RestoreJob, code: i64, comment: String, at: Scn) {
        job.result = code;
        job.comment = comment;
        job.finished_at = Some(at);
        let has_row = !job.stage.is_blocking();
        let ended = if has_row {
            RestoreStage::Ended
        } else {
            RestoreStage::Closing
        };
        job.enter(ended, at, &self.pace);
    }

    /// Creates the tenant that the restore will fill.
    fn create_shell(&mut self, job: &mut RestoreJob, at: Scn) -> Result<(), i64> {
        let request = &job.request;
        if let Some(code) = self.pool_failure(&request.pools) {
            return Err(code);
        }
        if self.tenant(&request.tenant_name).is_some() {
            return Err(-5156);
        }
        let mut new = request.seed.tenant.clone();
        new.created_at = at;
        new.status = TenantStatus::Creating;
        new.role = Role::Restore;
        let id = self.create_tenant(new);
        job.tenant = Some(id);
        Ok(())
    }

    fn with_restored(&mut self, job: &RestoreJob, change: impl FnOnce(&mut super::Tenant)) {
        let mut tenants = self.tenants.iter_mut();
        if let Some(tenant) = tenants.find(|tenant| Some(tenant.id) == job.tenant) {
            change(tenant);
        }
    }

    fn finish_restored(&mut self, job: &RestoreJob) {
        let scn = job.request.scn;
        let source = job.request.seed.log.as_ref().map(super::Uri::stored);
        self.with_restored(job, |tenant| {
            tenant.status = TenantStatus::Normal;
            tenant.role = Role::Standby;
            tenant.standby.stop_at(scn);
            tenant.standby.log.clone_from(&job.request.seed.log);
            tenant.restore_source = source.map(|log| format!("LOCATION={log}"));
        });
    }

    /// Returns the error of unreadable storage, which ends the job. The engine retries for a while
    /// first, which is not simulated.
    fn broken_store(&self, job: &RestoreJob) -> Option<i64> {
        let sets = job.request.sets.iter().map(|set| &set.uri);
        let mut all = sets.chain(job.request.pieces.iter().map(|piece| &piece.uri));
        let refused = all.find_map(|uri| self.storage.health(uri).error());
        refused.map(|error| -i64::from(error.code))
    }

    /// Cancels the restore of a tenant: drops the tenant, frees its pools, ends its job.
    pub(crate) fn cancel_restore(&mut self, name: &str) {
        let now = self.now();
        self.drop_tenant(name);
        let cancelled = |job: &&mut RestoreJob| {
            job.request.tenant_name == name && job.stage < RestoreStage::Ended
        };
        for job in self.restores.jobs.iter_mut().filter(cancelled) {
            job.result = -4072;
            job.comment = root_service_comment(-4072);
            job.finished_at = Some(now);
            // The tenant's own row was dropped with the tenant.
            job.enter(RestoreStage::Closing, now, &self.pace);
        }
    }

    /// Makes the present or next restore of a tenant fail.
    pub(crate) fn doom_restore(&mut self, tenant: &str, doom: RestoreDoom) {
        let now = self.now();
        let mut jobs = self.restores.jobs.iter_mut();
        let ahead =
            |job: &&mut RestoreJob| job.request.tenant_name == tenant && job.stage <= doom.stage;
        match jobs.find(ahead) {
            Some(job) => {
                if job.stage == doom.stage {
                    job.due = now.plus(self.pace.backup_step());
                }
                job.doom = Some(doom);
            }
            None => self.restores.dooms.push((tenant.to_owned(), doom)),
        }
    }

    /// Makes held jobs detect at their next step that their tenant is gone.
    pub(super) fn notice_dropped(&mut self, tenant: TenantId) {
        let due = self.now().plus(self.pace.backup_step());
        let restores = self.restores.jobs.iter_mut();
        for job in restores.filter(|job| job.tenant == Some(tenant) && job.due == Scn::NEVER) {
            job.due = due;
        }
        self.recoveries.notice_dropped(tenant, due);
    }

    /// Stops restores of a tenant in this stage.
    pub(crate) fn hold_restore(&mut self, tenant: &str, stage: RestoreStage) {
        let here = |job: &&mut RestoreJob| job.request.tenant_name == tenant && job.stage == stage;
        for job in self.restores.jobs.iter_mut().filter(here) {
            job.due = Scn::NEVER;
        }
        self.restores.holds.push((tenant.to_owned(), stage));
    }

    /// Releases restores of a tenant.
    pub(crate) fn release_restore(&mut self, tenant: &str) {
        let now = self.now();
        self.restores.holds.retain(|(held, _)| held != tenant);
        let stopped =
            |job: &&mut RestoreJob| job.request.tenant_name == tenant && job.due == Scn::NEVER;
        for job in self.restores.jobs.iter_mut().filter(stopped) {
            job.due = now.plus(self.pace.backup_step());
        }
    }
}

/// Formats a failure as the root service reports it.
pub(super) fn root_service_comment(code: i64) -> String {
    let text = result_text(code);
    format!("(ROOTSERVICE)addr: {NODE}, result: {code}({text}), trace_id: YB42-000000-0-0")
}

/// Formats a failure as the server does on which the restore failed.
pub(crate) fn server_comment(code: i64) -> String {
    let text = result_text(code);
    format!(
        "(SERVER)ls_id: 1001, addr: {NODE}, module: RESTORE_DATA, result: {code}({text}), \
         trace_id: YB42-000000-0-0"
    )
}
