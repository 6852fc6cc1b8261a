//! What could not be made, edited or deleted: it stands in the status with the time of the next try.
//! One such object neither holds back the others nor is tried in every pass.

use jiff::{SignedDuration, Timestamp};

use super::{Draft, Effect, Made, Plan};
use crate::api::strategy::UnmadeObject;
use crate::domain::backoff::still_to_come;
use crate::domain::{Event, shortened, time};

/// After how long an object that could not be made is tried again.
const RETRY_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// How many of them are kept.
const KEPT: usize = 50;
/// How many objects one pass makes, edits or deletes.
const BATCH: usize = 50;
/// Longest message of a list's entry that the schema takes, in bytes.
pub(super) const MESSAGE_LIMIT: usize = 1024;
pub(super) const NAME_COLLISION: &str = "NameCollision";

impl Draft<'_> {
    pub(super) fn unmade(&self, name: &str) -> Option<&UnmadeObject> {
        self.status.unmade.iter().find(|unmade| unmade.name == name)
    }

    /// Whether something else has its name.
    pub(super) fn is_refused(&self, name: &str) -> bool {
        self.unmade(name)
            .is_some_and(|unmade| unmade.reason == NAME_COLLISION)
    }

    /// Whether it is not tried now. Where so many could not be made, the others would fail alike.
    fn is_held(&self, name: &str) -> bool {
        let is_full = self.status.unmade.len() >= KEPT;
        self.paused_until().is_some() && (is_full || self.unmade(name).is_some())
    }

    /// What one pass tries of what is wanted: what never failed first, then what has waited longest.
    pub(super) fn batch<T>(&self, mut wanted: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
        wanted.retain(|one| !self.is_held(name(one)));
        wanted.sort_by_key(|one| {
            let mut unmade = self.status.unmade.iter();
            unmade.position(|unmade| unmade.name == name(one))
        });
        wanted.truncate(BATCH);
        wanted
    }

    /// Until when nothing that could not be made is tried.
    pub(super) fn paused_until(&self) -> Option<Timestamp> {
        let until = self.status.retry_time.as_ref()?.0;
        still_to_come(until, RETRY_PAUSE, self.now)
    }

    /// Takes in what became of this pass's effect.
    pub(super) fn note_made(&mut self, effect: &Effect, made: &Made) {
        for name in effect.names() {
            let unmade = if made.foreign.contains(name) {
                let message = format!(
                    "an object named '{name}' is there that this strategy did not make; nothing \
                     was made in its place. Delete or rename that object"
                );
                Some((NAME_COLLISION, message))
            } else if let (false, Some(error)) = (made.ours.contains(name), &made.error) {
                let (reason, done) = match effect {
                    Effect::DeleteTasks(_) => ("DeleteFailed", "deleted"),
                    Effect::EditLogBackups(_) => ("EditFailed", "edited"),
                    _ => ("CreateFailed", "made"),
                };
                let message = format!(
                    "'{name}' could not be {done} and is tried again: {error}. Check quotas, \
                     admission webhooks and the operator's rights"
                );
                Some((reason, message))
            } else {
                None
            };
            let known = self.status.unmade.iter().position(|u| &u.name == name);
            let known = known.map(|at| self.status.unmade.remove(at));
            let Some((reason, message)) = unmade else {
                continue;
            };
            if known.is_none_or(|known| known.reason != reason) {
                self.event = Some(Event {
                    warning: true,
                    reason,
                    message: message.clone(),
                });
            }
            self.status.retry_time =
                time(self.now.saturating_add(RETRY_PAUSE).unwrap_or(self.now)).into();
            if self.status.unmade.len() >= KEPT {
                self.status.unmade.remove(0);
            }
            self.status.unmade.push(UnmadeObject {
                name: name.clone(),
                reason: reason.to_owned(),
                message: shortened(message, MESSAGE_LIMIT),
            });
        }
    }

    /// Forgets what could not be made and is there, what could not be deleted and is gone, and
    /// what is not wanted any more.
    pub(super) fn forget_unwanted(&mut self, plan: &Plan<'_>) {
        if self.status.unmade.is_empty() {
            self.status.retry_time = None;
            return;
        }
        let wanted = self.wanted_names(plan);
        self.status
            .unmade
            .retain(|unmade| wanted.contains(&unmade.name));
        if self.status.unmade.is_empty() {
            self.status.retry_time = None;
        }
    }
}
