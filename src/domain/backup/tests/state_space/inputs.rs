//! All observations and answers of a task.

use super::*;

pub(super) fn worlds() -> Vec<Observation> {
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
    let mut worlds: Vec<Observation> = jobs.iter().cloned().map(|s| with_job(job(s))).collect();
    worlds.extend(jobs.into_iter().map(|s| with_parent(parent(s))));
    let stranger = Job {
        id: JobId(99),
        description: "by hand".to_owned(),
        initiator_tenant_id: TenantId(1002),
        initiator_job_id: JobId(0),
        ..job(JobStatus::Doing)
    };
    for status in [JobStatus::Doing, JobStatus::Failed, JobStatus::Completed] {
        worlds.push(with_second_job(status));
    }
    worlds.extend([
        with_job(job_that_failed_of_what_passes()),
        observation_of(Some(Tenant {
            jobs: vec![job(JobStatus::Completed)],
            sets: Arc::new(vec![set()]),
            ..tenant()
        })),
        with_job(stranger),
        healthy(),
        observation_of(None),
        observation_of(Some(Tenant {
            id: TenantId(1010),
            ..tenant()
        })),
        observation_of(Some(Tenant {
            role: "STANDBY".to_owned(),
            ..tenant()
        })),
        observation_of(Some(Tenant {
            locked: true,
            ..tenant()
        })),
        observation_of(Some(Tenant {
            round: None,
            ..tenant()
        })),
        observation_of(Some(Tenant {
            round: Some(round(RoundStatus::Interrupted)),
            ..tenant()
        })),
        with_destination(ObservedDestination::Unset),
        with_destination(ObservedDestination::Elsewhere("s3://other".to_owned())),
    ]);
    worlds.extend([
        unsettled(healthy()),
        unsettled(with_job(job(JobStatus::Doing))),
        unsettled(with_destination(ObservedDestination::Unset)),
    ]);
    worlds.push(with_log_owner(LogBackupOwner::Unowned));
    worlds.push(with_log_owner(LogBackupOwner::Strategy(
        "nightly".to_owned(),
    )));
    worlds.push(unreachable());
    worlds.push(replaced());
    worlds.push(other_owner());
    worlds.push(crowded(0));
    worlds.push(crowded(3));
    for blocker in [
        Blocker::waiting("StorageNotFound", "no such store"),
        Blocker::permanent("TenantNotInStrategy", "not its tenant"),
    ] {
        let target = Err(blocker.clone());
        let database = Err(blocker);
        worlds.push(Observation {
            target,
            database,
            ..healthy()
        });
    }
    worlds.push(Observation {
        database: Err(Blocker::waiting("Connecting", "soon")),
        ..healthy()
    });
    for target in worlds.iter_mut().flat_map(|observed| &mut observed.target) {
        target.settings.active_deadline_seconds = Some(DEADLINE);
    }
    worlds
}

/// The tenant has no running log backup.
fn with_log_owner(owner: LogBackupOwner) -> Observation {
    let logs = ObservedArchiving {
        owner,
        destination: ObservedDestination::Unset,
    };
    Observation {
        logs: Some(logs),
        ..observation_of(Some(Tenant {
            round: None,
            ..tenant()
        }))
    }
}

/// All slots are taken, and this many tasks come first.
fn crowded(ahead: usize) -> Observation {
    Observation {
        queue: crate::domain::backup::queue::Queue {
            slots: 2,
            taken: 2,
            ahead,
        },
        ..healthy()
    }
}

fn job_that_failed_of_what_passes() -> Job {
    Job {
        failure: Some(failure(FailureClass::NotYet)),
        ..job(JobStatus::Failed)
    }
}

fn second_job(status: JobStatus) -> Job {
    Job {
        id: JobId(8),
        description: "obb/0a1b-2c/2".to_owned(),
        initiator_job_id: JobId(71),
        ..job(status)
    }
}

/// The job of the second attempt, beside the job of the first.
fn with_second_job(status: JobStatus) -> Observation {
    observation_of(Some(Tenant {
        jobs: vec![job_that_failed_of_what_passes(), second_job(status)],
        ..tenant()
    }))
}

/// The job of the last attempt, as a lookup by its key finds it.
fn ended(attempts: usize) -> Job {
    let job = if attempts < 2 { job } else { second_job };
    job(JobStatus::Completed)
}

/// Possible answers to a statement of the last of this many attempts.
pub(super) fn answers(attempts: usize) -> Vec<Answer> {
    vec![
        Answer::Done,
        Answer::NotFound,
        Answer::AlreadySent,
        Answer::Ended(Box::new(ended(attempts))),
        Answer::Withheld("another backup is running".to_owned()),
        Answer::Refused(failure(FailureClass::NotYet)),
        Answer::Refused(failure(FailureClass::Permanent)),
        Answer::NotSent("no route".to_owned()),
        Answer::Unknown("reset".to_owned()),
    ]
}

/// Possible results of the creation of an object.
pub(super) fn every_apply_outcome(name: &str) -> [ApplyOutcome; 3] {
    let names = || [name.to_owned()].into();
    [
        ApplyOutcome {
            owned: names(),
            ..ApplyOutcome::default()
        },
        ApplyOutcome {
            foreign: names(),
            ..ApplyOutcome::default()
        },
        ApplyOutcome {
            errors: [(name.to_owned(), "quota".to_owned())].into(),
            ..ApplyOutcome::default()
        },
    ]
}
