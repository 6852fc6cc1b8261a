//! The reconcile pass, and its call by the `Controller`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use kube::ResourceExt;
use kube_runtime::controller::Action;
use tokio::time::Instant;
use tracing::Instrument;

use super::kind::{Reconcile, identity};
use super::outcome::{Error, ReconcileOutcome};
use super::status_writer::write;
use super::{deletion, finalizer};
use crate::controller::{Context, event_publisher};
use crate::domain::{Finalization, Next};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::lanes::Lane;

/// First delay after a conflict. Further delays double, because the watch may be late.
const CONFLICT_PAUSE: Duration = Duration::from_millis(50);
/// Delay after which an object that waits for a send permit reports the wait.
const STATUS_DELAY: Duration = Duration::from_secs(5);
/// First delay after a failed pass. Further delays double.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// Runs one pass over one object.
///
/// # Errors
/// A request to the API failed, the lease has ended, an intent was missing or was not stored, or
/// the pass panicked.
pub async fn reconcile<K: Reconcile>(
    object: Arc<K>,
    context: Arc<Context>,
) -> Result<Action, Error> {
    let generation = object.meta().generation;
    // A failed pass holds this generation: a change elsewhere must not repeat it at once.
    if let Some(pause) = context.memory.held(&identity(&*object), generation) {
        return Ok(Action::requeue(pause));
    }
    let began = Instant::now();
    let span = tracing::info_span!(
        "reconcile",
        controller = K::CONTROLLER,
        namespace = object.namespace(),
        object = object.name_any(),
    );
    let pass = AssertUnwindSafe(pass(&*object, &context))
        .catch_unwind()
        .instrument(span);
    let (outcome, result) = match pass.await.unwrap_or(Err(Error::Panic)) {
        Ok(ReconcileOutcome::Done(action)) => ("success", Ok(action)),
        Ok(ReconcileOutcome::Throttled(pause)) => ("throttled", Ok(Action::requeue(pause))),
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
    if outcome == "success" {
        context.memory.succeeded(&identity(&*object));
    }
    result
}

/// Returns the delay after a failed pass.
#[allow(
    clippy::needless_pass_by_value,
    reason = "the Controller requires this signature"
)]
pub fn error_policy<K: Reconcile>(object: Arc<K>, error: &Error, context: Arc<Context>) -> Action {
    let (known_as, generation) = (identity(&*object), object.meta().generation);
    let pause = context.memory.hold(known_as, generation, FAILURE_PAUSE);
    tracing::warn!(
        controller = K::CONTROLLER,
        namespace = object.namespace(),
        object = object.name_any(),
        %error,
        again_in = ?pause,
        "reconcile failed"
    );
    Action::requeue(pause)
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
    // 5. Delete the object of an ended task after its time to live.
    let expiry = object.expiry(context);
    if !is_deleted && expiry.is_due(context.clock.now()) {
        return deletion::delete(object, context).await;
    }
    // 6. Observe and decide.
    let observed = object.observe(context).await;
    let decision = match decide(object, &observed, None, context) {
        Finalization::Wait(decision) => decision,
        Finalization::Release(event) => return finalizer::release(object, event, context).await,
    };
    let lane = decision
        .effect
        .as_ref()
        .and_then(|effect| object.lane(&observed, effect));
    // 7. Acquire the send permit of an effect that needs an intent.
    let mut permit = None;
    let needs_intent = decision.effect.as_ref().is_some_and(K::needs_intent);
    if needs_intent {
        // An unchanged status has no new intent, and is not written. Two passes could then perform
        // the effect.
        if decision.status == object.current_status() {
            return Err(Error::IntentMissing);
        }
        // Before the write: without a permit, each pass would write the intent again while another
        // statement is being sent.
        permit = match permit_on(lane.as_ref(), context) {
            Ok(permit) => permit,
            // All permits of the lane are taken. The status shows the wait instead of the intent.
            Err(throttled) => {
                return wait(object, &observed, throttled, context).await;
            }
        };
    }
    // 8. Write the status, with the intent.
    let before = object.resource_version();
    let Some(object) = write(object, &decision.status, context).await? else {
        return Ok(ReconcileOutcome::Conflict);
    };
    // The API server prunes fields that its CRD does not define. Without the intent, the object is
    // unchanged and keeps its resourceVersion.
    if needs_intent && object.resource_version() == before {
        return Err(Error::IntentNotStored);
    }
    // 9. Publish the event; end if there is no effect.
    event_publisher::publish(&object, decision.event, context);
    let Some(effect) = decision.effect else {
        let next = decision.next.sooner(expiry.next(), context.clock.now());
        return Ok(ReconcileOutcome::Done(action(next, context)));
    };
    // 10. Acquire the send permit of any other effect, after the write: the status is then up to
    //     date while the object waits.
    if permit.is_none() {
        permit = match permit_on(lane.as_ref(), context) {
            Ok(permit) => permit,
            Err(throttled) => return Ok(throttled),
        };
    }
    // 11. Perform the effect.
    let answer = object.perform(&effect, &observed, permit, context).await;
    // 12. Decide with the answer, write the status and publish the event. An effect of this
    //     decision is not performed: the observation is from before the effect of step 11, and an
    //     intent needs its own write. The write of the status or `next` causes the next pass, which
    //     observes and decides again.
    let decision = match decide(&object, &observed, Some((&effect, &answer)), context) {
        Finalization::Wait(decision) => decision,
        Finalization::Release(event) => return finalizer::release(&object, event, context).await,
    };
    let Some(object) = write(&object, &decision.status, context).await? else {
        return Ok(ReconcileOutcome::Conflict);
    };
    event_publisher::publish(&object, decision.event, context);
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
