//! The simulated time: tokio's paused clock, and an operator's own clock, which jumps and runs too
//! fast or too slowly.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oceanbase_backup_operator::clock::Clock;
use oceanbase_sim::model::Scn;
use tokio::time::Instant;

/// 2026-11-20 01:55:00 UTC, a Friday: five minutes before most slots.
const START: i64 = 1_795_139_700;

/// The time of one world. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Time {
    began: Instant,
    /// Differences of the operator's wall clock from the others; the last one applies now.
    drifts: Arc<Mutex<Vec<Drift>>>,
}

/// A wrong wall clock that runs evenly.
#[derive(Clone, Copy, Debug, Default)]
struct Drift {
    /// How far it was ahead at `since`.
    ahead: SignedDuration,
    since: Duration,
    /// How much too fast it runs, in hundredths.
    faster: i32,
}

impl Drift {
    fn ahead(&self, elapsed: Duration) -> SignedDuration {
        let passed = SignedDuration::try_from(elapsed.saturating_sub(self.since));
        self.ahead + passed.unwrap_or_default() * self.faster / 100
    }
}

impl Time {
    /// Creates the time of a new world.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
            drifts: right(),
        }
    }

    /// Returns the time on another machine, whose wall clock jumps by itself.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self {
            began: self.began,
            drifts: right(),
        }
    }

    /// Returns how long after the beginning of a world an instant is.
    fn since_start(at: Timestamp) -> SignedDuration {
        at.duration_since(Timestamp::from_second(START).unwrap())
    }

    /// Returns how long the world exists.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Returns the time that all but the operator use.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let start = Timestamp::from_second(START).unwrap();
        start + SignedDuration::try_from(self.elapsed()).unwrap()
    }

    /// Waits until the world has existed for this long.
    pub async fn until(&self, elapsed: Duration) {
        tokio::time::sleep_until(self.began + elapsed).await;
    }

    fn drifts(&self) -> MutexGuard<'_, Vec<Drift>> {
        self.drifts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how far the operator's wall clock is ahead from now on, and how fast it runs.
    fn change(&self, change: impl FnOnce(&mut Drift)) {
        let since = self.elapsed();
        let mut drifts = self.drifts();
        let current = drifts.last().copied().unwrap_or_default();
        let mut next = Drift {
            ahead: current.ahead(since),
            since,
            ..current
        };
        change(&mut next);
        drifts.push(next);
    }

    /// Moves the operator's wall clock.
    pub fn jump(&self, seconds: i64) {
        self.change(|drift| drift.ahead += SignedDuration::from_secs(seconds));
    }

    /// Runs the operator's wall clock at this percentage of its speed from now on.
    pub fn run_at(&self, percent: u32) {
        let percent = i32::try_from(percent).unwrap_or(i32::MAX);
        self.change(|drift| drift.faster = percent - 100);
    }

    /// Returns how long the world had existed when the operator's wall clock first showed this
    /// instant, or a later one.
    #[must_use]
    pub fn shown_at(&self, at: Timestamp) -> Option<Duration> {
        let due = Self::since_start(at).as_nanos();
        let drifts = self.drifts();
        let later = drifts.iter().skip(1).map(|next| next.since);
        let ends = later.chain([self.elapsed()]);
        drifts.iter().zip(ends).find_map(|(drift, end)| {
            let since = i128::try_from(drift.since.as_nanos()).ok()?;
            let missing = due - since - drift.ahead.as_nanos();
            let speed = i128::from(drift.faster) + 100;
            let left = (missing.max(0) * 100).checked_div(speed)?;
            let at = drift.since + Duration::from_nanos(u64::try_from(left).ok()?);
            (at <= end).then_some(at)
        })
    }

    /// Returns the operator's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let time = self.clone();
        Clock::new(move || {
            let current = time.drifts().last().copied().unwrap_or_default();
            time.now() + current.ahead(time.elapsed())
        })
    }
}

/// Creates a correct clock.
fn right() -> Arc<Mutex<Vec<Drift>>> {
    Arc::new(Mutex::new(vec![Drift::default()]))
}

impl oceanbase_sim::clock::Clock for Time {
    fn now(&self) -> Scn {
        let nanos = Time::now(self).as_nanosecond();
        Scn(u64::try_from(nanos).unwrap())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_instant_is_shown_when_the_operators_clock_comes_to_it_or_jumps_over_it() {
        let time = Time::begin();
        let minute =
            |number| Timestamp::from_second(START).unwrap() + SignedDuration::from_mins(number);
        let minutes = Duration::from_mins;
        time.until(minutes(1)).await;
        time.run_at(200);
        time.until(minutes(3)).await;
        time.jump(600);
        time.until(minutes(4)).await;
        let shown = [1, 3, 5, 6, 15, 17, 18].map(|number| time.shown_at(minute(number)));
        let at = |seconds| Some(Duration::from_secs(seconds));
        let expected = [at(60), at(120), at(180), at(180), at(180), at(240), None];
        assert_eq!(shown, expected);
    }
}
