//! What every pass over an object can use.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kube::Client;
use tokio::time::Instant;

use super::event::Events;
use super::secret::Secrets;
use super::stores::Stores;
use crate::clock::Clock;
use crate::oceanbase::clusters::Clusters;
use crate::oceanbase::validity::Validity;
use crate::telemetry::Metrics;

/// What every pass over an object can use.
pub struct Context {
    /// The Kubernetes API.
    pub client: Client,
    /// Secrets, read one by one.
    pub secrets: Secrets,
    /// The databases.
    pub clusters: Clusters,
    /// The time.
    pub clock: Clock,
    /// The operator's metrics.
    pub metrics: Metrics,
    /// What is known of all objects.
    pub stores: Stores,
    /// Where events go.
    pub events: Events,
    /// For how long this process may act.
    pub validity: Validity,
    /// What this process remembers of objects.
    pub memory: Memory,
}

/// What a process remembers of objects, and forgets when it ends: nothing depends on it but pauses.
#[derive(Default)]
pub struct Memory {
    /// Since when intents without an answer are known to this process.
    intents: Mutex<HashMap<String, (String, Instant)>>,
    /// Passes that had to be made again, one after the other, by object.
    failures: Mutex<HashMap<String, u32>>,
    /// Versions that own writes have replaced, by object.
    replaced: Mutex<HashMap<String, Vec<String>>>,
    /// Objects that were made, and when.
    made: Mutex<HashMap<String, Instant>>,
}

/// For how long an object that was made counts as there although its store does not show it.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

impl Context {
    /// For how long this process has known of the intent that stands in an object's status. It is
    /// counted on our own monotonic clock: the time in the status is another machine's.
    pub fn intent_age(&self, uid: &str, intent: Option<String>) -> Duration {
        let mut intents = self
            .memory
            .intents
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(intent) = intent else {
            intents.remove(uid);
            return Duration::ZERO;
        };
        match intents.get(uid) {
            Some((known, since)) if *known == intent => since.elapsed(),
            _ => {
                intents.insert(uid.to_owned(), (intent, Instant::now()));
                Duration::ZERO
            }
        }
    }

    /// Counts a pass that has to be made again, and says how long to wait: `first`, and double that
    /// after each one that follows, up to 256 times as long.
    pub fn failed(&self, object: String, first: Duration) -> Duration {
        let mut failures = self
            .memory
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(object).or_default();
        let pause = first * (1 << (*count).min(8));
        *count = count.saturating_add(1);
        pause
    }

    /// Forgets the passes of an object that had to be made again.
    pub fn succeeded(&self, object: &str) {
        let mut failures = self
            .memory
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failures.remove(object);
    }
}

impl Memory {
    /// Notes that an object was made: its store does not show it for a while.
    pub fn made(&self, object: String) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|_, at| at.elapsed() < SHOWN_WITHIN);
        made.insert(object, Instant::now());
    }

    /// Whether an object was made so lately that its store need not show it yet.
    pub fn is_just_made(&self, object: &str) -> bool {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(object)
            .is_some_and(|at| at.elapsed() < SHOWN_WITHIN)
    }

    /// Notes that an own write has replaced a version of an object: its store shows it for a while.
    pub fn replaced(&self, object: String, version: String) {
        let mut replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        replaced.entry(object).or_default().push(version);
    }

    /// Whether an own write has replaced this version of an object: whatever were decided about it
    /// would be refused as a conflict.
    pub fn is_replaced(&self, object: &str, version: &str) -> bool {
        let mut replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = replaced
            .get(object)
            .is_some_and(|versions| versions.iter().any(|known| known == version));
        if !is_known {
            replaced.remove(object);
        }
        is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_own_writes_have_replaced_are_known_until_a_newer_one_is_seen() {
        let memory = Memory::default();
        for version in ["1", "2"] {
            memory.replaced("task/x".to_owned(), version.to_owned());
        }
        let shown = ["1", "2", "1", "3", "1"];
        let known = shown.map(|version| memory.is_replaced("task/x", version));
        assert_eq!(known, [true, true, true, false, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_made_counts_as_there_for_ten_seconds() {
        let memory = Memory::default();
        memory.made("LogBackup/ns/x".to_owned());
        assert!(memory.is_just_made("LogBackup/ns/x"));
        assert!(!memory.is_just_made("LogBackup/ns/y"));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(!memory.is_just_made("LogBackup/ns/x"));
    }

    #[test]
    fn what_was_replaced_of_one_object_says_nothing_of_another() {
        let memory = Memory::default();
        memory.replaced("task/x".to_owned(), "1".to_owned());
        assert!(!memory.is_replaced("task/y", "1"));
    }
}
