//! Who is concerned when something changes: objects refer to each other, and all of them to what
//! the database shows.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube::{Resource, ResourceExt};
use kube_runtime::watcher::Event;
use tokio::sync::broadcast;

use super::{Context, Reconcile, cluster_of, same_database};
use crate::api::{BackupStorage, BackupStrategy, BackupTask, LogBackup, OceanBaseCluster};
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
}

/// A kind whose changes concern others.
pub trait Notable: Resource<DynamicType = ()> + Clone {
    /// The change.
    fn changed(object: Arc<Self>) -> Changed;
}

macro_rules! notable {
    ($($kind:ident => $variant:ident),*) => {
        $(impl Notable for $kind {
            fn changed(object: Arc<Self>) -> Changed {
                Changed::$variant(object)
            }
        })*
    };
}

notable!(
    OceanBaseCluster => Cluster,
    BackupStorage => Storage,
    BackupStrategy => Strategy,
    BackupTask => Task,
    LogBackup => LogBackup
);

/// Tells all controllers what an event on a watch means.
pub fn announce<K: Notable>(event: &Event<K>, bus: &broadcast::Sender<Change>) {
    let change = match event {
        Event::Apply(object) | Event::Delete(object) => {
            Change::Object(K::changed(Arc::new(object.clone())))
        }
        // The store shows the new list only now.
        Event::InitDone => Change::Everything,
        Event::Init | Event::InitApply(_) => return,
    };
    // An error means that no controller listens yet; each looks at everything when it starts.
    let _ = bus.send(change);
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
            Self::Object(Changed::Storage(_) | Changed::Task(_)) => return false,
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
) -> Vec<kube_runtime::reflector::ObjectRef<K>> {
    K::concerned(change, context)
        .iter()
        .map(|object| kube_runtime::reflector::ObjectRef::from_obj(&**object))
        .collect()
}
