//! Objects that could not be created, edited or deleted: the status lists each with its next retry.
//! Such an object neither blocks the others nor is retried in every pass.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{ApplyOutcome, Effect, Evaluation, Plan};
use crate::api::strategy::PendingObject;
use crate::domain::backoff::still_to_come;
use crate::domain::{Event, shortened, time};

/// Delay before the first retry: a lost answer must not delay a backup by a minute.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// Delay before each later retry.
const RETRY_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// Maximum number of pending objects in the status.
const MAX_PENDING_OBJECTS: usize = 50;
/// Maximum number of objects that one pass creates, edits or deletes.
const BATCH: usize = 50;
/// Longest message of a list entry that the schema accepts, in bytes.
pub(super) const MESSAGE_LIMIT: usize = 512;
pub(super) const NAME_COLLISION: &str = "NameCollision";
pub(super) const UPDATE_FAILED: &str = "UpdateFailed";

impl Evaluation<'_> {
    pub(super) fn unmade(&self, name: &str) -> Option<&PendingObject> {
        self.status.unmade.iter().find(|unmade| unmade.name == name)
    }

    /// Returns whether another object has its name.
    pub(super) fn is_refused(&self, name: &str) -> bool {
        self.unmade(name)
            .is_some_and(|unmade| unmade.reason == NAME_COLLISION)
    }

    /// Returns what one pass tries of the wanted objects of one kind, in rotation. If the list of
    /// failures is full, further objects of a paused kind would probably fail too. None of that
    /// kind is then tried before its time; other kinds are.
    pub(super) fn batch<T>(&self, mut wanted: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
        let unmade = self.status.unmade.iter().enumerate();
        let unmade: HashMap<&str, (usize, bool)> = unmade
            .map(|(nth, unmade)| (unmade.name.as_str(), (nth, self.pause_of(unmade).is_some())))
            .collect();
        let known = |one: &T| unmade.get(name(one)).copied();
        let is_paused = |one: &T| known(one).is_some_and(|(_, is_paused)| is_paused);
        if self.status.unmade.len() >= MAX_PENDING_OBJECTS && wanted.iter().any(is_paused) {
            return Vec::new();
        }
        let failed = wanted.iter().enumerate();
        let failed = failed.filter_map(|(at, one)| Some((known(one)?.0, at)));
        if let Some((_, last)) = failed.max() {
            wanted.rotate_left(last + 1);
        }
        wanted.retain(|one| !is_paused(one));
        wanted.truncate(BATCH);
        wanted
    }

    /// Returns until when a pending object is not retried.
    fn pause_of(&self, unmade: &PendingObject) -> Option<Timestamp> {
        still_to_come(unmade.retry_time.as_ref()?.0, RETRY_PAUSE, self.now)
    }

    /// Returns when the next pending object is retried.
    pub(super) fn paused_until(&self) -> Option<Timestamp> {
        let unmade = self.status.unmade.iter();
        unmade.filter_map(|unmade| self.pause_of(unmade)).min()
    }

    /// Records the result of this pass's effect.
    pub(super) fn record_created(&mut self, effect: &Effect, created: &ApplyOutcome) {
        let kind = match effect {
            Effect::MakeTasks(_) | Effect::DeleteTasks(_) => "BackupTask",
            _ => "LogBackup",
        };
        for name in effect.names() {
            let unmade = if created.foreign.contains(name) {
                let message = format!(
                    "an object named '{name}' exists that this strategy did not create; the \
                     operator created nothing. Delete that object, or create it again with \
                     another name"
                );
                Some((NAME_COLLISION, message))
            } else if let (false, Some(error)) =
                (created.owned.contains(name), created.errors.get(name))
            {
                let (reason, done) = match effect {
                    Effect::DeleteTasks(_) => ("DeleteFailed", "deleted"),
                    Effect::EditLogBackups(_) => (UPDATE_FAILED, "edited"),
                    _ => ("CreateFailed", "created"),
                };
                let message = format!(
                    "{kind} '{name}' could not be {done}, and the operator retries: {error}. Check \
                     quotas, admission webhooks and the permissions of the operator"
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
            if known.as_ref().is_none_or(|known| known.reason != reason) {
                self.event = Some(Event {
                    warning: true,
                    reason,
                    message: message.clone(),
                });
            }
            self.make_room();
            let pause = known.map_or(FIRST_PAUSE, |_| RETRY_PAUSE);
            let retry_at = self.now.saturating_add(pause).unwrap_or(self.now);
            self.status.unmade.push(PendingObject {
                kind: kind.to_owned(),
                name: name.clone(),
                reason: reason.to_owned(),
                message: shortened(message, MESSAGE_LIMIT),
                retry_time: Some(time(retry_at)),
            });
        }
    }

    /// Removes the oldest entry of the most frequent kind. One entry of each kind remains, which
    /// holds that kind back.
    fn make_room(&mut self) {
        let unmade = &mut self.status.unmade;
        if unmade.len() < MAX_PENDING_OBJECTS {
            return;
        }
        let alike = |one: &PendingObject| {
            let alike =
                |other: &&PendingObject| (&other.kind, &other.reason) == (&one.kind, &one.reason);
            unmade.iter().filter(alike).count()
        };
        let oldest = (0..unmade.len())
            .rev()
            .max_by_key(|at| unmade.get(*at).map(alike));
        if let Some(at) = oldest {
            unmade.remove(at);
        }
    }

    /// Removes entries that were created or deleted meanwhile, and those no longer wanted.
    pub(super) fn forget_unwanted(&mut self, plan: &Plan<'_>) {
        if self.status.unmade.is_empty() {
            return;
        }
        let wanted = self.wanted_names(plan);
        self.status
            .unmade
            .retain(|unmade| wanted.contains(&unmade.name));
    }
}
