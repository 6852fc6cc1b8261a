//! Changes that requeue a task.

use super::super::watch::triggers::{Change, Changed};
use super::super::{Context, namespace};
use super::{log_backup, queue, references};
use crate::api::BackupTask;
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::model::TenantId;

/// Returns whether a change affects an unfinished task. Skips the checks of [`super::references`], which
/// search all strategies for each task.
pub(super) fn is_affected(task: &BackupTask, change: &Change, context: &Context) -> bool {
    let namespace = || namespace(task);
    match change {
        Change::Everything => true,
        Change::Object(Changed::Strategy(strategy)) => {
            let reference = task.spec.strategy_ref.as_ref();
            reference.map(|reference| &reference.name) == strategy.metadata.name.as_ref()
                && task.metadata.namespace == strategy.metadata.namespace
        }
        Change::Object(Changed::Storage(_)) => {
            let storage = references::storage_of(task, context);
            storage.is_some_and(|storage| change.is_storage(&namespace(), &storage))
        }
        Change::Object(Changed::Cluster(_)) => {
            let cluster = queue::cluster_of(task, context);
            cluster.is_some_and(|cluster| {
                change.is_about_cluster(context, &cluster.namespace, &cluster.name)
            })
        }
        Change::Database { cluster, tenants } => {
            let is_about = |tenant: &str| match tenants {
                Some(names) => names.contains(tenant),
                None => true,
            };
            let is_about_renamed = || {
                let id = task.status.as_ref()?.tenant_id()?;
                let ClusterState::Up(snapshot) = context.clusters.state(cluster) else {
                    return None;
                };
                Some(is_about(&snapshot.tenants.get(&TenantId(id))?.name))
            };
            (is_about(&task.spec.tenant_name) || is_about_renamed() == Some(true))
                && queue::is_about_one_of(task, std::slice::from_ref(cluster), context)
        }
        Change::Object(Changed::LogBackup(_)) => log_backup::is_affected(task, change),
        Change::Object(
            Changed::Task(_) | Changed::Recovery(_) | Changed::Cleanup(_) | Changed::Drill(_),
        ) => false,
    }
}
