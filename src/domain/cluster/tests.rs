//! The summary of a cluster, for states of the database and of the strategies.

mod checkpoint;
mod outage;
mod privileges;
mod recovery_windows;

use super::*;
use crate::domain::Blocker;
use crate::domain::kstatus::{Kstatus, assert_sound, kstatus, status_of};
use crate::oceanbase::model::{BackupSet, BackupSetId, Identity, Round, Scn};
use crate::oceanbase::version::Version;
use std::sync::Arc;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn scn(second: i64) -> Scn {
    Scn(u64::try_from(at(second).as_nanosecond()).unwrap())
}

/// A round with this status and a checkpoint at this second.
fn round(status: RoundStatus, checkpoint: i64) -> Round {
    Round {
        id: 1,
        status,
        start_scn: scn(-600),
        checkpoint_scn: scn(checkpoint),
        piece_id: 1,
        comment: String::new(),
        path: "file:///log".to_owned(),
        input_bytes: 0,
        output_bytes: 0,
    }
}

/// A set that ended at this second.
fn set(ended: i64) -> BackupSet {
    BackupSet {
        id: BackupSetId(1),
        dest_id: 1,
        full: true,
        prev_full_id: BackupSetId(0),
        prev_inc_id: BackupSetId(0),
        success: true,
        available: true,
        plus_archivelog: false,
        start_replay_scn: Scn(5),
        min_restore_scn: scn(ended),
        ended_at: Some(at(ended)),
        input_bytes: 10,
        output_bytes: 5,
        encryption_mode: "NONE".to_owned(),
        tenant_compatible: "4.3.5.2".to_owned(),
        path: "file:///data".to_owned(),
    }
}

fn tenant(id: i64, round: Option<Round>, sets: Vec<BackupSet>) -> Tenant {
    Tenant {
        archive_log: Some(round.is_some()),
        round,
        sets: Arc::new(sets),
        ..Tenant::plain(id, &format!("t{id}"))
    }
}

/// A tenant that can be recovered to any instant since its backup.
fn backed_up(id: i64, checkpoint: i64) -> Tenant {
    tenant(
        id,
        Some(round(RoundStatus::Doing, checkpoint)),
        vec![set(-300)],
    )
}

fn shows(tenants: Vec<Tenant>) -> Observation {
    let snapshot = Snapshot {
        sequence: 1,
        read_at: at(0),
        identity: Identity {
            cluster_name: "obprod".to_owned(),
            cluster_id: 7,
            created_at: at(-86_400),
        },
        version: Version([4, 3, 5, 2]),
        community: true,
        tenants: tenants.into_iter().map(|t| (t.id, Arc::new(t))).collect(),
        parents: Arc::default(),
        is_upgrading: false,
        newest_cleanup: crate::oceanbase::model::JobId(0),
        storages: Arc::default(),
        restores: None,
    };
    Observation {
        database: Ok(Arc::new(snapshot)),
        strategy_phases: Vec::new(),
        queued_tasks: 0,
        archived_around: BTreeSet::new(),
        alerts: 0,
        privileges: None,
    }
}

fn hidden(blocker: Blocker) -> Observation {
    Observation {
        database: Err(blocker),
        ..shows(Vec::new())
    }
}

#[test]
fn a_cluster_that_never_answered_is_abnormal_where_it_has_a_strategy() {
    let phase = |fixture: &Fixture| fixture.status.backup.clone().unwrap().phase;
    let mut dead = hidden(Blocker::permanent("AccessDenied", "correct the password"));
    let mut fixture = Fixture::default();
    fixture.reconcile(&hidden(connecting()), 0);
    assert_eq!(fixture.status.backup, None);
    fixture.reconcile(&dead, 1);
    assert_eq!(phase(&fixture), "NoBackupStrategy");
    dead.strategy_phases = vec![None];
    fixture.reconcile(&dead, 2);
    assert_eq!(phase(&fixture), "Abnormal");
}

fn connecting() -> Blocker {
    Blocker::waiting("Connecting", "the operator is connecting to the cluster")
}

/// An object with repeated decisions on its status.
struct Fixture {
    spec: OceanBaseClusterSpec,
    status: OceanBaseClusterStatus,
    events: Vec<(bool, &'static str)>,
}

impl Default for Fixture {
    fn default() -> Self {
        let spec = serde_json::json!({
            "endpoints": ["db:2881"],
            "credentials": {"secretRef": {"name": "sys"}},
            "tls": {"mode": "Disabled"},
        });
        Self {
            spec: serde_json::from_value(spec).unwrap(),
            status: OceanBaseClusterStatus::default(),
            events: Vec::new(),
        }
    }
}

impl Fixture {
    fn reconcile(&mut self, observed: &Observation, second: i64) -> &OceanBaseClusterStatus {
        let decision = decide(&self.spec, 1, &self.status, observed, at(second));
        assert_sound(&decision.status.conditions, 1);
        let event = decision.event.map(|event| (event.warning, event.reason));
        self.events.extend(event);
        self.status = decision.status;
        &self.status
    }

    fn kstatus(&self) -> Kstatus {
        kstatus(1, self.status.observed_generation, &self.status.conditions)
    }

    fn reachable(&self) -> Option<&str> {
        status_of(&self.status.conditions, REACHABLE)
    }

    fn checkpoint(&self) -> Option<Timestamp> {
        let backup = self.status.backup.as_ref()?;
        Some(backup.log_backup_checkpoint_time.as_ref()?.0)
    }
}

#[test]
fn a_cluster_that_answers_is_current() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&shows(Vec::new()), 0);
    assert_eq!(
        (fixture.kstatus(), fixture.reachable()),
        (Kstatus::Current, Some("True"))
    );
}

#[test]
fn the_bytes_of_all_sets_and_pieces_are_written_when_they_have_moved_by_a_hundredth() {
    let mut fixture = Fixture::default();
    let holds = |bytes| {
        let mut one = set(-300);
        one.output_bytes = bytes;
        shows(vec![
            tenant(1002, None, vec![one]),
            tenant(1004, None, vec![set(-200)]),
        ])
    };
    let mut bytes = |observed: &Observation, second| {
        fixture
            .reconcile(observed, second)
            .backup
            .clone()?
            .file_bytes
    };
    assert_eq!(bytes(&holds(995), 0), Some(1000));
    assert_eq!(bytes(&holds(1004), 1), Some(1000));
    assert_eq!(bytes(&holds(1005), 2), Some(1010));
    // Deleted backups no longer count.
    assert_eq!(bytes(&holds(0), 3), Some(5));
}

#[test]
fn the_method_is_told_of_a_cluster_with_a_strategy() {
    let mut fixture = Fixture::default();
    let mut observed = shows(Vec::new());
    assert_eq!(
        fixture
            .reconcile(&observed, 0)
            .backup
            .as_ref()
            .unwrap()
            .method,
        None
    );
    observed.strategy_phases = vec![None];
    let backup = fixture.reconcile(&observed, 1).backup.as_ref().unwrap();
    assert_eq!(backup.method.as_deref(), Some("Physical"));
}

#[test]
fn a_cluster_that_may_answer_later_is_waited_for_and_one_that_needs_help_has_failed() {
    for (blocker, expected) in [
        (Blocker::outage(), Kstatus::InProgress),
        (
            Blocker::permanent("AccessDenied", "wrong password"),
            Kstatus::Failed,
        ),
    ] {
        let mut fixture = Fixture::default();
        fixture.reconcile(&hidden(blocker), 0);
        assert_eq!(
            (fixture.kstatus(), fixture.reachable()),
            (expected, Some("False"))
        );
    }
}

#[test]
fn what_is_known_stands_while_the_operator_connects_anew() {
    let mut fixture = Fixture::default();
    let before = fixture
        .reconcile(&shows(vec![backed_up(1002, 0)]), 0)
        .clone();
    assert_eq!(fixture.reconcile(&hidden(connecting()), 100), &before);
}

#[test]
fn an_edit_is_answered_though_the_operator_connects_anew() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&shows(Vec::new()), 0);
    let decision = decide(
        &fixture.spec,
        2,
        &fixture.status,
        &hidden(connecting()),
        at(1),
    );
    assert_eq!(decision.status.observed_generation, Some(2));
}

#[test]
fn only_a_tenant_with_running_log_backup_and_an_available_set_counts_as_backed_up() {
    let doing = || Some(round(RoundStatus::Doing, 0));
    let failed = BackupSet {
        success: false,
        ..set(-300)
    };
    let deleted = BackupSet {
        available: false,
        ..set(-300)
    };
    let mut fixture = Fixture::default();
    let status = fixture.reconcile(
        &shows(vec![
            backed_up(1002, 0),
            tenant(1004, None, vec![set(-300)]),
            tenant(
                1006,
                Some(round(RoundStatus::Interrupted, 0)),
                vec![set(-300)],
            ),
            tenant(1008, doing(), Vec::new()),
            tenant(1010, doing(), vec![failed]),
            tenant(1012, doing(), vec![deleted]),
        ]),
        0,
    );
    assert_eq!(
        status.not_backed_up_tenants,
        ["t1004", "t1006", "t1008", "t1010", "t1012"]
    );
}

#[test]
fn logs_that_are_archived_around_data_backups_only_count_between_two_of_these() {
    let resting = |sets| tenant(1004, Some(round(RoundStatus::Stop, 0)), sets);
    let mut fixture = Fixture::default();
    for (sets, backed_up) in [(vec![set(-300)], 1), (Vec::new(), 0)] {
        let mut observed = shows(vec![resting(sets)]);
        observed.archived_around.insert(TenantId(1004));
        let status = fixture.reconcile(&observed, 0);
        assert_eq!(status.tenants.as_ref().unwrap().backed_up, backed_up);
    }
}

#[test]
fn standby_tenants_count_among_all_and_not_among_the_primary_ones() {
    let standby = Tenant {
        role: "STANDBY".to_owned(),
        ..tenant(1004, None, Vec::new())
    };
    let mut fixture = Fixture::default();
    let status = fixture.reconcile(&shows(vec![backed_up(1002, 0), standby]), 0);
    let expected = TenantCounts {
        total: 2,
        primary: 1,
        backed_up: 1,
        not_backed_up: 1,
    };
    assert_eq!(status.tenants, Some(expected));
}

#[test]
fn the_names_of_fifty_tenants_without_backup_are_listed_and_all_are_counted() {
    let tenants = (0..120).map(|n| tenant(1002 + 2 * n, None, Vec::new()));
    let mut fixture = Fixture::default();
    let status = fixture.reconcile(&shows(tenants.collect()), 0);
    let counted = status.tenants.as_ref().unwrap().not_backed_up;
    assert_eq!((status.not_backed_up_tenants.len(), counted), (50, 120));
}

#[test]
fn the_last_data_backup_is_the_newest_that_went_well_of_any_tenant() {
    let newer = tenant(1004, None, vec![set(-200), set(-100)]);
    let failed = BackupSet {
        success: false,
        ..set(-10)
    };
    let mut fixture = Fixture::default();
    let tenants = vec![backed_up(1002, 0), newer, tenant(1006, None, vec![failed])];
    let backup = fixture
        .reconcile(&shows(tenants), 0)
        .backup
        .clone()
        .unwrap();
    assert_eq!(backup.last_data_backup_time, Some(time(at(-100))));
}

#[test]
fn the_phase_is_that_of_the_strategy_that_needs_attention_most() {
    let phases = |words: &[&str]| {
        let known = words.iter().map(|word| Some((*word).to_owned()));
        known.chain([None]).collect::<Vec<_>>()
    };
    for (strategies, expected) in [
        (Vec::new(), "NoBackupStrategy"),
        (phases(&[]), "PendingBackupScheduling"),
        (phases(&["Paused"]), "Paused"),
        (
            phases(&["Paused", "PendingBackupScheduling"]),
            "PendingBackupScheduling",
        ),
        (phases(&["Paused", "InProgress"]), "InProgress"),
        (phases(&["InProgress", "Abnormal", "Paused"]), "Abnormal"),
    ] {
        let observed = Observation {
            strategy_phases: strategies.clone(),
            alerts: 0,
            ..shows(Vec::new())
        };
        let mut fixture = Fixture::default();
        let backup = fixture.reconcile(&observed, 0).backup.clone().unwrap();
        assert_eq!(backup.phase, expected, "{strategies:?}");
    }
}
