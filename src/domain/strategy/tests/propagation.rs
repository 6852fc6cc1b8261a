//! Log backups that follow their strategy, and values that users wrote into them.

use super::*;
use crate::api::DriftPolicy;
use crate::api::log_backup::{InterruptionPolicy, InterruptionSettings};
use crate::api::strategy::{Followed, StrategyLogBackupMode};
use crate::api::{Binding, LogBackupSpec};

/// Returns the settings that the pass in this minute writes, by name.
fn written(story: &mut Story, minutes: i64) -> Vec<(String, Binding, i32)> {
    let Some(Effect::EditLogBackups(edits)) = story.reconcile(minutes).effect else {
        return Vec::new();
    };
    story.edit(&edits);
    edits
        .into_iter()
        .map(|edit| {
            (
                edit.name,
                edit.settings.binding,
                edit.settings.piece_switch_days,
            )
        })
        .collect()
}

fn wish(story: &mut Story, binding: Binding, piece_switch_days: i32) {
    story.spec.log_backup.binding = binding;
    story.spec.log_backup.piece_switch_days = piece_switch_days;
    story.generation += 1;
}

#[test]
fn an_edit_of_the_strategy_is_written_into_its_log_backups_once() {
    let mut story = Story::of(&[1002, 1004]);
    assert_eq!(written(&mut story, -30), []);
    wish(&mut story, Binding::Optional, 3);
    assert_eq!(
        written(&mut story, -29),
        [
            ("prod-t1002".to_owned(), Binding::Optional, 3),
            ("prod-t1004".to_owned(), Binding::Optional, 3)
        ]
    );
    assert_eq!(written(&mut story, -28), []);
}

#[test]
fn what_somebody_wrote_into_a_log_backup_stands_while_other_fields_follow() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].settings.binding = Binding::Mandatory;
    assert_eq!(written(&mut story, -30), []);
    wish(&mut story, Binding::Optional, 5);
    assert_eq!(
        written(&mut story, -29),
        [("prod-t1002".to_owned(), Binding::Mandatory, 5)]
    );
}

#[test]
fn a_field_that_somebody_puts_back_follows_again() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].settings.piece_switch_days = 7;
    wish(&mut story, Binding::Optional, 3);
    assert_eq!(written(&mut story, -30), []);
    story.observed.log_backups[0].settings.piece_switch_days = 1;
    assert_eq!(
        written(&mut story, -29),
        [("prod-t1002".to_owned(), Binding::Optional, 3)]
    );
}

#[test]
fn a_log_backup_that_no_strategy_made_is_never_edited() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].inherited = None;
    wish(&mut story, Binding::Mandatory, 3);
    assert_eq!(written(&mut story, -30), []);
}

#[test]
fn another_strategy_that_takes_a_tenant_over_takes_over_what_followed_the_first() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].inherited = Some(inherited("before"));
    wish(&mut story, Binding::Optional, 3);
    assert_eq!(written(&mut story, -30).len(), 1);
    let known = story.observed.log_backups[0].inherited.clone().unwrap();
    assert_eq!(
        (known.strategy.as_str(), known.log_backup.piece_switch_days),
        ("nightly", 3)
    );
}

#[test]
fn a_log_backup_of_another_place_is_not_edited() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].storage = "other".to_owned();
    wish(&mut story, Binding::Optional, 3);
    assert_eq!(written(&mut story, -30), []);
}

#[test]
fn an_edit_that_is_refused_is_told_and_tried_every_minute() {
    let mut story = Story::of(&[1002]);
    wish(&mut story, Binding::Mandatory, 1);
    story.reconcile(-40);
    story.events.clear();
    let tries = (0..3).map(|_| story.pass_with_answer(-30, |_| Err(Trouble::Error)).len());
    assert_eq!(tries.sum::<usize>(), 1);
    assert_eq!(story.events, ["UpdateFailed"]);
    assert_eq!(story.create(-29), ["prod-t1002"]);
    story.reconcile(-28);
    assert_eq!(story.status.unmade, []);
}

#[test]
fn an_edit_that_somebody_else_was_faster_than_is_tried_again() {
    let mut story = Story::of(&[1002]);
    wish(&mut story, Binding::Mandatory, 1);
    story.reconcile(-30);
    let decision = story.decide(Some(&ApplyOutcome::default()), -30);
    assert_eq!((decision.effect, decision.next), (None, CONTINUE));
    assert_eq!(decision.status.unmade, []);
    assert_eq!(story.create(-30), ["prod-t1002"]);
}

/// Returns what a log backup of this generation records after such an edit by its strategy.
fn noted(
    generation: i64,
    known: Option<(i64, i64)>,
    edit: impl FnOnce(&mut LogBackupSettings),
) -> Option<(i64, i64)> {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups.clear();
    let Some(Effect::MakeLogBackups(created)) = story.reconcile(-30).effect else {
        panic!("no log backup")
    };
    let before = &created[0].1;
    let (mut settings, mut after) = (settings_of(before), before.clone());
    edit(&mut settings);
    give(&settings, &mut after);
    let known = known.map(|(from, to)| Followed { from, to });
    followed(before, &after, generation, known).map(|noted| (noted.from, noted.to))
}

#[test]
fn edits_of_a_strategy_that_ask_nothing_of_the_database_are_noted_one_after_the_other() {
    let enforce = |settings: &mut LogBackupSettings| settings.drift_policy = DriftPolicy::Enforce;
    assert_eq!(noted(1, None, enforce), Some((1, 2)));
    assert_eq!(noted(2, Some((1, 2)), enforce), Some((1, 3)));
    // A user edited it in between.
    assert_eq!(noted(3, Some((1, 2)), enforce), Some((3, 4)));
}

#[test]
fn an_edit_of_a_strategy_that_asks_something_of_the_database_is_like_anybodys() {
    let around = |settings: &mut LogBackupSettings| {
        settings.mode = StrategyLogBackupMode::AroundDataBackup;
    };
    assert_eq!(noted(2, Some((1, 2)), around), None);
    let lag = |settings: &mut LogBackupSettings| settings.archive_lag_target_seconds = Some(90);
    assert_eq!(noted(2, Some((1, 2)), lag), None);
}

#[test]
fn what_was_noted_stays_where_the_spec_is_not_edited() {
    assert_eq!(noted(2, Some((1, 2)), |_| {}), Some((1, 2)));
}

#[test]
fn what_is_written_into_a_log_backup_is_read_back_from_it() {
    let settings = LogBackupSettings {
        mode: StrategyLogBackupMode::AroundDataBackup,
        binding: Binding::Mandatory,
        piece_switch_days: 7,
        archive_lag_target_seconds: Some(90),
        drift_policy: DriftPolicy::Enforce,
        interruption: InterruptionSettings {
            policy: InterruptionPolicy::Report,
            max_restarts_per_day: 3,
        },
    };
    let mut story = Story::of(&[1002]);
    story.observed.log_backups.clear();
    let Some(Effect::MakeLogBackups(created)) = story.reconcile(-30).effect else {
        panic!("no log backup")
    };
    let mut spec: LogBackupSpec = created[0].1.clone();
    give(&settings, &mut spec);
    assert_eq!(settings_of(&spec), settings);
}
