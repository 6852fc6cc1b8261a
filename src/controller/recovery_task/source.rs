//! Destinations of the backups, and the known backups in them.

use std::sync::Arc;

use super::super::watch::caches;
use super::super::watch::malformed::missing;
use super::super::{Context, destination, namespace};
use crate::api::recovery_task::{StorageSource, TenantSource};
use crate::api::{BackupStorage, LogBackup, LogBackupStatus, OceanBaseCluster, RecoveryTask};
use crate::domain::recovery::{self, Knowledge, ObservedSource};
use crate::domain::{Blocker, authorization, recovery_windows};
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{BackupSet, BackupSetId, TenantId};

/// Destinations of the backups: the storage and directory of the data, and of the logs.
#[derive(Clone, Debug)]
pub(super) struct SourceDestinations {
    pub(super) data: SourceStorage,
    pub(super) log: SourceStorage,
}

/// Directory below the directory of a storage.
#[derive(Clone, Debug)]
pub(super) struct SourceStorage {
    pub(super) storage: Arc<BackupStorage>,
    pub(super) path: String,
}

/// Result of the lookup.
pub(super) struct ResolvedSource {
    pub(super) observed: ObservedSource,
    pub(super) locations: SourceDestinations,
}

/// Resolves a task's reference to its backups.
pub(super) fn find(task: &RecoveryTask, context: &Context) -> Result<ResolvedSource, Blocker> {
    let source = &task.spec.source;
    let found = match (&source.tenant, &source.storage) {
        (Some(tenant), _) => of_tenant(task, tenant, context)?,
        (None, Some(storage)) => of_storage(task, storage, context)?,
        (None, None) => return Err(Blocker::permanent("InvalidSpec", "`source` is empty")),
    };
    let target = &task.spec.target.cluster_ref.name;
    if let Some(cluster) = caches::find(&context.caches.clusters, &namespace(task), target) {
        for location in [&found.locations.data, &found.locations.log] {
            let name = location.storage.metadata.name.as_deref();
            authorization::storage(&cluster.spec.access, name.unwrap_or_default())?;
        }
    }
    Ok(found)
}

fn of_storage(
    task: &RecoveryTask,
    source: &StorageSource,
    context: &Context,
) -> Result<ResolvedSource, Blocker> {
    let storage = destination::storage(context, &namespace(task), &source.storage_ref.name)?;
    let below = |path: &str| {
        destination::desired_location(&storage, None, Some(path))?;
        Ok(SourceStorage {
            storage: Arc::clone(&storage),
            path: path.to_owned(),
        })
    };
    Ok(ResolvedSource {
        locations: SourceDestinations {
            data: below(&source.data_path)?,
            log: below(&source.log_path)?,
        },
        observed: ObservedSource {
            tenant_id: None,
            log_backup: None,
            version: None,
            elsewhere: Vec::new(),
            knowledge: Knowledge::Store,
        },
    })
}

/// Resolves the source by the LogBackup of the tenant. Of several LogBackups of the name, the
/// newest that reaches the point is used, otherwise the newest with any recovery window.
fn of_tenant(
    task: &RecoveryTask,
    source: &TenantSource,
    context: &Context,
) -> Result<ResolvedSource, Blocker> {
    let namespace = namespace(task);
    let cluster_name = &source.cluster_ref.name;
    let Some(cluster) = caches::find(&context.caches.clusters, &namespace, cluster_name) else {
        return Err(missing::<OceanBaseCluster>(
            context,
            "source.tenant.clusterRef",
            "ClusterNotFound",
            &namespace,
            cluster_name,
        ));
    };
    let is_wanted = |log_backup: &LogBackup| {
        let id = log_backup
            .status
            .as_ref()
            .and_then(LogBackupStatus::tenant_id);
        log_backup.spec.cluster_ref.name == *cluster_name
            && log_backup.spec.tenant_name == source.tenant_name
            && source.tenant_id.is_none_or(|wanted| id == Some(wanted))
    };
    let mut candidates: Vec<_> = caches::within(&context.caches.log_backups, &namespace)
        .filter(|log_backup| is_wanted(log_backup))
        .collect();
    candidates.sort_by_key(|log_backup| {
        let status = log_backup.status.as_ref();
        let known = status.map(recovery_windows::known).unwrap_or_default();
        (
            recovery::reaches(&task.spec.until, &known),
            !known.spans().is_empty(),
            status.and_then(LogBackupStatus::tenant_id),
        )
    });
    let Some(log_backup) = candidates.pop() else {
        return Err(Blocker::waiting(
            "LogBackupNotFound",
            format!(
                "no LogBackup describes tenant '{}' of OceanBaseCluster '{cluster_name}', so the \
                 location of its backups is not known. Set `source.storage`, or wait for the \
                 LogBackup",
                source.tenant_name
            ),
        ));
    };
    let status = log_backup.status.clone().unwrap_or_default();
    let tenant_id = status.tenant_id().map(TenantId);
    let directory = |known: &Option<String>, what: &str| {
        let known = known.as_deref().ok_or_else(|| {
            Blocker::waiting(
                "NothingToRecover",
                format!("the LogBackup does not record the location of the tenant's {what}"),
            )
        })?;
        in_storage(known, &log_backup, context, &namespace)
    };
    let locations = SourceDestinations {
        data: directory(&status.data_directory, "data backups")?,
        log: directory(&status.storage_directory, "logs")?,
    };
    let key = ClusterKey::new(&namespace, cluster_name);
    let live = match context.clusters.state(&key) {
        ClusterState::Up(snapshot) => {
            let tenant = tenant_id.and_then(|id| snapshot.tenants.get(&id).cloned());
            tenant.map(|tenant| Knowledge::Live {
                sets: Arc::clone(&tenant.sets),
                pieces: recovery_windows::pieces_of(&tenant),
            })
        }
        _ => None,
    };
    let elsewhere = match &live {
        Some(Knowledge::Live { sets, .. }) => elsewhere(sets, status.data_directory.as_deref()),
        _ => Vec::new(),
    };
    let version = cluster
        .status
        .as_ref()
        .and_then(|status| status.version.as_ref());
    Ok(ResolvedSource {
        locations,
        observed: ObservedSource {
            tenant_id,
            log_backup: log_backup.metadata.name.clone(),
            version: version.and_then(|version| version.parse().ok()),
            elsewhere,
            knowledge: live
                .unwrap_or_else(|| Knowledge::Reported(recovery_windows::known(&status))),
        },
    })
}

/// Returns the sets that are not in this directory.
fn elsewhere(sets: &[BackupSet], directory: Option<&str>) -> Vec<BackupSetId> {
    let directory = directory.map(Location::read_back);
    let lies_there = |set: &&BackupSet| {
        let location = Location::read_back(&set.path);
        directory
            .as_ref()
            .is_none_or(|there| location.overlaps(there))
    };
    let others = sets.iter().filter(|set| !lies_there(set));
    others.map(|set| set.id).collect()
}

/// Returns the storage that contains a directory: the log backup's own, or another one of the
/// namespace.
fn in_storage(
    directory: &str,
    log_backup: &LogBackup,
    context: &Context,
    namespace: &str,
) -> Result<SourceStorage, Blocker> {
    let shown = Location::read_back(directory);
    let own = &log_backup.spec.storage_ref.name;
    let mut storages: Vec<_> = caches::within(&context.caches.storages, namespace).collect();
    storages.sort_by_key(|storage| storage.metadata.name.as_ref() != Some(own));
    let found = storages.into_iter().find_map(|storage| {
        let root = destination::root(&storage.spec).ok()?;
        let path = root.path_to(&shown)?.to_owned();
        Some(SourceStorage { storage, path })
    });
    found.ok_or_else(|| {
        Blocker::waiting(
            "StorageNotFound",
            format!(
                "no BackupStorage in the namespace describes the location {}: apply the one to \
                 which the backups were written",
                shown.root()
            ),
        )
    })
}
