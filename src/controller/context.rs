//! Shared resources of every pass.

use kube::Client;

use super::event_publisher::Events;
use super::process_state::ProcessState;
use super::secret::Secrets;
use super::watch::caches::Caches;
use crate::clock::Clock;
use crate::oceanbase::lease_guard::LeaseGuard;
use crate::oceanbase::registry::Clusters;
use crate::telemetry::Metrics;

/// Shared resources of every pass.
pub struct Context {
    /// Client of the Kubernetes API.
    pub client: Client,
    /// Reader of single Secrets.
    pub secrets: Secrets,
    /// Databases.
    pub clusters: Clusters,
    /// Clock.
    pub clock: Clock,
    /// Metrics of the operator.
    pub metrics: Metrics,
    /// Caches of all objects.
    pub caches: Caches,
    /// Publisher of events.
    pub events: Events,
    /// Time limit of this process as the leader.
    pub lease_guard: LeaseGuard,
    /// State of objects that only this process keeps.
    pub memory: ProcessState,
    /// Smallest recovery window that is set as a delete policy, in days.
    pub least_window_days: i32,
}
