//! For how long this process may act, on its own monotonic clock.
//!
//! Of several operators one acts: the one that holds the lease. It holds it up to a time, which
//! each renewal moves on; nobody has to tell it when that time is over, so that it also knows
//! after it was stopped for a while (SIGSTOP, a virtual machine without processor time) and goes on
//! in the middle of a pass. What that clock does not count, such as a machine's suspension to disk,
//! it does not know of. Whoever is about to write or to send asks right before.
//!
//! What waits for the database when the time is over waits no longer: its connection is dropped at
//! once ([`LeaseGuard::ended`]), so that a statement takes as long as it needs only while the lease is
//! renewed. The database may still be at it then, for as long as it was told to work on it. That is
//! harmless: who takes over finds the intent of a backup, and waits until the statement is
//! [surely over](super::sender::surely_over) before looking what became of it; all other statements
//! may be sent twice.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// For how long this process may act. Clones share one time.
#[derive(Clone, Debug)]
pub struct LeaseGuard(Arc<watch::Sender<Until>>);

#[derive(Clone, Copy, Debug)]
enum Until {
    /// It never may, so far.
    Not,
    At(Instant),
    Always,
}

impl LeaseGuard {
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
        Self(Arc::new(watch::Sender::new(until)))
    }

    /// How much time is left; nothing when it is over.
    #[must_use]
    pub fn left(&self) -> Duration {
        match *self.0.borrow() {
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
        self.0.send_replace(Until::At(end));
    }

    /// Ends it now.
    pub fn end(&self) {
        self.0.send_replace(Until::Not);
    }

    /// Returns when it is over.
    pub async fn ended(&self) {
        let mut until = self.0.subscribe();
        loop {
            let known = *until.borrow_and_update();
            let end = async {
                match known {
                    Until::Not => {}
                    Until::At(end) => sleep_until(end).await,
                    Until::Always => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                // The sender lives as long as `self`.
                Ok(()) = until.changed() => {}
                () = end => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_over_at_its_end() {
        let lease_guard = LeaseGuard::not_yet();
        lease_guard.extend_to(Instant::now() + Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(lease_guard.left(), Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!lease_guard.is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_counts_for_everybody_who_asks() {
        let lease_guard = LeaseGuard::not_yet();
        let sender = lease_guard.clone();
        lease_guard.extend_to(Instant::now() + Duration::from_secs(10));
        assert!(sender.is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_its_end_waits_on_when_it_is_renewed() {
        let lease_guard = LeaseGuard::not_yet();
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        lease_guard.extend_to(at(10));
        let renewed = async {
            sleep_until(at(8)).await;
            lease_guard.extend_to(at(18));
        };
        tokio::join!(lease_guard.ended(), renewed);
        assert_eq!(began.elapsed(), Duration::from_secs(18));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_its_end_hears_of_an_early_one() {
        let lease_guard = LeaseGuard::always();
        let began = Instant::now();
        let given_up = async {
            sleep_until(began + Duration::from_secs(1)).await;
            lease_guard.end();
        };
        tokio::join!(lease_guard.ended(), given_up);
        assert_eq!(began.elapsed(), Duration::from_secs(1));
    }

    #[test]
    fn nobody_acts_before_an_election() {
        assert!(!LeaseGuard::not_yet().is_valid());
    }
}
