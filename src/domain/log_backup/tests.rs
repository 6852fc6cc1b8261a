//! Tests of log backup: scenarios, and all states that it can reach.

use std::sync::Arc;

use super::*;
use crate::api::log_backup::{
    InterruptionPolicy, InterruptionSettings, LogBackupMode, StorageChangePolicy,
};
use crate::api::strategy::Followed;
use crate::api::{Binding, DeletionPolicy, DesiredState, DriftPolicy, LocalReference};
use crate::domain::{ObservedTenant, time};
use crate::oceanbase::model::{
    ArchiveDest, BackupSet, BackupSetId, Failure, FailureClass, Identity, Round, Scn, TenantId,
    TenantName,
};
use jiff::SignedDuration;

mod credential_rotation;
mod drift;
mod finalize;
mod heal;
mod lag_target;
mod on_demand;
mod on_demand_oracle;
mod outage;
mod renamed;
mod replaced;
mod scenarios;
mod send_failures;
mod state_space;
mod storage_limits;
mod storage_migration;
mod tenant_summary;
mod transition;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn scn(second: i64) -> Scn {
    Scn(u64::try_from(at(second).as_nanosecond()).unwrap())
}

fn spec(desired_state: DesiredState) -> LogBackupSpec {
    LogBackupSpec {
        cluster_ref: LocalReference::new("prod"),
        tenant_name: "orders".to_owned(),
        storage_ref: LocalReference::new("s3"),
        path: None,
        storage_change_policy: StorageChangePolicy::Refuse,
        state: desired_state,
        mode: LogBackupMode::Continuous,
        binding: Binding::Optional,
        piece_switch_days: 1,
        archive_lag_target_seconds: None,
        drift_policy: DriftPolicy::Report,
        interruption: InterruptionSettings {
            policy: InterruptionPolicy::Report,
            max_restarts_per_day: 1,
        },
        deletion_policy: DeletionPolicy::Retain,
        deletion_timeout_seconds: None,
    }
}

fn dest(enabled: bool) -> ArchiveDest {
    ArchiveDest {
        path: "file:///log".to_owned(),
        binding: "OPTIONAL".to_owned(),
        piece_switch_interval: "1d".to_owned(),
        enabled,
        dest_id: Some(1001),
    }
}

/// A tenant with a destination and a round with this status, if any.
fn tenant(status: Option<RoundStatus>) -> Tenant {
    let round = status.map(|status| Round {
        id: 1,
        status,
        start_scn: scn(-600),
        checkpoint_scn: scn(-5),
        piece_id: 1,
        input_bytes: 2048,
        output_bytes: 1024,
        comment: "log stream 1001 interrupted".to_owned(),
        path: "file:///log".to_owned(),
    });
    Tenant {
        archive_log: Some(round.is_some()),
        log_dest: Some(dest(true)),
        round,
        ..Tenant::plain(1002, "orders")
    }
}

/// The same tenant in the round with this number.
fn in_round(id: i64, status: RoundStatus) -> Tenant {
    let mut tenant = tenant(Some(status));
    tenant.round = tenant.round.map(|round| Round {
        id,
        start_scn: scn(-600 + id),
        ..round
    });
    tenant
}

/// A full set whose backup started at this second.
fn full_set(second: i64) -> BackupSet {
    BackupSet {
        id: BackupSetId(7),
        dest_id: 1001,
        full: true,
        prev_full_id: BackupSetId(0),
        prev_inc_id: BackupSetId(0),
        success: true,
        available: true,
        plus_archivelog: false,
        start_replay_scn: scn(second),
        min_restore_scn: scn(second + 1),
        ended_at: Some(at(second + 1)),
        input_bytes: 2000,
        output_bytes: 1000,
        encryption_mode: "NONE".to_owned(),
        tenant_compatible: "4.3.5.2".to_owned(),
        path: "file:///data".to_owned(),
    }
}

fn doing() -> Tenant {
    tenant(Some(RoundStatus::Doing))
}

/// A tenant that never had log backup.
fn bare() -> Tenant {
    Tenant {
        log_dest: None,
        ..tenant(None)
    }
}

fn observed(tenant: Tenant) -> Observation {
    let destination = match &tenant.log_dest {
        Some(_) => ObservedDestination::Ours,
        None => ObservedDestination::Unset,
    };
    Observation {
        target: Ok(()),
        database: Ok(ObservedTenant {
            tenant: Some(Arc::new(tenant)),
            settled: true,
            destination,
        }),
        identity: Identity {
            cluster_name: "obprod".to_owned(),
            cluster_id: 7,
            created_at: at(-86_400),
        },
        renamed: None,
        conflict: None,
        has_open_tasks: false,
        related: None,
        storage_keys: None,
        applied_version: None,
        limits: None,
        switch: None,
        may_heal_at: None,
        can_pause: true,
        can_set_lag_target: true,
        checkpoint_interval: SignedDuration::from_mins(5),
    }
}

fn elsewhere(tenant: Tenant) -> Observation {
    let mut observed = observed(tenant);
    if let Ok(database) = &mut observed.database {
        database.destination = ObservedDestination::Elsewhere("s3://other".to_owned());
    }
    observed
}

fn unsettled(mut observed: Observation) -> Observation {
    if let Ok(database) = &mut observed.database {
        database.settled = false;
    }
    observed
}

fn without_tenant() -> Observation {
    let mut observed = observed(bare());
    if let Ok(database) = &mut observed.database {
        database.tenant = None;
    }
    observed
}

fn without_database(blocker: Blocker) -> Observation {
    Observation {
        database: Err(blocker),
        ..observed(bare())
    }
}

fn unreachable() -> Observation {
    without_database(Blocker::permanent("AccessDenied", "the password is wrong"))
}

fn refused(class: FailureClass) -> Answer {
    Answer::Refused(Failure {
        code: -9081,
        reason: "DestinationOwnedByOther",
        message: "the directory belongs to another tenant: use another one".to_owned(),
        class,
        passing: false,
    })
}

struct Story {
    spec: LogBackupSpec,
    generation: i64,
    status: LogBackupStatus,
}

impl Story {
    fn of(desired_state: DesiredState) -> Self {
        Self {
            spec: spec(desired_state),
            generation: 1,
            status: LogBackupStatus::default(),
        }
    }

    /// Archiving was requested and runs.
    fn running() -> Self {
        let mut story = Self::of(DesiredState::Running);
        story.reconcile(&observed(doing()), 0);
        story
    }

    fn edit(&mut self, desired_state: DesiredState) {
        self.spec.state = desired_state;
        self.generation += 1;
    }

    fn object(&self) -> LogBackup<'_> {
        LogBackup {
            generation: self.generation,
            spec: &self.spec,
            status: &self.status,
            followed: None,
        }
    }

    /// Runs one pass after its strategy edited fields that need no statement.
    fn reconcile_after_spec_change(
        &mut self,
        observed: &Observation,
        second: i64,
    ) -> LogBackupDecision {
        let from = self.generation;
        self.generation += 1;
        let followed = Some(Followed {
            from,
            to: self.generation,
        });
        let object = LogBackup {
            followed,
            ..self.object()
        };
        let decision = decide(&object, observed, None, at(second));
        self.status = decision.status.clone();
        decision
    }

    fn reconcile(&mut self, observed: &Observation, second: i64) -> LogBackupDecision {
        let decision = decide(&self.object(), observed, None, at(second));
        self.status = decision.status.clone();
        decision
    }

    fn answered(
        &mut self,
        observed: &Observation,
        second: i64,
        answer: &Answer,
    ) -> LogBackupDecision {
        let effect = self.reconcile(observed, second).effect.expect("an effect");
        let decision = decide(
            &self.object(),
            observed,
            Some((&effect, answer)),
            at(second),
        );
        self.status = decision.status.clone();
        decision
    }

    fn reason(&self) -> &str {
        self.status.cause.as_ref().map_or("", |cause| &cause.reason)
    }

    fn phase(&self) -> &str {
        self.status.phase.as_deref().unwrap_or_default()
    }

    fn condition(&self, kind: &str) -> (&str, &str) {
        let found = self.status.conditions.iter().find(|c| c.type_ == kind);
        let found = found.unwrap();
        (&found.status, &found.reason)
    }
}
