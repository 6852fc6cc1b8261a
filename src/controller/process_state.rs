//! What a process remembers of objects, and forgets when it ends: nothing depends on it but pauses.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For how long an object that was made counts as there although its store does not show it.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// For how long a turn that was taken is nobody else's: until then its object shows what was begun.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// How soon a write of which the API server has kept nothing is tried again: it may know by then what it
/// did not.
const LOST_AGAIN: Duration = Duration::from_mins(5);
/// For how long at most no change elsewhere makes another pass over an object after one that failed:
/// what it failed for may be over, such as an API server that was away.
const LONGEST_HOLD: Duration = Duration::from_secs(15);

/// What a process remembers of objects. An object is known by its kind, namespace and name.
#[derive(Default)]
pub struct ProcessState(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    /// Since when intents without an answer are known to this process.
    intents: HashMap<String, (String, Instant)>,
    /// Passes that had to be made again, one after the other.
    failures: HashMap<String, u32>,
    /// Until when objects are held back after a failed pass, and of which generation that was.
    held: HashMap<String, (Option<i64>, Instant)>,
    /// Since when they wait for the right to send.
    waiting: HashMap<String, Instant>,
    /// Versions that own writes have replaced.
    replaced: HashMap<String, Vec<String>>,
    /// Own writes of which the API server has kept nothing, the last one of each object, and when.
    lost: HashMap<String, (u64, Instant)>,
    /// When objects were made.
    created: HashMap<String, Instant>,
    /// By database, who is about to begin what one at a time may do, and since when.
    turns: HashMap<String, (String, Instant)>,
}

impl ProcessState {
    /// Each change is one step, so that a panic leaves nothing half done.
    fn known(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For how long this process has known of the intent that stands in an object's status. It is
    /// counted on our own monotonic clock: the time in the status is another machine's.
    pub fn intent_age(&self, object: &str, intent: Option<String>) -> Duration {
        let intents = &mut self.known().intents;
        let Some(intent) = intent else {
            intents.remove(object);
            return Duration::ZERO;
        };
        match intents.get(object) {
            Some((known, since)) if *known == intent => since.elapsed(),
            _ => {
                intents.insert(object.to_owned(), (intent, Instant::now()));
                Duration::ZERO
            }
        }
    }

    /// Counts a pass that has to be made again, and says how long to wait: `first`, and double that
    /// after each one that follows, up to 256 times as long.
    pub fn failed(&self, object: String, first: Duration) -> Duration {
        let mut known = self.known();
        let count = known.failures.entry(object).or_default();
        let pause = first * (1 << (*count).min(8));
        *count = count.saturating_add(1);
        pause
    }

    /// Counts a pass that failed, as [`Self::failed`] does, and holds the object of this generation back
    /// meanwhile, for 15 s at most: each change elsewhere would make the same pass again.
    pub fn hold(&self, object: String, generation: Option<i64>, first: Duration) -> Duration {
        let pause = self.failed(object.clone(), first);
        let until = Instant::now() + pause.min(LONGEST_HOLD);
        self.known().held.insert(object, (generation, until));
        pause
    }

    /// For how long an object is held back after a failed pass. Whoever edits or deletes it is heard at
    /// once.
    pub fn held(&self, object: &str, generation: Option<i64>) -> Option<Duration> {
        let known = self.known();
        let (of, until) = known.held.get(object)?;
        let left = until.saturating_duration_since(Instant::now());
        (*of == generation && !left.is_zero()).then_some(left)
    }

    /// Notes that an object waits for the right to send; for how long it has by now.
    pub fn waited(&self, object: String) -> Duration {
        let mut known = self.known();
        let since = known.waiting.entry(object).or_insert_with(Instant::now);
        since.elapsed()
    }

    /// Forgets the passes of an object that had to be made again, and its waiting.
    pub fn succeeded(&self, object: &str) {
        let mut known = self.known();
        known.failures.remove(object);
        known.held.remove(object);
        known.waiting.remove(object);
    }

    /// Notes that an object was made: its store does not show it for a while.
    pub fn created(&self, object: String) {
        let created = &mut self.known().created;
        created.retain(|_, at| at.elapsed() < SHOWN_WITHIN);
        created.insert(object, Instant::now());
    }

    /// Whether an object was made so lately that its store need not show it yet.
    pub fn was_recently_created(&self, object: &str) -> bool {
        let created = &self.known().created;
        created
            .get(object)
            .is_some_and(|at| at.elapsed() < SHOWN_WITHIN)
    }

    /// Notes that an own write has replaced a version of an object: its store shows it for a while.
    pub fn replaced(&self, object: String, version: String) {
        let replaced = &mut self.known().replaced;
        replaced.entry(object).or_default().push(version);
    }

    /// Whether an own write has replaced this version of an object: whatever were decided about it
    /// would be refused as a conflict.
    pub fn is_replaced(&self, object: &str, version: &str) -> bool {
        let replaced = &mut self.known().replaced;
        let is_known = replaced
            .get(object)
            .is_some_and(|versions| versions.iter().any(|known| known == version));
        if !is_known {
            replaced.remove(object);
        }
        is_known
    }

    /// Notes a write of which the API server has kept nothing: it does not know what was new in it.
    pub fn lost(&self, object: String, write: u64) {
        self.known().lost.insert(object, (write, Instant::now()));
    }

    /// Whether the API server has lately kept nothing of this very write of an object.
    pub fn is_lost(&self, object: &str, write: impl FnOnce() -> u64) -> bool {
        let known = self.known();
        let lost = known.lost.get(object);
        lost.is_some_and(|(lost, at)| at.elapsed() < LOST_AGAIN && *lost == write())
    }

    /// Takes the turn in a database for an object; says whether it has it. One process acts at a time, so
    /// that of two objects only one gets it.
    pub fn takes_turn(&self, database: &str, object: &str) -> bool {
        let turns = &mut self.known().turns;
        let held = turns.get(database);
        if held.is_some_and(|(holder, since)| holder != object && since.elapsed() < TURN_TIMEOUT) {
            return false;
        }
        turns.insert(database.to_owned(), (object.to_owned(), Instant::now()));
        true
    }

    /// Gives back what turns an object has.
    pub fn gives_turn_back(&self, object: &str) {
        self.known().turns.retain(|_, (holder, _)| holder != object);
    }

    /// Forgets an object that was deleted.
    pub fn forget(&self, object: &str) {
        let mut known = self.known();
        known.intents.remove(object);
        known.failures.remove(object);
        known.held.remove(object);
        known.waiting.remove(object);
        known.replaced.remove(object);
        known.lost.remove(object);
        known.turns.retain(|_, (holder, _)| holder != object);
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
        assert!(memory.known().intents.is_empty());
    }
}
