//! Log backup that does not run: a backup needs it from its start to its end, and recovery until
//! the logs up to the set's `MIN_RESTORE_SCN` are there.
//!
//! Whoever sees to the tenant's log backup already goes on to: a LogBackup, or the strategy that is
//! for the tenant. Where nobody does, a task without a strategy makes a LogBackup that runs around
//! data backups only: it starts before this one, stops after it, and rests until the next. The task
//! itself sends nothing, so that a crash between the two leaves nothing half done.

use super::attempt::LOOKUP_PAUSE;
use super::fan_out::RETRY_PAUSE;
use super::{BackupDecision, Effect, Evaluation, State};
use crate::api::log_backup::{HealSettings, LogBackupMode};
use crate::api::strategy::StorageChangePolicy;
use crate::api::{Binding, Cause, DeletionPolicy, DesiredState, Drift, LogBackupSpec};
use crate::domain::strategy::ApplyOutcome;
use crate::domain::{Blocker, Event, Next, ObservedDestination, cause, naming};
use crate::oceanbase::model::{RoundStatus, Tenant};

/// What is known of the tenant's log backup; looked up while it does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedArchiving {
    /// Who sees to it.
    pub keeper: LogBackupOwner,
    /// Whether the tenant's logs go to where this task would send them.
    pub destination: ObservedDestination,
}

/// Who sees to the log backup of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogBackupOwner {
    /// No object of ours.
    Nobody,
    /// A strategy is for the tenant; its name.
    Strategy(String),
    /// A LogBackup.
    LogBackup {
        /// Its name.
        name: String,
        /// What it should do.
        desired: DesiredState,
        /// Why it does not do that.
        cause: Option<Cause>,
    },
}

impl Evaluation<'_> {
    pub(super) fn is_archiving(&self) -> bool {
        let round = self.tenant().and_then(|tenant| tenant.round.as_ref());
        round.map(|round| &round.status) == Some(&RoundStatus::Doing)
    }

    /// Waits until logs are archived; sees to it where nobody else does.
    pub(super) fn await_log_backup(self) -> BackupDecision {
        let Some(logs) = &self.observed.logs else {
            return self.wait_for_log_backup("a backup needs running log backup".to_owned());
        };
        let message = match &logs.keeper {
            LogBackupOwner::LogBackup {
                name,
                desired: DesiredState::Running,
                cause: Some(cause),
            } => format!(
                "a backup needs running log backup, and LogBackup '{name}' can not run: {}",
                cause.message
            ),
            LogBackupOwner::LogBackup {
                name,
                desired: DesiredState::Running,
                cause: None,
            } if self.tenant().is_some_and(is_paused) => format!(
                "a backup needs running log backup, and the tenant's is paused: LogBackup '{name}' \
                 resumes it, unless somebody paused it in the database; then resume it there \
                 (LOG_ARCHIVE_DEST_STATE = 'ENABLE')"
            ),
            LogBackupOwner::LogBackup {
                name,
                desired: DesiredState::Running,
                cause: None,
            } => {
                format!("a backup needs running log backup: LogBackup '{name}' is on the way to it")
            }
            LogBackupOwner::LogBackup { name, .. } => format!(
                "a backup needs running log backup, and LogBackup '{name}' asks for something \
                 else: set its `desiredState` to Running"
            ),
            LogBackupOwner::Strategy(name) => format!(
                "a backup needs running log backup, which is BackupStrategy '{name}''s to start, \
                 or somebody else's with `logBackup.mode: Unmanaged`: see that strategy"
            ),
            LogBackupOwner::Nobody => {
                match (self.tenant().and_then(elsewhere), &logs.destination) {
                    (Some(how), _) => format!(
                        "a backup needs running log backup, and the tenant's, which somebody else \
                     started, {how}"
                    ),
                    (None, ObservedDestination::Elsewhere(location)) => {
                        let cause = cause(
                            "DestinationInUse",
                            &format!(
                                "a backup needs running log backup, which is stopped, and \
                             LOG_ARCHIVE_DEST is '{location}', set by someone else; it is left as it \
                             is. Start log backup there (ALTER SYSTEM ARCHIVELOG), or clear \
                             LOG_ARCHIVE_DEST, then create a new BackupTask"
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
            return self.wait_for_log_backup("a backup needs running log backup".to_owned());
        };
        // As it stands while it is tried again: the same failure would be written twice a time.
        if self.status.retry_time.is_some() {
            return self.render(&State::Refused, Some(effect), Next::After(LOOKUP_PAUSE));
        }
        let starting = Blocker::waiting(
            "StartingLogBackup",
            "nobody archives the tenant's logs: a LogBackup is made, which runs for this backup and \
             stops after it",
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
            desired_state: DesiredState::Running,
            mode: LogBackupMode::AroundDataBackup,
            binding: Binding::default(),
            piece_switch_days: 1,
            archive_lag_target_seconds: None,
            drift: Drift::default(),
            heal: HealSettings::default(),
            deletion_policy: DeletionPolicy::Retain,
            finalizer_timeout_seconds: 300,
        };
        Some(Effect::MakeLogBackup(name, Box::new(log_backup)))
    }

    /// Takes in what became of the LogBackup that was to be made in this pass.
    pub(super) fn on_log_backup_answer(self, created: &ApplyOutcome) -> BackupDecision {
        let waited_for = self.status.cause.clone().unwrap_or_default();
        if let Some(name) = created.ours.first() {
            let event = Event {
                warning: false,
                reason: "StartingLogBackup",
                message: format!(
                    "LogBackup '{name}' is there: log backup of tenant {} runs for this backup and \
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
                    "a LogBackup '{name}' is there that is for another tenant; delete it, or start \
                     log backup of this tenant with a LogBackup of another name"
                ),
            ),
            (None, Some(error)) => (
                "CreateFailed",
                format!(
                    "a LogBackup could not be made and is tried again: {error}. Check quotas, \
                     admission webhooks and the operator's rights"
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

/// How a round stands that is there and does not archive, and what follows from that.
fn elsewhere(tenant: &Tenant) -> Option<String> {
    let by_hand = "resume it; or stop it, and it is started for this backup";
    Some(match &tenant.round.as_ref()?.status {
        RoundStatus::Stop => return None,
        RoundStatus::Prepare | RoundStatus::Beginning | RoundStatus::Doing => {
            "is starting".to_owned()
        }
        RoundStatus::Stopping => "is stopping: after that it is started for this backup".to_owned(),
        RoundStatus::Suspending | RoundStatus::Suspend => format!("is paused: {by_hand}"),
        RoundStatus::Interrupted => {
            "is interrupted: stop it, and it is started for this backup".to_owned()
        }
        RoundStatus::Unknown(word) => format!("is in state {word}: {by_hand}"),
    })
}
