//! Tests of a backup: scenarios, and all states that it can reach.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::api::{DataBackupSettings, DesiredState, LocalReference, RetrySettings};
use crate::domain::{ObservedDestination, ObservedTenant};
use crate::oceanbase::model::{
    BackupSet, BackupSetId, Failure, FailureClass, Identity, JobId, JobStatus, Round, RoundStatus,
    Scn, TenantId,
};
use crate::oceanbase::version::Version;

mod attempt;
mod external;
mod fan_out;
mod job;
mod kernel;
mod log_archiving;
mod queue;
mod renamed;
mod retry;
mod state_space;
mod terminal;

const UID: &str = "0a1b-2c";
const KEY: &str = "obb/0a1b-2c/1";
const STATEMENT_LIFETIME: Duration = Duration::from_secs(16);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn spec() -> BackupTaskSpec {
    BackupTaskSpec {
        tenant_name: "orders".to_owned(),
        ..BackupTaskSpec::default()
    }
}

fn tenant() -> Tenant {
    Tenant {
        round: Some(Round {
            id: 1,
            status: RoundStatus::Doing,
            start_scn: Scn(1),
            checkpoint_scn: Scn(2),
            piece_id: 1,
            input_bytes: 2048,
            output_bytes: 1024,
            comment: String::new(),
            path: "file:///log".to_owned(),
        }),
        ..Tenant::plain(1002, "orders")
    }
}

fn job(status: JobStatus) -> Job {
    Job {
        tenant_id: TenantId(1002),
        id: JobId(7),
        set_id: BackupSetId(3),
        initiator_tenant_id: TenantId::SYS,
        initiator_job_id: JobId(70),
        full: true,
        ended_at: status.is_terminal().then(|| at(60)),
        status,
        started_at: at(1),
        failure: None,
        description: KEY.to_owned(),
        path: "file:///data".to_owned(),
        percent: None,
    }
}

fn parent(status: JobStatus) -> Job {
    Job {
        tenant_id: TenantId::SYS,
        id: JobId(70),
        set_id: BackupSetId(0),
        initiator_job_id: JobId(70),
        ..job(status)
    }
}

fn set() -> BackupSet {
    BackupSet {
        id: BackupSetId(3),
        dest_id: 1,
        full: true,
        prev_full_id: BackupSetId(0),
        prev_inc_id: BackupSetId(0),
        success: true,
        available: true,
        plus_archivelog: false,
        start_replay_scn: Scn(5),
        min_restore_scn: Scn(1_800_000_050_123_456_789),
        ended_at: Some(at(60)),
        input_bytes: 10,
        output_bytes: 5,
        encryption_mode: "NONE".to_owned(),
        tenant_compatible: "4.3.5.2".to_owned(),
        path: "file:///data".to_owned(),
    }
}

fn failure(class: FailureClass) -> Failure {
    Failure {
        code: -9040,
        reason: "BackupCannotStart",
        message: "not now: wait".to_owned(),
        class,
        passing: class == FailureClass::NotYet,
    }
}

/// One more attempt, a minute after a failure.
fn settings() -> DataBackupSettings {
    DataBackupSettings {
        retry: RetrySettings {
            limit: 1,
            backoff_seconds: 60,
        },
        ..DataBackupSettings::default()
    }
}

fn observation_of(tenant: Option<Tenant>) -> Observation {
    Observation {
        target: Ok(Target {
            cluster: "prod".to_owned(),
            storage: "s3".to_owned(),
            strategy_generation: None,
            data_path: Some("prod-1/orders-1002/data".to_owned()),
            scheduled: false,
            settings: settings(),
            incremental_not_possible: crate::api::strategy::IncrementalNotPossible::Full,
        }),
        database: Ok(ObservedDatabase {
            identity: Identity {
                cluster_name: "prod".to_owned(),
                cluster_id: 1,
                created_at: at(-3600),
            },
            version: Version([4, 3, 5, 2]),
            is_upgrading: false,
            previous_set: None,
            tenant: ObservedTenant {
                tenant: tenant.map(Arc::new),
                settled: true,
                destination: ObservedDestination::Ours,
            },
            parents: Arc::default(),
        }),
        queue: crate::domain::backup::queue::Queue {
            slots: 2,
            ..crate::domain::backup::queue::Queue::default()
        },
        children: ChildTasks::default(),
        logs: None,
        other_owner: None,
        migration: None,
        held: None,
        intent_age: Duration::ZERO,
        statement_lifetime: STATEMENT_LIFETIME,
    }
}

fn healthy() -> Observation {
    observation_of(Some(tenant()))
}

fn with_job(job: Job) -> Observation {
    observation_of(Some(Tenant {
        jobs: vec![job],
        ..tenant()
    }))
}

fn with_parent(parent: Job) -> Observation {
    let mut observed = healthy();
    if let Ok(database) = &mut observed.database {
        database.parents = Arc::new(vec![parent]);
    }
    observed
}

fn unreachable() -> Observation {
    let gone = Blocker::permanent("AccessDenied", "the password is wrong; correct it");
    Observation {
        database: Err(gone),
        ..healthy()
    }
}

/// The OceanBaseCluster refers to another database now.
fn replaced() -> Observation {
    Observation {
        database: Err(Blocker::permanent(CLUSTER_REPLACED, "recreated")),
        ..healthy()
    }
}

/// Another object manages the tenant's backups.
fn other_owner() -> Observation {
    Observation {
        other_owner: Some(Blocker::permanent("DestinationInUse", "leave it to them")),
        ..healthy()
    }
}

fn unsettled(mut observed: Observation) -> Observation {
    if let Ok(database) = &mut observed.database {
        database.tenant.settled = false;
    }
    observed
}

fn with_destination(destination: ObservedDestination) -> Observation {
    let mut observed = healthy();
    if let Ok(database) = &mut observed.database {
        database.tenant.destination = destination;
    }
    observed
}

/// A task with its written status.
struct Story {
    spec: BackupTaskSpec,
    generation: i64,
    status: BackupTaskStatus,
    owned: bool,
}

impl Story {
    fn new() -> Self {
        Self {
            spec: spec(),
            generation: 1,
            status: BackupTaskStatus::default(),
            owned: false,
        }
    }

    fn due_within(seconds: i64) -> Self {
        let mut story = Self::new();
        story.spec.scheduled_time = Some(time(at(0)));
        story.spec.starting_deadline_seconds = Some(seconds);
        story
    }

    fn task(&self) -> Task<'_> {
        Task {
            uid: UID,
            generation: self.generation,
            name: "now",
            owned: self.owned,
            created_at: at(0),
            spec: &self.spec,
            status: &self.status,
        }
    }

    /// Runs one pass and writes its status.
    fn reconcile(&mut self, observed: &Observation, second: i64) -> BackupDecision {
        let decision = decide(&self.task(), observed, None, at(second));
        self.status = decision.status.clone();
        decision
    }

    /// Runs one pass and answers its effect.
    fn answered(&mut self, observed: &Observation, second: i64, answer: &Answer) -> BackupDecision {
        let effect = self.reconcile(observed, second).effect.expect("an effect");
        let answer = Some((&effect, answer));
        let decision = decide(&self.task(), observed, answer, at(second));
        self.status = decision.status.clone();
        decision
    }

    /// The statement was accepted.
    fn accepted() -> Self {
        let mut story = Self::new();
        story.answered(&healthy(), 0, &Answer::Done);
        story
    }

    /// The statement's answer was lost.
    fn lost() -> Self {
        let mut story = Self::new();
        story.answered(&healthy(), 0, &Answer::Unknown("reset".to_owned()));
        story
    }

    fn cancel(&mut self) {
        self.spec.cancel = Some(true);
        self.generation += 1;
    }

    fn reason(&self) -> &str {
        self.status.cause.as_ref().map_or("", |cause| &cause.reason)
    }

    fn phase(&self) -> &str {
        self.status.phase.as_deref().unwrap_or_default()
    }
}

fn is_backup(decision: &BackupDecision) -> bool {
    matches!(decision.effect, Some(Effect::Backup { .. }))
}

fn old_intent(observed: Observation) -> Observation {
    Observation {
        intent_age: STATEMENT_LIFETIME + Duration::from_secs(1),
        ..observed
    }
}
