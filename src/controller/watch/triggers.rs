//! Objects to requeue after a change: objects refer to each other, and all of them depend on the
//! database.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use kube::{Resource, ResourceExt};
use kube_runtime::reflector::{ObjectRef, Store};
use kube_runtime::watcher::Event;
use tokio::sync::broadcast;

use crate::api::condition::types::ARCHIVING;
use crate::api::strategy::INHERITED;
use crate::api::{
    BackupStorage, BackupStrategy, BackupTask, CleanupTask, LogBackup, OceanBaseCluster,
    RecoveryDrill, RecoveryTask,
};
use crate::controller::{self, Context, Reconcile, cluster_of, same_database};
use crate::domain::storage::over;
use crate::oceanbase::credentials::ClusterKey;

/// Change that may affect objects.
#[derive(Clone, Debug)]
pub enum Change {
    /// Possibly everything: a list was read again, or changes came too fast.
    Everything,
    /// Change of these tenants in the database, or of the whole cluster if no names are given.
    Database {
        /// The cluster.
        cluster: ClusterKey,
        /// Names of tenants.
        tenants: Option<Arc<BTreeSet<String>>>,
    },
    /// An object.
    Object(Changed),
}

/// Object that was changed, created or deleted.
#[derive(Clone, Debug)]
pub enum Changed {
    /// A cluster.
    Cluster(Arc<OceanBaseCluster>),
    /// A storage.
    Storage(Arc<BackupStorage>),
    /// A strategy.
    Strategy(Arc<BackupStrategy>),
    /// A data backup.
    Task(Arc<BackupTask>),
    /// A log backup.
    LogBackup(Arc<LogBackup>),
    /// A recovery.
    Recovery(Arc<RecoveryTask>),
    /// A cleanup.
    Cleanup(Arc<CleanupTask>),
    /// A drill.
    Drill(Arc<RecoveryDrill>),
}

/// Kind whose changes affect other objects.
pub trait Notifies: Resource<DynamicType = ()> + Clone + 'static {
    /// Wraps the changed object.
    fn changed(object: Arc<Self>) -> Changed;

    /// Returns the parts of the status and annotations that other objects read, besides the spec.
    /// Other changes requeue no other object. `None` if nearly everything is read.
    ///
    /// Without this, each step of a thousand log backups would requeue their cluster and storage.
    /// The resulting status changes would in turn requeue all thousand log backups.
    fn observed_by_others(&self) -> Option<impl Hash>;
}

macro_rules! notable {
    ($($kind:ident => $variant:ident, $observed:expr;)*) => {
        $(impl Notifies for $kind {
            fn changed(object: Arc<Self>) -> Changed {
                Changed::$variant(object)
            }

            fn observed_by_others(&self) -> Option<impl Hash> {
                #[allow(clippy::redundant_closure_call, reason = "one expression for each kind")]
                ($observed)(self)
            }
        })*
    };
}

notable!(
    OceanBaseCluster => Cluster, |cluster: &OceanBaseCluster| {
        let status = cluster.status.as_ref();
        Some(format!("{:?}", status.and_then(|status| status.database.as_ref())))
    };
    BackupStorage => Storage, |storage: &BackupStorage| {
        let status = storage.status.as_ref();
        let keys = status.and_then(|status| status.credentials.as_ref());
        let keys = keys.map(|known| known.secret_resource_version.clone());
        Some((keys, over(&storage.spec, status).is_some()))
    };
    BackupStrategy => Strategy, |strategy: &BackupStrategy| {
        let status = strategy.status.as_ref();
        Some(status.map(|status| (status.phase.clone(), status.alert_count)))
    };
    BackupTask => Task, |_: &BackupTask| None::<()>;
    LogBackup => LogBackup, |object: &LogBackup| {
        let status = object.status.as_ref();
        Some((
            object.annotations().get(INHERITED).cloned(),
            status.map(|status| {
                let mut conditions = status.conditions.iter();
                (
                    status.tenant_id(),
                    status.phase.clone(),
                    status.storage_directory.is_some(),
                    conditions.any(|known| known.type_ == ARCHIVING && known.status == "True"),
                    format!("{:?}{:?}", status.cause, status.full_backup_wanted_since),
                    format!("{:?}", status.storage_migration),
                    status.credentials.as_ref().map(|known| {
                        let version = known.secret_resource_version.clone();
                        (version, format!("{:?}", known.cause))
                    }),
                    status.storage_limits.as_ref().map(|known| {
                        let pending = known.pending.iter();
                        let why = pending.map(|pending| (&pending.location, &pending.cause));
                        let why = format!("{:?}", why.collect::<Vec<_>>());
                        (known.wanted.clone(), known.locations.len(), why)
                    }),
                )
            }),
        ))
    };
    RecoveryTask => Recovery, |task: &RecoveryTask| {
        let status = task.status.as_ref();
        Some(status.map(|status| (status.target_tenant_id(), status.outcome.clone())))
    };
    CleanupTask => Cleanup, |task: &CleanupTask| {
        let status = task.status.as_ref();
        Some(status.map(|status| status.outcome.clone()))
    };
    RecoveryDrill => Drill, |_: &RecoveryDrill| Some(());
);

/// Announces the changes of a kind's objects to all controllers.
pub struct ChangeNotifier<K: Notifies> {
    bus: broadcast::Sender<Change>,
    store: Store<K>,
    /// Hash of the parts of each object that others last read.
    marks: HashMap<ObjectRef<K>, u64>,
}

impl<K: Notifies> ChangeNotifier<K> {
    /// Creates a notifier without history. The cache must already contain the objects of the
    /// events.
    #[must_use]
    pub fn new(bus: broadcast::Sender<Change>, store: Store<K>) -> Self {
        Self {
            bus,
            store,
            marks: HashMap::new(),
        }
    }

    /// Announces the change of a watch event.
    pub fn announce(&mut self, event: &Event<K>) {
        let change = match event {
            Event::Apply(object) => {
                let reference = ObjectRef::from_obj(object);
                let mark = mark(object);
                if mark.is_some() && self.marks.get(&reference).copied() == mark {
                    return;
                }
                let known = self.store.get(&reference);
                self.record(reference, mark);
                Change::Object(K::changed(
                    known.unwrap_or_else(|| Arc::new(object.clone())),
                ))
            }
            Event::Delete(object) => {
                self.marks.remove(&ObjectRef::from_obj(object));
                Change::Object(K::changed(Arc::new(object.clone())))
            }
            Event::Init => return self.marks.clear(),
            Event::InitApply(object) => {
                return self.record(ObjectRef::from_obj(object), mark(object));
            }
            // The cache contains the new list only now.
            Event::InitDone => Change::Everything,
        };
        // An error means that no controller listens yet; each reconciles everything when it starts.
        let _ = self.bus.send(change);
    }

    fn record(&mut self, reference: ObjectRef<K>, mark: Option<u64>) {
        if let Some(mark) = mark {
            self.marks.insert(reference, mark);
        }
    }
}

/// Returns a hash of the parts that other objects read.
fn mark<K: Notifies>(object: &K) -> Option<u64> {
    let observed = object.observed_by_others()?;
    let metadata = object.meta();
    let mut hasher = DefaultHasher::new();
    metadata.uid.hash(&mut hasher);
    // Covers the spec and the deletion.
    metadata.generation.hash(&mut hasher);
    metadata.deletion_timestamp.is_some().hash(&mut hasher);
    observed.hash(&mut hasher);
    Some(hasher.finish())
}

impl Change {
    /// Returns whether a change affects objects of this cluster, for any tenant. A change of an
    /// object of one cluster affects objects of every other cluster with the same database.
    #[must_use]
    pub fn is_about_cluster(&self, context: &Context, namespace: &str, cluster: &str) -> bool {
        let key = match self {
            Self::Everything => return true,
            Self::Database { cluster: key, .. } => {
                return key.namespace == namespace && key.name == cluster;
            }
            Self::Object(Changed::Cluster(object)) => {
                ClusterKey::new(&controller::namespace(&**object), &object.name_any())
            }
            Self::Object(Changed::Strategy(object)) => {
                cluster_of(&**object, &object.spec.cluster_ref)
            }
            Self::Object(Changed::LogBackup(object)) => {
                cluster_of(&**object, &object.spec.cluster_ref)
            }
            Self::Object(Changed::Recovery(object)) => {
                cluster_of(&**object, &object.spec.target.cluster_ref)
            }
            Self::Object(
                Changed::Storage(_) | Changed::Task(_) | Changed::Cleanup(_) | Changed::Drill(_),
            ) => return false,
        };
        same_database(context, &key, &ClusterKey::new(namespace, cluster))
    }

    /// Returns whether the database shows a change of this tenant.
    #[must_use]
    pub fn is_about_tenant(&self, namespace: &str, cluster: &str, tenant: &str) -> bool {
        match self {
            Self::Database {
                cluster: key,
                tenants,
            } => {
                key.namespace == namespace
                    && key.name == cluster
                    && tenants.as_ref().is_none_or(|names| names.contains(tenant))
            }
            _ => false,
        }
    }

    /// Returns whether this storage has changed.
    #[must_use]
    pub fn is_storage(&self, namespace: &str, name: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Object(Changed::Storage(object)) => {
                object.namespace().as_deref() == Some(namespace) && object.name_any() == name
            }
            _ => false,
        }
    }
}

/// Returns references to the objects of a kind that a change affects.
pub(in crate::controller) fn references<K: Reconcile>(
    change: &Change,
    context: &Context,
) -> impl Iterator<Item = ObjectRef<K>> + use<K> {
    K::affected(change, context)
        .into_iter()
        .map(|object| ObjectRef::from_obj(&*object))
}

#[cfg(test)]
mod tests {
    use kube_runtime::reflector;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    /// Returns which of these versions of one object are announced.
    fn notifies<K: Notifies + DeserializeOwned>(
        spec: &Value,
        versions: &[(i64, Value)],
    ) -> Vec<bool> {
        let (bus, mut changes) = broadcast::channel(8);
        let (store, _writer) = reflector::store();
        let mut notifier = ChangeNotifier::<K>::new(bus, store);
        let tell = |(generation, status): &(i64, Value)| {
            let object = json!({
                "apiVersion": K::api_version(&()),
                "kind": K::kind(&()),
                "metadata": {"name": "x", "namespace": "ns", "uid": "u", "generation": generation},
                "spec": spec,
                "status": status,
            });
            notifier.announce(&Event::Apply(serde_json::from_value(object).unwrap()));
            changes.try_recv().is_ok()
        };
        versions.iter().map(tell).collect()
    }

    fn cluster() -> Value {
        json!({
            "endpoints": ["node:2881"],
            "credentials": {"secretRef": {"name": "sys"}},
            "tls": {"mode": "Disabled"},
        })
    }

    #[test]
    fn a_number_in_a_cluster_s_status_wakes_nobody() {
        let alerts = |count| (1, json!({"alertCount": count}));
        let notifies = notifies::<OceanBaseCluster>(&cluster(), &[alerts(0), alerts(1), alerts(2)]);
        assert_eq!(notifies, [true, false, false]);
    }

    #[test]
    fn a_cluster_s_edit_wakes_others() {
        let notifies = notifies::<OceanBaseCluster>(&cluster(), &[(1, json!({})), (2, json!({}))]);
        assert_eq!(notifies, [true, true]);
    }

    #[test]
    fn others_are_woken_when_it_is_known_which_database_a_cluster_is() {
        let identity = json!({"database": {
            "clusterName": "prod",
            "clusterID": 1,
            "createTime": "2026-11-20T02:00:00Z",
        }});
        let notifies = notifies::<OceanBaseCluster>(&cluster(), &[(1, json!({})), (1, identity)]);
        assert_eq!(notifies, [true, true]);
    }

    #[test]
    fn a_log_backup_s_checkpoint_wakes_nobody_and_its_phase_does() {
        let spec = json!({
            "clusterRef": {"name": "prod"},
            "tenantName": "orders",
            "storageRef": {"name": "nfs"},
        });
        let shown = |phase, checkpoint| (1, json!({"phase": phase, "checkpointSCN": checkpoint}));
        let versions = [
            shown("Starting", "1"),
            shown("Starting", "2"),
            shown("InProgress", "2"),
        ];
        assert_eq!(notifies::<LogBackup>(&spec, &versions), [true, false, true]);
    }

    #[test]
    fn each_change_of_a_task_wakes_others() {
        let spec = json!({"strategyRef": {"name": "nightly"}, "type": "Full"});
        let shown = |progress: &str| (1, json!({"progress": progress}));
        let notifies = notifies::<BackupTask>(&spec, &[shown("1%"), shown("2%")]);
        assert_eq!(notifies, [true, true]);
    }

    #[test]
    fn an_object_that_was_made_anew_wakes_others_though_it_looks_the_same() {
        let (bus, mut changes) = broadcast::channel(8);
        let (store, _writer) = reflector::store();
        let mut notifier = ChangeNotifier::<OceanBaseCluster>::new(bus, store);
        let object = json!({
            "apiVersion": "backup.oceanbase.io/v1alpha1",
            "kind": "OceanBaseCluster",
            "metadata": {"name": "x", "namespace": "ns"},
            "spec": cluster(),
        });
        let object: OceanBaseCluster = serde_json::from_value(object).unwrap();
        for event in [
            Event::Apply(object.clone()),
            Event::Delete(object.clone()),
            Event::Apply(object),
        ] {
            notifier.announce(&event);
            assert!(changes.try_recv().is_ok(), "{event:?}");
        }
    }
}
