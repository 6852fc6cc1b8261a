//! Lookup of the database of an OceanBaseCluster. Several objects, also in several namespaces, may
//! refer to one database. Decisions that are made once per database use this module.

use std::sync::Arc;

use super::Context;
use super::watch::caches;
use super::watch::malformed::missing;
use crate::api::cluster::Access;
use crate::api::{OceanBaseCluster, PinnedDatabase};
use crate::domain::{Blocker, authorization, database_id};
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::model::{DatabaseId, Snapshot};

/// Returns the current snapshot of the object's database, and the key of the object.
pub(super) fn database(
    context: &Context,
    namespace: &str,
    cluster: &str,
) -> Result<(ClusterKey, Arc<Snapshot>), Blocker> {
    let Some(object) = caches::find(&context.caches.clusters, namespace, cluster) else {
        let reason = "ClusterNotFound";
        return Err(missing::<OceanBaseCluster>(
            context,
            "clusterRef",
            reason,
            namespace,
            cluster,
        ));
    };
    let key = ClusterKey::new(namespace, cluster);
    context.clusters.watch(&key);
    match context.clusters.state(&key) {
        ClusterState::Up(snapshot) => {
            let known = object.status.as_ref().and_then(|s| s.database.as_ref());
            match known.filter(|known| is_another(known, &snapshot)) {
                Some(known) => Err(replaced(cluster, known, &snapshot)),
                None => Ok((key, snapshot)),
            }
        }
        ClusterState::Connecting => Err(connecting()),
        ClusterState::Down(problem) => Err(Blocker {
            reason: problem.reason,
            message: format!("OceanBaseCluster '{cluster}': {}", problem.message),
            permanent: problem.permanent,
            outage: problem.outage,
        }),
    }
}

/// Returns the blocker of a cluster that is not connected yet.
pub(super) fn connecting() -> Blocker {
    Blocker::waiting("Connecting", "the operator is connecting to the cluster")
}

/// Returns the access rules of a cluster's object; everything is allowed if there is no object.
pub(super) fn access_of(context: &Context, cluster: &ClusterKey) -> Access {
    caches::find(&context.caches.clusters, &cluster.namespace, &cluster.name)
        .map(|object| object.spec.access.clone())
        .unwrap_or_default()
}

/// Checks that the tenant and the storage may be used through the cluster's object.
pub(super) fn allowed(
    context: &Context,
    cluster: &ClusterKey,
    tenant: &str,
    storage: &str,
) -> Result<(), Blocker> {
    let access = access_of(context, cluster);
    authorization::tenant(&access, tenant)?;
    authorization::storage(&access, storage)
}

fn is_another(known: &PinnedDatabase, shown: &Snapshot) -> bool {
    database_id(known) != shown.identity.database()
}

/// Returns the blocker of a replaced database. Jobs, tenants and rounds have the same numbers in
/// every database, so work of the old database must not continue in the new one.
fn replaced(cluster: &str, known: &PinnedDatabase, shown: &Snapshot) -> Blocker {
    let shown = &shown.identity;
    Blocker::permanent(
        "IdentityChanged",
        format!(
            "OceanBaseCluster '{cluster}' was cluster {} (id {}) created at {}, but its endpoints \
             now lead to cluster {} (id {}) created at {}. Correct the endpoints, or create another OceanBaseCluster for \
             the new cluster",
            known.cluster_name,
            known.cluster_id,
            known.create_time.0,
            shown.cluster_name,
            shown.cluster_id,
            shown.created_at,
        ),
    )
}

/// Returns whether two OceanBaseClusters are known to refer to the same database: they are the same
/// object, or the same database answered both.
pub(super) fn same_database(context: &Context, one: &ClusterKey, other: &ClusterKey) -> bool {
    one == other
        || identity(context, one)
            .is_some_and(|known| identity(context, other).as_ref() == Some(&known))
}

/// Returns the database that answered last. The object's status keeps the identity over restarts
/// and outages, so the oldest object stays the owner.
fn identity(context: &Context, key: &ClusterKey) -> Option<DatabaseId> {
    let (namespace, name) = (&*key.namespace, &*key.name);
    let known = if let Some(object) = caches::find(&context.caches.clusters, namespace, name) {
        object.status.as_ref().and_then(|s| s.database.clone())
    } else {
        let unreadable = &context.caches.unreadable;
        unreadable
            .find::<OceanBaseCluster>(namespace, name)?
            .database
    };
    known
        .as_ref()
        .map(database_id)
        .or_else(|| context.clusters.database(key))
}
