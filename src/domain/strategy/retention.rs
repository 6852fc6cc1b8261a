//! Retention of backups: the delete policy of each tenant, as the strategy requires it.
//!
//! The database has no statement that changes a policy: a wrong policy is dropped, then the right
//! one is added. The current policy is read each time, so a crash between the two is repaired. The
//! status records what this strategy set. Anything else was set by another tool; it is reported and
//! left unchanged.

mod applied;
mod shrink;

use jiff::Timestamp;

use super::{Evaluation, MatchedTenants};
use crate::api::DriftPolicy;
use crate::api::condition::types::RETENTION_APPLIED;
use crate::api::retention::{Retention, RetentionPolicy};
use crate::domain::condition::{DesiredCondition, Status, desired_condition};
use crate::domain::retention::seconds;
use crate::domain::{Blocker, Next};
use crate::oceanbase::model::{Answer, DELETE_POLICY, Destinations, Tenant, TenantId, TenantName};

/// Maximum number of tenants whose policies the status records.
const MAX_POLICIES: usize = 1000;
const DAY: u64 = 24 * 60 * 60;

/// A statement about a tenant's delete policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyChange {
    /// Adds a policy.
    Add {
        /// The tenant.
        tenant: TenantName,
        /// Its id.
        tenant_id: TenantId,
        /// Its backup destinations.
        observed: Destinations,
        /// Length of the window in days.
        days: i32,
    },
    /// Drops the policy that has this window.
    Drop {
        /// The tenant.
        tenant: TenantName,
        /// Its id.
        tenant_id: TenantId,
        /// The window, as the view shows it.
        recovery_window: String,
    },
}

impl PolicyChange {
    pub(super) fn tenant_id(&self) -> TenantId {
        match self {
            Self::Add { tenant_id, .. } | Self::Drop { tenant_id, .. } => *tenant_id,
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Self::Add { .. } => "ADD DELETE BACKUP POLICY",
            Self::Drop { .. } => "DROP DELETE BACKUP POLICY",
        }
    }
}

/// State of a tenant's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PolicyState {
    /// As wanted.
    Applied,
    /// Another tool set it, or dropped the strategy's policy.
    Drifted(String),
    /// This statement is due.
    Due(PolicyChange),
}

/// Result of checking all tenants.
pub(super) struct RetentionView {
    pub(super) change: Option<PolicyChange>,
    pub(super) next: Next,
    pub(super) condition: DesiredCondition,
}

/// Returns the condition while the tenants are not known.
pub(super) fn unknown(retention: &Retention, blocker: &Blocker) -> DesiredCondition {
    match unmanaged(retention) {
        Some(condition) => condition,
        None => desired_condition(
            RETENTION_APPLIED,
            Status::Unknown,
            blocker.reason,
            &blocker.message,
        ),
    }
}

/// Returns the condition if no policy is to be applied.
fn unmanaged(retention: &Retention) -> Option<DesiredCondition> {
    (retention.policy == RetentionPolicy::Unmanaged).then(|| {
        desired_condition(
            RETENTION_APPLIED,
            true,
            "Unmanaged",
            "the database's policies are not changed",
        )
    })
}

impl Evaluation<'_> {
    /// Checks the policies of all tenants; at most one statement is due. A tenant whose statement
    /// failed or is not visible yet blocks no other. `answer` is the result of this pass's
    /// statement.
    pub(super) fn retention(
        &mut self,
        matched: &MatchedTenants,
        answer: Option<&Answer>,
    ) -> RetentionView {
        let retention = &self.strategy.spec.retention;
        if let Some(condition) = unmanaged(retention) {
            // Handed over: from now on the policies belong to the database.
            self.status.retention.clear();
            return RetentionView {
                change: None,
                next: Next::Await,
                condition,
            };
        }
        self.forget_policies(matched);
        let days = retention.recovery_window_days;
        if let Some(condition) = self.too_short(days) {
            return RetentionView {
                change: None,
                next: Next::Await,
                condition,
            };
        }
        let mut tally = PolicyCounts::default();
        let mut change = None;
        let mut next = Next::Await;
        for tenant in &matched.eligible {
            if self.is_in_flight(tenant) {
                tally.in_progress += 1;
                continue;
            }
            let stands = self.stands(tenant, days);
            if self.refusal(tenant).is_some() || self.has_logs_elsewhere(tenant) {
                self.forget_failures_of(tenant);
                // A policy that happens to be as wanted does not belong to the strategy there
                // either.
                if stands != PolicyState::Applied {
                    tally.elsewhere.push(tenant.name.clone());
                }
                continue;
            }
            match stands {
                PolicyState::Applied => {
                    self.forget_shrink(tenant);
                    self.record_applied(tenant, days);
                }
                PolicyState::Drifted(message) => {
                    self.forget_shrink(tenant);
                    // Nothing is retried there.
                    self.forget_failures_of(tenant);
                    tally.drifted.push(message);
                }
                PolicyState::Due(due) => match self.held(tenant, &due, days) {
                    RetainedItems::Shrinking(until) => {
                        tally.shrinking.push((tenant.name.clone(), until));
                        next = next.sooner(Next::At(until), self.now);
                    }
                    RetainedItems::Until(until) => next = next.sooner(Next::At(until), self.now),
                    RetainedItems::NotObservedYet => tally.in_progress += 1,
                    RetainedItems::No if !self.has_room(tenant) => tally.without_room += 1,
                    RetainedItems::No => {
                        tally.in_progress += 1;
                        change.get_or_insert(due);
                    }
                },
            }
        }
        if let Some(due) = &change {
            self.record_intent(due);
        }
        if let (Some(due), Some(answer)) = (&change, answer) {
            self.on_answer(due, answer);
            if let Some(until) = self.policy_paused_until(due) {
                next = next.sooner(Next::At(until), self.now);
            }
        }
        RetentionView {
            condition: self.retention_condition(matched, &tally),
            change,
            next,
        }
    }

    /// Returns the state of a tenant's policy.
    fn stands(&self, tenant: &Tenant, days: Option<i32>) -> PolicyState {
        let Some(name) = TenantName::parse(&tenant.name) else {
            return PolicyState::Applied;
        };
        let known = self.record(tenant.id);
        let enforced = self.strategy.spec.log_backup.drift_policy == DriftPolicy::Enforce;
        let add = |days| {
            PolicyState::Due(PolicyChange::Add {
                tenant: name.clone(),
                tenant_id: tenant.id,
                observed: Destinations::of(tenant),
                days,
            })
        };
        match (days, tenant.recovery_window()) {
            (Some(days), Some(shown)) if seconds(shown) == Some(window(days)) => other_name(tenant),
            (None, None) => other_name(tenant),
            (None, Some(shown)) if never_expires(shown) => other_name(tenant),
            (Some(days), None) => {
                let was_there = known.is_some_and(|known| {
                    known.applied_time.is_some()
                        && seconds(&known.recovery_window) == Some(window(days))
                });
                if was_there && !enforced {
                    return PolicyState::Drifted(format!(
                        "another tool dropped the delete policy of tenant {}: the database deletes \
                         nothing there, and the operator does not change this. Set the policy \
                         again (RECOVERY_WINDOW '{days}d'), or set `logBackup.drift` to Enforce",
                        tenant.name
                    ));
                }
                add(days)
            }
            (wanted, Some(shown)) => {
                if self.is_set_here(tenant, shown) || enforced {
                    return PolicyState::Due(PolicyChange::Drop {
                        tenant: name,
                        tenant_id: tenant.id,
                        recovery_window: shown.to_owned(),
                    });
                }
                let wanted = wanted.map_or("none".to_owned(), |days| format!("{days}d"));
                let by_whom = if self.manages_log_backup() {
                    ""
                } else {
                    ". With `logBackup.mode: Unmanaged`, an earlier strategy may have set it: no \
                     LogBackup records this"
                };
                PolicyState::Drifted(format!(
                    "tenant {} has the delete policy RECOVERY_WINDOW '{shown}', which this \
                     strategy did not set (it wants {wanted}) and does not change{by_whom}. Drop \
                     the policy in the database, or set `logBackup.drift` to Enforce",
                    tenant.name
                ))
            }
        }
    }

    fn held(&mut self, tenant: &Tenant, due: &PolicyChange, days: Option<i32>) -> RetainedItems {
        if let Some(until) = self.shrinks_at(tenant, due, days) {
            return RetainedItems::Shrinking(until);
        }
        if let Some(until) = self.policy_paused_until(due) {
            return RetainedItems::Until(until);
        }
        if self.observed.unsettled.contains(&due.tenant_id()) {
            return RetainedItems::NotObservedYet;
        }
        RetainedItems::No
    }

    fn retention_condition(
        &self,
        matched: &MatchedTenants,
        tally: &PolicyCounts,
    ) -> DesiredCondition {
        let not = |reason: &str, message: String| {
            desired_condition(RETENTION_APPLIED, false, reason, message)
        };
        let failed = matched.eligible.iter().find_map(|tenant| {
            let cause = self.record(tenant.id)?.cause.as_ref()?;
            Some((&tenant.name, cause))
        });
        if let Some((tenant, cause)) = failed {
            let message = format!(
                "the delete policy of tenant {tenant} cannot be set, and the operator retries: {}",
                cause.message
            );
            return not(&cause.reason, message);
        }
        if let Some(first) = tally.drifted.first() {
            let more = and_more(tally.drifted.len());
            return not("PolicyDrift", format!("{first}{more}"));
        }
        if let Some(tenant) = tally.elsewhere.first() {
            let message = format!(
                "the backups of tenant {tenant} go to another destination than the strategy's. The \
                 operator does not change its delete policy, which could delete them{}: see \
                 `status.tenants.failing`",
                and_more(tally.elsewhere.len())
            );
            return not("DestinationInUse", message);
        }
        if tally.without_room > 0 {
            let message = format!(
                "one strategy sets the policies of at most {MAX_POLICIES} tenants, and {} exceed \
                 this limit: divide them among several strategies",
                tally.without_room
            );
            return not("TooManyTenants", message);
        }
        if matched.eligible.is_empty() {
            let message = "this strategy has no tenant to back up now: see `status.tenants`";
            return desired_condition(RETENTION_APPLIED, Status::Unknown, "NoTenants", message);
        }
        if let Some(pending) = shrink::pending(tally) {
            return pending;
        }
        if tally.in_progress > 0 {
            let message = format!(
                "the policies of {} tenants are being set",
                tally.in_progress
            );
            return desired_condition(RETENTION_APPLIED, Status::Unknown, "Applying", message);
        }
        let message = "the database's policies are as `retention` requires";
        desired_condition(RETENTION_APPLIED, true, "Applied", message)
    }
}

/// Counts and lists of tenants whose policies are not as wanted.
#[derive(Default)]
struct PolicyCounts {
    drifted: Vec<String>,
    elsewhere: Vec<String>,
    in_progress: usize,
    without_room: usize,
    /// Tenants whose window becomes shorter, and when.
    shrinking: Vec<(String, Timestamp)>,
}

/// Returns a note on how many other tenants are affected, beside the named one.
fn and_more(all: usize) -> String {
    match all.saturating_sub(1) {
        0 => String::new(),
        more => format!("; the same applies to {more} more tenants"),
    }
}

/// Why a statement must wait, if it must.
enum RetainedItems {
    No,
    /// It deletes backups, and waits until this time.
    Shrinking(Timestamp),
    /// The last statement failed.
    Until(Timestamp),
    /// The effect of the last statement is not visible yet.
    NotObservedYet,
}

/// Checks for an additional policy under another name: it is not the strategy's, and it deletes
/// too.
fn other_name(tenant: &Tenant) -> PolicyState {
    let mut policies = tenant.policies.iter();
    match policies.find(|policy| policy.name != DELETE_POLICY) {
        None => PolicyState::Applied,
        Some(other) => PolicyState::Drifted(format!(
            "tenant {} also has the delete policy '{}', which this strategy did not set and never \
             changes. Drop it in the database if it is not intended",
            tenant.name, other.name
        )),
    }
}

fn window(days: i32) -> u64 {
    u64::try_from(days).unwrap_or(0) * DAY
}

/// Returns whether a policy of this window deletes nothing: RECOVERY_WINDOW unset or 0 never
/// expires.
fn never_expires(recovery_window: &str) -> bool {
    recovery_window.trim().is_empty() || seconds(recovery_window) == Some(0)
}
