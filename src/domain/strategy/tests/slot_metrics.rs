//! Every slot is counted once, when it is closed.

use super::*;

/// Returns what a pass at this minute closes, with counts.
fn closed_by(story: &mut Story, minutes: i64) -> Vec<(BackupType, String, usize)> {
    let before = story.status.clone();
    story.create(minutes);
    let mut counts = std::collections::BTreeMap::new();
    for (kind, outcome) in closed(&story.spec, &before, &story.status) {
        *counts.entry((kind, outcome)).or_default() += 1;
    }
    let counts = counts.into_iter();
    counts.map(|((kind, what), n)| (kind, what, n)).collect()
}

fn some(kind: BackupType, outcome: &str, count: usize) -> (BackupType, String, usize) {
    (kind, outcome.to_owned(), count)
}

#[test]
fn a_slot_is_counted_when_it_is_closed_and_not_again() {
    let mut story = Story::of(&[1002]);
    story.create(30);
    let started = some(BackupType::Incremental, "Started", 1);
    assert_eq!(closed_by(&mut story, 61), [started]);
    assert_eq!(closed_by(&mut story, 62), []);
}

#[test]
fn slots_for_which_the_history_has_no_room_are_counted_too() {
    let mut story = Story::of(&[1002]);
    story.create(61);
    // Sunday 02:00 to Tuesday 03:00; only the newest is started.
    assert_eq!(
        closed_by(&mut story, 51 * 60 + 1),
        [
            some(BackupType::Full, "Missed", 1),
            some(BackupType::Incremental, "Missed", 48),
            some(BackupType::Incremental, "Skipped", 1),
            some(BackupType::Incremental, "Started", 1),
        ]
    );
}

#[test]
fn an_open_slot_that_newer_ones_push_out_of_the_history_is_counted() {
    let mut story = Story::of(&[1002]);
    story.reconcile(61);
    let database = story.unreachable();
    assert!(story.status.bookkeeping.open_slot.is_some());
    story.observed.database = database;
    let counts = closed_by(&mut story, 51 * 60 + 1);
    let missed = counts
        .iter()
        .find(|(kind, what, _)| *kind == BackupType::Incremental && what == "Missed");
    assert_eq!(missed.unwrap().2, 49);
}

#[test]
fn the_last_twenty_that_stay_are_not_counted_anew_when_one_is_added() {
    let mut story = Story::of(&[1002]);
    story.create(61);
    story.create(51 * 60 + 1);
    assert_eq!(story.status.schedule_history.len(), 20);
    let started = some(BackupType::Incremental, "Started", 1);
    assert_eq!(closed_by(&mut story, 52 * 60 + 1), [started]);
}
