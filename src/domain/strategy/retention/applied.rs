//! Status records of the delete policies that this strategy set.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Evaluation, MAX_POLICIES, MatchedTenants, PolicyChange, unmanaged};
use crate::api::Cause;
use crate::api::cause::MAX_BRIEF_MESSAGE_LENGTH;
use crate::api::retention::AppliedPolicy;
use crate::api::strategy::Inherited;
use crate::domain::backoff::AFTER_FAILURE;
use crate::domain::strategy::ObservedLogBackup;
use crate::domain::strategy::tenants::keeps;
use crate::domain::{accepted_statement, cause, shortened, time};
use crate::oceanbase::model::{Acceptance, Answer, Failure, FailureClass, Tenant, TenantId};

impl Evaluation<'_> {
    /// Records that the policy is as wanted. If none is wanted and none exists, the record says
    /// that everything is kept. The next policy then belongs to another tool, and setting the
    /// strategy's own would shorten retention.
    pub(super) fn record_applied(&mut self, tenant: &Tenant, days: Option<i32>) {
        let window = tenant.recovery_window().filter(|_| days.is_some());
        let window = window.unwrap_or_default();
        let now = self.now;
        if let Some(record) = self.record_mut(tenant.id) {
            window.clone_into(&mut record.recovery_window);
            record.applied_time.get_or_insert_with(|| time(now));
            record.taken = None;
            forget_failures(record);
        }
    }

    /// Records a statement before it is sent, so that its policy counts as this strategy's even
    /// after a crash.
    pub(in crate::domain::strategy) fn record_intent(&mut self, due: &PolicyChange) {
        let recovery_window = match due {
            PolicyChange::Add { days, .. } => format!("{days}d"),
            PolicyChange::Drop {
                recovery_window, ..
            } => recovery_window.clone(),
        };
        if let Some(record) = self.record_mut(due.tenant_id()) {
            record.recovery_window = recovery_window;
            record.applied_time = None;
        }
    }

    /// Removes the recorded failures of a tenant.
    pub(super) fn forget_failures_of(&mut self, tenant: &Tenant) {
        let mut records = self.status.retention.iter_mut();
        if let Some(record) = records.find(|record| record.tenant_id == tenant.id.0) {
            forget_failures(record);
        }
    }

    /// Records the result of a statement.
    pub(in crate::domain::strategy) fn on_answer(
        &mut self,
        change: &PolicyChange,
        answer: &Answer,
    ) {
        let now = self.now;
        let Some(record) = self.record_mut(change.tenant_id()) else {
            return;
        };
        match answer.acceptance() {
            // The next read of the views shows its effect, if any.
            Acceptance::Accepted => {
                forget_failures(record);
                accepted_statement::record(&mut record.taken, change.words(), now);
                if accepted_statement::is_reported(record.taken.as_ref()) {
                    record.cause = Some(brief(without_effect(change)));
                }
            }
            Acceptance::Refused(failure) => record_failure(record, failure, now),
            Acceptance::Unknown(why) => record_failure(
                record,
                &passing(
                    "OutcomeUnknown",
                    format!(
                        "it is not known whether the database accepted {} ({why}); the operator \
                         checks the views before it sends it again",
                        change.words()
                    ),
                ),
                now,
            ),
            Acceptance::NotSent(why) | Acceptance::Withheld(why) => record_failure(
                record,
                &passing(
                    "NotSent",
                    format!(
                        "{} was not sent ({why}); the operator retries",
                        change.words()
                    ),
                ),
                now,
            ),
        }
    }

    /// Returns whether the operator's statement about the tenant's policy is not visible yet. The
    /// views may still show the state before it.
    pub(in crate::domain::strategy) fn is_in_flight(&self, tenant: &Tenant) -> bool {
        let record = self.record(tenant.id);
        self.observed.unsettled.contains(&tenant.id)
            && record.is_some_and(|record| record.applied_time.is_none())
    }

    /// Returns until when a statement is not sent. Either the tenant's last statement failed, or
    /// this same statement showed no effect.
    pub(in crate::domain::strategy) fn policy_paused_until(
        &self,
        change: &PolicyChange,
    ) -> Option<Timestamp> {
        let record = self.record(change.tenant_id())?;
        let repeated_at =
            accepted_statement::repeated_at(record.taken.as_ref(), change.words(), self.now);
        paused(record, self.now).max(repeated_at)
    }

    /// Removes the policies of tenants that no longer belong to this strategy. Tenants that only
    /// cannot be backed up now keep theirs, as their policies continue to delete. After an edit of
    /// the strategy, it also removes failures: what failed before may now succeed.
    pub(super) fn forget_policies(&mut self, matched: &MatchedTenants) {
        let edited = self.strategy.status.observed_generation != Some(self.strategy.generation);
        let (name, rivals) = (self.strategy.name, &self.observed.rivals);
        let records = &mut self.status.retention;
        records.retain(|record| {
            let is_it = |tenant: &&Arc<Tenant>| tenant.id.0 == record.tenant_id;
            if matched.eligible.iter().any(|tenant| is_it(&tenant)) {
                return true;
            }
            let mut others = self.observed.database.iter().flatten();
            let other = others.find(is_it);
            other.is_some_and(|tenant| keeps(name, rivals, &tenant.name))
        });
        if edited {
            for record in records {
                record.taken = None;
                forget_failures(record);
            }
        }
    }

    /// Returns the record of a tenant's policy.
    pub(super) fn record(&self, tenant: TenantId) -> Option<&AppliedPolicy> {
        let mut records = self.status.retention.iter();
        records.find(|record| record.tenant_id == tenant.0)
    }

    /// Returns whether a strategy set this window for the tenant: this one, or the previous one,
    /// which passed it on.
    pub(super) fn is_set_here(&self, tenant: &Tenant, window: &str) -> bool {
        let record = self.record(tenant.id);
        let own = record.map(|record| record.recovery_window.as_str());
        let log_backup = self.index.log_backup_of(tenant);
        let log_backup = log_backup
            .filter(|log_backup| !self.observed.is_of_another(log_backup.database.as_ref()));
        let passed_on = log_backup.and_then(|log_backup| log_backup.inherited.as_ref());
        let passed_on = passed_on.and_then(|inherited| inherited.recovery_window.as_deref());
        !window.is_empty() && [own, passed_on].contains(&Some(window))
    }

    /// Returns whether, by this strategy's record, everything of the tenant was kept until now.
    pub(super) fn has_kept_all(&self, tenant: &Tenant) -> bool {
        self.record(tenant.id).is_some_and(|record| {
            record.applied_time.is_some() && record.recovery_window.is_empty()
        })
    }

    /// Returns the window to pass on to the tenant's next strategy. The log backup records it,
    /// because it outlives strategies.
    pub(in crate::domain::strategy) fn window_to_pass_on(
        &self,
        tenant: &Tenant,
        log_backup: &ObservedLogBackup,
        before: &Inherited,
    ) -> Option<String> {
        let is_asked = unmanaged(&self.strategy.spec.retention).is_none();
        // Handed over to the database, or dropped: the next policy belongs to another tool.
        if !is_asked || tenant.recovery_window().is_none() {
            return None;
        }
        let applied = |record: &&AppliedPolicy| {
            record.applied_time.is_some() && !record.recovery_window.is_empty()
        };
        let record = self.record(tenant.id).filter(applied);
        let own = record.map(|record| record.recovery_window.clone());
        let is_elsewhere = self.observed.is_of_another(log_backup.database.as_ref());
        own.or_else(|| before.recovery_window.clone().filter(|_| !is_elsewhere))
    }

    pub(super) fn has_room(&self, tenant: &Tenant) -> bool {
        self.record(tenant.id).is_some() || self.status.retention.len() < MAX_POLICIES
    }

    /// Returns the record of a tenant's policy; creates it if there is room.
    pub(super) fn record_mut(&mut self, tenant: TenantId) -> Option<&mut AppliedPolicy> {
        let records = &mut self.status.retention;
        let at = match records.binary_search_by_key(&tenant.0, |record| record.tenant_id) {
            Ok(at) => at,
            Err(_) if records.len() >= MAX_POLICIES => return None,
            Err(at) => {
                records.insert(
                    at,
                    AppliedPolicy {
                        tenant_id: tenant.0,
                        ..AppliedPolicy::default()
                    },
                );
                at
            }
        };
        records.get_mut(at)
    }
}

fn record_failure(record: &mut AppliedPolicy, failure: &Failure, now: Timestamp) {
    let failures = record.failures.unwrap_or(0).saturating_add(1);
    // Failures that only a user can fix are retried rarely.
    let least = if failure.class == FailureClass::Permanent {
        5
    } else {
        1
    };
    record.failures = Some(failures.max(least));
    record.last_failure_time = Some(time(now));
    record.cause = Some(brief(Cause::from(failure)));
}

/// Returns a failure that may pass. Without the pause after it, each read would send the statement
/// again.
fn passing(reason: &'static str, message: String) -> Failure {
    Failure {
        code: 0,
        reason,
        message,
        class: FailureClass::NotYet,
        passing: true,
    }
}

/// Shortens a cause to the size that the status has for each tenant.
fn brief(cause: Cause) -> Cause {
    Cause {
        message: shortened(cause.message, MAX_BRIEF_MESSAGE_LENGTH),
        ..cause
    }
}

fn without_effect(change: &PolicyChange) -> Cause {
    let message = format!(
        "the database accepted {} several times, but its views show no effect: check \
         CDB_OB_BACKUP_DELETE_POLICY",
        change.words()
    );
    cause("StatementIneffective", &message)
}

fn forget_failures(record: &mut AppliedPolicy) {
    record.failures = None;
    record.last_failure_time = None;
    record.cause = None;
}

/// Returns until when nothing is sent for a tenant, because its last statement failed.
fn paused(record: &AppliedPolicy, now: Timestamp) -> Option<Timestamp> {
    let failed_at = record.last_failure_time.as_ref()?.0;
    AFTER_FAILURE.until(failed_at, record.failures.unwrap_or(1), now)
}
