//! For how long this process may act, on its own monotonic clock.
//!
//! Of several operators one acts: the one that holds the lease. It holds it up to a time, which
//! each renewal moves on; nobody has to tell it when that time is over, so that it also knows
//! after it was stopped for a while (SIGSTOP, a frozen machine) and goes on in the middle of a
//! pass. Whoever is about to write or to send asks right before.
//!
//! A statement that was sent in time may still run when the time is over. That is harmless: who
//! takes over finds its intent, and waits until the statement is
//! [surely over](super::sender::surely_over) before looking what became of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::database::lock;

/// For how long this process may act. Clones share one time.
#[derive(Clone, Debug)]
pub struct Validity(Arc<Mutex<Until>>);

#[derive(Clone, Copy, Debug)]
enum Until {
    /// It never may, so far.
    Not,
    At(Instant),
    Always,
}

impl Validity {
    /// For the only operator there is.
    #[must_use]
    pub fn always() -> Self {
        Self::new(Until::Always)
    }

    /// For one that must be elected first.
    #[must_use]
    pub fn not_yet() -> Self {
        Self::new(Until::Not)
    }

    fn new(until: Until) -> Self {
        Self(Arc::new(Mutex::new(until)))
    }

    /// How much time is left; nothing when it is over.
    #[must_use]
    pub fn left(&self) -> Duration {
        match *lock(&self.0) {
            Until::Not => Duration::ZERO,
            Until::At(end) => end.saturating_duration_since(Instant::now()),
            Until::Always => Duration::MAX,
        }
    }

    /// Whether this process may act now.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        !self.left().is_zero()
    }

    /// Moves the end.
    pub fn extend_to(&self, end: Instant) {
        *lock(&self.0) = Until::At(end);
    }

    /// Ends it now.
    pub fn end(&self) {
        *lock(&self.0) = Until::Not;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_over_at_its_end() {
        let validity = Validity::not_yet();
        validity.extend_to(Instant::now() + Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(validity.left(), Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!validity.is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_counts_for_everybody_who_asks() {
        let validity = Validity::not_yet();
        let sender = validity.clone();
        validity.extend_to(Instant::now() + Duration::from_secs(10));
        assert!(sender.is_valid());
    }

    #[test]
    fn nobody_acts_before_an_election() {
        assert!(!Validity::not_yet().is_valid());
    }
}
