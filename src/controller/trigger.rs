//! Who is concerned when something changes: objects refer to each other, and all of them to what
//! the database shows.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use kube::{Resource, ResourceExt};
use kube_runtime::reflector::{ObjectRef, Store};
use kube_runtime::watcher::Event;
use tokio::sync::broadcast;

use super::{Context, Reconcile, cluster_of, same_database};
use crate::api::condition::types::ARCHIVING;
use crate::api::strategy::INHERITED;
use crate::api::{
    BackupStorage, BackupStrategy, BackupTask, CleanupTask, LogBackup, OceanBaseCluster,
    RecoveryTask,
};
use crate::domain::storage::over;
use crate::oceanbase::credentials::ClusterKey;

/// Something has changed.
#[derive(Clone, Debug)]
pub enum Change {
    /// Perhaps everything: a list was read anew, or changes came too fast.
    Everything,
    /// What the database shows of these tenants; of the whole cluster where there are no names.
    Database {
        /// The cluster.
        cluster: ClusterKey,
        /// Names of tenants.
        tenants: Option<Arc<BTreeSet<String>>>,
    },
    /// An object.
    Object(Changed),
}

/// An object that was changed, made or deleted.
#[derive(Clone, Debug)]
pub enum Changed {
    /// A cluster.
    Cluster(Arc<OceanBaseCluster>),
    /// A store.
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
}

/// A kind whose changes concern others.
pub trait Notifies: Resource<DynamicType = ()> + Clone + 'static {
    /// The change.
    fn changed(object: Arc<Self>) -> Changed;

    /// What others look at in the object's status and annotations, besides its spec; they are not
    /// woken by a change of anything else. `None` where they look at nearly all of it.
    ///
    /// Without this a thousand log backups would wake their cluster's and their store's object by
    /// each step of theirs, and those, by a number in their status, all thousand of them.
    fn observed_by_others(&self) -> Option<impl Hash>;
}

macro_rules! notable {
    ($($kind:ident => $variant:ident, $observed:expr;)*) => {
        $(impl Notifies for $kind {
            fn changed(object: Arc<Self>) -> Changed {
                Changed::$variant(object)
            }

            fn observed_by_others(&self) -> Option<impl Hash> {
                #[allow(clippy::redundant_closure_call, reason = "a body for each kind")]
                ($observed)(self)
            }
        })*
    };
}

notable!(
    OceanBaseCluster => Cluster, |cluster: &OceanBaseCluster| {
        let status = cluster.status.as_ref();
        Some(format!("{:?}", status.and_then(|status| status.identity.as_ref())))
    };
    BackupStorage => Storage, |storage: &BackupStorage| {
        let status = storage.status.as_ref();
        let keys = status.and_then(|status| status.credentials.as_ref());
        let keys = keys.map(|known| known.secret_resource_version.clone());
        let limit = storage.spec.capacity_alert_percent;
        Some((keys, over(status, limit).is_some()))
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
                    status.tenant_id,
                    status.phase.clone(),
                    status.storage_directory.is_some(),
                    conditions.any(|known| known.type_ == ARCHIVING && known.status == "True"),
                    format!("{:?}{:?}", status.cause, status.full_backup_wanted_since),
                    format!("{:?}", status.storage_switch),
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
        Some(status.map(|status| (status.target_tenant_id, status.outcome.clone())))
    };
    CleanupTask => Cleanup, |task: &CleanupTask| {
        let status = task.status.as_ref();
        Some(status.map(|status| status.outcome.clone()))
    };
);

/// Tells all controllers what happens to the objects of a kind.
pub struct ChangeNotifier<K: Notifies> {
    bus: broadcast::Sender<Change>,
    store: Store<K>,
    /// What others saw last of each object.
    marks: HashMap<ObjectRef<K>, u64>,
}

impl<K: Notifies> ChangeNotifier<K> {
    /// One that has told nothing yet. The store must show what the events say.
    #[must_use]
    pub fn new(bus: broadcast::Sender<Change>, store: Store<K>) -> Self {
        Self {
            bus,
            store,
            marks: HashMap::new(),
        }
    }

    /// Tells what an event on the watch means.
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
            // The store shows the new list only now.
            Event::InitDone => Change::Everything,
        };
        // An error means that no controller listens yet; each looks at everything when it starts.
        let _ = self.bus.send(change);
    }

    fn record(&mut self, reference: ObjectRef<K>, mark: Option<u64>) {
        if let Some(mark) = mark {
            self.marks.insert(reference, mark);
        }
    }
}

/// What others look at, as a number.
fn mark<K: Notifies>(object: &K) -> Option<u64> {
    let observed = object.observed_by_others()?;
    let metadata = object.meta();
    let mut hasher = DefaultHasher::new();
    metadata.uid.hash(&mut hasher);
    // Of the spec, and of the deletion.
    metadata.generation.hash(&mut hasher);
    metadata.deletion_timestamp.is_some().hash(&mut hasher);
    observed.hash(&mut hasher);
    Some(hasher.finish())
}

impl Change {
    /// Whether a change concerns objects of this cluster, whatever tenant they are about. What
    /// refers to one cluster concerns what refers to another one of the same database.
    #[must_use]
    pub fn is_about_cluster(&self, context: &Context, namespace: &str, cluster: &str) -> bool {
        let key = match self {
            Self::Everything => return true,
            Self::Database { cluster: key, .. } => {
                return key.namespace == namespace && key.name == cluster;
            }
            Self::Object(Changed::Cluster(object)) => {
                ClusterKey::new(&super::namespace(&**object), &object.name_any())
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
            Self::Object(Changed::Storage(_) | Changed::Task(_) | Changed::Cleanup(_)) => {
                return false;
            }
        };
        same_database(context, &key, &ClusterKey::new(namespace, cluster))
    }

    /// Whether what the database shows of this tenant has changed.
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

    /// Whether it is this object of this kind that has changed.
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

/// References to the objects of a kind that a change concerns.
pub(super) fn references<K: Reconcile>(
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

    /// Of which of these versions of one object others are told.
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
            "credentialsSecretRef": {"name": "sys"},
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
        let identity = json!({"identity": {"clusterName": "prod", "clusterId": 1}});
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
        let shown = |phase, checkpoint| (1, json!({"phase": phase, "checkpointScn": checkpoint}));
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
