//! Every status that a recovery can reach, with every possible observation.

mod inputs;

use std::collections::{HashSet, VecDeque};

use super::tables::{asked, table_job, tables_key, tables_spec};
use super::*;
use crate::api::recovery_task::{RecoveryMode, TargetRole};
use crate::domain::kstatus::{Kstatus, assert_sound, is_camel_case, kstatus, status_of};
use inputs::{answers, worlds, worlds_of_tables};

/// Two instants: at the second one all delays and limits of the first have passed.
const NOWS: [i64; 2] = [70, 7_200];
/// After this many sends and attempts nothing new happens.
const SENDS: i32 = 2;
const TRIES: i32 = 2;

/// The parts of a status that decisions read: equal keys lead to equal decisions.
fn key(status: &RecoveryTaskStatus) -> String {
    if let Some(outcome) = &status.outcome {
        return format!("{outcome} {:?}", status.observed_generation);
    }
    format!(
        "{:?}",
        (
            (
                &status.step,
                &status.ending,
                &status.step_time,
                status.sends.map(|n| n.min(SENDS))
            ),
            (
                status.job_id,
                status.target_tenant_id(),
                &status.auxiliary_tenant,
                &status.restored_time
            ),
            (
                &status.upgrade_time,
                status
                    .verification
                    .as_ref()
                    .map(|it| (it.checks.len(), &it.result)),
            ),
            (status.tries.map(|n| n.min(TRIES)), &status.retry_time),
            (&status.key, &status.restore_scn, status.plan.is_some()),
            status.cause.is_some(),
            status.observed_generation,
        )
    )
}

/// Checks the invariants of one decision.
fn check(story: &Story, decision: &RecoveryDecision) {
    let (before, after) = (&story.status, &decision.status);
    if before.outcome.is_some() {
        assert_eq!((&decision.effect, &decision.event), (&None, &None));
        let mut kept = after.clone();
        kept.observed_generation = before.observed_generation;
        kept.conditions.clone_from(&before.conditions);
        assert_eq!(&kept, before, "what has ended changed");
    }
    if let Some(effect) = &decision.effect {
        check_effect(story, effect, before, after);
    }
    let unread = |target: &ObservedTarget| {
        let restores = target.restores.as_ref();
        restores.is_some_and(|restores| restores.servers.is_none() && restores.refused.is_none())
    };
    let waits = after
        .cause
        .as_ref()
        .is_some_and(|it| it.reason == "Reading");
    if waits && story.observed.target.as_ref().is_ok_and(unread) {
        let is_read = wants_servers(&task(story), &story.observed);
        assert!(is_read, "waits for what is not read");
    }
    if before.job_id.is_some() {
        assert_eq!(before.job_id, after.job_id, "the job changed");
    }
    assert_eq!(after.observed_generation, Some(story.generation));
    assert_sound(&after.conditions, story.generation);
    let judged = kstatus(
        story.generation,
        after.observed_generation,
        &after.conditions,
    );
    let (expected, succeeded) = match after.outcome.as_deref() {
        None => (Kstatus::InProgress, "Unknown"),
        Some("Completed") => (Kstatus::Current, "True"),
        Some(_) => (Kstatus::Failed, "False"),
    };
    assert_eq!(judged, expected, "{after:?}");
    assert_eq!(status_of(&after.conditions, "Succeeded"), Some(succeeded));
    if let Some(cause) = &after.cause {
        assert!(is_camel_case(&cause.reason) && !cause.message.is_empty());
    }
    if after.outcome.is_some() && after.outcome.as_deref() != Some("Completed") {
        assert!(after.cause.is_some(), "ended without a cause");
    }
}

fn assert_read_back(status: &RecoveryTaskStatus) {
    let text = serde_json::to_string(status).unwrap();
    let read: RecoveryTaskStatus = serde_json::from_str(&text).unwrap();
    assert_eq!(&read, status, "read back it differs");
}

fn check_effect(
    story: &Story,
    effect: &Effect,
    before: &RecoveryTaskStatus,
    after: &RecoveryTaskStatus,
) {
    if story.spec.mode == RecoveryMode::Preview {
        assert!(matches!(effect, Effect::Preview(_)), "{effect:?}");
    }
    let is_dropping = matches!(
        effect,
        Effect::DropTenant { .. }
            | Effect::DropAuxiliary { .. }
            | Effect::DropPool(_)
            | Effect::DropUnit(_)
    );
    if is_dropping {
        assert!(after.ending.is_some(), "dropped without an end");
        let result = after.verification.as_ref().map(|it| it.result.is_some());
        assert_ne!(result, Some(false), "dropped without a result");
        let succeeded = after.ending.as_deref() == Some("Completed");
        assert!(succeeded || story.spec.failure_policy == FailurePolicy::CleanUp);
    }
    if story.spec.verification.is_some() {
        let is_kept = matches!(effect, Effect::Activate { .. } | Effect::Upgrade { .. });
        assert!(!is_kept, "{effect:?} for a tenant that is to be dropped");
    } else if story.spec.objects.is_some() {
        check_effect_on_tables(story, effect, before, after);
    } else if after.restored_time.is_some() {
        let is_kept = matches!(
            effect,
            Effect::Activate { .. } | Effect::Upgrade { .. } | Effect::Find { .. }
        );
        // Created before an earlier recovery with the same key was found.
        let is_unneeded = after.ending.as_deref() == Some("Completed")
            && matches!(effect, Effect::DropPool(_) | Effect::DropUnit(_));
        assert!(
            is_kept || is_unneeded,
            "{effect:?} for a tenant that is restored"
        );
    }
    match effect {
        Effect::Restore { key, .. } => {
            assert_eq!(after.step.as_deref(), Some("Restoring"));
            assert_eq!(after.key.as_deref(), Some(key.as_str()));
            assert!(after.sends > before.sends, "sent without a new intent");
            assert_eq!(before.job_id, None, "sent though there is a job");
        }
        Effect::DropTenant { tenant_id, .. }
        | Effect::Check { tenant_id, .. }
        | Effect::Activate { tenant_id, .. }
        | Effect::Upgrade { tenant_id, .. } => {
            assert_eq!(
                Some(tenant_id.0),
                after.target_tenant_id(),
                "another tenant"
            );
        }
        Effect::CreateUnit(name)
        | Effect::CreatePool(name)
        | Effect::DropPool(name)
        | Effect::DropUnit(name) => {
            let own = Task::key(&task(story), &identity().database());
            assert_eq!(*name, observation::resource_name(&own), "another's");
        }
        _ => {}
    }
    if matches!(effect, Effect::Activate { .. }) {
        assert_eq!(story.spec.target.role, TargetRole::Primary);
    }
}

fn task(story: &Story) -> Task<'_> {
    Task {
        generation: story.generation,
        name: NAME,
        spec: &story.spec,
        status: &story.status,
    }
}

/// Only RECOVER TABLE changes the tenant that receives the tables, and only created objects are
/// dropped.
fn check_effect_on_tables(
    story: &Story,
    effect: &Effect,
    before: &RecoveryTaskStatus,
    after: &RecoveryTaskStatus,
) {
    match effect {
        Effect::RecoverTables { tenant_id, key, .. } => {
            let observed = story.observed.target.as_ref().unwrap().tenant.as_ref();
            assert_eq!(observed.map(|tenant| tenant.id), Some(*tenant_id));
            assert_eq!(*key, tables_key());
            assert!(after.sends > before.sends, "sent without a new intent");
            assert_eq!(before.job_id, None, "sent though there is a job");
            assert_eq!(after.ending, None, "sent at the end");
        }
        Effect::DropAuxiliary { auxiliary, .. } => {
            assert_eq!(after.auxiliary_tenant.as_deref(), Some(auxiliary.as_str()));
            assert_eq!(after.restored_time, None, "the engine drops it then");
        }
        Effect::Restore { .. }
        | Effect::Find { .. }
        | Effect::Cancel { .. }
        | Effect::DropTenant { .. }
        | Effect::Activate { .. } => panic!("{effect:?} for tables"),
        _ => {}
    }
}

fn walk(base: &Story) -> usize {
    walk_through(base, &worlds(base), &answers(job))
}

fn walk_through(base: &Story, worlds: &[Observation], answers: &[Answer]) -> usize {
    let mut known = HashSet::new();
    let mut open = VecDeque::from([base.status.clone()]);
    let mut come_to = |status: RecoveryTaskStatus, open: &mut VecDeque<_>| {
        if known.insert(key(&status)) {
            assert_read_back(&status);
            open.push_back(status);
        }
    };
    let mut edges = 0;
    let mut known_of = HashSet::new();
    while let Some(status) = open.pop_front() {
        for observed in worlds {
            for now in NOWS {
                let mut story = base.clone();
                story.status = status.clone();
                story.observed = observed.clone();
                let decision = story.decide(None, now);
                check(&story, &decision);
                edges += 1;
                story.status = decision.status.clone();
                come_to(decision.status, &mut open);
                let Some(effect) = decision.effect else {
                    continue;
                };
                // The result of an answer is explored for the first observation in which the answer
                // occurs.
                if !known_of.insert((key(&story.status), format!("{effect:?}"), now)) {
                    continue;
                }
                for answer in answers {
                    let answer = story.decide(Some((&effect, answer)), now);
                    assert_eq!(answer.effect, None, "two effects in one pass");
                    check(&story, &answer);
                    edges += 1;
                    come_to(answer.status, &mut open);
                }
            }
        }
    }
    edges
}

#[test]
fn whatever_is_seen_and_heard_nothing_is_dropped_that_is_restored_and_nothing_is_sent_twice() {
    let edges = walk(&Story::new(spec()));
    assert!(edges > 10_000, "{edges}");
}

#[test]
fn the_same_holds_when_it_is_canceled() {
    for mut story in [Story::new(spec()), Story::running()] {
        story.observed = Story::new(spec()).observed;
        walk(&story.canceled());
    }
}

#[test]
fn the_same_holds_for_a_standby_that_keeps_what_failed() {
    let mut kept = spec();
    kept["target"]["role"] = json!("Standby");
    kept["failurePolicy"] = json!("Keep");
    walk(&Story::new(kept));
}

#[test]
fn a_preview_sends_nothing_that_changes_something() {
    let mut preview = spec();
    preview["mode"] = json!("Preview");
    let mut story = Story::new(preview);
    walk(&story);
    story.observed.source.as_mut().unwrap().knowledge = Knowledge::Store;
    walk(&story);
}

#[test]
fn whatever_is_seen_and_heard_tables_come_once_and_no_tenant_goes_but_the_auxiliary_one() {
    let base = asked(tables_spec());
    let (worlds, answers) = (worlds_of_tables(&base), answers(table_job));
    let edges = walk_through(&base, &worlds, &answers);
    assert!(edges > 10_000, "{edges}");
    walk_through(&base.canceled(), &worlds, &answers);
}

#[test]
fn whatever_is_seen_and_heard_a_verification_ends_with_nothing_of_it_left() {
    let base = Story::new(super::verification::verification());
    let shown = super::verification::with_own_key(worlds(&base));
    let answers = super::verification::answers_with_own_key(answers(job));
    let edges = walk_through(&base, &shown, &answers);
    assert!(edges > 10_000, "{edges}");
    walk_through(&base.canceled(), &shown, &answers);
}

#[test]
fn the_same_holds_for_tables_whose_failure_is_kept() {
    let mut kept = tables_spec();
    kept["failurePolicy"] = json!("Keep");
    let mut base = asked(kept);
    base.spec.target.resources = serde_json::from_value(json!({"pools": ["spare"]})).unwrap();
    let (worlds, answers) = (worlds_of_tables(&base), answers(table_job));
    walk_through(&base, &worlds, &answers);
}
