//! Log backup that runs around data backups only.
//!
//! A data backup needs archived log from its start to its end, and recovery needs it up to the
//! set's `MIN_RESTORE_SCN` (`DBA_OB_BACKUP_SET_FILES`): ended earlier, the set would be worthless.
//!
//! It ends what it has begun. A round that a backup finds, because somebody began it since the last
//! one, goes on after that backup, until somebody ends it or edits the object.

use jiff::SignedDuration;

use super::{Archive, Evaluation, heal, status};
use crate::api::log_backup::LogBackupMode;
use crate::api::{DesiredState, LogBackupStatus};
use crate::domain::ObservedDestination;
use crate::oceanbase::model::{Round, RoundStatus, Tenant};

/// What `aroundState` says of a round that somebody else began.
const FOUND: &str = "Found";

pub(super) fn is_found(status: &LogBackupStatus) -> bool {
    status.around_state.as_deref() == Some(FOUND)
}

impl Evaluation<'_> {
    /// Notes whose round it is when a data backup comes: before the first statement, because after
    /// it, and after a restart, nobody could tell any more.
    pub(super) fn record_round(&mut self, tenant: &Tenant, archive: &Archive) {
        if self.object.spec.mode != LogBackupMode::AroundDataBackup || !self.is_settled() {
            return;
        }
        let is_taken =
            tenant.archive_log == Some(true) && *self.destination() == ObservedDestination::Ours;
        let is_on = is_taken || *archive != Archive::Stopped;
        if is_found(&self.status) {
            // A round that is being healed begins anew in a moment.
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
            // Forgotten before the statement that ends the round: a backup that comes before it has
            // stopped would find what is wanted reached already, and wait for a round for ever.
            DesiredState::Stopped if is_word(DesiredState::Running) => {
                self.status.around_state = None;
            }
            _ => {}
        }
    }
}

/// What archiving should do now. `has_open_tasks`: a data backup of the tenant has not ended.
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

/// What keeps a running round from being ended without loss: a set that can not be recovered to yet.
#[must_use]
pub fn still_needs_logs(tenant: &Tenant) -> Option<String> {
    let round = tenant.round.as_ref()?;
    lags(round, tenant)
        .then(|| "the archiving of the logs that the newest backup set needs".to_owned())
}

/// For how long after a backup, by the logs' own time, its set may not be seen yet.
const SETS_FOLLOW: SignedDuration = SignedDuration::from_mins(5);

/// Whether the round has still to come to where a set can be recovered to; what a set that is not
/// seen yet needs is not known. A round that does not run never comes there.
fn lags(round: &Round, tenant: &Tenant) -> bool {
    let runs = matches!(
        round.status,
        RoundStatus::Prepare | RoundStatus::Beginning | RoundStatus::Doing
    );
    let usable = tenant
        .sets
        .iter()
        .filter(|set| set.success && set.available);
    // A set with the logs that it needs waits for nobody.
    let waiting = usable.filter(|set| !set.plus_archivelog);
    let newest = waiting.max_by_key(|set| set.id);
    // The instant itself is not enough: a window ends after it.
    let lags = newest.is_some_and(|set| round.checkpoint_scn <= set.min_restore_scn);
    let reached = round.checkpoint_scn.at();
    let mut unobserved = tenant.jobs_without_set().filter_map(|job| job.ended_at);
    runs && (lags || unobserved.any(|ended_at| ended_at.duration_until(reached) < SETS_FOLLOW))
}
