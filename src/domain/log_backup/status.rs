//! How log backup is shown.

use super::live::{DELAY_THRESHOLD_SECONDS, delay, is_due, live};
use super::{Archive, Draft, State, TENANT_NOT_FOUND};
use crate::api::condition::types::{ARCHIVING, DELAY_ACCEPTABLE};
use crate::api::{Binding, Cause, DesiredState, LogBackupSpec, LogBackupStatus};
use crate::domain::condition::{self, Progress, Status, Wanted, wanted};
use crate::domain::{Event, cause, time};
use crate::oceanbase::model::{RoundStatus, Scn, Tenant};

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
    status.cause = match state {
        State::Blocked(obstacle) => Some(obstacle.cause()),
        State::Failed(_) => status.cause,
        State::Moving(_) | State::Reached(_) | State::Drifted(_) => tenant.and_then(interrupted),
    };
    let (phase, label) = phase(state, tenant, previous, draft.object.spec);
    let mut conditions = Vec::from(progress(state, &status, tenant, draft.object.spec));
    conditions.push(archiving(state, tenant, draft.object.spec));
    conditions.push(match state {
        State::Blocked(obstacle) => wanted(
            DELAY_ACCEPTABLE,
            Status::Unknown,
            obstacle.reason,
            &obstacle.message,
        ),
        _ => delay_acceptable(runs.then_some(delay).flatten()),
    });
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

fn interrupted(tenant: &Tenant) -> Option<Cause> {
    let round = tenant.round.as_ref()?;
    let message = format!(
        "log archiving was interrupted: {}. {HEALING}",
        round.comment
    );
    (round.status == RoundStatus::Interrupted).then(|| Cause {
        code: Some(-9027),
        ..cause("LogArchiveInterrupted", &message)
    })
}

/// What to do about an interrupted round.
const HEALING: &str = "It does not heal by itself: set `desiredState` to Stopped, wait, set it to \
                       Running, then make a full backup";

fn note_tenant(status: &mut LogBackupStatus, tenant: &Tenant) {
    if let Some(round) = &tenant.round {
        status.round_id = Some(round.id);
        status.piece_id = Some(round.piece_id);
        // A round that begins does not know yet where.
        if round.start_scn != Scn::default() {
            status.start_time = Some(time(round.start_scn.at()));
        }
        status.storage_directory = Some(round.path.clone());
    }
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
        // It was there: nothing is archived any more.
        State::Blocked(obstacle)
            if obstacle.reason == TENANT_NOT_FOUND && previous.tenant_id.is_some() =>
        {
            ("Failed", "Failed")
        }
        // The database can not be asked: what it did last is the best guess.
        State::Blocked(_) if tenant.is_none() && previous.phase.is_some() => {
            let kept = |text: &Option<String>| text.clone().unwrap_or_default();
            return (kept(&previous.phase), kept(&previous.console_label));
        }
        State::Blocked(_) => match tenant.map(super::archive) {
            Some(archive @ Archive::Round(_)) => archive_phase(&archive),
            _ => ("Starting", "Starting"),
        },
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
        Archive::Round(RoundStatus::Prepare | RoundStatus::Beginning) => ("Starting", "Starting"),
        Archive::Round(RoundStatus::Suspending) => ("Suspending", "Paused"),
        Archive::Round(RoundStatus::Suspend) => ("Paused", "Paused"),
        Archive::Round(RoundStatus::Stopping) => ("Stopping", "Stopping"),
        Archive::Stopped | Archive::Round(RoundStatus::Stop) => ("Stopped", "Stopped"),
        Archive::Round(RoundStatus::Interrupted) => ("Interrupted", "Interrupted"),
        Archive::Round(RoundStatus::Doing | RoundStatus::Unknown(_)) => {
            ("InProgress", "In Progress")
        }
    }
}

fn progress(
    state: &State,
    status: &LogBackupStatus,
    tenant: Option<&Tenant>,
    spec: &LogBackupSpec,
) -> [Wanted; 3] {
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
            let mut message = format!("{desired} was asked for and applied");
            if tenant.is_some_and(|tenant| has_other_settings(tenant, spec)) {
                message.push_str(
                    "; BINDING or PIECE_SWITCH_INTERVAL of LOG_ARCHIVE_DEST differ from this \
                     object's and are left as they are: to change them, stop log backup, clear \
                     LOG_ARCHIVE_DEST in the database, and start it again",
                );
            }
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

/// Whether the destination was set with other attributes: it is never set again for them.
fn has_other_settings(tenant: &Tenant, spec: &LogBackupSpec) -> bool {
    let binding = match spec.binding {
        Binding::Optional => "OPTIONAL",
        Binding::Mandatory => "MANDATORY",
    };
    tenant.log_dest.as_ref().is_some_and(|dest| {
        let days = dest.piece_switch_interval.strip_suffix('d');
        let days = days.and_then(|days| days.parse::<i32>().ok());
        !dest.binding.eq_ignore_ascii_case(binding)
            || days.is_some_and(|days| days != spec.piece_switch_days)
    })
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
            let message = format!("archiving was interrupted ({comment}). {HEALING}");
            wanted(ARCHIVING, false, "Interrupted", message)
        }
        State::Reached(Archive::Round(RoundStatus::Unknown(word)))
        | State::Moving(Archive::Round(RoundStatus::Unknown(word)))
        | State::Failed(Archive::Round(RoundStatus::Unknown(word)))
        | State::Drifted(Archive::Round(RoundStatus::Unknown(word))) => {
            let message =
                format!("the round's status is {word}, which this operator does not know");
            wanted(ARCHIVING, Status::Unknown, "UnknownStatus", message)
        }
        State::Reached(Archive::Stopped) if spec.desired_state == DesiredState::Paused => wanted(
            ARCHIVING,
            false,
            "Stopped",
            "log backup is stopped: there is nothing to pause",
        ),
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
