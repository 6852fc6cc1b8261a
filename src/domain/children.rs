//! Outcome of creating, editing and deleting the objects that an object owns.

use std::collections::{BTreeMap, BTreeSet};

use crate::oceanbase::model::Answer;

/// Result of an effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplyOutcome {
    /// Objects that are as desired and belong to the strategy, from this pass or before.
    pub owned: BTreeSet<String>,
    /// Names taken by objects that do not belong to the strategy.
    pub foreign: BTreeSet<String>,
    /// Why objects could not be created, edited or deleted, by name.
    pub errors: BTreeMap<String, String>,
    /// Result of the statement, if the effect was one.
    pub answer: Option<Answer>,
}

impl ApplyOutcome {
    /// Returns why one of the objects could not be created, edited or deleted.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.errors.values().next().map(String::as_str)
    }
}
