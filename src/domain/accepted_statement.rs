//! Statements that the database accepted and that show no effect yet. sys reports success even if
//! the tenant failed (`ARCHIVELOG TENANT = t` hides errors of the tenant), and views lag. The
//! operator repeats such statements at growing intervals and reports them.

use jiff::{SignedDuration, Timestamp};

use super::backoff::Backoff;
use super::time;
use crate::api::AcceptedStatement;

/// Delays before a statement is repeated.
const BACKOFF: Backoff = Backoff::new(SignedDuration::from_secs(15), SignedDuration::from_mins(5));

/// Number of times that a statement is accepted without effect before the operator reports it. The
/// effect may wait up to 50 s for the next loop of the archive scheduler; the report comes later.
const REPORT_AFTER_ATTEMPTS: i32 = 4;

/// Records that the database accepted this statement.
pub(crate) fn record(taken: &mut Option<AcceptedStatement>, statement: &str, now: Timestamp) {
    let known = taken.take().filter(|known| known.statement == statement);
    *taken = Some(AcceptedStatement {
        statement: statement.to_owned(),
        times: known.map_or(0, |known| known.times).saturating_add(1),
        time: time(now),
    });
}

/// Returns the instant before which this statement is not repeated.
pub(crate) fn repeated_at(
    taken: Option<&AcceptedStatement>,
    statement: &str,
    now: Timestamp,
) -> Option<Timestamp> {
    let known = taken.filter(|known| known.statement == statement)?;
    BACKOFF.until(known.time.0, known.times, now)
}

/// Returns whether the statement is reported to users.
pub(crate) fn is_reported(taken: Option<&AcceptedStatement>) -> bool {
    taken.is_some_and(|known| known.times >= REPORT_AFTER_ATTEMPTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_statement_without_effect_is_repeated_more_and_more_rarely_and_told() {
        let mut taken = None;
        let (mut now, mut pauses, mut reported) = (0, Vec::new(), Vec::new());
        for _ in 0..7 {
            record(&mut taken, "ARCHIVELOG", at(now));
            let again = repeated_at(taken.as_ref(), "ARCHIVELOG", at(now)).unwrap();
            assert_eq!(repeated_at(taken.as_ref(), "ARCHIVELOG", again), None);
            pauses.push(again.as_second() - at(now).as_second());
            reported.push(is_reported(taken.as_ref()));
            now += pauses[pauses.len() - 1];
        }
        assert_eq!(pauses, [15, 30, 60, 120, 240, 300, 300]);
        assert_eq!(reported, [false, false, false, true, true, true, true]);
    }

    #[test]
    fn another_statement_is_not_held_back_and_counts_anew() {
        let mut taken = None;
        record(&mut taken, "NOARCHIVELOG", at(0));
        record(&mut taken, "NOARCHIVELOG", at(20));
        assert_eq!(repeated_at(taken.as_ref(), "ARCHIVELOG", at(21)), None);
        record(&mut taken, "ARCHIVELOG", at(21));
        assert_eq!(taken.unwrap().times, 1);
    }

    #[test]
    fn an_instant_that_another_clock_has_written_holds_nothing_back() {
        let mut taken = None;
        record(&mut taken, "ARCHIVELOG", at(1_000_000));
        assert_eq!(repeated_at(taken.as_ref(), "ARCHIVELOG", at(0)), None);
    }
}
