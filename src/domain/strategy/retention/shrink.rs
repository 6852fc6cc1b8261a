//! A window that shrinks deletes backups: it waits for a day, in which whoever meant something else can
//! still say so; and it is never set shorter than the operator's own settings allow.

use jiff::{SignedDuration, Timestamp};

use super::{
    DesiredCondition, Evaluation, PolicyChange, PolicyCounts, Status, and_more, never_expires,
    wanted, window,
};
use crate::api::condition::types::RETENTION_APPLIED;
use crate::domain::retention::seconds;
use crate::domain::time;
use crate::oceanbase::model::Tenant;

/// How long a shorter window waits.
const SHRINK_DELAY: SignedDuration = SignedDuration::from_hours(24);

impl Evaluation<'_> {
    /// Why the window is too short to be set at all.
    pub(super) fn too_short(&self, days: Option<i32>) -> Option<DesiredCondition> {
        let least = self.observed.least_window_days;
        let days = days.filter(|days| *days < least)?;
        Some(wanted(
            RETENTION_APPLIED,
            false,
            "BelowMinRecoveryWindow",
            format!(
                "the operator sets no window below {least} days (`--min-recovery-window-days`), and \
                 this one has {days}: the database's policies are left as they are. Set \
                 `retention.recoveryWindowDays` to {least} at least"
            ),
        ))
    }

    /// Until when a change waits because it shrinks the window; notes since when it is wanted.
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
            // Between DROP and ADD nothing is shown any more: the wait is over.
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

    /// Forgets that a shorter window was wanted.
    pub(super) fn forget_shrink(&mut self, tenant: &Tenant) {
        let mut known = self.status.retention.iter_mut();
        if let Some(known) = known.find(|known| known.tenant_id == tenant.id.0) {
            known.shrink_days = None;
            known.shrink_wanted_time = None;
        }
    }
}

/// What is said while windows wait.
pub(super) fn pending(tally: &PolicyCounts) -> Option<DesiredCondition> {
    let (tenant, until) = tally.shrinking.first()?;
    let message = format!(
        "the window of tenant {tenant} becomes shorter, which deletes backups: it is set at {until}{}. \
         Take the edit of `retention` back to keep them",
        and_more(tally.shrinking.len())
    );
    Some(wanted(
        RETENTION_APPLIED,
        Status::Unknown,
        "RetentionShrinkPending",
        message,
    ))
}
