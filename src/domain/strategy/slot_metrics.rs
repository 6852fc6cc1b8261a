//! Slots that a status write has closed, for the counter, including those that do not fit into the
//! history.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::slots::{MAX_SLOTS, open};
use crate::api::strategy::SlotRecord;
use crate::api::{BackupStrategySpec, BackupStrategyStatus, BackupType};
use crate::domain::schedule::{MAX_COUNTED, Schedule, Slot};

/// Returns slots that were open or upcoming in `before` and are closed in `after`. Each has its
/// outcome: `Started`, `Missed` or `Skipped`. As in the evaluation, at most the newest 1,000 per
/// type count.
#[must_use]
pub fn closed(
    spec: &BackupStrategySpec,
    before: &BackupStrategyStatus,
    after: &BackupStrategyStatus,
) -> Vec<(BackupType, String)> {
    let known: Vec<Slot> = before.schedule_history.iter().map(slot).collect();
    let mut closed: Vec<(Slot, String)> = after
        .schedule_history
        .iter()
        .map(|record| (slot(record), record.outcome.clone()))
        .filter(|(slot, _)| !known.contains(slot))
        .collect();
    // Newer slots may have pushed others out before they were counted.
    if closed.len() >= MAX_SLOTS {
        let listed: Vec<Slot> = closed.iter().map(|(slot, _)| *slot).collect();
        let still_open = open(after);
        let unlisted = open(before).into_iter().chain(fallen(spec, before, after));
        let unlisted = unlisted
            .filter(|slot| !listed.contains(slot) && Some(*slot) != still_open)
            .map(|slot| (slot, missed_or_skipped(spec, &slot)));
        closed.extend(unlisted);
    }
    let typed = closed.into_iter().map(|(slot, what)| (slot.ty, what));
    typed.collect()
}

fn slot(record: &SlotRecord) -> Slot {
    Slot {
        at: record.scheduled_time.0,
        ty: record.type_,
    }
}

/// Returns the slots that were evaluated for the first time.
fn fallen(
    spec: &BackupStrategySpec,
    before: &BackupStrategyStatus,
    after: &BackupStrategyStatus,
) -> Vec<Slot> {
    let at = |time: &Option<Time>| time.as_ref().map(|time| time.0);
    let (Ok(schedule), Some(until)) = (
        Schedule::parse(&spec.schedule),
        at(&after.last_schedule_time),
    ) else {
        return Vec::new();
    };
    let Some(anchor) = at(&after.bookkeeping.anchor_time).max(at(&before.last_schedule_time))
    else {
        return Vec::new();
    };
    let of_type = |ty| {
        let before = |slot: &Slot| schedule.last_until(ty, just_before(slot.at)?);
        std::iter::successors(schedule.last_until(ty, until), before)
            .take_while(|slot| slot.at > anchor)
            .take(MAX_COUNTED as usize)
            .collect::<Vec<_>>()
    };
    let mut fallen = of_type(BackupType::Full);
    fallen.extend(of_type(BackupType::Incremental));
    fallen
}

fn just_before(at: Timestamp) -> Option<Timestamp> {
    at.checked_sub(SignedDuration::from_nanos(1)).ok()
}

fn missed_or_skipped(spec: &BackupStrategySpec, slot: &Slot) -> String {
    let full = Schedule::parse(&spec.schedule)
        .ok()
        .and_then(|schedule| schedule.last_until(BackupType::Full, slot.at));
    let beside_full = slot.ty == BackupType::Incremental && full.is_some_and(|f| f.at == slot.at);
    if beside_full { "Skipped" } else { "Missed" }.to_owned()
}
