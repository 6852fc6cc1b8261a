//! Change of the logs' destination, as requested by `storageChangePolicy: StopAndSwitch`.
//!
//! ```text
//! announced ──nothing runs──> NOARCHIVELOG ──STOP──> SET LOG_ARCHIVE_DEST ──> ARCHIVELOG ──> full backup
//! ```
//!
//! The status records each step before its statement is sent, and the operator reads the database
//! before each step. After a restart the change therefore continues. The operator leaves only
//! locations to which this object sent the tenant's logs.

use std::time::Duration;

use super::{Archive, Effect, Evaluation, LogBackupDecision, STEP_TIMEOUT};
use crate::api::condition::types::STORAGE_MIGRATED;
use crate::api::log_backup::{LogBackupMode, StorageChangePolicy, StorageMigration};
use crate::api::{DesiredState, LogBackupStatus};
use crate::domain::condition::{DesiredCondition, Status, desired_condition};
use crate::domain::tenant::ineligible;
use crate::domain::{Blocker, Event, Next, ObservedDestination, time};
use crate::oceanbase::model::{RoundStatus, Tenant, TenantName};

const ANNOUNCED: &str = "Announced";
const STOPPING: &str = "Stopping";
const SETTING: &str = "Setting";
const STARTING: &str = "Starting";
const AWAITING_FULL_BACKUP: &str = "AwaitingFullBackup";
const SWITCHED: &str = "Switched";
/// The change was reverted after log backup was stopped: log backup starts at the old location.
const RETURNING: &str = "Returning";
/// The change was reverted and log backup runs: a full backup is needed.
const RETURNED: &str = "Returned";

/// Delay between the announcement of a change and its start.
const NOTICE_PERIOD: Duration = Duration::from_secs(1);

/// Input of a destination change, looked up while logs go to another location than the spec
/// requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedMigration {
    /// New location, without keys.
    pub to: String,
    /// Location of the tenant's data backups, if it is in the old storage.
    pub data_from: Option<String>,
    /// Work of the tenant that prevents stopping log backup, if any.
    pub busy: Option<String>,
}

/// Returns the active change.
fn open(status: &LogBackupStatus) -> Option<&StorageMigration> {
    let migration = status.storage_migration.as_ref();
    migration.filter(|migration| migration.step != SWITCHED)
}

/// Returns whether a change is active.
#[must_use]
pub fn is_migrating(status: &LogBackupStatus) -> bool {
    open(status).is_some()
}

/// Returns the locations that may be left, because this object sent the tenant's logs there: the
/// last archive location, and both locations of an active change. If a change is reverted after the
/// new destination was set and before logs were archived there, the new location is left again.
pub fn own_locations(status: &LogBackupStatus) -> impl Iterator<Item = &str> {
    let migration = open(status);
    let left = migration.map(|migration| migration.from.as_str());
    let is_set = |step: &str| matches!(step, SETTING | STARTING | AWAITING_FULL_BACKUP);
    let set = migration.filter(|migration| is_set(&migration.step));
    let set = set.map(|migration| migration.to.as_str());
    let archived = status.storage_directory.as_deref();
    [archived, left, set].into_iter().flatten()
}

/// Returns a location without its query and trailing slashes.
fn bare(location: &str) -> &str {
    let location = location.split('?').next().unwrap_or_default();
    location.trim_end_matches('/')
}

/// Returns whether a change is active and needs a full backup.
pub(super) fn wants_full_backup(status: &LogBackupStatus) -> bool {
    open(status)
        .is_some_and(|migration| matches!(&*migration.step, AWAITING_FULL_BACKUP | RETURNED))
}

impl Evaluation<'_> {
    /// Returns the location to leave; the location of another owner is never left.
    pub(super) fn replaced_location(&self) -> Option<String> {
        let ObservedDestination::Elsewhere(location) = self.destination() else {
            return None;
        };
        let is_own = own_locations(&self.status).any(|own| bare(own) == location);
        let is_asked = self.object.spec.storage_change_policy == StorageChangePolicy::StopAndSwitch;
        (is_own && is_asked).then(|| location.clone())
    }

    /// Takes the next step of a change.
    pub(super) fn switch(
        mut self,
        tenant: &Tenant,
        archive: Archive,
        from: String,
        observed: &ObservedMigration,
    ) -> LogBackupDecision {
        if let Some(blocker) = self.migration_blocker(tenant) {
            let mut decision = self.blocked(Some(tenant), blocker);
            decision.next = STEP_TIMEOUT;
            return decision;
        }
        let migration = open(&self.status);
        let is_another = |migration: &StorageMigration| {
            let was_taken_back = matches!(&*migration.step, RETURNING | RETURNED);
            migration.from != from || migration.to != observed.to || was_taken_back
        };
        if migration.is_none_or(is_another) {
            return self.announce(tenant, archive, from, observed);
        }
        if let Some(until) = self.paused_until() {
            let state = self.in_progress(archive);
            return self.render(Some(tenant), &state, None, Next::At(until));
        }
        if !self.is_settled() {
            let state = self.in_progress(archive);
            return self.render(Some(tenant), &state, None, Next::Await);
        }
        let Some(name) = TenantName::parse(&self.object.spec.tenant_name) else {
            return self.blocked(Some(tenant), Blocker::reading());
        };
        let goes_on = matches!(
            archive,
            Archive::Round(RoundStatus::Prepare | RoundStatus::Beginning | RoundStatus::Doing)
        );
        if goes_on && observed.busy.is_some() {
            self.set_step(ANNOUNCED);
            let state = self.in_progress(archive);
            return self.render(Some(tenant), &state, None, STEP_TIMEOUT);
        }
        let effect = match (&archive, tenant.archive_log) {
            (Archive::Stopped, Some(true)) => Some(Effect::Leave { tenant: name, from }),
            (Archive::Stopped, _) => {
                self.set_step(SETTING);
                Some(Effect::Switch { tenant: name, from })
            }
            (Archive::Round(RoundStatus::Stopping), _) | (_, Some(false)) => None,
            _ => {
                self.set_step(STOPPING);
                Some(Effect::Leave { tenant: name, from })
            }
        };
        let state = self.in_progress(archive);
        if let Some(until) = effect.as_ref().and_then(|effect| self.repeated_at(effect)) {
            return self.render(Some(tenant), &state, None, Next::At(until));
        }
        self.render(Some(tenant), &state, effect, STEP_TIMEOUT)
    }

    /// Announces a change before any statement is sent.
    fn announce(
        mut self,
        tenant: &Tenant,
        archive: Archive,
        from: String,
        observed: &ObservedMigration,
    ) -> LogBackupDecision {
        let message = format!(
            "log backup of tenant {} moves from '{from}' to '{}', as `storageChangePolicy: \
             StopAndSwitch` specifies. The operator stops and restarts it; recovery to a time in \
             between is not possible, and a full backup follows",
            self.object.spec.tenant_name, observed.to
        );
        self.status.storage_migration = Some(StorageMigration {
            from,
            to: observed.to.clone(),
            data_from: observed.data_from.clone(),
            since: time(self.now),
            step: ANNOUNCED.to_owned(),
        });
        self.event = Some(Event {
            warning: true,
            reason: "StorageMigrationScheduled",
            message,
        });
        let state = self.in_progress(archive);
        self.render(Some(tenant), &state, None, Next::After(NOTICE_PERIOD))
    }

    fn migration_blocker(&self, tenant: &Tenant) -> Option<Blocker> {
        if let Some(blocker) = ineligible(tenant) {
            return Some(blocker);
        }
        if let Some(blocker) = &self.observed.conflict {
            return Some(blocker.clone());
        }
        let is_around = self.object.spec.mode == LogBackupMode::AroundDataBackup;
        let runs = self.object.spec.state == DesiredState::Running;
        if runs || (is_around && self.desired == DesiredState::Stopped) {
            return None;
        }
        Some(Blocker::waiting(
            "StorageMigrationPending",
            "the logs must move to another destination, but log backup is stopped or paused, as \
             `spec.state` specifies. Set `spec.state` to Running to move them",
        ))
    }

    fn set_step(&mut self, step: &str) {
        if let Some(migration) = &mut self.status.storage_migration {
            step.clone_into(&mut migration.step);
        }
    }

    /// Records that the logs go to the old location again, as the spec requests. Two locations that
    /// differ only in their hosts are not distinguished here.
    fn record_revert(&mut self, tenant: &Tenant) {
        let Some(migration) = &mut self.status.storage_migration else {
            return;
        };
        let current = tenant.log_dest.as_ref().map(|dest| bare(&dest.path));
        let is_there = current == Some(&*migration.from) && migration.from != migration.to;
        if is_there && matches!(migration.step.as_str(), STOPPING | SETTING) {
            RETURNING.clone_into(&mut migration.step);
            migration.data_from = None;
        }
    }

    /// Follows a change whose new location is set, or that was reverted.
    pub(super) fn follow_switch(&mut self, tenant: &Tenant, archive: &Archive) {
        if *self.destination() != ObservedDestination::Ours {
            return;
        }
        self.record_revert(tenant);
        let Some(migration) = open(&self.status) else {
            return;
        };
        match migration.step.as_str() {
            // The edit was reverted before any statement was sent.
            ANNOUNCED => self.status.storage_migration = None,
            STOPPING | SETTING => self.set_step(STARTING),
            AWAITING_FULL_BACKUP if self.status.full_backup_wanted_since.is_none() => {
                self.set_step(SWITCHED);
            }
            RETURNED if self.status.full_backup_wanted_since.is_none() => {
                self.status.storage_migration = None;
            }
            _ => {}
        }
        let is_around = self.object.spec.mode == LogBackupMode::AroundDataBackup;
        let runs = *archive == Archive::Round(RoundStatus::Doing);
        let next = match open(&self.status).map(|migration| &*migration.step) {
            Some(STARTING) => AWAITING_FULL_BACKUP,
            Some(RETURNING) => RETURNED,
            _ => return,
        };
        if runs || is_around {
            self.set_step(next);
            self.status.full_backup_wanted_since = Some(time(self.now));
        }
    }
}

/// Returns whether the logs have moved to their new location.
pub(super) fn switched(
    evaluation: &Evaluation<'_>,
    status: &LogBackupStatus,
) -> Option<DesiredCondition> {
    let migration = status.storage_migration.as_ref()?;
    let busy = evaluation
        .observed
        .switch
        .as_ref()
        .and_then(|observed| observed.busy.as_ref());
    let (from, to) = (&migration.from, &migration.to);
    let gap = "recovery to a time in between is not possible, and a full backup follows";
    let (is, reason, message) = match migration.step.as_str() {
        ANNOUNCED => {
            let when = busy.map_or_else(
                || "The move starts shortly".to_owned(),
                |busy| format!("The move starts when {busy} has ended"),
            );
            let message = format!(
                "the operator will stop log backup, move it from '{from}' to '{to}' and restart \
                 it; {gap}. {when}"
            );
            (Status::False, "StorageMigrationScheduled", message)
        }
        AWAITING_FULL_BACKUP => {
            let message = format!(
                "logs go to '{to}' and no longer to '{from}'. Recovery with these logs needs a \
                 full backup, which the tenant's strategy creates. Without a strategy, create a \
                 BackupTask of type Full"
            );
            (Status::False, "AwaitingFullBackup", message)
        }
        RETURNING => {
            let message = format!(
                "the move was reverted after log backup was stopped: the operator restarts it at \
                 '{from}'; {gap}"
            );
            (Status::False, "StorageMigrationInProgress", message)
        }
        RETURNED => {
            let message = format!(
                "the move was reverted, and logs go to '{from}' as before. Log backup was stopped \
                 for it, and recovery with the new logs needs a full backup, which the tenant's \
                 strategy creates. Without a strategy, create a BackupTask of type Full"
            );
            (Status::False, "AwaitingFullBackup", message)
        }
        SWITCHED => {
            let message = format!(
                "logs go to '{to}'; earlier backups stay in '{from}', and the database no longer \
                 deletes anything there"
            );
            (Status::True, "StorageMigrated", message)
        }
        _ => {
            let message = format!(
                "the operator stops log backup, moves it from '{from}' to '{to}' and restarts it; \
                 {gap}"
            );
            (Status::False, "StorageMigrationInProgress", message)
        }
    };
    Some(desired_condition(STORAGE_MIGRATED, is, reason, message))
}
