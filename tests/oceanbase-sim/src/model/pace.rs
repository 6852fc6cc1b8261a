//! How long things take.

use std::time::Duration;

/// Durations of the engine's background work, all divided by one factor.
///
/// Only durations shrink. Time stamps stay on the clock's time, and a piece switch interval stays
/// what the tenant asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// How many times faster than the engine.
    pub speed: f64,
    /// The idle time of the data backup scheduler. The engine wakes it up at each step, so the
    /// documented idle time is not met; five seconds is what it sleeps before a retry.
    pub backup_loop: Duration,
    /// How long a piece is, whatever the tenant asked for: a day is long in a demonstration.
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
    /// A duration of the engine, made shorter by the factor.
    #[must_use]
    pub fn scale(&self, real: Duration) -> Duration {
        if self.speed.is_finite() && self.speed > 0.0 {
            Duration::try_from_secs_f64(real.as_secs_f64() / self.speed).unwrap_or(real)
        } else {
            real
        }
    }

    /// Idle time of the archive scheduler in PREPARE, BEGINNING, SUSPENDING and STOPPING.
    #[must_use]
    pub fn busy_archive_loop(&self) -> Duration {
        self.scale(Duration::from_secs(10))
    }

    /// Idle time of the archive scheduler otherwise: half of the 120 s checkpoint interval less 10.
    #[must_use]
    pub fn idle_archive_loop(&self) -> Duration {
        self.scale(Duration::from_secs(50))
    }

    /// One step of the data backup scheduler.
    #[must_use]
    pub fn backup_step(&self) -> Duration {
        self.scale(self.backup_loop)
    }

    /// How often the root service starts a cleanup where there is a policy: about once an hour.
    #[must_use]
    pub fn cleanup_interval(&self) -> Duration {
        self.scale(Duration::from_hours(1))
    }

    /// The working phase of a backup of this size.
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
