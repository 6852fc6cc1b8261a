//! Status of a cleanup.

use jiff::Timestamp;

use super::{Outcome, State};
use crate::api::cleanup_task::CleanupMode;
use crate::api::condition::types::{JOB_STARTED, SUBMITTED, SUCCEEDED};
use crate::api::{CleanupTaskSpec, CleanupTaskStatus};
use crate::domain::Event;
use crate::domain::condition::{self, Progress, Status, desired_condition};
use crate::oceanbase::model::JobStatus;

/// Returns the status of a task in this state. Phase, label and conditions are rendered and never
/// read back.
pub(super) fn render(
    state: &State,
    mut status: CleanupTaskStatus,
    generation: i64,
    now: Timestamp,
) -> CleanupTaskStatus {
    let phase = phase(state, &status);
    let (progress, succeeded) = match state {
        State::Ended(Outcome::Completed) => (Progress::Ready, Status::True),
        State::Ended(_) => (Progress::Stalled, Status::False),
        _ => (Progress::Reconciling, Status::Unknown),
    };
    let (reason, message) = explained(state, &status);
    let succeeded_message = match succeeded {
        Status::Unknown => "the cleanup has not ended",
        Status::True | Status::False => &message,
    };
    let mut conditions = vec![desired_condition(
        SUCCEEDED,
        succeeded,
        &reason,
        succeeded_message,
    )];
    conditions.extend(condition::progress(progress, &reason, &message));
    let statement = status.statement.as_ref().map(|it| it.outcome.as_str());
    let accepted = status.job_id.is_some() || statement == Some("Accepted");
    let has_job = status.job_id.is_some();
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
        has_job,
        if has_job { "AlreadySubmitted" } else { &reason },
        status.job_id.map_or_else(
            || "the database has not shown a job of the cleanup".to_owned(),
            |id| format!("the database started cleanup job {id}"),
        ),
    ));
    status.conditions = condition::merge(&status.conditions, conditions, generation, now);
    status.observed_generation = Some(generation);
    status.phase = Some(phase.to_owned());
    // The console uses the same words (S38, S90).
    status.console_label = Some(phase.to_owned());
    status
}

fn phase(state: &State, status: &CleanupTaskStatus) -> &'static str {
    let is_pending = match state {
        State::Waiting(_) | State::Refused | State::Sending | State::Accepted => true,
        State::Unobserved(_) => status.job_id.is_none(),
        State::Running(status) => *status == JobStatus::Init,
        State::Ended(_) => false,
    };
    match state {
        _ if is_pending => "Pending",
        State::Ended(outcome) => outcome.word(),
        State::Running(JobStatus::Canceling) => "Canceling",
        // A status word that this operator does not know also counts as running, never as finished.
        _ => "Executing",
    }
}

fn explained(state: &State, status: &CleanupTaskStatus) -> (String, String) {
    let plain = |reason: &str, message: &str| (reason.to_owned(), message.to_owned());
    match (state, &status.cause) {
        (State::Waiting(blocker) | State::Unobserved(blocker), _) => {
            plain(blocker.reason, &blocker.message)
        }
        (State::Ended(Outcome::Completed), cause) => completed(status, cause.is_some()),
        (_, Some(cause)) => (cause.reason.clone(), cause.message.clone()),
        (State::Ended(outcome), None) => plain(outcome.word(), "the cleanup has ended"),
        (State::Refused, None) => plain(
            "RefusedForNow",
            "the database did not accept the statement; the operator retries it",
        ),
        (State::Sending, None) => plain("Sending", "the statement is being sent"),
        (State::Accepted, None) => plain(
            "WaitingForJob",
            "the database accepted the statement but does not show its job yet",
        ),
        (State::Running(JobStatus::Canceling), None) => {
            plain("Canceling", "the job is being canceled")
        }
        (State::Running(JobStatus::Unknown(word)), None) => (
            "Executing".to_owned(),
            format!("the job's status is {word}"),
        ),
        (State::Running(_), None) => plain("Executing", "the cleanup is running"),
    }
}

fn completed(status: &CleanupTaskStatus, has_cause: bool) -> (String, String) {
    let reason = "Completed".to_owned();
    if status.job_id.is_some() {
        return (reason, deleted(status));
    }
    let Some(counts) = &status.plan_counts else {
        return (reason, "the cleanup is complete".to_owned());
    };
    let mut message = format!(
        "{} sets and {} pieces would be deleted ({} bytes), {} sets and {} pieces would be kept",
        counts.delete_sets,
        counts.delete_pieces,
        counts.delete_bytes,
        counts.keep_sets,
        counts.keep_pieces
    );
    if has_cause && let Some(cause) = &status.cause {
        message = format!("{message}; {}", cause.message);
    }
    (reason, message)
}

fn deleted(status: &CleanupTaskStatus) -> String {
    let (sets, pieces) = (status.deleted_sets, status.deleted_pieces);
    format!(
        "{} backup sets and {} archive pieces were deleted",
        sets.unwrap_or_default(),
        pieces.unwrap_or_default()
    )
}

pub(super) fn started_event(status: &CleanupTaskStatus, spec: &CleanupTaskSpec) -> Event {
    let of = &spec.tenant_name;
    Event {
        warning: false,
        reason: "CleanupStarted",
        message: match status.job_id {
            Some(job) => format!("cleanup of tenant {of} runs as job {job}"),
            None => format!("cleanup of tenant {of} has started"),
        },
    }
}

pub(super) fn ended_event(
    outcome: Outcome,
    status: &CleanupTaskStatus,
    spec: &CleanupTaskSpec,
) -> Option<Event> {
    if spec.mode == Some(CleanupMode::Preview) && outcome == Outcome::Completed {
        return None;
    }
    let why = status.cause.as_ref().map_or("", |cause| &*cause.message);
    let of = &spec.tenant_name;
    let (warning, reason, message) = match outcome {
        Outcome::Completed => (
            false,
            "CleanupSucceeded",
            format!("cleanup of tenant {of}: {}", deleted(status)),
        ),
        Outcome::Failed => (
            true,
            "CleanupFailed",
            format!("cleanup of tenant {of} failed: {why}"),
        ),
        Outcome::Canceled => (
            false,
            "CleanupCanceled",
            format!("cleanup of tenant {of} was canceled: {why}"),
        ),
    };
    Some(Event {
        warning,
        reason,
        message,
    })
}
