//! Verification by recovery: the strategy's tenants are restored in turn, each by its own
//! RecoveryTask. The task runs the checks and drops what it created.
//!
//! ```text
//! slot due ──> status.verification.open ──> RecoveryTask (named by tenant and slot: created once)
//!                                                └── ended ──> status.verification.tenants
//! ```

mod due;
mod status;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Effect, Evaluation, MatchedTenants};
use crate::api::recovery_task::{
    FailurePolicy, RecoveryMode, Source, Target, TargetRole, TargetType, TenantSource, Until,
    UntilType,
};
use crate::api::verification::{
    OpenVerification, Verification, VerificationSettings, VerificationStatus,
};
use crate::api::{Cause, RecoveryTaskSpec};
use crate::domain::children::ApplyOutcome;
use crate::domain::naming::{self, fingerprint};
use crate::domain::{Event, Next, shortened, time};
use crate::oceanbase::model::{CheckQuery, Tenant, TenantId};
use due::{DueSlot, Times};
pub(super) use status::{failed, overdue};

/// Longest name of a tenant that is created.
const NAME_LIMIT: usize = 63;
/// Delay before a retry of a RecoveryTask that could not be created.
const RETRY_INTERVAL: Next = Next::After(Duration::from_secs(10));

/// A RecoveryTask that this strategy created.
#[derive(Clone, Debug)]
pub struct ObservedVerification {
    /// Its name.
    pub name: String,
    /// Its uid and its resourceVersion.
    pub version: (String, String),
    /// Tenant that it restores.
    pub tenant_name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether it is being deleted, and a finalizer holds it.
    pub deleting: bool,
    /// Its outcome, once it has ended.
    pub outcome: Option<String>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Seconds until the restored tenant was readable.
    pub rto_seconds: Option<i64>,
    /// Point that was restored.
    pub restore_time: Option<String>,
    /// Why it ended with this outcome.
    pub cause: Option<Cause>,
}

/// Next step for verifications.
pub(super) struct VerificationPlan {
    pub(super) effect: Option<Effect>,
    pub(super) next: Next,
}

impl VerificationPlan {
    fn nothing(next: Next) -> Self {
        Self { effect: None, next }
    }
}

impl Evaluation<'_> {
    /// Updates the recorded verifications, and returns what to create next. `created` is the result
    /// of this pass's effect.
    pub(super) fn verify(
        &mut self,
        matched: &MatchedTenants,
        created: Option<&ApplyOutcome>,
    ) -> VerificationPlan {
        let strategy = self.strategy;
        let Some(settings) = &strategy.spec.verification else {
            self.status.verification = None;
            return VerificationPlan::nothing(Next::Await);
        };
        let now = self.now;
        let verification = self.status.verification.get_or_insert_default();
        verification.since_time.get_or_insert_with(|| time(now));
        self.record_verification(settings, matched);
        self.close_verification(created);
        let times = Times::parse(settings, &strategy.spec.schedule.time_zone);
        let times = match askable(settings).and(times) {
            Ok(times) => times,
            Err(error) => {
                self.verification_refused = Some(error);
                return VerificationPlan::nothing(Next::Await);
            }
        };
        let verification = self.status.verification.get_or_insert_default();
        verification.next_time = None;
        if strategy.spec.suspend {
            return VerificationPlan::nothing(Next::Await);
        }
        times.anchor(verification, settings, now);
        let coming = times.next_after(now);
        verification.next_time = coming.map(|at| times.format(at));
        let next = coming.map_or(Next::Await, Next::At);
        if created.is_some() {
            // The next pass does the rest.
            let is_open = self.open_verification().is_some();
            let next = if is_open {
                next.sooner(RETRY_INTERVAL, now)
            } else {
                next
            };
            return VerificationPlan::nothing(next);
        }
        self.open_due_verification(settings, matched, &times);
        let effect = self.create_verification(settings);
        let effect = effect.or_else(|| self.forget_verifications());
        VerificationPlan { effect, next }
    }

    fn open_verification(&self) -> Option<&OpenVerification> {
        self.status.verification.as_ref()?.open.as_ref()
    }

    /// Closes the open verification once its RecoveryTask is visible or cannot be created. Creation
    /// alone is not enough: until the task is visible, it does not block the next one.
    fn close_verification(&mut self, created: Option<&ApplyOutcome>) {
        let Some(open) = self.open_verification().cloned() else {
            return;
        };
        let name = &open.task_name;
        let is_observed = self
            .observed
            .verifications
            .iter()
            .any(|observed| observed.name == *name);
        let is_created = created.is_some_and(|created| created.owned.contains(name));
        let is_taken = created.is_some_and(|created| created.foreign.contains(name));
        let is_late = self.now > open.not_after_time.0;
        if !(is_observed || is_taken || is_late) {
            return;
        }
        if !is_observed && !is_created {
            let why = if is_taken {
                "another RecoveryTask of this name exists: delete that object, or create it again \
                 with another name"
            } else {
                "the operator could not create it in time"
            };
            self.event = Some(Event {
                warning: true,
                reason: "VerificationMissed",
                message: format!("RecoveryTask '{name}' was not created: {why}"),
            });
        }
        let verification = self.status.verification.get_or_insert_default();
        verification.open = None;
    }

    /// Opens the due slot for the tenant whose turn it is.
    fn open_due_verification(
        &mut self,
        settings: &VerificationSettings,
        matched: &MatchedTenants,
        times: &Times,
    ) {
        let tenants = self.to_verify(settings, matched);
        let verification = self.status.verification.get_or_insert_default();
        let Some(due) = times.due(verification, tenants.len(), self.now) else {
            return;
        };
        let is_running = verification.open.is_some()
            || self
                .observed
                .verifications
                .iter()
                .any(|observed| observed.outcome.is_none());
        if is_running {
            if due.is_left_out_while_busy {
                verification.last_slot_time = Some(time(due.slot));
                verification.slot_tenants = Some(0);
            }
            return;
        }
        let last = verification.last_tenant.as_deref();
        let later = tenants
            .iter()
            .find(|tenant| last.is_none_or(|last| *tenant.name > *last));
        let Some(tenant) = later.or(tenants.first()) else {
            return;
        };
        open(verification, self.strategy.name, tenant, &due);
    }

    /// Returns the tenants that can be verified, by name.
    fn to_verify(
        &self,
        settings: &VerificationSettings,
        matched: &MatchedTenants,
    ) -> Vec<Arc<Tenant>> {
        let eligible = matched.eligible.iter();
        let mut tenants: Vec<_> = eligible
            .filter(|tenant| is_wanted(settings, &tenant.name))
            .filter(|tenant| self.observed.with_full_backup.contains(&tenant.id))
            .map(Arc::clone)
            .collect();
        tenants.sort_by(|one, other| one.name.cmp(&other.name));
        tenants
    }

    fn create_verification(&self, settings: &VerificationSettings) -> Option<Effect> {
        let open = self.open_verification()?;
        let key = format!("{}/{}", self.strategy.uid, open.task_name);
        let target = &settings.target;
        let spec = RecoveryTaskSpec {
            source: Source {
                tenant: Some(TenantSource {
                    cluster_ref: self.strategy.spec.cluster_ref.clone(),
                    tenant_name: open.tenant_name.clone(),
                    tenant_id: Some(open.tenant_id),
                }),
                storage: None,
            },
            until: Until {
                type_: UntilType::Latest,
                time: None,
                scn: None,
            },
            target: Target {
                type_: TargetType::NewTenant,
                cluster_ref: target.cluster_ref.clone(),
                role: TargetRole::Standby,
                tenant_name: scratch_name(&target.tenant_name_prefix, &open.tenant_name, &key),
                resources: target.resources.clone(),
                primary_zone: None,
                locality: None,
                concurrency: None,
            },
            objects: None,
            verification: Some(Verification {
                checks: settings.checks.clone(),
                credentials: settings.credentials.clone(),
            }),
            mode: RecoveryMode::Recover,
            decryption_secret_refs: settings.decryption_secret_refs.clone(),
            failure_policy: FailurePolicy::CleanUp,
            not_after_time: Some(open.not_after_time.clone()),
            active_deadline_seconds: None,
            idempotency_key: Some(key),
            ttl_seconds_after_finished: None,
            cancel: None,
        };
        Some(Effect::MakeVerification(
            open.task_name.clone(),
            Box::new(spec),
        ))
    }

    /// Returns an effect that deletes ended RecoveryTasks beyond the history limits.
    fn forget_verifications(&self) -> Option<Effect> {
        let limits = &self.strategy.spec.task_history_limits;
        let mut outdated = Vec::new();
        for (good, limit) in [(true, limits.successful), (false, limits.failed.max(1))] {
            let ended = self.observed.verifications.iter().filter(|observed| {
                let outcome = observed.outcome.as_deref();
                outcome.is_some_and(|outcome| (outcome == "Completed") == good)
            });
            let mut ended: Vec<_> = ended.filter(|observed| !observed.deleting).collect();
            ended.sort_by_key(|observed| std::cmp::Reverse(observed.completed_at));
            let beyond = ended.into_iter().skip(usize::try_from(limit).unwrap_or(1));
            outdated
                .extend(beyond.map(|observed| (observed.name.clone(), observed.version.clone())));
        }
        (!outdated.is_empty()).then_some(Effect::DeleteVerifications(outdated))
    }
}

/// Why nothing can be verified: the reason and the message.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// Checks that the check statements are valid. The RecoveryTasks report any other problem.
fn askable(settings: &VerificationSettings) -> Result<(), Refused> {
    for check in &settings.checks {
        if let Err(problem) = CheckQuery::parse(&check.sql) {
            return Err(Refused {
                reason: "InvalidCheck",
                message: format!(
                    "`sql` of check '{}' cannot be run: {problem}; correct it",
                    shortened(check.name.clone(), NAME_LIMIT)
                ),
            });
        }
    }
    Ok(())
}

fn is_wanted(settings: &VerificationSettings, tenant: &str) -> bool {
    settings.tenants.is_empty() || settings.tenants.iter().any(|name| name == tenant)
}

fn open(verification: &mut VerificationStatus, strategy: &str, tenant: &Tenant, due: &DueSlot) {
    let slot = time(due.slot);
    let is_same = verification.last_slot_time.as_ref() == Some(&slot);
    let before = verification
        .slot_tenants
        .filter(|_| is_same)
        .unwrap_or_default();
    verification.slot_tenants = Some(before.saturating_add(1));
    verification.last_slot_time = Some(slot.clone());
    verification.last_tenant = Some(tenant.name.clone());
    verification.open = Some(OpenVerification {
        slot,
        not_after_time: time(due.until),
        tenant_name: tenant.name.clone(),
        tenant_id: tenant.id.0,
        task_name: naming::verification(strategy, TenantId(tenant.id.0), due.slot),
    });
}

/// Returns the name of the created tenant: prefix, tenant name, and a fingerprint of the request.
fn scratch_name(prefix: &str, tenant: &str, key: &str) -> String {
    let print = fingerprint(key);
    let room = NAME_LIMIT.saturating_sub(prefix.len() + print.len() + 1);
    let tenant: String = tenant.chars().take(room).collect();
    format!("{prefix}{tenant}_{print}")
}
