//! Tenants are verified in turn, each slot once.

use serde_json::{Value, json};

use super::*;

fn settings(schedule: &Value) -> crate::api::verification::VerificationSettings {
    serde_json::from_value(json!({
        "schedule": schedule,
        "target": {
            "clusterRef": {"name": "lab"},
            "resources": {"create": {"unit": {"maxCPU": "2", "memory": "8Gi"}}},
        },
        "credentials": {"secretRef": {"name": "reader"}},
        "checks": [{"name": "orders", "sql": "SELECT COUNT(*) FROM shop.orders", "expectedValue": "1"}],
    }))
    .unwrap()
}

/// Returns three tenants with a full backup, verified on this schedule; no backup is due.
fn story(schedule: &Value) -> Story {
    let mut story = Story::of(&[1002, 1004, 1006]);
    story.spec.schedule.full = Some(CalendarSpec::cron("0 0 1 1 *"));
    story.spec.schedule.incremental = None;
    story.spec.verification = Some(settings(schedule));
    story.observed.with_full_backup = [1002, 1004, 1006].map(TenantId).into();
    story
}

fn hourly() -> Value {
    json!({"cron": "0 * * * *"})
}

fn nightly() -> Value {
    json!({"dailyRange": {"start": "01:00", "end": "03:00"}})
}

impl Story {
    /// Runs one pass; returns tenant and name of the verification that it creates, if any.
    fn verify(&mut self, minutes: i64) -> Option<(String, String)> {
        let decision = self.reconcile(minutes);
        let Effect::MakeVerification(name, spec) = decision.effect? else {
            return None;
        };
        let tenant = spec.source.tenant.unwrap().tenant_name;
        let mut created = ApplyOutcome::default();
        created.owned.insert(name.clone());
        self.status = self.decide(Some(&created), minutes).status;
        self.observed.verifications.push(ObservedVerification {
            name: name.clone(),
            version: (name.clone(), "1".to_owned()),
            tenant_name: tenant.clone(),
            created_at: at(minutes),
            deleting: false,
            outcome: None,
            completed_at: None,
            rto_seconds: None,
            restore_time: None,
            cause: None,
        });
        Some((tenant, name))
    }

    /// Ends the running verification with this outcome.
    fn end_verification(&mut self, outcome: &str, minutes: i64) {
        let last = self.observed.verifications.last_mut().unwrap();
        last.outcome = Some(outcome.to_owned());
        last.completed_at = Some(at(minutes));
        last.rto_seconds = Some(30);
    }

    fn verified(&self) -> &crate::api::verification::VerificationStatus {
        self.status.verification.as_ref().unwrap()
    }
}

/// A watch may be late: an unseen first verification would not hold back the second.
#[test]
fn the_next_tenant_waits_until_the_verification_that_was_made_is_seen() {
    let mut story = story(&nightly());
    let first = story.verify(60).unwrap();
    let unobserved = story.observed.verifications.pop().unwrap();
    assert_eq!(story.verify(61), Some(first));
    story.observed.verifications = vec![unobserved];
    assert_eq!(story.verify(62), None);
}

#[test]
fn at_each_slot_the_next_tenant_is_verified_and_then_the_first_again() {
    let mut story = story(&hourly());
    assert_eq!(story.verify(5), None, "the slot before it was written");
    let mut turns = Vec::new();
    for hour in 1..=4 {
        turns.extend(story.verify(hour * 60).map(|(tenant, _)| tenant));
        assert_eq!(story.verify(hour * 60 + 1), None, "once for each slot");
        story.end_verification("Completed", hour * 60 + 10);
    }
    assert_eq!(turns, ["t1002", "t1004", "t1006", "t1002"]);
}

#[test]
fn a_restart_between_status_and_task_makes_the_same_task_once() {
    let mut story = story(&hourly());
    story.reconcile(5);
    let lost = story.reconcile(60).effect.unwrap();
    let again = story.reconcile(61).effect.unwrap();
    assert_eq!(lost, again);
    assert_eq!(
        story.verify(62).unwrap().1,
        "nightly-t1002-verify-202611220100z"
    );
    assert_eq!(story.verify(63), None);
}

#[test]
fn never_two_of_a_strategy_run_at_once() {
    let mut story = story(&hourly());
    story.reconcile(5);
    assert!(story.verify(60).is_some());
    assert_eq!(story.verify(120), None);
    story.end_verification("Completed", 130);
    assert_eq!(story.verify(131), None, "the slot was left out");
    assert_eq!(story.verify(180).unwrap().0, "t1004");
}

#[test]
fn in_a_daily_range_each_tenant_is_verified_once_and_none_begins_after_its_end() {
    let mut story = story(&nightly());
    let mut turns = Vec::new();
    for minutes in (0..24 * 60).step_by(10) {
        if let Some((tenant, _)) = story.verify(minutes) {
            turns.push((minutes, tenant));
            story.end_verification("Completed", minutes + 5);
        }
    }
    let tenants = ["t1002", "t1004", "t1006"].map(str::to_owned);
    assert_eq!(
        turns,
        [60, 70, 80].into_iter().zip(tenants).collect::<Vec<_>>()
    );
    // The next day continues the rotation, and has time for two only.
    let day = 24 * 60;
    assert_eq!(story.verify(day + 60).unwrap().0, "t1002");
    story.end_verification("Completed", day + 100);
    assert_eq!(story.verify(day + 101).unwrap().0, "t1004");
    story.end_verification("Completed", day + 181);
    assert_eq!(story.verify(day + 182), None);
}

#[test]
fn a_task_is_a_recovery_to_the_latest_point_that_is_only_read_and_begins_in_time() {
    let mut story = story(&hourly());
    story.reconcile(5);
    let Some(Effect::MakeVerification(_, spec)) = story.reconcile(60).effect else {
        panic!("nothing is made");
    };
    assert_eq!(
        spec.target.tenant_name.find("restore_verify_t1002_"),
        Some(0)
    );
    assert_eq!(spec.not_after_time.unwrap().0, at(7 * 60));
    assert_eq!(spec.verification.unwrap().checks.len(), 1);
    assert_eq!(
        spec.target.role,
        crate::api::recovery_task::TargetRole::Standby
    );
    assert!(spec.idempotency_key.unwrap().starts_with("uid-of-nightly/"));
}

#[test]
fn tenants_without_a_full_backup_or_not_listed_are_not_verified() {
    let mut story = story(&hourly());
    story.observed.with_full_backup.remove(&TenantId(1002));
    story.spec.verification.as_mut().unwrap().tenants =
        vec!["t1002".to_owned(), "t1006".to_owned()];
    story.reconcile(5);
    assert_eq!(story.verify(60).unwrap().0, "t1006");
}

#[test]
fn a_suspended_strategy_verifies_nothing() {
    let mut story = story(&hourly());
    story.reconcile(5);
    story.spec.suspend = true;
    assert_eq!(story.verify(60), None);
}

#[test]
fn what_became_of_the_last_one_is_told_and_stays_when_its_task_goes() {
    let mut story = story(&hourly());
    story.reconcile(5);
    assert_eq!(story.is(types::RESTORE_VERIFIED), "Unknown");
    story.verify(60);
    story.end_verification("Completed", 70);
    story.reconcile(71);
    story.observed.verifications.clear();
    story.reconcile(72);
    assert_eq!(story.is(types::RESTORE_VERIFIED), "True");
    let known = story.verified();
    assert_eq!(
        (known.rto_seconds, known.result.as_deref()),
        (Some(30), Some("Passed"))
    );
}

#[test]
fn a_failed_one_is_an_alert_until_the_tenant_has_passed() {
    let mut story = story(&hourly());
    story.spec.verification.as_mut().unwrap().tenants = vec!["t1002".to_owned()];
    story.reconcile(5);
    story.verify(60);
    story.end_verification("Failed", 70);
    story.reconcile(71);
    assert_eq!(story.is(types::RESTORE_VERIFIED), "False");
    let alert = &story.status.alerts[0];
    assert_eq!(
        (&*alert.type_, &*alert.object),
        ("sampling_restore_fail", "t1002")
    );
    story.verify(120);
    story.end_verification("Completed", 130);
    story.reconcile(131);
    assert_eq!(story.status.alert_count, Some(0));
}

#[test]
fn when_none_has_gone_well_for_too_long_that_is_an_alert() {
    let mut story = story(&hourly());
    story.observed.with_full_backup.clear();
    let day = 24 * 60;
    let overdue = |story: &Story| {
        let mut alerts = story.status.alerts.iter();
        alerts.any(|alert| alert.type_ == "sampling_restore_overdue" && alert.status == "Active")
    };
    story.reconcile(5);
    story.reconcile(8 * day);
    assert!(!overdue(&story));
    story.reconcile(8 * day + 6);
    assert!(overdue(&story));
}

#[test]
fn old_tasks_are_deleted_and_the_newest_stay() {
    let mut story = story(&hourly());
    story.spec.task_history_limits.successful = 2;
    story.reconcile(5);
    for hour in 1..=3 {
        story.verify(hour * 60);
        story.end_verification("Completed", hour * 60 + 10);
    }
    let Some(Effect::DeleteVerifications(old)) = story.reconcile(200).effect else {
        panic!("nothing is deleted");
    };
    let names: Vec<_> = old.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["nightly-t1002-verify-202611220100z"]);
}

#[test]
fn a_schedule_that_can_not_be_read_holds_back_no_backup() {
    let mut story = story(&json!({"cron": "61 * * * *"}));
    let decision = story.reconcile(5);
    assert_eq!(story.is(types::RESTORE_VERIFIED), "False");
    assert_eq!(story.is(types::READY), "True");
    assert_eq!(decision.effect, None);
}

#[test]
fn one_that_had_no_time_to_begin_is_no_failure_of_its_tenant() {
    let mut story = story(&hourly());
    story.reconcile(5);
    story.verify(60);
    story.end_verification("Failed", 430);
    let last = story.observed.verifications.last_mut().unwrap();
    last.cause = Some(crate::domain::cause(
        "NotAfterTimePassed",
        "another one runs",
    ));
    story.reconcile(431);
    assert_eq!(story.verified().result.as_deref(), Some("Missed"));
    assert_eq!(story.status.alert_count, Some(0));
}
