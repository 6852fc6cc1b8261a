//! Status of a data backup.

use jiff::Timestamp;

use super::{Event, Outcome, State};
use crate::api::backup_task::Scope;
use crate::api::condition::types::{JOB_STARTED, SUBMITTED, SUCCEEDED, TYPE_CHANGED};
use crate::api::{BackupTaskSpec, BackupTaskStatus, BackupType};
use crate::domain::attempt;
use crate::domain::condition::{self, Progress, Status, desired_condition};
use crate::domain::time_from;
use crate::oceanbase::model::{BackupSet, JobStatus};

/// Returns the status of a task in this state. Everything that the operator must remember is
/// already in plain fields. Phase, label and conditions are rendered and never read back.
pub(super) fn render(
    state: &State,
    mut status: BackupTaskStatus,
    generation: i64,
    now: Timestamp,
) -> BackupTaskStatus {
    let (phase, label) = phase(state, &status);
    let (progress, succeeded) = match state {
        State::Ended(Outcome::Completed) => (Progress::Ready, Status::True),
        State::Ended(_) => (Progress::Stalled, Status::False),
        _ => (Progress::Reconciling, Status::Unknown),
    };
    let (reason, message) = explained(state, &status);
    let last = status.attempts.last().map(|last| last.outcome.as_str());
    let accepted = status.job_id.is_some()
        || last == Some(attempt::ACCEPTED)
        || matches!(
            state,
            State::Accepted | State::Running(_) | State::Unobserved(_)
        );
    // While the backup runs, only `Ready` carries the message: a second copy changes as often.
    let succeeded_message = match succeeded {
        Status::Unknown => "the backup has not ended",
        Status::True | Status::False => &message,
    };
    let mut conditions = vec![desired_condition(
        SUCCEEDED,
        succeeded,
        &reason,
        succeeded_message,
    )];
    conditions.extend(condition::progress(progress, &reason, &message));
    conditions.push(desired_condition(
        SUBMITTED,
        accepted,
        if accepted {
            "StatementAccepted"
        } else {
            &reason
        },
        if accepted {
            "the database accepted the statement"
        } else {
            "the database has not accepted a statement"
        },
    ));
    conditions.push(desired_condition(
        JOB_STARTED,
        status.job_id.is_some(),
        if status.job_id.is_some() {
            "AlreadySubmitted"
        } else {
            &reason
        },
        status.job_id.map_or_else(
            || "the database has not shown a job of the backup".to_owned(),
            |id| format!("the database started backup job {id}"),
        ),
    ));
    if let Some(change) = &status.type_change {
        conditions.push(desired_condition(
            TYPE_CHANGED,
            true,
            &change.reason,
            &change.message,
        ));
    }
    status.conditions = condition::merge(&status.conditions, conditions, generation, now);
    status.observed_generation = Some(generation);
    status.phase = Some(phase.to_owned());
    status.console_label = Some(label.to_owned());
    status
}

/// Returns the phase and the console's label for it (console 2.2).
fn phase(state: &State, status: &BackupTaskStatus) -> (&'static str, &'static str) {
    match state {
        State::Waiting(_) | State::Refused | State::Sending | State::Accepted => {
            ("Pending", "Starting")
        }
        State::Unobserved(_) if status.job_id.is_none() => ("Pending", "Starting"),
        State::Running(JobStatus::Init) => ("Initializing", "Initializing"),
        State::Running(JobStatus::Canceling) => ("Canceling", "Canceling"),
        // A status word that this operator does not know also counts as running, never as finished.
        State::Unobserved(_) | State::Running(_) | State::FannedOut(_) => {
            ("InProgress", "In Progress")
        }
        State::Ended(Outcome::Completed) => ("Completed", "Completed"),
        State::Ended(Outcome::Failed) => ("Failed", "Failed"),
        State::Ended(Outcome::Canceled) => ("Canceled", "Canceled"),
        State::Ended(Outcome::Overdue) => ("Overdue", "Overdue"),
    }
}

fn explained(state: &State, status: &BackupTaskStatus) -> (String, String) {
    let plain = |reason: &str, message: &str| (reason.to_owned(), message.to_owned());
    match (state, &status.cause) {
        (State::Waiting(blocker) | State::Unobserved(blocker), _) => {
            plain(blocker.reason, &blocker.message)
        }
        (State::Ended(Outcome::Completed), _) => plain("Completed", "the backup is complete"),
        (
            State::Ended(_)
            | State::Refused
            | State::Sending
            | State::Accepted
            | State::Running(JobStatus::Doing | JobStatus::Init),
            Some(cause),
        ) => (cause.reason.clone(), cause.message.clone()),
        (State::FannedOut(how_far), _) => plain("InProgress", how_far),
        (State::Ended(outcome), None) => plain(outcome.word(), "the backup has ended"),
        (State::Refused, None) => plain(
            "RefusedForNow",
            "the database did not accept the statement; the operator retries it",
        ),
        (State::Sending, None) => plain("Sending", "the statement is being sent"),
        (State::Accepted, _) => plain(
            "WaitingForJob",
            "the database accepted the statement but does not show its job yet",
        ),
        (State::Running(JobStatus::Canceling), _) => {
            plain("Canceling", "the job is being canceled")
        }
        (State::Running(JobStatus::Unknown(word)), _) => (
            "InProgress".to_owned(),
            format!("the job's status is {word}"),
        ),
        (State::Running(_), _) => plain("InProgress", "the backup is running"),
    }
}

/// Returns the subject of the backup.
pub(super) fn subject(spec: &BackupTaskSpec) -> String {
    match spec.scope {
        Scope::Tenant => format!("tenant {}", spec.tenant_name),
        Scope::AllTenants if spec.strategy_ref.is_some() => "the strategy's tenants".to_owned(),
        Scope::AllTenants => "the cluster's tenants".to_owned(),
    }
}

/// Returns the console's word for the type of a backup.
pub(super) fn type_word(kind: BackupType) -> &'static str {
    full_word(kind == BackupType::Full)
}

pub(super) fn full_word(full: bool) -> &'static str {
    if full { "Full" } else { "Incremental" }
}

/// Records the set that the backup created.
pub(super) fn record_set(status: &mut BackupTaskStatus, set: &BackupSet) {
    status.backup_set_id = Some(set.id.0);
    status.type_ = Some(full_word(set.full).to_owned());
    status.data_version = Some(set.tenant_compatible.clone()).filter(|text| !text.is_empty());
    status.storage_directory = Some(set.path.clone());
    status.encryption_mode = Some(set.encryption_mode.clone());
    status.min_restore_scn = Some(set.min_restore_scn.to_string());
    status.start_replay_scn = Some(set.start_replay_scn.to_string());
    status.snapshot_time = Some(time_from(set.min_restore_scn.at()));
    status.input_bytes = Some(set.input_bytes);
    status.output_bytes = Some(set.output_bytes);
}

pub(super) fn started_event(status: &BackupTaskStatus, spec: &BackupTaskSpec) -> Event {
    let kind = status.type_.as_deref().unwrap_or(type_word(spec.type_));
    let of = subject(spec);
    Event {
        warning: false,
        reason: "BackupStarted",
        message: match status.job_id {
            Some(job) => format!("{kind} backup of {of} runs as job {job}"),
            None => format!("{kind} backup of {of} has started"),
        },
    }
}

/// Returns the event at the start of a cancel; it is published once.
pub(super) fn canceling_event(
    before: Option<&str>,
    after: &BackupTaskStatus,
    spec: &BackupTaskSpec,
) -> Option<Event> {
    let phase = after.phase.as_deref();
    (phase == Some("Canceling") && phase != before).then(|| Event {
        warning: false,
        reason: "BackupCanceling",
        message: format!("backup of {} is being canceled", subject(spec)),
    })
}

pub(super) fn ended_event(
    outcome: Outcome,
    status: &BackupTaskStatus,
    spec: &BackupTaskSpec,
) -> Event {
    let why = status
        .cause
        .as_ref()
        .map(|cause| cause.message.as_str())
        .unwrap_or_default();
    let of = subject(spec);
    let (warning, reason, message) = match outcome {
        Outcome::Completed => {
            let kind = status.type_.as_deref().unwrap_or(type_word(spec.type_));
            let took = status.duration.as_deref().unwrap_or("0s");
            let message = match status.backup_set_id {
                Some(set) if status.children.is_none() => {
                    format!("{kind} backup of {of} created set {set} in {took}")
                }
                _ => format!("{kind} backup of {of} took {took}"),
            };
            (false, "BackupSucceeded", message)
        }
        Outcome::Failed => (
            true,
            "BackupFailed",
            format!("backup of {of} failed: {why}"),
        ),
        Outcome::Canceled => (
            false,
            "BackupCanceled",
            format!("backup of {of} was canceled: {why}"),
        ),
        Outcome::Overdue => (
            true,
            "BackupMissed",
            format!("backup of {of} was missed: {why}"),
        ),
    };
    Event {
        warning,
        reason,
        message,
    }
}
