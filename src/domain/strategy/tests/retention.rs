//! Retention of backups: delete policies.

use super::*;
use crate::api::retention::{Retention, RetentionPolicy};
use crate::api::{DriftPolicy, condition::Condition};
use crate::domain::strategy::retention::PolicyChange;
use crate::oceanbase::model::{DeletePolicy, Failure, FailureClass};

mod elsewhere;
mod handover;
mod missing;
mod shrink;

const UNMANAGED: Retention = Retention {
    policy: RetentionPolicy::Unmanaged,
    recovery_window_days: None,
};

const KEEP_ALL: Retention = Retention {
    policy: RetentionPolicy::KeepAll,
    recovery_window_days: None,
};

fn days(days: i32) -> Retention {
    Retention {
        policy: RetentionPolicy::RecoveryWindow,
        recovery_window_days: Some(days),
    }
}

fn of(tenants: &[i64], retention: Retention) -> Story {
    let mut story = Story::of(tenants);
    story.spec.retention = retention;
    story.spec.suspend = true;
    story
}

impl Story {
    /// Sets the policy that the database shows for a tenant from now on.
    fn policy(&mut self, tenant: i64, name: &str, window: Option<&str>) {
        let Ok(tenants) = &mut self.observed.database else {
            panic!("unreachable");
        };
        let mut tenants = tenants.iter_mut();
        let known = tenants.find(|known| known.id.0 == tenant).unwrap();
        let known = Arc::make_mut(known);
        known.policies.retain(|policy| policy.name != name);
        known.policies.extend(window.map(|window| DeletePolicy {
            name: name.to_owned(),
            recovery_window: window.to_owned(),
        }));
    }

    /// Sets the window of a tenant's policy `default` that the database shows.
    fn window(&mut self, tenant: i64, window: Option<&str>) {
        self.policy(tenant, "default", window);
    }

    fn retain(&mut self, retention: Retention) {
        self.spec.retention = retention;
        self.generation += 1;
    }

    /// Sets drift to Enforce, after the log backups have followed.
    fn put_drift_right(&mut self) {
        self.spec.log_backup.drift_policy = DriftPolicy::Enforce;
        let wanted = self.spec.log_backup.clone();
        for known in &mut self.observed.log_backups {
            known.settings = wanted.clone();
            known.inherited.as_mut().unwrap().log_backup = wanted.clone();
        }
    }

    /// Runs one pass; returns the statement that it sends, which the database accepts and shows.
    fn sent(&mut self, minutes: i64) -> Option<String> {
        let answer = Answer::Done;
        let change = self.send_with_answer(minutes, &answer)?;
        let (tenant, window) = match &change {
            PolicyChange::Add {
                tenant_id, days, ..
            } => (tenant_id.0, Some(format!("{days}d"))),
            PolicyChange::Drop { tenant_id, .. } => (tenant_id.0, None),
        };
        self.window(tenant, window.as_deref());
        Some(shown(&change))
    }

    /// Runs one pass; returns the statement that it sends, to which the database gives this answer.
    fn send_with_answer(&mut self, minutes: i64, answer: &Answer) -> Option<PolicyChange> {
        let mut effect = self.reconcile(minutes).effect?;
        // The new setting is first passed on to the next strategy.
        while let Effect::EditLogBackups(edits) = &effect {
            self.edit(edits);
            effect = self.reconcile(minutes).effect?;
        }
        let Effect::ChangePolicy(change) = effect else {
            panic!("{effect:?}");
        };
        let created = ApplyOutcome {
            answer: Some(answer.clone()),
            ..ApplyOutcome::default()
        };
        let decision = self.decide(Some(&created), minutes);
        assert_eq!(decision.effect, None, "one effect in a pass");
        self.status = decision.status;
        Some(change)
    }

    /// Returns all statements until none is due.
    fn all_sent(&mut self, minutes: i64) -> Vec<String> {
        let sent: Vec<_> = std::iter::from_fn(|| self.sent(minutes)).take(20).collect();
        assert!(sent.len() < 20, "it never ends: {sent:?}");
        sent
    }

    fn applied(&self) -> &Condition {
        let mut conditions = self.status.conditions.iter();
        conditions
            .find(|known| known.type_ == types::RETENTION_APPLIED)
            .unwrap()
    }

    fn why(&self) -> (&str, &str) {
        (&self.applied().status, &self.applied().reason)
    }
}

fn shown(change: &PolicyChange) -> String {
    match change {
        PolicyChange::Add { tenant, days, .. } => format!("{tenant} + {days}d"),
        PolicyChange::Drop {
            tenant,
            recovery_window,
            ..
        } => format!("{tenant} - {recovery_window}"),
    }
}

fn refused(class: FailureClass) -> Answer {
    Answer::Refused(Failure {
        code: -4016,
        reason: "InternalError",
        message: "look into the log".to_owned(),
        class,
        passing: false,
    })
}

#[test]
fn each_tenant_gets_the_policy_and_then_nothing_more_is_sent() {
    let mut story = of(&[1002, 1004], days(7));
    assert_eq!(story.all_sent(1), ["t1002 + 7d", "t1004 + 7d"]);
    assert_eq!(story.why(), ("True", "Applied"));
    let reported = story
        .events
        .iter()
        .filter(|event| **event == "RetentionApplied");
    assert_eq!(reported.count(), 1);
    let before = story.status.clone();
    assert_eq!(story.all_sent(2), [""; 0]);
    assert_eq!(story.status, before);
}

#[test]
fn another_window_is_a_drop_and_an_add() {
    let mut story = of(&[1002], days(7));
    story.all_sent(1);
    story.retain(days(30));
    assert_eq!(story.all_sent(2), ["t1002 - 7d", "t1002 + 30d"]);
    assert_eq!(story.why(), ("True", "Applied"));
}

#[test]
fn a_crash_between_drop_and_add_is_repaired() {
    let mut story = of(&[1002], days(7));
    story.all_sent(1);
    story.retain(days(30));
    // The drop was sent and executed; its answer was never recorded.
    story.reconcile(2);
    story.window(1002, None);
    assert_eq!(story.all_sent(3), ["t1002 + 30d"]);
}

#[test]
fn an_edit_that_is_taken_back_between_drop_and_add_sets_the_old_window_again() {
    let mut story = of(&[1002], days(7));
    story.all_sent(1);
    story.retain(days(30));
    assert_eq!(story.sent(2), Some("t1002 - 7d".to_owned()));
    story.retain(days(7));
    assert_eq!(story.all_sent(3), ["t1002 + 7d"]);
}

#[test]
fn nothing_is_sent_on_a_picture_that_is_older_than_our_last_statement() {
    let mut story = of(&[1002, 1004], days(7));
    story.send_with_answer(1, &Answer::Done);
    story.observed.unsettled = [TenantId(1002)].into();
    assert_eq!(story.sent(1), Some("t1004 + 7d".to_owned()));
    assert_eq!(story.sent(1), None);
    assert_eq!(story.why(), ("Unknown", "Applying"));
}

#[test]
fn a_statement_without_effect_is_repeated_after_a_pause_that_grows_and_told() {
    let mut story = of(&[1002], days(7));
    // Within minutes: the first pauses are shorter.
    let mut sent = Vec::new();
    for minute in 0..9 {
        if story.send_with_answer(minute, &Answer::Done).is_some() {
            sent.push(minute);
        }
    }
    assert_eq!(sent, [0, 1, 2, 3, 5]);
    assert_eq!(story.why(), ("False", "StatementIneffective"));
    story.window(1002, Some("7d"));
    story.reconcile(10);
    assert_eq!(story.why(), ("True", "Applied"));
}

#[test]
fn another_statement_of_ours_to_the_tenant_does_not_put_its_policy_in_question() {
    let mut story = of(&[1002], days(7));
    story.all_sent(1);
    story.observed.unsettled = [TenantId(1002)].into();
    story.reconcile(2);
    assert_eq!(story.why(), ("True", "Applied"));
}

#[test]
fn keeping_all_takes_away_what_was_set_here_and_only_that() {
    let mut story = of(&[1002, 1004], days(7));
    story.all_sent(1);
    story.window(1004, Some("3d"));
    story.retain(KEEP_ALL);
    assert_eq!(story.all_sent(2), ["t1002 - 7d"]);
    assert_eq!(story.why(), ("False", "PolicyDrift"));
    assert!(story.applied().message.contains("tenant t1004"));
}

#[test]
fn what_somebody_sets_after_ours_was_taken_away_is_theirs_whatever_its_window() {
    let mut story = of(&[1002], days(7));
    story.all_sent(1);
    story.retain(KEEP_ALL);
    story.all_sent(2);
    story.window(1002, Some("7d"));
    assert_eq!(story.all_sent(3), [""; 0]);
    assert_eq!(story.why(), ("False", "PolicyDrift"));
}

#[test]
fn a_policy_that_never_deletes_does_no_harm_where_all_is_kept() {
    let mut story = of(&[1002, 1004], KEEP_ALL);
    story.window(1002, Some(""));
    story.window(1004, Some("0"));
    assert_eq!(story.all_sent(1), [""; 0]);
    assert_eq!(story.why(), ("True", "Applied"));
}

#[test]
fn a_policy_that_was_there_before_is_shown_and_left() {
    let mut story = of(&[1002], days(7));
    story.window(1002, Some("30d"));
    assert_eq!(story.all_sent(1), [""; 0]);
    assert_eq!(story.why(), ("False", "PolicyDrift"));
}

#[test]
fn a_policy_that_was_there_before_and_says_the_same_is_taken_over() {
    let mut story = of(&[1002], days(7));
    story.window(1002, Some("168h"));
    assert_eq!(story.all_sent(1), [""; 0]);
    assert_eq!(story.why(), ("True", "Applied"));
    story.retain(days(8));
    assert_eq!(story.all_sent(2), ["t1002 - 168h", "t1002 + 8d"]);
}

#[test]
fn a_policy_that_somebody_takes_away_or_replaces_is_left_so() {
    for theirs in [None, Some("1d"), Some("whenever")] {
        let mut story = of(&[1002], days(7));
        story.all_sent(1);
        story.window(1002, theirs);
        assert_eq!(story.all_sent(2), [""; 0]);
        assert_eq!(story.why(), ("False", "PolicyDrift"), "{theirs:?}");
    }
}

#[test]
fn drift_is_put_right_where_that_is_asked_for() {
    for (theirs, expected) in [
        (None, &["t1002 + 7d"][..]),
        (Some("1d"), &["t1002 - 1d", "t1002 + 7d"]),
    ] {
        let mut story = of(&[1002], days(7));
        story.put_drift_right();
        story.all_sent(1);
        story.window(1002, theirs);
        assert_eq!(story.all_sent(2), expected);
        assert_eq!(story.why(), ("True", "Applied"));
    }
}

#[test]
fn a_policy_of_another_name_is_shown_and_never_changed() {
    let mut story = of(&[1002], days(7));
    story.put_drift_right();
    story.policy(1002, "log_only", Some("1d"));
    assert_eq!(story.all_sent(1), ["t1002 + 7d"]);
    assert_eq!(story.why(), ("False", "PolicyDrift"));
}

#[test]
fn a_tenant_that_is_refused_holds_back_no_other() {
    let mut story = of(&[1002, 1004], days(7));
    story.send_with_answer(1, &refused(FailureClass::Permanent));
    assert_eq!(story.all_sent(1), ["t1004 + 7d"]);
    assert_eq!(story.why(), ("False", "InternalError"));
}

#[test]
fn a_refusal_is_tried_again_after_a_pause_and_forgotten_once_it_goes_well() {
    let mut story = of(&[1002], days(7));
    story.send_with_answer(1, &refused(FailureClass::NotYet));
    assert_eq!(story.sent(1), None);
    assert_eq!(story.sent(2), Some("t1002 + 7d".to_owned()));
    story.reconcile(2);
    assert_eq!(story.why(), ("True", "Applied"));
    assert_eq!(story.status.retention[0].failures, None);
}

#[test]
fn an_edit_ends_the_pause_after_a_refusal() {
    let mut story = of(&[1002], days(7));
    story.send_with_answer(1, &refused(FailureClass::Permanent));
    story.retain(days(8));
    assert_eq!(story.sent(1), Some("t1002 + 8d".to_owned()));
}

#[test]
fn an_unmanaged_retention_sends_nothing_and_is_reported() {
    let mut story = of(&[1002], days(7));
    story.all_sent(1);
    story.spec.retention = UNMANAGED;
    assert_eq!(story.all_sent(2), [""; 0]);
    assert_eq!(story.why(), ("True", "Unmanaged"));
    assert_eq!(story.status.retention, []);
}

#[test]
fn what_is_known_of_policies_stands_while_the_database_is_silent() {
    let mut story = of(&[1002], days(7));
    story.all_sent(1);
    let known = story.status.retention.clone();
    let _ = story.unreachable();
    assert_eq!(story.all_sent(2), [""; 0]);
    assert_eq!(story.why(), ("Unknown", "AccessDenied"));
    assert_eq!(story.status.retention, known);
}

#[test]
fn a_tenant_that_is_another_strategy_s_now_is_forgotten_and_not_touched() {
    let mut story = of(&[1002, 1004], days(7));
    story.all_sent(1);
    story.observed.rivals.push(CompetingStrategy {
        name: "orders".to_owned(),
        full_name: ("orders".to_owned(), "default".to_owned()),
        created_at: at(0),
        tenants: Some(TenantSelection {
            names: vec!["t1002".to_owned()],
            exclude: Vec::new(),
        }),
        access: Access::default(),
    });
    story.retain(days(8));
    assert_eq!(story.all_sent(2), ["t1004 - 7d", "t1004 + 8d"]);
    assert_eq!(story.status.retention.len(), 1);
}

#[test]
fn tenants_beyond_what_the_status_holds_are_told_and_not_touched() {
    let tenants: Vec<i64> = (0..1002).map(|n| 1002 + 2 * n).collect();
    let mut story = of(&tenants, days(7));
    for id in &tenants[..1000] {
        story.window(*id, Some("7d"));
    }
    assert_eq!(story.all_sent(1), [""; 0]);
    assert_eq!(story.why(), ("False", "TooManyTenants"));
}
