//! Statements that cannot be sent, or are refused permanently.

use super::*;

fn unsent() -> Answer {
    Answer::NotSent("too many connections".to_owned())
}

#[test]
fn a_statement_that_could_not_be_sent_waits_whatever_wakes_the_object() {
    let mut story = Story::of(DesiredState::Running);
    let bare = observed(bare());
    assert!(story.reconcile(&bare, 10).effect.is_some());
    let decision = story.answered(&bare, 10, &unsent());
    assert_eq!(decision.next, Next::At(at(15)));
    assert_eq!(story.reconcile(&bare, 12).effect, None);
    assert!(story.reconcile(&bare, 15).effect.is_some());
}

#[test]
fn the_pause_doubles_and_the_third_time_is_told() {
    let mut story = Story::of(DesiredState::Running);
    let bare = observed(bare());
    for (second, until) in [(10, 15), (15, 25), (25, 45)] {
        assert_ne!(story.phase(), "Failed");
        story.reconcile(&bare, second);
        let decision = story.answered(&bare, second, &unsent());
        assert_eq!(decision.next, Next::At(at(until)));
    }
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "StatementNotSent")
    );
}

#[test]
fn what_only_a_person_can_mend_is_stalled_and_what_passes_is_not() {
    for (class, stalled) in [
        (FailureClass::Permanent, "True"),
        (FailureClass::NotYet, "False"),
    ] {
        let mut story = Story::of(DesiredState::Running);
        story.answered(&observed(bare()), 0, &refused(class));
        assert_eq!(story.condition("Stalled").0, stalled, "{class:?}");
        story.answered(&observed(bare()), 400, &Answer::Done);
        assert_eq!(story.condition("Stalled").0, "False", "{class:?}, mended");
    }
}
