//! Every status that a log backup can reach, with every possible observation.

mod inputs;

use std::collections::{HashSet, VecDeque};

use inputs::{answers, worlds};

use super::*;
use crate::api::AcceptedStatement;
use crate::api::log_backup::Transition;
use crate::domain::kstatus::{Kstatus, assert_sound, is_camel_case, kstatus, status_of};

/// Two instants: at the second one all delays of the first have passed, and work that started then
/// is late.
const NOWS: [i64; 2] = [0, 700];
/// Number of consecutive failures to follow. `MANY` includes the count that a permanent refusal
/// sets at once. `ONE` covers only the first delay, if the other states are already covered.
const MANY: i32 = 5;
const ONE: i32 = 1;

/// The parts of a status that decisions read.
fn key(status: &LogBackupStatus) -> String {
    format!(
        "{:?}",
        (
            status.observed_generation,
            status.applied_generation,
            (status.correcting_since.is_some(), &status.around_state),
            // All of them within a day: the exact instant makes no difference.
            status.heals.len(),
            status
                .heals
                .first()
                .map(|heal| (heal.round_id, &heal.outcome)),
            status.interruptions.first().map(|last| last.round_id),
            status.full_backup_wanted_since.is_some(),
            status.tenant_id(),
            (status.failures, &status.last_failure_time),
            &status.transition,
            status.cause.as_ref().map(|cause| &cause.reason),
            &status.phase,
        )
    )
}

fn check(
    story: &Story,
    observed: &Observation,
    now: i64,
    is_answer: bool,
    decision: &LogBackupDecision,
) {
    let after = &decision.status;
    let shown = || format!("{:?} {observed:?} {after:?}", story.spec.state);
    assert_eq!(after.observed_generation, Some(story.generation));
    assert_sound(&after.conditions, story.generation);
    let judged = kstatus(
        story.generation,
        after.observed_generation,
        &after.conditions,
    );
    let expected = match status_of(&after.conditions, "Ready") {
        Some("True") => Kstatus::Current,
        _ if status_of(&after.conditions, "Stalled") == Some("True") => Kstatus::Failed,
        _ => Kstatus::InProgress,
    };
    assert_eq!(judged, expected, "{}", shown());
    if let Some(cause) = &after.cause {
        assert!(is_camel_case(&cause.reason) && !cause.message.is_empty());
    }
    if let Some(effect) = &decision.effect {
        assert!(!is_answer, "one effect in a pass");
        assert_allowed(story, observed, effect, after);
    }
    if is_answer {
        return;
    }
    let next = LogBackup {
        status: after,
        ..story.object()
    };
    for later in [now, now + 1] {
        let again = decide(&next, observed, None, at(later));
        assert_eq!(&again.status, after, "written again: {}", shown());
        assert_eq!(again.event, None, "told again: {}", shown());
    }
}

/// Asserts that no harmful statement is sent.
fn assert_allowed(story: &Story, observed: &Observation, effect: &Effect, after: &LogBackupStatus) {
    assert!(observed.target.is_ok());
    let database = observed.database.as_ref().unwrap();
    let tenant = database.tenant.as_deref().unwrap();
    assert!(database.settled && ineligible(tenant).is_none());
    assert!(!matches!(
        database.destination,
        ObservedDestination::Elsewhere(_)
    ));
    let enforces = story.spec.drift_policy == DriftPolicy::Enforce
        && story.spec.state == DesiredState::Running;
    let heals = super::super::heal::open(after).is_some();
    let is_around = story.spec.mode == LogBackupMode::AroundDataBackup;
    assert!(
        story.status.applied_generation != Some(story.generation) || enforces || heals || is_around,
        "drift is not undone"
    );
    let allowed = usize::try_from(story.spec.interruption.max_restarts_per_day).unwrap();
    assert!(after.heals.len() <= allowed, "all within a day");
    let restarts = matches!(effect, Effect::Stop(_)) && story.spec.state == DesiredState::Running;
    assert!(
        !restarts || heals || is_around && !observed.has_open_tasks,
        "a round is ended only to be healed, and never under a data backup"
    );
    let knew = &story.status;
    let rested = knew.observed_generation == Some(story.generation)
        && matches!(knew.around_state.as_deref(), Some("Stopped" | "Found"));
    let is_theirs = is_around && rested && !heals;
    assert!(!is_theirs || !matches!(effect, Effect::Stop(_)));
    if matches!(effect, Effect::SetDestination(_)) {
        assert_eq!(database.destination, ObservedDestination::Unset);
        assert!(observed.conflict.is_none());
        assert!(tenant.round.is_none() || archive(tenant) == Archive::Stopped);
    }
    if matches!(effect, Effect::SetAttributes(_)) {
        assert_eq!(database.destination, ObservedDestination::Ours);
        assert_eq!(archive(tenant), Archive::Stopped);
        assert!(
            story.status.applied_generation.is_some(),
            "adopted as it is"
        );
    }
    if matches!(effect, Effect::SetLagTarget(..)) {
        assert_eq!(database.destination, ObservedDestination::Ours);
        assert_eq!(archive(tenant), Archive::Round(RoundStatus::Doing));
        assert!(observed.can_set_lag_target);
    }
    if let Some(known) = story.status.tenant_id() {
        assert_eq!(known, tenant.id.0);
    }
}

/// Returns whether states after such a transition are explored. They are explored after a
/// transition from the first instant. After a statement they are explored only if it was the first
/// and nothing else failed. If few failures are followed, statements are not explored either.
fn is_followed(transition: &Transition, failed: i32, failures: i32) -> bool {
    let is_first = |taken: &AcceptedStatement| taken.times == 1 && taken.time == transition.since;
    let taken = transition.taken.as_ref();
    transition.since == time(at(NOWS[0]))
        && taken.is_none_or(|taken| failures > ONE && failed == 0 && is_first(taken))
}

/// Finds all statuses that are reachable from this one with the same spec.
fn walk(
    start: &Story,
    failures: i32,
    worlds: &[Observation],
    found: &mut Vec<LogBackupStatus>,
) -> usize {
    let answers = answers();
    let mut known = HashSet::new();
    let mut open = VecDeque::from([start.status.clone()]);
    let mut count = 0;
    while let Some(status) = open.pop_front() {
        let story = Story {
            spec: start.spec.clone(),
            generation: start.generation,
            status,
        };
        for (observed, now) in worlds
            .iter()
            .flat_map(|observed| NOWS.map(|now| (observed, now)))
        {
            let first = decide(&story.object(), observed, None, at(now));
            check(&story, observed, now, false, &first);
            let mut decisions = Vec::new();
            if let Some(effect) = &first.effect {
                let written = Story {
                    spec: story.spec.clone(),
                    generation: story.generation,
                    status: first.status.clone(),
                };
                for answer in &answers {
                    let answer = Some((effect, answer));
                    let decision = decide(&written.object(), observed, answer, at(now));
                    check(&written, observed, now, true, &decision);
                    decisions.push(decision);
                }
            }
            decisions.push(first);
            count += decisions.len();
            for decision in decisions {
                let status = decision.status;
                let is_new = known.insert(key(&status));
                let failed = status.failures.unwrap_or(0);
                let transition = status.transition.as_ref();
                let goes_on =
                    transition.is_none_or(|transition| is_followed(transition, failed, failures));
                if is_new && goes_on && failed <= failures {
                    let text = serde_json::to_string(&status).unwrap();
                    let read: LogBackupStatus = serde_json::from_str(&text).unwrap();
                    assert_eq!(read, status, "read back it differs");
                    found.push(status.clone());
                    open.push_back(status);
                }
            }
        }
    }
    count
}

/// Walks from this start, then edits each status found.
fn walk_and_edit(start: &Story, failures: i32) {
    use DesiredState::{Paused, Running, Stopped};
    let mut found = Vec::new();
    let worlds = worlds();
    let mut count = walk(start, failures, &worlds, &mut found);
    let mut edited = HashSet::new();
    for status in &found {
        for desired in [Running, Paused, Stopped] {
            let mut story = Story {
                spec: start.spec.clone(),
                generation: start.generation,
                status: status.clone(),
            };
            story.edit(desired);
            if edited.insert((key(status), format!("{desired:?}"))) {
                for (observed, now) in worlds.iter().flat_map(|s| NOWS.map(|now| (s, now))) {
                    let decision = decide(&story.object(), observed, None, at(now));
                    check(&story, observed, now, false, &decision);
                    count += 1;
                }
            }
        }
    }
    println!("{} statuses, {count} decisions", found.len());
    // Guards against a walk that reaches nothing.
    assert!(found.len() > 30 && count > 3_000);
}

#[test]
fn every_status_of_a_log_backup_that_should_run_keeps_the_invariants() {
    walk_and_edit(&Story::of(DesiredState::Running), MANY);
}

#[test]
fn every_status_of_a_log_backup_that_should_be_paused_keeps_the_invariants() {
    walk_and_edit(&Story::of(DesiredState::Paused), MANY);
}

#[test]
fn every_status_of_a_log_backup_that_should_be_stopped_keeps_the_invariants() {
    walk_and_edit(&Story::of(DesiredState::Stopped), MANY);
}

#[test]
fn every_status_of_a_log_backup_that_puts_right_what_others_change_keeps_the_invariants() {
    let mut story = Story::of(DesiredState::Running);
    story.spec.drift_policy = DriftPolicy::Enforce;
    story.spec.archive_lag_target_seconds = Some(60);
    walk_and_edit(&story, ONE);
}

#[test]
fn every_status_of_a_log_backup_that_is_healed_keeps_the_invariants() {
    let mut story = Story::of(DesiredState::Running);
    story.spec.interruption = InterruptionSettings {
        policy: InterruptionPolicy::RestartAndFullBackup,
        max_restarts_per_day: 2,
    };
    walk_and_edit(&story, ONE);
}

#[test]
fn every_status_of_a_log_backup_around_data_backups_keeps_the_invariants() {
    let mut story = Story::of(DesiredState::Running);
    story.spec.mode = LogBackupMode::AroundDataBackup;
    walk_and_edit(&story, ONE);
}
