//! Who may send commands to a database now. Most go one after the other, on one session. Those that
//! make the servers read and write a store go beside them, each on a session of its own: a store
//! that hangs holds such a command for a minute, and holds back only what goes to the same store. Those
//! of restores go beside them too: the database makes a tenant before it answers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::database::lock;
use super::destination::Place;

/// How many may hold the right to send in the line at a time. Their commands run one after the other;
/// while one runs, the intents of the next are written. Were there one right, the database would wait
/// for the Kubernetes API before each statement; were there many, all of them would wait for a slow
/// database.
const LINE: usize = 4;

/// For how many stores commands may be under way at a time. Each has a connection, and one that hangs
/// holds a worker of sys.
const STORES: usize = 4;

/// How many commands of restores may be under way to one database at a time, each on a connection of
/// its own.
const RECOVERIES: usize = 4;

/// How soon whoever has found no right left comes back.
pub(super) const COME_BACK: Duration = Duration::from_millis(100);

/// How far apart they come back: a thousand who all came each [`COME_BACK`] would leave no time for
/// those who have their turn.
const APART: Duration = Duration::from_millis(5);

/// No pause is longer because of a store that hangs.
const LONGEST: Duration = Duration::from_secs(5);

/// Which way a command goes to its database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// With all other commands, one after the other.
    Line,
    /// Beside them: the servers write to this store before they answer.
    Store(Place),
    /// Beside them, on a session that nothing else is sent on: a restore, and what takes as long.
    Recovery,
}

/// The rights to send to one database.
pub(super) struct Rights {
    line: Arc<Semaphore>,
    stores: Stores,
    recoveries: Recoveries,
    /// When the last one comes back of those who found no right left, by their way.
    last_turns: Mutex<HashMap<Way, Instant>>,
}

/// Stores for which a command is under way, and since when.
type Stores = Arc<Mutex<HashMap<Place, Instant>>>;

/// Since when the commands of restores are under way.
type Recoveries = Arc<Mutex<BTreeMap<u64, Instant>>>;

/// The right to send on one way; given back when it is dropped.
pub(super) enum Right {
    Line(#[allow(dead_code, reason = "held")] OwnedSemaphorePermit),
    Store(#[allow(dead_code, reason = "held")] StoreRight),
    Recovery(#[allow(dead_code, reason = "held")] RecoveryRight),
}

/// The right to send one command of a restore.
pub(super) struct RecoveryRight {
    recoveries: Recoveries,
    number: u64,
}

/// The right to send what is for one store.
pub(super) struct StoreRight {
    stores: Stores,
    place: Place,
}

impl Rights {
    /// All of them.
    pub(super) fn new() -> Self {
        Self {
            line: Arc::new(Semaphore::new(LINE)),
            stores: Stores::default(),
            recoveries: Recoveries::default(),
            last_turns: Mutex::default(),
        }
    }

    /// The right to send on this way; `None` while others hold it.
    pub(super) fn take(&self, way: &Way) -> Option<Right> {
        match way {
            Way::Line => {
                let right = Arc::clone(&self.line).try_acquire_owned();
                right.ok().map(Right::Line)
            }
            Way::Store(place) => {
                let mut stores = lock(&self.stores);
                if stores.len() >= STORES || stores.contains_key(place) {
                    return None;
                }
                stores.insert(place.clone(), Instant::now());
                Some(Right::Store(StoreRight {
                    stores: Arc::clone(&self.stores),
                    place: place.clone(),
                }))
            }
            Way::Recovery => {
                let mut recoveries = lock(&self.recoveries);
                if recoveries.len() >= RECOVERIES {
                    return None;
                }
                let last = recoveries.last_key_value().map_or(0, |(last, _)| *last);
                recoveries.insert(last + 1, Instant::now());
                Some(Right::Recovery(RecoveryRight {
                    recoveries: Arc::clone(&self.recoveries),
                    number: last + 1,
                }))
            }
        }
    }

    /// How soon whoever found no right left comes back: those of one way in the order in which they
    /// came, and the more rarely the longer their store has not answered.
    pub(super) fn turn(&self, way: &Way) -> Duration {
        let now = Instant::now();
        let soonest = now + COME_BACK.max(self.silence(way) / 4).min(LONGEST);
        let mut last_turns = lock(&self.last_turns);
        last_turns.retain(|_, last| *last > now);
        let last = last_turns.get(way);
        let turn = last.map_or(soonest, |last| soonest.max(*last + APART));
        last_turns.insert(way.clone(), turn);
        turn - now
    }

    /// For how long the command has been under way that holds up the others.
    fn silence(&self, way: &Way) -> Duration {
        let since = match way {
            Way::Line => None,
            Way::Store(place) => {
                let stores = lock(&self.stores);
                stores.get(place).or_else(|| stores.values().max()).copied()
            }
            Way::Recovery => lock(&self.recoveries).values().min().copied(),
        };
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Drop for StoreRight {
    fn drop(&mut self) {
        lock(&self.stores).remove(&self.place);
    }
}

impl Drop for RecoveryRight {
    fn drop(&mut self) {
        lock(&self.recoveries).remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(directory: &str) -> Way {
        Way::Store(Place::new(&format!("file://{directory}"), None).unwrap())
    }

    #[test]
    fn one_command_is_under_way_for_a_store_at_a_time() {
        let rights = Rights::new();
        let right = rights.take(&store("/hung"));
        assert!(rights.take(&store("/hung")).is_none());
        drop(right);
        assert!(rights.take(&store("/hung")).is_some());
    }

    #[test]
    fn a_store_that_hangs_holds_up_neither_another_one_nor_the_line() {
        let rights = Rights::new();
        let _hung = rights.take(&store("/hung"));
        assert!(rights.take(&store("/good")).is_some());
        assert!(rights.take(&Way::Line).is_some());
    }

    #[test]
    fn the_line_holds_up_no_store() {
        let rights = Rights::new();
        let line: Vec<_> = std::iter::from_fn(|| rights.take(&Way::Line)).collect();
        assert_eq!(line.len(), LINE);
        assert!(rights.take(&store("/good")).is_some());
    }

    #[test]
    fn few_stores_are_written_to_at_a_time() {
        let rights = Rights::new();
        let all = (0..9).filter_map(|number| rights.take(&store(&format!("/{number}"))));
        assert_eq!(all.collect::<Vec<_>>().len(), STORES);
    }

    #[test]
    fn four_restores_are_under_way_at_a_time_and_hold_up_nothing_else() {
        let rights = Rights::new();
        let mut all: Vec<_> = std::iter::from_fn(|| rights.take(&Way::Recovery)).collect();
        assert_eq!(all.len(), RECOVERIES);
        assert!(rights.take(&Way::Line).is_some());
        assert!(rights.take(&store("/good")).is_some());
        all.remove(0);
        let again: Vec<_> = std::iter::from_fn(|| rights.take(&Way::Recovery)).collect();
        assert_eq!(again.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_for_restores_that_take_minutes_come_back_every_few_seconds() {
        let rights = Rights::new();
        let _all: Vec<_> = std::iter::from_fn(|| rights.take(&Way::Recovery)).collect();
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(rights.turn(&Way::Recovery), LONGEST);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_for_a_store_come_back_the_more_rarely_the_longer_it_hangs() {
        let rights = Rights::new();
        let _hung = rights.take(&store("/hung"));
        let mut turns = Vec::new();
        for seconds in [0, 10, 50] {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            turns.push(rights.turn(&store("/hung")).as_millis());
        }
        assert_eq!(turns, [100, 2_500, 5_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_for_a_store_that_hangs_put_nobody_else_off() {
        let rights = Rights::new();
        let _hung = rights.take(&store("/hung"));
        for _ in 0..1000 {
            rights.turn(&store("/hung"));
        }
        assert_eq!(rights.turn(&store("/good")), COME_BACK);
        assert_eq!(rights.turn(&Way::Line), COME_BACK);
    }
}
