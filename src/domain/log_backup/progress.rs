//! Values that change with every observation of a log backup, and when they are written.

use jiff::{SignedDuration, Timestamp};

use super::Evaluation;
use crate::api::log_backup::{RecoveryPoint, RecoveryWindow};
use crate::api::{BackupType, LogBackupStatus};
use crate::domain::{recovery_windows, time, time_from};
use crate::oceanbase::model::{Round, Scn, Tenant};

/// Usual delay in seconds above which log backup is reported as late (console: log backup delay).
/// It applies to tenants with the usual lag target.
const USUAL_DELAY_SECONDS: i64 = 600;
/// Maximum number of listed recovery points.
const MAX_LISTED: usize = 50;

/// Values that change with every observation. They are written on a phase change, when a gap opens
/// or closes, and every few minutes.
pub(super) struct VolatileStatus {
    checkpoint: Option<Scn>,
    delay_seconds: Option<i64>,
    acceptable_delay: i64,
    bytes: Option<(i64, i64)>,
    windows: Vec<RecoveryWindow>,
    points: Vec<RecoveryPoint>,
}

impl VolatileStatus {
    pub(super) fn write(self, status: &mut LogBackupStatus) {
        status.checkpoint_scn = self.checkpoint.map(|scn| scn.to_string());
        status.checkpoint_time = self.checkpoint.map(|scn| time(scn.at()));
        status.delay_seconds = self.delay_seconds;
        status.input_bytes = self.bytes.map(|(input, _)| input);
        status.output_bytes = self.bytes.map(|(_, output)| output);
        status.recovery_windows = self.windows;
        status.recovery_points = self.points;
    }
}

/// Returns the delay in seconds above which log backup is reported as late.
pub(super) fn acceptable_delay(tenant: &Tenant) -> i64 {
    let extra = i64::try_from(tenant.extra_lag().as_secs()).unwrap_or(i64::MAX);
    USUAL_DELAY_SECONDS.saturating_add(extra)
}

pub(super) fn live(tenant: &Tenant, delay_seconds: Option<i64>) -> VolatileStatus {
    let recoverable = recovery_windows::of_tenant(tenant);
    let points = recoverable
        .points
        .iter()
        .rev()
        .take(MAX_LISTED)
        .map(|point| RecoveryPoint {
            backup_set_id: point.backup_set_id.0,
            type_: if point.full {
                BackupType::Full
            } else {
                BackupType::Incremental
            },
            time: time_from(point.scn.at()),
            scn: point.scn.to_string(),
            self_contained: point.self_contained,
        });
    VolatileStatus {
        checkpoint: tenant
            .round
            .as_ref()
            .map(|round| round.checkpoint_scn)
            .filter(|scn| *scn != Scn::default()),
        delay_seconds,
        acceptable_delay: acceptable_delay(tenant),
        bytes: tenant
            .round
            .as_ref()
            .map(|round| (round.input_bytes, round.output_bytes)),
        windows: recovery_windows::shown(&recoverable.windows),
        points: points.collect(),
    }
}

pub(super) fn is_due(
    previous: &LogBackupStatus,
    live: &VolatileStatus,
    evaluation: &Evaluation<'_>,
) -> bool {
    let known: Option<u64> = previous
        .checkpoint_scn
        .as_ref()
        .and_then(|text| text.parse().ok());
    let interval =
        u64::try_from(evaluation.observed.checkpoint_interval.as_nanos()).unwrap_or(u64::MAX);
    let moved = match (known, live.checkpoint) {
        (Some(known), Some(Scn(current))) => current < known || current - known >= interval,
        (known, current) => known.is_some() != current.is_some(),
    };
    let late = |seconds: Option<i64>| seconds.map(|s| s > live.acceptable_delay);
    let crossed = late(previous.delay_seconds) != late(live.delay_seconds);
    moved
        || crossed
        || previous.recovery_points != live.points
        || !same_holes(&previous.recovery_windows, &live.windows)
}

/// Returns whether two lists of windows differ only in the end of the last one.
fn same_holes(before: &[RecoveryWindow], after: &[RecoveryWindow]) -> bool {
    let starts = |list: &[RecoveryWindow]| -> Vec<String> {
        list.iter().map(|window| window.start_scn.clone()).collect()
    };
    let closed = |list: &[RecoveryWindow]| -> Vec<String> {
        let closed = list.len().saturating_sub(1);
        list.iter()
            .take(closed)
            .map(|window| window.end_scn.clone())
            .collect()
    };
    // In whole seconds, a window that has just opened ends before it starts.
    let readable = |list: &[RecoveryWindow]| -> usize {
        let readable = list.iter().filter(|window| window.start.0 <= window.end.0);
        readable.count()
    };
    starts(before) == starts(after)
        && closed(before) == closed(after)
        && readable(before) == readable(after)
}

pub(super) fn delay(round: &Round, now: Timestamp) -> i64 {
    round
        .checkpoint_scn
        .at()
        .duration_until(now)
        .max(SignedDuration::ZERO)
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::recovery_windows::Window;

    fn window_to(milliseconds: u64) -> Vec<RecoveryWindow> {
        recovery_windows::shown(&[Window {
            start_scn: Scn(1_500_000_000),
            end_scn: Scn(milliseconds * 1_000_000),
        }])
    }

    #[test]
    fn a_window_is_written_once_more_when_a_whole_second_lies_in_it() {
        assert!(same_holes(&window_to(1_600), &window_to(1_900)));
        assert!(!same_holes(&window_to(1_900), &window_to(2_000)));
        assert!(same_holes(&window_to(2_000), &window_to(9_000)));
    }
}
