//! Blackout windows: times of the week in which no backup starts.
//!
//! A window begins at the first instant at which the zone's clock shows its start. It ends after
//! the last instant before the clock shows its end. So it is one contiguous stretch even if the
//! clock changes within it, and a repeated hour counts twice. A window inside a gap is empty.
//!
//! Time does not count during a window: a slot in it starts at its end, and deadlines are extended.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::calendar::mask;
use super::civil::{minute_of_day, sunday_zero};
use super::{Schedule, ScheduleError, time_zone};
use crate::api::schedule::{BlackoutAction, BlackoutWindow};

const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;
/// Number of days searched for the next window: a weekly one may fall into a gap.
const DAYS_AHEAD: i64 = 16;
/// Maximum number of windows that are stepped over: beyond it, a deadline ends early.
const MOST_STEPS: usize = 200;

/// A blackout in effect, during which no backup starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blackout {
    /// First instant at which backups may start again.
    pub until: Timestamp,
    /// What happens to a slot that becomes due now.
    pub action: BlackoutAction,
}

/// A parsed window: on these days, from one minute of the day to another.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Bits 0 (Sunday) to 6 (Saturday).
    days: u64,
    /// Minutes after midnight.
    start: i64,
    /// Minutes after the same midnight, at most 48 hours.
    end: i64,
    action: BlackoutAction,
}

/// A stretch of time, without its end.
type Span = (Timestamp, Timestamp);

impl Schedule {
    /// Returns the blackout in effect at `now`, if any; windows that overlap or touch count as one.
    #[must_use]
    pub fn blackout(&self, now: Timestamp) -> Option<Blackout> {
        let holding = self.holding(now);
        let skips = holding
            .iter()
            .any(|(window, _)| window.action == BlackoutAction::Skip);
        let action = if skips {
            BlackoutAction::Skip
        } else {
            BlackoutAction::Postpone
        };
        let mut until = holding.iter().map(|(_, span)| span.1).max()?;
        for _ in 0..MOST_STEPS {
            match self.holding(until).iter().map(|(_, span)| span.1).max() {
                Some(later) => until = later,
                None => break,
            }
        }
        Some(Blackout { until, action })
    }

    /// Returns the first instant outside blackouts at which this much time outside blackouts has
    /// passed since `from`.
    #[must_use]
    pub fn after(&self, from: Timestamp, open_time: SignedDuration) -> Timestamp {
        let (mut at, mut rest) = (self.open_from(from), open_time);
        for _ in 0..MOST_STEPS {
            let end = at.saturating_add(rest).unwrap_or(Timestamp::MAX);
            match self.next_start(at) {
                Some(start) if start <= end => {
                    rest -= at.duration_until(start);
                    at = self.open_from(start);
                }
                _ => return end,
            }
        }
        at
    }

    fn open_from(&self, at: Timestamp) -> Timestamp {
        self.blackout(at).map_or(at, |blackout| blackout.until)
    }

    /// Returns the windows in effect at `at`.
    fn holding(&self, at: Timestamp) -> Vec<(&Window, Span)> {
        if self.windows.is_empty() {
            return Vec::new();
        }
        let day = self.zone.to_datetime(at).date();
        // Samoa skipped a day, and a clock that is set back at midnight shows the previous day.
        let spans = self.spans(day, -2..=1);
        spans
            .filter(|(_, (start, end))| *start <= at && at < *end)
            .collect()
    }

    /// Returns when the first window after `at` starts.
    fn next_start(&self, at: Timestamp) -> Option<Timestamp> {
        if self.windows.is_empty() {
            return None;
        }
        let day = self.zone.to_datetime(at).date();
        (-1..=DAYS_AHEAD).find_map(|ahead| {
            let starts = self.spans(day, ahead..=ahead).map(|(_, span)| span.0);
            starts.filter(|start| *start > at).min()
        })
    }

    fn spans(
        &self,
        day: Date,
        ahead: std::ops::RangeInclusive<i64>,
    ) -> impl Iterator<Item = (&Window, Span)> {
        let days = ahead.filter_map(move |ahead| day.checked_add(ahead.days()).ok());
        days.flat_map(move |day| {
            let spans = self.windows.iter();
            spans.filter_map(move |window| Some((window, window.on(day, &self.zone)?)))
        })
    }
}

impl Window {
    /// Returns the span of the window that starts on this day.
    fn on(&self, day: Date, zone: &TimeZone) -> Option<Span> {
        let weekday = u32::try_from(day.weekday().to_sunday_zero_offset()).ok()?;
        if self.days >> weekday & 1 == 0 {
            return None;
        }
        let midnight = day.to_datetime(Time::midnight());
        let civil = |minutes| {
            midnight
                .checked_add(SignedDuration::from_mins(minutes))
                .ok()
        };
        let start = time_zone::instant_of(zone, civil(self.start)?)?;
        let end = last_shown_before(zone, civil(self.end)?)?;
        (start < end).then_some((start, end))
    }

    /// Returns the minutes of a week that it covers, from Sunday on.
    fn minutes(&self) -> impl Iterator<Item = i64> {
        let days = (0..7).filter(|day| self.days >> day & 1 == 1);
        days.flat_map(|day| (self.start..self.end).map(move |minute| day * DAY + minute))
            .map(|minute| minute % WEEK)
    }
}

/// Returns the end of the time at which the clock shows less than `civil`.
fn last_shown_before(zone: &TimeZone, civil: DateTime) -> Option<Timestamp> {
    let moment = zone.to_ambiguous_timestamp(civil);
    if let AmbiguousOffset::Fold { .. } = moment.offset() {
        let second = zone.to_ambiguous_timestamp(civil).later().ok()?;
        let before = second.checked_sub(SignedDuration::from_nanos(1)).ok()?;
        // If the clock was set back to this very minute, it never shows an earlier minute again.
        if zone.to_datetime(before) < civil {
            return Some(second);
        }
    }
    time_zone::instant_of(zone, civil)
}

pub(super) fn parse(specs: &[BlackoutWindow]) -> Result<Vec<Window>, ScheduleError> {
    let windows: Vec<Window> = specs.iter().map(window).collect::<Result<_, _>>()?;
    let mut open = vec![true; usize::try_from(WEEK).unwrap_or_default()];
    for minute in windows.iter().flat_map(Window::minutes) {
        if let Some(minute) = usize::try_from(minute).ok().and_then(|at| open.get_mut(at)) {
            *minute = false;
        }
    }
    if open.contains(&true) {
        Ok(windows)
    } else {
        let problem = "they leave no minute of the week in which a backup can start; shorten one";
        Err(invalid("schedule.blackoutWindows", problem.to_owned()))
    }
}

fn window(spec: &BlackoutWindow) -> Result<Window, ScheduleError> {
    let minute = |field, text: &str| {
        minute_of_day(text).ok_or_else(|| {
            let problem = format!("`{text}` is not a time of day; write HH:MM, such as 08:00");
            invalid(field, problem)
        })
    };
    let start = minute("schedule.blackoutWindows.start", &spec.start)?;
    let end = match spec.end.as_str() {
        "24:00" => DAY,
        text => minute("schedule.blackoutWindows.end", text)?,
    };
    if start == end {
        let problem = "a window must not end when it starts; for a whole day write 00:00 and 24:00";
        return Err(invalid("schedule.blackoutWindows", problem.to_owned()));
    }
    let named = mask(spec.days.iter().map(|day| sunday_zero(*day)));
    Ok(Window {
        days: if named == 0 { 0x7F } else { named },
        start,
        end: if end < start { end + DAY } else { end },
        action: spec.action,
    })
}

fn invalid(field: &'static str, problem: String) -> ScheduleError {
    ScheduleError::InvalidBlackout { field, problem }
}
