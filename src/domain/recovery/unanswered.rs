//! Missing answers, and state that cannot be observed.

use super::timing::{MAX_REFUSALS, SHORT_RETRY};
use super::{Evaluation, RecoveryDecision, State};
use crate::domain::{Blocker, cause};
use crate::oceanbase::model::Answer;

impl Evaluation<'_> {
    /// Renders work that cannot be observed and that continues nevertheless.
    pub(super) fn unseen(self, blocker: &Blocker) -> RecoveryDecision {
        let state = State::Unobserved(blocker.as_waiting());
        self.render(&state, None, SHORT_RETRY)
    }

    /// Records why and when a request is repeated; a request that the database refuses too often
    /// fails.
    pub(super) fn repeat(mut self, state: &State, answer: &Answer) -> RecoveryDecision {
        if let Answer::Refused(failure) = answer
            && self.status.tries.unwrap_or_default() >= MAX_REFUSALS
            && self.status.restored_time.is_none()
        {
            return self.fail(failure.into());
        }
        self.status.cause = Some(unanswered("the statement was not accepted", answer));
        let next = self.count_try();
        self.render(state, None, next)
    }
}

/// Returns why a request must be repeated.
pub(super) fn unanswered(what: &str, answer: &Answer) -> crate::api::Cause {
    match answer {
        Answer::Refused(failure) => failure.into(),
        Answer::Withheld(why) | Answer::NotSent(why) | Answer::Unknown(why) => {
            cause("NotSent", &format!("{what} ({why}); the operator retries"))
        }
        _ => cause("NotSent", &format!("{what}; the operator retries")),
    }
}
