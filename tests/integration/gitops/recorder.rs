//! Records every state of the operator's objects, from the first to the last.

use std::sync::{Arc, Mutex};

use futures::{Stream, StreamExt};
use kube::core::WatchEvent;
use oceanbase_backup_operator::api;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::support::World;
use crate::support::api::{client, runtime};

/// Watches all kinds of a namespace until it is dropped.
pub(super) struct Recorder {
    seen: Arc<Mutex<Vec<Value>>>,
    watches: Vec<JoinHandle<()>>,
}

impl Recorder {
    /// Begins with the existing objects.
    pub(super) fn start(world: &World) -> Self {
        let seen = Arc::<Mutex<Vec<Value>>>::default();
        let watches = api::crds().into_iter().map(|definition| {
            let plural = definition.spec.names.plural;
            let path = format!(
                "/apis/backup.oceanbase.io/v1alpha1/namespaces/{}/{plural}?watch=1&timeoutSeconds=600",
                world.namespace
            );
            let request = http::Request::get(path).body(Vec::new()).unwrap();
            let events = runtime().block_on(client().request_events::<Value>(request));
            runtime().spawn(watch(events.unwrap(), Arc::clone(&seen)))
        });
        let watches = watches.collect();
        Self { seen, watches }
    }

    /// Returns every version of every object so far.
    pub(super) fn objects(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }
}

async fn watch(
    events: impl Stream<Item = kube::Result<WatchEvent<Value>>>,
    seen: Arc<Mutex<Vec<Value>>>,
) {
    let mut events = Box::pin(events);
    while let Some(event) = events.next().await {
        if let Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) = event {
            seen.lock().unwrap().push(object);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        for watch in &self.watches {
            watch.abort();
        }
    }
}
