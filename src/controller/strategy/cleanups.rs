//! CleanupTasks of a strategy, and CleanupTasks that users created for its tenants.

use kube::{Resource, ResourceExt};

use crate::api::{BackupStrategy, CleanupTask, CleanupTaskSpec};
use crate::controller::children::{create, is_owned_by, metadata_of};
use crate::controller::labels::Labels;
use crate::controller::watch::caches;
use crate::controller::{Context, cluster_of, namespace, same_database};
use crate::domain::children::ApplyOutcome;
use crate::domain::strategy::overlap::is_for;
use crate::domain::strategy::{AskedCleanup, Observation, ObservedCleanup};
use crate::oceanbase::credentials::ClusterKey;

/// Returns the tasks that the strategy created.
pub(super) fn observed(strategy: &BackupStrategy, context: &Context) -> Vec<ObservedCleanup> {
    let namespace = namespace(strategy);
    let tasks = caches::within(&context.caches.cleanups, &namespace);
    tasks
        .filter(|task| is_owned_by(&**task, strategy))
        .map(|task| {
            let status = task.status.clone().unwrap_or_default();
            ObservedCleanup {
                name: task.name_any(),
                version: (
                    task.uid().unwrap_or_default(),
                    task.resource_version().unwrap_or_default(),
                ),
                tenant_name: task.spec.tenant_name.clone(),
                mirrored_since: task.spec.external_job.as_ref().map(|it| it.start_time.0),
                deleting: task.metadata.deletion_timestamp.is_some(),
                outcome: status.outcome,
                completed_at: status.completion_time.map(|at| at.0),
            }
        })
        .collect()
}

/// Returns the tasks that users created for tenants of the strategy's database, in any namespace.
pub(super) fn asked(
    strategy: &BackupStrategy,
    cluster: &ClusterKey,
    context: &Context,
) -> Vec<AskedCleanup> {
    let all = &context.caches.cleanups;
    let mut tasks = all.state_filter(|task| {
        task.spec.external_job.is_none() && is_for(&strategy.spec, &task.spec.tenant_name)
    });
    tasks.retain(|task| {
        let of = cluster_of(&**task, &task.spec.cluster_ref);
        same_database(context, cluster, &of)
    });
    let tasks = tasks.iter().map(|task| {
        let status = task.status.as_ref();
        AskedCleanup {
            tenant_name: task.spec.tenant_name.clone(),
            job_id: status.and_then(|status| status.job_id),
            is_over: status.is_some_and(|status| status.outcome.is_some()),
        }
    });
    tasks.collect()
}

/// Creates tasks.
pub(super) async fn create_all(
    strategy: &BackupStrategy,
    tasks: &[(String, CleanupTaskSpec)],
    observed: &Observation,
    context: &Context,
    created: &mut ApplyOutcome,
) {
    let owner = strategy.controller_owner_ref(&());
    for (name, spec) in tasks {
        let labels = Labels {
            tenant_name: &spec.tenant_name,
            tenant_id: observed.tenant_id(&spec.tenant_name).map(|id| id.0),
            ..Labels::of_strategy(strategy)
        };
        let object = CleanupTask {
            metadata: metadata_of(name, &namespace(strategy), owner.clone(), labels),
            spec: spec.clone(),
            status: None,
        };
        let is_owned = |known: &CleanupTask| is_owned_by(known, strategy);
        create(&object, is_owned, context, created).await;
    }
}
