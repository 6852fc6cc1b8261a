//! Delays that double after each failure, and the instants that a status records for them. Another
//! clock may have written these instants.

use jiff::{SignedDuration, Timestamp};

/// Delays that double up to the longest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    shortest: SignedDuration,
    longest: SignedDuration,
}

/// Delays after a statement that failed and does no harm if it is sent again.
pub(crate) const AFTER_FAILURE: Backoff =
    Backoff::new(SignedDuration::from_secs(5), SignedDuration::from_mins(5));

impl Backoff {
    pub(crate) const fn new(shortest: SignedDuration, longest: SignedDuration) -> Self {
        Self { shortest, longest }
    }

    /// Returns the delay after this many failures, counted from 1.
    pub(crate) fn pause(self, times: i32) -> SignedDuration {
        let doublings = times.clamp(1, 31) - 1;
        let doubled = self.shortest.saturating_mul(1 << doublings);
        doubled.min(self.longest)
    }

    /// Returns the end of the delay after this many failures, the last of them at `since`. Returns
    /// `None` if the delay is over, or if `since` is in the future.
    pub(crate) fn until(self, since: Timestamp, times: i32, now: Timestamp) -> Option<Timestamp> {
        let until = since.saturating_add(self.pause(times)).ok()?;
        (since <= now && now < until).then_some(until)
    }
}

/// Returns the end of a delay if it is in the future and no further away than the longest delay.
pub(crate) fn still_to_come(
    until: Timestamp,
    longest: SignedDuration,
    now: Timestamp,
) -> Option<Timestamp> {
    let rest = now.duration_until(until);
    (rest > SignedDuration::ZERO && rest <= longest).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff =
        Backoff::new(SignedDuration::from_secs(5), SignedDuration::from_secs(60));

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn each_pause_is_twice_the_one_before_up_to_the_longest() {
        let pauses = [i32::MIN, 0, 1, 2, 3, 4, 5, 40, i32::MAX].map(|times| BACKOFF.pause(times));
        let seconds = [5, 5, 5, 10, 20, 40, 60, 60, 60].map(SignedDuration::from_secs);
        assert_eq!(pauses, seconds);
    }

    #[test]
    fn a_pause_lasts_until_its_end_and_not_at_it() {
        let untils = [0, 9, 10].map(|now| BACKOFF.until(at(0), 2, at(now)));
        assert_eq!(untils, [Some(at(10)), Some(at(10)), None]);
    }

    #[test]
    fn an_instant_that_another_clock_has_written_holds_nothing_back() {
        assert_eq!(BACKOFF.until(at(1), 1, at(0)), None);
        let longest = SignedDuration::from_secs(60);
        let ends = [0, 1, 60, 61].map(|end| still_to_come(at(end), longest, at(0)));
        assert_eq!(ends, [None, Some(at(1)), Some(at(60)), None]);
    }
}
