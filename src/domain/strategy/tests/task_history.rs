//! Which ended tasks are deleted, and what remains of them.

use super::*;

/// Returns the task of this hour, which ended an hour later with this outcome.
fn ended(kind: &str, hour: i64, outcome: &str) -> ObservedTask {
    let name = format!("nightly-t1002-{kind}-20261121{hour:02}00z");
    ObservedTask {
        completed_at: Some(at(60 * (hour - 24) + 60)),
        ..task(&name, 1002, Some(outcome))
    }
}

fn with(tasks: Vec<ObservedTask>, successful: i32, failed: i32) -> Story {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.incremental = None;
    story.spec.task_history_limits = TaskHistoryLimits { successful, failed };
    story.observed.tasks = tasks;
    story
}

/// Returns the hours of the tasks that are deleted in the pass in this minute.
fn deleted(story: &mut Story, minutes: i64) -> Vec<String> {
    match story.reconcile(minutes).effect {
        Some(Effect::DeleteTasks(tasks)) => {
            let hours = tasks.iter().map(|(name, _)| &name[name.len() - 5..]);
            hours.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn the_oldest_beyond_the_limits_are_deleted_by_type_and_outcome() {
    let mut tasks: Vec<_> = (0..5)
        .map(|hour| ended("full", hour, "Completed"))
        .collect();
    tasks.extend((5..8).map(|hour| ended("full", hour, "Failed")));
    tasks.extend((8..10).map(|hour| ended("incr", hour, "Completed")));
    assert_eq!(
        deleted(&mut with(tasks, 3, 1), 1),
        ["0600z", "0500z", "0100z", "0000z"]
    );
}

#[test]
fn one_that_somebodys_finalizer_holds_is_not_deleted_again() {
    let mut tasks: Vec<_> = (0..3)
        .map(|hour| ended("full", hour, "Completed"))
        .collect();
    tasks[0].deleting = true;
    assert_eq!(deleted(&mut with(tasks, 1, 0), 1), ["0100z"]);
}

#[test]
fn each_tenant_has_its_own() {
    let mut tasks = vec![ended("full", 1, "Completed"), ended("full", 2, "Completed")];
    tasks[1].tenant_name = "t1004".to_owned();
    assert_eq!(deleted(&mut with(tasks, 1, 0), 1), [""; 0]);
}

#[test]
fn what_has_not_ended_stays() {
    let mut tasks: Vec<_> = (0..3)
        .map(|hour| ended("full", hour, "Completed"))
        .collect();
    tasks[0].outcome = None;
    tasks[0].completed_at = None;
    assert_eq!(deleted(&mut with(tasks, 1, 0), 1), ["0100z"]);
}

#[test]
fn the_newest_success_stays_however_many_failed_since() {
    let mut tasks = vec![ended("full", 0, "Completed")];
    tasks.extend((1..9).map(|hour| ended("full", hour, "Failed")));
    assert_eq!(deleted(&mut with(tasks, 1, 7), 1), ["0100z"]);
}

#[test]
fn the_failure_by_which_the_tenant_is_judged_stays_though_none_is_to_be_kept() {
    let tasks = vec![
        ended("full", 0, "Completed"),
        ended("full", 1, "Failed"),
        ended("full", 2, "Failed"),
        ended("full", 3, "Canceled"),
    ];
    let mut story = with(tasks, 1, 0);
    assert_eq!(deleted(&mut story, 1), ["0100z"]);
    story.create(1);
    story.reconcile(1);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
}

#[test]
fn a_first_backup_that_was_canceled_is_not_deleted_and_made_again() {
    let mut story = with(Vec::new(), 1, 0);
    story.spec.first_backup = FirstBackup::Immediately;
    let created = story.create(-30);
    assert_eq!(created.len(), 1);
    story.observed.tasks[0].outcome = Some("Canceled".to_owned());
    story.observed.tasks[0].completed_at = Some(at(-20));
    for minutes in [-19, 0, 100] {
        assert_eq!(story.create(minutes), [""; 0]);
    }
}

#[test]
fn tasks_of_the_open_slot_stay_so_that_they_are_not_made_again() {
    let mut story = with(Vec::new(), 1, 0);
    story.observed.database = Ok(vec![tenant(1002), tenant(1004)]);
    story.observed.log_backups.push(log_backup(1004));
    // One of two tenants cannot get its task for now.
    story.pass_with_answer(121, |name| match name {
        "nightly-t1004-full-202611220200z" => Err(Trouble::Error),
        _ => Ok(()),
    });
    assert!(story.status.bookkeeping.open_slot.is_some());
    for (minutes, outcome) in [(110, "Failed"), (111, "Completed")] {
        let mut other = ended("full", 10, outcome);
        other.completed_at = Some(at(minutes + 30));
        story.observed.tasks.push(other);
    }
    story.observed.tasks[0].outcome = Some("Failed".to_owned());
    story.observed.tasks[0].completed_at = Some(at(122));
    let kept = |story: &Story| {
        let mut tasks = story.observed.tasks.iter();
        tasks.any(|task| task.name == "nightly-t1002-full-202611220200z")
    };
    story.create(122);
    assert!(kept(&story));
    story.create(123);
    story.create(124);
    assert_eq!(
        (story.status.bookkeeping.open_slot.is_none(), kept(&story)),
        (true, false)
    );
}

#[test]
fn what_deleted_tasks_told_stays() {
    let tasks = (0..3).map(|hour| ended("full", hour, "Completed"));
    let mut story = with(tasks.collect(), 1, 0);
    story.create(1);
    let reported = story.status.last_success_time.clone().unwrap().0;
    story.observed.tasks.clear();
    story.reconcile(2);
    assert_eq!(reported, at(60 * (2 - 24) + 60));
    assert_eq!(story.status.last_success_time.unwrap().0, reported);
}

#[test]
fn what_lasts_is_made_first_and_at_most_fifty_are_deleted_in_a_pass() {
    let tasks: Vec<_> = (0..130)
        .map(|number| ObservedTask {
            name: format!("old-{number}"),
            ..ended("full", 1, "Completed")
        })
        .collect();
    let mut story = with(tasks, 1, 0);
    assert_eq!(story.create(121), ["nightly-t1002-full-202611220200z"]);
    let counts: Vec<usize> = (0..4).map(|_| story.create(122).len()).collect();
    assert_eq!(counts, [50, 50, 29, 0]);
}

#[test]
fn a_task_that_can_not_be_deleted_is_told_and_tried_every_minute() {
    let tasks: Vec<_> = (0..2)
        .map(|hour| ended("full", hour, "Completed"))
        .collect();
    let mut story = with(tasks, 1, 0);
    story.reconcile(0);
    story.events.clear();
    let tries = (0..3).map(|_| story.pass_with_answer(1, |_| Err(Trouble::Error)).len());
    assert_eq!(tries.sum::<usize>(), 1);
    assert_eq!(story.events, ["DeleteFailed"]);
    assert_eq!(story.status.unmade[0].reason, "DeleteFailed");
    assert_eq!(story.create(2).len(), 1);
    story.reconcile(2);
    assert_eq!(story.status.unmade, []);
}

#[test]
fn a_task_is_deleted_as_it_was_seen() {
    let tasks: Vec<_> = (0..2)
        .map(|hour| ended("full", hour, "Completed"))
        .collect();
    let mut story = with(tasks, 1, 0);
    let Some(Effect::DeleteTasks(tasks)) = story.reconcile(1).effect else {
        panic!("nothing is deleted")
    };
    let (name, version) = &tasks[0];
    assert_eq!(version, &(format!("uid of {name}"), "1".to_owned()));
}

#[test]
fn of_backups_that_others_started_the_oldest_go_too_and_never_the_newest_own() {
    let mut tasks: Vec<_> = (0..4)
        .map(|hour| ended("full", hour, "Completed"))
        .collect();
    for task in &mut tasks[1..] {
        task.external = true;
    }
    assert_eq!(deleted(&mut with(tasks, 1, 0), 1), ["0200z", "0100z"]);
}
