//! Every status that a task can reach, with every possible observation.

use std::collections::{HashSet, VecDeque};
use std::sync::LazyLock;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::*;
use crate::domain::kstatus::{Kstatus, assert_sound, is_camel_case, kstatus, status_of};

mod inputs;

use inputs::{answers, every_apply_outcome, worlds};

/// Two instants: at the second one all delays and deadlines of the first have passed.
const NOWS: [i64; 2] = [70, 3_600];
const DEADLINE: i64 = 1_800;
/// After this many sends nothing new happens.
const SENDS: i32 = 2;

/// The parts of a status that decisions read: equal keys lead to equal decisions.
fn key(status: &BackupTaskStatus) -> String {
    if let Some(outcome) = &status.outcome {
        return format!("{outcome} {:?}", status.observed_generation);
    }
    let last = status.attempts.last();
    format!(
        "{:?}",
        (
            &status.outcome,
            status.tenant_id(),
            last.map(|last| (last.number, &last.outcome, last.sends, &last.sent_time)),
            last.map(|last| &last.expired_time),
            &status.data_backup,
            status.queue_position,
            status.job_id,
            &status.retry_time,
            // Above the number that is reported at once, nothing new happens.
            status
                .taken
                .as_ref()
                .map(|taken| (taken.times.min(5), &taken.time)),
            status.cause.as_ref().map(|cause| &cause.reason),
            status.observed_generation,
        )
    )
}

fn assert_read_back(status: &BackupTaskStatus) {
    let text = serde_json::to_string(status).unwrap();
    let read: BackupTaskStatus = serde_json::from_str(&text).unwrap();
    assert_eq!(&read, status, "read back it differs");
}

fn last_outcome(status: &BackupTaskStatus) -> Option<&str> {
    status.attempts.last().map(|last| last.outcome.as_str())
}

struct Edge<'a> {
    task: Task<'a>,
    observed: &'a Observation,
    answer: Option<(&'a Effect, &'a Answer)>,
    now: i64,
    decision: &'a BackupDecision,
}

impl Edge<'_> {
    fn check(&self) {
        let (before, after) = (self.task.status, &self.decision.status);
        self.check_sink(before, after);
        self.check_sending(before, after);
        if before.job_id.is_some() && last_outcome(after) != Some("Failed") {
            assert_eq!(before.job_id, after.job_id, "the job changed");
        }
        Self::check_attempts(before, after);
        self.check_cancel(after);
        assert_eq!(after.observed_generation, Some(self.task.generation));
        assert_sound(&after.conditions, self.task.generation);
        let generation = self.task.generation;
        let judged = kstatus(generation, after.observed_generation, &after.conditions);
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
        self.check_quiet(after);
    }

    fn check_sink(&self, before: &BackupTaskStatus, after: &BackupTaskStatus) {
        if before.outcome.is_none() {
            return;
        }
        assert_eq!(
            (&self.decision.effect, &self.decision.event),
            (&None, &None)
        );
        let mut kept = after.clone();
        kept.observed_generation = before.observed_generation;
        kept.conditions.clone_from(&before.conditions);
        assert_eq!(&kept, before, "what has ended changed");
    }

    /// Recorded attempts are kept; another attempt follows only after a failed one.
    fn check_attempts(before: &BackupTaskStatus, after: &BackupTaskStatus) {
        let (was, is) = (&before.attempts, &after.attempts);
        assert!(is.len() <= 2 && is.len() >= was.len(), "{is:?}");
        for (number, attempt) in (1..).zip(is) {
            assert_eq!(attempt.key, format!("obb/{UID}/{number}"));
        }
        if was.len() == 1 && is.len() == 2 {
            assert_eq!(last_outcome(before), Some("Failed"));
            assert_eq!(was[0], is[0], "the first attempt changed");
        }
    }

    /// A job is canceled because the spec requests it, or because it runs too long.
    fn check_cancel(&self, after: &BackupTaskStatus) {
        if matches!(self.decision.effect, Some(Effect::Cancel { .. })) {
            let last = after.attempts.last().unwrap();
            let sent = last.sent_time.as_ref().unwrap().0;
            let ran = |expired: &Time| expired.0.duration_since(sent).as_secs();
            let is_expired = last
                .expired_time
                .as_ref()
                .is_some_and(|at| ran(at) >= DEADLINE);
            assert!(self.task.spec.cancel == Some(true) || is_expired);
        }
    }

    fn check_sending(&self, before: &BackupTaskStatus, after: &BackupTaskStatus) {
        if is_backup(self.decision) {
            assert!(self.answer.is_none(), "one effect in a pass");
            assert!(matches!(
                last_outcome(before),
                None | Some("Refused" | "Failed")
            ));
            let sends = |status: &BackupTaskStatus| status.attempts.last().map_or(0, |a| a.sends);
            assert_eq!(last_outcome(after), Some("Sending"));
            let before_sends = match last_outcome(before) {
                Some("Failed") => 0,
                _ => sends(before),
            };
            assert_eq!(sends(after), before_sends + 1);
            assert_eq!(self.task.spec.cancel, None);
            let database = self.observed.database.as_ref().unwrap();
            assert!(database.tenant.settled && self.observed.target.is_ok());
            assert_eq!(database.tenant.destination, ObservedDestination::Ours);
            let tenant = database.tenant.tenant.as_deref().unwrap();
            assert_eq!(tenant.running_jobs().count(), 0);
            assert_eq!(self.observed.queue.position(), None, "there is no place");
            // The first send has no key yet; the command's own lookup finds it.
            if let Some(last) = before.attempts.last().filter(|a| a.outcome != "Failed") {
                let is_ours = |job: &Job| job.description == last.key;
                assert!(!tenant.jobs.iter().chain(&*database.parents).any(is_ours));
            }
        }
        if last_outcome(before) == Some("Sending") && last_outcome(after) != Some("Sending") {
            let is_observed = self.observed.database.as_ref().is_ok_and(|database| {
                let tenant = database.tenant.tenant.as_deref();
                !database.parents.is_empty() || tenant.is_some_and(|t| !t.jobs.is_empty())
            });
            assert!(
                self.answer.is_some() || is_observed,
                "an intent was dropped unseen"
            );
        }
        if last_outcome(before) == Some("Accepted") {
            let after = last_outcome(after);
            assert!(!matches!(after, None | Some("Refused" | "Sending")));
        }
        if last_outcome(before) == Some("Failed") {
            assert!(matches!(last_outcome(after), Some("Failed" | "Sending")));
        }
    }

    /// Another decision on the written status changes nothing, now or a little later.
    fn check_quiet(&self, after: &BackupTaskStatus) {
        if is_backup(self.decision) {
            return;
        }
        let task = Task {
            status: after,
            ..self.task
        };
        let again = decide(&task, self.observed, None, at(self.now));
        let waits = self.decision.next.delay(at(self.now)) != Some(Duration::ZERO);
        // An answered lookup may lead to the next step; without an answer nothing changes.
        if self.answer.is_none() {
            assert_eq!(&again.status, after, "written again");
            assert_eq!(again.event, None, "told again");
            if waits {
                let later = decide(&task, self.observed, None, at(self.now + 1));
                assert_eq!(&later.status, after, "written again a second later");
            }
        }
    }
}

/// Returns the decision for each possible result of an effect.
fn answer(
    written: &Task<'_>,
    observed: &Observation,
    effect: &Effect,
    now: i64,
) -> Vec<(Answer, BackupDecision)> {
    if let Effect::MakeLogBackup(name, _) = effect {
        let created =
            |created: ApplyOutcome| on_objects_applied(written, observed, &created, at(now));
        return every_apply_outcome(name)
            .map(|answer| (Answer::Done, created(answer)))
            .into();
    }
    let decided = |answer: &Answer| decide(written, observed, Some((effect, answer)), at(now));
    let answers = answers(written.status.attempts.len()).into_iter();
    answers
        .map(|answer| {
            let decision = decided(&answer);
            (answer, decision)
        })
        .collect()
}

/// Returns all statuses that a task can reach, and whether it was canceled.
fn walk(deadline: Option<i64>) -> Vec<(BackupTaskStatus, bool)> {
    // Only an intent has an age.
    let young = worlds();
    let old = young.iter().map(|observed| Observation {
        intent_age: STATEMENT_LIFETIME * 2,
        ..observed.clone()
    });
    let old: Vec<_> = old.collect();
    let mut known = HashSet::new();
    let mut reached = Vec::new();
    let mut open = VecDeque::from([(BackupTaskStatus::default(), false)]);
    let mut edges = 0;
    while let Some((status, canceled)) = open.pop_front() {
        for cancel in [canceled, true] {
            let mut story = match deadline {
                Some(seconds) => Story::due_within(seconds),
                None => Story::new(),
            };
            story.spec.cluster_ref = Some(LocalReference::new("prod"));
            story.spec.storage_ref = Some(LocalReference::new("s3"));
            if cancel {
                story.cancel();
            }
            story.status = status.clone();
            reached.push((status.clone(), cancel));
            let is_sending = last_outcome(&status) == Some("Sending");
            let old = old.iter().filter(|_| is_sending);
            let observations = young.iter().chain(old);
            let task = story.task();
            for (observed, now) in observations.flat_map(|seen| NOWS.map(|now| (seen, now))) {
                let first = decide(&task, observed, None, at(now));
                Edge {
                    task,
                    observed,
                    answer: None,
                    now,
                    decision: &first,
                }
                .check();
                let mut found = Vec::new();
                if let Some(effect) = &first.effect {
                    let written = Task {
                        status: &first.status,
                        ..task
                    };
                    for (answer, decision) in answer(&written, observed, effect, now) {
                        let answer = Some((effect, &answer));
                        Edge {
                            task: written,
                            observed,
                            answer,
                            now,
                            decision: &decision,
                        }
                        .check();
                        assert_eq!(decision.effect, None, "one effect in a pass");
                        found.push(decision);
                    }
                }
                found.push(first);
                edges += found.len();
                for decision in found {
                    let sends = decision.status.attempts.last().map_or(0, |a| a.sends);
                    let observed_before = !known.insert((key(&decision.status), cancel));
                    if sends <= SENDS && !observed_before {
                        assert_read_back(&decision.status);
                        open.push_back((decision.status, cancel));
                    }
                }
            }
            if cancel {
                break;
            }
        }
    }
    println!("{} statuses, {edges} decisions", known.len());
    reached
}

/// The walk of a task without a deadline, computed once.
static WITHOUT_DEADLINE: LazyLock<Vec<(BackupTaskStatus, bool)>> = LazyLock::new(|| walk(None));

#[test]
fn every_status_that_a_task_can_come_to_keeps_the_invariants() {
    let with = walk(Some(DEADLINE)).len();
    // Guards against a walk that reaches nothing.
    assert!(WITHOUT_DEADLINE.len() > 100 && with > 100, "{with}");
}

/// Without faults, from any state of the task.
fn comes_to_an_end(start: &Story) -> bool {
    let mut story = Story {
        spec: start.spec.clone(),
        generation: start.generation,
        status: start.status.clone(),
        ..Story::new()
    };
    for step in 1..20 {
        let now = 10_000 + step * 700;
        let taken =
            story.status.job_id.is_some() || last_outcome(&story.status) == Some("Accepted");
        let observed = if taken {
            observation_of(Some(Tenant {
                jobs: vec![job(JobStatus::Completed)],
                sets: Arc::new(vec![set()]),
                ..tenant()
            }))
        } else {
            old_intent(healthy())
        };
        let decision = story.reconcile(&observed, now);
        if let Some(effect) = decision.effect {
            let answer = match effect {
                Effect::Find { .. } => Answer::NotFound,
                _ => Answer::Done,
            };
            let answer = Some((&effect, &answer));
            story.status = decide(&story.task(), &observed, answer, at(now)).status;
        }
        if story.status.outcome.is_some() {
            return true;
        }
    }
    false
}

#[test]
fn from_every_status_a_task_comes_to_an_end_when_the_faults_are_over() {
    for (status, cancel) in WITHOUT_DEADLINE.iter() {
        let mut story = Story::new();
        if *cancel {
            story.cancel();
        }
        story.status = status.clone();
        assert!(comes_to_an_end(&story), "{:?}", story.status);
    }
}
