//! Events on objects: what `kubectl describe` shows at its end.

use kube_runtime::events::{Event as Note, EventType};

use super::{Context, Reconcile};
use crate::domain::{Event, shortened};

/// Longest note, in bytes: the API takes 1 kB.
const LIMIT: usize = 1000;

/// Publishes an event, if there is one. It is a courtesy: what fails here is logged only.
pub(super) async fn publish<K: Reconcile>(object: &K, event: Option<Event>, context: &Context) {
    let Some(event) = event else { return };
    tracing::info!(reason = event.reason, message = %event.message, "event");
    let note = Note {
        type_: if event.warning {
            EventType::Warning
        } else {
            EventType::Normal
        },
        reason: event.reason.to_owned(),
        note: Some(shortened(event.message, LIMIT)),
        action: "Reconcile".to_owned(),
        secondary: None,
    };
    context.metrics.wrote(K::CONTROLLER, "event");
    if let Err(error) = context
        .recorder
        .publish(&note, &object.object_ref(&()))
        .await
    {
        tracing::warn!(%error, "the event could not be published");
    }
}
