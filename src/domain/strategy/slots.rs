//! Turns slots into tasks: records the open slot in the status, creates the tasks, closes the slot.

use jiff::{SignedDuration, Timestamp};

use super::Evaluation;
use crate::api::strategy::{NextSlot, OpenSlot, SlotRecord};
use crate::api::{BackupStrategyStatus, BackupType, ScheduleSpec};
use crate::domain::naming::{self, fingerprint, of_slot};
use crate::domain::schedule::{Schedule, Slot};
use crate::domain::{Event, Next, time};
use crate::oceanbase::model::Tenant;

/// Maximum number of slots in the history.
pub(super) const MAX_SLOTS: usize = 20;

const BLACKOUT_WINDOW: &str = "BlackoutWindow";
const SUSPENDED: &str = "Suspended";

/// How far in the future an anchor may be before it counts as the result of a wrong clock.
const MAX_SLOT_LEAD: SignedDuration = SignedDuration::from_hours(24);

/// Maximum number of consecutive minutes whose names may be taken. Real backups never reach it.
const MAX_NAME_SHIFT_MINUTES: i64 = 10;

impl Evaluation<'_> {
    /// Opens the due slot, records missed and superseded slots, and returns when to reconcile next.
    pub(super) fn schedule(&mut self, schedule: &Schedule) -> Next {
        let anchor = self.anchor();
        if self.strategy.spec.suspend {
            if let Some(slot) = open(&self.status) {
                self.give_up(slot, "Skipped", SUSPENDED);
            }
            show_next(&mut self.status, schedule, [None, None]);
            self.status.bookkeeping.next_slots.clear();
            return Next::Await;
        }
        self.open_due(schedule, anchor);
        let held_until = self.hold(schedule);
        let starts =
            [BackupType::Full, BackupType::Incremental].map(|kind| self.next_start(kind, schedule));
        show_next(&mut self.status, schedule, starts);
        self.record_upcoming(schedule);
        let next = schedule.next(self.now);
        let next = next.map_or(Next::Await, |slot| Next::At(slot.at));
        match (held_until, open(&self.status)) {
            (Some(until), _) => next.sooner(Next::At(until), self.now),
            (None, Some(slot)) => next.sooner(Next::At(past_deadline(&slot, schedule)), self.now),
            (None, None) => next,
        }
    }

    /// Records until when a blackout holds back the open slot, if one does.
    fn hold(&mut self, schedule: &Schedule) -> Option<Timestamp> {
        let open = self.status.bookkeeping.open_slot.as_mut()?;
        let until = schedule.blackout(self.now).map(|blackout| blackout.until);
        open.start_time = until.map(time);
        until
    }

    /// Records the next slots themselves. A window may postpone the start of their backups.
    fn record_upcoming(&mut self, schedule: &Schedule) {
        let kinds = [BackupType::Full, BackupType::Incremental].into_iter();
        let coming = kinds.filter_map(|kind| schedule.next_after(kind, self.now));
        let coming = coming.map(|slot| NextSlot {
            scheduled_time: time(slot.at),
            type_: slot.ty,
        });
        self.status.bookkeeping.next_slots = coming.collect();
    }

    /// Returns when the next backup of this type starts.
    fn next_start(&self, kind: BackupType, schedule: &Schedule) -> Option<Timestamp> {
        let open = self.status.bookkeeping.open_slot.as_ref();
        let held = open
            .filter(|open| open.type_ == kind)
            .and_then(|open| open.start_time.as_ref());
        let coming = || {
            let slot = schedule.next_run_after(kind, self.now)?;
            Some(schedule.after(slot.at, SignedDuration::ZERO))
        };
        held.map(|at| at.0).or_else(coming)
    }

    /// Moves the anchor when the schedule is new, changed or resumed: earlier slots do not count.
    fn anchor(&mut self) -> Timestamp {
        let spec = self.strategy.spec;
        let print = if spec.suspend {
            "suspended".to_owned()
        } else {
            slots_print(&spec.schedule)
        };
        let created_at = self.strategy.created_at;
        let known = self.status.bookkeeping.schedule_fingerprint.as_ref();
        if known != Some(&print) {
            let at = if known.is_none() {
                self.first_anchor()
            } else {
                self.leave_unjudged();
                self.now
            };
            self.status.bookkeeping.schedule_fingerprint = Some(print);
            self.status.bookkeeping.anchor_time = Some(time(at));
        }
        let anchor_time = self.status.bookkeeping.anchor_time.as_ref();
        let anchor = anchor_time.map_or(created_at, |at| at.0);
        let last = self.status.last_schedule_time.as_ref().map(|at| at.0);
        let anchor = last.map_or(anchor, |last| last.max(anchor));
        if self.now.duration_until(anchor) <= MAX_SLOT_LEAD {
            return anchor;
        }
        // A clock that was briefly wrong must not stop the schedule for years.
        self.status.bookkeeping.anchor_time = Some(time(self.now));
        self.status.last_schedule_time = None;
        self.now
    }

    /// Returns the anchor of a strategy without a recorded schedule: its creation. If it already
    /// has tasks, its status was lost. The anchor is then just before the newest task's slot, as
    /// the results of earlier slots are unknown.
    fn first_anchor(&self) -> Timestamp {
        let tasks = self.observed.tasks.iter().filter(|task| !task.external);
        let newest = tasks.filter_map(|task| task.scheduled_at).max();
        let newest = newest.filter(|newest| *newest <= self.now);
        let before = newest.and_then(|at| at.checked_sub(SignedDuration::from_secs(1)).ok());
        self.strategy.created_at.max(before.unwrap_or_default())
    }

    /// Closes slots of the previous schedule that became due but were not evaluated. The operator
    /// was down, and then the schedule was edited. Only the next slot of each type was recorded.
    fn leave_unjudged(&mut self) {
        let reason = if self.strategy.spec.suspend {
            SUSPENDED
        } else {
            "ScheduleChanged"
        };
        let coming = std::mem::take(&mut self.status.bookkeeping.next_slots);
        let judged = self.status.last_schedule_time.as_ref().map(|at| at.0);
        let mut unjudged: Vec<Slot> = coming.iter().map(slot_of).collect();
        unjudged.retain(|slot| slot.at <= self.now && judged.is_none_or(|last| slot.at > last));
        unjudged.sort();
        for slot in unjudged {
            remember(&mut self.status, record(slot, "Skipped", Some(reason)));
        }
    }

    /// Returns how many tasks of a slot exist.
    fn created_for(&self, slot: &Slot) -> usize {
        let suffix = of_slot(slot);
        let tasks = self.observed.tasks.iter();
        tasks.filter(|task| task.name.ends_with(&suffix)).count()
    }

    fn open_due(&mut self, schedule: &Schedule, anchor: Timestamp) {
        let due = schedule.due(anchor, self.now, schedule.starting_deadline());
        let judged = due.run.iter().chain(&due.missed.newest);
        let judged = judged.chain(&due.superseded.newest);
        let judged = judged.chain(&due.left_out.newest);
        let Some(newest) = judged.map(|slot| slot.at).max() else {
            return;
        };
        let mut run = due.run;
        if let (Some(slot), Some(old)) = (due.run, open(&self.status)) {
            // As with slots that become due together: a newer slot does not displace a full backup
            // that may still start.
            if slot.ty == BackupType::Incremental && may_start(&old, schedule, self.now) {
                run = None;
            } else if self.now < schedule.after(old.at, SignedDuration::ZERO) {
                // A blackout window has held it back since it became due: it was not missed.
                self.give_up(old, "Skipped", BLACKOUT_WINDOW);
            } else {
                self.give_up(old, "Missed", "Overtaken");
            }
        }
        // Slots that have tasks were started; only the status that recorded it was lost.
        let too_late = due.missed.newest.iter();
        let (created, missed): (Vec<&Slot>, Vec<&Slot>) =
            too_late.partition(|slot| self.created_for(slot) > 0);
        let count = u32::try_from(created.len()).unwrap_or_default();
        let missed_count = due.missed.count.saturating_sub(count);
        let created = created
            .into_iter()
            .map(|slot| started(*slot, self.created_for(slot), None));
        let newest_missed = missed.first().map(|slot| slot.at);
        let missed = missed.into_iter();
        let missed = missed.map(|slot| record(*slot, "Missed", Some("StartingDeadlineExceeded")));
        let superseded = due.superseded.newest.iter();
        let superseded = superseded.chain(due.run.iter().filter(|_| run.is_none()));
        let superseded = superseded.map(|slot| record(*slot, "Skipped", Some("SupersededByFull")));
        let left_out = due.left_out.newest.iter();
        let left_out = left_out.map(|slot| record(*slot, "Skipped", Some(BLACKOUT_WINDOW)));
        let mut records: Vec<_> = created
            .chain(missed)
            .chain(superseded)
            .chain(left_out)
            .collect();
        records.sort_by_key(|record| record.scheduled_time.0);
        for record in records {
            remember(&mut self.status, record);
        }
        self.status.last_schedule_time = Some(time(newest));
        if let Some(slot) = run {
            self.status.bookkeeping.open_slot = Some(OpenSlot {
                scheduled_time: time(slot.at),
                type_: slot.ty,
                start_time: None,
            });
        }
        if let Some(newest) = newest_missed {
            let at = schedule.format_in_zone(newest);
            let count = missed_count;
            let more = if due.truncated { " or more" } else { "" };
            self.miss(format!(
                "{count}{more} slots were missed, the newest at {at}: the operator could not start \
                 them in time. Start a backup manually with a BackupTask, or wait for the next slot"
            ));
        }
    }

    /// Closes an open slot whose deadline has passed.
    pub(super) fn expire(&mut self, schedule: &Schedule, reason: &'static str) {
        let late = |slot: &Slot| self.now > schedule.deadline_of(slot.at);
        if let Some(slot) = open(&self.status).filter(late) {
            self.give_up(slot, "Missed", reason);
        }
    }

    /// Closes the open slot although not all of its tasks exist.
    fn give_up(&mut self, slot: Slot, outcome: &str, reason: &'static str) {
        let created = self.created_for(&slot);
        if created > 0 {
            close(&mut self.status, started(slot, created, Some(reason)));
            return;
        }
        close(&mut self.status, record(slot, outcome, Some(reason)));
        if outcome == "Missed" {
            self.miss(format!(
                "the slot at {} was missed ({reason}): the operator could not start it in time. \
                 Start a backup manually with a BackupTask, or wait for the next slot",
                slot.at
            ));
        }
    }

    fn miss(&mut self, message: String) {
        self.event = Some(Event {
            warning: true,
            reason: "BackupMissed",
            message,
        });
    }

    /// Returns the minute that names a full backup requested at `since`. It skips minutes whose
    /// task had already ended: the name is taken, and that backup does not satisfy the request.
    pub(super) fn free_minute(&self, tenant: &Tenant, since: Timestamp) -> Timestamp {
        let minutes = (0..MAX_NAME_SHIFT_MINUTES).map(SignedDuration::from_mins);
        let mut minutes = minutes.filter_map(|minutes| since.checked_add(minutes).ok());
        let free = minutes.find(|at| {
            let (at, ty) = (*at, BackupType::Full);
            let name = naming::task(self.strategy.name, tenant.id, &Slot { at, ty });
            !self.index.has_ended_before(&name, since)
        });
        free.unwrap_or(since)
    }
}

/// Returns whether it is a full slot that may still start in time.
fn may_start(slot: &Slot, schedule: &Schedule, now: Timestamp) -> bool {
    slot.ty == BackupType::Full && now <= schedule.deadline_of(slot.at)
}

/// Returns the first instant at which the slot may no longer start.
fn past_deadline(slot: &Slot, schedule: &Schedule) -> Timestamp {
    let deadline = schedule.deadline_of(slot.at);
    let after = deadline.saturating_add(SignedDuration::from_secs(1));
    after.unwrap_or(Timestamp::MAX)
}

/// Closes the open slot.
pub(super) fn close(status: &mut BackupStrategyStatus, record: SlotRecord) {
    status.bookkeeping.open_slot = None;
    remember(status, record);
}

fn slot_of(coming: &NextSlot) -> Slot {
    Slot {
        at: coming.scheduled_time.0,
        ty: coming.type_,
    }
}

/// Returns the open slot as the slot engine's type.
pub(super) fn open(status: &BackupStrategyStatus) -> Option<Slot> {
    status.bookkeeping.open_slot.as_ref().map(|open| Slot {
        at: open.scheduled_time.0,
        ty: open.type_,
    })
}

pub(super) fn record(slot: Slot, outcome: &str, reason: Option<&str>) -> SlotRecord {
    SlotRecord {
        scheduled_time: time(slot.at),
        type_: slot.ty,
        outcome: outcome.to_owned(),
        reason: reason.map(str::to_owned),
        started: 0,
        failed: 0,
    }
}

fn started(slot: Slot, tasks: usize, reason: Option<&str>) -> SlotRecord {
    SlotRecord {
        started: i32::try_from(tasks).unwrap_or(i32::MAX),
        ..record(slot, "Started", reason)
    }
}

/// Returns a fingerprint of the fields that determine slots. Other fields only change how slots are
/// handled.
fn slots_print(schedule: &ScheduleSpec) -> String {
    let slots = (&schedule.time_zone, &schedule.full, &schedule.incremental);
    fingerprint(&serde_json::to_string(&slots).unwrap_or_default())
}

fn remember(status: &mut BackupStrategyStatus, record: SlotRecord) {
    status.schedule_history.insert(0, record);
    status.schedule_history.truncate(MAX_SLOTS);
}

/// Records when the next full and the next incremental backups start.
fn show_next(
    status: &mut BackupStrategyStatus,
    schedule: &Schedule,
    starts: [Option<Timestamp>; 2],
) {
    let [full, incremental] = starts;
    status.next_full_time = full.map(time);
    status.next_incremental_time = incremental.map(time);
    let summary = status.summary.get_or_insert_default();
    let next = starts.into_iter().flatten().min();
    summary.next = next.map(|at| schedule.format_in_zone(at));
    schedule.summary().clone_into(&mut summary.schedule);
}
