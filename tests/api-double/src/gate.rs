//! Fault injection of tests into requests and events.

use std::time::Duration;

use serde_json::Value;

use crate::call::Call;
use crate::refusal::Refusal;

/// Before a request is served, or after, while its answer is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Moment {
    Before,
    After,
}

/// The fate of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is served.
    Serve,
    /// It is never answered, and the connection stays open forever.
    Never(Moment),
    /// It is not served, and after this time the client treats its silent connection as broken.
    Silence(Duration),
    /// The connection breaks.
    Lose(Moment),
    /// It is refused.
    Refuse(Refusal),
    /// It is served after this time; a write also if the client is gone.
    Late(Duration),
    /// It is served, and its answer takes this time.
    AnswerLate(Duration),
    /// A list shows the state of this many changes ago.
    Stale(u64),
}

/// The fate of an event on a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFate {
    /// It is delivered.
    Deliver,
    /// It is lost and later events are delivered. After this time the watch ends with 410, because
    /// a real server also reports the loss of events at some time.
    Drop(Duration),
    /// It is delivered twice.
    Twice,
    /// It and all later events wait for this time.
    Late(Duration),
    /// The watch ends before it.
    Close,
    /// The watch ends before it with 410, so that the client relists.
    Expire,
}

/// Decides the fate of the requests of one client.
pub trait Gate: Send + Sync + 'static {
    /// Called once for each request, when it arrives.
    fn call(&self, call: &Call) -> Fate;

    /// Called once for each event of each watch.
    fn event(&self, plural: &str, kind: &str, object: &Value) -> EventFate {
        let _ = (plural, kind, object);
        EventFate::Deliver
    }
}

/// A gate without faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peace;

impl Gate for Peace {
    fn call(&self, _: &Call) -> Fate {
        Fate::Serve
    }
}
