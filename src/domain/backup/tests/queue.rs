//! A fair queue for the slots of one database.

use super::*;
use crate::domain::backup::queue::{Queue, QueuePosition, QueuedTask, heads};

fn turn(second: i64, uid: &str) -> QueuePosition {
    QueuePosition {
        at: at(second),
        uid: uid.to_owned(),
    }
}

fn waits(second: i64, uid: &str) -> QueuedTask {
    QueuedTask {
        turn: turn(second, uid),
        waits: true,
        key: None,
    }
}

fn runs(uid: &str) -> QueuedTask {
    QueuedTask {
        turn: turn(0, uid),
        waits: false,
        key: Some(format!("obb/{uid}/1")),
    }
}

/// The queue of a task that is due at second 10.
fn line(others: &[QueuedTask], running: &[&str], slots: usize) -> Queue {
    let running = running.iter().copied().collect();
    Queue::new(&turn(10, UID), others, running, slots)
}

#[test]
fn who_finds_a_free_place_goes_at_once() {
    assert_eq!(line(&[runs("b")], &[], 2).position(), None);
}

#[test]
fn who_finds_none_stands_behind_those_that_are_due_earlier() {
    let others = [runs("b"), waits(5, "c"), waits(9, "d"), waits(20, "e")];
    assert_eq!(line(&others, &[], 1).position(), Some(3));
}

#[test]
fn a_free_place_is_for_the_first_in_the_line() {
    let others = [waits(5, "c")];
    assert_eq!(line(&others, &[], 1).position(), Some(2));
    assert_eq!(line(&others, &[], 2).position(), None);
}

#[test]
fn of_one_slot_the_uid_decides_and_never_both() {
    let line = |own: &str, other: &str| {
        Queue::new(&turn(10, own), &[waits(10, other)], [].into(), 1).position()
    };
    assert_eq!((line("a", "b"), line("b", "a")), (None, Some(2)));
}

#[test]
fn a_task_that_waits_for_something_else_holds_nobody_back() {
    let other = QueuedTask {
        waits: false,
        ..waits(5, "c")
    };
    assert_eq!(line(&[other], &[], 1).position(), None);
}

#[test]
fn a_backup_counts_once_whether_its_task_or_the_database_shows_it() {
    assert_eq!(line(&[runs("b")], &["obb/b/1"], 2).taken, 1);
    assert_eq!(line(&[], &["obb/gone/1", "obb/b/1"], 2).taken, 2);
}

#[test]
fn a_tasks_own_backup_takes_no_place_from_it() {
    assert_eq!(line(&[], &["obb/0a1b-2c/1"], 1).position(), None);
}

#[test]
fn as_many_are_woken_as_there_are_places() {
    let waiting = vec![
        (turn(9, "c"), 'c'),
        (turn(3, "a"), 'a'),
        (turn(5, "b"), 'b'),
    ];
    assert_eq!(heads(waiting, 2), ['a', 'b']);
}

fn crowded() -> Observation {
    let queue = Queue {
        slots: 2,
        taken: 2,
        ahead: 2,
    };
    Observation { queue, ..healthy() }
}

#[test]
fn a_task_without_a_place_says_how_far_it_is() {
    let mut story = Story::new();
    let decision = story.reconcile(&crowded(), 0);
    assert_eq!((story.phase(), decision.effect), ("Pending", None));
    assert_eq!(story.status.queue_position, Some(3));
    let cause = story.status.cause.as_ref().unwrap();
    assert_eq!(cause.reason, "WaitingForConcurrencySlot");
    assert_eq!(
        cause.message,
        "position 3 in the queue; 2 of 2 slots are in use"
    );
}

#[test]
fn what_stands_in_the_way_otherwise_takes_a_task_out_of_the_line() {
    let mut story = Story::new();
    story.reconcile(&crowded(), 0);
    let observed = Observation {
        queue: crowded().queue,
        ..observation_of(Some(Tenant {
            round: None,
            ..tenant()
        }))
    };
    story.reconcile(&observed, 5);
    assert_eq!(
        (story.status.queue_position, story.reason()),
        (None, "WaitingForLogBackup")
    );
}

#[test]
fn a_place_that_was_taken_meanwhile_is_waited_for_and_not_counted_as_a_refusal() {
    let mut story = Story::new();
    let taken = Answer::Withheld("2 of 2 running".to_owned());
    for second in [0, 10, 20] {
        let decision = story.answered(&healthy(), second, &taken);
        assert_eq!(decision.next, Next::At(at(second + 3)));
    }
    assert_eq!(story.reason(), "WaitingForConcurrencySlot");
}

#[test]
fn a_deadline_that_passes_in_the_line_is_overdue() {
    let mut story = Story::due_within(60);
    story.reconcile(&crowded(), 10);
    story.reconcile(&crowded(), 60);
    assert_eq!(
        (story.phase(), story.status.queue_position),
        ("Overdue", None)
    );
}

const MAX_WAIT: i64 = 6 * 60 * 60;

/// A child of a task for several tenants, while log backup does not run.
fn one_of_several() -> (Story, Observation) {
    let mut story = Story::new();
    story.owned = true;
    let idle = Tenant {
        round: None,
        ..tenant()
    };
    (story, observation_of(Some(idle)))
}

/// Otherwise the task for several tenants would never end.
#[test]
fn one_of_several_does_not_wait_for_its_log_backup_for_ever() {
    let (mut story, idle) = one_of_several();
    let decision = story.reconcile(&idle, MAX_WAIT - 1);
    assert_eq!(story.reason(), "WaitingForLogBackup");
    assert_eq!(decision.next, Next::At(at(MAX_WAIT)));
    story.reconcile(&idle, MAX_WAIT);
    assert_eq!(story.phase(), "Overdue");
    let message = &story.status.cause.as_ref().unwrap().message;
    assert!(message.contains("log backup"), "{message}");
}

#[test]
fn one_of_several_waits_for_its_turn_however_long_the_line_is() {
    let (mut story, _) = one_of_several();
    let mut full = healthy();
    full.queue.taken = 2;
    story.reconcile(&full, MAX_WAIT + 1);
    assert_eq!(story.reason(), "WaitingForConcurrencySlot");
    assert!(is_backup(&story.reconcile(&healthy(), MAX_WAIT + 2)));
}

#[test]
fn what_a_person_asks_for_waits_for_its_log_backup_as_long_as_it_takes() {
    let (mut story, idle) = one_of_several();
    story.owned = false;
    story.reconcile(&idle, 100 * MAX_WAIT);
    assert_eq!(story.reason(), "WaitingForLogBackup");
}
