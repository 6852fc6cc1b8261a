//! Decisions of an election. They are pure: the time is a parameter.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::LeaseSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use tokio::time::Instant;

use super::Error;

/// Next step of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Try to acquire the lease.
    Take,
    /// Read the lease again.
    Wait,
}

/// State of the election in one process.
#[derive(Debug)]
pub(super) struct Election {
    identity: String,
    duration: Duration,
    observed: Option<Observation>,
}

/// Observed lease, and since when it is unchanged.
#[derive(Debug)]
struct Observation {
    /// None if the lease was deleted after it had been observed.
    spec: Option<LeaseSpec>,
    /// Duration for which the holder considers the lease valid.
    good_for: Duration,
    since: Instant,
}

impl Election {
    pub(super) fn new(identity: &str, duration: Duration) -> Self {
        Self {
            identity: identity.to_owned(),
            duration,
            observed: None,
        }
    }

    /// Records the result of a read; `None` if there is no lease.
    pub(super) fn observe(&mut self, spec: Option<&LeaseSpec>, now: Instant) {
        let known = self.observed.as_ref();
        if known.is_some_and(|known| known.spec.as_ref() == spec) {
            return;
        }
        let good_for = match spec {
            Some(spec) => self.good_for(spec),
            None => match known {
                // Until then, the holder may not have noticed the deletion.
                Some(known) => known.good_for,
                None => return,
            },
        };
        self.observed = Some(Observation {
            spec: spec.cloned(),
            good_for,
            since: now,
        });
    }

    /// Returns the duration of the lease. Another version of the operator may use another duration.
    fn good_for(&self, spec: &LeaseSpec) -> Duration {
        let seconds = spec.lease_duration_seconds.unwrap_or_default();
        match u64::try_from(seconds) {
            Ok(seconds) if seconds > 0 => Duration::from_secs(seconds),
            _ => self.duration,
        }
    }

    /// Returns the next step after the recorded observations.
    pub(super) fn candidacy(&self, now: Instant) -> Step {
        let Some(observed) = &self.observed else {
            return Step::Take;
        };
        let is_held = match &observed.spec {
            // Own lease: the answer to the own write was lost.
            Some(spec) => holder(spec).is_some_and(|holder| holder != self.identity),
            None => true,
        };
        if is_held && now.saturating_duration_since(observed.since) < observed.good_for {
            Step::Wait
        } else {
            Step::Take
        }
    }

    /// Checks that this process still holds the lease.
    pub(super) fn check_holder(&self, found: Option<&LeaseSpec>) -> Result<(), Error> {
        match found.and_then(holder) {
            Some(holder) if holder == self.identity => Ok(()),
            Some(holder) => Err(Error::Taken(holder.to_owned())),
            None => Err(Error::Taken("no operator: it was released".to_owned())),
        }
    }

    /// Returns the lease as this process writes it.
    pub(super) fn acquired_spec(&self, found: Option<LeaseSpec>, now: MicroTime) -> LeaseSpec {
        let is_renewal = self.check_holder(found.as_ref()).is_ok();
        let found = found.unwrap_or_default();
        let transitions = found.lease_transitions.unwrap_or_default();
        let (acquired, transitions) = if is_renewal {
            (found.acquire_time, transitions)
        } else if found.acquire_time.is_some() {
            (Some(now.clone()), transitions.saturating_add(1))
        } else {
            (Some(now.clone()), transitions)
        };
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(self.duration.as_secs()).ok(),
            acquire_time: acquired,
            renew_time: Some(now),
            lease_transitions: Some(transitions),
            ..found
        }
    }
}

/// Returns the holder of a lease; none if it was released.
pub(super) fn holder(spec: &LeaseSpec) -> Option<&str> {
    spec.holder_identity
        .as_deref()
        .filter(|holder| !holder.is_empty())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    const DURATION: Duration = Duration::from_secs(15);

    fn me() -> Election {
        Election::new("me", DURATION)
    }

    fn held_by(holder: &str, renewed_at: i64) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            acquire_time: Some(MicroTime(Timestamp::UNIX_EPOCH)),
            renew_time: Some(MicroTime(Timestamp::from_second(renewed_at).unwrap())),
            lease_transitions: Some(3),
            ..LeaseSpec::default()
        }
    }

    /// Returns the step of a candidate after reads at these seconds.
    fn after(looks: &[(u64, Option<LeaseSpec>)]) -> Step {
        let (mut election, start) = (me(), Instant::now());
        let mut now = start;
        for (second, spec) in looks {
            now = start + Duration::from_secs(*second);
            election.observe(spec.as_ref(), now);
        }
        election.candidacy(now)
    }

    #[test]
    fn a_lease_that_nobody_ever_had_is_taken() {
        assert_eq!(after(&[(0, None)]), Step::Take);
    }

    #[test]
    fn a_lease_that_was_released_is_taken_at_once() {
        assert_eq!(after(&[(0, Some(held_by("", 0)))]), Step::Take);
    }

    #[test]
    fn a_lease_with_an_old_time_is_not_taken_by_one_who_has_just_come() {
        assert_eq!(after(&[(0, Some(held_by("other", -99_999)))]), Step::Wait);
    }

    #[test]
    fn a_lease_is_taken_when_it_was_seen_unchanged_for_its_duration() {
        let same = || Some(held_by("other", 0));
        assert_eq!(after(&[(0, same()), (14, same())]), Step::Wait);
        assert_eq!(after(&[(0, same()), (15, same())]), Step::Take);
    }

    #[test]
    fn each_renewal_makes_a_candidate_wait_anew() {
        let (first, second) = (Some(held_by("other", 0)), Some(held_by("other", 2)));
        let looks = [(0, first), (14, second.clone()), (28, second)];
        assert_eq!(after(&looks), Step::Wait);
    }

    #[test]
    fn a_lease_that_somebody_deletes_is_left_to_its_holder_for_its_duration() {
        let held = || Some(held_by("other", 0));
        assert_eq!(after(&[(0, held()), (10, None)]), Step::Wait);
        assert_eq!(after(&[(0, held()), (10, None), (25, None)]), Step::Take);
    }

    #[test]
    fn a_lease_for_longer_than_our_own_is_respected() {
        let longer = || {
            Some(LeaseSpec {
                lease_duration_seconds: Some(60),
                ..held_by("other", 0)
            })
        };
        assert_eq!(after(&[(0, longer()), (59, longer())]), Step::Wait);
    }

    #[test]
    fn a_lease_that_is_ours_by_a_lost_answer_is_taken() {
        assert_eq!(after(&[(0, Some(held_by("me", 0)))]), Step::Take);
    }

    #[test]
    fn a_lease_in_other_hands_is_lost() {
        let election = me();
        assert!(election.check_holder(Some(&held_by("me", 0))).is_ok());
        let lost = Error::Taken("other".to_owned());
        assert_eq!(election.check_holder(Some(&held_by("other", 0))), Err(lost));
        assert!(election.check_holder(Some(&held_by("", 0))).is_err());
    }

    #[test]
    fn taking_a_lease_over_is_a_transition_and_renewing_it_is_none() {
        let now = || MicroTime(Timestamp::from_second(100).unwrap());
        let taken = me().acquired_spec(Some(held_by("other", 0)), now());
        assert_eq!(taken.lease_transitions, Some(4));
        assert_eq!(taken.acquire_time, Some(now()));
        let renewed = me().acquired_spec(Some(held_by("me", 0)), now());
        assert_eq!(renewed.lease_transitions, Some(3));
        assert_eq!(renewed.acquire_time, held_by("me", 0).acquire_time);
    }
}
