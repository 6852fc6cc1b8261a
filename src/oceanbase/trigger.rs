//! Notices to the controllers.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::credentials::ClusterKey;

/// Notice that objects must be reconciled again.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The cluster.
    pub cluster: ClusterKey,
    /// Names of the tenants that changed, or whose log archive has advanced. `None` if all objects
    /// of the cluster are affected.
    pub tenants: Option<Arc<BTreeSet<String>>>,
}
