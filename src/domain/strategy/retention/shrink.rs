//! Delay of shorter windows. A shorter window deletes backups, so it waits for a day in which the
//! user can still revert the edit. It is never set below the minimum in the operator's settings.

use jiff::{SignedDuration, Timestamp};

use super::{
    DesiredCondition, Evaluation, PolicyChange, PolicyCounts, Status, and_more, desired_condition,
    never_expires, window,
};
use crate::api::condition::types::RETENTION_APPLIED;
use crate::domain::retention::seconds;
use crate::domain::time;
use crate::oceanbase::model::Tenant;

/// Delay before a shorter window is set.
const SHRINK_DELAY: SignedDuration = SignedDuration::from_hours(24);

impl Evaluation<'_> {
    /// Returns the condition for a window that is too short to be set.
    pub(super) fn too_short(&self, days: Option<i32>) -> Option<DesiredCondition> {
        let least = self.observed.least_window_days;
        let days = days.filter(|days| *days < least)?;
        Some(desired_condition(
            RETENTION_APPLIED,
            false,
            "BelowMinRecoveryWindow",
            format!(
                "the operator sets no window below {least} days (`--min-recovery-window-days`), \
                 but this one has {days}: the database's policies are not changed. Set \
                 `retention.recoveryWindowDays` to {least} or more"
            ),
        ))
    }

    /// Returns until when a change waits because it shrinks the window; records since when it is
    /// wanted.
    pub(super) fn shrinks_at(
        &mut self,
        tenant: &Tenant,
        due: &PolicyChange,
        days: Option<i32>,
    ) -> Option<Timestamp> {
        let days = days?;
        let is_shorter = match (due, tenant.recovery_window()) {
            (PolicyChange::Drop { .. }, Some(shown)) => {
                never_expires(shown) || seconds(shown).is_none_or(|shown| window(days) < shown)
            }
            // Between DROP and ADD the views show no policy: the wait is over.
            (PolicyChange::Add { .. }, None) if self.has_kept_all(tenant) => true,
            _ => return None,
        };
        if !is_shorter {
            self.forget_shrink(tenant);
            return None;
        }
        let now = self.now;
        let known = self.record_mut(tenant.id)?;
        if known.shrink_days != Some(days) {
            known.shrink_days = Some(days);
            known.shrink_wanted_time = Some(time(now));
        }
        let since = known.shrink_wanted_time.get_or_insert_with(|| time(now)).0;
        let until = since.saturating_add(SHRINK_DELAY).ok()?;
        (now < until).then_some(until)
    }

    /// Removes the record of a wanted shorter window.
    pub(super) fn forget_shrink(&mut self, tenant: &Tenant) {
        let mut known = self.status.retention.iter_mut();
        if let Some(known) = known.find(|known| known.tenant_id == tenant.id.0) {
            known.shrink_days = None;
            known.shrink_wanted_time = None;
        }
    }
}

/// Returns the condition while shorter windows wait.
pub(super) fn pending(tally: &PolicyCounts) -> Option<DesiredCondition> {
    let (tenant, until) = tally.shrinking.first()?;
    let message = format!(
        "the window of tenant {tenant} becomes shorter, which deletes backups: the operator sets \
         it at {until}{}. To keep the backups, revert the edit of `retention`",
        and_more(tally.shrinking.len())
    );
    Some(desired_condition(
        RETENTION_APPLIED,
        Status::Unknown,
        "RetentionShrinkPending",
        message,
    ))
}
