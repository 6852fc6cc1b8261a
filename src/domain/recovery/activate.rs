//! Activation of a restored tenant as a primary tenant, and its upgrade from an older version. From
//! this step on the tenant is always kept.

use std::time::Duration;

use jiff::SignedDuration;

use super::timing::SHORT_RETRY;
use super::{Effect, Evaluation, Outcome, RecoveryDecision, State, Step};
use crate::api::Cause;
use crate::domain::{Blocker, Next, cause, shortened, time};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::{Answer, FailureClass, Tenant};
use crate::oceanbase::version::Version;

/// Time within which a tenant should become a primary tenant (V4 reference 5.4).
const ACTIVATION_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);
/// Minimum number of attempts before the timeout counts: the database may have been unreachable.
const LEAST_TRIES: i32 = 5;
/// Time within which the upgrade of a tenant should end; the manual gives no limit.
const UPGRADE_TIMEOUT: SignedDuration = SignedDuration::from_mins(30);
/// OB_OP_NOT_ALLOW: for a primary tenant, this means that its upgrade runs.
const NOT_ALLOWED: i32 = -4179;

/// Why a restored tenant is not found.
#[derive(Clone, Copy)]
pub(super) enum MissingTenant<'a> {
    /// Its database cannot be read.
    Unobserved(&'a Blocker),
    /// Its database does not show the tenant.
    NotThere { settled: bool },
}

impl<'a> Evaluation<'a> {
    pub(super) fn activate(mut self) -> RecoveryDecision {
        let tenant = match self.restored_tenant() {
            Ok(tenant) => tenant,
            Err(missing) => return self.without_tenant(missing, &State::Activating),
        };
        let shows_role = self.shows_role();
        if shows_role && is_primary(tenant) {
            self.status.activated_time = Some(time(self.now));
            self.enter(Step::Upgrading);
            return self.upgrade();
        }
        if self.is_cancel_wanted() && self.status.tries.is_none() {
            return self.keep_canceled();
        }
        let can_be_asked = !shows_role || tenant.role == "STANDBY";
        if self.since_step() > ACTIVATION_TIMEOUT && (self.was_tried() || !can_be_asked) {
            let last = self.status.cause.take().map(|cause| cause.message);
            return self.fail_kept(cause(
                "ActivationFailed",
                &format!(
                    "the tenant is restored but did not become a primary tenant within 10 minutes \
                     (it is {}; {}). The tenant is kept. Send ALTER SYSTEM ACTIVATE STANDBY \
                     manually",
                    tenant.role,
                    last.unwrap_or_else(|| "the database accepted the statement".to_owned())
                ),
            ));
        }
        if let Some(pause) = self.pause() {
            return self.render(&State::Activating, None, Next::At(pause));
        }
        let names = self.names();
        let effect = names.filter(|_| self.is_settled() && can_be_asked);
        let effect = effect.map(|(name, _)| Effect::Activate {
            tenant: name,
            tenant_id: tenant.id,
        });
        self.render(&State::Activating, effect, SHORT_RETRY)
    }

    /// Returns whether the target shows the role of its tenants.
    fn shows_role(&self) -> bool {
        let target = self.observed.target.as_ref();
        target.is_ok_and(|target| target.version.can(Capability::TenantRole))
    }

    pub(super) fn on_activate_answer(mut self, answer: &Answer) -> RecoveryDecision {
        match answer {
            // V4.0 does not show the role. The statement returns after the tenant is a primary
            // tenant, and a primary tenant accepts it too.
            Answer::Done if !self.shows_role() => {
                self.status.activated_time = Some(time(self.now));
                self.enter(Step::Upgrading);
                self.upgrade()
            }
            Answer::Done | Answer::AlreadySent => {
                self.status.cause = None;
                let next = self.count_try();
                self.render(&State::Activating, None, next)
            }
            Answer::Refused(failure) if failure.class == FailureClass::Permanent => {
                let refused = Cause::from(failure);
                self.fail_kept(Cause {
                    reason: "ActivationFailed".to_owned(),
                    message: format!(
                        "the tenant is restored and kept as a standby tenant; the database \
                         rejected its activation as a primary tenant: {}",
                        refused.message
                    ),
                    ..refused
                })
            }
            other => self.repeat(&State::Activating, other),
        }
    }

    /// Upgrades a tenant from an older version to the version of its cluster (V4 reference 5.4).
    pub(super) fn upgrade(mut self) -> RecoveryDecision {
        let tenant = match self.restored_tenant() {
            Ok(tenant) => tenant,
            Err(missing) => return self.without_tenant(missing, &State::Upgrading),
        };
        let Some(is_older) = self.is_older(tenant) else {
            return self.render(&State::Upgrading, None, SHORT_RETRY);
        };
        if !is_older {
            self.status.cause = None;
            return self.end(Outcome::Completed);
        }
        if self.is_cancel_wanted()
            && self.status.upgrade_time.is_none()
            && self.status.tries.is_none()
        {
            return self.keep_canceled();
        }
        let is_taken = self.status.upgrade_time.is_some();
        if self.since_step() > UPGRADE_TIMEOUT && (is_taken || self.was_tried()) {
            let last = self.status.cause.take().map(|cause| cause.message);
            return self.fail_kept(cause(
                "UpgradeFailed",
                &format!(
                    "the tenant is restored and a primary tenant, but its upgrade from version {} \
                     did not end within 30 minutes ({}). The tenant is kept. Send ALTER SYSTEM RUN \
                     UPGRADE JOB 'UPGRADE_ALL' TENANT = '{}' and check \
                     DBA_OB_CLUSTER_EVENT_HISTORY",
                    tenant.compatible.as_deref().unwrap_or("unknown"),
                    last.unwrap_or_else(|| "the database accepted the statement".to_owned()),
                    tenant.name,
                ),
            ));
        }
        if let Some(pause) = self.pause() {
            return self.render(&State::Upgrading, None, Next::At(pause));
        }
        let names = self.names();
        let is_open = !is_taken && self.is_settled();
        let effect = names.filter(|_| is_open).map(|(name, _)| Effect::Upgrade {
            tenant: name,
            tenant_id: tenant.id,
        });
        self.render(&State::Upgrading, effect, SHORT_RETRY)
    }

    pub(super) fn on_upgrade_answer(mut self, answer: &Answer) -> RecoveryDecision {
        match answer {
            Answer::Refused(failure) if failure.class != FailureClass::Permanent => {
                self.repeat(&State::Upgrading, answer)
            }
            Answer::Refused(failure) if failure.code != NOT_ALLOWED => {
                let refused = Cause::from(failure);
                self.fail_kept(Cause {
                    reason: "UpgradeFailed".to_owned(),
                    message: format!(
                        "the tenant is restored, is a primary tenant and is kept; the database \
                         rejected its upgrade to the version of the cluster: {}",
                        refused.message
                    ),
                    ..refused
                })
            }
            Answer::Done | Answer::Refused(_) => {
                self.status.cause = None;
                self.status.upgrade_time = Some(time(self.now));
                self.render(&State::Upgrading, None, SHORT_RETRY)
            }
            other => self.repeat(&State::Upgrading, other),
        }
    }

    /// Returns whether the tenant's data version is older than that of its cluster; `None` before
    /// both were read. Versions before V4.2 do not show it.
    fn is_older(&self, tenant: &Tenant) -> Option<bool> {
        let version = |text: &Option<String>| text.as_deref()?.parse::<Version>().ok();
        let target = self.observed.target.as_ref().ok()?;
        let restores = self.restores(target).ok()?;
        let of_both = version(&tenant.compatible).zip(version(&restores.data_version));
        Some(of_both.is_some_and(|(tenant, cluster)| tenant < cluster))
    }

    /// Returns the tenant that the recovery restored.
    pub(super) fn restored_tenant(&self) -> Result<&'a Tenant, MissingTenant<'a>> {
        let target = self
            .observed
            .target
            .as_ref()
            .map_err(MissingTenant::Unobserved)?;
        let tenant = target.tenant.as_deref();
        let tenant = tenant.filter(|tenant| Some(tenant.id) == self.job_tenant());
        tenant.ok_or(MissingTenant::NotThere {
            settled: target.settled,
        })
    }

    pub(super) fn without_tenant(
        self,
        missing: MissingTenant<'_>,
        state: &State,
    ) -> RecoveryDecision {
        match missing {
            MissingTenant::Unobserved(blocker) => self.unseen(blocker),
            // Views lag, and a restored tenant does not disappear within a minute.
            MissingTenant::NotThere { settled }
                if !settled || self.since_step() < SignedDuration::from_mins(1) =>
            {
                self.render(state, None, Next::After(Duration::from_secs(5)))
            }
            MissingTenant::NotThere { .. } => self.fail_kept(cause(
                "TenantDropped",
                "a user dropped the tenant after it was restored",
            )),
        }
    }

    /// Returns the time since the step started.
    pub(super) fn since_step(&self) -> SignedDuration {
        let began = self.status.step_time.as_ref().map_or(self.now, |at| at.0);
        began.duration_until(self.now)
    }

    fn was_tried(&self) -> bool {
        self.status.tries.unwrap_or_default() >= LEAST_TRIES
    }

    /// Fails after the restore: the tenant is kept, except by a verification.
    pub(super) fn fail_kept(self, cause: Cause) -> RecoveryDecision {
        if self.is_verification() {
            return self.fail(cause);
        }
        self.end_with(Outcome::Failed, cause)
    }

    /// Fails although the tenant was restored, and reports that the tenant exists.
    pub(super) fn fail_restored(self, before: Cause) -> RecoveryDecision {
        if self.is_verification() {
            return self.fail(before);
        }
        let message = format!(
            "{}. Tenant '{}' was restored before the operator could prevent it, and is kept as a \
             standby tenant. Drop it manually",
            before.message.trim_end_matches('.'),
            self.spec().target.tenant_name
        );
        let message = shortened(message, 4096);
        self.end_with(Outcome::Failed, Cause { message, ..before })
    }
}

/// Returns whether the tenant is a primary tenant and no switchover is active.
fn is_primary(tenant: &Tenant) -> bool {
    let switching = tenant.switchover_status.as_deref();
    tenant.role == "PRIMARY"
        && tenant.status == "NORMAL"
        && switching.is_none_or(|status| status == "NORMAL")
}
