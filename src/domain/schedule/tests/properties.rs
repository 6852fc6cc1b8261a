//! Properties of every schedule, zone and instant.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn field(low: u8, high: u8) -> impl Strategy<Value = String> {
    let value = low..=high;
    prop_oneof![
        3 => Just("*".to_owned()),
        1 => (2..=high / 2).prop_map(|step| format!("*/{step}")),
        3 => proptest::collection::vec(value.clone(), 1..4).prop_map(|values| {
            values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        }),
        2 => (value.clone(), value).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
    ]
}

/// Generates rare minutes, so that the spans below hold from none to thousands of slots.
fn expression() -> impl Strategy<Value = String> {
    (
        field(0, 59),
        field(0, 23),
        field(1, 31),
        field(1, 12),
        field(0, 7),
    )
        .prop_map(|(minute, hour, day, month, weekday)| {
            format!("{minute} {hour} {day} {month} {weekday}")
        })
}

prop_compose! {
    fn schedule()(
        full in proptest::option::of(expression()),
        incremental in proptest::option::of(expression()),
        zone in proptest::sample::select(vec![
            "UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe",
            "Pacific/Apia", "Antarctica/Troll", "Africa/Casablanca", "Africa/Monrovia",
        ]),
        skip in any::<bool>(),
    ) -> Option<Schedule> {
        let policy = if skip { MissedRunPolicy::Skip } else { MissedRunPolicy::RunLatest };
        Schedule::parse(&ScheduleSpec {
            time_zone: zone.to_owned(),
            missed_run_policy: policy,
            ..cron(full.as_deref(), incremental.as_deref())
        }).ok()
    }
}

/// Generates instants from 1971 to 2040, so that Monrovia's odd offset of 1972 is included.
fn instant() -> impl Strategy<Value = Timestamp> {
    (31_536_000_i64..2_208_988_800).prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_next_slot_lies_ahead_and_is_the_last_one_up_to_itself(
        schedule in schedule(), after in instant(),
    ) {
        let Some(schedule) = schedule else { return Ok(()) };
        for ty in [BackupType::Full, BackupType::Incremental] {
            let Some(slot) = schedule.next_after(ty, after) else { continue };
            prop_assert!(slot.at > after);
            prop_assert_eq!(schedule.last_until(ty, slot.at), Some(slot));
            let before = slot.at - SignedDuration::from_nanos(1);
            prop_assert!(schedule.last_until(ty, before).is_none_or(|last| last.at <= after));
            prop_assert_eq!(schedule.next_after(ty, before), Some(slot));
            if let Some(second) = schedule.next_after(ty, slot.at) {
                prop_assert!(slot.stamp() < second.stamp(), "two children of one name");
            }
        }
    }

    #[test]
    fn a_later_question_never_has_an_earlier_answer(
        schedule in schedule(), after in instant(), hours in 0_i64..5_000,
    ) {
        let Some(schedule) = schedule else { return Ok(()) };
        let later = after + SignedDuration::from_hours(hours);
        if let (Some(first), Some(second)) = (schedule.next(after), schedule.next(later)) {
            prop_assert!(first <= second);
        }
    }

    #[test]
    fn every_slot_since_the_anchor_is_run_or_missed_or_superseded_exactly_once(
        schedule in schedule(), after in instant(), minutes in 0_i64..1_500,
    ) {
        let Some(schedule) = schedule else { return Ok(()) };
        let now = after + SignedDuration::from_mins(minutes);
        let due = schedule.due(after, now, SignedDuration::from_hours(6));
        let mut expected = BTreeSet::new();
        for ty in [BackupType::Full, BackupType::Incremental] {
            let mut slot = schedule.next_after(ty, after);
            while let Some(found) = slot.filter(|slot| slot.at <= now) {
                expected.insert(found);
                slot = schedule.next_after(ty, found.at);
            }
        }
        let judged = due.run.iter().chain(&due.missed.newest).chain(&due.superseded.newest);
        let judged: Vec<Slot> = judged.copied().collect();
        let distinct: BTreeSet<Slot> = judged.iter().copied().collect();
        prop_assert_eq!(distinct.len(), judged.len());
        prop_assert!(distinct.is_subset(&expected));
        let counted = due.missed.count + due.superseded.count + u32::from(due.run.is_some());
        let limit = usize::try_from(MAX_COUNTED).unwrap();
        prop_assert_eq!(usize::try_from(counted).unwrap(), expected.len().min(limit));
        prop_assert_eq!(due.truncated, expected.len() > limit);
        if expected.len() <= MAX_LISTED {
            prop_assert_eq!(distinct, expected);
        }
    }

    #[test]
    fn the_slot_that_runs_is_the_newest_full_one_in_time_or_else_the_newest_in_time(
        schedule in schedule(), after in instant(), minutes in 0_i64..1_500, deadline in 1_i64..500,
    ) {
        let Some(schedule) = schedule else { return Ok(()) };
        let now = after + SignedDuration::from_mins(minutes);
        let deadline = SignedDuration::from_mins(deadline);
        let due = schedule.due(after, now, deadline);
        let allowed = match schedule.missed_runs {
            MissedRunPolicy::RunLatest => deadline,
            MissedRunPolicy::Skip => deadline.min(SKIP_GRACE),
        };
        // An independent check, forwards: each slot in time replaces the choice, except an
        // incremental one after a full one.
        let mut choice: Option<Slot> = None;
        let mut at = after;
        while let Some(slot) = schedule.next(at).filter(|slot| slot.at <= now) {
            let full_before = choice.is_some_and(|choice| choice.ty == BackupType::Full);
            if now.duration_since(slot.at) <= allowed
                && (slot.ty == BackupType::Full || !full_before)
            {
                choice = Some(slot);
            }
            at = slot.at;
        }
        prop_assert_eq!(due.run, choice);
        let superseded = &due.superseded.newest;
        prop_assert!(superseded.iter().all(|slot| slot.ty == BackupType::Incremental));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,40}") {
        let _ = Schedule::parse(&cron(Some(&text), None));
        let _ = Schedule::parse(&weekly(&text, &[Weekday::Sunday], &[]));
        let _ = Schedule::parse(&ScheduleSpec { time_zone: text, ..cron(Some("0 2 * * *"), None) });
    }

    #[test]
    fn no_word_of_the_dialect_breaks_the_reader(text in "[-0-9*/,?LW#A-Z ]{0,30}") {
        let _ = Schedule::parse(&cron(Some(&text), None));
    }
}
