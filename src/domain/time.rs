//! Times and durations, as a status shows them.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Returns an instant as the API server keeps it: in whole seconds. A finer instant would differ
/// from the stored one and cause endless writes.
#[must_use]
pub fn time(at: Timestamp) -> Time {
    Time(Timestamp::from_second(at.as_second()).unwrap_or(at))
}

/// Returns the first whole second at or after an instant. The start of a recovery window must not
/// be shown before its real start.
#[must_use]
pub fn time_from(at: Timestamp) -> Time {
    let whole = time(at);
    if whole.0 == at {
        return whole;
    }
    let next = whole.0.saturating_add(SignedDuration::from_secs(1));
    Time(next.unwrap_or(at))
}

/// Returns a duration in its usual text form: `3m20s`.
#[must_use]
pub fn duration_text(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, s) => format!("{h}h{m}m{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_recovered_from_an_instant_on_is_not_said_to_be_a_moment_before_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let shown = |text: &str| time_from(at(text)).0;
        assert_eq!(shown("2026-11-20T02:00:00Z"), at("2026-11-20T02:00:00Z"));
        assert_eq!(
            shown("2026-11-20T02:00:00.005560152Z"),
            at("2026-11-20T02:00:01Z")
        );
    }
}
