//! Statements that could not be sent.

use super::*;

fn unsent() -> Answer {
    Answer::NotSent("too many connections".to_owned())
}

#[test]
fn a_statement_that_could_not_be_sent_waits_whatever_wakes_the_object() {
    let mut story = Story::of(DesiredState::Running);
    let bare = seen(bare());
    assert!(story.look(&bare, 10).effect.is_some());
    let heard = story.answered(&bare, 10, &unsent());
    assert_eq!(heard.next, Next::At(at(15)));
    assert_eq!(story.look(&bare, 12).effect, None);
    assert!(story.look(&bare, 15).effect.is_some());
}

#[test]
fn the_pause_doubles_and_the_third_time_is_told() {
    let mut story = Story::of(DesiredState::Running);
    let bare = seen(bare());
    for (second, until) in [(10, 15), (15, 25), (25, 45)] {
        assert_ne!(story.phase(), "Failed");
        story.look(&bare, second);
        let heard = story.answered(&bare, second, &unsent());
        assert_eq!(heard.next, Next::At(at(until)));
    }
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "StatementNotSent")
    );
}
