//! What is not answered, or can not be seen.

use super::timing::{MAX_REFUSALS, SHORT_RETRY};
use super::{Evaluation, RecoveryDecision, State};
use crate::domain::{Blocker, cause};
use crate::oceanbase::model::Answer;

impl Evaluation<'_> {
    /// What is under way can not be seen: it goes on all the same.
    pub(super) fn unseen(self, blocker: &Blocker) -> RecoveryDecision {
        let state = State::Unobserved(blocker.as_waiting());
        self.render(&state, None, SHORT_RETRY)
    }

    /// Says why something is asked again, and when; what the database refuses again and again has
    /// failed.
    pub(super) fn repeat(mut self, state: &State, answer: &Answer) -> RecoveryDecision {
        if let Answer::Refused(failure) = answer
            && self.status.tries.unwrap_or_default() >= MAX_REFUSALS
            && self.status.restored_time.is_none()
        {
            return self.fail(failure.into());
        }
        self.status.cause = Some(unanswered("the statement was not taken", answer));
        let next = self.count_try();
        self.render(state, None, next)
    }
}

/// Why something has to be asked once more.
pub(super) fn unanswered(what: &str, answer: &Answer) -> crate::api::Cause {
    match answer {
        Answer::Refused(failure) => failure.into(),
        Answer::Withheld(why) | Answer::NotSent(why) | Answer::Unknown(why) => {
            cause("NotSent", &format!("{what} ({why}); it is tried again"))
        }
        _ => cause("NotSent", &format!("{what}; it is tried again")),
    }
}
