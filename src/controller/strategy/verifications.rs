//! RecoveryTasks of a strategy.

use kube::{Resource, ResourceExt};

use crate::api::{BackupStrategy, RecoveryTask, RecoveryTaskSpec};
use crate::controller::children::{create, is_owned_by, metadata_of};
use crate::controller::labels::Labels;
use crate::controller::watch::caches;
use crate::controller::{Context, created_at, namespace};
use crate::domain::children::ApplyOutcome;
use crate::domain::strategy::ObservedVerification;

/// Returns the existing RecoveryTasks.
pub(super) fn observed(strategy: &BackupStrategy, context: &Context) -> Vec<ObservedVerification> {
    let namespace = namespace(strategy);
    let tasks = caches::within(&context.caches.recoveries, &namespace);
    tasks
        .filter(|task| is_owned_by(&**task, strategy))
        .map(|task| {
            let status = task.status.clone().unwrap_or_default();
            let source = task.spec.source.tenant.as_ref();
            ObservedVerification {
                name: task.name_any(),
                version: (
                    task.uid().unwrap_or_default(),
                    task.resource_version().unwrap_or_default(),
                ),
                tenant_name: source
                    .map(|source| source.tenant_name.clone())
                    .unwrap_or_default(),
                created_at: created_at(&*task),
                deleting: task.metadata.deletion_timestamp.is_some(),
                outcome: status.outcome,
                completed_at: status.completion_time.map(|at| at.0),
                rto_seconds: status
                    .verification
                    .and_then(|progress| progress.rto_seconds),
                restore_time: status.restore_time,
                cause: status.cause,
            }
        })
        .collect()
}

/// Creates a RecoveryTask.
pub(super) async fn create_verification(
    strategy: &BackupStrategy,
    (name, spec): (&str, &RecoveryTaskSpec),
    context: &Context,
    created: &mut ApplyOutcome,
) {
    let owner = strategy.controller_owner_ref(&());
    let source = spec.source.tenant.as_ref();
    let labels = Labels {
        tenant_name: source.map_or("", |tenant| &tenant.tenant_name),
        tenant_id: source.and_then(|tenant| tenant.tenant_id),
        ..Labels::of_strategy(strategy)
    };
    let object = RecoveryTask {
        metadata: metadata_of(name, &namespace(strategy), owner, labels),
        spec: spec.clone(),
        status: None,
    };
    let is_owned = |known: &RecoveryTask| is_owned_by(known, strategy);
    create(&object, is_owned, context, created).await;
}
