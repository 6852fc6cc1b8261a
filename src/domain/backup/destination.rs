//! The destination of a tenant that has none for data backups. The operator sets it once, before
//! the first BACKUP.

use jiff::SignedDuration;

use super::attempt::not_sent;
use super::{BackupDecision, Effect, Evaluation, State};
use crate::domain::attempt::{LOOKUP_PAUSE, SentOnce};
use crate::domain::{Blocker, Next, ObservedDestination, accepted_statement};
use crate::oceanbase::model::{Acceptance, Answer, FailureClass};

/// Text of the statement, as a status records it.
const SETTING: &str = "SET DATA_BACKUP_DEST";

/// Delay after the destination could not be set.
const DESTINATION_PAUSE: SignedDuration = SignedDuration::from_secs(30);

impl Evaluation<'_> {
    pub(super) fn is_without_destination(&self) -> bool {
        let database = self.observed.database.as_ref();
        database.is_ok_and(|observed| match &observed.tenant.destination {
            ObservedDestination::Unset => true,
            ObservedDestination::Elsewhere(location) => self.replaced_location() == Some(location),
            ObservedDestination::Ours => false,
        })
    }

    pub(super) fn set_destination(self) -> BackupDecision {
        let was_taken = self.status.taken.as_ref();
        if let Some(until) = accepted_statement::repeated_at(was_taken, SETTING, self.now) {
            let next = self.sooner_than_deadline(Next::At(until));
            let blocker = self.not_shown();
            return self.wait(blocker, next);
        }
        let effect = self.tenant_name().map(Effect::SetDestination);
        // The status stays during a retry: otherwise each retry would write the same text twice.
        if self.status.retry_time.is_some() || was_taken.is_some() {
            return self.render(&State::Refused, effect, Next::After(LOOKUP_PAUSE));
        }
        self.wait_with(setting(), effect, Next::After(LOOKUP_PAUSE))
    }

    pub(super) fn on_destination_answer(mut self, answer: &Answer) -> BackupDecision {
        match answer.acceptance() {
            // The next observation shows it. Views lag, and the tenant may fail although sys
            // reports success.
            Acceptance::Accepted => {
                accepted_statement::record(&mut self.status.taken, SETTING, self.now);
                let blocker = self.not_shown();
                self.wait(blocker, Next::After(LOOKUP_PAUSE))
            }
            Acceptance::Refused(failure) if failure.class == FailureClass::Permanent => {
                self.fail(failure.into())
            }
            Acceptance::Refused(failure) => self.pause(failure.into(), DESTINATION_PAUSE),
            Acceptance::Unknown(why) | Acceptance::NotSent(why) | Acceptance::Withheld(why) => {
                self.pause(not_sent(why), Self::REFUSED_PAUSE)
            }
        }
    }

    /// Returns the blocker for a destination that was set and is not shown.
    fn not_shown(&self) -> Blocker {
        if !accepted_statement::is_reported(self.status.taken.as_ref()) {
            return setting();
        }
        Blocker::waiting(
            "StatementIneffective",
            format!(
                "the database accepted {SETTING} several times but shows no destination; the \
                 operator repeats it periodically. Check that the tenant's status is NORMAL, then \
                 check observer.log for errors of the tenant"
            ),
        )
    }
}

fn setting() -> Blocker {
    Blocker::waiting(
        "SettingDestination",
        "the operator is setting the destination of data backups",
    )
}
