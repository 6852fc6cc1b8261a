//! What the status keeps of the policies that were set here.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Evaluation, MAX_POLICIES, MatchedTenants, PolicyChange, unasked};
use crate::api::Cause;
use crate::api::retention::AppliedPolicy;
use crate::api::strategy::Inherited;
use crate::domain::backoff::Backoff;
use crate::domain::strategy::ObservedLogBackup;
use crate::domain::strategy::tenants::keeps;
use crate::domain::{accepted_statement, cause, shortened, time};
use crate::oceanbase::model::{Answer, Failure, FailureClass, Tenant, TenantId};

/// Longest message that is kept of each tenant, in bytes.
const MESSAGE_LIMIT: usize = 256;
/// The pauses after a statement that failed.
const BACKOFF: Backoff = Backoff::new(SignedDuration::from_secs(5), SignedDuration::from_mins(5));

impl Evaluation<'_> {
    /// Notes that the policy is as it is wanted. Where none is wanted and none is there, that everything
    /// is kept: the next policy is somebody else's, and one of ours would shorten what is kept.
    pub(super) fn record_applied(&mut self, tenant: &Tenant, days: Option<i32>) {
        let shown = tenant.recovery_window().filter(|_| days.is_some());
        let shown = shown.unwrap_or_default();
        let now = self.now;
        if let Some(known) = self.record_mut(tenant.id) {
            shown.clone_into(&mut known.recovery_window);
            known.applied_time.get_or_insert_with(|| time(now));
            known.taken = None;
            forget_failures(known);
        }
    }

    /// Notes what is about to be sent, before it is: what was sent here is known to be ours
    /// whatever happens.
    pub(in crate::domain::strategy) fn record_intent(&mut self, due: &PolicyChange) {
        let recovery_window = match due {
            PolicyChange::Add { days, .. } => format!("{days}d"),
            PolicyChange::Drop {
                recovery_window, ..
            } => recovery_window.clone(),
        };
        if let Some(known) = self.record_mut(due.tenant_id()) {
            known.recovery_window = recovery_window;
            known.applied_time = None;
        }
    }

    /// Forgets what failed for a tenant.
    pub(super) fn forget_failures_of(&mut self, tenant: &Tenant) {
        let mut known = self.status.retention.iter_mut();
        if let Some(known) = known.find(|known| known.tenant_id == tenant.id.0) {
            forget_failures(known);
        }
    }

    /// Takes in what became of a statement.
    pub(in crate::domain::strategy) fn on_answer(
        &mut self,
        change: &PolicyChange,
        answer: &Answer,
    ) {
        let now = self.now;
        let Some(known) = self.record_mut(change.tenant_id()) else {
            return;
        };
        match answer {
            // The next look shows what it did, if anything.
            Answer::Done
            | Answer::AlreadySent
            | Answer::Ended(_)
            | Answer::Restore(_)
            | Answer::Preview(_)
            | Answer::Checked(_)
            | Answer::HandedOver => {
                forget_failures(known);
                accepted_statement::record(&mut known.taken, change.words(), now);
                if accepted_statement::is_reported(known.taken.as_ref()) {
                    known.cause = Some(without_effect(change));
                }
            }
            Answer::Refused(failure) => record_failure(known, failure, now),
            Answer::Unknown(why) => record_failure(
                known,
                &passing(
                    "OutcomeUnknown",
                    format!(
                        "whether the database took {} is not known ({why}); its views are looked \
                         at before it is sent again",
                        change.words()
                    ),
                ),
                now,
            ),
            Answer::NotSent(why) | Answer::Withheld(why) => record_failure(
                known,
                &passing(
                    "NotSent",
                    format!("{} was not sent ({why}); it is tried again", change.words()),
                ),
                now,
            ),
        }
    }

    /// Whether a statement of ours about the tenant's policy is not seen yet. What is shown may
    /// be as it was before it.
    pub(in crate::domain::strategy) fn is_in_flight(&self, tenant: &Tenant) -> bool {
        let known = self.record(tenant.id);
        self.observed.unsettled.contains(&tenant.id)
            && known.is_some_and(|known| known.applied_time.is_none())
    }

    /// Until when a statement is not sent: the tenant's last one failed, or it was this one and
    /// showed no effect.
    pub(in crate::domain::strategy) fn policy_paused_until(
        &self,
        change: &PolicyChange,
    ) -> Option<Timestamp> {
        let known = self.record(change.tenant_id())?;
        let repeated_at =
            accepted_statement::repeated_at(known.taken.as_ref(), change.words(), self.now);
        paused(known, self.now).max(repeated_at)
    }

    /// Forgets the policies of tenants that are not this strategy's any more, but not of those that only
    /// can not be backed up now: theirs go on deleting. Forgets failures, where
    /// somebody has edited the strategy: what failed before may go well now.
    pub(super) fn forget_policies(&mut self, matched: &MatchedTenants) {
        let edited = self.strategy.status.observed_generation != Some(self.strategy.generation);
        let (name, rivals) = (self.strategy.name, &self.observed.rivals);
        let known = &mut self.status.retention;
        known.retain(|known| {
            let is_it = |tenant: &&Arc<Tenant>| tenant.id.0 == known.tenant_id;
            if matched.eligible.iter().any(|tenant| is_it(&tenant)) {
                return true;
            }
            let mut others = self.observed.database.iter().flatten();
            let other = others.find(is_it);
            other.is_some_and(|tenant| keeps(name, rivals, &tenant.name))
        });
        if edited {
            for known in known {
                known.taken = None;
                forget_failures(known);
            }
        }
    }

    /// What is known of a tenant's policy.
    pub(super) fn record(&self, tenant: TenantId) -> Option<&AppliedPolicy> {
        let mut known = self.status.retention.iter();
        known.find(|known| known.tenant_id == tenant.0)
    }

    /// Whether a strategy has set this window for the tenant: this one, or the one before it, which
    /// has passed it on.
    pub(super) fn is_set_here(&self, tenant: &Tenant, shown: &str) -> bool {
        let known = self.record(tenant.id);
        let known = known.map(|known| known.recovery_window.as_str());
        let log_backup = self.index.log_backup_of(tenant);
        let log_backup = log_backup.filter(|it| !self.observed.is_of_another(it.database.as_ref()));
        let passed_on = log_backup.and_then(|known| known.inherited.as_ref());
        let passed_on = passed_on.and_then(|inherited| inherited.recovery_window.as_deref());
        !shown.is_empty() && [known, passed_on].contains(&Some(shown))
    }

    /// Whether everything of the tenant was kept until now, as this strategy has said.
    pub(super) fn has_kept_all(&self, tenant: &Tenant) -> bool {
        self.record(tenant.id)
            .is_some_and(|known| known.applied_time.is_some() && known.recovery_window.is_empty())
    }

    /// What the next strategy of the tenant is to know of its policy. It stands in the log backup,
    /// which outlives strategies.
    pub(in crate::domain::strategy) fn window_to_pass_on(
        &self,
        tenant: &Tenant,
        log_backup: &ObservedLogBackup,
        before: &Inherited,
    ) -> Option<String> {
        let is_asked = unasked(self.strategy.spec.retention.as_ref()).is_none();
        // Handed over to the database, or taken away: the next one is somebody else's.
        if !is_asked || tenant.recovery_window().is_none() {
            return None;
        }
        let applied = |known: &&AppliedPolicy| {
            known.applied_time.is_some() && !known.recovery_window.is_empty()
        };
        let known = self.record(tenant.id).filter(applied);
        let known = known.map(|known| known.recovery_window.clone());
        let is_elsewhere = self.observed.is_of_another(log_backup.database.as_ref());
        known.or_else(|| before.recovery_window.clone().filter(|_| !is_elsewhere))
    }

    pub(super) fn has_room(&self, tenant: &Tenant) -> bool {
        self.record(tenant.id).is_some() || self.status.retention.len() < MAX_POLICIES
    }

    /// What is known of a tenant's policy; made where there is room.
    pub(super) fn record_mut(&mut self, tenant: TenantId) -> Option<&mut AppliedPolicy> {
        let known = &mut self.status.retention;
        let at = match known.binary_search_by_key(&tenant.0, |known| known.tenant_id) {
            Ok(at) => at,
            Err(_) if known.len() >= MAX_POLICIES => return None,
            Err(at) => {
                known.insert(
                    at,
                    AppliedPolicy {
                        tenant_id: tenant.0,
                        ..AppliedPolicy::default()
                    },
                );
                at
            }
        };
        known.get_mut(at)
    }
}

fn record_failure(known: &mut AppliedPolicy, failure: &Failure, now: Timestamp) {
    let failures = known.failures.unwrap_or(0).saturating_add(1);
    // What only a person can mend is tried rarely.
    let least = if failure.class == FailureClass::Permanent {
        5
    } else {
        1
    };
    known.failures = Some(failures.max(least));
    known.last_failure_time = Some(time(now));
    let mut cause = Cause::from(failure);
    cause.message = shortened(cause.message, MESSAGE_LIMIT);
    known.cause = Some(cause);
}

/// What may go well the next time. Without a pause after it each read would send again.
fn passing(reason: &'static str, message: String) -> Failure {
    Failure {
        code: 0,
        reason,
        message,
        class: FailureClass::NotYet,
        passing: true,
    }
}

fn without_effect(change: &PolicyChange) -> Cause {
    let message = format!(
        "the database has accepted_statement {} several times, and its views show no effect: compare \
         CDB_OB_BACKUP_DELETE_POLICY",
        change.words()
    );
    cause("StatementWithoutEffect", &message)
}

fn forget_failures(known: &mut AppliedPolicy) {
    known.failures = None;
    known.last_failure_time = None;
    known.cause = None;
}

/// Until when nothing is sent for a tenant, because its last statement failed.
fn paused(known: &AppliedPolicy, now: Timestamp) -> Option<Timestamp> {
    let failed_at = known.last_failure_time.as_ref()?.0;
    BACKOFF.until(failed_at, known.failures.unwrap_or(1), now)
}
