//! The simulated time: tokio's paused clock, and an operator's own, which jumps, and runs too fast
//! or too slowly.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oceanbase_backup_operator::clock::Clock;
use oceanbase_sim::model::Scn;
use tokio::time::Instant;

/// 2026-11-20 01:55:00 UTC, a Friday: five minutes before most slots.
const START: i64 = 1_795_139_700;

/// The time of one world; clones show the same.
#[derive(Clone, Debug)]
pub struct Time {
    began: Instant,
    /// How the operator's wall clock differs from everybody else's.
    drift: Arc<Mutex<Drift>>,
}

/// A wall clock that is wrong.
#[derive(Debug, Default)]
struct Drift {
    /// How far it was ahead at `since`.
    ahead: SignedDuration,
    since: Duration,
    /// How much faster it runs than it should, in hundredths.
    faster: i32,
}

impl Drift {
    fn ahead(&self, elapsed: Duration) -> SignedDuration {
        let passed = SignedDuration::try_from(elapsed.saturating_sub(self.since));
        self.ahead + passed.unwrap_or_default() * self.faster / 100
    }
}

impl Time {
    /// The beginning.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
            drift: Arc::default(),
        }
    }

    /// The time on another machine, whose wall clock jumps by itself.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self {
            began: self.began,
            drift: Arc::default(),
        }
    }

    /// How long after the beginning of a world an instant is.
    #[must_use]
    pub fn since_start(at: Timestamp) -> SignedDuration {
        at.duration_since(Timestamp::from_second(START).unwrap())
    }

    /// How long the world exists.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// What everybody but the operator takes for the time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let start = Timestamp::from_second(START).unwrap();
        start + SignedDuration::try_from(self.elapsed()).unwrap()
    }

    /// Waits until the world exists for so long.
    pub async fn until(&self, elapsed: Duration) {
        tokio::time::sleep_until(self.began + elapsed).await;
    }

    fn drift(&self) -> MutexGuard<'_, Drift> {
        self.drift.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the operator's wall clock.
    pub fn jump(&self, seconds: i64) {
        self.drift().ahead += SignedDuration::from_secs(seconds);
    }

    /// From now on the operator's wall clock runs at so many percent of its speed.
    pub fn run_at(&self, percent: u32) {
        let now = self.elapsed();
        let mut drift = self.drift();
        drift.ahead = drift.ahead(now);
        drift.since = now;
        drift.faster = i32::try_from(percent).unwrap_or(i32::MAX) - 100;
    }

    /// The operator's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let time = self.clone();
        Clock::new(move || {
            let ahead = time.drift().ahead(time.elapsed());
            time.now() + ahead
        })
    }
}

impl oceanbase_sim::clock::Clock for Time {
    fn now(&self) -> Scn {
        let nanos = Time::now(self).as_nanosecond();
        Scn(u64::try_from(nanos).unwrap())
    }
}
