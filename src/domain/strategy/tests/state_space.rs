//! Days of random events, and what must hold after every pass.

use super::*;
use crate::api::Binding;
use crate::api::schedule::{BlackoutAction, BlackoutWindow};

/// Pseudorandom numbers, the same in every run.
struct Dice(u64);

impl Dice {
    /// Returns a number in `0..sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        // Knuth's MMIX; the high bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn is_one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }
}

const IDS: [i64; 3] = [1002, 1004, 1006];

/// What has happened so far.
#[derive(Default)]
struct Past {
    /// Names of all tasks ever created.
    created: BTreeSet<String>,
    /// Slots ever closed.
    closed: BTreeSet<(Timestamp, BackupType)>,
}

fn window(start: &str, end: &str, action: BlackoutAction) -> BlackoutWindow {
    BlackoutWindow {
        start: start.to_owned(),
        end: end.to_owned(),
        days: Vec::new(),
        action,
    }
}

/// Applies a random event to the environment or to the strategy.
fn happen(story: &mut Story, dice: &mut Dice, minutes: i64) {
    let ids = |dice: &mut Dice| {
        IDS.into_iter()
            .filter(|_| !dice.is_one_in(5))
            .collect::<Vec<_>>()
    };
    match dice.roll(12) {
        0 => story.observed.database = Err(Blocker::outage()),
        1..=4 => {
            let tenants = ids(dice).into_iter().map(|id| {
                let mut known = Tenant::clone(&tenant(id));
                known.locked = dice.is_one_in(8);
                Arc::new(known)
            });
            story.observed.database = Ok(tenants.collect());
        }
        5 => {
            story.spec.suspend = dice.is_one_in(4);
            story.generation += 1;
        }
        6 => {
            story.spec.log_backup.piece_switch_days = 1 + i32::try_from(dice.roll(3)).unwrap();
            story.generation += 1;
        }
        7 => {
            if let Some(known) = story.observed.log_backups.first_mut() {
                known.settings.binding = Binding::Mandatory;
            }
        }
        8 => {
            let name = ["s3", "other"][usize::from(dice.is_one_in(4))];
            story.spec.storage_ref = LocalReference::new(name);
        }
        _ => {}
    }
    for task in &mut story.observed.tasks {
        if task.outcome.is_none() && !dice.is_one_in(3) {
            let outcomes = ["Completed", "Completed", "Failed", "Canceled", "Overdue"];
            let outcome = outcomes[usize::try_from(dice.roll(5)).unwrap()];
            task.outcome = Some(outcome.to_owned());
            task.completed_at = Some(at(minutes));
        }
    }
}

/// Runs one pass, with or without its effect, and checks what must hold.
fn pass(story: &mut Story, past: &mut Past, dice: &mut Dice, minutes: i64) -> bool {
    let tasks_before = story.observed.tasks.clone();
    let history_before = story.status.schedule_history.clone();
    let effect = story.decide(None, minutes).effect;
    let fails = dice.is_one_in(6);
    story.pass_with_answer(
        minutes,
        |_| if fails { Err(Trouble::Error) } else { Ok(()) },
    );
    let after = story.status.schedule_history.iter();
    for record in after.filter(|record| !history_before.contains(record)) {
        let slot = (record.scheduled_time.0, record.type_);
        assert!(past.closed.insert(slot), "{slot:?} ended twice");
    }
    match &effect {
        Some(Effect::MakeTasks(tasks)) => {
            assert!(
                !(180..390).contains(&(minutes % 1_440)),
                "in a window: {minutes}"
            );
            for (name, spec) in tasks {
                let is_new = !past.created.contains(name);
                assert!(is_new, "{name} is made a second time");
                let moved = (spec.tenant_name.as_str(), "StorageChangeRefused");
                assert!(!story.failing().contains(&moved));
                if !fails {
                    past.created.insert(name.clone());
                }
            }
        }
        Some(Effect::DeleteTasks(tasks)) => {
            for (name, _) in tasks {
                let known = tasks_before.iter().find(|task| task.name == *name).unwrap();
                assert!(known.outcome.is_some(), "{name} has not ended");
                let is_alike = |task: &&ObservedTask| {
                    task.tenant_name == known.tenant_name && task.full == known.full
                };
                assert!(
                    story.observed.tasks.iter().any(|task| is_alike(&task)),
                    "the last of its kind"
                );
            }
        }
        Some(Effect::EditLogBackups(edits)) if !fails => {
            let binding = |name: &str| {
                let mut known = story.observed.log_backups.iter();
                known
                    .find(|known| known.name == name)
                    .unwrap()
                    .settings
                    .binding
            };
            let kept = edits
                .iter()
                .all(|edit| binding(&edit.name) == edit.settings.binding);
            assert!(kept);
        }
        _ => {}
    }
    effect.is_some() && !fails
}

#[test]
fn whatever_happens_no_task_is_made_twice_and_no_slot_ends_twice() {
    let (mut created, mut deleted, mut closed) = (0, 0, 0);
    for seed in 0..12 {
        let mut dice = Dice(seed);
        let mut story = Story::of(&IDS);
        story.spec.task_history_limits = TaskHistoryLimits {
            successful: 1,
            failed: 0,
        };
        story.spec.schedule.blackout_windows = vec![
            window("03:00", "05:00", BlackoutAction::Postpone),
            window("04:00", "06:30", BlackoutAction::Skip),
        ];
        if dice.is_one_in(2) {
            story.spec.first_backup = FirstBackup::Immediately;
        }
        let mut past = Past::default();
        for step in 1..120 {
            let minutes = step * 20;
            happen(&mut story, &mut dice, minutes);
            let mut passes = 0;
            while pass(&mut story, &mut past, &mut dice, minutes) {
                passes += 1;
                assert!(
                    passes < 20,
                    "seed {seed}: it does not come to rest at {minutes}"
                );
            }
            if story.status.unmade.is_empty() {
                let again = story.decide(None, minutes);
                assert_eq!(again.status, story.status, "seed {seed}: written twice");
            }
        }
        created += past.created.len();
        deleted += past.created.len() - story.observed.tasks.len().min(past.created.len());
        closed += past.closed.len();
    }
    // Guards against a walk in which nothing happens.
    assert!(
        created > 300 && deleted > 150 && closed > 300,
        "{created} {deleted} {closed}"
    );
}
