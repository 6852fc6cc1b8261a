//! Kubernetes events of objects, as `kubectl describe` shows them.
//!
//! A separate task publishes the events one after the other. A slow API server must not delay a
//! statement whose intent is already written.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube_runtime::events::{Event as Note, EventType, Recorder};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::{Context, Reconcile};
use crate::domain::{Event, shortened};
use crate::oceanbase::lease_guard::LeaseGuard;

/// Maximum length of a note in bytes: the API accepts 1 kB.
const MAX_NOTE_BYTES: usize = 1000;
/// Maximum number of events that wait for publication; further events are only logged.
const QUEUE_CAPACITY: usize = 1024;
/// Maximum time for which waiting events delay the end of the operator.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Queue of events.
#[derive(Clone)]
pub struct Events(mpsc::Sender<EventMessage>);

/// Task that publishes the queued events.
pub struct EventPublisher {
    recorder: Recorder,
    lease_guard: LeaseGuard,
    letters: mpsc::Receiver<EventMessage>,
}

enum EventMessage {
    Event(Box<(Note, ObjectReference)>),
    /// All earlier events have been processed.
    Mark(oneshot::Sender<()>),
}

impl Events {
    /// Creates the queue, and the task that must run for it.
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

    /// Queues an event of this object; returns `false` if the queue is full.
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
            tracing::warn!("the queue of events is full; the operator does not publish this event");
        }
        taken
    }

    /// Waits, with a timeout, until the queued events are published.
    pub async fn flush(&self) {
        let (published, mark) = oneshot::channel();
        if self.0.try_send(EventMessage::Mark(published)).is_ok() {
            let _ = timeout(FLUSH_TIMEOUT, mark).await;
        }
    }
}

impl EventPublisher {
    /// Publishes queued events. Events are best effort: a failure is only logged.
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
                // Fails only if the waiting side has given up.
                EventMessage::Mark(mark) => drop(mark.send(())),
            }
        }
    }
}

/// Converts an event to the form of the API.
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

/// Returns whether the object's namespace is being deleted and rejects new objects.
fn is_namespace_going(error: &kube::Error) -> bool {
    let kube::Error::Api(refusal) = error else {
        return false;
    };
    let mut causes = refusal.details.iter().flat_map(|details| &details.causes);
    causes.any(|cause| cause.reason == "NamespaceTerminating")
}

/// Publishes an event, if there is one.
pub(super) fn publish<K: Reconcile>(object: &K, event: Option<Event>, context: &Context) {
    let Some(event) = event else { return };
    if context.events.publish(object.object_ref(&()), event) {
        context.metrics.wrote(K::CONTROLLER, "event");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The API rejects a note of more than 1024 bytes, and with it the event.
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
