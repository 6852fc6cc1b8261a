//! Limits on concurrent statements per database.
//!
//! # Flow
//!
//! * An object acquires a permit in a [`Lane`], sends its statement, and releases the permit by
//!   dropping it.
//! * An object that gets no permit retries after the delay that `SendPermits::retry_after` returns.
//! * Most statements use the serial lane: they run one after the other on one session.
//! * Statements that make the servers read or write backup storage use the storage lane, each on
//!   its own session.
//! * Restores use the recovery lane, each on its own session: the database creates the tenant
//!   before it responds.
//!
//! # Guarantees
//!
//! * A storage that does not respond blocks only the statements for that storage.
//! * At most one statement per storage is in flight.
//! * No object waits for a permit, so a slow database blocks only the permit holders.
//!
//! # Assumptions
//!
//! * Only one operator process sends statements, because it holds the lease.
//! * The holder of a permit drops it when its statement ends or is given up.
//!
//! # Caveats
//!
//! * The limits do not count statements of other tools.
//! * If `MAX_STORAGE_PERMITS` storages do not respond, statements for all other storages wait too.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::destination::Location;
use super::sync::lock;

/// Number of permits of the serial lane. While one statement runs, the intents of the next ones are
/// written. With one permit, the database would wait for the Kubernetes API before each statement.
/// With many, all holders would wait for a slow database.
const MAX_SERIAL_PERMITS: usize = 4;

/// Number of storages that may have a statement in flight. Each uses a connection, and a statement
/// that hangs occupies a worker of sys.
const MAX_STORAGE_PERMITS: usize = 4;

/// Number of restore statements that may be in flight to one database, each on its own connection.
const MAX_RECOVERY_PERMITS: usize = 4;

/// Delay until an object that got no permit is reconciled again.
pub(super) const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Distance between the retries of two objects. A thousand objects that all retried each
/// [`RETRY_DELAY`] would leave no time for the holders of permits.
const RETRY_SPACING: Duration = Duration::from_millis(5);

/// Upper limit of the delay that a storage without response adds.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);

/// Queue in which a statement goes to its database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Serial lane: one statement after the other.
    Serial,
    /// Storage lane: one statement per storage. The servers access it before they respond.
    Storage(Location),
    /// Recovery lane: restores, which take minutes, each on its own session.
    Recovery,
}

/// Permits to send to one database.
pub(super) struct SendPermits {
    line: Arc<Semaphore>,
    storages: Storages,
    recoveries: Recoveries,
    /// When the last object that got no permit retries, per lane.
    last_retries: Mutex<HashMap<Lane, Instant>>,
}

/// Storages with a statement in flight, and since when.
type Storages = Arc<Mutex<HashMap<Location, Instant>>>;

/// Start times of the restore statements in flight.
type Recoveries = Arc<Mutex<BTreeMap<u64, Instant>>>;

/// Permit to send one statement in one lane; released on drop.
pub(super) enum SendPermit {
    Serial(#[allow(dead_code, reason = "held")] OwnedSemaphorePermit),
    Storage(#[allow(dead_code, reason = "held")] StoragePermit),
    Recovery(#[allow(dead_code, reason = "held")] RecoveryPermit),
}

/// Permit to send one restore statement.
pub(super) struct RecoveryPermit {
    recoveries: Recoveries,
    number: u64,
}

/// Permit to send one statement for one storage.
pub(super) struct StoragePermit {
    storages: Storages,
    location: Location,
}

impl SendPermits {
    /// Returns all permits of a database.
    pub(super) fn new() -> Self {
        Self {
            line: Arc::new(Semaphore::new(MAX_SERIAL_PERMITS)),
            storages: Storages::default(),
            recoveries: Recoveries::default(),
            last_retries: Mutex::default(),
        }
    }

    /// Acquires a permit for the lane; `None` while other statements hold all of them.
    pub(super) fn acquire(&self, lane: &Lane) -> Option<SendPermit> {
        match lane {
            Lane::Serial => {
                let permit = Arc::clone(&self.line).try_acquire_owned();
                permit.ok().map(SendPermit::Serial)
            }
            Lane::Storage(location) => {
                let mut storages = lock(&self.storages);
                if storages.len() >= MAX_STORAGE_PERMITS || storages.contains_key(location) {
                    return None;
                }
                storages.insert(location.clone(), Instant::now());
                Some(SendPermit::Storage(StoragePermit {
                    storages: Arc::clone(&self.storages),
                    location: location.clone(),
                }))
            }
            Lane::Recovery => {
                let mut recoveries = lock(&self.recoveries);
                if recoveries.len() >= MAX_RECOVERY_PERMITS {
                    return None;
                }
                let last = recoveries.last_key_value().map_or(0, |(last, _)| *last);
                recoveries.insert(last + 1, Instant::now());
                Some(SendPermit::Recovery(RecoveryPermit {
                    recoveries: Arc::clone(&self.recoveries),
                    number: last + 1,
                }))
            }
        }
    }

    /// Returns the delay until an object that got no permit retries. Within a lane, retries keep
    /// their order. The delay grows with the time that the statement in the lane has been in
    /// flight.
    pub(super) fn retry_after(&self, lane: &Lane) -> Duration {
        let now = Instant::now();
        let soonest = now + RETRY_DELAY.max(self.silence(lane) / 4).min(MAX_RETRY_DELAY);
        let mut last_retries = lock(&self.last_retries);
        last_retries.retain(|_, last| *last > now);
        let last = last_retries.get(lane);
        let retry_at = last.map_or(soonest, |last| soonest.max(*last + RETRY_SPACING));
        last_retries.insert(lane.clone(), retry_at);
        retry_at - now
    }

    /// Returns for how long the statement that occupies the lane has been in flight.
    fn silence(&self, lane: &Lane) -> Duration {
        let since = match lane {
            Lane::Serial => None,
            Lane::Storage(location) => {
                let storages = lock(&self.storages);
                storages
                    .get(location)
                    .or_else(|| storages.values().max())
                    .copied()
            }
            Lane::Recovery => lock(&self.recoveries).values().min().copied(),
        };
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Drop for StoragePermit {
    fn drop(&mut self) {
        lock(&self.storages).remove(&self.location);
    }
}

impl Drop for RecoveryPermit {
    fn drop(&mut self) {
        lock(&self.recoveries).remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(directory: &str) -> Lane {
        Lane::Storage(Location::new(&format!("file://{directory}"), None).unwrap())
    }

    #[test]
    fn one_command_is_under_way_for_a_store_at_a_time() {
        let permits = SendPermits::new();
        let permit = permits.acquire(&storage("/hung"));
        assert!(permits.acquire(&storage("/hung")).is_none());
        drop(permit);
        assert!(permits.acquire(&storage("/hung")).is_some());
    }

    #[test]
    fn a_store_that_hangs_holds_up_neither_another_one_nor_the_line() {
        let permits = SendPermits::new();
        let _hung = permits.acquire(&storage("/hung"));
        assert!(permits.acquire(&storage("/good")).is_some());
        assert!(permits.acquire(&Lane::Serial).is_some());
    }

    #[test]
    fn the_line_holds_up_no_store() {
        let permits = SendPermits::new();
        let line: Vec<_> = std::iter::from_fn(|| permits.acquire(&Lane::Serial)).collect();
        assert_eq!(line.len(), MAX_SERIAL_PERMITS);
        assert!(permits.acquire(&storage("/good")).is_some());
    }

    #[test]
    fn few_stores_are_written_to_at_a_time() {
        let permits = SendPermits::new();
        let all = (0..9).filter_map(|number| permits.acquire(&storage(&format!("/{number}"))));
        assert_eq!(all.collect::<Vec<_>>().len(), MAX_STORAGE_PERMITS);
    }

    #[test]
    fn four_restores_are_under_way_at_a_time_and_hold_up_nothing_else() {
        let permits = SendPermits::new();
        let mut all: Vec<_> = std::iter::from_fn(|| permits.acquire(&Lane::Recovery)).collect();
        assert_eq!(all.len(), MAX_RECOVERY_PERMITS);
        assert!(permits.acquire(&Lane::Serial).is_some());
        assert!(permits.acquire(&storage("/good")).is_some());
        all.remove(0);
        let again: Vec<_> = std::iter::from_fn(|| permits.acquire(&Lane::Recovery)).collect();
        assert_eq!(again.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_for_restores_that_take_minutes_come_back_every_few_seconds() {
        let permits = SendPermits::new();
        let _all: Vec<_> = std::iter::from_fn(|| permits.acquire(&Lane::Recovery)).collect();
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(permits.retry_after(&Lane::Recovery), MAX_RETRY_DELAY);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_for_a_store_come_back_the_more_rarely_the_longer_it_hangs() {
        let permits = SendPermits::new();
        let _hung = permits.acquire(&storage("/hung"));
        let mut turns = Vec::new();
        for seconds in [0, 10, 50] {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            turns.push(permits.retry_after(&storage("/hung")).as_millis());
        }
        assert_eq!(turns, [100, 2_500, 5_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_for_a_store_that_hangs_put_nobody_else_off() {
        let permits = SendPermits::new();
        let _hung = permits.acquire(&storage("/hung"));
        for _ in 0..1000 {
            permits.retry_after(&storage("/hung"));
        }
        assert_eq!(permits.retry_after(&storage("/good")), RETRY_DELAY);
        assert_eq!(permits.retry_after(&Lane::Serial), RETRY_DELAY);
    }
}
