//! Log backup that runs only around data backups.
//!
//! A data backup needs archived log from its start to its end. Recovery needs it up to the set's
//! `MIN_RESTORE_SCN` (`DBA_OB_BACKUP_SET_FILES`): if archiving ended earlier, the set would be
//! useless.
//!
//! The operator ends only rounds that it started. If a user or another tool starts a round between
//! two backups, the round continues after the next backup. It ends when it is stopped in the
//! database or the object is edited.

use jiff::SignedDuration;

use super::{Archive, Evaluation, heal, status};
use crate::api::log_backup::LogBackupMode;
use crate::api::{DesiredState, LogBackupStatus};
use crate::domain::ObservedDestination;
use crate::oceanbase::model::{Round, RoundStatus, Tenant};

/// Value of `aroundState` for a round that the operator did not start.
const FOUND: &str = "Found";

pub(super) fn is_found(status: &LogBackupStatus) -> bool {
    status.around_state.as_deref() == Some(FOUND)
}

impl Evaluation<'_> {
    /// Records the owner of the round when a data backup arrives. This comes before the first
    /// statement: afterwards, and after a restart, the owner could not be determined.
    pub(super) fn record_round(&mut self, tenant: &Tenant, archive: &Archive) {
        if self.object.spec.mode != LogBackupMode::AroundDataBackup || !self.is_settled() {
            return;
        }
        let is_taken =
            tenant.archive_log == Some(true) && *self.destination() == ObservedDestination::Ours;
        let is_on = is_taken || *archive != Archive::Stopped;
        if is_found(&self.status) {
            // A round that is being healed restarts shortly.
            if !is_on && heal::open(&self.status).is_none() {
                self.status.around_state = None;
            }
            return;
        }
        let known = self.status.around_state.as_deref();
        let is_word = |of| known == Some(status::word(of));
        match self.desired {
            DesiredState::Running if is_word(DesiredState::Stopped) => {
                self.status.around_state = is_on.then(|| FOUND.to_owned());
            }
            // Cleared before the statement that ends the round. Otherwise a backup that arrives
            // before the round has stopped would find the desired state reached, and wait forever.
            DesiredState::Stopped if is_word(DesiredState::Running) => {
                self.status.around_state = None;
            }
            _ => {}
        }
    }
}

/// Returns the desired state of archiving. `has_open_tasks` says whether a data backup is active.
pub(super) fn desired(has_open_tasks: bool, tenant: &Tenant) -> DesiredState {
    let is_needed = has_open_tasks
        || tenant.running_jobs().next().is_some()
        || tenant
            .round
            .as_ref()
            .is_some_and(|round| lags(round, tenant));
    if is_needed {
        DesiredState::Running
    } else {
        DesiredState::Stopped
    }
}

/// Returns why a running round cannot end without loss: a set that cannot be recovered yet.
#[must_use]
pub fn still_needs_logs(tenant: &Tenant) -> Option<String> {
    let round = tenant.round.as_ref()?;
    lags(round, tenant)
        .then(|| "the archiving of the logs that the newest backup set needs".to_owned())
}

/// Time after a backup, measured in log time, within which its set may not be visible yet.
const SETS_FOLLOW: SignedDuration = SignedDuration::from_mins(5);

/// Returns whether the round has not reached the point at which a set can be recovered. The logs
/// that an invisible set needs are unknown. A round that does not run never reaches the point.
fn lags(round: &Round, tenant: &Tenant) -> bool {
    let runs = matches!(
        round.status,
        RoundStatus::Prepare | RoundStatus::Beginning | RoundStatus::Doing
    );
    let usable = tenant
        .sets
        .iter()
        .filter(|set| set.success && set.available);
    // A set that contains its logs does not wait for the round.
    let waiting = usable.filter(|set| !set.plus_archivelog);
    let newest = waiting.max_by_key(|set| set.id);
    // The instant itself is not enough: a window ends after it.
    let lags = newest.is_some_and(|set| round.checkpoint_scn <= set.min_restore_scn);
    let reached = round.checkpoint_scn.at();
    let mut unobserved = tenant.jobs_without_set().filter_map(|job| job.ended_at);
    runs && (lags || unobserved.any(|ended_at| ended_at.duration_until(reached) < SETS_FOLLOW))
}
