//! Turns slots into tasks: opened in the status first, then the tasks, then closed.

use jiff::Timestamp;

use crate::api::strategy::{OpenSlot, SlotRecord};
use crate::api::{BackupStrategyStatus, BackupType, ScheduleSpec};
use crate::domain::naming::fingerprint;
use crate::domain::schedule::{Schedule, Slot};
use crate::domain::time;

/// How many slots the history keeps.
const KEPT: usize = 20;

/// What became of slots in this pass, for events and counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// Those that were missed.
    pub missed: u32,
    /// The newest that was missed.
    pub newest_missed: Option<Slot>,
}

/// Moves the anchor to now when the schedule is new, changed or resumed: slots before are not its.
pub(super) fn anchor(
    status: &mut BackupStrategyStatus,
    spec: &ScheduleSpec,
    suspended: bool,
    created_at: Timestamp,
    now: Timestamp,
) -> Timestamp {
    let text = serde_json::to_string(spec).unwrap_or_default();
    let print = if suspended {
        "suspended".to_owned()
    } else {
        fingerprint(&text)
    };
    let known = status.schedule_fingerprint.as_ref();
    if known != Some(&print) {
        // The first time, slots since the object was created are its own.
        let at = if known.is_none() { created_at } else { now };
        status.schedule_fingerprint = Some(print);
        status.anchor_time = Some(time(at));
    }
    let anchor = status.anchor_time.as_ref().map_or(created_at, |at| at.0);
    status
        .last_schedule_time
        .as_ref()
        .map_or(anchor, |at| at.0.max(anchor))
}

/// Opens the slot that is due, and records those that were missed or superseded.
pub(super) fn open_due(
    status: &mut BackupStrategyStatus,
    schedule: &Schedule,
    anchor: Timestamp,
    now: Timestamp,
) -> Closed {
    let due = schedule.due(anchor, now, schedule.starting_deadline());
    let mut closed = Closed {
        missed: due.missed.count,
        newest_missed: None,
    };
    closed.newest_missed = due.missed.newest.first().copied();
    let newest = due
        .run
        .into_iter()
        .chain(closed.newest_missed)
        .map(|slot| slot.at)
        .max();
    let Some(newest) = newest else { return closed };
    let mut records: Vec<_> = due
        .missed
        .newest
        .iter()
        .map(|slot| record(*slot, "Missed", Some("StartingDeadlineExceeded")))
        .chain(
            due.superseded
                .newest
                .iter()
                .map(|slot| record(*slot, "Skipped", Some("SupersededByFull"))),
        )
        .collect();
    records.sort_by_key(|record| record.slot.0);
    for record in records {
        remember(status, record);
    }
    status.last_schedule_time = Some(time(newest));
    if let Some(slot) = due.run {
        status.open_slot = Some(OpenSlot {
            slot: time(slot.at),
            type_: slot.ty,
        });
    }
    closed
}

/// Closes the open slot.
pub(super) fn close(status: &mut BackupStrategyStatus, record: SlotRecord) {
    status.open_slot = None;
    remember(status, record);
}

/// The open slot, as the engine knows it.
pub(super) fn open(status: &BackupStrategyStatus) -> Option<Slot> {
    status.open_slot.as_ref().map(|open| Slot {
        at: open.slot.0,
        ty: open.type_,
    })
}

pub(super) fn record(slot: Slot, outcome: &str, reason: Option<&str>) -> SlotRecord {
    SlotRecord {
        slot: time(slot.at),
        type_: slot.ty,
        outcome: outcome.to_owned(),
        reason: reason.map(str::to_owned),
        started: 0,
        failed: 0,
    }
}

fn remember(status: &mut BackupStrategyStatus, record: SlotRecord) {
    status.schedule_history.insert(0, record);
    status.schedule_history.truncate(KEPT);
}

/// Writes down when the next slots are.
pub(super) fn note_next(
    status: &mut BackupStrategyStatus,
    schedule: &Schedule,
    suspended: bool,
    now: Timestamp,
) {
    let next = |kind| {
        if suspended {
            None
        } else {
            schedule.next_run_after(kind, now)
        }
    };
    let (full, incremental) = (next(BackupType::Full), next(BackupType::Incremental));
    let text = |slot: Slot| schedule.format_in_zone(slot.at);
    status.next_full_time = full.map(text);
    status.next_incremental_time = incremental.map(text);
    let summary = status.summary.get_or_insert_default();
    summary.next = full.into_iter().chain(incremental).min().map(text);
    schedule.summary().clone_into(&mut summary.schedule);
}
