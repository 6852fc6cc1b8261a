//! Owner of the log backup of a task's tenant.

use kube::ResourceExt;

use super::super::competitors::rivals;
use super::super::watch::triggers::{Change, Changed};
use super::super::{namespace, qualified};
use super::task_tenant::TaskTenant;
use crate::api::BackupTask;
use crate::domain::backup::{LogBackupOwner, ObservedArchiving, may_be_sent};
use crate::domain::strategy::overlap::is_for;
use crate::domain::strategy::{self, CompetingStrategy};
use crate::oceanbase::model::RoundStatus;

/// Returns the state of the tenant's log backup if it does not run and a backup may be sent.
pub(super) fn observed_archiving(task_tenant: TaskTenant<'_>) -> Option<ObservedArchiving> {
    let round = task_tenant.tenant.round.as_ref().map(|round| &round.status);
    if round == Some(&RoundStatus::Doing) || !may_be_sent(task_tenant.task.status.as_ref()) {
        return None;
    }
    Some(ObservedArchiving {
        owner: owner(task_tenant),
        destination: task_tenant.log_destination(None),
    })
}

fn owner(task_tenant: TaskTenant<'_>) -> LogBackupOwner {
    if let Some(known) = task_tenant.log_backup() {
        return LogBackupOwner::LogBackup {
            name: qualified(task_tenant.key, &namespace(&*known), &known.name_any()),
            desired: known.spec.state,
            cause: known
                .status
                .as_ref()
                .and_then(|status| status.cause.clone()),
        };
    }
    covering_strategy(task_tenant).map_or(LogBackupOwner::Unowned, |strategy| {
        LogBackupOwner::Strategy(strategy.name)
    })
}

/// Returns the strategy that covers the tenant.
pub(super) fn covering_strategy(task_tenant: TaskTenant<'_>) -> Option<CompetingStrategy> {
    let tenant = &task_tenant.tenant.name;
    let rivals = rivals(task_tenant.context, task_tenant.key, |spec| {
        is_for(spec, tenant)
    });
    let covering = rivals
        .iter()
        .find(|rival| strategy::covers(&rival.name, &rivals, tenant));
    covering.cloned()
}

/// Returns whether the change is about a LogBackup that the task may wait for.
pub(super) fn is_affected(task: &BackupTask, change: &Change) -> bool {
    let Change::Object(Changed::LogBackup(object)) = change else {
        return false;
    };
    // In any namespace: of several objects for one tenant, the oldest counts.
    task.spec.tenant_name == object.spec.tenant_name && may_be_sent(task.status.as_ref())
}
