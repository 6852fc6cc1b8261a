//! One pass over one object, the same for every kind:
//!
//! ```text
//! observe ─> decide ─> write the status ─> perform ─> decide with the answer ─> write the status
//! ```
//!
//! The status is written by PUT under the resourceVersion that was read, and only when it differs:
//! whoever works on an older picture gets a conflict and starts anew. An effect that must not
//! happen twice is performed only in a pass whose own write went well.
//!
//! A statement needs the right to send it. While others hold that, the status is written all the
//! same; only an intent is not: it is written with the right in hand, and what the object
//! [shows meanwhile](Reconcile::waiting) does without it.
//!
//! An object that stops something in the database before it goes is held by our finalizer: it is
//! put on before anything else is done for the object, and taken off when its farewell says so.

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

/// How soon to come back when the object was changed in the meantime; longer each time, because
/// the watch may be late.
const CONFLICT_PAUSE: Duration = Duration::from_millis(50);
/// For how long an object waits for the right to send before it says so.
const STATUS_DELAY: Duration = Duration::from_secs(5);
/// How soon to come back after a failed pass; longer each time.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// A kind that is reconciled.
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
    /// What a decision needs to see.
    type Observation: Send + Sync;
    /// What a decision can ask for.
    type Effect: Send + Sync;
    /// What becomes of that.
    type Answer: Send + Sync;

    /// The controller's name: the label of its metrics.
    const CONTROLLER: &'static str;

    /// For how long, after changes elsewhere have woken objects of this kind, further ones are
    /// gathered: for kinds that sum up what a thousand others show, and that nobody waits for.
    const DEBOUNCE: Duration = Duration::ZERO;

    /// The status, empty where nobody has written one.
    fn current_status(&self) -> Self::Status {
        self.status().cloned().unwrap_or_default()
    }

    /// Looks at what the decision needs. Reads only; trouble is part of what is seen.
    fn observe(&self, context: &Context) -> impl Future<Output = Self::Observation> + Send;

    /// Decides; see [`crate::domain`].
    fn decide(
        &self,
        observed: &Self::Observation,
        answer: Option<(&Self::Effect, &Self::Answer)>,
        context: &Context,
    ) -> Decision<Self::Status, Self::Effect>;

    /// Whether the object is to be held by our finalizer, so that [`Self::finalize`] is asked when
    /// it is deleted.
    fn needs_finalizer(&self) -> bool {
        false
    }

    /// Decides for an object that is being deleted and is held by our finalizer. Time must be
    /// limited: an object that nobody can get rid of is worse than what it leaves behind.
    fn finalize(
        &self,
        _observed: &Self::Observation,
        _heard: Option<(&Self::Effect, &Self::Answer)>,
        _context: &Context,
    ) -> Finalization<Self::Status, Self::Effect> {
        Finalization::Release(None)
    }

    /// Whether the effect must not happen twice: it is then performed only in a pass that has
    /// changed the status, under the resourceVersion that it had read. Of two leaders, or of two
    /// passes of which one has an older picture, only one gets that far.
    fn is_fenced(_effect: &Self::Effect) -> bool {
        false
    }

    /// What an object shows whose fenced effect is due and waits for the right to send: where it
    /// stands, without the intent.
    fn waiting(&self, _observed: &Self::Observation, _context: &Context) -> Option<Self::Status> {
        None
    }

    /// The cluster to which the effect sends a statement, if it does, and on which way.
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

    /// Objects of this kind that a change concerns: none of them when it is not listed here.
    fn affected(change: &Change, context: &Context) -> Vec<Arc<Self>>;

    /// Called when an object was deleted, after its store has forgotten it.
    fn deleted(&self, _context: &Context) {}

    /// Called after a status was written, with the one before: counters go here.
    fn written(&self, _before: &Self::Status, _context: &Context) {}
}

/// Why a pass failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The Kubernetes API refused or did not answer.
    #[error("the Kubernetes API: {0}")]
    Api(#[from] kube::Error),
    /// A decision asked for something that must not happen twice without an intent; it is a bug.
    #[error("an effect that needs an intent came without one")]
    Unfenced,
    /// An intent was written, and the API server kept nothing of it.
    #[error(
        "the API server does not keep the intent: apply the definitions (CRDs) of this operator's release"
    )]
    NotKept,
    /// Another operator acts now; this process is about to end.
    #[error("the lease has ended")]
    NotLeading,
    /// A pass panicked; it is a bug, and costs only this pass.
    #[error("the pass panicked")]
    Panic,
}

/// How a pass went, for its metric.
pub(super) enum ReconcileOutcome {
    Done(Action),
    /// Other statements are being sent to the cluster; this much later is a good time to come back.
    Throttled(Duration),
    /// The object was changed in the meantime.
    Conflict,
}

/// One pass over one object.
///
/// # Errors
/// The API refused a write, or the pass panicked.
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

/// How long to wait after a failed pass.
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

/// How an object is known to [`super::process_state`].
pub(super) fn identity<K: Reconcile>(object: &K) -> String {
    format!(
        "{}/{}/{}",
        K::CONTROLLER,
        object.namespace().unwrap_or_default(),
        object.name_any()
    )
}

async fn pass<K: Reconcile>(object: &K, context: &Context) -> Result<ReconcileOutcome, Error> {
    let is_deleted = object.meta().deletion_timestamp.is_some();
    let has_finalizer = finalizer::has_finalizer(object);
    if is_deleted && !has_finalizer {
        return Ok(ReconcileOutcome::Done(Action::await_change()));
    }
    context.caches.ready().await;
    let version = object.resource_version().unwrap_or_default();
    if context.memory.is_replaced(&identity(object), &version) {
        return Ok(ReconcileOutcome::Conflict);
    }
    if !is_deleted && object.needs_finalizer() != has_finalizer {
        // The change wakes the object.
        return finalizer::set(object, object.needs_finalizer(), context).await;
    }
    let observed = object.observe(context).await;
    let decision = match decide(object, &observed, None, context) {
        Finalization::Wait(decision) => decision,
        Finalization::Release(event) => return finalizer::release(object, event, context).await,
    };
    let lane = decision
        .effect
        .as_ref()
        .and_then(|effect| object.lane(&observed, effect));
    let mut permit = None;
    if decision.effect.as_ref().is_some_and(K::is_fenced) {
        if decision.status == object.current_status() {
            return Err(Error::Unfenced);
        }
        // With the right in hand: an intent that could not be followed would be written again and
        // again while another statement is under way.
        permit = match permit_on(lane.as_ref(), context) {
            Ok(permit) => permit,
            Err(throttled) => {
                return wait(object, &observed, throttled, context).await;
            }
        };
    }
    let before = object.resource_version();
    let Some(object) = write(object, &decision.status, context).await? else {
        return Ok(ReconcileOutcome::Conflict);
    };
    if decision.effect.as_ref().is_some_and(K::is_fenced) && object.resource_version() == before {
        return Err(Error::NotKept);
    }
    super::event_publisher::publish(&object, decision.event, context);
    let Some(effect) = decision.effect else {
        return Ok(ReconcileOutcome::Done(action(decision.next, context)));
    };
    // Not before the status is written: while statements of others are under way it shows where the
    // object stands.
    if permit.is_none() {
        permit = match permit_on(lane.as_ref(), context) {
            Ok(permit) => permit,
            Err(throttled) => return Ok(throttled),
        };
    }
    let answer = object.perform(&effect, &observed, permit, context).await;
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

/// Shows that the object waits for the right to send, and comes back.
async fn wait<K: Reconcile>(
    object: &K,
    observed: &K::Observation,
    throttled: ReconcileOutcome,
    context: &Context,
) -> Result<ReconcileOutcome, Error> {
    let waited = context.memory.waited(identity(object));
    // What an object shows already stands for a moment: most have their turn by then.
    if (object.status().is_none() || waited >= STATUS_DELAY)
        && let Some(status) = object.waiting(observed, context)
        && write(object, &status, context).await?.is_none()
    {
        return Ok(ReconcileOutcome::Conflict);
    }
    Ok(throttled)
}

/// The right to send, where that is needed; otherwise when to come back.
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

/// Decides, whether the object lives or is being deleted.
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
