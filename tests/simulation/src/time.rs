//! The simulated time: tokio's paused clock, and jumps of the operator's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
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
    /// Seconds that the operator's wall clock is ahead of everybody else's.
    ahead: Arc<AtomicI64>,
}

impl Time {
    /// The beginning.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
            ahead: Arc::default(),
        }
    }

    /// The time on another machine, whose wall clock jumps by itself.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self {
            began: self.began,
            ahead: Arc::default(),
        }
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

    /// Moves the operator's wall clock.
    pub fn jump(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The operator's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let time = self.clone();
        Clock::new(move || {
            let ahead = time.ahead.load(Ordering::Relaxed);
            time.now() + SignedDuration::from_secs(ahead)
        })
    }
}

impl oceanbase_sim::clock::Clock for Time {
    fn now(&self) -> Scn {
        let nanos = Time::now(self).as_nanosecond();
        Scn(u64::try_from(nanos).unwrap())
    }
}
