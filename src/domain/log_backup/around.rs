//! Log backup that runs around data backups only.
//!
//! A data backup needs archived log from its start to its end, and recovery needs it up to the
//! set's `MIN_RESTORE_SCN` (`DBA_OB_BACKUP_SET_FILES`): ended earlier, the set would be worthless.

use jiff::SignedDuration;

use crate::api::DesiredState;
use crate::oceanbase::model::{Round, RoundStatus, Tenant};

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
    let mut unseen = tenant.jobs_without_set().filter_map(|job| job.ended_at);
    runs && (lags || unseen.any(|ended_at| ended_at.duration_until(reached) < SETS_FOLLOW))
}
