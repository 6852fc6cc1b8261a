//! Finalization of a log backup that is deleted with `deletionPolicy: Stop`: archiving ends before
//! the finalizer is removed.
//!
//! Time is limited: an object that no user can delete, because its database no longer exists, is
//! worse than a round that continues.

use jiff::Timestamp;

use super::blockers::replaced_database;
use super::{Archive, Effect, LogBackup, Observation, archive, decide};
use crate::api::log_backup::LogBackupMode;
use crate::api::{DesiredState, LogBackupSpec, LogBackupStatus};
use crate::domain::{Event, Finalization, Next, ObservedDestination, deletion_timeout};
use crate::oceanbase::model::Answer;

/// Returns what a log backup that is being deleted waits for, if anything.
#[must_use]
pub fn finalize(
    object: &LogBackup<'_>,
    observed: &Observation,
    answer: Option<(&Effect, &Answer)>,
    deleted_at: Timestamp,
    now: Timestamp,
) -> Finalization<LogBackupStatus, Effect> {
    if is_nothing_to_stop(object, observed) {
        return Finalization::Release(None);
    }
    let tenant = &object.spec.tenant_name;
    if is_stopped(observed) {
        return Finalization::Release(Some(Event {
            warning: false,
            reason: "LogBackupStopped",
            message: format!(
                "log backup of tenant {tenant} stopped, as `deletionPolicy` specifies"
            ),
        }));
    }
    if matches!(&observed.database, Err(blocker) if blocker.reason == "ClusterNotFound") {
        return Finalization::Release(left_behind(object));
    }
    let spec = LogBackupSpec {
        state: DesiredState::Stopped,
        mode: LogBackupMode::Continuous,
        ..object.spec.clone()
    };
    let status = LogBackupStatus {
        // An earlier desired state no longer applies.
        applied_generation: None,
        ..object.status.clone()
    };
    let stopping = LogBackup {
        generation: object.generation,
        spec: &spec,
        status: &status,
        followed: None,
    };
    let mut decision = decide(&stopping, observed, answer, now);
    let timeout = deletion_timeout(object.spec.deletion_timeout_seconds);
    let until = deleted_at.saturating_add(timeout).unwrap_or(now);
    if now >= until {
        let cause = decision.status.cause.map(|cause| cause.message);
        let why = cause.unwrap_or_else(|| "the database has not finished".to_owned());
        return Finalization::Release(Some(Event {
            warning: true,
            reason: "StopTimeout",
            message: format!(
                "log backup of tenant {tenant} was not stopped within `deletionTimeoutSeconds` \
                 ({why}): it continues in the database until a user stops it there"
            ),
        }));
    }
    decision.next = decision.next.sooner(Next::At(until), now);
    Finalization::Wait(decision)
}

/// Returns the event if the cluster's object was deleted first, so that the database cannot be
/// reached.
fn left_behind(object: &LogBackup<'_>) -> Option<Event> {
    let (spec, status) = (object.spec, object.status);
    let (tenant, cluster) = (&spec.tenant_name, &spec.cluster_ref.name);
    let phase = status.phase.as_deref().unwrap_or("not started");
    let is_begun = status.storage_directory.is_some() || status.transition.is_some();
    if phase == "Stopped" || !is_begun {
        return None;
    }
    let transition = status.transition.as_ref();
    let is_reported = transition
        .is_some_and(|transition| transition.to == "Stopped" && transition.taken.is_some());
    let last = if is_reported {
        "the database accepted NOARCHIVELOG, but the operator did not observe whether archiving \
         has ended: check CDB_OB_ARCHIVELOG"
            .to_owned()
    } else {
        format!(
            "it was not stopped, and its last observed phase was {phase}: it continues until a \
             user sends ALTER SYSTEM NOARCHIVELOG TENANT = '{tenant}'"
        )
    };
    Some(Event {
        warning: true,
        reason: "StopTimeout",
        message: format!(
            "OceanBaseCluster '{cluster}' was deleted, and the operator cannot reach log backup of \
             tenant {tenant} without it; {last}"
        ),
    })
}

/// Returns whether this object must not stop what runs in the database.
fn is_nothing_to_stop(object: &LogBackup<'_>, observed: &Observation) -> bool {
    let is_other_object_s =
        matches!(&observed.target, Err(blocker) if blocker.reason == "LogBackupExists");
    let Ok(database) = &observed.database else {
        return is_other_object_s;
    };
    let Some(tenant) = &database.tenant else {
        return true;
    };
    let known = object.status.tenant_id();
    is_other_object_s
        || replaced_database(object.status, &observed.identity).is_some()
        || known.is_some_and(|known| known != tenant.id.0)
        // Without its storage the owner of the destination is unknown.
        || (observed.target.is_ok() && matches!(database.destination, ObservedDestination::Elsewhere(_)))
}

fn is_stopped(observed: &Observation) -> bool {
    let Ok(database) = &observed.database else {
        return false;
    };
    let is_off = |tenant: &crate::oceanbase::model::Tenant| {
        archive(tenant) == Archive::Stopped && tenant.archive_log != Some(true)
    };
    // This holds even if the storage no longer exists.
    database.settled && database.tenant.as_deref().is_some_and(is_off)
}
