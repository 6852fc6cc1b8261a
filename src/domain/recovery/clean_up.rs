//! Cleanup after a failure, after a cancel, and after a recovery of tables. It drops only what this
//! recovery created.

use jiff::SignedDuration;

use super::timing::SHORT_RETRY;
use super::{Effect, Evaluation, ObservedTarget, Outcome, RecoveryDecision, State};
use crate::api::Cause;
use crate::api::recovery_task::status::Cleanup;
use crate::domain::{Next, cause, shortened, time};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::{Answer, Restore, RestoreStatus, Restores, TenantId};

/// Time for which the cleanup is retried.
const CLEANUP_TIMEOUT: SignedDuration = SignedDuration::from_hours(1);

/// Leftovers of a recovery.
enum Leftovers {
    /// This effect drops the next leftover.
    Something(Effect),
    /// Other work must end first.
    NotYet,
    Nothing,
}

impl Leftovers {
    fn of(next: Option<Effect>) -> Self {
        next.map_or(Self::NotYet, Self::Something)
    }
}

impl Evaluation<'_> {
    pub(super) fn clean_up(mut self) -> RecoveryDecision {
        let ending = self.status.ending.as_deref().and_then(Outcome::parse);
        // A newer operator wrote an unknown outcome.
        let Some(outcome) = ending else {
            return self.unchanged();
        };
        let state = State::CleaningUp(outcome);
        if let Some(pause) = self.pause() {
            return self.render(&state, None, Next::At(pause));
        }
        let target = match &self.observed.target {
            Ok(target) => target,
            Err(blocker) => return self.unseen(blocker),
        };
        let restores = match self.restores(target) {
            Ok(restores) => restores,
            Err(blocker) => return self.unseen(&blocker),
        };
        if let Some(job) = self.job() {
            // The job shows more than was known when the recovery was given up.
            self.record_job(job);
            if self.is_partly_created() && job.status == RestoreStatus::Success {
                return self.restored_all_the_same(job, outcome);
            }
        }
        if !target.settled {
            return self.render(&state, None, SHORT_RETRY);
        }
        let began = self.status.step_time.as_ref().map_or(self.now, |at| at.0);
        let is_too_long = began.duration_until(self.now) > CLEANUP_TIMEOUT;
        match self.next_to_drop(target, restores) {
            // The database may have been unreachable for all that time, so at least one attempt is
            // made.
            Leftovers::Something(_) if is_too_long && self.status.tries.is_some() => {
                self.leave_behind(outcome)
            }
            Leftovers::NotYet if is_too_long => self.leave_behind(outcome),
            Leftovers::Something(effect) => {
                self.record_drop(&effect);
                self.render(&state, Some(effect), SHORT_RETRY)
            }
            Leftovers::NotYet => self.render(&state, None, SHORT_RETRY),
            Leftovers::Nothing => {
                if outcome == Outcome::Canceled {
                    self.record_canceled_tenant();
                }
                self.end(outcome)
            }
        }
    }

    /// Returns whether an incomplete tenant exists that must not stay.
    fn is_partly_created(&self) -> bool {
        !self.is_of_tables() && self.status.restored_time.is_none()
    }

    /// Handles a job that succeeded before it could be stopped: from then on the tenant is kept.
    fn restored_all_the_same(mut self, job: &Restore, outcome: Outcome) -> RecoveryDecision {
        if self.is_verification() {
            self.status.restored_time = Some(time(job.ended_at.unwrap_or(self.now)));
            return self.clean_up();
        }
        // The tenant holds its pool, so nothing was dropped, whatever the status recorded.
        self.status.cleanup = None;
        self.status.restored_time = Some(time(job.ended_at.unwrap_or(self.now)));
        if outcome == Outcome::Canceled {
            return self.keep_canceled();
        }
        let before = self.status.cause.take();
        self.fail_restored(
            before.unwrap_or_else(|| cause("RestoreFailed", "the recovery was given up")),
        )
    }

    fn next_to_drop(&self, target: &ObservedTarget, restores: &Restores) -> Leftovers {
        let is_partly_created = self.is_partly_created();
        let is_running = self.job().is_some_and(|job| !job.status.is_terminal());
        if is_running && is_partly_created && !target.version.can(Capability::CancelRestore) {
            // V4.0 and V4.1 cannot cancel: the job ends when its tenant is dropped.
            let tenant = target.tenant.as_deref();
            let tenant = tenant.filter(|tenant| Some(tenant.id) == self.job_tenant());
            return Leftovers::of(tenant.and_then(|tenant| self.drop_tenant(tenant.id)));
        }
        if is_running && (is_partly_created || self.is_of_tables()) {
            let names = self.names();
            return Leftovers::of(names.map(|(tenant, key)| self.cancel_job(tenant, key)));
        }
        if let Some(left) = self.auxiliary(target) {
            return Leftovers::of(self.drop_auxiliary(left));
        }
        let tenant = target.tenant.as_deref();
        let tenant = tenant.filter(|tenant| Some(tenant.id) == self.job_tenant());
        let verified = self.is_verification();
        if let Some(tenant) = tenant.filter(|_| is_partly_created || verified) {
            return Leftovers::of(self.drop_tenant(tenant.id));
        }
        if self.spec().target.resources.create.is_none() {
            return Leftovers::Nothing;
        }
        let name = self.resource_name();
        if let Some(pool) = restores.pools.iter().find(|pool| pool.name == name) {
            // The pool becomes free shortly after its tenant is dropped.
            let is_free = pool.tenant_id.is_none();
            return Leftovers::of(is_free.then_some(Effect::DropPool(name)));
        }
        if restores.units.iter().any(|unit| unit.name == name) {
            return Leftovers::Something(Effect::DropUnit(name));
        }
        Leftovers::Nothing
    }

    /// Returns the drop of the tenant that the job created.
    fn drop_tenant(&self, tenant_id: TenantId) -> Option<Effect> {
        self.names().map(|(tenant, key)| Effect::DropTenant {
            verified: self.is_verification(),
            tenant,
            tenant_id,
            key,
        })
    }

    /// Records a drop before it is sent. After a crash the object is gone, and its owner could not
    /// be determined any more.
    fn record_drop(&mut self, effect: &Effect) {
        let cleanup = &mut self.status.cleanup;
        match effect {
            // A canceled job drops its tenant itself.
            Effect::DropTenant { tenant, .. } | Effect::Cancel { tenant, .. } => {
                cleanup.get_or_insert_default().tenant_dropped = Some(tenant.to_string());
            }
            Effect::DropAuxiliary { auxiliary, .. } => {
                let name = auxiliary.as_str().to_owned();
                cleanup.get_or_insert_default().tenant_dropped = Some(name);
            }
            Effect::DropPool(name) => {
                record(&mut cleanup.get_or_insert_default().pools_dropped, name);
            }
            Effect::DropUnit(name) => {
                record(&mut cleanup.get_or_insert_default().units_dropped, name);
            }
            _ => {}
        }
    }

    /// Records the tenant of a job that was canceled before this step and dropped the tenant
    /// itself.
    fn record_canceled_tenant(&mut self) {
        if self.is_partly_created() && self.job_tenant().is_some() {
            let name = &self.spec().target.tenant_name;
            let cleanup = self.status.cleanup.get_or_insert_default();
            cleanup.tenant_dropped.get_or_insert_with(|| name.clone());
        }
    }

    /// Removes objects that still exist from the record.
    fn record_leftovers(&mut self) {
        let Ok(target) = &self.observed.target else {
            return;
        };
        let of_job = target.tenant.as_ref();
        let of_job = of_job.filter(|tenant| Some(tenant.id) == self.job_tenant());
        let auxiliary = self.auxiliary(target);
        let is_there = |name: &String| {
            let mut tenants = of_job.into_iter().chain(auxiliary);
            tenants.any(|tenant| tenant.name == *name)
        };
        let restores = self.restores(target);
        let Some(cleanup) = &mut self.status.cleanup else {
            return;
        };
        cleanup.tenant_dropped.take_if(|name| is_there(name));
        if let Ok(restores) = restores {
            let (pools, units) = (&restores.pools, &restores.units);
            let pool = |name: &String| pools.iter().any(|pool| pool.name == *name);
            cleanup.pools_dropped.retain(|name| !pool(name));
            let unit = |name: &String| units.iter().any(|unit| unit.name == *name);
            cleanup.units_dropped.retain(|name| !unit(name));
        }
        self.status
            .cleanup
            .take_if(|left| *left == Cleanup::default());
    }

    /// Handles the answer to a drop; the next pass drops the next object. The cause of the failure
    /// stays.
    pub(super) fn on_drop_answer(mut self, answer: &Answer) -> RecoveryDecision {
        let ending = self.status.ending.as_deref().and_then(Outcome::parse);
        let state = State::CleaningUp(ending.unwrap_or(Outcome::Failed));
        if is_done(answer) {
            self.status.tries = None;
            return self.render(&state, None, SHORT_RETRY);
        }
        let next = self.count_try();
        self.render(&state, None, next)
    }

    /// Adds to a cause why created objects are left, and which.
    pub(super) fn left(&self, before: Cause, why: &str) -> Cause {
        let name = if self.is_of_tables() {
            // Never the tenant that receives the tables: it must not be dropped.
            let auxiliary = self.status.auxiliary_tenant.as_deref();
            auxiliary.unwrap_or("AUX_RECOVER$…")
        } else {
            &self.spec().target.tenant_name
        };
        let created = match self.spec().target.resources.create {
            Some(_) => format!(" and the resource pool and unit {}", self.resource_name()),
            None => String::new(),
        };
        let message = format!(
            "{}; {why}. Check tenant {name}{created}, and drop manually each that exists",
            before.message.trim_end_matches('.')
        );
        Cause {
            message: shortened(message, 4096),
            ..before
        }
    }

    fn leave_behind(mut self, outcome: Outcome) -> RecoveryDecision {
        self.record_leftovers();
        let before = self.status.cause.take();
        let before = before.unwrap_or_else(|| cause(outcome.word(), "the recovery has ended"));
        let why = "the operator could not drop the objects of the recovery within an hour";
        self.status.cause = Some(self.left(before, why));
        // The drop is part of what a verification verifies.
        let outcome = match outcome {
            Outcome::Completed if self.is_verification() => Outcome::Failed,
            outcome => outcome,
        };
        self.end(outcome)
    }
}

fn is_done(answer: &Answer) -> bool {
    matches!(answer, Answer::Done | Answer::AlreadySent)
}

fn record(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}
