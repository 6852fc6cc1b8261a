//! What every pass over an object can use.

use kube::Client;

use super::caches::Caches;
use super::event::Events;
use super::memory::Memory;
use super::secret::Secrets;
use crate::clock::Clock;
use crate::oceanbase::clusters::Clusters;
use crate::oceanbase::validity::Validity;
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
    pub validity: Validity,
    /// What this process remembers of objects.
    pub memory: Memory,
    /// The smallest recovery window that is set as a delete policy, in days.
    pub least_window_days: i32,
}
