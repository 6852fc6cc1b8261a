//! What several kinds observe of a database.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

use crate::api::PinnedDatabase;
use crate::oceanbase::model::{DatabaseId, Identity, Tenant};

/// Whether a tenant's destination is the desired destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObservedDestination {
    /// No destination is set.
    Unset,
    /// The destination is the desired destination.
    Ours,
    /// The destination is another one; this is its address without keys.
    Elsewhere(String),
}

/// Observed state of one tenant of a cluster.
#[derive(Clone, Debug)]
pub struct ObservedTenant {
    /// The tenant; `None` if the cluster has no tenant of this name.
    pub tenant: Option<Arc<Tenant>>,
    /// Whether this is newer than the operator's last statement to the tenant.
    pub settled: bool,
    /// Whether its destination is the desired one (of data or of logs, as the object requires).
    pub destination: ObservedDestination,
}

/// Returns a database in the form that a status shows, without a tenant.
#[must_use]
pub fn pinned(identity: &Identity) -> PinnedDatabase {
    PinnedDatabase {
        cluster_name: identity.cluster_name.clone(),
        cluster_id: identity.cluster_id,
        create_time: MicroTime(identity.created_at),
        tenant_id: None,
    }
}

/// Returns the database that a status records.
#[must_use]
pub fn database_id(known: &PinnedDatabase) -> DatabaseId {
    DatabaseId::new(known.cluster_id, known.create_time.0)
}

/// Records the observed database in a status. The number of the tenant, once recorded, stays.
pub(crate) fn pin<'a>(
    known: &'a mut Option<PinnedDatabase>,
    identity: &Identity,
    tenant: Option<&Tenant>,
) -> &'a PinnedDatabase {
    let pinned_tenant = known.as_ref().and_then(|known| known.tenant_id);
    known.insert(PinnedDatabase {
        tenant_id: pinned_tenant.or(tenant.map(|tenant| tenant.id.0)),
        ..pinned(identity)
    })
}
