//! Which database an OceanBaseCluster stands for. Several may stand for one, also in several
//! namespaces: whatever must be decided once per database asks here.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

use super::unreadable::missing;
use super::{Context, caches};
use crate::api::OceanBaseCluster;
use crate::api::cluster::{Access, ClusterIdentity};
use crate::domain::{Blocker, authorization, cluster as domain};
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::model::{DatabaseId, Snapshot};

/// What the database of a cluster's object shows now, and what the object's name is to the
/// readers.
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
            let known = object.status.as_ref().and_then(|s| s.identity.as_ref());
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

/// Nothing is known yet.
pub(super) fn connecting() -> Blocker {
    Blocker::waiting("Connecting", "the cluster is being connected to")
}

/// What may be used through a cluster's object; everything while there is none.
pub(super) fn access_of(context: &Context, cluster: &ClusterKey) -> Access {
    caches::find(&context.caches.clusters, &cluster.namespace, &cluster.name)
        .map(|object| object.spec.access.clone())
        .unwrap_or_default()
}

/// Whether the tenant and the store may be used through the cluster's object.
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

fn is_another(known: &ClusterIdentity, shown: &Snapshot) -> bool {
    domain::database(known).is_some_and(|known| known != shown.identity.database())
}

/// Jobs, tenants and rounds are counted alike in every database: what was begun in one must not be
/// gone on with in another.
fn replaced(cluster: &str, known: &ClusterIdentity, shown: &Snapshot) -> Blocker {
    let since =
        |time: Option<&MicroTime>| time.map_or_else(String::new, |time| format!(" of {}", time.0));
    let shown = domain::identity(&shown.identity);
    Blocker::permanent(
        "IdentityChanged",
        format!(
            "OceanBaseCluster '{cluster}' was cluster {} (id {}){}, and its endpoints now lead to \
             cluster {} (id {}){}: point it back, or make an OceanBaseCluster of another name for \
             the new one",
            known.cluster_name,
            known.cluster_id,
            since(known.create_time.as_ref()),
            shown.cluster_name,
            shown.cluster_id,
            since(shown.create_time.as_ref()),
        ),
    )
}

/// Whether two cluster's objects stand for the same database, as far as is known: they are one and
/// the same, or both were logged in to and the same database answered.
pub(super) fn same_database(context: &Context, one: &ClusterKey, other: &ClusterKey) -> bool {
    one == other
        || identity(context, one)
            .is_some_and(|known| identity(context, other).as_ref() == Some(&known))
}

/// The database that answered last. The object's status remembers it over a restart and while
/// nothing answers: who is first to have been made stays the owner.
fn identity(context: &Context, key: &ClusterKey) -> Option<DatabaseId> {
    let (namespace, name) = (&*key.namespace, &*key.name);
    let known = if let Some(object) = caches::find(&context.caches.clusters, namespace, name) {
        object.status.as_ref().and_then(|s| s.identity.clone())
    } else {
        let unreadable = &context.caches.unreadable;
        unreadable
            .find::<OceanBaseCluster>(namespace, name)?
            .identity
    };
    known
        .as_ref()
        .and_then(domain::database)
        .or_else(|| context.clusters.database(key))
}
