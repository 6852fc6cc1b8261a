//! Preparation before RESTORE is sent: the checks, the backups to use, and the tenant's resources.

use std::time::Duration;

use super::job::named;
use super::precheck::{self, RestorePlan};
use super::target_point::{self, RequestedPoint};
use super::timing::SHORT_RETRY;
use super::{
    Effect, Evaluation, Knowledge, Observation, ObservedSource, ObservedTarget, Outcome,
    RecoveryDecision, State, Step, Task, observation, tables,
};
use crate::domain::tenant::upgrading;
use crate::domain::{Blocker, Next, cause};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::{Answer, FailureClass, Restores, Scn};

/// Reason for an operation that the target's release does not support.
pub(super) const NOT_SUPPORTED_BY_VERSION: &str = "NotSupportedByVersion";

/// Returns whether only the capacity of the target's servers is still unknown before the recovery
/// starts. The operator reads the servers only on demand.
#[must_use]
pub fn wants_servers(task: &Task<'_>, observed: &Observation) -> bool {
    let (status, spec) = (task.status, task.spec);
    let is_before = status.outcome.is_none() && status.step.is_none();
    let is_free =
        observed.forbidden.is_none() && observed.secrets.is_none() && observed.turn.is_none();
    if !is_before || !is_free || observed.source.is_err() {
        return false;
    }
    observed.target.as_ref().is_ok_and(|target| {
        let own = observation::resource_name(&task.key(&target.identity.database()));
        let restores = target.restores.as_deref();
        restores.is_none_or(|restores| precheck::needs_servers(spec, restores, &own))
    })
}

impl Evaluation<'_> {
    pub(super) fn begin(mut self) -> RecoveryDecision {
        if self.is_cancel_wanted() {
            return self.cancel();
        }
        if self.is_too_late() {
            return self.too_late();
        }
        if let Err(blocker) = precheck::check_values(self.spec()) {
            return self.refuse(&blocker);
        }
        self.record_request();
        if let Some(forbidden) = &self.observed.forbidden {
            return self.refuse(forbidden);
        }
        let target = match &self.observed.target {
            Ok(target) => target,
            Err(blocker) => return self.block_on(blocker),
        };
        let restores = match self.restores(target) {
            Ok(restores) => restores,
            Err(blocker) => return self.wait(blocker, SHORT_RETRY),
        };
        if !self.is_preview()
            && let Some(job) = self.job_with_key()
        {
            return self.adopt(job);
        }
        if let Some(blocker) = &self.observed.secrets {
            return self.block_on(blocker);
        }
        let source = match &self.observed.source {
            Ok(source) => source,
            Err(blocker) => return self.block_on(blocker),
        };
        let key = self.key();
        let takes = precheck::target(self.spec(), target, key.as_ref(), restores);
        let takes = takes.and_then(|()| self.is_verifiable(target));
        let takes =
            takes.and_then(|()| precheck::privileges(self.spec(), target.privileges.as_deref()));
        if let Err(blocker) = takes {
            return self.block_on(&blocker);
        }
        if let Some(blocker) = &self.observed.turn {
            return self.block_on(blocker);
        }
        let room = precheck::room(self.spec(), target.version, restores, &self.resource_name());
        if let Err(blocker) = room {
            return self.block_on_capacity(&blocker);
        }
        if target.is_upgrading && !self.is_preview() {
            return self.wait_for_upgrade();
        }
        match precheck::plan(self.spec(), source, target.version, restores) {
            Ok(planned) => self.go_on(planned, source, target, restores),
            Err(blocker) => self.refuse(&blocker),
        }
    }

    fn go_on(
        mut self,
        planned: RestorePlan,
        source: &ObservedSource,
        target: &ObservedTarget,
        restores: &Restores,
    ) -> RecoveryDecision {
        let is_known = self.status.plan.is_some() && self.status.restore_scn == text(planned.until);
        if matches!(source.knowledge, Knowledge::Store)
            && !target.version.can(Capability::RestorePreview)
        {
            return self.go_on_without_preview(planned, target, restores);
        }
        match (&source.knowledge, planned.until) {
            // Only the storage contains this, and only the target can read it.
            (Knowledge::Store, Some(until)) if !is_known => {
                if let Some(pause) = self.pause() {
                    return self.render(&State::Asking, None, Next::At(pause));
                }
                return self.render(&State::Asking, Some(Effect::Preview(until)), SHORT_RETRY);
            }
            (Knowledge::Store, Some(_)) => {}
            _ => self.record_plan(planned),
        }
        self.status.cause = None;
        if self.is_preview() {
            return self.end(Outcome::Completed);
        }
        self.begin_planned(target, restores)
    }

    /// Continues a recovery from a storage that the target cannot preview. RESTORE itself reads the
    /// storage, and refuses what it does not find there.
    fn go_on_without_preview(
        mut self,
        planned: RestorePlan,
        target: &ObservedTarget,
        restores: &Restores,
    ) -> RecoveryDecision {
        let version = target.version;
        self.record_plan(planned);
        if self.is_preview() {
            return self.fail(cause(
                NOT_SUPPORTED_BY_VERSION,
                &format!(
                    "OceanBase {version} cannot preview a storage: upgrade it to 4.2.1.7, 4.2.3, \
                     4.3.2 or later. Or create a RecoveryTask with `source.tenant`, whose \
                     preview reads the views of the source. `status.plan` shows what is known \
                     without the preview"
                ),
            ));
        }
        self.status.preview_skipped = Some(cause(
            NOT_SUPPORTED_BY_VERSION,
            &format!(
                "OceanBase {version} cannot preview a storage: only RESTORE, which reads the \
                 storage, shows whether the point can be recovered"
            ),
        ));
        self.status.cause = None;
        self.begin_planned(target, restores)
    }

    /// Waits until the target is upgraded: it rejects RESTORE and RECOVER TABLE meanwhile.
    pub(super) fn wait_for_upgrade(mut self) -> RecoveryDecision {
        let upgrading = upgrading("the recovery");
        let Some(step) = &self.status.step else {
            return self.wait(upgrading, SHORT_RETRY);
        };
        let state = if step == Step::Restoring.word() {
            State::Sending
        } else {
            State::Preparing
        };
        self.status.cause = Some(upgrading.cause());
        self.render(&state, None, SHORT_RETRY)
    }

    fn begin_planned(mut self, target: &ObservedTarget, restores: &Restores) -> RecoveryDecision {
        if self.spec().target.resources.create.is_some() {
            self.enter(Step::Preparing);
            return self.prepare_in(target, restores);
        }
        self.intend()
    }

    /// Checks whether a temporarily restored tenant can be verified before it is dropped.
    fn is_verifiable(&self, target: &ObservedTarget) -> Result<(), Blocker> {
        if !self.is_verification() || target.version.can(Capability::TenantRole) {
            return Ok(());
        }
        Err(Blocker::permanent(
            NOT_SUPPORTED_BY_VERSION,
            format!(
                "OceanBase {} does not show the role of a restored tenant, so the tenant cannot be \
                 verified; upgrade the target to 4.1 or later",
                target.version
            ),
        ))
    }

    /// Records the requested point, even if it cannot be recovered.
    fn record_request(&mut self) {
        if let Ok(RequestedPoint::At(scn)) = target_point::asked(&self.spec().until) {
            self.record_point(Some(scn));
        }
    }

    fn record_point(&mut self, until: Option<Scn>) {
        self.status.restore_scn = text(until);
        self.status.restore_time = until.map(|until| until.at().to_string());
    }

    fn record_plan(&mut self, planned: RestorePlan) {
        let mut plan = planned.plan;
        if self.is_of_tables() {
            plan.warnings.extend(tables::WARNINGS.map(str::to_owned));
        }
        self.record_point(planned.until);
        let status = &mut self.status;
        (status.backup_sets, status.backup_set_count) = named(&planned.sets);
        (status.backup_pieces, status.backup_piece_count) = named(&planned.pieces);
        status.plan = Some(plan);
    }

    pub(super) fn on_preview_answer(mut self, until: Scn, answer: &Answer) -> RecoveryDecision {
        match answer {
            Answer::Preview(rows) => {
                let restores = self.observed.target.as_ref().ok();
                let restores = restores.and_then(|target| target.restores.as_deref());
                let planned = precheck::plan_of_storage(self.spec(), until, rows, restores);
                self.record_plan(planned);
                self.status.cause = None;
                self.render(&State::Asking, None, Next::After(Duration::ZERO))
            }
            Answer::Refused(failure) if failure.class != FailureClass::NotYet => {
                self.fail(failure.into())
            }
            other => self.repeat(&State::Asking, other),
        }
    }

    /// Waits for a blocker that may resolve by itself, and fails otherwise.
    fn block_on(self, blocker: &Blocker) -> RecoveryDecision {
        if blocker.permanent {
            return self.refuse(blocker);
        }
        self.wait(blocker.clone(), SHORT_RETRY)
    }

    /// Waits until the servers have capacity. A preview does not wait: it shows the current result.
    fn block_on_capacity(self, blocker: &Blocker) -> RecoveryDecision {
        if !blocker.is_passing() && self.is_preview() {
            return self.refuse(blocker);
        }
        let shown = self.status.cause.as_ref().map(|cause| &*cause.reason);
        let is_shown = matches!(
            shown,
            Some(precheck::RESOURCES_NOT_ENOUGH | precheck::SERVERS_NOT_ENOUGH)
        );
        if blocker.is_passing() && is_shown {
            // The status keeps the missing capacity until the servers are read again.
            return RecoveryDecision {
                status: self.status,
                effect: None,
                next: SHORT_RETRY,
                event: None,
            };
        }
        self.block_on(blocker)
    }

    pub(super) fn is_too_late(&self) -> bool {
        let end = self.spec().not_after_time.as_ref();
        end.is_some_and(|end| self.now >= end.0)
    }

    pub(super) fn too_late(mut self) -> RecoveryDecision {
        let waited_for = self.status.cause.take().map(|cause| cause.message);
        let waited_for = waited_for.unwrap_or_else(|| "the operator could not start it".to_owned());
        self.fail(cause(
            "NotAfterTimePassed",
            &format!(
                "the recovery did not start before `notAfterTime` ({waited_for}); remove the \
                 cause, then create a new RecoveryTask"
            ),
        ))
    }

    /// Creates the tenant's resources.
    pub(super) fn prepare(self) -> RecoveryDecision {
        if self.is_cancel_wanted() {
            return self.cancel();
        }
        let target = match &self.observed.target {
            Ok(target) => target,
            Err(blocker) => return self.unseen(blocker),
        };
        match self.restores(target) {
            Ok(restores) => self.prepare_in(target, restores),
            Err(blocker) => self.unseen(&blocker),
        }
    }

    fn prepare_in(self, target: &ObservedTarget, restores: &Restores) -> RecoveryDecision {
        if let Some(pause) = self.pause() {
            return self.render(&State::Preparing, None, Next::At(pause));
        }
        if !target.settled {
            return self.render(&State::Preparing, None, SHORT_RETRY);
        }
        if self.spec().target.resources.create.is_none() {
            return self.intend();
        }
        let name = self.resource_name();
        let has_unit = restores.units.iter().any(|unit| unit.name == name);
        let pool = restores.pools.iter().find(|pool| pool.name == name);
        match pool {
            _ if !has_unit => {
                let effect = Effect::CreateUnit(name);
                self.render(&State::Preparing, Some(effect), SHORT_RETRY)
            }
            None => {
                let effect = Effect::CreatePool(name);
                self.render(&State::Preparing, Some(effect), SHORT_RETRY)
            }
            Some(pool) if pool.tenant_id.is_some() => self.fail(cause(
                "PoolInUse",
                &format!(
                    "a user has given the resource pool {name} of this recovery to another tenant; \
                     create a new RecoveryTask"
                ),
            )),
            Some(_) => self.intend(),
        }
    }

    pub(super) fn on_create_answer(mut self, answer: &Answer) -> RecoveryDecision {
        match answer {
            Answer::Done | Answer::AlreadySent => {
                self.status.tries = None;
                self.status.cause = None;
                self.render(&State::Preparing, None, SHORT_RETRY)
            }
            Answer::Refused(failure) if failure.class != FailureClass::NotYet => {
                self.fail(failure.into())
            }
            other => self.repeat(&State::Preparing, other),
        }
    }
}

fn text(scn: Option<Scn>) -> Option<String> {
    scn.map(|scn| scn.to_string())
}
