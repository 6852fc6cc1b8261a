//! Every status that a task can come to, against everything that can be seen.

use std::collections::{HashSet, VecDeque};

use super::*;
use crate::domain::kstatus::{Kstatus, assert_sound, is_camel_case, kstatus, status_of};

/// Two instants: at the second one every pause and deadline of the first is over.
const NOWS: [i64; 2] = [70, 3_600];
const DEADLINE: i64 = 1_800;
/// After so many sendings nothing new happens.
const SENDS: i32 = 2;

fn worlds() -> Vec<Seen> {
    let round = |status| Round {
        status,
        ..tenant().round.unwrap()
    };
    let jobs = [
        JobStatus::Init,
        JobStatus::Doing,
        JobStatus::Unknown("NAPPING".to_owned()),
        JobStatus::Canceling,
        JobStatus::Completed,
        JobStatus::Failed,
        JobStatus::Canceled,
    ];
    let mut worlds: Vec<Seen> = jobs.iter().cloned().map(|s| with_job(job(s))).collect();
    worlds.extend(jobs.into_iter().map(|s| with_parent(parent(s))));
    let stranger = Job {
        id: JobId(99),
        description: "by hand".to_owned(),
        initiator_tenant_id: TenantId(1002),
        initiator_job_id: JobId(0),
        ..job(JobStatus::Doing)
    };
    worlds.extend([
        seen_of(Some(Tenant {
            jobs: vec![job(JobStatus::Completed)],
            sets: Arc::new(vec![set()]),
            ..tenant()
        })),
        with_job(stranger),
        healthy(),
        seen_of(None),
        seen_of(Some(Tenant {
            id: TenantId(1010),
            ..tenant()
        })),
        seen_of(Some(Tenant {
            role: "STANDBY".to_owned(),
            ..tenant()
        })),
        seen_of(Some(Tenant {
            locked: true,
            ..tenant()
        })),
        seen_of(Some(Tenant {
            round: None,
            ..tenant()
        })),
        seen_of(Some(Tenant {
            round: Some(round(RoundStatus::Interrupted)),
            ..tenant()
        })),
        with_destination(DestinationSeen::Unset),
        with_destination(DestinationSeen::Elsewhere("s3://other".to_owned())),
    ]);
    worlds.extend([
        unsettled(healthy()),
        unsettled(with_job(job(JobStatus::Doing))),
        unsettled(with_destination(DestinationSeen::Unset)),
    ]);
    worlds.push(unreachable());
    for obstacle in [
        Obstacle::waiting("StorageNotFound", "no such store"),
        Obstacle::permanent("TenantNotInStrategy", "not its tenant"),
    ] {
        let target = Err(obstacle.clone());
        let database = Err(obstacle);
        worlds.push(Seen {
            target,
            database,
            ..healthy()
        });
    }
    worlds.push(Seen {
        database: Err(Obstacle::waiting("Connecting", "soon")),
        ..healthy()
    });
    worlds
}

fn answers() -> Vec<Answer> {
    vec![
        Answer::Done,
        Answer::AlreadySent,
        Answer::Withheld("another backup runs".to_owned()),
        Answer::Refused(failure(FailureClass::NotYet)),
        Answer::Refused(failure(FailureClass::Permanent)),
        Answer::NotSent("no route".to_owned()),
        Answer::Unknown("reset".to_owned()),
    ]
}

/// What decisions read of a status: two that agree in it lead to the same.
fn key(status: &BackupTaskStatus) -> String {
    if let Some(outcome) = &status.outcome {
        return format!("{outcome} {:?}", status.observed_generation);
    }
    let last = status.attempts.last();
    format!(
        "{:?}",
        (
            &status.outcome,
            status.tenant_id,
            last.map(|last| (&last.outcome, last.sends, &last.sent_time)),
            status.job_id,
            &status.retry_time,
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
    story: &'a Story,
    seen: &'a Seen,
    heard: Option<(&'a Effect, &'a Answer)>,
    now: i64,
    verdict: &'a Verdict,
}

impl Edge<'_> {
    fn check(&self) {
        let (before, after) = (&self.story.status, &self.verdict.status);
        self.check_sink(before, after);
        self.check_sending(before, after);
        if before.job_id.is_some() {
            assert_eq!(before.job_id, after.job_id, "the job changed");
        }
        assert_eq!(after.observed_generation, Some(self.story.generation));
        assert_sound(&after.conditions, self.story.generation);
        let generation = self.story.generation;
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
        assert_eq!((&self.verdict.effect, &self.verdict.event), (&None, &None));
        let mut kept = after.clone();
        kept.observed_generation = before.observed_generation;
        kept.conditions.clone_from(&before.conditions);
        assert_eq!(&kept, before, "what has ended changed");
    }

    fn check_sending(&self, before: &BackupTaskStatus, after: &BackupTaskStatus) {
        if is_backup(self.verdict) {
            assert!(self.heard.is_none(), "one effect in a pass");
            assert!(matches!(last_outcome(before), None | Some("Refused")));
            let sends = |status: &BackupTaskStatus| status.attempts.last().map_or(0, |a| a.sends);
            assert_eq!(last_outcome(after), Some("Sending"));
            assert_eq!(sends(after), sends(before) + 1);
            assert_eq!(self.story.spec.cancel, None);
            let database = self.seen.database.as_ref().unwrap();
            assert!(database.tenant.settled && self.seen.target.is_ok());
            assert_eq!(database.tenant.destination, DestinationSeen::Ours);
            let tenant = database.tenant.tenant.as_deref().unwrap();
            assert_eq!(tenant.running_jobs().count(), 0);
            // The first sending knows no key yet; the command's own look finds it.
            if !before.attempts.is_empty() {
                assert!(tenant.job_by_key(KEY).is_none() && database.parents.is_empty());
            }
        }
        if last_outcome(before) == Some("Sending") && last_outcome(after) != Some("Sending") {
            let is_seen = self.seen.database.as_ref().is_ok_and(|database| {
                let tenant = database.tenant.tenant.as_deref();
                !database.parents.is_empty() || tenant.is_some_and(|t| !t.jobs.is_empty())
            });
            assert!(
                self.heard.is_some() || is_seen,
                "an intent was dropped unseen"
            );
        }
        if last_outcome(before) == Some("Accepted") {
            let after = last_outcome(after);
            assert!(!matches!(after, None | Some("Refused" | "Sending")));
        }
    }

    /// Deciding again on what was written changes nothing, now or a little later.
    fn check_quiet(&self, after: &BackupTaskStatus) {
        if is_backup(self.verdict) {
            return;
        }
        let story = Story {
            spec: self.story.spec.clone(),
            generation: self.story.generation,
            status: after.clone(),
        };
        let again = decide(&story.task(), self.seen, None, at(self.now));
        let waits = self.verdict.next.delay(at(self.now)) != Some(Duration::ZERO);
        // A look that was answered may go on to the next step; without one nothing moves.
        if self.heard.is_none() {
            assert_eq!(&again.status, after, "written again");
            assert_eq!(again.event, None, "told again");
            if waits {
                let later = decide(&story.task(), self.seen, None, at(self.now + 1));
                assert_eq!(&later.status, after, "written again a second later");
            }
        }
    }
}

fn walk(deadline: Option<i64>, visit: &mut impl FnMut(&Story)) -> usize {
    let worlds = worlds();
    let answers = answers();
    let mut known = HashSet::new();
    let mut open = VecDeque::from([(BackupTaskStatus::default(), false)]);
    let mut edges = 0;
    while let Some((status, canceled)) = open.pop_front() {
        for cancel in [canceled, true] {
            let mut story = match deadline {
                Some(seconds) => Story::due_within(seconds),
                None => Story::new(),
            };
            if cancel {
                story.cancel();
            }
            story.status = status.clone();
            visit(&story);
            // Only an intent has an age.
            let ages = 1 + usize::from(last_outcome(&status) == Some("Sending"));
            let ages = [Duration::ZERO, SURELY_OVER * 2].into_iter().take(ages);
            let sights = ages.flat_map(|intent_age| {
                worlds.iter().map(move |seen| Seen {
                    intent_age,
                    ..seen.clone()
                })
            });
            for (seen, now) in sights.flat_map(|s| NOWS.map(|now| (s.clone(), now))) {
                let seen = &seen;
                let first = decide(&story.task(), seen, None, at(now));
                let mut found = vec![first.clone()];
                Edge {
                    story: &story,
                    seen,
                    heard: None,
                    now,
                    verdict: &first,
                }
                .check();
                if let Some(effect) = &first.effect {
                    let written = Story {
                        spec: story.spec.clone(),
                        generation: story.generation,
                        status: first.status.clone(),
                    };
                    for answer in &answers {
                        let heard = Some((effect, answer));
                        let verdict = decide(&written.task(), seen, heard, at(now));
                        Edge {
                            story: &written,
                            seen,
                            heard,
                            now,
                            verdict: &verdict,
                        }
                        .check();
                        assert_eq!(verdict.effect, None, "one effect in a pass");
                        found.push(verdict);
                    }
                }
                edges += found.len();
                for verdict in found {
                    let sends = verdict.status.attempts.last().map_or(0, |a| a.sends);
                    let seen_before = !known.insert((key(&verdict.status), cancel));
                    if sends <= SENDS && !seen_before {
                        assert_read_back(&verdict.status);
                        open.push_back((verdict.status, cancel));
                    }
                }
            }
            if cancel {
                break;
            }
        }
    }
    println!("{} statuses, {edges} decisions", known.len());
    known.len()
}

#[test]
fn every_status_that_a_task_can_come_to_keeps_the_invariants() {
    let without = walk(None, &mut |_| {});
    let with = walk(Some(DEADLINE), &mut |_| {});
    // Guards against a walk that goes nowhere.
    assert!(without > 100 && with > 100, "{without} {with}");
}

/// In a world without faults, from wherever the task stands.
fn comes_to_an_end(start: &Story) -> bool {
    let mut story = Story {
        spec: start.spec.clone(),
        generation: start.generation,
        status: start.status.clone(),
    };
    for step in 1..20 {
        let now = 10_000 + step * 700;
        let taken =
            story.status.job_id.is_some() || last_outcome(&story.status) == Some("Accepted");
        let seen = if taken {
            seen_of(Some(Tenant {
                jobs: vec![job(JobStatus::Completed)],
                sets: Arc::new(vec![set()]),
                ..tenant()
            }))
        } else {
            old_intent(healthy())
        };
        let verdict = story.look(&seen, now);
        if let Some(effect) = verdict.effect {
            let heard = Some((&effect, &Answer::Done));
            story.status = decide(&story.task(), &seen, heard, at(now)).status;
        }
        if story.status.outcome.is_some() {
            return true;
        }
    }
    false
}

#[test]
fn from_every_status_a_task_comes_to_an_end_when_the_faults_are_over() {
    let mut visited = 0;
    walk(None, &mut |story| {
        visited += 1;
        assert!(comes_to_an_end(story), "{:?}", story.status);
    });
    assert!(visited > 100);
}
