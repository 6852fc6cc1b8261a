//! State of objects that only this process keeps. After a restart it is empty, which affects only
//! delays.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Period for which a created object counts as existing even if its cache does not show it.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// Period for which a turn is reserved for its holder. After that, the holder's status shows the
/// work.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// Delay before a write of which the API server kept nothing is retried: its definitions may be
/// updated by then.
const LOST_AGAIN: Duration = Duration::from_mins(5);
/// Maximum time for which changes elsewhere do not requeue an object after a failed pass. The cause
/// may be over by then, such as an outage of the API server.
const LONGEST_HOLD: Duration = Duration::from_secs(15);

/// State of objects. The key of an object contains kind, namespace and name.
#[derive(Default)]
pub struct ProcessState(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    /// Open intents, and since when this process has known them.
    intents: HashMap<String, (String, Instant)>,
    /// Numbers of consecutive passes that had to be repeated.
    failures: HashMap<String, u32>,
    /// Ends of the holds after failed passes, with the generation of that pass.
    held: HashMap<String, (Option<i64>, Instant)>,
    /// Times since which objects wait for a send permit.
    waiting: HashMap<String, Instant>,
    /// Versions that own writes have replaced.
    replaced: HashMap<String, Vec<String>>,
    /// Last own write of each object of which the API server kept nothing, with its time.
    lost: HashMap<String, (u64, Instant)>,
    /// Creation times of objects.
    created: HashMap<String, Instant>,
    /// By database, the holder of the turn to start exclusive work, and since when.
    turns: HashMap<String, (String, Instant)>,
}

impl ProcessState {
    /// Locks the state. Each change is one step, so a panic leaves no partial change.
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how long this process has known the intent in an object's status. It uses the own
    /// monotonic clock, because the time in the status comes from another machine.
    pub fn intent_age(&self, object: &str, intent: Option<String>) -> Duration {
        let intents = &mut self.entries().intents;
        let Some(intent) = intent else {
            intents.remove(object);
            return Duration::ZERO;
        };
        match intents.get(object) {
            Some((recorded, since)) if *recorded == intent => since.elapsed(),
            _ => {
                intents.insert(object.to_owned(), (intent, Instant::now()));
                Duration::ZERO
            }
        }
    }

    /// Counts a pass that has to be repeated, and returns the delay. The delay starts at `first`
    /// and doubles each time, up to 256 times `first`.
    pub fn failed(&self, object: String, first: Duration) -> Duration {
        let mut entries = self.entries();
        let count = entries.failures.entry(object).or_default();
        let pause = first * (1 << (*count).min(8));
        *count = count.saturating_add(1);
        pause
    }

    /// Counts a failed pass like [`Self::failed`], and holds this generation of the object for the
    /// delay, at most 15 s. Otherwise each change elsewhere would repeat the failed pass.
    pub fn hold(&self, object: String, generation: Option<i64>, first: Duration) -> Duration {
        let pause = self.failed(object.clone(), first);
        let until = Instant::now() + pause.min(LONGEST_HOLD);
        self.entries().held.insert(object, (generation, until));
        pause
    }

    /// Returns the remaining hold after a failed pass. An edit or a deletion ends the hold.
    pub fn held(&self, object: &str, generation: Option<i64>) -> Option<Duration> {
        let entries = self.entries();
        let (of, until) = entries.held.get(object)?;
        let left = until.saturating_duration_since(Instant::now());
        (*of == generation && !left.is_zero()).then_some(left)
    }

    /// Records that an object waits for a send permit, and returns the time waited.
    pub fn waited(&self, object: String) -> Duration {
        let mut entries = self.entries();
        let since = entries.waiting.entry(object).or_insert_with(Instant::now);
        since.elapsed()
    }

    /// Resets the repeated passes and the waiting time of an object.
    pub fn succeeded(&self, object: &str) {
        let mut entries = self.entries();
        entries.failures.remove(object);
        entries.held.remove(object);
        entries.waiting.remove(object);
    }

    /// Records the creation of an object: its cache may not show it yet.
    pub fn created(&self, object: String) {
        let created = &mut self.entries().created;
        created.retain(|_, at| at.elapsed() < SHOWN_WITHIN);
        created.insert(object, Instant::now());
    }

    /// Returns whether an object was created so recently that its cache may not show it.
    pub fn was_recently_created(&self, object: &str) -> bool {
        let created = &self.entries().created;
        created
            .get(object)
            .is_some_and(|at| at.elapsed() < SHOWN_WITHIN)
    }

    /// Records that an own write has replaced a version: the cache may still show that version.
    pub fn replaced(&self, object: String, version: String) {
        let replaced = &mut self.entries().replaced;
        replaced.entry(object).or_default().push(version);
    }

    /// Returns whether an own write has replaced this version of an object: a write based on it
    /// would conflict.
    pub fn is_replaced(&self, object: &str, version: &str) -> bool {
        let replaced = &mut self.entries().replaced;
        let is_known = replaced
            .get(object)
            .is_some_and(|versions| versions.iter().any(|replaced| replaced == version));
        if !is_known {
            replaced.remove(object);
        }
        is_known
    }

    /// Records a write of which the API server kept nothing, because its definitions are older.
    pub fn lost(&self, object: String, write: u64) {
        self.entries().lost.insert(object, (write, Instant::now()));
    }

    /// Returns whether the API server recently kept nothing of the same write of an object.
    pub fn is_lost(&self, object: &str, write: impl FnOnce() -> u64) -> bool {
        let entries = self.entries();
        let lost = entries.lost.get(object);
        lost.is_some_and(|(lost, at)| at.elapsed() < LOST_AGAIN && *lost == write())
    }

    /// Acquires the turn in a database for an object; returns whether the object has it. One
    /// process acts at a time, so only one of two objects gets the turn.
    pub fn takes_turn(&self, database: &str, object: &str) -> bool {
        let turns = &mut self.entries().turns;
        let held = turns.get(database);
        if held.is_some_and(|(holder, since)| holder != object && since.elapsed() < TURN_TIMEOUT) {
            return false;
        }
        turns.insert(database.to_owned(), (object.to_owned(), Instant::now()));
        true
    }

    /// Releases the turns of an object.
    pub fn gives_turn_back(&self, object: &str) {
        self.entries()
            .turns
            .retain(|_, (holder, _)| holder != object);
    }

    /// Drops the state of a deleted object.
    pub fn forget(&self, object: &str) {
        let mut entries = self.entries();
        entries.intents.remove(object);
        entries.failures.remove(object);
        entries.held.remove(object);
        entries.waiting.remove(object);
        entries.replaced.remove(object);
        entries.lost.remove(object);
        entries.turns.retain(|_, (holder, _)| holder != object);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_own_writes_have_replaced_are_known_until_a_newer_one_is_seen() {
        let memory = ProcessState::default();
        for version in ["1", "2"] {
            memory.replaced("task/x".to_owned(), version.to_owned());
        }
        let shown = ["1", "2", "1", "3", "1"];
        let known = shown.map(|version| memory.is_replaced("task/x", version));
        assert_eq!(known, [true, true, true, false, false]);
    }

    #[test]
    fn what_was_replaced_of_one_object_says_nothing_of_another() {
        let memory = ProcessState::default();
        memory.replaced("task/x".to_owned(), "1".to_owned());
        assert!(!memory.is_replaced("task/y", "1"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_made_counts_as_there_for_ten_seconds() {
        let memory = ProcessState::default();
        memory.created("LogBackup/ns/x".to_owned());
        assert!(memory.was_recently_created("LogBackup/ns/x"));
        assert!(!memory.was_recently_created("LogBackup/ns/y"));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(!memory.was_recently_created("LogBackup/ns/x"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_intent_ages_until_there_is_another_one_or_none() {
        let memory = ProcessState::default();
        let mut ages = Vec::new();
        for intent in [Some("a"), Some("a"), Some("b"), Some("b"), None, Some("b")] {
            ages.push(
                memory
                    .intent_age("task/x", intent.map(str::to_owned))
                    .as_secs(),
            );
            tokio::time::advance(Duration::from_secs(3)).await;
        }
        assert_eq!(ages, [0, 3, 0, 3, 0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_is_one_objects_until_it_gives_it_back_or_is_not_heard_of() {
        let memory = ProcessState::default();
        assert!(memory.takes_turn("db", "a") && memory.takes_turn("db", "a"));
        assert!(!memory.takes_turn("db", "b"));
        assert!(memory.takes_turn("other", "b"));
        memory.gives_turn_back("a");
        assert!(memory.takes_turn("db", "b"));
        tokio::time::advance(TURN_TIMEOUT).await;
        assert!(memory.takes_turn("db", "a"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_object_is_held_back_after_a_failed_pass_for_fifteen_seconds_at_most() {
        let memory = ProcessState::default();
        let mut held = Vec::new();
        for _ in 0..6 {
            memory.hold("task/x".to_owned(), Some(1), Duration::from_secs(1));
            held.push(memory.held("task/x", Some(1)).unwrap().as_secs());
        }
        assert_eq!(held, [1, 2, 4, 8, 15, 15]);
        tokio::time::advance(Duration::from_secs(15)).await;
        assert_eq!(memory.held("task/x", Some(1)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn of_an_object_that_was_deleted_nothing_is_remembered() {
        let memory = ProcessState::default();
        let object = || "task/x".to_owned();
        let pause = Duration::from_secs(1);
        memory.intent_age(&object(), Some("a".to_owned()));
        memory.replaced(object(), "1".to_owned());
        memory.hold(object(), None, pause);
        memory.forget(&object());
        assert_eq!(memory.held(&object(), None), None);
        assert_eq!(memory.failed(object(), pause), pause);
        assert!(!memory.is_replaced(&object(), "1"));
        memory.succeeded(&object());
        assert!(memory.entries().intents.is_empty());
    }
}
