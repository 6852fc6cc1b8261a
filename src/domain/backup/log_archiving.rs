//! Log backup that does not run. A backup needs it from its start to its end. Recovery needs it
//! until the logs up to the set's `MIN_RESTORE_SCN` are archived.
//!
//! An object that already manages the tenant's log backup keeps it: a LogBackup, or the strategy
//! that covers the tenant. Otherwise a task without a strategy creates a LogBackup that runs only
//! around data backups. It starts before this backup, stops after it, and is idle until the next.
//! The task itself sends nothing, so that a crash between the two leaves no partial work.

use super::fan_out::RETRY_PAUSE;
use super::{BackupDecision, Effect, Evaluation, State};
use crate::api::log_backup::{InterruptionSettings, LogBackupMode, StorageChangePolicy};
use crate::api::{Binding, Cause, DeletionPolicy, DesiredState, DriftPolicy, LogBackupSpec};
use crate::domain::attempt::{LOOKUP_PAUSE, SentOnce};
use crate::domain::children::ApplyOutcome;
use crate::domain::{Blocker, Event, Next, ObservedDestination, cause, naming};
use crate::oceanbase::model::{RoundStatus, Tenant};

/// Known state of the tenant's log backup, looked up while it does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedArchiving {
    /// Owner of the tenant's log backup.
    pub owner: LogBackupOwner,
    /// Whether the tenant's logs go to the destination that this task would use.
    pub destination: ObservedDestination,
}

/// Owner of the log backup of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogBackupOwner {
    /// No object of the operator.
    Unowned,
    /// A strategy that covers the tenant, by name.
    Strategy(String),
    /// A LogBackup.
    LogBackup {
        /// Name of the LogBackup.
        name: String,
        /// State that its spec requests.
        desired: DesiredState,
        /// Why it does not have that state.
        cause: Option<Cause>,
    },
}

impl Evaluation<'_> {
    pub(super) fn is_archiving(&self) -> bool {
        let round = self.tenant().and_then(|tenant| tenant.round.as_ref());
        round.map(|round| &round.status) == Some(&RoundStatus::Doing)
    }

    /// Waits until logs are archived, and starts log backup if no other object manages it.
    pub(super) fn await_log_backup(self) -> BackupDecision {
        let Some(logs) = &self.observed.logs else {
            return self.wait_for_log_backup("a backup needs a running log backup".to_owned());
        };
        let message = match &logs.owner {
            LogBackupOwner::LogBackup {
                name,
                desired: DesiredState::Running,
                cause: Some(cause),
            } => format!(
                "a backup needs a running log backup, and LogBackup '{name}' cannot run: {}",
                cause.message
            ),
            LogBackupOwner::LogBackup {
                name,
                desired: DesiredState::Running,
                cause: None,
            } if self.tenant().is_some_and(is_paused) => format!(
                "a backup needs a running log backup, and the tenant's log backup is paused. \
                 LogBackup '{name}' resumes it, unless another tool paused it; then resume it in \
                 the database (LOG_ARCHIVE_DEST_STATE = 'ENABLE')"
            ),
            LogBackupOwner::LogBackup {
                name,
                desired: DesiredState::Running,
                cause: None,
            } => {
                format!("a backup needs a running log backup: LogBackup '{name}' is starting it")
            }
            LogBackupOwner::LogBackup { name, .. } => format!(
                "a backup needs a running log backup, and `spec.state` of LogBackup '{name}' is \
                 not Running: set it to Running"
            ),
            LogBackupOwner::Strategy(name) => format!(
                "a backup needs a running log backup. BackupStrategy '{name}' starts it, or \
                 another tool with `logBackup.mode: Unmanaged`: check that strategy"
            ),
            LogBackupOwner::Unowned => {
                match (self.tenant().and_then(elsewhere), &logs.destination) {
                    (Some(how), _) => format!(
                        "a backup needs a running log backup, and the tenant's log backup, started \
                         by another tool, {how}"
                    ),
                    (None, ObservedDestination::Elsewhere(location)) => {
                        let cause = cause(
                            "DestinationInUse",
                            &format!(
                                "a backup needs a running log backup, but log backup is stopped \
                                 and LOG_ARCHIVE_DEST is '{location}', set by another tool. The \
                                 operator does not change it. Start log backup there (ALTER SYSTEM \
                                 ARCHIVELOG), or clear LOG_ARCHIVE_DEST, then create a new \
                                 BackupTask"
                            ),
                        );
                        return self.fail(cause);
                    }
                    (None, _) => return self.create_log_backup(),
                }
            }
        };
        self.wait_for_log_backup(message)
    }

    fn wait_for_log_backup(self, message: String) -> BackupDecision {
        let blocker = Blocker::waiting("WaitingForLogBackup", message);
        self.hold(blocker)
    }

    fn create_log_backup(self) -> BackupDecision {
        let Some(effect) = self.new_log_backup() else {
            return self.wait_for_log_backup("a backup needs a running log backup".to_owned());
        };
        // The status stays during a retry: otherwise each retry would write the same failure twice.
        if self.status.retry_time.is_some() {
            return self.render(&State::Refused, Some(effect), Next::After(LOOKUP_PAUSE));
        }
        let starting = Blocker::waiting(
            "StartingLogBackup",
            "the tenant's logs are not archived: the operator creates a LogBackup that runs for \
             this backup and stops after it",
        );
        self.wait_with(starting, Some(effect), Next::After(LOOKUP_PAUSE))
    }

    fn new_log_backup(&self) -> Option<Effect> {
        let spec = self.task.spec;
        let cluster_ref = spec.cluster_ref.clone()?;
        let name = naming::log_backup(&cluster_ref.name, self.tenant()?.id);
        let log_backup = LogBackupSpec {
            cluster_ref,
            tenant_name: spec.tenant_name.clone(),
            storage_ref: spec.storage_ref.clone()?,
            path: None,
            storage_change_policy: StorageChangePolicy::Refuse,
            state: DesiredState::Running,
            mode: LogBackupMode::AroundDataBackup,
            binding: Binding::default(),
            piece_switch_days: 1,
            archive_lag_target_seconds: None,
            drift_policy: DriftPolicy::default(),
            interruption: InterruptionSettings::default(),
            deletion_policy: DeletionPolicy::Retain,
            deletion_timeout_seconds: None,
        };
        Some(Effect::MakeLogBackup(name, Box::new(log_backup)))
    }

    /// Records the result of creating the LogBackup in this pass.
    pub(super) fn on_log_backup_answer(self, created: &ApplyOutcome) -> BackupDecision {
        let waited_for = self.status.cause.clone().unwrap_or_default();
        if let Some(name) = created.owned.first() {
            let event = Event {
                warning: false,
                reason: "StartingLogBackup",
                message: format!(
                    "LogBackup '{name}' exists: log backup of tenant {} runs for this backup and \
                     stops after it",
                    self.task.spec.tenant_name
                ),
            };
            let starting = Blocker::waiting("StartingLogBackup", waited_for.message);
            let mut decision = self.wait(starting, Next::After(LOOKUP_PAUSE));
            decision.event = Some(event);
            return decision;
        }
        let (reason, message) = match (created.foreign.first(), created.error()) {
            (Some(name), _) => (
                "NameCollision",
                format!(
                    "LogBackup '{name}' exists and is for another tenant; delete it, or start log \
                     backup of this tenant with a LogBackup of another name"
                ),
            ),
            (None, Some(error)) => (
                "CreateFailed",
                format!(
                    "a LogBackup could not be created, and the operator retries: {error}. Check \
                     quotas, admission webhooks and the permissions of the operator"
                ),
            ),
            (None, None) => return self.decide(),
        };
        self.pause(cause(reason, &message), RETRY_PAUSE)
    }
}

fn is_paused(tenant: &Tenant) -> bool {
    let round = tenant.round.as_ref().map(|round| &round.status);
    matches!(round, Some(RoundStatus::Suspending | RoundStatus::Suspend))
}

/// Returns the state of a round that exists and does not archive, and what the user can do.
fn elsewhere(tenant: &Tenant) -> Option<String> {
    let by_hand = "resume it; or stop it, and the operator starts it for this backup";
    Some(match &tenant.round.as_ref()?.status {
        RoundStatus::Stop => return None,
        RoundStatus::Prepare | RoundStatus::Beginning | RoundStatus::Doing => {
            "is starting".to_owned()
        }
        RoundStatus::Stopping => {
            "is stopping: afterwards the operator starts it for this backup".to_owned()
        }
        RoundStatus::Suspending | RoundStatus::Suspend => format!("is paused: {by_hand}"),
        RoundStatus::Interrupted => {
            "is interrupted: stop it, and the operator starts it for this backup".to_owned()
        }
        RoundStatus::Unknown(word) => format!("is in state {word}: {by_hand}"),
    })
}
