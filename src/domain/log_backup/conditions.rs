//! Conditions that show whether logs are archived, and fast enough.

use super::{Archive, Evaluation, State};
use crate::api::condition::types::{ARCHIVING, DELAY_WITHIN_TARGET};
use crate::api::log_backup::LogBackupMode;
use crate::api::{Binding, DesiredState, LogBackupSpec};
use crate::domain::condition::{DesiredCondition, Status, desired_condition};
use crate::oceanbase::model::{RoundStatus, Tenant};

pub(super) fn archiving(
    evaluation: &Evaluation<'_>,
    state: &State,
    tenant: Option<&Tenant>,
) -> DesiredCondition {
    let desired = evaluation.desired;
    let comment = tenant
        .and_then(|tenant| tenant.round.as_ref())
        .map(|r| r.comment.as_str());
    match state {
        State::Blocked(blocker) => {
            desired_condition(ARCHIVING, Status::Unknown, blocker.reason, &blocker.message)
        }
        State::Reached(Archive::Round(RoundStatus::Doing))
        | State::Changing(Archive::Round(RoundStatus::Doing))
        | State::Failed(Archive::Round(RoundStatus::Doing))
        | State::Late(Archive::Round(RoundStatus::Doing)) => {
            desired_condition(ARCHIVING, true, "Archiving", "logs are archived")
        }
        State::Drifted(Archive::Round(RoundStatus::Doing)) => desired_condition(
            ARCHIVING,
            true,
            "ModifiedExternally",
            "logs are archived, although `spec.state` does not specify it: another tool started \
             log archiving in the database. Edit `spec.state` to keep or to stop it",
        ),
        State::Reached(Archive::Round(RoundStatus::Interrupted))
        | State::Drifted(Archive::Round(RoundStatus::Interrupted))
        | State::Failed(Archive::Round(RoundStatus::Interrupted))
        | State::Late(Archive::Round(RoundStatus::Interrupted)) => {
            let comment = comment.unwrap_or_default();
            let remedy = tenant
                .map(|tenant| evaluation.remedy(tenant))
                .unwrap_or_default();
            let message = format!("log archiving was interrupted: {comment}. {remedy}");
            desired_condition(ARCHIVING, false, "Interrupted", message)
        }
        State::Healing(_) => desired_condition(
            ARCHIVING,
            false,
            "Healing",
            "log archiving was interrupted; the operator ends the round and starts a new one",
        ),
        State::Reached(Archive::Round(RoundStatus::Unknown(word)))
        | State::Changing(Archive::Round(RoundStatus::Unknown(word)))
        | State::Failed(Archive::Round(RoundStatus::Unknown(word)))
        | State::Late(Archive::Round(RoundStatus::Unknown(word)))
        | State::Drifted(Archive::Round(RoundStatus::Unknown(word))) => {
            let message = format!(
                "the round's status is {word}, which is unknown to this version of the operator"
            );
            desired_condition(ARCHIVING, Status::Unknown, "UnknownStatus", message)
        }
        State::Reached(Archive::Stopped) if desired == DesiredState::Paused => desired_condition(
            ARCHIVING,
            false,
            "Stopped",
            "log backup is stopped: there is nothing to pause",
        ),
        State::Drifted(archive) => {
            let message = format!(
                "another tool changed log archiving in the database; the operator does not change \
                 it back. {}; or set `driftPolicy` to Enforce",
                applying_again(evaluation.object.spec, archive)
            );
            desired_condition(ARCHIVING, false, "ModifiedExternally", message)
        }
        State::Late(_) if desired == DesiredState::Running => {
            let cause = evaluation.status.cause.as_ref();
            let reason = cause.map_or("NotStarted", |cause| cause.reason.as_str());
            let message = cause.map_or("", |cause| cause.message.as_str());
            desired_condition(ARCHIVING, false, reason, message)
        }
        _ => {
            let (reason, message) = match desired {
                DesiredState::Running => ("NotStarted", "logs are not archived yet"),
                DesiredState::Paused => (
                    "Paused",
                    "log backup is paused, as `spec.state` specifies (a strategy that creates a \
                     LogBackup keeps an existing pause). Set `spec.state` to Running to resume",
                ),
                DesiredState::Stopped if evaluation.object.spec.state != desired => (
                    "Idle",
                    "no data backup is running, and logs are archived only for data backups",
                ),
                DesiredState::Stopped => (
                    "Stopped",
                    "log backup is stopped, as `spec.state` specifies (a strategy that recreates \
                     a LogBackup keeps a stop that is younger than the strategy). Set \
                     `spec.state` to Running to archive again",
                ),
            };
            desired_condition(ARCHIVING, false, reason, message)
        }
    }
}

/// Returns how a user can restore the desired state after an external change.
fn applying_again(spec: &LogBackupSpec, archive: &Archive) -> String {
    let is_held = matches!(
        archive,
        Archive::Round(RoundStatus::Suspending | RoundStatus::Suspend)
    );
    if is_held && !may_be_paused(spec.mode, spec.binding) {
        return format!("To resume the round, {}", resuming(&spec.tenant_name));
    }
    "To apply `spec.state` again, set it to the state in the database, and then back".to_owned()
}

/// Returns whether the schema allows a pause with these settings.
#[must_use]
pub fn may_be_paused(mode: LogBackupMode, binding: Binding) -> bool {
    mode != LogBackupMode::AroundDataBackup && binding != Binding::Mandatory
}

/// Returns the statement that resumes a paused round, for use after a comma.
#[must_use]
pub fn resuming(tenant: &str) -> String {
    format!("run `ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = '{tenant}'`")
}

/// Returns whether log backup lags by no more than this many seconds.
pub(super) fn delay_within_target(delay: Option<i64>, acceptable: i64) -> DesiredCondition {
    match delay {
        None => desired_condition(
            DELAY_WITHIN_TARGET,
            Status::Unknown,
            "NotArchiving",
            "no logs are archived",
        ),
        Some(seconds) if seconds > acceptable => desired_condition(
            DELAY_WITHIN_TARGET,
            false,
            "DelayExceeded",
            // No number here: it would change with every observation, and each change is a write.
            format!(
                "log backup is more than {acceptable} s behind: check the throughput of the storage"
            ),
        ),
        Some(_) => desired_condition(
            DELAY_WITHIN_TARGET,
            true,
            "DelayWithinTarget",
            format!("log backup is at most {acceptable} s behind"),
        ),
    }
}
