//! Summary of the tenant (console S80..S86): which strategy backs it up, and the progress.

use jiff::SignedDuration;

use super::Evaluation;
use crate::api::LogBackupStatus;
use crate::api::log_backup::TenantSummary;
use crate::domain::time;
use crate::oceanbase::model::{BackupSet, RoundStatus, Scn, Tenant};

/// What other objects show about the tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelatedObjects {
    /// The strategy that covers the tenant, and its phase.
    pub strategy: Option<(String, Option<String>)>,
    /// The data backup task that started last.
    pub last_task_name: Option<String>,
}

/// Returns whether the summary must be looked up. The lookup walks over strategies and tasks, and a
/// running archive is observed all the time.
#[must_use]
pub fn is_summary_due(
    status: &LogBackupStatus,
    tenant: &Tenant,
    checkpoint_interval: SignedDuration,
) -> bool {
    let Some(summary) = &status.tenant else {
        return true;
    };
    if is_in_flight(status) {
        return false;
    }
    let Some(round) = &tenant.round else {
        return true;
    };
    let written: Option<u64> = status
        .checkpoint_scn
        .as_ref()
        .and_then(|text| text.parse().ok());
    let interval = u64::try_from(checkpoint_interval.as_nanos()).unwrap_or(u64::MAX);
    let Scn(checkpoint) = round.checkpoint_scn;
    round.status != RoundStatus::Doing
        || written.is_none_or(|written| checkpoint.abs_diff(written) >= interval)
        || summary.last_data_backup_time != last_set(tenant).and_then(ended_at)
}

/// Returns whether log backup is approaching the desired state without a blocker. Its status is
/// then written several times, and once more at the end.
#[must_use]
pub fn is_in_flight(status: &LogBackupStatus) -> bool {
    status.transition.is_some() && status.cause.is_none()
}

/// Writes the summary: from the database in each pass, from other objects after a lookup.
pub(super) fn write(evaluation: &Evaluation<'_>, tenant: &Tenant, status: &mut LogBackupStatus) {
    let known = status.tenant.take().unwrap_or_default();
    let sets = tenant.sets.iter().filter(|set| set.available);
    let data_bytes = sets.fold(0_i64, |sum, set| sum.saturating_add(set.output_bytes));
    let mut summary = TenantSummary {
        id: tenant.id.0,
        role: tenant.role.clone(),
        last_data_backup_time: last_set(tenant).and_then(ended_at),
        data_bytes: Some(data_bytes),
        ..known
    };
    if let Some(observed) = &evaluation.observed.related {
        summary.strategy_name = observed.strategy.as_ref().map(|(name, _)| name.clone());
        summary.strategy_phase = observed
            .strategy
            .as_ref()
            .and_then(|(_, phase)| phase.clone());
        summary.last_task_name.clone_from(&observed.last_task_name);
    }
    status.tenant = Some(summary);
    // The text after the `?` could be a key.
    let root = |text: &String| text.split('?').next().unwrap_or_default().to_owned();
    status.data_directory = tenant.data_dest.as_ref().map(root);
}

fn last_set(tenant: &Tenant) -> Option<&BackupSet> {
    let sets = tenant.sets.iter().filter(|set| set.success);
    sets.max_by_key(|set| set.id)
}

fn ended_at(set: &BackupSet) -> Option<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time> {
    set.ended_at.map(time)
}
