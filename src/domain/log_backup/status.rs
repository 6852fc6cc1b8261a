//! How log backup is shown.

use jiff::{SignedDuration, Timestamp};

use super::{Archive, Draft, State};
use crate::api::condition::types::{ARCHIVING, DELAY_ACCEPTABLE};
use crate::api::log_backup::{RecoveryPoint, RecoveryWindow};
use crate::api::{BackupType, DesiredState, LogBackupSpec, LogBackupStatus};
use crate::domain::condition::{self, Progress, Status, Wanted, wanted};
use crate::domain::{Event, time, windows};
use crate::oceanbase::model::{Round, RoundStatus, Scn, Tenant};

/// How far behind log backup may be before it is said so, in seconds (console: log backup delay).
const DELAY_THRESHOLD_SECONDS: i64 = 600;
/// How many windows and points are shown.
const LISTED: usize = 50;

pub(super) fn render(draft: &Draft<'_>, tenant: Option<&Tenant>, state: &State) -> LogBackupStatus {
    let mut status = draft.status.clone();
    let previous = draft.object.status;
    let archive = archive_of(state);
    let runs = archive == Some(&Archive::Round(RoundStatus::Doing));
    let delay = tenant
        .and_then(|tenant| tenant.round.as_ref())
        .map(|r| delay(r, draft.now));
    if let Some(tenant) = tenant {
        note_tenant(&mut status, tenant);
        let live = live(tenant, runs.then_some(delay).flatten());
        if is_due(previous, &live, draft) {
            live.write(&mut status);
        }
    }
    if archive == Some(&Archive::Round(RoundStatus::Suspend)) {
        status.paused_since.get_or_insert_with(|| time(draft.now));
    } else if archive.is_some() {
        status.paused_since = None;
    }
    if let State::Blocked(obstacle) = state {
        status.cause = Some(obstacle.cause());
    }
    let (phase, label) = phase(state, tenant, previous, draft.object.spec);
    let mut conditions = Vec::from(progress(state, &status, draft.object.spec));
    conditions.push(archiving(state, tenant, draft.object.spec));
    conditions.push(delay_acceptable(runs.then_some(delay).flatten()));
    let generation = draft.object.generation;
    status.conditions = condition::merge(&previous.conditions, conditions, generation, draft.now);
    status.observed_generation = Some(generation);
    status.phase = Some(phase);
    status.console_label = Some(label);
    status
}

fn archive_of(state: &State) -> Option<&Archive> {
    match state {
        State::Blocked(_) => None,
        State::Moving(archive)
        | State::Reached(archive)
        | State::Drifted(archive)
        | State::Failed(archive) => Some(archive),
    }
}

fn note_tenant(status: &mut LogBackupStatus, tenant: &Tenant) {
    if let Some(round) = &tenant.round {
        status.round_id = Some(round.id);
        status.piece_id = Some(round.piece_id);
        status.start_time = Some(time(round.start_scn.at()));
        status.storage_directory = Some(round.path.clone());
    }
}

/// What changes with every look: written on a change of phase, when a hole opens or closes, and
/// every few minutes.
struct Live {
    checkpoint: Option<Scn>,
    delay_seconds: Option<i64>,
    windows: Vec<RecoveryWindow>,
    points: Vec<RecoveryPoint>,
}

impl Live {
    fn write(self, status: &mut LogBackupStatus) {
        status.checkpoint_scn = self.checkpoint.map(|scn| scn.to_string());
        status.checkpoint_time = self.checkpoint.map(|scn| time(scn.at()));
        status.delay_seconds = self.delay_seconds;
        status.recovery_windows = self.windows;
        status.recovery_points = self.points;
    }
}

fn live(tenant: &Tenant, delay_seconds: Option<i64>) -> Live {
    let recoverable = windows::recoverable(&tenant.sets, &tenant.pieces);
    let skipped = recoverable.windows.len().saturating_sub(LISTED);
    let windows = recoverable
        .windows
        .iter()
        .skip(skipped)
        .map(|window| RecoveryWindow {
            start: time(window.start_scn.at()),
            end: time(window.end_scn.at()),
            start_scn: window.start_scn.to_string(),
            end_scn: window.end_scn.to_string(),
        });
    let points = recoverable
        .points
        .iter()
        .rev()
        .take(LISTED)
        .map(|point| RecoveryPoint {
            backup_set_id: point.backup_set_id.0,
            type_: if point.full {
                BackupType::Full
            } else {
                BackupType::Incremental
            },
            time: time(point.scn.at()),
        });
    Live {
        checkpoint: tenant.round.as_ref().map(|round| round.checkpoint_scn),
        delay_seconds,
        windows: windows.collect(),
        points: points.collect(),
    }
}

fn is_due(previous: &LogBackupStatus, live: &Live, draft: &Draft<'_>) -> bool {
    let known: Option<u64> = previous
        .checkpoint_scn
        .as_ref()
        .and_then(|text| text.parse().ok());
    let interval = u64::try_from(draft.seen.checkpoint_interval.as_nanos()).unwrap_or(u64::MAX);
    let moved = match (known, live.checkpoint) {
        (Some(known), Some(Scn(current))) => current < known || current - known >= interval,
        (known, current) => known.is_some() != current.is_some(),
    };
    let late = |seconds: Option<i64>| seconds.map(|s| s > DELAY_THRESHOLD_SECONDS);
    let crossed = late(previous.delay_seconds) != late(live.delay_seconds);
    moved
        || crossed
        || previous.recovery_points != live.points
        || !same_holes(&previous.recovery_windows, &live.windows)
}

/// Whether two lists of windows differ only in how far the last one has come.
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
    starts(before) == starts(after) && closed(before) == closed(after)
}

fn delay(round: &Round, now: Timestamp) -> i64 {
    round
        .checkpoint_scn
        .at()
        .duration_until(now)
        .max(SignedDuration::ZERO)
        .as_secs()
}

/// Phase and the console's words for it (console 2.3).
fn phase(
    state: &State,
    tenant: Option<&Tenant>,
    previous: &LogBackupStatus,
    spec: &LogBackupSpec,
) -> (String, String) {
    let (phase, label) = match state {
        State::Blocked(obstacle) if obstacle.permanent => ("Failed", "Failed"),
        // The database can not be asked: what it did last is the best guess.
        State::Blocked(_) if tenant.is_none() && previous.phase.is_some() => {
            let kept = |text: &Option<String>| text.clone().unwrap_or_default();
            return (kept(&previous.phase), kept(&previous.console_label));
        }
        State::Blocked(_) => ("Starting", "Starting"),
        State::Failed(Archive::Stopped) => ("Failed", "Failed"),
        State::Moving(Archive::Stopped) if spec.desired_state == DesiredState::Running => {
            ("Starting", "Starting")
        }
        State::Moving(archive)
        | State::Reached(archive)
        | State::Drifted(archive)
        | State::Failed(archive) => archive_phase(archive),
    };
    (phase.to_owned(), label.to_owned())
}

fn archive_phase(archive: &Archive) -> (&'static str, &'static str) {
    match archive {
        Archive::Stopped => ("Stopped", "Stopped"),
        Archive::Round(RoundStatus::Prepare | RoundStatus::Beginning) => ("Starting", "Starting"),
        Archive::Round(RoundStatus::Suspending) => ("Suspending", "Paused"),
        Archive::Round(RoundStatus::Suspend) => ("Paused", "Paused"),
        Archive::Round(RoundStatus::Stopping) => ("Stopping", "Stopping"),
        Archive::Round(RoundStatus::Stop) => ("Stopped", "Stopped"),
        Archive::Round(RoundStatus::Interrupted) => ("Interrupted", "Interrupted"),
        Archive::Round(RoundStatus::Doing | RoundStatus::Unknown(_)) => {
            ("InProgress", "In Progress")
        }
    }
}

fn progress(state: &State, status: &LogBackupStatus, spec: &LogBackupSpec) -> [Wanted; 3] {
    let desired = match spec.desired_state {
        DesiredState::Running => "Running",
        DesiredState::Paused => "Paused",
        DesiredState::Stopped => "Stopped",
    };
    match state {
        State::Blocked(obstacle) => {
            let progress = if obstacle.permanent {
                Progress::Stalled
            } else {
                Progress::Reconciling
            };
            condition::progress(progress, obstacle.reason, &obstacle.message)
        }
        State::Moving(_) => {
            let message = format!("on the way to {desired}");
            condition::progress(Progress::Reconciling, "Applying", &message)
        }
        // A break after the wanted state was reached does not make the object unready: what was
        // asked for was applied. See `Archiving`.
        State::Reached(_) | State::Drifted(_) => {
            let message = format!("{desired} was asked for and applied");
            condition::progress(Progress::Ready, "Applied", &message)
        }
        State::Failed(_) => {
            let cause = status.cause.as_ref();
            let reason = cause.map_or("StatementFailed", |cause| cause.reason.as_str());
            let message = cause.map_or("the last statement failed", |cause| cause.message.as_str());
            condition::progress(Progress::Reconciling, reason, message)
        }
    }
}

fn archiving(state: &State, tenant: Option<&Tenant>, spec: &LogBackupSpec) -> Wanted {
    let comment = tenant
        .and_then(|tenant| tenant.round.as_ref())
        .map(|r| r.comment.as_str());
    match state {
        State::Blocked(obstacle) => wanted(
            ARCHIVING,
            Status::Unknown,
            obstacle.reason,
            &obstacle.message,
        ),
        State::Reached(Archive::Round(RoundStatus::Doing))
        | State::Moving(Archive::Round(RoundStatus::Doing))
        | State::Failed(Archive::Round(RoundStatus::Doing)) => {
            wanted(ARCHIVING, true, "Archiving", "logs are archived")
        }
        State::Drifted(Archive::Round(RoundStatus::Doing)) => wanted(
            ARCHIVING,
            true,
            "ChangedElsewhere",
            "logs are archived, though this object does not ask for it: somebody started it in \
             the database. Edit `desiredState` to have one of the two",
        ),
        State::Reached(Archive::Round(RoundStatus::Interrupted))
        | State::Drifted(Archive::Round(RoundStatus::Interrupted))
        | State::Failed(Archive::Round(RoundStatus::Interrupted)) => {
            let comment = comment.unwrap_or_default();
            let message = format!(
                "archiving was interrupted ({comment}) and does not heal by itself: set \
                 `desiredState` to Stopped, wait, set it to Running, then make a full backup"
            );
            wanted(ARCHIVING, false, "Interrupted", message)
        }
        State::Drifted(_) => wanted(
            ARCHIVING,
            false,
            "ChangedElsewhere",
            "somebody changed log archiving in the database; it is left as it is. To apply \
             `desiredState` again, edit it",
        ),
        _ => {
            let (reason, message) = match spec.desired_state {
                DesiredState::Running => ("NotStarted", "logs are not archived yet"),
                DesiredState::Paused => ("Paused", "log backup is paused, as asked for"),
                DesiredState::Stopped => ("Stopped", "log backup is stopped, as asked for"),
            };
            wanted(ARCHIVING, false, reason, message)
        }
    }
}

fn delay_acceptable(delay: Option<i64>) -> Wanted {
    match delay {
        None => wanted(
            DELAY_ACCEPTABLE,
            Status::Unknown,
            "NotArchiving",
            "no logs are archived",
        ),
        Some(seconds) if seconds > DELAY_THRESHOLD_SECONDS => wanted(
            DELAY_ACCEPTABLE,
            false,
            "DelayTooLong",
            // No number here: it would change with every look, and each change is a write.
            format!(
                "log backup is more than {DELAY_THRESHOLD_SECONDS} s behind: check the store's \
                 throughput"
            ),
        ),
        Some(_) => wanted(
            DELAY_ACCEPTABLE,
            true,
            "DelayAcceptable",
            format!("log backup is at most {DELAY_THRESHOLD_SECONDS} s behind"),
        ),
    }
}

pub(super) fn event(
    before: &LogBackupStatus,
    after: &LogBackupStatus,
    spec: &LogBackupSpec,
) -> Option<Event> {
    if before.phase == after.phase {
        return None;
    }
    let tenant = &spec.tenant_name;
    let why = || {
        after
            .cause
            .as_ref()
            .map(|cause| cause.message.clone())
            .unwrap_or_default()
    };
    let (warning, reason, message) = match after.phase.as_deref()? {
        "InProgress" if before.phase.as_deref() == Some("Paused") => (
            false,
            "LogBackupResumed",
            format!("log backup of tenant {tenant} goes on"),
        ),
        "InProgress" => (
            false,
            "LogBackupStarted",
            format!("logs of tenant {tenant} are archived"),
        ),
        "Paused" => (
            true,
            "LogBackupPaused",
            format!("log backup of tenant {tenant} is paused"),
        ),
        "Stopped" => (
            true,
            "LogBackupStopped",
            format!("log backup of tenant {tenant} stopped"),
        ),
        "Interrupted" => (
            true,
            "LogBackupInterrupted",
            format!("log backup of tenant {tenant} was interrupted and needs a new start"),
        ),
        "Failed" => (
            true,
            "LogBackupFailed",
            format!("log backup of tenant {tenant}: {}", why()),
        ),
        _ => return None,
    };
    Some(Event {
        warning,
        reason,
        message,
    })
}
