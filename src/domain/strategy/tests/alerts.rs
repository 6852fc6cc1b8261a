//! Alerts: their causes and lifetimes.

use jiff::SignedDuration;
use proptest::prelude::{Just, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::Strategy as Generator;

use super::*;
use crate::api::alert::Alert;
use crate::domain::strategy::alerts::{AlertCandidate, Kind, MAX_ALERTS, updated};
use crate::oceanbase::model::{BackupSet, BackupSetId, Round, RoundStatus, Scn};

const DAY: i64 = 24 * 60;

fn scn(minutes: i64) -> Scn {
    Scn(u64::try_from(at(minutes).as_nanosecond()).unwrap())
}

impl Story {
    fn edit_tenant(&mut self, edit: impl Fn(&mut Tenant)) {
        for tenant in self.observed.database.as_mut().unwrap() {
            edit(Arc::make_mut(tenant));
        }
    }

    /// Sets the time up to which logs are archived.
    fn archived_up_to(&mut self, minutes: i64) {
        self.edit_tenant(|tenant| {
            tenant.round = Some(Round {
                id: 1,
                status: RoundStatus::Doing,
                start_scn: scn(-600),
                checkpoint_scn: scn(minutes),
                piece_id: 1,
                comment: String::new(),
                path: String::new(),
                input_bytes: 0,
                output_bytes: 0,
            });
        });
    }

    /// Runs a pass and returns the active alerts.
    fn active(&mut self, minutes: i64) -> Vec<String> {
        self.reconcile(minutes);
        let active = self.status.alerts.iter().filter(|a| a.status == "Active");
        let active: Vec<_> = active
            .map(|a| format!("{} {}", a.type_, a.object))
            .collect();
        assert_eq!(self.status.alert_count, i32::try_from(active.len()).ok());
        active
    }

    fn suspended(tenants: &[i64]) -> Self {
        let mut story = Self::of(tenants);
        story.spec.suspend = true;
        story
    }
}

fn ended(name: &str, outcome: &str, minutes: i64) -> ObservedTask {
    ObservedTask {
        completed_at: Some(at(minutes)),
        ..task(name, 1002, Some(outcome))
    }
}

fn running(started: i64) -> ObservedTask {
    ObservedTask {
        started_at: Some(at(started)),
        ..task("long", 1002, None)
    }
}

#[test]
fn a_failed_backup_is_told_until_a_later_one_goes_well() {
    let mut story = Story::suspended(&[1002, 1004]);
    story.observed.tasks.push(ended("a", "Failed", 1));
    assert_eq!(story.active(2), ["base_backup_fail t1002"]);
    let reported = story.status.alerts[0].clone();
    story.observed.tasks.push(ended("b", "Completed", 3));
    assert_eq!(story.active(4), [""; 0]);
    let recovered = &story.status.alerts[0];
    assert_eq!(
        (&recovered.id, recovered.status.as_str()),
        (&reported.id, "Recovered")
    );
    assert_eq!(recovered.recovered_time, Some(crate::domain::time(at(4))));
}

#[test]
fn an_overdue_backup_is_a_failed_one_and_a_canceled_one_is_not() {
    let mut story = Story::suspended(&[1002]);
    story.observed.tasks.push(ended("a", "Overdue", 1));
    story.observed.tasks.push(ended("b", "Canceled", 2));
    assert_eq!(story.active(3), ["base_backup_fail t1002"]);
}

#[test]
fn a_failed_backup_of_a_tenant_that_is_another_strategy_s_is_not_told() {
    let mut story = Story::suspended(&[1002]);
    story.observed.tasks.push(ended("a", "Failed", 1));
    story.observed.rivals[0].tenants = Some(TenantSelection {
        names: Vec::new(),
        exclude: vec!["t1002".to_owned()],
    });
    assert_eq!(story.active(2), [""; 0]);
}

#[test]
fn a_backup_that_runs_longer_than_an_hour_is_told_until_it_ends() {
    let mut story = Story::suspended(&[1002]);
    story.observed.tasks.push(running(0));
    assert_eq!(story.active(59), [""; 0]);
    assert_eq!(story.reconcile(59).next, Next::At(at(60)));
    assert_eq!(story.active(60), ["base_backup_timeout t1002"]);
    story.observed.tasks[0].outcome = Some("Completed".to_owned());
    assert_eq!(story.active(61), [""; 0]);
}

#[test]
fn log_backup_that_is_behind_is_told_until_it_catches_up() {
    let mut story = Story::suspended(&[1002]);
    story.archived_up_to(0);
    assert_eq!(story.active(9), [""; 0]);
    assert_eq!(story.reconcile(9).next, Next::At(at(10)));
    assert_eq!(story.active(10), ["inc_backup_delay t1002"]);
    story.archived_up_to(9);
    assert_eq!(story.active(11), [""; 0]);
}

#[test]
fn log_backup_that_somebody_else_manages_may_not_be_behind_either() {
    let mut story = Story::suspended(&[1002]);
    story.spec.log_backup.mode = StrategyLogBackupMode::Unmanaged;
    story.observed.log_backups.clear();
    story.archived_up_to(0);
    assert_eq!(story.active(9), [""; 0]);
    assert_eq!(story.active(10), ["inc_backup_delay t1002"]);
}

#[test]
fn log_backup_may_be_so_much_more_behind_as_its_lag_target_is_beyond_the_usual() {
    let mut story = Story::suspended(&[1002]);
    story.archived_up_to(0);
    story.edit_tenant(|tenant| tenant.lag_target = Some(Duration::from_mins(22)));
    assert_eq!(story.active(29), [""; 0]);
    assert_eq!(story.active(30), ["inc_backup_delay t1002"]);
}

#[test]
fn a_round_that_is_only_beginning_is_not_behind() {
    let mut story = Story::suspended(&[1002]);
    story.archived_up_to(0);
    story.edit_tenant(|tenant| {
        let round = tenant.round.as_mut().unwrap();
        round.status = RoundStatus::Prepare;
        (round.start_scn, round.checkpoint_scn) = (Scn(0), Scn(0));
    });
    assert_eq!(story.active(60), [""; 0]);
}

#[test]
fn log_backup_that_is_stopped_on_purpose_is_not_behind() {
    let mut story = Story::suspended(&[1002]);
    story.archived_up_to(0);
    story.observed.log_backups[0].desired_state = DesiredState::Stopped;
    assert_eq!(story.active(60), [""; 0]);
}

#[test]
fn a_tenant_without_a_good_backup_for_nine_days_is_told() {
    let mut story = Story::suspended(&[1002]);
    story.observed.tasks.push(ended("a", "Completed", 0));
    assert_eq!(story.active(9 * DAY - 1), [""; 0]);
    let reported = ["base_backup_too_long_time_no_one_success_task t1002"];
    assert_eq!(story.active(9 * DAY), reported);
}

#[test]
fn a_tenant_that_never_had_a_good_backup_is_told_too() {
    let mut story = Story::suspended(&[1002]);
    // Counted from the creation of its log backup or of the strategy, whichever came later.
    assert_eq!(story.active(9 * DAY - 61).len(), 0);
    assert_eq!(story.active(9 * DAY - 60).len(), 1);
}

#[test]
fn a_good_backup_that_somebody_else_made_counts() {
    let mut story = Story::suspended(&[1002]);
    story.edit_tenant(|tenant| {
        let set = BackupSet {
            id: BackupSetId(1),
            dest_id: 1,
            full: true,
            prev_full_id: BackupSetId(0),
            prev_inc_id: BackupSetId(0),
            success: true,
            available: true,
            plus_archivelog: false,
            start_replay_scn: scn(0),
            min_restore_scn: scn(0),
            ended_at: Some(at(5 * DAY)),
            input_bytes: 0,
            output_bytes: 0,
            encryption_mode: "NONE".to_owned(),
            tenant_compatible: "4.3.5.2".to_owned(),
            path: String::new(),
        };
        tenant.sets = Arc::new(vec![set]);
    });
    assert_eq!(story.active(10 * DAY), [""; 0]);
}

#[test]
fn the_days_without_success_are_never_fewer_than_the_schedule_s_longest_gap() {
    let mut story = Story::suspended(&[1002]);
    story.spec.schedule.full = Some(CalendarSpec::cron("0 2 1 * *"));
    story.spec.schedule.incremental = None;
    story.observed.tasks.push(ended("a", "Completed", 0));
    assert_eq!(story.active(31 * DAY), [""; 0]);
    assert_eq!(story.active(32 * DAY).len(), 1);
    story.spec.alerts.no_success_days = Some(1);
    assert_eq!(story.active(31 * DAY - 1), [""; 0]);
}

#[test]
fn what_can_not_be_seen_while_the_database_is_silent_stands_as_it_was() {
    let mut story = Story::suspended(&[1002]);
    story.archived_up_to(0);
    story.active(10);
    let _ = story.unreachable();
    assert_eq!(story.active(20), ["inc_backup_delay t1002"]);
}

#[test]
fn a_backup_that_fails_while_the_database_is_silent_is_told_all_the_same() {
    let mut story = Story::suspended(&[1002]);
    let _ = story.unreachable();
    story.observed.tasks.push(ended("a", "Overdue", 1));
    assert_eq!(story.active(2), ["base_backup_fail t1002"]);
}

#[test]
fn an_alert_that_holds_is_written_again_every_five_minutes_only() {
    let mut story = Story::suspended(&[1002]);
    story.archived_up_to(0);
    story.active(10);
    let known = story.status.alerts.clone();
    story.archived_up_to(1);
    story.reconcile(14);
    assert_eq!(story.status.alerts, known);
    assert_eq!(story.reconcile(14).next, Next::At(at(15)));
    story.reconcile(15);
    assert_eq!(
        story.status.alerts[0].last_generated_time,
        Some(crate::domain::time(at(15)))
    );
    assert_eq!(
        story.status.alerts[0].generated_time,
        known[0].generated_time
    );
}

#[test]
fn alerts_that_hold_are_written_again_together() {
    let found = |objects: &[&str]| AlertCandidate {
        wrong: objects
            .iter()
            .map(|object| ((Kind::LogDelay, (*object).to_owned()), "late".to_owned()))
            .collect(),
        ..AlertCandidate::default()
    };
    let (first, _) = updated(&[], &found(&["a"]), at(0));
    let (both, _) = updated(&first, &found(&["a", "b"]), at(2));
    let (again, _) = updated(&both, &found(&["a", "b"]), at(5));
    let reported: Vec<_> = again
        .iter()
        .map(|a| a.last_generated_time.clone())
        .collect();
    assert_eq!(
        reported,
        [
            Some(crate::domain::time(at(5))),
            Some(crate::domain::time(at(5)))
        ]
    );
    assert_eq!(updated(&again, &found(&["a", "b"]), at(7)).0, again);
}

#[test]
fn a_cause_that_comes_back_is_a_new_alert() {
    let mut story = Story::suspended(&[1002]);
    story.archived_up_to(0);
    story.active(10);
    story.archived_up_to(11);
    story.active(11);
    assert_eq!(story.active(30), ["inc_backup_delay t1002"]);
    assert_eq!(story.status.alerts.len(), 2);
}

#[test]
fn a_recovered_alert_is_kept_for_a_week() {
    let mut story = Story::suspended(&[1002]);
    story.spec.alerts.no_success_days = Some(3650);
    story.observed.tasks.push(running(0));
    story.active(60);
    story.observed.tasks.clear();
    story.active(61);
    assert_eq!(story.reconcile(62).next, Next::At(at(61 + 7 * DAY)));
    story.reconcile(60 + 7 * DAY);
    assert_eq!(story.status.alerts.len(), 1);
    story.reconcile(61 + 7 * DAY);
    assert_eq!(story.status.alerts, []);
}

fn kind() -> impl Generator<Value = Kind> {
    let kinds = [
        Kind::BackupFailed,
        Kind::BackupTimeout,
        Kind::NoSuccess,
        Kind::LogDelay,
    ];
    proptest::sample::select(kinds.to_vec())
}

/// Generates the problems at one time, with the seconds since the previous one.
fn moment() -> impl Generator<Value = (i64, AlertCandidate)> {
    let wrong = proptest::collection::btree_map(
        (kind(), (0..30).prop_map(|n| format!("t{n}"))),
        Just("it is wrong".to_owned()),
        0..70,
    );
    let unknown = proptest::collection::vec(kind(), 0..2);
    (0..400_000_i64, wrong, unknown).prop_map(|(seconds, wrong, unknown)| {
        let due = Vec::new();
        let found = AlertCandidate {
            wrong,
            unknown,
            due,
        };
        (seconds, found)
    })
}

fn active(alerts: &[Alert]) -> Vec<&Alert> {
    alerts.iter().filter(|a| a.status == "Active").collect()
}

proptest! {
    #[test]
    fn alerts_are_bounded_ids_stay_and_nothing_is_active_twice(
        moments in proptest::collection::vec(moment(), 1..20)
    ) {
        let mut now = at(0);
        let mut known: Vec<Alert> = Vec::new();
        for (seconds, found) in moments {
            now += SignedDuration::from_secs(seconds);
            let (alerts, count) = updated(&known, &found, now);
            prop_assert!(alerts.len() <= MAX_ALERTS);
            let active = active(&alerts);
            prop_assert!(alerts.iter().take(active.len()).all(|a| a.status == "Active"));
            prop_assert_eq!(active.len(), count.min(MAX_ALERTS));
            let ids: BTreeSet<_> = alerts.iter().map(|a| &a.id).collect();
            prop_assert_eq!(ids.len(), alerts.len());
            let causes: BTreeSet<_> = active.iter().map(|a| (&a.type_, &a.object)).collect();
            prop_assert_eq!(causes.len(), active.len());
            for alert in &alerts {
                let before = known.iter().find(|known| known.id == alert.id);
                if let Some(before) = before {
                    prop_assert_eq!(&before.object, &alert.object);
                    prop_assert_eq!(&before.generated_time, &alert.generated_time);
                }
                prop_assert_eq!(alert.recovered_time.is_some(), alert.status != "Active");
            }
            // Nothing has changed since: no write is due.
            prop_assert_eq!(&updated(&alerts, &found, now).0, &alerts);
            known = alerts;
        }
    }
}

#[test]
fn a_store_that_is_nearly_full_is_told_until_it_has_room() {
    let mut story = Story::suspended(&[1002]);
    story.observed.storage_over = Some(85);
    let name = &story.spec.storage_ref.name;
    let expected = format!("backup_storage_capacity_over_threshold {name}");
    assert_eq!(story.active(1), [expected]);
    assert_eq!(story.status.alerts[0].severity, "Warning");
    story.observed.storage_over = None;
    assert_eq!(story.active(2), [""; 0]);
}
