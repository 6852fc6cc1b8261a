//! Sources of the simulator's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::model::Scn;

/// A source of time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the present instant.
    fn now(&self) -> Scn;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Scn {
        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Scn::ZERO.plus(since_epoch)
    }
}

/// A clock that moves only on request. Clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Creates a clock that shows `now`.
    #[must_use]
    pub fn at(now: Scn) -> Self {
        Self(Arc::new(AtomicU64::new(now.0)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let next = self.now().plus(by);
        self.0.store(next.0, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    /// Shows 2026-11-20 02:00:00 UTC, a Friday.
    fn default() -> Self {
        Self::at(Scn(1_795_140_000_000_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Scn {
        Scn(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_show_the_same_time() {
        let clock = ManualClock::default();
        let other = clock.clone();
        clock.advance(Duration::from_mins(1));
        assert_eq!(
            other.now().since(ManualClock::default().now()),
            Duration::from_mins(1)
        );
    }
}
