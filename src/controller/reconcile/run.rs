//! Reconcile pass over one object, the same for every kind.
//!
//! # Flow
//!
//! ```text
//! observe ─> decide ─> write the status ─> perform ─> decide with the answer ─> write the status
//! ```
//!
//! # Guarantees
//!
//! * A status is written by PUT under the resourceVersion that was read, and only if it differs. A
//!   pass on an older version gets a conflict and is requeued.
//! * A fenced effect is performed only in a pass whose own status write succeeded.
//! * The lease is checked before each status write, and so before each effect.
//! * An object that needs the finalizer gets it before any other step.
//!
//! # Assumptions
//!
//! * Decisions are pure: an unchanged observation leads to the same status and effect.
//! * The watch delivers every own write, possibly late.
//!
//! # Caveats
//!
//! * An effect that is not fenced may be performed twice.
//! * Finalizer changes do not check the lease; only the resourceVersion protects them.
//! * Without a send permit, the intent is not written. The object shows [`Reconcile::waiting`]
//!   instead.

mod write;

use std::fmt::Debug;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use k8s_openapi::NamespaceResourceScope;
use kube::core::object::HasStatus;
use kube::{Resource, ResourceExt};
use kube_runtime::controller::Action;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::Instrument;

use super::trigger::Change;
use super::{Context, finalizer};
use crate::domain::{Decision, Finalization, Next};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::lanes::Lane;
use write::write;

/// Delay before a retry after a conflict. It doubles each time, because the watch may be late.
const CONFLICT_PAUSE: Duration = Duration::from_millis(50);
/// Delay after which an object that waits for a send permit reports the wait.
const STATUS_DELAY: Duration = Duration::from_secs(5);
/// Delay before a retry after a failed pass. It doubles each time.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

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
    fn is_fenced(_effect: &Self::Effect) -> bool {
        false
    }

    /// Returns the status of an object whose fenced effect waits for a send permit: its current
    /// state, without the intent.
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

/// Reason why a pass failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The Kubernetes API rejected the request or did not answer.
    #[error("the Kubernetes API: {0}")]
    Api(#[from] kube::Error),
    /// A decision requested a fenced effect without an intent, which is a bug.
    #[error("an effect that needs an intent came without one")]
    Unfenced,
    /// The API server kept nothing of an intent that was written.
    #[error(
        "the API server does not keep the intent: apply the definitions (CRDs) of this operator's release"
    )]
    NotKept,
    /// Another operator is the leader now; this process is about to end.
    #[error("the lease has ended")]
    NotLeading,
    /// A pass panicked, which is a bug; other passes continue.
    #[error("the pass panicked")]
    Panic,
}

/// Outcome of a pass, for its metric.
pub(super) enum ReconcileOutcome {
    Done(Action),
    /// Other statements are being sent to the cluster; the delay before the retry.
    Throttled(Duration),
    /// The object was changed since it was read.
    Conflict,
}

/// Runs one pass over one object.
///
/// # Errors
/// The API rejected a write, or the pass panicked.
pub async fn reconcile<K: Reconcile>(
    object: Arc<K>,
    context: Arc<Context>,
) -> Result<Action, Error> {
    let generation = object.meta().generation;
    if let Some(pause) = context.memory.held(&identity(&*object), generation) {
        return Ok(Action::requeue(pause));
    }
    let began = Instant::now();
    let span = tracing::info_span!(
        "pass",
        controller = K::CONTROLLER,
        namespace = object.namespace(),
        object = object.name_any(),
    );
    let pass = AssertUnwindSafe(pass(&*object, &context))
        .catch_unwind()
        .instrument(span);
    let (outcome, result) = match pass.await.unwrap_or(Err(Error::Panic)) {
        Ok(ReconcileOutcome::Done(action)) => ("done", Ok(action)),
        Ok(ReconcileOutcome::Throttled(pause)) => ("busy", Ok(Action::requeue(pause))),
        Ok(ReconcileOutcome::Conflict) => {
            let pause = context.memory.failed(identity(&*object), CONFLICT_PAUSE);
            ("conflict", Ok(Action::requeue(pause)))
        }
        Err(error) => ("error", Err(error)),
    };
    let (took, now) = (began.elapsed(), context.clock.now());
    context
        .metrics
        .reconciled(K::CONTROLLER, outcome, took, now);
    if outcome == "done" {
        context.memory.succeeded(&identity(&*object));
    }
    result
}

/// Returns the delay after a failed pass.
#[allow(clippy::needless_pass_by_value, reason = "the Controller calls it so")]
pub fn error_policy<K: Reconcile>(object: Arc<K>, error: &Error, context: Arc<Context>) -> Action {
    let (known_as, generation) = (identity(&*object), object.meta().generation);
    let pause = context.memory.hold(known_as, generation, FAILURE_PAUSE);
    tracing::warn!(
        controller = K::CONTROLLER,
        namespace = object.namespace(),
        object = object.name_any(),
        %error,
        again_in = ?pause,
        "pass failed"
    );
    Action::requeue(pause)
}

/// Returns the key of an object in [`super::process_state`].
pub(super) fn identity<K: Reconcile>(object: &K) -> String {
    format!(
        "{}/{}/{}",
        K::CONTROLLER,
        object.namespace().unwrap_or_default(),
        object.name_any()
    )
}

async fn pass<K: Reconcile>(object: &K, context: &Context) -> Result<ReconcileOutcome, Error> {
    // 1. End if the object is being deleted and has no finalizer of the operator.
    let is_deleted = object.meta().deletion_timestamp.is_some();
    let has_finalizer = finalizer::has_finalizer(object);
    if is_deleted && !has_finalizer {
        return Ok(ReconcileOutcome::Done(Action::await_change()));
    }
    // 2. Wait until all kinds are listed: an unlisted object would count as missing.
    context.caches.ready().await;
    // 3. Skip a version that an own write has replaced: its write would conflict.
    let version = object.resource_version().unwrap_or_default();
    if context.memory.is_replaced(&identity(object), &version) {
        return Ok(ReconcileOutcome::Conflict);
    }
    // 4. Add or remove the finalizer. The change requeues the object.
    if !is_deleted && object.needs_finalizer() != has_finalizer {
        return finalizer::set(object, object.needs_finalizer(), context).await;
    }
    // 5. Observe and decide.
    let observed = object.observe(context).await;
    let decision = match decide(object, &observed, None, context) {
        Finalization::Wait(decision) => decision,
        Finalization::Release(event) => return finalizer::release(object, event, context).await,
    };
    let lane = decision
        .effect
        .as_ref()
        .and_then(|effect| object.lane(&observed, effect));
    // 6. Acquire the send permit of a fenced effect.
    let mut permit = None;
    if decision.effect.as_ref().is_some_and(K::is_fenced) {
        if decision.status == object.current_status() {
            return Err(Error::Unfenced);
        }
        // Before the write: without a permit, each pass would write the intent again while another
        // statement is being sent.
        permit = match permit_on(lane.as_ref(), context) {
            Ok(permit) => permit,
            Err(throttled) => {
                return wait(object, &observed, throttled, context).await;
            }
        };
    }
    // 7. Write the status, with the intent of a fenced effect.
    let before = object.resource_version();
    let Some(object) = write(object, &decision.status, context).await? else {
        return Ok(ReconcileOutcome::Conflict);
    };
    if decision.effect.as_ref().is_some_and(K::is_fenced) && object.resource_version() == before {
        return Err(Error::NotKept);
    }
    // 8. Publish the event; end if there is no effect.
    super::event_publisher::publish(&object, decision.event, context);
    let Some(effect) = decision.effect else {
        return Ok(ReconcileOutcome::Done(action(decision.next, context)));
    };
    // 9. Acquire the send permit of any other effect, after the write: the status is then up to
    //    date while the object waits.
    if permit.is_none() {
        permit = match permit_on(lane.as_ref(), context) {
            Ok(permit) => permit,
            Err(throttled) => return Ok(throttled),
        };
    }
    // 10. Perform the effect.
    let answer = object.perform(&effect, &observed, permit, context).await;
    // 11. Decide with the answer, write the status and publish the event.
    let decision = match decide(&object, &observed, Some((&effect, &answer)), context) {
        Finalization::Wait(decision) => decision,
        Finalization::Release(event) => return finalizer::release(&object, event, context).await,
    };
    let Some(object) = write(&object, &decision.status, context).await? else {
        return Ok(ReconcileOutcome::Conflict);
    };
    super::event_publisher::publish(&object, decision.event, context);
    Ok(ReconcileOutcome::Done(action(decision.next, context)))
}

/// Reports that the object waits for a send permit, and requeues it.
async fn wait<K: Reconcile>(
    object: &K,
    observed: &K::Observation,
    throttled: ReconcileOutcome,
    context: &Context,
) -> Result<ReconcileOutcome, Error> {
    let waited = context.memory.waited(identity(object));
    // The current status remains for a short time: most objects get a permit within it.
    if (object.status().is_none() || waited >= STATUS_DELAY)
        && let Some(status) = object.waiting(observed, context)
        && write(object, &status, context).await?.is_none()
    {
        return Ok(ReconcileOutcome::Conflict);
    }
    Ok(throttled)
}

/// Returns a send permit if the lane needs one, or the delay before the retry.
fn permit_on(
    lane: Option<&(ClusterKey, Lane)>,
    context: &Context,
) -> Result<Option<Permit>, ReconcileOutcome> {
    let Some((cluster, lane)) = lane else {
        return Ok(None);
    };
    match context.clusters.permit(cluster, lane) {
        Some(permit) => Ok(Some(permit)),
        None => Err(ReconcileOutcome::Throttled(
            context.clusters.retry_after(cluster, lane),
        )),
    }
}

/// Decides for an object that exists or that is being deleted.
fn decide<K: Reconcile>(
    object: &K,
    observed: &K::Observation,
    answer: Option<(&K::Effect, &K::Answer)>,
    context: &Context,
) -> Finalization<K::Status, K::Effect> {
    if object.meta().deletion_timestamp.is_some() {
        object.finalize(observed, answer, context)
    } else {
        Finalization::Wait(object.decide(observed, answer, context))
    }
}

fn action(next: Next, context: &Context) -> Action {
    next.delay(context.clock.now())
        .map_or_else(Action::await_change, Action::requeue)
}

#[cfg(test)]
mod tests;
