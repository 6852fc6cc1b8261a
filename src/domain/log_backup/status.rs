//! Status of a log backup.

use super::conditions::{archiving, delay_within_target};
use super::outcome::FOR_A_PERSON;
use super::progress::{acceptable_delay, delay, is_due, live};
use super::step::{has_other_attributes, other_lag_target};
use super::storage_migration::switched;
use super::{Archive, Evaluation, State, tenant_summary};
use crate::api::condition::types::DELAY_WITHIN_TARGET;
use crate::api::{Cause, DesiredState, LogBackupStatus};
use crate::domain::condition::{self, DesiredCondition, Progress, Status, desired_condition};
use crate::domain::tenant::TENANT_NOT_FOUND;
use crate::domain::{ObservedDestination, cause, time};
use crate::oceanbase::model::{RoundStatus, Scn, Tenant};

pub(super) fn render(
    evaluation: &Evaluation<'_>,
    tenant: Option<&Tenant>,
    state: &State,
) -> LogBackupStatus {
    let mut status = evaluation.status.clone();
    let previous = evaluation.object.status;
    let archive = archive_of(state);
    let runs = archive == Some(&Archive::Round(RoundStatus::Doing));
    let delay = tenant
        .and_then(|tenant| tenant.round.as_ref())
        .map(|r| delay(r, evaluation.now));
    if let Some(tenant) = tenant {
        record_tenant(&mut status, tenant);
        record_directory(evaluation, &mut status, tenant);
        let live = live(tenant, runs.then_some(delay).flatten());
        if is_due(previous, &live, evaluation) {
            live.write(&mut status);
        }
        tenant_summary::write(evaluation, tenant, &mut status);
    }
    if archive == Some(&Archive::Round(RoundStatus::Suspend)) {
        status
            .paused_since
            .get_or_insert_with(|| time(evaluation.now));
    } else if archive.is_some() {
        status.paused_since = None;
    }
    status.cause = match state {
        State::Blocked(blocker) => Some(blocker.cause()),
        State::Failed(_) | State::Late(_) => status.cause,
        State::Healing(_) => Some(healing(&status)),
        State::Changing(_) | State::Reached(_) | State::Drifted(_) => {
            tenant.and_then(|tenant| interrupted(evaluation, tenant))
        }
    };
    let (phase, label) = phase(evaluation, state, tenant);
    let mut conditions = Vec::from(progress(evaluation, state, &status, tenant));
    status.ready_generation =
        condition::ready_generation(&conditions, evaluation.object.generation);
    conditions.push(archiving(evaluation, state, tenant));
    conditions.extend(switched(evaluation, &status));
    conditions.push(if let State::Blocked(blocker) = state {
        let unknown = Status::Unknown;
        desired_condition(
            DELAY_WITHIN_TARGET,
            unknown,
            blocker.reason,
            &blocker.message,
        )
    } else {
        let acceptable = tenant.map_or(i64::MAX, acceptable_delay);
        delay_within_target(runs.then_some(delay).flatten(), acceptable)
    });
    let generation = evaluation.object.generation;
    status.conditions =
        condition::merge(&previous.conditions, conditions, generation, evaluation.now);
    status.observed_generation = Some(generation);
    status.phase = Some(phase);
    status.console_label = Some(label);
    status
}

fn archive_of(state: &State) -> Option<&Archive> {
    match state {
        State::Blocked(_) => None,
        State::Changing(archive)
        | State::Reached(archive)
        | State::Drifted(archive)
        | State::Healing(archive)
        | State::Failed(archive)
        | State::Late(archive) => Some(archive),
    }
}

fn interrupted(evaluation: &Evaluation<'_>, tenant: &Tenant) -> Option<Cause> {
    let round = tenant.round.as_ref()?;
    let message = format!(
        "log archiving was interrupted: {}. {}",
        round.comment,
        evaluation.remedy(tenant)
    );
    (round.status == RoundStatus::Interrupted).then(|| interruption(&message))
}

/// Returns the cause of the interruption. The round may have ended by now; the cause is reported
/// until the new round runs.
fn healing(status: &LogBackupStatus) -> Cause {
    let why = status.interruptions.first();
    let why = why.map_or("", |interruption| interruption.message.as_str());
    interruption(&format!(
        "log archiving was interrupted: {why}. The operator ends the round and starts a new one. \
         Recovery to a time in between is not possible"
    ))
}

fn interruption(message: &str) -> Cause {
    Cause {
        code: Some(-9027),
        ..cause("LogArchiveInterrupted", message)
    }
}

fn record_tenant(status: &mut LogBackupStatus, tenant: &Tenant) {
    let lag_target = tenant.lag_target.map(|target| target.as_secs());
    status.archive_lag_target_seconds = lag_target.and_then(|seconds| i64::try_from(seconds).ok());
    if let Some(round) = &tenant.round {
        status.round_id = Some(round.id);
        status.piece_id = Some(round.piece_id);
        // A new round has no start yet.
        if round.start_scn != Scn::default() {
            status.start_time = Some(time(round.start_scn.at()));
        }
    }
}

/// Records the directory of this object's own logs. With it the object can stop archiving even if
/// its storage was deleted before.
fn record_directory(evaluation: &Evaluation<'_>, status: &mut LogBackupStatus, tenant: &Tenant) {
    let round = tenant.round.as_ref();
    let own_round = round.filter(|_| *evaluation.destination() == ObservedDestination::Ours);
    if let Some(round) = own_round {
        status.storage_directory = Some(round.path.clone());
    }
}

/// Returns the phase and the console's label for it (console 2.3).
fn phase(evaluation: &Evaluation<'_>, state: &State, tenant: Option<&Tenant>) -> (String, String) {
    let previous = evaluation.object.status;
    let (phase, label) = match state {
        State::Blocked(blocker) if blocker.permanent => ("Failed", "Failed"),
        // The tenant existed before: nothing is archived any more.
        State::Blocked(blocker)
            if blocker.reason == TENANT_NOT_FOUND && previous.tenant_id().is_some() =>
        {
            ("Failed", "Failed")
        }
        // The database cannot be read; its last known state is the best estimate.
        State::Blocked(_) if tenant.is_none() && previous.phase.is_some() => {
            let kept = |text: &Option<String>| text.clone().unwrap_or_default();
            return (kept(&previous.phase), kept(&previous.console_label));
        }
        State::Blocked(_) => match tenant.map(super::archive) {
            Some(archive @ Archive::Round(_)) => archive_phase(&archive),
            _ => ("Starting", "Starting"),
        },
        State::Failed(Archive::Stopped) => ("Failed", "Failed"),
        State::Late(archive)
            if evaluation.desired == DesiredState::Running
                && !matches!(
                    archive,
                    Archive::Round(RoundStatus::Interrupted | RoundStatus::Doing)
                ) =>
        {
            ("Failed", "Failed")
        }
        State::Healing(Archive::Stopped) => ("Starting", "Starting"),
        State::Changing(Archive::Stopped) if evaluation.desired == DesiredState::Running => {
            ("Starting", "Starting")
        }
        State::Changing(archive)
        | State::Reached(archive)
        | State::Drifted(archive)
        | State::Healing(archive)
        | State::Failed(archive)
        | State::Late(archive) => archive_phase(archive),
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

pub(super) fn word(desired: DesiredState) -> &'static str {
    match desired {
        DesiredState::Running => "Running",
        DesiredState::Paused => "Paused",
        DesiredState::Stopped => "Stopped",
    }
}

fn progress(
    evaluation: &Evaluation<'_>,
    state: &State,
    status: &LogBackupStatus,
    tenant: Option<&Tenant>,
) -> [DesiredCondition; 3] {
    let desired = word(evaluation.desired);
    match state {
        State::Blocked(blocker) => {
            let was_ready = status.ready_generation == Some(evaluation.object.generation);
            let ready = ("Applied", "the desired state was applied");
            condition::blocked(blocker, was_ready.then_some(ready))
        }
        State::Changing(_) if status.correcting_since.is_some() => condition::progress(
            Progress::Reconciling,
            "Correcting",
            "another tool changed log archiving in the database; the operator changes it back, as \
             `driftPolicy: Enforce` specifies",
        ),
        State::Changing(_) => {
            let message = format!("changing to {desired}");
            condition::progress(Progress::Reconciling, "Applying", &message)
        }
        // An interruption after the desired state was reached does not make the object unready,
        // because the spec was applied. See `Archiving`.
        State::Reached(_) | State::Drifted(_) | State::Healing(_) => applied(evaluation, tenant),
        State::Late(_) if super::heal::open(status).is_some() => applied(evaluation, tenant),
        State::Failed(_) | State::Late(_) => {
            let cause = status.cause.as_ref();
            let reason = cause.map_or("StatementFailed", |cause| cause.reason.as_str());
            let message = cause.map_or("the last statement failed", |cause| cause.message.as_str());
            let progress = if status.failures >= Some(FOR_A_PERSON) {
                Progress::Stalled
            } else {
                Progress::Reconciling
            };
            condition::progress(progress, reason, message)
        }
    }
}

fn applied(evaluation: &Evaluation<'_>, tenant: Option<&Tenant>) -> [DesiredCondition; 3] {
    let mut message = format!("the desired state {} was applied", word(evaluation.desired));
    if tenant.is_some_and(|tenant| has_other_attributes(tenant, evaluation.object.spec)) {
        message.push_str(
            "; BINDING or PIECE_SWITCH_INTERVAL of LOG_ARCHIVE_DEST differs from this object: the \
             database changes them only while log backup is stopped. Set `spec.state` to \
             Stopped, wait, then to Running; this causes a gap in the logs",
        );
    }
    let others = tenant.and_then(|tenant| other_lag_target(tenant, evaluation.object.spec));
    if let (Some(target), DesiredState::Running) = (others, evaluation.desired) {
        let others = format!(
            "; another tool set the tenant's archive_lag_target to {} s, and the operator does not \
             change it back. Edit this object to set it again, or set `driftPolicy` to Enforce",
            target.as_secs()
        );
        message.push_str(&others);
    }
    condition::progress(Progress::Ready, "Applied", &message)
}
