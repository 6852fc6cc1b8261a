//! Watches: events since a version, bookmarks, 410.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::call::Call;
use crate::gate::{EventFate, Gate};
use crate::kinds::Kind;
use crate::read::Selection;
use crate::refusal::Refusal;
use crate::store::Double;

/// Interval of bookmarks on an idle watch, about the same as in the real server.
const BOOKMARK_INTERVAL: Duration = Duration::from_mins(1);

struct Watch {
    double: Double,
    gate: Arc<dyn Gate>,
    selection: Selection,
    plural: String,
    kind: String,
    api_version: String,
    /// All changes up to this version were checked.
    version: u64,
    changed: watch::Receiver<u64>,
    ends_at: Instant,
    bookmark_at: Option<Instant>,
    expires_at: Option<Instant>,
    ready: VecDeque<Value>,
    is_over: bool,
}

impl Double {
    /// Returns the events of a watch, one JSON text a line.
    pub(crate) fn watch(
        &self,
        kind: &Kind,
        call: &Call,
        gate: Arc<dyn Gate>,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + use<>, Refusal> {
        let seconds = call.query("timeoutSeconds").parse().unwrap_or(1800);
        let now = Instant::now();
        let bookmarks = call.query("allowWatchBookmarks") == "true";
        let wanted = call.query("resourceVersion").parse::<u64>().unwrap_or(0);
        let changed = self.0.changed.subscribe();
        let mut watch = Watch {
            double: self.clone(),
            gate,
            selection: Selection::new(kind, call)?,
            plural: kind.plural.clone(),
            kind: kind.name.clone(),
            api_version: kind.api_version(),
            version: wanted,
            changed,
            ends_at: now + Duration::from_secs(seconds),
            bookmark_at: bookmarks.then_some(now + BOOKMARK_INTERVAL),
            expires_at: None,
            ready: VecDeque::new(),
            is_over: false,
        };
        watch.begin(wanted);
        Ok(stream::unfold(watch, |mut watch| async move {
            let event = watch.next().await?;
            let line = Bytes::from(format!("{event}\n"));
            Some((Ok(line), watch))
        }))
    }
}

impl Watch {
    fn begin(&mut self, wanted: u64) {
        let state = self.double.lock();
        if wanted == 0 {
            // Without a version, the existing objects come first.
            self.version = state.version;
            for (key, object) in &state.objects {
                if self.selection.has(key, object) {
                    self.ready.push_back(event("ADDED", object));
                }
            }
        } else if wanted < state.compacted {
            self.ready.push_back(expired());
            self.is_over = true;
        }
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let now = Instant::now();
            let is_at_end = self.is_over || now >= self.ends_at;
            // A watch that dropped an event does not end without 410: the client would continue
            // from a version after the event, and never receive it. No API server does that.
            if self
                .expires_at
                .take_if(|at| is_at_end || *at <= now)
                .is_some()
            {
                self.is_over = true;
                return Some(expired());
            }
            if is_at_end {
                return None;
            }
            self.changed.mark_unchanged();
            if self.take().await {
                continue;
            }
            let others = self.bookmark_at.into_iter().chain(self.expires_at);
            let until = others.fold(self.ends_at, Instant::min);
            if timeout_at(until, self.changed.changed()).await.is_err() {
                self.bookmark();
            }
        }
    }

    /// Takes the next change of the history; `false` if there is none.
    async fn take(&mut self) -> bool {
        let change = {
            let state = self.double.lock();
            let at = state.history.partition_point(|c| c.version <= self.version);
            state.history.get(at).cloned()
        };
        let Some(change) = change else { return false };
        let shown = |object: &Option<Arc<Value>>| {
            let object = object.as_ref();
            object
                .filter(|object| self.selection.has(&change.key, object))
                .cloned()
        };
        // An object that leaves the selection is deleted, one that enters it is new.
        let (kind, object) = match (shown(&change.before), shown(&change.after)) {
            (None, None) => {
                self.version = change.version;
                return true;
            }
            (None, Some(after)) => ("ADDED", after),
            (Some(_), Some(after)) => ("MODIFIED", after),
            (Some(before), None) => {
                let mut object = Value::clone(&before);
                object["metadata"]["resourceVersion"] = change.version.to_string().into();
                ("DELETED", Arc::new(object))
            }
        };
        match self.gate.event(&self.plural, kind, &object) {
            EventFate::Deliver => self.ready.push_back(event(kind, &object)),
            EventFate::Drop(until_410) => {
                let at = Instant::now() + until_410;
                self.expires_at = Some(self.expires_at.map_or(at, |known| known.min(at)));
            }
            EventFate::Twice => {
                self.ready.push_back(event(kind, &object));
                self.ready.push_back(event(kind, &object));
            }
            EventFate::Late(pause) => {
                sleep(pause).await;
                self.ready.push_back(event(kind, &object));
            }
            EventFate::Close => {
                self.is_over = true;
                return true;
            }
            EventFate::Expire => self.expires_at = Some(Instant::now()),
        }
        self.version = change.version;
        true
    }

    fn bookmark(&mut self) {
        let now = Instant::now();
        if self.bookmark_at.is_some_and(|at| at <= now) {
            self.bookmark_at = Some(now + BOOKMARK_INTERVAL);
            self.ready.push_back(json!({"type": "BOOKMARK", "object": {
                "kind": self.kind, "apiVersion": self.api_version,
                "metadata": {"resourceVersion": self.version.to_string()},
            }}));
        }
    }
}

fn event(kind: &str, object: &Value) -> Value {
    json!({"type": kind, "object": object})
}

fn expired() -> Value {
    json!({"type": "ERROR", "object": Refusal::expired().status()})
}
