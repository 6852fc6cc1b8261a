//! Commands that take minutes: a task of its own waits for the answer, and keeps it for whoever asks.
//!
//! The task belongs to those that read ([`Readers`](crate::oceanbase::registry::Readers)) and ends with
//! them, and when no object describes the database any more: no statement outlives the lease. What the
//! database makes of a statement that nobody waits for any more is found by looking.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;

use super::{Database, lock};
use crate::oceanbase::model::{Answer, BackgroundAnswer, RestoreKey, TenantName};

/// How many answers are kept.
const MAX_ANSWERS: usize = 64;

/// A task that waits for the answer of one command.
pub(in crate::oceanbase) type BackgroundStatement = BoxFuture<'static, ()>;

/// What is known of the commands that were handed over, from the oldest on.
#[derive(Default)]
pub(super) struct BackgroundStatements(Mutex<VecDeque<(RestoreKey, BackgroundAnswer)>>);

impl BackgroundStatements {
    pub(super) fn get(&self, key: &RestoreKey) -> Option<BackgroundAnswer> {
        let known = lock(&self.0);
        let found = known.iter().find(|(of, _)| of == key);
        found.map(|(_, state)| state.clone())
    }

    /// Notes that a command is under way, and forgets what became of the one before; says whether
    /// none is under way already.
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

/// A command that is under way. However it ends, it is answered.
pub(super) struct BackgroundGuard {
    database: Arc<Database>,
    key: RestoreKey,
    tenant: TenantName,
    answer: Option<Answer>,
}

impl BackgroundGuard {
    /// Begins; `None` while one with this key is under way.
    pub(super) fn begin(
        database: &Arc<Database>,
        key: &RestoreKey,
        tenant: &TenantName,
    ) -> Option<Self> {
        database.ledger.begin(key).then(|| Self {
            database: Arc::clone(database),
            key: key.clone(),
            tenant: tenant.clone(),
            answer: None,
        })
    }

    /// Ends with this answer.
    pub(super) fn end(mut self, answer: Answer) {
        self.answer = Some(answer);
    }
}

impl Drop for BackgroundGuard {
    fn drop(&mut self) {
        let given_up = || Answer::Unknown("the operator waits no longer for its answer".to_owned());
        let answer = self.answer.take().unwrap_or_else(given_up);
        self.database.ledger.answered(&self.key, answer);
        self.database.trigger_tenant(self.tenant.as_str());
    }
}
