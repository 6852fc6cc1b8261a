//! Kind that the operator reconciles.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use kube::core::object::HasStatus;
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::expiry::Expiry;
use crate::controller::Context;
use crate::controller::watch::triggers::Change;
use crate::domain::{Decision, Finalization};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::lanes::Lane;

/// Kind that the operator reconciles.
pub trait Reconcile:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + HasStatus<Status: Clone + PartialEq + Default + Send + Sync>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Input of a decision.
    type Observation: Send + Sync;
    /// Effect that a decision can request.
    type Effect: Send + Sync;
    /// Result of an effect.
    type Answer: Send + Sync;

    /// Name of the controller: the label of its metrics.
    const CONTROLLER: &'static str;

    /// Period in which further changes elsewhere are gathered after a change has requeued objects
    /// of this kind. For kinds that summarize many objects and that no other object waits for.
    const DEBOUNCE: Duration = Duration::ZERO;

    /// Returns the status, empty if it was never written.
    fn current_status(&self) -> Self::Status {
        self.status().cloned().unwrap_or_default()
    }

    /// Observes the input of the decision. Reads only; failures are part of the observation.
    fn observe(&self, context: &Context) -> impl Future<Output = Self::Observation> + Send;

    /// Decides the status and the effect; see [`crate::domain`].
    fn decide(
        &self,
        observed: &Self::Observation,
        answer: Option<(&Self::Effect, &Self::Answer)>,
        context: &Context,
    ) -> Decision<Self::Status, Self::Effect>;

    /// Returns when the object of an ended task is deleted.
    fn expiry(&self, _context: &Context) -> Expiry {
        Expiry::Never
    }

    /// Returns whether the object needs the operator's finalizer. [`Self::finalize`] then decides
    /// its deletion.
    fn needs_finalizer(&self) -> bool {
        false
    }

    /// Decides for an object that is being deleted and has the operator's finalizer. The time must
    /// be limited: an object that cannot be deleted is worse than its remains in the database.
    fn finalize(
        &self,
        _observed: &Self::Observation,
        _heard: Option<(&Self::Effect, &Self::Answer)>,
        _context: &Context,
    ) -> Finalization<Self::Status, Self::Effect> {
        Finalization::Release(None)
    }

    /// Returns whether the effect must not happen twice. Such an effect is performed only in a pass
    /// that has changed the status under the resourceVersion that it had read. Of two leaders, or
    /// of two passes on different versions, only one succeeds.
    fn needs_intent(_effect: &Self::Effect) -> bool {
        false
    }

    /// Returns the status of an object that waits for the send permit of an effect that needs an
    /// intent: its current state, without the intent.
    fn waiting(&self, _observed: &Self::Observation, _context: &Context) -> Option<Self::Status> {
        None
    }

    /// Returns the cluster and the lane of the statement, if the effect sends one.
    fn lane(
        &self,
        observed: &Self::Observation,
        effect: &Self::Effect,
    ) -> Option<(ClusterKey, Lane)>;

    /// Performs the effect.
    fn perform(
        &self,
        effect: &Self::Effect,
        observed: &Self::Observation,
        permit: Option<Permit>,
        context: &Context,
    ) -> impl Future<Output = Self::Answer> + Send;

    /// Returns the objects of this kind that a change affects, except those that the change itself
    /// is about.
    fn affected(change: &Change, context: &Context) -> Vec<Arc<Self>>;

    /// Handles the deletion of an object, after its cache has dropped it.
    fn deleted(&self, _context: &Context) {}

    /// Handles a written status, given the previous one: updates counters.
    fn written(&self, _before: &Self::Status, _context: &Context) {}
}

/// Returns the key of an object in [`crate::controller::process_state`].
pub(in crate::controller) fn identity<K: Reconcile>(object: &K) -> String {
    format!(
        "{}/{}/{}",
        K::CONTROLLER,
        object.namespace().unwrap_or_default(),
        object.name_any()
    )
}
