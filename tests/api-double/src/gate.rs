//! Where a test makes requests and events go wrong.

use std::time::Duration;

use serde_json::Value;

use crate::call::Call;
use crate::refusal::Refusal;

/// Before a request is served, or after, when its answer is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Moment {
    Before,
    After,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is served.
    Serve,
    /// It is never answered, and the connection stays open for ever.
    Never(Moment),
    /// It is not served, and after this time the client takes its silent connection for broken.
    Silence(Duration),
    /// The connection breaks.
    Lose(Moment),
    /// It is refused.
    Refuse(Refusal),
    /// It is served after this time: a write also when nobody waits for its answer any more.
    Late(Duration),
    /// It is served, and its answer takes this time.
    AnswerLate(Duration),
    /// A list shows what was there so many changes ago.
    Stale(u64),
}

/// What becomes of an event on a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFate {
    /// It is delivered.
    Deliver,
    /// It is lost; what comes later is delivered, and after this time the watch ends with 410: a
    /// server that lost an event without anybody ever noticing would be none.
    Drop(Duration),
    /// It is delivered twice.
    Twice,
    /// It and all that comes later wait for this time.
    Late(Duration),
    /// The watch ends before it.
    Close,
    /// The watch ends before it with 410: the client lists anew.
    Expire,
}

/// Decides what becomes of the requests of one client.
pub trait Gate: Send + Sync + 'static {
    /// Called once for each request, when it comes.
    fn call(&self, call: &Call) -> Fate;

    /// Called once for each event of each watch.
    fn event(&self, plural: &str, kind: &str, object: &Value) -> EventFate {
        let _ = (plural, kind, object);
        EventFate::Deliver
    }
}

/// Nothing goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peace;

impl Gate for Peace {
    fn call(&self, _: &Call) -> Fate {
        Fate::Serve
    }
}
