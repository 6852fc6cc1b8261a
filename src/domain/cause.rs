//! Causes, as a status shows them.

use crate::api::Cause;
use crate::oceanbase::model::Failure;

/// Returns a cause without a number: a cause of the operator.
#[must_use]
pub fn cause(reason: &str, message: &str) -> Cause {
    Cause {
        code: None,
        reason: reason.to_owned(),
        message: shortened(message.to_owned(), CAUSE_LIMIT),
    }
}

/// Longest message of a cause that the schema accepts, in bytes.
const CAUSE_LIMIT: usize = 4096;

/// Shortens a text that is longer than the schema allows. A longer text would make every status
/// write fail.
pub(crate) fn shortened(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let end = (0..=limit.saturating_sub('…'.len_utf8()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

impl From<&Failure> for Cause {
    fn from(failure: &Failure) -> Self {
        Self {
            // Refusals by the operator have no number.
            code: Some(failure.code).filter(|code| *code != 0),
            reason: failure.reason.to_owned(),
            message: shortened(failure.message.clone(), CAUSE_LIMIT),
        }
    }
}
