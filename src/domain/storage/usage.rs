//! Size of a storage's contents, and whether it exceeds the alert threshold (console S71).
//!
//! Sizes change all the time. They are written after a change of at least one percent if the shown
//! values are five minutes old. They are also written when they cross the threshold, and once a
//! day.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::Observation;
use crate::api::condition::types::WITHIN_CAPACITY;
use crate::api::storage::{StorageSummary, TrendPoint};
use crate::api::{BackupStorageSpec, BackupStorageStatus, Quantity};
use crate::domain::condition::{DesiredCondition, Status, desired_condition, turned};
use crate::domain::{Event, shortened, time};

/// Number of days to keep.
const MAX_USAGE_SAMPLES: usize = 90;
const STORAGE_NEARLY_FULL: &str = "StorageNearlyFull";
const STORAGE_BELOW_THRESHOLD: &str = "StorageBelowThreshold";

/// Size of a storage's contents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes of data backups.
    pub data_bytes: i64,
    /// Bytes of archived logs.
    pub log_bytes: i64,
}

/// Capacity of a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Capacity as the spec gives it.
    pub quantity: Quantity,
    /// Percentage from which the operator reports it.
    pub alert_percent: i32,
}

impl Figures {
    /// Returns the sum of all bytes.
    #[must_use]
    pub fn total(self) -> i64 {
        self.data_bytes.saturating_add(self.log_bytes)
    }
}

/// Returns bytes in readable form: `1.4 TiB`.
#[must_use]
pub fn bytes_text(bytes: i64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let (mut unit, mut divisor) = (0, 1_i64);
    while bytes / divisor >= 1024 && unit + 1 < UNITS.len() {
        divisor *= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    let (whole, rest) = (bytes / divisor, bytes % divisor);
    if unit == 0 || whole >= 100 {
        return format!("{whole} {name}");
    }
    let tenth = i128::from(rest) * 10 / i128::from(divisor);
    format!("{whole}.{tenth} {name}")
}

/// Minimum age of shown sizes before they change: new logs arrive all the time.
const STATUS_INTERVAL: SignedDuration = SignedDuration::from_mins(5);

/// Returns whether sizes differ enough from the shown ones, and these are old enough, for a write.
#[must_use]
pub fn have_moved(shown: i64, since: Option<&Time>, bytes: i64, now: Timestamp) -> bool {
    let moved = i128::from(bytes) - i128::from(shown);
    let stand = since.is_some_and(|since| {
        let age = since.0.duration_until(now);
        !age.is_negative() && age < STATUS_INTERVAL
    });
    moved != 0 && moved.abs() * 100 >= i128::from(shown) && !stand
}

fn percent(total: i64, capacity: i64) -> i32 {
    let percent = i128::from(total) * 100 / i128::from(capacity.max(1));
    i32::try_from(percent).unwrap_or(i32::MAX)
}

/// Updates the figures. Returns whether the storage exceeds its threshold, if the spec sets a
/// capacity.
pub(super) fn record(
    status: &mut BackupStorageStatus,
    observed: &Observation,
    now: Timestamp,
) -> Option<DesiredCondition> {
    let capacity = observed.capacity.as_ref();
    let room = capacity.and_then(|capacity| capacity.quantity.value());
    if let Some(figures) = observed.figures {
        let shown = status.data_bytes.zip(status.log_bytes);
        let today = day(now);
        let is_over = |total| {
            room.zip(capacity)
                .is_some_and(|(room, capacity)| percent(total, room) >= capacity.alert_percent)
        };
        let has_changed = shown.is_none_or(|(data, log)| {
            let since = status.figures_time.as_ref();
            have_moved(data, since, figures.data_bytes, now)
                || have_moved(log, since, figures.log_bytes, now)
                || is_over(data.saturating_add(log)) != is_over(figures.total())
        });
        if has_changed || status.trend.last().is_none_or(|last| last.date != today) {
            show(status, figures, today);
            status.figures_time = Some(time(now));
        }
    }
    let total = total(status);
    let used_percent = total.zip(room).map(|(total, room)| percent(total, room));
    status.summary = total.map(|total| StorageSummary {
        used: match used_percent {
            Some(percent) => format!("{} ({percent} %)", bytes_text(total)),
            None => bytes_text(total),
        },
    });
    let capacity = capacity?;
    // Stored before the schema rejected it.
    if room.is_none() {
        return Some(unreadable(capacity));
    }
    Some(judged(capacity, used_percent))
}

fn unreadable(capacity: &Capacity) -> DesiredCondition {
    let message = format!(
        "`capacity` ({}) is not a positive quantity of bytes, so the fill level of the storage is unknown: \
         write digits and a unit, such as 10Ti or 500G",
        shortened(capacity.quantity.to_string(), 64)
    );
    desired_condition(
        WITHIN_CAPACITY,
        Status::Unknown,
        "CapacityUnreadable",
        message,
    )
}

fn show(status: &mut BackupStorageStatus, figures: Figures, date: String) {
    status.data_bytes = Some(figures.data_bytes);
    status.log_bytes = Some(figures.log_bytes);
    let point = TrendPoint {
        date,
        data_bytes: figures.data_bytes,
        log_bytes: figures.log_bytes,
    };
    let trend = &mut status.trend;
    // A clock that was set back would leave days in the future.
    trend.retain(|known| known.date < point.date);
    trend.push(point);
    trend.drain(..trend.len().saturating_sub(MAX_USAGE_SAMPLES));
}

fn day(now: Timestamp) -> String {
    TimeZone::UTC.to_datetime(now).date().to_string()
}

/// Returns the condition. It contains no changing numbers: each change would cause a write.
fn judged(capacity: &Capacity, used_percent: Option<i32>) -> DesiredCondition {
    let (limit, text) = (capacity.alert_percent, &capacity.quantity);
    let Some(used) = used_percent else {
        let message = "the size of the backups is unknown until each OceanBaseCluster that uses \
                       the storage has answered";
        return desired_condition(WITHIN_CAPACITY, Status::Unknown, "FiguresUnknown", message);
    };
    if used >= limit {
        let message = format!(
            "backups take {limit} % of `capacity` ({text}) or more. Delete unneeded backups \
             (`retention` of the strategies, a CleanupTask), or extend the storage and raise \
             `capacity`"
        );
        return desired_condition(WITHIN_CAPACITY, false, STORAGE_NEARLY_FULL, message);
    }
    let message = format!("backups take less than {limit} % of `capacity` ({text})");
    desired_condition(WITHIN_CAPACITY, true, STORAGE_BELOW_THRESHOLD, message)
}

/// Returns the event if a storage becomes too full, or is no longer too full.
pub(super) fn event(before: &BackupStorageStatus, after: &BackupStorageStatus) -> Option<Event> {
    let is_full =
        |known: &&crate::api::Condition| known.type_ == WITHIN_CAPACITY && known.status == "False";
    let known = before.conditions.iter().any(|known| is_full(&known));
    let now = after.conditions.iter().find(is_full);
    match now {
        Some(now) if !known => Some(Event {
            warning: true,
            reason: STORAGE_NEARLY_FULL,
            message: now.message.clone(),
        }),
        None => {
            let turned = turned(&before.conditions, &after.conditions, WITHIN_CAPACITY)?;
            (known && turned.status == "True").then(|| Event {
                warning: false,
                reason: STORAGE_BELOW_THRESHOLD,
                message: turned.message.clone(),
            })
        }
        Some(_) => None,
    }
}

/// Returns the used percentage of the capacity, if it reaches the threshold.
#[must_use]
pub fn over(spec: &BackupStorageSpec, status: Option<&BackupStorageStatus>) -> Option<i32> {
    let room = spec.capacity.as_ref()?.value()?;
    let used = percent(total(status?)?, room);
    (used >= spec.capacity_alert_percent).then_some(used)
}

/// Returns the shown sum of all bytes.
fn total(status: &BackupStorageStatus) -> Option<i64> {
    let (data, log) = status.data_bytes.zip(status.log_bytes)?;
    Some(data.saturating_add(log))
}

#[cfg(test)]
mod tests;
