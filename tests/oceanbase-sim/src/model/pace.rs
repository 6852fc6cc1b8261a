//! Durations of the simulated work.

use std::time::Duration;

/// Durations of the engine's background work, all divided by one factor.
///
/// Only durations shrink. Timestamps follow the clock, and a piece switch interval stays as
/// configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// How many times faster than the engine.
    pub speed: f64,
    /// The idle time of the data backup scheduler. Each step triggers the engine's scheduler, so
    /// the documented idle time does not apply; it sleeps five seconds before a retry.
    pub backup_loop: Duration,
    /// The length of a piece instead of the tenant's setting: a day is long in a demonstration.
    pub piece_interval: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            speed: 1.0,
            backup_loop: Duration::from_secs(5),
            piece_interval: None,
        }
    }
}

impl Pace {
    /// Returns a duration of the engine, divided by the factor.
    #[must_use]
    pub fn scale(&self, real: Duration) -> Duration {
        if self.speed.is_finite() && self.speed > 0.0 {
            Duration::try_from_secs_f64(real.as_secs_f64() / self.speed).unwrap_or(real)
        } else {
            real
        }
    }

    /// Returns the archive scheduler's idle time in PREPARE, BEGINNING, SUSPENDING and STOPPING.
    #[must_use]
    pub fn busy_archive_loop(&self) -> Duration {
        self.scale(Duration::from_secs(10))
    }

    /// Returns the archive scheduler's other idle time: half of the 120 s checkpoint interval less
    /// 10.
    #[must_use]
    pub fn idle_archive_loop(&self) -> Duration {
        self.scale(Duration::from_secs(50))
    }

    /// Returns the duration of one step of the data backup scheduler.
    #[must_use]
    pub fn backup_step(&self) -> Duration {
        self.scale(self.backup_loop)
    }

    /// Returns the interval of cleanups with a policy: about one hour.
    #[must_use]
    pub fn cleanup_interval(&self) -> Duration {
        self.scale(Duration::from_hours(1))
    }

    /// Returns the duration of the working phase of a backup of this size.
    #[must_use]
    pub fn backup_work(&self, bytes: u64, bytes_per_second: u64) -> Duration {
        let reading = Duration::from_secs(bytes / bytes_per_second.max(1));
        self.scale(Duration::from_secs(30) + reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_takes_a_minute_at_speed_sixty() {
        let pace = Pace {
            speed: 60.0,
            ..Pace::default()
        };
        assert_eq!(pace.scale(Duration::from_hours(1)), Duration::from_mins(1));
    }
}
