//! Tenants are verified in turn, each slot once.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::api::LocalReference;
use crate::api::condition::types;
use crate::domain::kstatus::{assert_sound, status_of};
use crate::domain::strategy::MatchedTenants;
use crate::oceanbase::model::{Tenant, TenantId};

/// Returns the instant so many minutes after Sunday, 2026-11-22, 00:00 UTC.
fn at(minutes: i64) -> Timestamp {
    let sunday: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    sunday + jiff::SignedDuration::from_mins(minutes)
}

fn spec(schedule: &Value) -> RecoveryDrillSpec {
    let account = |name: &str| json!({"tenantName": name, "secretRef": {"name": "reader"}});
    serde_json::from_value(json!({
        "strategyRef": {"name": "nightly"},
        "schedule": schedule,
        "target": {
            "clusterRef": {"name": "lab"},
            "resources": {"create": {"unit": {"maxCPU": "2", "memory": "8Gi"}}},
        },
        "tenantCredentials": [account("t1002"), account("t1004"), account("t1006")],
        "checks": [{"name": "orders", "sql": "SELECT COUNT(*) FROM shop.orders", "expectedValue": "1"}],
    }))
    .unwrap()
}

/// A drill, its environment, and the status recorded so far.
struct Story {
    spec: RecoveryDrillSpec,
    status: RecoveryDrillStatus,
    observed: Observation,
    events: Vec<&'static str>,
}

/// Returns three tenants with a full backup, verified on this schedule.
fn story(schedule: &Value) -> Story {
    let ids = [1002, 1004, 1006];
    let tenant = |id: i64| Arc::new(Tenant::plain(id, &format!("t{id}")));
    Story {
        spec: spec(schedule),
        status: RecoveryDrillStatus::default(),
        observed: Observation {
            strategy: Ok(ObservedStrategy {
                cluster: LocalReference::new("prod"),
                tenants: MatchedTenants {
                    eligible: ids.map(tenant).into(),
                    ..MatchedTenants::default()
                },
                with_full_backup: ids.map(TenantId).into(),
            }),
            tasks: Vec::new(),
        },
        events: Vec::new(),
    }
}

fn hourly() -> Value {
    json!({"timeZone": "UTC", "cron": "0 * * * *"})
}

fn nightly() -> Value {
    json!({"timeZone": "UTC", "dailyRange": {"start": "01:00", "end": "03:00"}})
}

impl Story {
    fn decide(&self, created: Option<&ApplyOutcome>, minutes: i64) -> DrillDecision {
        let drill = Drill {
            name: "weekly",
            uid: "uid-of-weekly",
            generation: 1,
            spec: &self.spec,
            status: &self.status,
        };
        let decision = decide(&drill, &self.observed, created, at(minutes));
        assert_sound(&decision.status.conditions, 1);
        decision
    }

    /// Runs one pass and records its status; nothing is created.
    fn reconcile(&mut self, minutes: i64) -> DrillDecision {
        let decision = self.decide(None, minutes);
        self.status = decision.status.clone();
        self.events.extend(decision.event.iter().map(|e| e.reason));
        decision
    }

    /// Runs one pass; returns tenant and name of the verification that it creates, if any.
    fn verify(&mut self, minutes: i64) -> Option<(String, String)> {
        let decision = self.reconcile(minutes);
        let Effect::CreateTask(name, spec) = decision.effect? else {
            return None;
        };
        let tenant = spec.source.tenant.unwrap().tenant_name;
        let mut created = ApplyOutcome::default();
        created.owned.insert(name.clone());
        self.status = self.decide(Some(&created), minutes).status;
        self.observed.tasks.push(ObservedTask {
            name: name.clone(),
            version: (name.clone(), "1".to_owned()),
            tenant_name: tenant.clone(),
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
        let last = self.observed.tasks.last_mut().unwrap();
        last.outcome = Some(outcome.to_owned());
        last.completed_at = Some(at(minutes));
        last.rto_seconds = Some(30);
    }

    fn strategy(&mut self) -> &mut ObservedStrategy {
        self.observed.strategy.as_mut().unwrap()
    }

    fn is(&self, condition: &str) -> &str {
        status_of(&self.status.conditions, condition).unwrap()
    }

    fn reason(&self, condition: &str) -> &str {
        let mut known = self.status.conditions.iter();
        &known.find(|known| known.type_ == condition).unwrap().reason
    }
}

/// A watch may be late: an unseen first verification would not hold back the second.
#[test]
fn the_next_tenant_waits_until_the_verification_that_was_made_is_seen() {
    let mut story = story(&nightly());
    let first = story.verify(60).unwrap();
    let unobserved = story.observed.tasks.pop().unwrap();
    assert_eq!(story.verify(61), Some(first));
    story.observed.tasks = vec![unobserved];
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
        "weekly-t1002-verify-202611220100z"
    );
    assert_eq!(story.verify(63), None);
}

#[test]
fn never_two_of_a_drill_run_at_once() {
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
    let Some(Effect::CreateTask(_, spec)) = story.reconcile(60).effect else {
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
    assert!(spec.idempotency_key.unwrap().starts_with("uid-of-weekly/"));
}

#[test]
fn tenants_without_a_full_backup_or_not_listed_are_not_verified() {
    let mut story = story(&hourly());
    story.strategy().with_full_backup.remove(&TenantId(1002));
    story.spec.tenants = vec!["t1002".to_owned(), "t1006".to_owned()];
    story.reconcile(5);
    assert_eq!(story.verify(60).unwrap().0, "t1006");
}

#[test]
fn a_suspended_drill_verifies_nothing() {
    let mut story = story(&hourly());
    story.reconcile(5);
    story.spec.suspend = true;
    assert_eq!(story.verify(60), None);
    assert_eq!(story.status.phase.as_deref(), Some("Paused"));
    assert_eq!(story.is(types::READY), "True");
}

#[test]
fn what_became_of_the_last_one_is_told_and_stays_when_its_task_goes() {
    let mut story = story(&hourly());
    story.reconcile(5);
    assert_eq!(story.is(types::RESTORE_VERIFIED), "Unknown");
    story.verify(60);
    story.end_verification("Completed", 70);
    story.reconcile(71);
    story.observed.tasks.clear();
    story.reconcile(72);
    assert_eq!(story.is(types::RESTORE_VERIFIED), "True");
    let known = &story.status;
    assert_eq!(
        (known.rto_seconds, known.result.as_deref()),
        (Some(30), Some("Passed"))
    );
}

#[test]
fn a_failed_one_is_shown_until_the_tenant_has_passed() {
    let mut story = story(&hourly());
    story.spec.tenants = vec!["t1002".to_owned()];
    story.reconcile(5);
    story.verify(60);
    story.end_verification("Failed", 70);
    story.reconcile(71);
    assert_eq!(story.reason(types::RESTORE_VERIFIED), "VerificationFailed");
    assert_eq!(story.status.phase.as_deref(), Some("Abnormal"));
    assert_eq!(failed_tenants(&story.status), 1);
    story.verify(120);
    story.end_verification("Completed", 130);
    story.reconcile(131);
    assert_eq!(story.is(types::RESTORE_VERIFIED), "True");
    assert_eq!(failed_tenants(&story.status), 0);
    assert_eq!(story.events, ["VerificationFailed"]);
}

#[test]
fn when_none_has_gone_well_for_too_long_it_is_overdue() {
    let mut story = story(&hourly());
    story.strategy().with_full_backup.clear();
    let day = 24 * 60;
    story.reconcile(5);
    let decision = story.reconcile(8 * day);
    assert!(!is_overdue(&story.status));
    assert_eq!(decision.next, Next::At(at(8 * day + 5)));
    story.reconcile(8 * day + 6);
    assert!(is_overdue(&story.status));
    assert_eq!(story.events, ["VerificationOverdue"]);
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
    let Some(Effect::DeleteTasks(old)) = story.reconcile(200).effect else {
        panic!("nothing is deleted");
    };
    let names: Vec<_> = old.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["weekly-t1002-verify-202611220100z"]);
}

#[test]
fn a_schedule_that_cannot_be_read_stalls_the_drill() {
    let mut story = story(&json!({"timeZone": "UTC", "cron": "61 * * * *"}));
    let decision = story.reconcile(5);
    assert_eq!(story.is(types::STALLED), "True");
    assert_eq!(story.status.phase.as_deref(), Some("Abnormal"));
    assert_eq!(decision.effect, None);
    assert_eq!(story.events, ["DrillStalled"]);
}

#[test]
fn a_tenant_without_an_account_is_left_out_and_reported() {
    let mut story = story(&hourly());
    story.spec.tenant_credentials.remove(0);
    story.reconcile(5);
    assert_eq!(story.reason(types::READY), "CredentialsMissing");
    assert_eq!(story.verify(60).unwrap().0, "t1004");
}

#[test]
fn each_tenant_is_checked_with_its_own_account() {
    let mut story = story(&hourly());
    story.spec.tenant_credentials[0].secret_ref = LocalReference::new("orders-reader");
    story.reconcile(5);
    let Some(Effect::CreateTask(_, spec)) = story.reconcile(60).effect else {
        panic!("nothing is created");
    };
    let account = spec.verification.unwrap().credentials.unwrap();
    assert_eq!(account.secret_ref.name, "orders-reader");
}

#[test]
fn a_tenant_of_no_backup_of_the_strategy_is_reported() {
    let mut story = story(&hourly());
    story.spec.tenants = vec!["t1002".to_owned(), "elsewhere".to_owned()];
    story.reconcile(5);
    assert_eq!(story.reason(types::READY), "TenantNotInStrategy");
    assert_eq!(story.verify(60).unwrap().0, "t1002");
}

#[test]
fn a_drill_without_its_strategy_waits_for_it() {
    let mut story = story(&hourly());
    let strategy = story.observed.strategy.clone();
    let absent = Blocker::waiting("StrategyNotFound", "there is no such strategy");
    story.observed.strategy = Err(absent);
    story.reconcile(5);
    assert_eq!(story.is(types::RECONCILING), "True");
    assert_eq!(story.verify(60), None);
    story.observed.strategy = strategy;
    assert_eq!(story.verify(61).unwrap().0, "t1002");
}

#[test]
fn a_drill_stays_ready_while_the_database_does_not_answer() {
    let mut story = story(&hourly());
    story.reconcile(5);
    story.observed.strategy = Err(Blocker::outage());
    story.reconcile(6);
    assert_eq!(story.is(types::READY), "True");
}

#[test]
fn one_that_had_no_time_to_begin_is_no_failure_of_its_tenant() {
    let mut story = story(&hourly());
    story.reconcile(5);
    story.verify(60);
    story.end_verification("Failed", 430);
    let last = story.observed.tasks.last_mut().unwrap();
    last.cause = Some(crate::domain::cause(
        "NotAfterTimePassed",
        "another one runs",
    ));
    story.reconcile(431);
    assert_eq!(story.status.result.as_deref(), Some("Missed"));
    assert_eq!(failed_tenants(&story.status), 0);
}
