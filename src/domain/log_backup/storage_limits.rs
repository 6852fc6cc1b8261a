//! Limits of the storage. A new location is set with them. For a location in use, the tenant's own
//! account sets them, without affecting the round.
//!
//! The database shows the limits of each location. The operator compares them with the spec and
//! sends a statement until they match. `status.storageLimits` exists while the spec has limits, and
//! until earlier limits are removed. Limits that the operator did not set are left alone.

use jiff::Timestamp;

use super::retry::{REPORT_AFTER_ATTEMPTS, RetryState};
use super::{Effect, Evaluation, LogBackupDecision, STEP_TIMEOUT, archive, events};
use crate::api::log_backup::{PendingLocation, TenantLimits};
use crate::api::{Cause, DriftPolicy};
use crate::domain::tenant::ineligible;
use crate::domain::{Blocker, Next, cause};
use crate::oceanbase::model::{Answer, StorageLimits, Tenant, TenantName};

/// Maximum number of recorded locations whose limits the operator set.
const MAX_MANAGED_LOCATIONS: usize = 8;

const NOT_READABLE: &str = "the limits of destinations cannot be read from the database; the \
                            operator reads them again within minutes. Check that the account is \
                            allowed to read CDB_OB_BACKUP_STORAGE_INFO, with MAX_IOPS and \
                            MAX_BANDWIDTH";

/// Known state of the storage's limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedLimits {
    /// Limits that the storage's object requests.
    pub wanted: StorageLimits,
    /// The tenant's locations in the storage, without keys.
    pub locations: Vec<String>,
    /// Locations in the storage with limits in the database; `None` while they cannot be read.
    pub limited: Option<Vec<(String, StorageLimits)>>,
    /// Why the database cannot receive other limits, if so.
    pub blocker: Option<Blocker>,
}

/// Returns why a database of this version, or of a tenant without its own account, cannot receive
/// limits. Returns `None` if it can.
#[must_use]
pub fn limits_blocker(
    tenant: &str,
    version: &str,
    can: bool,
    has_account: bool,
) -> Option<Blocker> {
    if !can {
        return Some(Blocker::permanent(
            "UnsupportedServerVersion",
            format!(
                "`limits` of a BackupStorage are supported from OceanBase 4.3.5.2 and 4.4.2 on, \
                 and this is {version}: tenant {tenant} backs up without limits. Upgrade the \
                 database, or use a BackupStorage without `limits`"
            ),
        ));
    }
    (!has_account).then(|| {
        Blocker::permanent(
            "TenantAccountUnknown",
            format!(
                "the limits in the database differ from the BackupStorage, and only an account of \
                 tenant {tenant} can change them: name one in `tenantCredentials` of the \
                 OceanBaseCluster. Backups continue at the same speed"
            ),
        )
    })
}

impl ObservedLimits {
    /// Returns the limits that the database shows for a location; `None` while they cannot be read.
    fn current(&self, location: &str) -> Option<StorageLimits> {
        let limited = self.limited.as_ref()?;
        let found = limited.iter().find(|(limited, _)| limited == location);
        Some(found.map_or(StorageLimits::NONE, |(_, limits)| *limits))
    }

    fn is_asked_for(&self) -> bool {
        self.wanted != StorageLimits::NONE
    }
}

impl Evaluation<'_> {
    /// Records the requested limits and the limits of the locations.
    pub(super) fn record_limits(&mut self) {
        let Some(observed) = &self.observed.limits else {
            return;
        };
        if !observed.is_asked_for() && self.status.storage_limits.is_none() {
            return;
        }
        let limits = self.status.storage_limits.get_or_insert_default();
        record(limits, observed);
        if !observed.is_asked_for() && limits.pending.is_empty() {
            self.status.storage_limits = None;
        }
    }

    /// Returns the next statement for limits.
    pub(super) fn limit(&mut self, tenant: &Tenant) -> Option<Effect> {
        let observed = self.observed.limits.as_ref()?;
        let limits = self.status.storage_limits.as_mut()?;
        let enforces = self.object.spec.drift_policy == DriftPolicy::Enforce;
        let mut due = None;
        for pending in &mut limits.pending {
            let has_drifted = limits.locations.contains(&pending.location);
            if let Some(cause) = remaining_blocker(
                observed,
                tenant,
                &pending.location,
                has_drifted && !enforces,
            ) {
                RetryState::of_limits(pending).forget();
                (pending.taken, pending.cause) = (None, Some(cause));
                continue;
            }
            if pending.tries.is_none() {
                // The earlier blocker is resolved.
                pending.cause = None;
            }
            match RetryState::of_limits(pending).paused_until(self.now) {
                Some(until) => self.later = self.later.sooner(Next::At(until), self.now),
                None => {
                    due.get_or_insert((
                        pending.location.clone(),
                        has_drifted && pending.tries.is_none(),
                    ));
                }
            }
        }
        let (location, is_drift) = due.filter(|_| self.is_settled())?;
        let effect = Effect::Limit {
            tenant: TenantName::parse(&self.object.spec.tenant_name)?,
            location,
            limits: observed.wanted,
        };
        if is_drift {
            self.event = Some(events::correcting(&effect));
        }
        Some(effect)
    }

    /// Records the answer for the limits of one location. The next observation shows the effect.
    pub(super) fn on_limit_answer(
        mut self,
        tenant: &Tenant,
        location: &str,
        answer: &Answer,
    ) -> LogBackupDecision {
        let now = self.now;
        if let Some(limits) = &mut self.status.storage_limits {
            if matches!(answer, Answer::Done | Answer::Unknown(_)) {
                add(&mut limits.ours, location, MAX_MANAGED_LOCATIONS);
            }
            let mut pending = limits.pending.iter_mut();
            if let Some(pending) = pending.find(|pending| pending.location == location) {
                record_answer(pending, answer, now);
                if let Some(until) = RetryState::of_limits(pending).paused_until(now) {
                    self.later = self.later.sooner(Next::At(until), now);
                }
            }
        }
        let state = self.standing(tenant, archive(tenant));
        self.render(Some(tenant), &state, None, STEP_TIMEOUT)
    }
}

/// Records the requested limits, and the locations that have them.
fn record(limits: &mut TenantLimits, observed: &ObservedLimits) {
    let wanted = observed.wanted.to_string();
    for location in &observed.locations {
        let current = observed
            .current(location)
            .filter(|current| *current != StorageLimits::NONE);
        // The current or the previous limits of the spec.
        if current.is_some_and(|current| {
            current == observed.wanted || current.to_string() == limits.wanted
        }) {
            add(&mut limits.ours, location, MAX_MANAGED_LOCATIONS);
        }
    }
    limits.ours.retain(|location| {
        let is_here = observed.is_asked_for() && observed.locations.contains(location);
        is_here || observed.current(location) != Some(StorageLimits::NONE)
    });
    if limits.wanted != wanted {
        *limits = TenantLimits {
            wanted,
            ours: std::mem::take(&mut limits.ours),
            ..TenantLimits::default()
        };
    }
    limits
        .locations
        .retain(|location| observed.locations.contains(location));
    for location in &observed.locations {
        if observed.current(location) == Some(observed.wanted) {
            add(&mut limits.locations, location, observed.locations.len());
        }
    }
    let is_pending = |location: &&String| match observed.current(location) {
        Some(current) => current != observed.wanted,
        None => !limits.locations.contains(location),
    };
    let all = if observed.is_asked_for() {
        &observed.locations
    } else {
        &limits.ours
    };
    let pending = all.iter().filter(is_pending).map(|location| {
        let mut before = limits.pending.iter();
        let earlier = before.find(|pending| pending.location == *location);
        earlier.cloned().unwrap_or_else(|| PendingLocation {
            location: location.clone(),
            ..PendingLocation::default()
        })
    });
    limits.pending = pending.collect();
}

fn add(locations: &mut Vec<String>, location: &str, most: usize) {
    if locations.len() < most && !locations.iter().any(|listed| listed == location) {
        locations.push(location.to_owned());
    }
}

/// Returns why no statement is sent for a location now, apart from delays.
fn remaining_blocker(
    observed: &ObservedLimits,
    tenant: &Tenant,
    location: &str,
    stands: bool,
) -> Option<Cause> {
    let Some(current) = observed.current(location) else {
        return Some(cause("LimitsNotReadable", NOT_READABLE));
    };
    if stands {
        let message = format!(
            "another tool changed the limits of '{location}' in the database to {current} (0 means \
             no limit), and the operator does not change them back. Change `limits` of the \
             BackupStorage, or set `driftPolicy: Enforce` here"
        );
        return Some(cause("LimitsDrifted", &message));
    }
    let blocker = observed.blocker.clone().or_else(|| ineligible(tenant))?;
    Some(blocker.cause())
}

fn record_answer(pending: &mut PendingLocation, answer: &Answer, now: Timestamp) {
    let mut tries = RetryState::of_limits(pending);
    match answer {
        Answer::Refused(failure) => tries.record_failure(failure, now),
        Answer::Unknown(why) | Answer::NotSent(why) | Answer::Withheld(why) => {
            tries.record_unsent("the limits of the storage", why, now);
        }
        Answer::Done => {
            tries.record(now);
            let taken = pending.taken.unwrap_or(0).saturating_add(1);
            pending.taken = Some(taken);
            // This clears an earlier cause.
            pending.cause = (taken > REPORT_AFTER_ATTEMPTS).then(|| {
                let location = &pending.location;
                let message = format!(
                    "the database accepted the limits several times but does not show them for \
                     '{location}'; the operator repeats the statement. Check MAX_IOPS and \
                     MAX_BANDWIDTH in CDB_OB_BACKUP_STORAGE_INFO"
                );
                cause("LimitsNotEffective", &message)
            });
        }
        _ => {}
    }
}
