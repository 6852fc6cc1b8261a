//! Time for which this process may act, by its own monotonic clock.
//!
//! Of several operators, only the holder of the lease acts. The lease is valid until a time that
//! each renewal extends. The process needs no message when that time is over. It thus notices the
//! end even after a suspension in the middle of a reconcile pass (SIGSTOP, a virtual machine
//! without CPU time). It does not notice time that its clock does not count, such as suspend to
//! disk. Code checks the guard right before each write and each statement.
//!
//! When the time is over, waits for the database end immediately and their connection is dropped
//! ([`LeaseGuard::ended`]). A statement may take long only while the lease is renewed. The database
//! may still work on the statement until its timeout. This is harmless. The next holder finds the
//! intent of a backup. It waits until the statement has [certainly
//! ended](super::sender::statement_lifetime), then checks the outcome. All other statements may be
//! sent twice.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Time for which this process may act. Clones share it.
#[derive(Clone, Debug)]
pub struct LeaseGuard(Arc<watch::Sender<Until>>);

#[derive(Clone, Copy, Debug)]
enum Until {
    /// The process may not act yet.
    Not,
    At(Instant),
    Always,
}

impl LeaseGuard {
    /// Returns the guard of the only operator.
    #[must_use]
    pub fn always() -> Self {
        Self::new(Until::Always)
    }

    /// Returns the guard of an operator that must first acquire the lease.
    #[must_use]
    pub fn not_yet() -> Self {
        Self::new(Until::Not)
    }

    fn new(until: Until) -> Self {
        Self(Arc::new(watch::Sender::new(until)))
    }

    /// Returns the remaining time; zero when it is over.
    #[must_use]
    pub fn left(&self) -> Duration {
        match *self.0.borrow() {
            Until::Not => Duration::ZERO,
            Until::At(end) => end.saturating_duration_since(Instant::now()),
            Until::Always => Duration::MAX,
        }
    }

    /// Returns whether this process may act now.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        !self.left().is_zero()
    }

    /// Sets a new end.
    pub fn extend_to(&self, end: Instant) {
        self.0.send_replace(Until::At(end));
    }

    /// Ends the time now.
    pub fn end(&self) {
        self.0.send_replace(Until::Not);
    }

    /// Waits until the time is over.
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
