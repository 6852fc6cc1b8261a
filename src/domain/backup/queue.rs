//! The queue for a free slot: only a limited number of backups of one database run at once.
//!
//! The queue is a rank over observed state, without a lock and without memory. Waiting tasks are
//! read from their status, running backups from the database. Two tasks may both see the last free
//! slot at the same time. The check right before BACKUP admits one of them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{BackupDecision, Evaluation};
use crate::api::BackupTaskStatus;
use crate::domain::attempt::{ACCEPTED, SENDING};
use crate::domain::{Blocker, Next};
use crate::oceanbase::model::{JobKey, Snapshot};

/// Delay before a task is checked again, for each queue position. Tasks far back write rarely.
const LOOKUP_PAUSE: Duration = Duration::from_secs(10);
/// Longest delay before a task is checked again.
const MAX_RETRY_DELAY: Duration = Duration::from_mins(10);

/// Order of a task in the queue: earlier tasks come first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuePosition {
    /// Slot of the task, or its creation time.
    pub at: Timestamp,
    /// Uid of the task, which orders tasks of the same slot.
    pub uid: String,
}

/// Another active task of the same database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedTask {
    /// Order of the task.
    pub turn: QueuePosition,
    /// Whether the task waits only for a slot.
    pub waits: bool,
    /// Key of a backup that the task has sent or is sending.
    pub key: Option<String>,
}

impl QueuedTask {
    /// Reads a task's status; returns `None` if the task delays no other, as most tasks do.
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

/// Queue from the view of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// Number of backups that may run at once.
    pub slots: usize,
    /// Number of the operator's backups that run or are being sent.
    pub taken: usize,
    /// Number of waiting tasks that come first.
    pub ahead: usize,
}

impl Queue {
    /// Returns the queue of `own` among the others.
    #[must_use]
    pub fn new(
        own: &QueuePosition,
        others: &[QueuedTask],
        running: BTreeSet<&str>,
        slots: usize,
    ) -> Self {
        let mut taken = running;
        taken.extend(others.iter().filter_map(|other| other.key.as_deref()));
        taken.retain(|key| !is_of(key, &own.uid));
        let ahead = others
            .iter()
            .filter(|other| other.waits && other.turn < *own);
        Self {
            slots,
            taken: taken.len(),
            ahead: ahead.count(),
        }
    }

    /// Returns the queue position, from 1; `None` if the backup may start.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        (self.taken + self.ahead >= self.slots).then_some(self.ahead + 1)
    }
}

/// Returns whether a key belongs to this task.
fn is_of(key: &str, uid: &str) -> bool {
    let rest = key.strip_prefix(JobKey::PREFIX);
    rest.and_then(|rest| rest.split_once('/'))
        .is_some_and(|(of, _)| of == uid)
}

/// Returns the keys of the operator's backups that run in the database, each once. A job and its
/// parent have the same key.
#[must_use]
pub fn running(snapshot: &Snapshot) -> BTreeSet<&str> {
    let tenants = snapshot.tenants.values().flat_map(|tenant| &tenant.jobs);
    let jobs = tenants.chain(&*snapshot.parents);
    let own =
        jobs.filter(|job| !job.status.is_terminal() && job.description.starts_with(JobKey::PREFIX));
    own.map(|job| job.description.as_str()).collect()
}

/// Returns the tasks that come next if this many slots are free. The first task is included even if
/// no slot is free, so that it shows its correct position.
#[must_use]
pub fn heads<T>(mut waiting: Vec<(QueuePosition, T)>, free: usize) -> Vec<T> {
    waiting.sort_by(|one, other| one.0.cmp(&other.0));
    let heads = waiting.into_iter().take(free.max(1));
    heads.map(|(_, task)| task).collect()
}

impl Evaluation<'_> {
    /// Waits for a slot, the only missing precondition.
    pub(super) fn wait_in_line(mut self, position: usize) -> BackupDecision {
        let Queue { slots, taken, .. } = self.observed.queue;
        self.status.queue_position = Some(i32::try_from(position).unwrap_or(i32::MAX));
        let location = Blocker::waiting(
            WAITING_FOR_CONCURRENCY_SLOT,
            format!("position {position} in the queue; {taken} of {slots} slots are in use"),
        );
        let factor = u32::try_from(position).unwrap_or(u32::MAX);
        let pause = LOOKUP_PAUSE.saturating_mul(factor).min(MAX_RETRY_DELAY);
        self.wait(location, Next::After(pause))
    }
}

/// Reason of a task that waits for a slot.
pub(super) const WAITING_FOR_CONCURRENCY_SLOT: &str = "WaitingForConcurrencySlot";
