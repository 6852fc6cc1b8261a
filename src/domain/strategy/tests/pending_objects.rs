//! Objects that cannot be created, edited or deleted.

use std::collections::BTreeMap;

use super::children::pending_log_backup;
use super::*;
use crate::api::Binding;

#[test]
fn a_log_backup_that_can_not_be_made_does_not_hold_back_the_other_tenants() {
    let mut story = pending_log_backup(&[1002, 1004], 1002);
    let foreign = |name: &str| match name {
        "prod-t1002" => Err(Trouble::Foreign),
        _ => Ok(()),
    };
    story.pass_with_answer(61, foreign);
    assert_eq!(
        story.pass_with_answer(61, foreign),
        ["nightly-t1004-incr-202611220100z"]
    );
    assert_eq!(story.failing(), [("t1002", "NameCollision")]);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
    assert_eq!(story.is(types::LOG_BACKUP_HEALTHY), "False");
}

#[test]
fn what_can_not_be_made_is_told_once_and_tried_every_minute() {
    let mut story = pending_log_backup(&[1002], 1002);
    let tries = (0..4).map(|_| story.pass_with_answer(-30, |_| Err(Trouble::Error)).len());
    assert_eq!(tries.collect::<Vec<_>>(), [1, 0, 0, 0]);
    assert_eq!(
        story.pass_with_answer(-29, |_| Err(Trouble::Error)).len(),
        1
    );
    assert_eq!(story.events, ["CreateFailed"]);
    assert_eq!(story.create(-28), ["prod-t1002"]);
    assert_eq!((story.failing().len(), story.status.unmade), (0, vec![]));
}

#[test]
fn a_slot_whose_task_has_a_foreign_namesake_ends_skipped_and_once() {
    let mut story = Story::of(&[1002]);
    story.pass_with_answer(61, |_| Err(Trouble::Foreign));
    assert_eq!(story.history()[0], "01:00 incr Skipped NameCollision");
    assert_eq!(
        story
            .events
            .iter()
            .filter(|e| **e == "NameCollision")
            .count(),
        1
    );
    assert!(story.create(63).is_empty());
}

#[test]
fn a_namesake_among_many_tasks_costs_only_its_tenant() {
    let ids: Vec<i64> = (0..80).map(|i| 1002 + 2 * i).collect();
    let mut story = Story::of(&ids);
    for _ in 0..3 {
        story.pass_with_answer(61, |name| match name {
            "nightly-t1010-incr-202611220100z" => Err(Trouble::Foreign),
            _ => Ok(()),
        });
    }
    let record = &story.status.schedule_history[0];
    assert_eq!((record.started, record.failed), (79, 1));
}

#[test]
fn a_task_that_can_not_be_made_keeps_its_slot_open_until_it_is() {
    let mut story = Story::of(&[1002]);
    story.pass_with_answer(61, |_| Err(Trouble::Error));
    assert!(story.status.bookkeeping.open_slot.is_some());
    story.create(63);
    assert_eq!(story.history()[0], "01:00 incr Started -");
}

#[test]
fn a_first_backup_with_a_foreign_namesake_is_not_tried_in_every_pass() {
    let mut story = Story::of(&[1002]);
    story.spec.first_backup = FirstBackup::Immediately;
    let tries: usize = (0..5)
        .map(|_| story.pass_with_answer(-30, |_| Err(Trouble::Foreign)).len())
        .sum();
    assert_eq!((tries, story.events.len()), (1, 1));
}

/// Returns a story whose tenants have no log backup.
fn without_log_backups(count: i64) -> Story {
    let ids: Vec<i64> = (0..count).map(|nth| 1002 + 2 * nth).collect();
    let mut story = Story::of(&ids);
    story.observed.log_backups.clear();
    story
}

/// Refuses log backups and accepts other objects, by name.
fn refuse_log_backups(name: &str) -> Result<(), Trouble> {
    if name.starts_with("prod-t") {
        Err(Trouble::Error)
    } else {
        Ok(())
    }
}

/// If a quota blocks all of them, none is tried more often than every minute, and each has its
/// turn.
#[test]
fn of_more_objects_than_are_listed_each_is_tried_now_and_then() {
    let mut story = without_log_backups(170);
    story.spec.suspend = true;
    let mut tried = BTreeMap::<String, u32>::new();
    for minutes in 0..17 {
        for _ in 0..5 {
            for name in story.pass_with_answer(2 * minutes, refuse_log_backups) {
                *tried.entry(name).or_default() += 1;
            }
        }
    }
    let counts: Vec<u32> = tried.into_values().collect();
    assert_eq!(counts, [5; 170]);
}

#[test]
fn log_backups_that_are_refused_for_ever_hold_back_no_task() {
    let mut story = without_log_backups(70);
    for minutes in 61..65 {
        for _ in 0..4 {
            story.pass_with_answer(minutes, refuse_log_backups);
        }
    }
    assert_eq!(story.history()[0], "01:00 incr Started -");
    assert_eq!(story.status.schedule_history[0].started, 70);
}

/// Failures of other objects must not delay it by another minute each time.
#[test]
fn a_task_that_was_refused_once_is_tried_again_beside_log_backups_that_are_for_ever() {
    let mut story = without_log_backups(70);
    for _ in 0..4 {
        story.pass_with_answer(61, |_| Err(Trouble::Error));
    }
    for minutes in 62..66 {
        for _ in 0..4 {
            story.pass_with_answer(minutes, refuse_log_backups);
        }
    }
    assert_eq!(story.status.schedule_history[0].started, 70);
}

/// If both are refused forever, the list has no room for all of either.
#[test]
fn of_log_backups_and_tasks_together_at_most_a_batch_of_each_is_tried_in_a_minute() {
    let mut story = without_log_backups(120);
    for minutes in 61..70 {
        let tries = (0..20).map(|_| {
            story
                .pass_with_answer(minutes, |_| Err(Trouble::Error))
                .len()
        });
        assert_eq!(tries.sum::<usize>(), 100, "at {minutes}");
    }
}

#[test]
fn an_object_that_can_not_be_made_is_told_why_by_its_own_name() {
    let mut story = without_log_backups(3);
    story.pass_with_answer(1, refuse_log_backups);
    for unmade in &story.status.unmade {
        let why = format!(
            "LogBackup '{0}' could not be created, and the operator retries: no {0}.",
            unmade.name
        );
        assert!(unmade.message.starts_with(&why), "{}", unmade.message);
    }
    assert_eq!(story.status.unmade.len(), 3);
}

#[test]
fn a_tenant_whose_log_backup_can_not_be_edited_is_backed_up_all_the_same() {
    let mut story = Story::of(&[1002]);
    story.spec.log_backup.binding = Binding::Mandatory;
    story.pass_with_answer(-30, |_| Err(Trouble::Error));
    assert_eq!(story.failing(), [("t1002", "UpdateFailed")]);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "Unknown");
}
