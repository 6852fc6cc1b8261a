//! Background tasks for commands that take minutes. Each waits for the response and keeps it.
//!
//! The tasks belong to [`Readers`](crate::oceanbase::registry::Readers) and end with them, so that
//! no statement outlives the lease. They also end when no object describes the database any longer.
//! A later check finds the outcome of such a statement.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;

use super::Database;
use crate::oceanbase::model::{Answer, BackgroundAnswer, RestoreKey, TenantName};
use crate::oceanbase::sync::lock;

/// Number of answers that are kept.
const MAX_ANSWERS: usize = 64;

/// Task that waits for the response to one command.
pub(in crate::oceanbase) type BackgroundStatement = BoxFuture<'static, ()>;

/// State of handed-over commands, oldest first.
#[derive(Default)]
pub(super) struct BackgroundStatements(Mutex<VecDeque<(RestoreKey, BackgroundAnswer)>>);

impl BackgroundStatements {
    pub(super) fn get(&self, key: &RestoreKey) -> Option<BackgroundAnswer> {
        let known = lock(&self.0);
        let found = known.iter().find(|(of, _)| of == key);
        found.map(|(_, state)| state.clone())
    }

    /// Records that a command is in flight, and discards the previous answer. Returns false if the
    /// command is already in flight.
    fn begin(&self, key: &RestoreKey) -> bool {
        let mut known = lock(&self.0);
        let found = known.iter().position(|(of, _)| of == key);
        if let Some(position) = found {
            if known[position].1 == BackgroundAnswer::Sending {
                return false;
            }
            known.remove(position);
        }
        known.push_back((key.clone(), BackgroundAnswer::Sending));
        true
    }

    fn answered(&self, key: &RestoreKey, answer: Answer) {
        let mut known = lock(&self.0);
        known.retain(|(of, _)| of != key);
        known.push_back((key.clone(), BackgroundAnswer::Answered(answer)));
        let is_over = |(_, state): &(_, BackgroundAnswer)| *state != BackgroundAnswer::Sending;
        if known.iter().filter(|entry| is_over(entry)).count() > MAX_ANSWERS
            && let Some(oldest) = known.iter().position(is_over)
        {
            known.remove(oldest);
        }
    }
}

/// Command in flight. It is always answered, however it ends.
pub(super) struct BackgroundGuard {
    database: Arc<Database>,
    key: RestoreKey,
    tenant: TenantName,
    answer: Option<Answer>,
}

impl BackgroundGuard {
    /// Records the command; `None` while a command with this key is in flight.
    pub(super) fn begin(
        database: &Arc<Database>,
        key: &RestoreKey,
        tenant: &TenantName,
    ) -> Option<Self> {
        database.background_answers.begin(key).then(|| Self {
            database: Arc::clone(database),
            key: key.clone(),
            tenant: tenant.clone(),
            answer: None,
        })
    }

    /// Ends the command with this answer.
    pub(super) fn end(mut self, answer: Answer) {
        self.answer = Some(answer);
    }
}

impl Drop for BackgroundGuard {
    fn drop(&mut self) {
        let given_up = || Answer::Unknown("the operator no longer waits for the answer".to_owned());
        let answer = self.answer.take().unwrap_or_else(given_up);
        self.database.background_answers.answered(&self.key, answer);
        self.database.trigger_tenant(self.tenant.as_str());
    }
}
