//! Every slot ends exactly once.

use super::*;

#[test]
fn a_slot_is_opened_made_and_closed() {
    let mut story = Story::of(&[1002]);
    assert_eq!(
        story.reconcile(61).effect.map(|e| names(&e)).unwrap(),
        ["nightly-t1002-incr-202611220100z"]
    );
    assert!(
        story.status.bookkeeping.open_slot.is_some(),
        "written before the task is made"
    );
    story.create(61);
    assert_eq!(
        story.history(),
        [
            "01:00 incr Started -",
            "00:00 incr Missed StartingDeadlineExceeded"
        ]
    );
    assert_eq!(
        (
            story.create(62).len(),
            story.status.bookkeeping.open_slot.is_none()
        ),
        (0, true)
    );
}

#[test]
fn a_restart_goes_on_with_the_open_slot() {
    let mut story = Story::of(&[1002, 1004]);
    story.reconcile(61);
    story
        .observed
        .tasks
        .push(task("nightly-t1002-incr-202611220100z", 1002, None));
    assert_eq!(story.create(65), ["nightly-t1004-incr-202611220100z"]);
    assert_eq!(story.status.schedule_history[0].started, 2);
}

#[test]
fn more_tenants_than_one_pass_makes_are_made_in_several() {
    let ids: Vec<i64> = (0..120).map(|i| 1002 + 2 * i).collect();
    let mut story = Story::of(&ids);
    let created: Vec<usize> = (0..4).map(|_| story.create(61).len()).collect();
    assert_eq!(created, [50, 50, 20, 0]);
    assert_eq!(story.status.schedule_history[0].started, 120);
}

#[test]
fn tasks_that_the_store_does_not_show_yet_are_asked_for_again_by_the_same_name() {
    let mut story = Story::of(&[1002, 1004]);
    let first = names(&story.reconcile(61).effect.unwrap());
    let second = names(&story.reconcile(61).effect.unwrap());
    assert_eq!(first, second);
}

#[test]
fn an_outage_of_the_operator_does_not_cost_the_full_slot() {
    let mut story = Story::of(&[1002]);
    story.create(61);
    assert_eq!(
        story.create(4 * 60 + 30),
        ["nightly-t1002-full-202611220200z"]
    );
    assert_eq!(
        story.history()[..4],
        [
            "02:00 full Started -",
            "04:00 incr Skipped SupersededByFull",
            "03:00 incr Skipped SupersededByFull",
            "02:00 incr Skipped SupersededByFull",
        ]
    );
    assert!(story.create(4 * 60 + 31).is_empty(), "nothing is left over");
}

#[test]
fn an_outage_of_the_database_does_not_cost_the_full_slot() {
    let mut story = Story::of(&[1002]);
    story.create(61);
    let tenants = story.unreachable();
    for minutes in [121, 181, 241] {
        story.reconcile(minutes);
    }
    assert_eq!(
        story.status.bookkeeping.open_slot.as_ref().unwrap().type_,
        BackupType::Full
    );
    story.observed.database = tenants;
    assert_eq!(story.create(250), ["nightly-t1002-full-202611220200z"]);
}

#[test]
fn a_full_slot_past_its_deadline_is_missed_with_an_event_and_the_schedule_goes_on() {
    let mut story = Story::of(&[1002]);
    story.create(61);
    let tenants = story.unreachable();
    let mut deadline = None;
    for minutes in [121, 181, 481, 482] {
        deadline = Some(story.reconcile(minutes).next);
    }
    assert!(deadline.is_some());
    assert!(
        story
            .history()
            .contains(&"02:00 full Missed ClusterUnreachable".to_owned())
    );
    assert!(story.events.contains(&"BackupMissed"));
    story.observed.database = tenants;
    assert_eq!(story.create(541), ["nightly-t1002-incr-202611220900z"]);
}

#[test]
fn a_missed_slot_does_not_end_in_silence_and_the_next_one_makes_it_good() {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.full = None;
    story.spec.schedule.starting_deadline_seconds = 60;
    story.create(60);
    story.observed.tasks[0].outcome = Some("Completed".to_owned());
    story.observed.tasks[0].completed_at = Some(at(61));
    story.reconcile(61);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "True");
    let tenants = story.unreachable();
    story.reconcile(120);
    story.reconcile(122);
    story.observed.database = tenants;
    story.reconcile(123);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
    assert_eq!(story.status.phase.as_deref(), Some("Abnormal"));
    story.create(180);
    story.reconcile(180);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "True");
}

#[test]
fn an_open_slot_is_looked_at_when_its_deadline_passes() {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.starting_deadline_seconds = 60;
    story.unreachable().ok();
    let decision = story.reconcile(60);
    assert_eq!(
        decision.next,
        Next::At(at(61) + jiff::SignedDuration::from_secs(1))
    );
    story.reconcile(62);
    assert_eq!(story.history()[0], "01:00 incr Missed ClusterUnreachable");
}

#[test]
fn slots_are_missed_while_the_store_is_not_there_and_not_forgotten() {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.starting_deadline_seconds = 60;
    story.observed.target = Err(Blocker::waiting("StorageNotFound", "no such store"));
    story.reconcile(60);
    story.reconcile(63);
    assert_eq!(story.history()[0], "01:00 incr Missed StorageNotFound");
}

#[test]
fn a_slot_that_is_open_when_the_schedule_is_suspended_makes_nothing() {
    let mut story = Story::of(&[1002]);
    story.unreachable().ok();
    story.reconcile(61);
    story.observed.database = Ok(vec![tenant(1002)]);
    story.spec.suspend = true;
    story.generation += 1;
    assert_eq!(story.reconcile(62).effect, None);
    assert_eq!(story.history()[0], "01:00 incr Skipped Suspended");
    assert_eq!(story.status.phase.as_deref(), Some("Paused"));
    assert_eq!(story.is(types::READY), "True");
}

#[test]
fn slots_while_suspended_are_not_made_up_for() {
    let mut story = Story::of(&[1002]);
    story.spec.suspend = true;
    story.reconcile(61);
    story.spec.suspend = false;
    story.generation += 1;
    assert_eq!(story.reconcile(130).effect, None);
    assert_eq!(story.create(181), ["nightly-t1002-incr-202611220300z"]);
}

#[test]
fn a_schedule_that_is_edited_while_a_slot_is_open_still_closes_it_once() {
    let mut story = Story::of(&[1002]);
    story.reconcile(61);
    story.spec.schedule.incremental = Some(CalendarSpec::cron("30 5 * * *"));
    story.generation += 1;
    assert_eq!(story.create(62), ["nightly-t1002-incr-202611220100z"]);
    assert_eq!(story.history()[0], "01:00 incr Started -");
}

#[test]
fn an_incremental_slot_rests_while_a_full_backup_of_the_tenant_runs() {
    let mut story = Story::of(&[1002]);
    story
        .observed
        .tasks
        .push(task("nightly-t1002-full-202611212300z", 1002, None));
    assert!(story.create(61).is_empty());
    assert_eq!(story.history()[0], "01:00 incr Skipped FullBackupPending");
}

#[test]
fn a_full_backup_that_is_being_deleted_holds_no_incremental_slot_back() {
    let mut story = Story::of(&[1002]);
    let mut held = task("nightly-t1002-full-202611212300z", 1002, None);
    held.deleting = true;
    story.observed.tasks.push(held);
    assert_eq!(story.create(61), ["nightly-t1002-incr-202611220100z"]);
}

#[test]
fn a_clock_that_jumps_back_makes_no_slot_twice() {
    let mut story = Story::of(&[1002]);
    story.create(181);
    story.observed.tasks[0].outcome = Some("Completed".to_owned());
    assert!(story.create(100).is_empty());
    assert_eq!(story.create(241), ["nightly-t1002-incr-202611220400z"]);
}

#[test]
fn a_clock_that_was_years_ahead_for_a_moment_does_not_end_the_schedule() {
    let mut story = Story::of(&[1002]);
    story.create(5 * 365 * 24 * 60);
    story.observed.tasks.clear();
    story.reconcile(61);
    assert_eq!(story.create(121), ["nightly-t1002-full-202611220200z"]);
}

#[test]
fn between_two_slots_nothing_is_written() {
    let mut story = Story::of(&[1002]);
    story.create(61);
    story.reconcile(62);
    let before = story.status.clone();
    for minutes in 63..119 {
        story.reconcile(minutes);
    }
    assert_eq!(story.status, before);
}

#[test]
fn each_slot_of_a_day_of_outages_ends_once() {
    // The bits of the seed choose what is down in which hour.
    for seed in 0..64_u32 {
        let mut story = Story::of(&[1002]);
        let mut closed = Vec::new();
        for step in 1..96 {
            let minutes = step * 15;
            let is_down = (seed >> (step / 16)) & 1 == 1;
            story.observed.database = if is_down {
                Err(Blocker::outage())
            } else {
                Ok(vec![tenant(1002)])
            };
            let before = story.status.schedule_history.clone();
            story.create(minutes);
            let after = &story.status.schedule_history;
            let new = after.iter().filter(|record| !before.contains(record));
            closed.extend(new.map(|record| (record.scheduled_time.0, record.type_)));
            for task in &mut story.observed.tasks {
                task.outcome = Some("Completed".to_owned());
            }
        }
        closed.extend(
            story
                .status
                .bookkeeping
                .open_slot
                .iter()
                .map(|open| (open.scheduled_time.0, open.type_)),
        );
        let count = closed.len();
        let distinct: BTreeSet<_> = closed.into_iter().collect();
        assert_eq!((count, distinct.len()), (25, 25), "seed {seed:b}");
    }
}

#[test]
fn a_slot_waits_for_the_end_of_an_upgrade() {
    let mut story = Story::of(&[1002]);
    story.create(61);
    story.observed.is_upgrading = true;
    for minutes in [121, 181] {
        assert_eq!(story.reconcile(minutes).effect, None);
    }
    let scheduling = story
        .status
        .conditions
        .iter()
        .find(|it| it.type_ == types::SCHEDULING);
    assert_eq!(scheduling.unwrap().reason, "ClusterUpgrading");
    story.observed.is_upgrading = false;
    assert_eq!(story.create(250), ["nightly-t1002-full-202611220200z"]);
}

#[test]
fn a_slot_that_waits_for_an_upgrade_beyond_its_deadline_is_missed() {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.starting_deadline_seconds = 60;
    story.observed.is_upgrading = true;
    story.reconcile(60);
    story.reconcile(63);
    assert_eq!(story.history()[0], "01:00 incr Missed ClusterUpgrading");
    story.observed.is_upgrading = false;
    assert_eq!(story.create(120), ["nightly-t1002-full-202611220200z"]);
}
