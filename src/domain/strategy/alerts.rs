//! Alerts of a strategy, with the console's names and lifecycle. An alert is generated once and
//! recovers when its cause ends. All active alerts are refreshed together every five minutes.
//! Recovered alerts are kept for a week.

mod rules;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::pending_objects::MESSAGE_LIMIT;
use super::{Evaluation, StrategyState};
use crate::api::alert::Alert;
use crate::domain::naming::fingerprint;
use crate::domain::{Next, shortened, time};

/// Maximum number of alerts in the status.
pub(super) const MAX_ALERTS: usize = 50;
/// Interval at which active alerts are refreshed.
const REFRESH_INTERVAL: SignedDuration = SignedDuration::from_mins(5);
/// How long an alert is kept after it recovered.
const ALERT_RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);
const ACTIVE: &str = "Active";

/// Kinds of alerts, in the console's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The last data backup of a tenant failed or did not start in time.
    BackupFailed,
    /// A data backup runs for too long.
    BackupTimeout,
    /// A tenant has had no successful data backup for too long.
    NoSuccess,
    /// Log backup lags too far behind.
    LogDelay,
    /// The last cleanup of a tenant's backups failed.
    CleanupFailed,
    /// The strategy's storage is above its threshold.
    StorageNearlyFull,
}

impl Kind {
    /// Returns the console's name. For cleanups, which the console does not alert on, it is the
    /// operator's own.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::BackupFailed => "base_backup_fail",
            Self::BackupTimeout => "base_backup_timeout",
            Self::NoSuccess => "base_backup_too_long_time_no_one_success_task",
            Self::LogDelay => "inc_backup_delay",
            Self::CleanupFailed => "backup_cleanup_fail",
            Self::StorageNearlyFull => "backup_storage_capacity_over_threshold",
        }
    }

    /// Returns the console's level, as of its V4.0.3.
    fn severity(self) -> &'static str {
        match self {
            Self::BackupFailed | Self::NoSuccess | Self::LogDelay => "Critical",
            Self::CleanupFailed | Self::StorageNearlyFull => "Warning",
            Self::BackupTimeout => "Caution",
        }
    }
}

/// Problems found in this pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct AlertCandidate {
    /// Problem and advice, by kind and by tenant or strategy.
    pub(super) wrong: BTreeMap<(Kind, String), String>,
    /// Kinds that cannot be evaluated now: their alerts stay unchanged.
    pub(super) unknown: Vec<Kind>,
    /// When a problem may begin without an event that triggers the strategy.
    pub(super) due: Vec<Timestamp>,
}

impl Evaluation<'_> {
    /// Updates the alerts; returns when to reconcile next.
    pub(super) fn alert(&mut self, standing: &StrategyState<'_>) -> Next {
        let found = match standing {
            StrategyState::Unchanged => return Next::Await,
            StrategyState::Blocked(_) => self.found(None),
            StrategyState::Planned(matched, ..) => self.found(Some(matched)),
        };
        let (alerts, active) = updated(&self.status.alerts, &found, self.now);
        self.status.alerts = alerts;
        self.status.alert_count = Some(i32::try_from(active).unwrap_or(i32::MAX));
        let again = self.status.alerts.iter().filter_map(next_change);
        let next = again.chain(found.due).filter(|at| *at > self.now).min();
        next.map_or(Next::Await, Next::At)
    }
}

/// Returns the current alerts, active ones first, and the number of active alerts. That number
/// includes alerts that do not fit.
pub(super) fn updated(
    known: &[Alert],
    found: &AlertCandidate,
    now: Timestamp,
) -> (Vec<Alert>, usize) {
    let mut wrong = found.wrong.clone();
    let is_unknown = |alert: &Alert| found.unknown.iter().any(|kind| kind.name() == alert.type_);
    let (mut active, mut recovered) = (Vec::new(), Vec::new());
    // Separate refresh times would cost one status write per alert.
    let is_due = known.iter().any(|alert| {
        let is_found = alert.status == ACTIVE && cause_of(alert, &wrong, now).is_some();
        is_found && !is_recent(alert, now)
    });
    for alert in known {
        let mut alert = alert.clone();
        let cause = cause_of(&alert, &wrong, now);
        match cause.and_then(|cause| wrong.remove(&cause)) {
            Some(message) => {
                if is_due || alert.status != ACTIVE {
                    find_again(&mut alert, message, now);
                }
                active.push(alert);
            }
            None if alert.status == ACTIVE && is_unknown(&alert) => active.push(alert),
            None => {
                if alert.status == ACTIVE {
                    "Recovered".clone_into(&mut alert.status);
                    alert.recovered_time = Some(time(now));
                }
                recovered.push(alert);
            }
        }
    }
    let fresh = wrong.into_iter();
    active.extend(fresh.map(|((kind, object), message)| generated(kind, object, message, now)));
    let count = active.len();
    // If not all fit, the oldest stay: otherwise alerts would keep appearing and disappearing.
    active.sort_by(|one, other| key(one).cmp(&key(other)));
    recovered.retain(|alert| forgotten_at(alert).is_none_or(|at| now < at));
    recovered.sort_by_key(|alert| Reverse(recovered_at(alert)));
    active.extend(recovered);
    active.truncate(MAX_ALERTS);
    (active, count)
}

/// Returns whether a cause found now belongs to this alert. The alert is active, or it recovered
/// within this second and a new alert would get the same id.
fn is_one(alert: &Alert, now: Timestamp) -> bool {
    alert.status == ACTIVE || alert.generated_time == Some(time(now))
}

/// Returns the current cause of an alert.
fn cause_of(
    alert: &Alert,
    wrong: &BTreeMap<(Kind, String), String>,
    now: Timestamp,
) -> Option<(Kind, String)> {
    let mut causes = wrong.keys();
    let found = causes.find(|(kind, object)| {
        kind.name() == alert.type_ && *object == alert.object && is_one(alert, now)
    });
    found.cloned()
}

/// Returns whether it was refreshed within the last five minutes.
fn is_recent(alert: &Alert, now: Timestamp) -> bool {
    alert.last_generated_time.as_ref().is_some_and(|last| {
        let age = last.0.duration_until(now);
        age >= SignedDuration::ZERO && age < REFRESH_INTERVAL
    })
}

/// Returns when active alerts were last refreshed.
pub(super) fn last_found(alerts: &[Alert]) -> Option<Time> {
    let active = alerts.iter().filter(|alert| alert.status == ACTIVE);
    active
        .filter_map(|alert| alert.last_generated_time.clone())
        .max()
}

fn find_again(alert: &mut Alert, message: String, now: Timestamp) {
    ACTIVE.clone_into(&mut alert.status);
    alert.recovered_time = None;
    alert.last_generated_time = Some(time(now));
    alert.message = shortened(message, MESSAGE_LIMIT);
}

fn generated(kind: Kind, object: String, message: String, now: Timestamp) -> Alert {
    let name = kind.name();
    Alert {
        id: fingerprint(&format!("{name}/{object}/{}", now.as_second())),
        type_: name.to_owned(),
        object,
        severity: kind.severity().to_owned(),
        status: ACTIVE.to_owned(),
        generated_time: Some(time(now)),
        last_generated_time: Some(time(now)),
        recovered_time: None,
        message: shortened(message, MESSAGE_LIMIT),
    }
}

fn key(alert: &Alert) -> (Option<Timestamp>, &str, &str) {
    let generated_at = alert.generated_time.as_ref().map(|at| at.0);
    (generated_at, &alert.type_, &alert.object)
}

fn recovered_at(alert: &Alert) -> Option<Timestamp> {
    alert.recovered_time.as_ref().map(|at| at.0)
}

fn forgotten_at(alert: &Alert) -> Option<Timestamp> {
    recovered_at(alert)?.saturating_add(ALERT_RETENTION).ok()
}

/// Returns when an alert changes without an event.
fn next_change(alert: &Alert) -> Option<Timestamp> {
    if alert.status == ACTIVE {
        let last = alert.last_generated_time.as_ref()?.0;
        last.saturating_add(REFRESH_INTERVAL).ok()
    } else {
        forgotten_at(alert)
    }
}
