//! What every pass over an object can use.

use kube::Client;

use super::caches::Caches;
use super::event_publisher::Events;
use super::process_state::ProcessState;
use super::secret::Secrets;
use crate::clock::Clock;
use crate::oceanbase::lease_guard::LeaseGuard;
use crate::oceanbase::registry::Clusters;
use crate::telemetry::Metrics;

/// What every pass over an object can use.
pub struct Context {
    /// The Kubernetes API.
    pub client: Client,
    /// Secrets, read one by one.
    pub secrets: Secrets,
    /// The databases.
    pub clusters: Clusters,
    /// The time.
    pub clock: Clock,
    /// The operator's metrics.
    pub metrics: Metrics,
    /// What is known of all objects.
    pub caches: Caches,
    /// Where events go.
    pub events: Events,
    /// For how long this process may act.
    pub lease_guard: LeaseGuard,
    /// What this process remembers of objects.
    pub memory: ProcessState,
    /// The smallest recovery window that is set as a delete policy, in days.
    pub least_window_days: i32,
}
