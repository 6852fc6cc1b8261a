//! Statements whose acceptance is not known.

use super::*;

#[test]
fn an_add_that_was_lost_is_sent_again_and_one_that_was_not_is_seen() {
    let mut story = of(&[1002], days(7));
    let lost = Answer::Unknown("hung up".to_owned());
    assert!(story.send_with_answer(1, &lost).is_some());
    assert_eq!(story.sent(2), Some("t1002 + 7d".to_owned()));
    assert_eq!(story.all_sent(3), [""; 0]);
    assert_eq!(story.why(), ("True", "Applied"));
}

#[test]
fn a_statement_that_is_lost_or_not_sent_is_not_repeated_at_each_read_and_is_told() {
    let why = || "hung up".to_owned();
    for (answer, reason) in [
        (Answer::Unknown(why()), "OutcomeUnknown"),
        (Answer::NotSent(why()), "NotSent"),
        (Answer::Withheld(why()), "NotSent"),
    ] {
        let mut story = of(&[1002], days(7));
        assert!(story.send_with_answer(1, &answer).is_some());
        assert_eq!(story.sent(1), None, "{reason}");
        assert_eq!(story.why().1, reason);
    }
}

#[test]
fn a_policy_that_somebody_replaced_meanwhile_is_theirs_and_no_failure_any_more() {
    let mut story = of(&[1002], days(7));
    assert_eq!(story.all_sent(1).len(), 1);
    story.retain(days(30));
    let replaced = Answer::Withheld("another tool has replaced the delete policy".to_owned());
    assert!(story.send_with_answer(2, &replaced).is_some());
    story.window(1002, Some("3d"));
    assert_eq!(story.all_sent(3), [""; 0]);
    assert_eq!(story.why(), ("False", "PolicyDrift"));
}
