//! Final outcome of a cleanup or a recovery.

/// Final outcome of a cleanup or a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Completed,
    Failed,
    Canceled,
}

impl Outcome {
    /// Returns the word in `status.outcome`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }

    /// Reads `status.outcome`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Completed, Self::Failed, Self::Canceled]
            .into_iter()
            .find(|outcome| outcome.word() == word)
    }
}
