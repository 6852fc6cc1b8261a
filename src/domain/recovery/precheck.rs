//! Checks before anything is changed. Each refusal names the blocker and the remedy. All facts come
//! from earlier reads, except those that only the storage contains.

mod capacity;
mod identifiers;
mod privileges;
mod resources;

pub(super) use capacity::{RESOURCES_NOT_ENOUGH, SERVERS_NOT_ENOUGH, needs_servers, room};
pub(super) use identifiers::check_values;
pub(super) use privileges::privileges;

use super::target_point::{self, RequestedPoint};
use super::{Knowledge, ObservedSource, ObservedTarget, tables};
use crate::api::RecoveryTaskSpec;
use crate::api::recovery_task::status::Plan;
use crate::api::recovery_task::{RecoveryMode, TargetType};
use crate::domain::recovery_windows::{self, Explanation};
use crate::domain::{Blocker, shortened};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::{
    BackupSet, BackupSetId, Piece, PreviewRow, RestoreKey, Restores, Scn,
};
use crate::oceanbase::version::Version;

/// Warning about facts that only the storage contains, and that only a job can read.
const WINDOWS_UNKNOWN: &str =
    "the operator cannot show recovery windows: only the database can read them from the storage";
const WHOSE_UNKNOWN: &str = "the owner of the backups is known only when the recovery runs. The \
                             recovery is canceled if `source.storage` names another tenant or \
                             cluster";

/// Plan of a restore.
pub(super) struct RestorePlan {
    /// Point of the recovery; `None` is the newest in the storage.
    pub(super) until: Option<Scn>,
    /// Backup sets, oldest first.
    pub(super) sets: Vec<String>,
    /// Archive pieces, oldest first.
    pub(super) pieces: Vec<String>,
    pub(super) plan: Plan,
}

/// Checks whether the target can receive the tenant or the tables.
pub(super) fn target(
    spec: &RecoveryTaskSpec,
    target: &ObservedTarget,
    key: Option<&RestoreKey>,
    restores: &Restores,
) -> Result<(), Blocker> {
    match spec.target.type_ {
        TargetType::NewTenant => new_tenant(spec, target, restores)?,
        TargetType::ExistingTenant => tables::check_target(spec, target, key, restores)?,
    }
    resources::fit(spec, restores)
}

fn new_tenant(
    spec: &RecoveryTaskSpec,
    target: &ObservedTarget,
    restores: &Restores,
) -> Result<(), Blocker> {
    let name = &spec.target.tenant_name;
    if is_being_restored(restores, name) {
        return Err(Blocker::permanent(
            "RestoreInProgress",
            format!(
                "another tool is restoring tenant '{name}': wait until it ends, or name another \
                 target, then create a new RecoveryTask"
            ),
        ));
    }
    if let Some(tenant) = &target.tenant {
        return Err(Blocker::permanent(
            "TenantExists",
            format!(
                "tenant '{}' exists in the target (id {}), and a recovery never changes an \
                 existing tenant: name another target in a new RecoveryTask",
                tenant.name, tenant.id
            ),
        ));
    }
    Ok(())
}

fn is_being_restored(restores: &Restores, name: &str) -> bool {
    restores.restores.iter().any(|restore| {
        restore.tenant_name.eq_ignore_ascii_case(name) && !restore.status.is_terminal()
    })
}

/// Checks which versions' backups a version can restore (V4 reference 5.1, console 3.3).
fn versions(source: Option<Version>, target: Version) -> Result<(), Blocker> {
    let Some(source) = source else {
        return Ok(());
    };
    let refused = |why: &str| {
        Err(Blocker::permanent(
            "VersionNotRestorable",
            format!(
                "the backups are from OceanBase {source} and the target is {target}: {why}; choose \
                 another target"
            ),
        ))
    };
    let line = |version: Version| (version.0[0], version.0[1]);
    if target < source {
        return refused("a tenant cannot be restored to an older version");
    }
    match (line(source), line(target)) {
        ((4, 0), (4, 0)) => Ok(()),
        ((4, 0), _) => refused("backups of 4.0 can be restored only to 4.0"),
        ((4, 2), (4, 3)) => refused("backups of 4.2 cannot be restored to 4.3"),
        _ => Ok(()),
    }
}

/// Determines the point, and the backups that the tenant is recovered from.
pub(super) fn plan(
    spec: &RecoveryTaskSpec,
    source: &ObservedSource,
    target: Version,
    restores: &Restores,
) -> Result<RestorePlan, Blocker> {
    let asked = target_point::asked(&spec.until)?;
    let (recoverable, live) = match &source.knowledge {
        Knowledge::Store => return planned_of_storage(spec, asked, target, restores),
        Knowledge::Live { sets, pieces } => (
            recovery_windows::recoverable(sets, pieces),
            Some((sets, pieces)),
        ),
        Knowledge::Reported(recoverable) => (recoverable.clone(), None),
    };
    let until = match asked {
        RequestedPoint::At(scn) => scn,
        RequestedPoint::Latest => target_point::latest(&recoverable).ok_or_else(|| {
            Blocker::permanent(
                "NothingToRecover",
                "the tenant has no backup that can be recovered: see its LogBackup",
            )
        })?,
    };
    let explanation = match live {
        Some((sets, pieces)) => recovery_windows::explain(sets, pieces, until),
        None => recovery_windows::explain_from_windows(&recoverable, until),
    };
    let (window, sets, pieces) = match explanation {
        Explanation::Recoverable {
            window,
            sets,
            pieces,
            ..
        } => (window, sets, pieces),
        Explanation::Not { blocker, .. } => return Err(out_of_reach(&explanation, blocker)),
    };
    // The cluster may have been upgraded since: the sets show their own version.
    let of_sets = sets
        .last()
        .and_then(|set| set.tenant_compatible.parse().ok());
    versions(of_sets.or(source.version), target)?;
    within(&source.elsewhere, &sets)?;
    passwords(spec, &sets)?;
    let mut plan = Plan {
        window: window
            .map(|window| format!("{} to {}", window.start_scn.at(), window.end_scn.at())),
        // The database requires the logs of each log location that it receives.
        data_only: (live.is_some() && pieces.is_empty()).then_some(true),
        resources: Some(resources_text(spec, restores)),
        warnings: Vec::new(),
    };
    if live.is_none() {
        plan.warnings.push(
            "the database of the source does not answer. The plan is based on the last state that \
             its LogBackup showed; the target selects the sets and pieces"
                .to_owned(),
        );
    }
    let piece_text = |piece: &Piece| format!("round {} piece {}", piece.round_id, piece.id);
    Ok(RestorePlan {
        until: Some(until),
        sets: sets.iter().map(set_text).collect(),
        pieces: pieces.iter().map(piece_text).collect(),
        plan,
    })
}

/// Checks whether the plan for this point is still possible, as far as the source's database shows.
pub(super) fn still(source: &ObservedSource, until: Scn) -> Result<(), Blocker> {
    let Knowledge::Live { sets, pieces } = &source.knowledge else {
        return Ok(());
    };
    let explanation = recovery_windows::explain(sets, pieces, until);
    match &explanation {
        Explanation::Recoverable { sets, .. } => within(&source.elsewhere, sets),
        Explanation::Not { blocker, .. } => Err(out_of_reach(&explanation, *blocker)),
    }
}

fn out_of_reach(explanation: &Explanation, blocker: recovery_windows::Blocker) -> Blocker {
    let message = format!("{explanation}; choose another point in a new RecoveryTask");
    Blocker::permanent(blocker.reason(), message)
}

/// Checks whether all sets are at the location that the target reads.
fn within(elsewhere: &[BackupSetId], sets: &[BackupSet]) -> Result<(), Blocker> {
    let Some(set) = sets.iter().find(|set| elsewhere.contains(&set.id)) else {
        return Ok(());
    };
    Err(Blocker::permanent(
        "BackupsInOtherDestination",
        format!(
            "backup set {} is in '{}', but the tenant's backups now go to another destination: \
             recover it from there with `source.storage` in a new RecoveryTask",
            set.id, set.path
        ),
    ))
}

fn planned_of_storage(
    spec: &RecoveryTaskSpec,
    asked: RequestedPoint,
    target: Version,
    restores: &Restores,
) -> Result<RestorePlan, Blocker> {
    let until = match asked {
        RequestedPoint::At(scn) => Some(scn),
        // Without a preview, a point would not help.
        RequestedPoint::Latest
            if spec.mode == RecoveryMode::Preview && target.can(Capability::RestorePreview) =>
        {
            return Err(Blocker::permanent(
                "PreviewNeedsPoint",
                "a preview from a storage needs a point, and the latest point is known only when a \
                 recovery runs: set `until` to a time or an SCN in a new RecoveryTask",
            ));
        }
        RequestedPoint::Latest => None,
    };
    let latest = "the newest point in the storage is known only when the recovery runs";
    let mut warnings: Vec<_> = [WINDOWS_UNKNOWN, WHOSE_UNKNOWN].map(str::to_owned).into();
    warnings.extend(until.is_none().then(|| latest.to_owned()));
    Ok(RestorePlan {
        until,
        sets: Vec::new(),
        pieces: Vec::new(),
        plan: Plan {
            resources: Some(resources_text(spec, restores)),
            warnings,
            ..Plan::default()
        },
    })
}

/// Returns the plan from what the target found in the storage.
pub(super) fn plan_of_storage(
    spec: &RecoveryTaskSpec,
    until: Scn,
    rows: &[PreviewRow],
    restores: Option<&Restores>,
) -> RestorePlan {
    let paths = |is_set: bool| {
        let rows = rows.iter().filter(move |row| row.is_set == is_set);
        rows.map(|row| row.path.clone()).collect()
    };
    RestorePlan {
        until: Some(until),
        sets: paths(true),
        pieces: paths(false),
        plan: Plan {
            resources: restores.map(|restores| resources_text(spec, restores)),
            warnings: [WINDOWS_UNKNOWN, WHOSE_UNKNOWN].map(str::to_owned).into(),
            ..Plan::default()
        },
    }
}

/// Checks the passwords: a protected set cannot be restored without its password.
fn passwords(spec: &RecoveryTaskSpec, sets: &[BackupSet]) -> Result<(), Blocker> {
    let protected = sets
        .iter()
        .find(|set| set.encryption_mode.contains("PASSWORD"));
    match protected {
        Some(set) if spec.decryption_secret_refs.is_empty() => Err(Blocker::permanent(
            "DecryptionPasswordMissing",
            format!(
                "backup set {} is protected with a password: name its Secret in \
                 `decryptionSecretRefs` of a new RecoveryTask",
                set.id
            ),
        )),
        _ => Ok(()),
    }
}

fn set_text(set: &BackupSet) -> String {
    let kind = if set.full { "full" } else { "incremental" };
    format!("{kind} set {} in {}", set.id, set.path)
}

fn resources_text(spec: &RecoveryTaskSpec, restores: &Restores) -> String {
    let resources = &spec.target.resources;
    let text = match &resources.create {
        Some(create) => {
            let zones = if create.zones.is_empty() {
                &restores.zones
            } else {
                &create.zones
            };
            format!(
                "{} unit(s) of {} CPU and {} of memory in each of {}",
                create.unit_count,
                create.unit.max_cpu,
                create.unit.memory,
                zones.join(", ")
            )
        }
        None => format!("pools {}", resources.pools.join(", ")),
    };
    shortened(text, 1024)
}
