//! Finalizer that keeps an object during deletion until its work in the database has ended.

use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::kind::Reconcile;
use super::outcome::{Error, ReconcileOutcome};
use crate::api::STOP_FINALIZER;
use crate::controller::{Context, event_publisher};
use crate::domain::Event;

/// Returns whether the object has the operator's finalizer.
pub(super) fn has_finalizer<K: Reconcile>(object: &K) -> bool {
    object
        .finalizers()
        .iter()
        .any(|name| name == STOP_FINALIZER)
}

/// Removes the finalizer, and publishes the event.
pub(super) async fn release<K: Reconcile>(
    object: &K,
    event: Option<Event>,
    context: &Context,
) -> Result<ReconcileOutcome, Error> {
    event_publisher::publish(object, event, context);
    set(object, false, context).await
}

/// Adds or removes the operator's finalizer; finalizers of other tools remain.
pub(super) async fn set<K: Reconcile>(
    object: &K,
    held: bool,
    context: &Context,
) -> Result<ReconcileOutcome, Error> {
    let others = object.finalizers().iter();
    let mut finalizers: Vec<&str> = others
        .map(String::as_str)
        .filter(|name| *name != STOP_FINALIZER)
        .collect();
    finalizers.extend(held.then_some(STOP_FINALIZER));
    // With the resourceVersion: an outdated list could remove the finalizer of another tool.
    let patch = json!({"metadata": {
        "resourceVersion": object.resource_version(),
        "finalizers": finalizers,
    }});
    let namespace = object.namespace().unwrap_or_default();
    let api = Api::<K>::namespaced(context.client.clone(), &namespace);
    context.metrics.wrote(K::CONTROLLER, "patch");
    let params = PatchParams::default();
    ReconcileOutcome::of_request(
        api.patch_metadata(&object.name_any(), &params, &Patch::Merge(&patch))
            .await,
    )
}
