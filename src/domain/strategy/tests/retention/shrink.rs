//! A window that becomes shorter waits for a day, and is never below the operator's minimum.

use super::*;

const DAY: i64 = 24 * 60;

/// Returns a story with thirty days set, and seven wanted from the second minute on.
fn shrinking() -> Story {
    let mut story = of(&[1002], days(30));
    story.all_sent(1);
    story.retain(days(7));
    assert_eq!(story.all_sent(2), [""; 0]);
    story
}

#[test]
fn a_shorter_window_is_set_a_day_later() {
    let mut story = shrinking();
    assert_eq!(story.why(), ("Unknown", "RetentionShrinkPending"));
    assert_eq!(story.all_sent(1 + DAY), [""; 0]);
    assert_eq!(story.all_sent(2 + DAY), ["t1002 - 30d", "t1002 + 7d"]);
    assert_eq!(story.why(), ("True", "Applied"));
}

#[test]
fn an_edit_that_is_taken_back_within_the_day_changes_nothing() {
    let mut story = shrinking();
    story.retain(days(30));
    assert_eq!(story.all_sent(3), [""; 0]);
    assert_eq!(story.why(), ("True", "Applied"));
    story.retain(days(7));
    assert_eq!(story.all_sent(2 + DAY), [""; 0], "the day starts again");
}

#[test]
fn another_shorter_window_waits_for_a_day_of_its_own() {
    let mut story = shrinking();
    story.retain(days(3));
    assert_eq!(story.all_sent(DAY), [""; 0]);
    assert_eq!(story.all_sent(2 + DAY), [""; 0]);
    assert_eq!(story.all_sent(2 * DAY), ["t1002 - 30d", "t1002 + 3d"]);
}

#[test]
fn a_crash_between_drop_and_add_does_not_wait_again() {
    let mut story = shrinking();
    assert_eq!(story.sent(2 + DAY), Some("t1002 - 30d".to_owned()));
    assert_eq!(story.all_sent(3 + DAY), ["t1002 + 7d"]);
}

#[test]
fn a_shorter_window_waits_also_where_somebody_else_s_is_put_right() {
    let mut story = of(&[1002], days(7));
    story.put_drift_right();
    story.window(1002, Some("0"));
    assert_eq!(story.all_sent(1), [""; 0]);
    assert_eq!(story.why(), ("Unknown", "RetentionShrinkPending"));
    assert_eq!(story.all_sent(1 + DAY), ["t1002 - 0", "t1002 + 7d"]);
}

#[test]
fn a_window_after_everything_was_kept_waits_for_a_day() {
    let mut story = of(&[1002], days(30));
    story.all_sent(1);
    story.retain(KEEP_ALL);
    assert_eq!(story.all_sent(2), ["t1002 - 30d"]);
    story.retain(days(7));
    assert_eq!(story.all_sent(3), [""; 0]);
    assert_eq!(story.why(), ("Unknown", "RetentionShrinkPending"));
    story.retain(KEEP_ALL);
    assert_eq!(story.all_sent(4), [""; 0]);
    assert_eq!(story.why(), ("True", "Applied"));
    story.retain(days(7));
    assert_eq!(story.all_sent(3 + DAY), [""; 0], "the day starts again");
    assert_eq!(story.all_sent(3 + 2 * DAY), ["t1002 + 7d"]);
    assert_eq!(story.why(), ("True", "Applied"));
}

#[test]
fn no_window_is_set_below_the_operator_s_floor() {
    let mut story = of(&[1002], days(7));
    story.observed.least_window_days = 14;
    assert_eq!(story.all_sent(1), [""; 0]);
    assert_eq!(story.why(), ("False", "BelowMinRecoveryWindow"));
    story.retain(days(14));
    assert_eq!(story.all_sent(2), ["t1002 + 14d"]);
}
