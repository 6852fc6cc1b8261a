//! Tasks that a task for several tenants creates, and the deletion of the own object.

use std::collections::HashSet;
use std::sync::Arc;

use kube::api::{Patch, PatchParams};
use kube::{Api, Resource, ResourceExt};
use serde_json::json;

use super::super::api_client::said;
use super::super::children::{self, create};
use super::super::competitors::rivals;
use super::super::labels::Labels;
use super::super::recovery_task::recovered;
use super::super::watch::caches;
use super::super::watch::triggers::{Change, Changed};
use super::super::{Context, Reconcile, access_of, cluster_of, namespace};
use super::Observation;
use crate::api::backup_task::Scope;
use crate::api::{BackupTask, BackupTaskSpec, LogBackupSpec};
use crate::domain::backup::{ChildTask, ChildTasks};
use crate::domain::children::ApplyOutcome;
use crate::domain::strategy::overlap::may_share_tenants;
use crate::domain::tenant::ineligible;
use crate::domain::{authorization, naming, strategy};
use crate::oceanbase::model::{Snapshot, Tenant, TenantName};

/// Returns the tenants and the tasks of a task for several tenants.
pub(super) fn observed(
    task: &BackupTask,
    context: &Context,
    snapshot: Option<&Snapshot>,
) -> ChildTasks {
    if task.spec.scope == Scope::Tenant {
        return ChildTasks::default();
    }
    let namespace = namespace(task);
    let all = snapshot
        .into_iter()
        .flat_map(|snapshot| snapshot.tenants.values());
    let mut why_none = None;
    let eligible: Vec<Arc<Tenant>> = if let Some(reference) = &task.spec.strategy_ref {
        let name = &reference.name;
        let strategy = caches::find(&context.caches.strategies, &namespace, name);
        strategy.map_or_else(Vec::new, |strategy| {
            let cluster = cluster_of(&*strategy, &strategy.spec.cluster_ref);
            let rivals = rivals(context, &cluster, |other| {
                may_share_tenants(&strategy.spec, other)
            });
            let recovered = recovered(context, &cluster);
            let matched = strategy::matched(name, &rivals, all, &recovered);
            why_none = matched.why_none();
            matched.eligible
        })
    } else {
        let reference = task.spec.cluster_ref.as_ref();
        let cluster = reference.map(|reference| cluster_of(task, reference));
        let access = cluster.as_ref().map(|cluster| access_of(context, cluster));
        let access = access.unwrap_or_default();
        let recovered = cluster.map(|cluster| recovered(context, &cluster));
        let recovered = recovered.unwrap_or_default();
        all.filter(|tenant| {
            !recovered.contains(&tenant.id)
                && TenantName::parse(&tenant.name).is_some()
                && authorization::tenant(&access, &tenant.name).is_ok()
                && ineligible(tenant).is_none()
        })
        .cloned()
        .collect()
    };
    let names = |snapshot: &Snapshot| {
        let ids = snapshot.tenants.keys();
        ids.map(|id| naming::child(&task.name_any(), *id)).collect()
    };
    let there: Option<HashSet<String>> = snapshot.map(names);
    ChildTasks {
        tenants: eligible
            .iter()
            .map(|tenant| (tenant.id, tenant.name.clone()))
            .collect(),
        why_none,
        existing: caches::within(&context.caches.tasks, &namespace)
            .filter(|child| is_child(child, task))
            .map(|child| observed_child(&child, there.as_ref()))
            .collect(),
    }
}

/// Compares uids: a parent that was recreated under the same name is another task.
fn is_child(child: &BackupTask, parent: &BackupTask) -> bool {
    let uid = parent.uid();
    let owners = child.owner_references();
    owners.iter().any(|owner| Some(&owner.uid) == uid.as_ref())
}

/// Returns the observed task. `there` is the set of task names of existing tenants, if known.
fn observed_child(child: &BackupTask, there: Option<&HashSet<String>>) -> ChildTask {
    let status = child.current_status();
    let name = child.name_any();
    ChildTask {
        tenant_gone: there.is_some_and(|there| !there.contains(&name)),
        name,
        uid: child.uid().unwrap_or_default(),
        runs: status.outcome.is_none() && status.job_id.is_some(),
        knows_tenant: status.tenant_id().is_some(),
        outcome: status.outcome,
        deleting: child.metadata.deletion_timestamp.is_some(),
        cancel: child.spec.cancel == Some(true),
        cause: status.cause,
    }
}

/// Returns the task that created the changed task.
pub(super) fn parent_of(change: &Change, context: &Context) -> Option<Arc<BackupTask>> {
    let Change::Object(Changed::Task(child)) = change else {
        return None;
    };
    let owners = child.owner_references();
    let owner = owners
        .iter()
        .find(|owner| owner.kind == BackupTask::kind(&()))?;
    let parent = caches::find(&context.caches.tasks, &namespace(&**child), &owner.name)?;
    is_child(child, &parent).then_some(parent)
}

/// Creates a log backup that no other object manages.
pub(super) async fn create_log_backup(
    task: &BackupTask,
    name: &str,
    spec: &LogBackupSpec,
    observed: &Observation,
    context: &Context,
) -> ApplyOutcome {
    let mut created = ApplyOutcome::default();
    let (home, strategy) = (namespace(task), String::new());
    let id = observed.tenant_id();
    children::create_log_backup((&home, name), spec, id, strategy, context, &mut created).await;
    created
}

pub(super) async fn create_all(
    parent: &BackupTask,
    tasks: &[(String, BackupTaskSpec)],
    observed: &Observation,
    context: &Context,
) -> ApplyOutcome {
    let mut created = ApplyOutcome::default();
    let owner = parent.controller_owner_ref(&());
    for (name, spec) in tasks {
        let strategy = spec.strategy_ref.as_ref();
        let mut tenants = observed.decision.children.tenants.iter();
        let tenant = tenants.find(|(_, name)| *name == spec.tenant_name);
        let labels = Labels {
            strategy: strategy.map(|reference| &*reference.name),
            cluster: observed.key.as_ref().map(|key| &*key.name),
            tenant_name: &spec.tenant_name,
            tenant_id: tenant.map(|(id, _)| id.0),
            type_: Some(spec.type_),
            scheduled_time: spec.scheduled_time.as_ref(),
            ..Labels::default()
        };
        let child = BackupTask {
            metadata: children::metadata_of(name, &namespace(parent), owner.clone(), labels),
            spec: spec.clone(),
            status: None,
        };
        create(
            &child,
            |known| is_child(known, parent),
            context,
            &mut created,
        )
        .await;
    }
    created
}

pub(super) async fn cancel_all(
    parent: &BackupTask,
    children: &[(String, String)],
    context: &Context,
) -> ApplyOutcome {
    let api = Api::<BackupTask>::namespaced(context.client.clone(), &namespace(parent));
    let mut created = ApplyOutcome::default();
    for (name, uid) in children {
        // The uid in the patch is a precondition: another object may have the name now.
        let cancel = json!({"metadata": {"uid": uid}, "spec": {"cancel": true}});
        context.metrics.wrote(BackupTask::CONTROLLER, "patch");
        let patched = api
            .patch(name, &PatchParams::default(), &Patch::Merge(&cancel))
            .await;
        match patched {
            Ok(_) => {
                created.owned.insert(name.clone());
            }
            // A changed uid is rejected as an invalid change (422).
            Err(kube::Error::Api(refusal)) if matches!(refusal.code, 404 | 409 | 422) => {}
            Err(error) => drop(created.errors.insert(name.clone(), said(&error))),
        }
    }
    created
}
