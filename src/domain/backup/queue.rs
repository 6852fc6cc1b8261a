//! The queue for a free place: of all tasks of one database only so many run at once.
//!
//! It is a rank over what can be seen, without a lock and without a memory: who waits stands in
//! each task's status, what runs in the database. Two that look at the same moment may both see the
//! last free place; the look right before BACKUP lets one of them through.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::attempt::{ACCEPTED, SENDING};
use super::{BackupDecision, Evaluation};
use crate::api::BackupTaskStatus;
use crate::domain::{Blocker, Next};
use crate::oceanbase::model::{JobKey, Snapshot};

/// How soon a task looks again, for each place in the line: those far behind write seldom.
const LOOKUP_PAUSE: Duration = Duration::from_secs(10);
/// No task waits longer for its next look.
const MAX_RETRY_DELAY: Duration = Duration::from_mins(10);

/// When it is a task's turn: the earlier one first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuePosition {
    /// Its slot, or when it was created.
    pub at: Timestamp,
    /// Its uid, for those of the same slot.
    pub uid: String,
}

/// Another task of the same database that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedTask {
    /// When it is its turn.
    pub turn: QueuePosition,
    /// Whether a place is all that it waits for.
    pub waits: bool,
    /// The key of a backup that it has sent, or is sending.
    pub key: Option<String>,
}

impl QueuedTask {
    /// Reads a task's status; `None` where it holds nobody back, as most of a thousand.
    #[must_use]
    pub fn of(
        turn: impl FnOnce() -> QueuePosition,
        status: Option<&BackupTaskStatus>,
    ) -> Option<Self> {
        let status = status?;
        let sent = status.attempts.last();
        let sent = sent.filter(|last| matches!(&*last.outcome, SENDING | ACCEPTED));
        let waits = status.queue_position.is_some();
        (waits || sent.is_some()).then(|| Self {
            turn: turn(),
            waits,
            key: sent.map(|last| last.key.clone()),
        })
    }
}

/// The queue as one task sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// Backups that may run at once.
    pub locations: usize,
    /// Backups of ours that run or are being sent.
    pub taken: usize,
    /// Tasks that wait and come first.
    pub ahead: usize,
}

impl Queue {
    /// The queue in which `own` stands with the others.
    #[must_use]
    pub fn new(
        own: &QueuePosition,
        others: &[QueuedTask],
        running: BTreeSet<&str>,
        locations: usize,
    ) -> Self {
        let mut taken = running;
        taken.extend(others.iter().filter_map(|other| other.key.as_deref()));
        taken.retain(|key| !is_of(key, &own.uid));
        let ahead = others
            .iter()
            .filter(|other| other.waits && other.turn < *own);
        Self {
            locations,
            taken: taken.len(),
            ahead: ahead.count(),
        }
    }

    /// The place in the line, from 1; `None` when the backup may start.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        (self.taken + self.ahead >= self.locations).then_some(self.ahead + 1)
    }
}

/// Whether a key is of this task.
fn is_of(key: &str, uid: &str) -> bool {
    let rest = key.strip_prefix(JobKey::PREFIX);
    rest.and_then(|rest| rest.split_once('/'))
        .is_some_and(|(of, _)| of == uid)
}

/// Keys of the backups of ours that run in the database, each once: a job and its parent have the
/// same.
#[must_use]
pub fn running(snapshot: &Snapshot) -> BTreeSet<&str> {
    let tenants = snapshot.tenants.values().flat_map(|tenant| &tenant.jobs);
    let jobs = tenants.chain(&*snapshot.parents);
    let ours =
        jobs.filter(|job| !job.status.is_terminal() && job.description.starts_with(JobKey::PREFIX));
    ours.map(|job| job.description.as_str()).collect()
}

/// Those who come next when so many places are free. The first one also where none is: what it shows
/// of its position is then true.
#[must_use]
pub fn heads<T>(mut waiting: Vec<(QueuePosition, T)>, free: usize) -> Vec<T> {
    waiting.sort_by(|one, other| one.0.cmp(&other.0));
    let heads = waiting.into_iter().take(free.max(1));
    heads.map(|(_, task)| task).collect()
}

impl Evaluation<'_> {
    /// Waits for a place, which is all that is missing.
    pub(super) fn wait_in_line(mut self, position: usize) -> BackupDecision {
        let Queue {
            locations, taken, ..
        } = self.observed.queue;
        self.status.queue_position = Some(i32::try_from(position).unwrap_or(i32::MAX));
        let location = Blocker::waiting(
            WAITING_FOR_SLOT,
            format!("position {position}, {taken} of {locations} running"),
        );
        let factor = u32::try_from(position).unwrap_or(u32::MAX);
        let pause = LOOKUP_PAUSE.saturating_mul(factor).min(MAX_RETRY_DELAY);
        self.wait(location, Next::After(pause))
    }
}

/// The reason of a task that waits for a place.
pub(super) const WAITING_FOR_SLOT: &str = "WaitingForFreePlace";
