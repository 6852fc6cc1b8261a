//! Events on objects: what `kubectl describe` shows at its end.
//!
//! They are published beside the passes, one after the other: an API server that is slow to take one
//! must not stand between a written intent and its statement.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube_runtime::events::{Event as Note, EventType, Recorder};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::{Context, Reconcile};
use crate::domain::{Event, shortened};
use crate::oceanbase::lease_guard::LeaseGuard;

/// Longest note, in bytes: the API takes 1 kB.
const MAX_NOTE_BYTES: usize = 1000;
/// How many may wait to be published; further ones stand in the log only.
const QUEUE_CAPACITY: usize = 1024;
/// How long those that wait hold up the end of the operator.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Where events go.
#[derive(Clone)]
pub struct Events(mpsc::Sender<EventMessage>);

/// What publishes them.
pub struct EventPublisher {
    recorder: Recorder,
    lease_guard: LeaseGuard,
    letters: mpsc::Receiver<EventMessage>,
}

enum EventMessage {
    Event(Box<(Note, ObjectReference)>),
    /// Everything before it has been published.
    Mark(oneshot::Sender<()>),
}

impl Events {
    /// Where events go, and what must be run for that.
    #[must_use]
    pub fn new(recorder: Recorder, lease_guard: LeaseGuard) -> (Self, EventPublisher) {
        let (sender, letters) = mpsc::channel(QUEUE_CAPACITY);
        let courier = EventPublisher {
            recorder,
            lease_guard,
            letters,
        };
        (Self(sender), courier)
    }

    /// Has an event on this object published; `false` where too many wait for that already.
    pub(crate) fn publish(&self, object: ObjectReference, event: Event) -> bool {
        if event.warning {
            tracing::warn!(reason = event.reason, note = %event.message, "event");
        } else {
            tracing::info!(reason = event.reason, note = %event.message, "event");
        }
        let note = noted(event);
        let letter = EventMessage::Event(Box::new((note, object)));
        let taken = self.0.try_send(letter).is_ok();
        if !taken {
            tracing::warn!("too many events wait to be published: this one is not");
        }
        taken
    }

    /// Waits a moment for what is still to be published.
    pub async fn flush(&self) {
        let (published, mark) = oneshot::channel();
        if self.0.try_send(EventMessage::Mark(published)).is_ok() {
            let _ = timeout(FLUSH_TIMEOUT, mark).await;
        }
    }
}

impl EventPublisher {
    /// Publishes events as they come. It is a courtesy: what fails here is logged only.
    pub async fn run(mut self) {
        while let Some(letter) = self.letters.recv().await {
            match letter {
                EventMessage::Event(event) if self.lease_guard.is_valid() => {
                    let (note, object) = &*event;
                    match self.recorder.publish(note, object).await {
                        Err(error) if is_namespace_going(&error) => {}
                        Err(error) => tracing::warn!(%error, "the event could not be published"),
                        Ok(()) => {}
                    }
                }
                EventMessage::Event(..) => {}
                // Nobody waits for it any more where this fails.
                EventMessage::Mark(mark) => drop(mark.send(())),
            }
        }
    }
}

/// As the API takes it.
fn noted(event: Event) -> Note {
    Note {
        type_: if event.warning {
            EventType::Warning
        } else {
            EventType::Normal
        },
        reason: event.reason.to_owned(),
        note: Some(shortened(event.message, MAX_NOTE_BYTES)),
        action: "Reconcile".to_owned(),
        secondary: None,
    }
}

/// Whether the object's namespace is being deleted, so that nothing can be made there any more.
fn is_namespace_going(error: &kube::Error) -> bool {
    let kube::Error::Api(refusal) = error else {
        return false;
    };
    let mut causes = refusal.details.iter().flat_map(|details| &details.causes);
    causes.any(|cause| cause.reason == "NamespaceTerminating")
}

/// Has an event published, if there is one.
pub(super) fn publish<K: Reconcile>(object: &K, event: Option<Event>, context: &Context) {
    let Some(event) = event else { return };
    if context.events.publish(object.object_ref(&()), event) {
        context.metrics.wrote(K::CONTROLLER, "event");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The API refuses a note of more than 1024 bytes, and with it the event.
    #[test]
    fn a_long_message_is_cut_to_what_the_api_takes() {
        let event = Event {
            reason: "BackupFailed",
            message: "\u{5907}".repeat(4000),
            warning: true,
        };
        let note = noted(event).note.unwrap();
        assert!((990..1024).contains(&note.len()), "{} bytes", note.len());
        assert!(note.ends_with('…'), "{note}");
    }
}
