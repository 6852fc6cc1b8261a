//! Status of a recovery.

use jiff::Timestamp;

use super::{Outcome, State, Step, Task};
use crate::api::condition::types::{
    ACTIVATED, PREVIEWED, RESTORE_VERIFIED, RESTORED, SUBMITTED, SUCCEEDED, TARGET_READY,
};
use crate::api::recovery_task::{RecoveryMode, TargetRole, TargetType};
use crate::api::{RecoveryTaskSpec, RecoveryTaskStatus};
use crate::domain::Event;
use crate::domain::condition::{self, Progress, Status, desired_condition};
use crate::oceanbase::model::RestoreStatus;

/// Returns the status of a task in this state. Phase, label and conditions are rendered and never
/// read back.
pub(super) fn render(
    state: &State,
    mut status: RecoveryTaskStatus,
    task: &Task<'_>,
    now: Timestamp,
) -> RecoveryTaskStatus {
    let (phase, label) = phase(state, &status);
    let (progress, succeeded) = match state {
        State::Ended(Outcome::Completed) => (Progress::Ready, Status::True),
        State::Ended(_) => (Progress::Stalled, Status::False),
        _ => (Progress::Reconciling, Status::Unknown),
    };
    let (reason, message) = explained(state, &status, task.spec);
    let of_tables = task.spec.target.type_ == TargetType::ExistingTenant;
    let succeeded_message = match succeeded {
        Status::Unknown => "the recovery has not ended",
        Status::True | Status::False => &message,
    };
    let mut conditions = vec![desired_condition(
        SUCCEEDED,
        succeeded,
        &reason,
        succeeded_message,
    )];
    conditions.extend(condition::progress(progress, &reason, &message));
    let kept = match &task.spec.verification {
        Some(_) => "the tenant is restored temporarily",
        None => "the tenant is restored, and is kept even if a later step fails",
    };
    let reached = |kind, is, yes: &str, said: &str, no: &str| {
        let (why, what) = if is { (yes, said) } else { (&*reason, no) };
        desired_condition(kind, is, why, what)
    };
    if task.spec.mode == RecoveryMode::Recover {
        let sent = status.sends.is_some() || status.job_id.is_some();
        let cleanup = status.cleanup.as_ref();
        let is_dropped = cleanup.is_some_and(|cleanup| !cleanup.pools_dropped.is_empty());
        let ready = (sent || status.restored_time.is_some()) && !is_dropped;
        conditions.extend([
            reached(
                SUBMITTED,
                status.job_id.is_some(),
                "AlreadySubmitted",
                "the database accepted the statement",
                "the database has not accepted a statement",
            ),
            reached(
                TARGET_READY,
                ready,
                "ResourcesReady",
                "the resources of the tenant exist",
                "the resources of the tenant do not exist",
            ),
            reached(
                RESTORED,
                status.restored_time.is_some(),
                if of_tables {
                    "TablesRecovered"
                } else {
                    "TenantRestored"
                },
                if of_tables {
                    "the tables are in the tenant"
                } else {
                    kept
                },
                if of_tables {
                    "the tables are not in the tenant"
                } else {
                    "the tenant is not restored"
                },
            ),
        ]);
        if task.spec.target.role == TargetRole::Primary && !of_tables {
            conditions.push(reached(
                ACTIVATED,
                status.activated_time.is_some(),
                "TenantActivated",
                "the tenant is a primary tenant",
                "the tenant is not a primary tenant",
            ));
        }
    }
    if let Some(skipped) = &status.preview_skipped {
        conditions.push(desired_condition(
            PREVIEWED,
            false,
            &skipped.reason,
            &skipped.message,
        ));
    }
    if task.spec.verification.is_some() {
        conditions.push(verified(&status, &reason, &message));
    }
    status.conditions = condition::merge(&status.conditions, conditions, task.generation, now);
    status.observed_generation = Some(task.generation);
    status.phase = Some(phase.to_owned());
    status.console_label = Some(label.to_owned());
    status
}

/// Returns the condition that shows the result of a verification.
fn verified(
    status: &RecoveryTaskStatus,
    reason: &str,
    message: &str,
) -> condition::DesiredCondition {
    let result = status.verification.as_ref();
    match result.and_then(|progress| progress.result.as_deref()) {
        Some("Passed") => desired_condition(
            RESTORE_VERIFIED,
            true,
            "Verified",
            "the tenant was restored and has passed its checks",
        ),
        Some("Failed") => desired_condition(RESTORE_VERIFIED, false, reason, message),
        _ => desired_condition(
            RESTORE_VERIFIED,
            Status::Unknown,
            reason,
            "the verification has no result",
        ),
    }
}

/// Returns the phase and the console's label for it (console 2.6).
fn phase(state: &State, status: &RecoveryTaskStatus) -> (&'static str, &'static str) {
    match state {
        State::Waiting(_) | State::Asking | State::Preparing | State::Sending => {
            ("Pending", "Pending")
        }
        State::Running(RestoreStatus::CreateTenant) => ("CreatingTenant", "Creating Tenant"),
        State::Running(RestoreStatus::Restoring(word)) => restoring(word),
        State::Running(RestoreStatus::Upgrade) => ("Restoring", "Upgrading the tenant"),
        State::Running(_) => ("Restoring", "Waiting for the tenant recovery to complete"),
        State::Canceling | State::CleaningUp(Outcome::Canceled) => ("Canceling", "Canceling"),
        State::Verifying => ("Verifying", "Verifying"),
        State::Activating => ("Activating", "Activating"),
        State::Upgrading => ("Upgrading", "Upgrading"),
        State::CleaningUp(_) => ("CleaningUp", "Cleaning Up"),
        State::Unobserved(_) => unseen(status),
        State::Ended(Outcome::Completed) => ("Completed", "Completed"),
        State::Ended(Outcome::Failed) => ("Failed", "Failed"),
        State::Ended(Outcome::Canceled) => ("Canceled", "Canceled"),
    }
}

/// Returns the last known phase.
fn unseen(status: &RecoveryTaskStatus) -> (&'static str, &'static str) {
    match status.step.as_deref().and_then(Step::parse) {
        None | Some(Step::Preparing) => ("Pending", "Pending"),
        Some(Step::Restoring) if status.job_id.is_none() => ("Pending", "Pending"),
        Some(Step::Restoring) => ("Restoring", "Waiting for the tenant recovery to complete"),
        Some(Step::Verifying) => ("Verifying", "Verifying"),
        Some(Step::Activating) => ("Activating", "Activating"),
        Some(Step::Upgrading) => ("Upgrading", "Upgrading"),
        Some(Step::CleaningUp) if status.ending.as_deref() == Some("Canceled") => {
            ("Canceling", "Canceling")
        }
        Some(Step::CleaningUp) => ("CleaningUp", "Cleaning Up"),
    }
}

/// Returns the phase for a job's status. The console has no labels for the recovery of tables.
fn restoring(word: &str) -> (&'static str, &'static str) {
    match word {
        "RESTORE_PRE" => ("Restoring", "Set parameters"),
        "RESTORE_CREATE_INIT_LS" => ("Restoring", "Create baseline log stream"),
        "RESTORE_WAIT_LS" => ("Restoring", "Restoring the baseline log stream"),
        "POST_CHECK" => ("Restoring", "Set standby tenant"),
        "RESTORE_AUX_TENANT" => ("Restoring", "Restoring the auxiliary tenant"),
        "ACTIVE_AUX_TENANT" => ("Activating", "Activating the auxiliary tenant"),
        "PRECHECK_IMPORT" | "GEN_IMPORT_JOB" | "IMPORTING" => ("Importing", "Importing the tables"),
        "CANCELING" => ("Canceling", "Canceling"),
        _ => ("Restoring", "Recovering"),
    }
}

fn explained(
    state: &State,
    status: &RecoveryTaskStatus,
    spec: &RecoveryTaskSpec,
) -> (String, String) {
    let plain = |reason: &str, message: &str| (reason.to_owned(), message.to_owned());
    match (state, &status.cause) {
        (State::Waiting(blocker) | State::Unobserved(blocker), _) => {
            plain(blocker.reason, &blocker.message)
        }
        (_, Some(cause)) => (cause.reason.clone(), cause.message.clone()),
        (State::Ended(Outcome::Completed), None) if spec.mode == RecoveryMode::Preview => plain(
            "Previewed",
            "the recovery is possible as `status.plan` shows",
        ),
        (State::Ended(Outcome::Completed), None) if spec.objects.is_some() => {
            plain("Completed", "the tables are recovered")
        }
        (State::Ended(Outcome::Completed), None) => plain("Completed", "the tenant is recovered"),
        (State::Ended(outcome), None) => plain(outcome.word(), "the recovery has ended"),
        (State::Asking, None) => plain(
            "Asking",
            "the database is reading the storage for the preview",
        ),
        (State::Preparing, None) => {
            plain("Preparing", "the resources of the tenant are being created")
        }
        (State::Sending, None) => plain(
            "Sending",
            "the statement is being sent; the database may take minutes to answer",
        ),
        (State::Running(RestoreStatus::Unknown(word)), None) => (
            "InProgress".to_owned(),
            format!("the job's status is {word}"),
        ),
        (State::Running(_), None) if spec.objects.is_some() => {
            plain("InProgress", "the tables are being recovered")
        }
        (State::Running(_), None) => plain("InProgress", "the tenant is being restored"),
        (State::Canceling, None) => plain("Canceling", "the job is being canceled"),
        (State::Verifying, None) => plain(
            "Verifying",
            "the checks are being run in the restored tenant",
        ),
        (State::Activating, None) => plain("Activating", "the tenant is becoming a primary tenant"),
        (State::Upgrading, None) => plain(
            "Upgrading",
            "the tenant is a primary tenant, and is being upgraded to the version of its cluster",
        ),
        (State::CleaningUp(_), None) => plain(
            "CleaningUp",
            "the objects of the recovery are being dropped",
        ),
    }
}

pub(super) fn started_event(status: &RecoveryTaskStatus) -> Event {
    let summary = status.summary.as_ref();
    let target = summary.map_or("", |summary| &summary.target);
    Event {
        warning: false,
        reason: "RecoveryStarted",
        message: match status.job_id {
            Some(job) => format!("the recovery to {target} runs as job {job}"),
            None => format!("the recovery to {target} has started"),
        },
    }
}

pub(super) fn ended_event(
    outcome: Outcome,
    status: &RecoveryTaskStatus,
    spec: &RecoveryTaskSpec,
) -> Event {
    let summary = status.summary.as_ref();
    let source = summary.map_or("", |summary| &summary.source);
    let target = summary.map_or("", |summary| &summary.target);
    let cause = status.cause.as_ref();
    let why = cause
        .map(|cause| cause.message.as_str())
        .unwrap_or_default();
    let (warning, reason, message) = match outcome {
        Outcome::Completed if spec.mode == RecoveryMode::Preview => (
            false,
            "RecoveryPreviewed",
            format!("{source} can be recovered to {target}"),
        ),
        Outcome::Completed if spec.verification.is_some() => (
            false,
            "RecoveryVerified",
            format!(
                "{source} was restored to {target} as of {}: {why}; the tenant was dropped",
                status.restore_time.as_deref().unwrap_or("its latest point")
            ),
        ),
        Outcome::Completed => {
            let until = status.restore_time.as_deref().unwrap_or("its latest point");
            let took = status.duration.as_deref().unwrap_or("0s");
            let what = if spec.objects.is_some() {
                "tables of "
            } else {
                ""
            };
            (
                false,
                "RecoverySucceeded",
                format!("{what}{source} recovered to {target} as of {until} in {took}"),
            )
        }
        Outcome::Failed => (
            true,
            if spec.verification.is_some() {
                "VerificationFailed"
            } else {
                "RecoveryFailed"
            },
            format!("recovery of {source} to {target} failed: {why}"),
        ),
        Outcome::Canceled => (
            false,
            "RecoveryCanceled",
            format!("recovery of {source} to {target} was canceled: {why}"),
        ),
    };
    Event {
        warning,
        reason,
        message,
    }
}
