//! Scenarios of a cleanup: previewed, requested, mirrored.

use jiff::SignedDuration;

use super::*;
use crate::api::{CleanupTaskSpec, LocalReference, PinnedDatabase};
use crate::domain::kstatus::{Kstatus, assert_sound, kstatus};
use crate::oceanbase::model::{
    ArchiveDest, BackupSet, BackupSetId, CleanedItem, CleanupJob, CleanupKind, DeletePolicy,
    Identity, JobId, JobStatus, Piece, Scn, TenantId,
};
use crate::oceanbase::version::Version;
use std::sync::Arc;
use std::time::Duration;

mod deadline;
mod manual;
mod status;

const NOW: &str = "2026-11-22T00:00:00Z";
const OVER: Duration = Duration::from_secs(16);

fn at(seconds: i64) -> Timestamp {
    let now: Timestamp = NOW.parse().unwrap();
    now + SignedDuration::from_secs(seconds)
}

fn scn(days: i64) -> Scn {
    let at = at(days * 24 * 60 * 60);
    Scn(u64::try_from(at.as_nanosecond()).unwrap())
}

/// A full set that is this many days old.
fn full(id: i64, days: i64) -> BackupSet {
    BackupSet {
        id: BackupSetId(id),
        dest_id: 1001,
        full: true,
        prev_full_id: BackupSetId(0),
        prev_inc_id: BackupSetId(0),
        success: true,
        available: true,
        plus_archivelog: true,
        start_replay_scn: scn(-days),
        min_restore_scn: scn(-days),
        ended_at: Some(scn(-days).at()),
        input_bytes: 200,
        output_bytes: 100,
        encryption_mode: "NONE".to_owned(),
        tenant_compatible: "4.4.2.0".to_owned(),
        path: "file:///data".to_owned(),
    }
}

fn piece(id: i64, days: i64) -> Piece {
    Piece {
        dest_id: 1002,
        round_id: 1,
        id,
        start_scn: scn(-days),
        checkpoint_scn: scn(1 - days),
        end_scn: scn(1 - days),
        frozen: true,
        available: true,
        output_bytes: 10,
    }
}

/// Full sets that are 20, 10 and 3 days old, with a piece that is 20 days old.
fn orders(window: Option<&str>) -> Tenant {
    let policy = |window: &str| DeletePolicy {
        name: "default".to_owned(),
        recovery_window: window.to_owned(),
    };
    Tenant {
        data_dest: Some("file:///data".to_owned()),
        log_dest: Some(ArchiveDest {
            dest_id: Some(1002),
            ..ArchiveDest::default()
        }),
        policies: window.map(policy).into_iter().collect(),
        sets: Arc::new(vec![full(1, 20), full(2, 10), full(3, 3)]),
        pieces: Arc::new(vec![piece(1, 20)]),
        ..Tenant::plain(1002, "orders")
    }
}

fn job(id: i64, status: JobStatus, by_sys: bool) -> CleanupJob {
    let is_over = status.is_terminal();
    CleanupJob {
        tenant_id: TenantId(1002),
        id: JobId(id),
        initiator_tenant_id: TenantId(if by_sys { 1 } else { 1002 }),
        initiator_job_id: JobId(if by_sys { 50 + id } else { 0 }),
        executors: "1002".to_owned(),
        kind: CleanupKind::Obsolete,
        status,
        started_at: at(5),
        ended_at: is_over.then(|| at(9)),
        tasks: 2,
        done: 2,
        failure: None,
        items: vec![
            CleanedItem {
                is_set: true,
                id: 1,
                is_deleted: is_over,
                bytes: Some(100),
            },
            CleanedItem {
                is_set: false,
                id: 1,
                is_deleted: is_over,
                bytes: Some(10),
            },
        ],
    }
}

struct Story {
    spec: CleanupTaskSpec,
    owned: bool,
    status: CleanupTaskStatus,
    observed: Observation,
}

impl Story {
    fn of(mode: CleanupMode, type_: CleanupTargetType, ids: &[i64]) -> Self {
        let target = CleanupTarget {
            type_,
            backup_set_ids: (type_ == CleanupTargetType::BackupSets).then(|| ids.to_vec()),
            piece_ids: (type_ == CleanupTargetType::Pieces).then(|| ids.to_vec()),
        };
        Self::with(CleanupTaskSpec {
            mode: Some(mode),
            target: Some(target),
            ..CleanupTaskSpec::default()
        })
    }

    fn with(spec: CleanupTaskSpec) -> Self {
        let database = ObservedDatabase {
            identity: Identity {
                cluster_name: "obprod".to_owned(),
                cluster_id: 7,
                created_at: at(-1_000_000),
            },
            version: Version([4, 4, 2, 0]),
            tenant: Some(Arc::new(orders(Some("7d")))),
            settled: true,
            predates_task: false,
            newest_cleanup: JobId(50),
        };
        Self {
            spec: CleanupTaskSpec {
                cluster_ref: LocalReference::new("prod"),
                tenant_name: "orders".to_owned(),
                ..spec
            },
            owned: false,
            status: CleanupTaskStatus::default(),
            observed: Observation {
                allowed: Ok(()),
                database: Ok(database),
                intent_age: Duration::ZERO,
                statement_lifetime: OVER,
                recovery: None,
            },
        }
    }

    fn obsolete() -> Self {
        Self::of(CleanupMode::Delete, CleanupTargetType::Obsolete, &[])
    }

    fn database(&mut self) -> &mut ObservedDatabase {
        self.observed.database.as_mut().unwrap()
    }

    /// Records that the task began for the tenant of this number.
    fn began_for(&mut self, tenant: i64) -> &mut PinnedDatabase {
        let identity = self.database().identity.clone();
        self.status.database.insert(PinnedDatabase {
            tenant_id: Some(tenant),
            ..crate::domain::pinned(&identity)
        })
    }

    fn tenant(&mut self, change: impl FnOnce(&mut Tenant)) {
        let tenant = self.database().tenant.as_mut().unwrap();
        change(Arc::make_mut(tenant));
    }

    fn jobs(&mut self, jobs: &[CleanupJob]) {
        self.tenant(|tenant| tenant.cleanups = Arc::new(jobs.to_vec()));
    }

    /// Runs one pass and returns its effect.
    fn pass(&mut self, seconds: i64) -> Option<Effect> {
        self.answer(None, seconds)
    }

    fn answer(&mut self, answer: Option<(&Effect, &Answer)>, seconds: i64) -> Option<Effect> {
        let task = Task {
            generation: 1,
            owned: self.owned,
            created_at: Some(at(0)),
            spec: &self.spec,
            status: &self.status,
        };
        let decision = decide(&task, &self.observed, answer, at(seconds));
        assert_sound(&decision.status.conditions, 1);
        let ended = match decision.status.outcome.as_deref() {
            None => Kstatus::InProgress,
            Some("Completed") => Kstatus::Current,
            Some(_) => Kstatus::Failed,
        };
        let status = &decision.status;
        let shown = kstatus(1, status.observed_generation, &status.conditions);
        assert_eq!(shown, ended);
        self.status = decision.status;
        decision.effect
    }

    /// Runs one pass that sends, and answers it.
    fn sent(&mut self, seconds: i64, answer: &Answer) -> Effect {
        let effect = self.pass(seconds).unwrap();
        assert_eq!(self.answer(Some((&effect, answer)), seconds), None);
        effect
    }

    fn shown(&self) -> (&str, &str) {
        let cause = self.status.cause.as_ref();
        let reason = cause.map_or("", |cause| &*cause.reason);
        (self.status.phase.as_deref().unwrap(), reason)
    }
}

#[test]
fn a_preview_lists_what_goes_and_what_stays_and_sends_nothing() {
    let mut story = Story::of(CleanupMode::Preview, CleanupTargetType::Obsolete, &[]);
    assert_eq!(story.pass(0), None);
    assert_eq!(story.shown(), ("Completed", ""));
    let plan: Vec<_> = story
        .status
        .plan
        .iter()
        .map(|entry| (&*entry.kind, entry.id, &*entry.action, &*entry.message))
        .collect();
    assert_eq!(
        plan,
        [
            (
                "Piece",
                1,
                "Delete",
                "ends before the logs that full set 2 needs"
            ),
            (
                "BackupSet",
                1,
                "Delete",
                "older than full set 2, which reaches back to the window's start"
            ),
            ("BackupSet", 3, "Keep", "newest valid full set"),
            (
                "BackupSet",
                2,
                "Keep",
                "newest full set that reaches back to the window's start"
            ),
        ]
    );
    let reasons: Vec<_> = story
        .status
        .plan
        .iter()
        .map(|entry| &*entry.reason)
        .collect();
    assert_eq!(
        reasons,
        [
            "LogsNotNeeded",
            "OlderThanWindow",
            "NewestFullBackup",
            "WindowAnchor"
        ]
    );
    let counts = story.status.plan_counts.clone().unwrap();
    assert_eq!((counts.delete_bytes, counts.keep_bytes), (110, 200));
}

#[test]
fn a_preview_says_why_a_deletion_would_be_refused() {
    let target = CleanupTargetType::BackupSets;
    let mut story = Story::of(CleanupMode::Preview, target, &[1]);
    story.pass(0);
    assert_eq!(story.shown(), ("Completed", "DeletePolicyActive"));
}

#[test]
fn a_preview_of_numbers_says_that_the_server_is_too_old_and_one_of_the_policy_does_not() {
    let too_old = "UnsupportedServerVersion";
    for (type_, ids, reason) in [
        (CleanupTargetType::BackupSets, &[1][..], too_old),
        (CleanupTargetType::Pieces, &[1], too_old),
        (CleanupTargetType::Obsolete, &[], ""),
    ] {
        let mut story = Story::of(CleanupMode::Preview, type_, ids);
        let Ok(database) = &mut story.observed.database else {
            panic!("unreachable");
        };
        database.version = Version([4, 3, 5, 2]);
        story.pass(0);
        assert_eq!(story.shown(), ("Completed", reason));
        assert!(!story.status.plan.is_empty());
    }
}

#[test]
fn a_long_plan_is_cut_and_counted() {
    let mut story = Story::of(CleanupMode::Preview, CleanupTargetType::Obsolete, &[]);
    story.tenant(|tenant| {
        tenant.sets = Arc::new((1..=300).map(|id| full(id, 400 - id)).collect());
    });
    story.pass(0);
    assert_eq!(story.status.plan.len(), 200);
    let counts = story.status.plan_counts.clone().unwrap();
    assert_eq!(counts.delete_sets + counts.keep_sets, 300);
}
