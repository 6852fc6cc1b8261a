//! The transition to the desired state: its start, and the report if it takes too long.

use jiff::{SignedDuration, Timestamp};

use super::step::Step;
use super::{Archive, Effect, Evaluation, State, heal, status};
use crate::api::log_backup::Transition;
use crate::api::{Cause, DesiredState};
use crate::domain::{accepted_statement, cause, time};
use crate::oceanbase::model::RoundStatus;

/// Time after which a transition is reported as late. Each state of a round takes 10 s to 50 s (V4:
/// log archiving), and longer in a busy cluster.
const TRANSITION_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);

const WHERE_TO_LOOK: &str = "check DBA_OB_ROOTSERVICE_EVENT_HISTORY (MODULE = 'log_archive')";

impl Evaluation<'_> {
    /// Records that the desired state is not reached, and since when.
    pub(super) fn record_transition(&mut self) {
        let to = status::word(self.desired);
        let known = self.status.transition.take();
        // Another clock wrote a transition that starts in the future.
        let known = known.filter(|known| known.to == to && known.since.0 <= self.now);
        self.status.transition = Some(known.unwrap_or_else(|| Transition {
            to: to.to_owned(),
            since: time(self.now),
            taken: None,
        }));
    }

    /// Records that the database accepted the statement of this pass.
    pub(super) fn record_accepted(&mut self, effect: &Effect) {
        self.record_transition();
        if let Some(transition) = &mut self.status.transition {
            accepted_statement::record(&mut transition.taken, words(effect), self.now);
        }
    }

    /// Clears a statement that was repeated, once its effect is visible.
    pub(super) fn record_effect(&mut self, step: &Step) {
        let Some(transition) = &mut self.status.transition else {
            return;
        };
        let due = match step {
            Step::Wait => None,
            Step::Send(effect) => Some(words(effect)),
        };
        // The first acceptance is kept: clearing it is not worth a write.
        let is_over = |known: &str, times: i32| times > 1 && due != Some(known);
        if let Some(known) = &transition.taken
            && is_over(&known.statement, known.times)
        {
            transition.taken = None;
        }
    }

    /// Returns the instant before which this statement is not repeated.
    pub(super) fn repeated_at(&self, effect: &Effect) -> Option<Timestamp> {
        let transition = self.status.transition.as_ref()?;
        accepted_statement::repeated_at(transition.taken.as_ref(), words(effect), self.now)
    }

    /// Returns the state on the way to the desired state. It stays failed while a failed statement
    /// is retried: otherwise each retry would write and report it again.
    pub(super) fn in_progress(&mut self, archive: Archive) -> State {
        self.record_transition();
        if self.status.failures.is_some() {
            State::Failed(archive)
        } else if let Some(cause) = self.lateness(&archive) {
            self.status.cause = Some(cause);
            State::Late(archive)
        } else if heal::open(&self.status).is_some() {
            State::Healing(archive)
        } else {
            State::Changing(archive)
        }
    }

    /// Returns the cause to report if the transition takes too long.
    fn lateness(&self, archive: &Archive) -> Option<Cause> {
        let transition = self.status.transition.as_ref()?;
        let without_effect = transition.taken.as_ref();
        if let Some(known) =
            without_effect.filter(|known| accepted_statement::is_reported(Some(known)))
        {
            let message = format!(
                "the database accepted {} several times, but it had no effect; the operator \
                 repeats it periodically. Check that the tenant's status is NORMAL, then \
                 {WHERE_TO_LOOK}",
                known.statement
            );
            return Some(cause("StatementIneffective", &message));
        }
        let is_archiving = *archive == Archive::Round(RoundStatus::Doing);
        if transition.since.0.duration_until(self.now) < TRANSITION_TIMEOUT
            || (is_archiving && self.desired == DesiredState::Running)
        {
            return None;
        }
        let at = self.whereabouts(archive);
        let (reason, message) = match self.desired {
            DesiredState::Running => (
                "StartTimeout",
                format!(
                    "log backup did not start archiving within 10 minutes: {at}. Check that every \
                     observer can write to the storage (the mount, or endpoint, access key and \
                     policy of the bucket), then {WHERE_TO_LOOK}"
                ),
            ),
            DesiredState::Paused => (
                "PauseTimeout",
                format!(
                    "log backup did not pause within 10 minutes: {at}. Check that every observer \
                     of the tenant is up, then {WHERE_TO_LOOK}"
                ),
            ),
            DesiredState::Stopped => (
                "StopTimeout",
                format!(
                    "log backup did not stop within 10 minutes: {at}. Check that every observer of \
                     the tenant is up, then {WHERE_TO_LOOK}"
                ),
            ),
        };
        Some(cause(reason, &message))
    }

    fn whereabouts(&self, archive: &Archive) -> String {
        let Archive::Round(status) = archive else {
            return "the tenant has no running round".to_owned();
        };
        let database = self.observed.database.as_ref().ok();
        let tenant = database.and_then(|database| database.tenant.as_deref());
        let comment = tenant.and_then(|tenant| tenant.round.as_ref());
        let comment = comment.map_or("", |round| round.comment.as_str());
        let comment = if comment.is_empty() {
            String::new()
        } else {
            format!(" ({comment})")
        };
        format!("the round's status is {}{comment}", engine_word(status))
    }
}

/// Returns the text of the statement.
fn words(effect: &Effect) -> &'static str {
    match effect {
        Effect::SetDestination(_) | Effect::SetAttributes(_) | Effect::Switch { .. } => {
            "SET LOG_ARCHIVE_DEST"
        }
        Effect::SetEnabled(_, true) => "SET LOG_ARCHIVE_DEST_STATE = ENABLE",
        Effect::SetEnabled(_, false) => "SET LOG_ARCHIVE_DEST_STATE = DEFER",
        Effect::SetLagTarget(..) => "SET archive_lag_target",
        Effect::Rotate { .. } | Effect::Limit { .. } => "CHANGE EXTERNAL_STORAGE_DEST",
        Effect::Start(_) => "ARCHIVELOG",
        Effect::Stop(_) | Effect::Leave { .. } => "NOARCHIVELOG",
    }
}

/// Returns `STATUS` of a round, as the views show it.
fn engine_word(status: &RoundStatus) -> &str {
    match status {
        RoundStatus::Prepare => "PREPARE",
        RoundStatus::Beginning => "BEGINNING",
        RoundStatus::Doing => "DOING",
        RoundStatus::Suspending => "SUSPENDING",
        RoundStatus::Suspend => "SUSPEND",
        RoundStatus::Interrupted => "INTERRUPTED",
        RoundStatus::Stopping => "STOPPING",
        RoundStatus::Stop => "STOP",
        RoundStatus::Unknown(word) => word,
    }
}
