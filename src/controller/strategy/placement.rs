//! Actual destinations of backups, compared with the destinations of a strategy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kube::ResourceExt;

use super::super::annotations::inherited;
use super::super::competitors::rivals;
use super::super::destination::logs::{
    location_of, needs_migration, observe_destination, path, storage_location,
};
use super::super::watch::caches;
use super::super::{
    Context, cluster_of, database, destination, namespace, qualified, same_database,
};
use crate::api::condition::types::READY;
use crate::api::log_backup::StorageChangePolicy;
use crate::api::{BackupStrategy, BackupStrategySpec, LogBackup, LogBackupStatus};
use crate::domain::strategy::overlap::{is_for, may_share_tenants};
use crate::domain::strategy::{self, Directories};
use crate::domain::tenant::ineligible;
use crate::domain::{ObservedDestination, naming};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{Snapshot, TenantId};

/// Returns the storages of log backups with the same location as the strategy's storage: two
/// objects, also in two namespaces, may describe one location.
pub(super) fn same_storages(
    context: &Context,
    cluster: &ClusterKey,
    log_backups: &[Arc<LogBackup>],
    root: &Location,
) -> BTreeSet<String> {
    let caches: BTreeSet<_> = log_backups
        .iter()
        .map(|object| (namespace(&**object), &object.spec.storage_ref.name))
        .collect();
    let is_here = |home: &str, name: &str| {
        let storage = caches::find(&context.caches.storages, home, name);
        let location = storage.and_then(|storage| destination::root(&storage.spec).ok());
        location.is_some_and(|location| root.is_same_as(&location))
    };
    caches
        .into_iter()
        .filter(|(home, name)| is_here(home, name))
        .map(|(home, name)| qualified(cluster, &home, name))
        .collect()
}

/// Returns the tenants whose current or last round archives to the strategy's destination.
pub(super) fn with_logs_here(
    snapshot: &Snapshot,
    root: &Location,
    spec: &BackupStrategySpec,
) -> BTreeSet<TenantId> {
    let template = spec.paths.as_ref().and_then(|paths| paths.log.as_deref());
    let tenants = snapshot.tenants.values().filter(|tenant| {
        let path = destination::log_path(Some(root), template, &snapshot.identity, tenant);
        let desired = root.join(&path).ok();
        let round_path = tenant.round.as_ref().map(|round| round.path.as_str());
        observe_destination(round_path, desired.as_ref()) == ObservedDestination::Ours
    });
    tenants.map(|tenant| tenant.id).collect()
}

/// Returns the directories of tenants that were created under a former name of the cluster.
pub(super) fn directories(
    snapshot: &Snapshot,
    root: &Location,
    spec: &BackupStrategySpec,
) -> BTreeMap<TenantId, Directories> {
    let data = spec.data_template();
    let log = spec.paths.as_ref().and_then(|paths| paths.log.as_deref());
    let identity = &snapshot.identity;
    let tenants = snapshot.tenants.values().filter_map(|tenant| {
        let of = |root| {
            let data = destination::data_path(root, data, identity, tenant);
            (data, destination::log_path(root, log, identity, tenant))
        };
        let ((data, log), (new_data, new_log)) = (of(Some(root)), of(None));
        let found = Directories {
            data: (data != new_data).then_some(data),
            log: (log != new_log).then_some(log),
        };
        (found != Directories::default()).then_some((tenant.id, found))
    });
    tenants.collect()
}

/// Returns the tenants whose logs go neither to the strategy's destination nor to that of their
/// LogBackup: another owner archives them.
pub(super) fn logs_elsewhere(
    context: &Context,
    snapshot: &Snapshot,
    root: &Location,
    spec: &BackupStrategySpec,
    log_backups: &[Arc<LogBackup>],
) -> BTreeSet<TenantId> {
    let template = spec.paths.as_ref().and_then(|paths| paths.log.as_deref());
    let mut elsewhere = BTreeSet::new();
    for tenant in snapshot.tenants.values() {
        let current = tenant.log_dest.as_ref().map(|dest| dest.path.as_str());
        let is_elsewhere = |desired: Option<Location>| {
            matches!(
                observe_destination(current, desired.as_ref()),
                ObservedDestination::Elsewhere(_)
            )
        };
        let of_strategy = destination::log_path(Some(root), template, &snapshot.identity, tenant);
        let of_tenant = log_backups
            .iter()
            .filter(|object| object.spec.tenant_name == tenant.name);
        let is_to_migrate = |object: &LogBackup| {
            let desired = location_of(context, object, snapshot);
            desired.is_some_and(|desired| needs_migration(object, tenant, &desired))
        };
        if is_elsewhere(root.join(&of_strategy).ok())
            && of_tenant
                .filter(|object| !is_to_migrate(object))
                .map(|object| location_of(context, object, snapshot))
                .all(is_elsewhere)
            && !log_backups
                .iter()
                .any(|object| object.spec.tenant_name == tenant.name && is_to_migrate(object))
        {
            elsewhere.insert(tenant.id);
        }
    }
    elsewhere
}

/// Returns the strategy's log backups whose destination an edit of the strategy would change, as
/// the strategy's own decision finds them.
pub(in crate::controller) fn log_backups_to_migrate(
    context: &Context,
    cluster: &ClusterKey,
    strategy: &BackupStrategy,
    snapshot: &Snapshot,
) -> Vec<Arc<LogBackup>> {
    let (spec, home, name) = (&strategy.spec, namespace(strategy), strategy.name_any());
    let is_ready = strategy.status.as_ref().is_some_and(|status| {
        let mut conditions = status.conditions.iter();
        let ready = conditions.find(|condition| condition.type_ == READY);
        status.observed_generation == strategy.metadata.generation
            && ready.is_some_and(|ready| {
                ready.status == "True" && ready.observed_generation == status.observed_generation
            })
    });
    // After an edit that changes a destination, the strategy is not Ready. A thousand tasks need
    // not compare a thousand log backups each.
    if is_ready {
        return Vec::new();
    }
    let storage = destination::storage(context, &home, &spec.storage_ref.name);
    let Ok(root) = storage.and_then(|storage| destination::root(&storage.spec)) else {
        return Vec::new();
    };
    let template = spec.paths.as_ref().and_then(|paths| paths.log.as_deref());
    let is_affected = |object: &LogBackup| {
        let tenant = snapshot.tenant(&object.spec.tenant_name)?;
        let tenant_id = object.status.as_ref().and_then(LogBackupStatus::tenant_id);
        if tenant_id.is_some_and(|id| id != tenant.id.0) || ineligible(tenant).is_some() {
            return None;
        }
        let path = path(object, context, snapshot)?;
        let is_at_storage = object.spec.storage_ref == spec.storage_ref
            || storage_location(object, context)
                .is_some_and(|storage_root| root.is_same_as(&storage_root));
        let desired = naming::log_path(template, &snapshot.identity, tenant, [&path]);
        Some(!is_at_storage || path != desired)
    };
    let mut objects = context.caches.log_backups.state_filter(|object| {
        object.metadata.namespace == strategy.metadata.namespace
            && is_for(spec, &object.spec.tenant_name)
    });
    objects.retain(|object| {
        let of = cluster_of(&**object, &object.spec.cluster_ref);
        same_database(context, cluster, &of)
            && inherited(object).is_some_and(|owner| owner.strategy == name)
            && is_affected(object) == Some(true)
    });
    if !objects.is_empty() {
        let rivals = rivals(context, cluster, |other| may_share_tenants(spec, other));
        objects.retain(|object| strategy::covers(&name, &rivals, &object.spec.tenant_name));
    }
    objects
}

/// Returns the tenants with an available full backup in the strategy's destination, and the tenants
/// whose data backups go elsewhere, with that destination.
pub(in crate::controller) fn data_locations(
    snapshot: &Snapshot,
    root: &Location,
    template: Option<&str>,
) -> (BTreeSet<TenantId>, BTreeMap<TenantId, String>) {
    let (mut with_full_backup, mut elsewhere) = (BTreeSet::new(), BTreeMap::new());
    for tenant in snapshot.tenants.values() {
        let path = destination::data_path(Some(root), template, &snapshot.identity, tenant);
        let Ok(desired) = root.join(&path) else {
            continue;
        };
        let is_here = |path: &str| desired.is_same_as(&Location::read_back(path));
        let mut full = tenant.sets.iter();
        if full.any(|set| set.full && set.success && set.available && is_here(&set.path)) {
            with_full_backup.insert(tenant.id);
        }
        let current = tenant.data_dest.as_deref();
        let observed = observe_destination(current, Some(&desired));
        if let ObservedDestination::Elsewhere(location) = observed {
            elsewhere.insert(tenant.id, location);
        }
    }
    (with_full_backup, elsewhere)
}

/// Returns whether a log backup migrates to another storage.
pub(super) fn is_migrating(context: &Context, cluster: &ClusterKey, object: &LogBackup) -> bool {
    // Cheap check first: a thousand log backups are checked.
    if object.spec.storage_change_policy != StorageChangePolicy::StopAndSwitch {
        return false;
    }
    let Ok((_, snapshot)) = database(context, &cluster.namespace, &cluster.name) else {
        return false;
    };
    let desired = location_of(context, object, &snapshot);
    let tenant = snapshot.tenant(&object.spec.tenant_name);
    desired
        .zip(tenant)
        .is_some_and(|(desired, tenant)| needs_migration(object, tenant, &desired))
}
