//! Owner of the log backup of a task's tenant.

use kube::ResourceExt;

use super::super::competitors::rivals;
use super::super::destination::logs::observe_destination;
use super::super::log_backup::oldest_of_tenant;
use super::super::watch::triggers::{Change, Changed};
use super::super::{Context, destination, namespace, qualified};
use crate::api::{BackupStorage, BackupTask};
use crate::domain::backup::{LogBackupOwner, ObservedArchiving, may_be_sent};
use crate::domain::strategy::overlap::is_for;
use crate::domain::strategy::{self, CompetingStrategy};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::model::{RoundStatus, Snapshot, Tenant};

/// Returns the state of the tenant's log backup if it does not run and a backup may be sent.
pub(super) fn observed(
    task: &BackupTask,
    context: &Context,
    key: &ClusterKey,
    storage: &BackupStorage,
    snapshot: &Snapshot,
    tenant: &Tenant,
) -> Option<ObservedArchiving> {
    let round = tenant.round.as_ref().map(|round| &round.status);
    if round == Some(&RoundStatus::Doing) || !may_be_sent(task.status.as_ref()) {
        return None;
    }
    let root = destination::root(&storage.spec).ok();
    let path = destination::log_path(root.as_ref(), None, &snapshot.identity, tenant);
    let wanted = destination::wanted(storage, Some(snapshot.version), Some(&path)).ok();
    let shown = tenant.log_dest.as_ref().map(|dest| dest.path.as_str());
    Some(ObservedArchiving {
        keeper: keeper(context, key, tenant),
        destination: observe_destination(shown, wanted.as_ref()),
    })
}

fn keeper(context: &Context, key: &ClusterKey, tenant: &Tenant) -> LogBackupOwner {
    if let Some(known) = oldest_of_tenant(context, key, &tenant.name, Some(tenant.id)) {
        return LogBackupOwner::LogBackup {
            name: qualified(key, &namespace(&*known), &known.name_any()),
            desired: known.spec.desired_state,
            cause: known
                .status
                .as_ref()
                .and_then(|status| status.cause.clone()),
        };
    }
    covering(context, key, &tenant.name).map_or(LogBackupOwner::Unowned, |strategy| {
        LogBackupOwner::Strategy(strategy.name)
    })
}

/// Returns the strategy that covers a tenant.
pub(super) fn covering(
    context: &Context,
    key: &ClusterKey,
    tenant: &str,
) -> Option<CompetingStrategy> {
    let rivals = rivals(context, key, |spec| is_for(spec, tenant));
    let name = rivals
        .iter()
        .map(|rival| rival.name.clone())
        .find(|name| strategy::covers(name, &rivals, tenant))?;
    rivals.into_iter().find(|rival| rival.name == name)
}

/// Returns whether the change is about a LogBackup that the task may wait for.
pub(super) fn is_affected(task: &BackupTask, change: &Change) -> bool {
    let Change::Object(Changed::LogBackup(object)) = change else {
        return false;
    };
    // In any namespace: of several objects for one tenant, the oldest counts.
    task.spec.tenant_name == object.spec.tenant_name && may_be_sent(task.status.as_ref())
}
