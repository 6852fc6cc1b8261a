//! A cleanup's stories: looked at, asked for, shown.

use super::*;
use crate::api::LocalReference;
use crate::api::backup_task::Mirror;
use crate::domain::kstatus::{Kstatus, assert_sound, kstatus};
use crate::oceanbase::model::{
    ArchiveDest, BackupSet, BackupSetId, CleanedItem, CleanupJob, CleanupKind, DeletePolicy,
    Failure, FailureClass, Job, Piece, Scn,
};

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

/// A full set of so many days ago.
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

/// Full sets of 20, 10 and 3 days ago, with a piece of 20 days ago.
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
    seen: Seen,
}

impl Story {
    fn of(mode: CleanupMode, type_: CleanupTargetType, ids: &[i64]) -> Self {
        let target = CleanupTarget {
            type_,
            ids: Some(ids.to_vec()).filter(|ids| !ids.is_empty()),
        };
        Self::with(CleanupTaskSpec {
            mode: Some(mode),
            target: Some(target),
            ..CleanupTaskSpec::default()
        })
    }

    fn with(spec: CleanupTaskSpec) -> Self {
        let database = DatabaseSeen {
            identity: Identity {
                cluster_name: "obprod".to_owned(),
                cluster_id: 7,
                created_at: at(-1_000_000),
            },
            version: Version([4, 4, 2, 0]),
            tenant: Some(Arc::new(orders(Some("7d")))),
            settled: true,
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
            seen: Seen {
                allowed: Ok(()),
                database: Ok(database),
                intent_age: Duration::ZERO,
                surely_over: OVER,
            },
        }
    }

    fn obsolete() -> Self {
        Self::of(CleanupMode::Delete, CleanupTargetType::Obsolete, &[])
    }

    fn database(&mut self) -> &mut DatabaseSeen {
        self.seen.database.as_mut().unwrap()
    }

    fn tenant(&mut self, change: impl FnOnce(&mut Tenant)) {
        let tenant = self.database().tenant.as_mut().unwrap();
        change(Arc::make_mut(tenant));
    }

    fn jobs(&mut self, jobs: &[CleanupJob]) {
        self.tenant(|tenant| tenant.cleanups = Arc::new(jobs.to_vec()));
    }

    /// One pass; its effect.
    fn pass(&mut self, seconds: i64) -> Option<Effect> {
        self.heard(None, seconds)
    }

    fn heard(&mut self, heard: Option<(&Effect, &Answer)>, seconds: i64) -> Option<Effect> {
        let task = Task {
            generation: 1,
            owned: self.owned,
            spec: &self.spec,
            status: &self.status,
        };
        let verdict = decide(&task, &self.seen, heard, at(seconds));
        assert_sound(&verdict.status.conditions, 1);
        let ended = match verdict.status.outcome.as_deref() {
            None => Kstatus::InProgress,
            Some("Completed") => Kstatus::Current,
            Some(_) => Kstatus::Failed,
        };
        let status = &verdict.status;
        let shown = kstatus(1, status.observed_generation, &status.conditions);
        assert_eq!(shown, ended);
        self.status = verdict.status;
        verdict.effect
    }

    /// One pass that sends, and what the database says.
    fn sent(&mut self, seconds: i64, answer: &Answer) -> Effect {
        let effect = self.pass(seconds).unwrap();
        assert_eq!(self.heard(Some((&effect, answer)), seconds), None);
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
        .map(|entry| (&*entry.kind, entry.id, &*entry.action, &*entry.why))
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

#[test]
fn what_is_obsolete_is_deleted_once_and_followed_to_its_end() {
    let mut story = Story::obsolete();
    let effect = story.sent(0, &Answer::Done);
    let Effect::Delete {
        what, after, again, ..
    } = effect
    else {
        panic!("{effect:?}");
    };
    assert_eq!((what, after, again), (Deletion::Obsolete, JobId(50), false));
    assert_eq!(story.pass(1), None);
    story.jobs(&[job(4, JobStatus::Doing, true)]);
    assert_eq!(story.pass(6), None);
    assert_eq!(story.shown(), ("Executing", ""));
    story.jobs(&[job(4, JobStatus::Completed, true)]);
    assert_eq!(story.pass(10), None);
    assert_eq!(story.shown(), ("Completed", ""));
    let status = &story.status;
    assert_eq!(
        (
            status.deleted_sets,
            status.deleted_pieces,
            status.freed_bytes
        ),
        (Some(1), Some(1), Some(110))
    );
    assert_eq!(story.pass(11), None);
}

#[test]
fn neither_the_policy_s_own_job_nor_an_older_one_is_taken_for_ours() {
    let mut story = Story::obsolete();
    story.jobs(&[job(3, JobStatus::Completed, true)]);
    story.sent(0, &Answer::Done);
    story.jobs(&[
        job(3, JobStatus::Completed, true),
        job(4, JobStatus::Completed, false),
    ]);
    story.pass(10);
    assert_eq!(story.shown(), ("Pending", ""));
    assert_eq!(story.status.job_id, None);
}

#[test]
fn a_lost_answer_is_looked_for_when_the_statement_is_surely_over() {
    let mut story = Story::obsolete();
    story.sent(0, &Answer::Unknown("cut".to_owned()));
    assert_eq!(story.pass(1), None);
    story.seen.intent_age = OVER + Duration::from_secs(1);
    let find = story.sent(20, &Answer::AlreadySent);
    assert!(matches!(
        find,
        Effect::Find {
            after: JobId(50),
            ..
        }
    ));
    story.jobs(&[job(4, JobStatus::Completed, true)]);
    story.pass(21);
    assert_eq!(story.shown(), ("Completed", ""));
}

#[test]
fn a_statement_that_the_database_does_not_know_is_sent_again() {
    let mut story = Story::obsolete();
    story.sent(0, &Answer::Unknown("cut".to_owned()));
    story.seen.intent_age = OVER + Duration::from_secs(1);
    let find = story.sent(20, &Answer::Done);
    assert!(matches!(find, Effect::Find { .. }));
    assert_eq!(story.shown().1, "StatementLost");
    let effect = story.pass(21);
    assert!(matches!(effect, Some(Effect::Delete { .. })));
    assert_eq!(story.status.statement.as_ref().unwrap().sends, 2);
}

#[test]
fn what_is_withheld_is_tried_again_after_a_pause() {
    let mut story = Story::obsolete();
    story.sent(0, &Answer::Withheld("another cleanup runs".to_owned()));
    assert_eq!(story.shown(), ("Pending", "NotSent"));
    assert_eq!(story.pass(1), None);
    assert!(story.pass(6).is_some());
}

#[test]
fn a_refusal_for_good_ends_it() {
    let mut story = Story::obsolete();
    let failure = Failure {
        code: -9045,
        reason: "DeleteNotAllowed",
        message: "no".to_owned(),
        class: FailureClass::Permanent,
        passing: false,
    };
    story.sent(0, &Answer::Refused(failure));
    assert_eq!(story.shown(), ("Failed", "DeleteNotAllowed"));
}

#[test]
fn a_job_that_fails_is_the_cause() {
    let mut story = Story::obsolete();
    story.sent(0, &Answer::Done);
    let failure = Failure {
        code: -9045,
        reason: "DeleteNotAllowed",
        message: "the database names id=5(dependent by backup set id=6)".to_owned(),
        class: FailureClass::Permanent,
        passing: false,
    };
    story.jobs(&[CleanupJob {
        failure: Some(failure),
        ..job(4, JobStatus::Failed, true)
    }]);
    story.pass(10);
    assert_eq!(story.shown(), ("Failed", "DeleteNotAllowed"));
}

#[test]
fn each_refusal_comes_before_anything_is_sent() {
    type Change = fn(&mut Story);
    let cases: [(&str, Change); 8] = [
        ("UnsupportedServerVersion", |story| {
            story.database().version = Version([4, 3, 5, 2]);
        }),
        ("DeletePolicyMissing", |story| {
            story.tenant(|tenant| tenant.policies.clear());
        }),
        ("DeletePolicyActive", |story| story.ask(&[1])),
        ("BackupSetNotFound", |story| story.ask(&[9])),
        ("LastRestorableChain", |story| {
            story.tenant(|tenant| tenant.policies.clear());
            story.ask(&[1, 2, 3]);
        }),
        ("TenantDropped", |story| {
            story.status.tenant_id = Some(1002);
            story.database().tenant = None;
        }),
        ("TenantReplaced", |story| {
            story.status.tenant_id = Some(1004);
        }),
        ("ClusterReplaced", |story| {
            story.status.tenant_id = Some(1002);
            story.status.cluster_id = Some(8);
            story.status.cluster_create_time = Some(MicroTime(at(0)));
            story.status.job_id = Some(3);
        }),
    ];
    for (reason, change) in cases {
        let mut story = Story::obsolete();
        change(&mut story);
        assert_eq!(story.pass(0), None, "{reason}");
        assert_eq!(story.shown(), ("Failed", reason));
    }
}

impl Story {
    fn ask(&mut self, sets: &[i64]) {
        self.spec.target = Some(CleanupTarget {
            type_: CleanupTargetType::BackupSets,
            ids: Some(sets.to_vec()),
        });
    }
}

#[test]
fn a_cleanup_waits_for_what_runs_and_for_what_is_not_there_yet() {
    let backup = Job {
        tenant_id: TenantId(1002),
        id: JobId(8),
        set_id: BackupSetId(4),
        initiator_tenant_id: TenantId(1),
        initiator_job_id: JobId(3),
        full: false,
        status: JobStatus::Doing,
        started_at: at(0),
        ended_at: None,
        failure: None,
        description: String::new(),
        path: String::new(),
        percent: None,
    };
    type Change = Box<dyn Fn(&mut Story)>;
    let cases: [(&str, Change); 5] = [
        (
            "WaitingForRunningBackup",
            Box::new(move |story| story.tenant(|tenant| tenant.jobs.push(backup.clone()))),
        ),
        (
            "WaitingForRunningCleanup",
            Box::new(|story| story.jobs(&[job(2, JobStatus::Doing, false)])),
        ),
        (
            "TenantNotNormal",
            Box::new(|story| story.tenant(|tenant| tenant.role = "STANDBY".to_owned())),
        ),
        (
            "TenantNotFound",
            Box::new(|story| story.database().tenant = None),
        ),
        (
            "TenantNotAllowed",
            Box::new(|story| {
                story.seen.allowed = Err(Obstacle::waiting("TenantNotAllowed", "not listed"));
            }),
        ),
    ];
    for (reason, change) in cases {
        let mut story = Story::obsolete();
        change(&mut story);
        assert_eq!(story.pass(0), None);
        assert_eq!(story.shown(), ("Pending", reason));
    }
}

#[test]
fn nothing_is_sent_where_nothing_is_obsolete() {
    let mut story = Story::obsolete();
    story.tenant(|tenant| tenant.policies[0].recovery_window = "100d".to_owned());
    assert_eq!(story.pass(0), None);
    assert_eq!(story.shown(), ("Completed", "NothingObsolete"));
}

#[test]
fn a_running_cleanup_is_canceled_and_one_that_was_not_sent_never_is() {
    let mut story = Story::obsolete();
    story.spec.cancel = Some(true);
    assert_eq!(story.pass(0), None);
    assert_eq!(story.shown(), ("Canceled", "Canceled"));

    let mut story = Story::obsolete();
    story.sent(0, &Answer::Done);
    story.jobs(&[job(4, JobStatus::Doing, true)]);
    story.spec.cancel = Some(true);
    let cancel = story.sent(6, &Answer::Done);
    assert!(matches!(
        cancel,
        Effect::Cancel {
            job_id: JobId(4),
            ..
        }
    ));
    assert_eq!(story.shown().0, "Canceling");
    story.jobs(&[job(4, JobStatus::Canceled, true)]);
    story.pass(9);
    assert_eq!(story.shown(), ("Canceled", "Canceled"));
}

fn mirror(id: i64) -> Story {
    let mut story = Story::with(CleanupTaskSpec {
        mirror: Some(Mirror {
            job_id: id,
            start_time: time(at(5)),
        }),
        ..CleanupTaskSpec::default()
    });
    story.owned = true;
    story
}

#[test]
fn a_cleanup_of_the_policy_is_shown_with_what_it_deleted() {
    let mut story = mirror(4);
    story.jobs(&[job(4, JobStatus::Completed, false)]);
    assert_eq!(story.pass(10), None);
    assert_eq!(story.shown(), ("Completed", ""));
    assert_eq!(story.status.source.as_deref(), Some("Engine"));
    assert_eq!(story.status.plan.len(), 2);
    assert_eq!(story.status.freed_bytes, Some(110));
}

#[test]
fn a_mirror_that_somebody_applies_is_refused() {
    let mut story = mirror(4);
    story.owned = false;
    story.jobs(&[job(4, JobStatus::Completed, false)]);
    story.pass(10);
    assert_eq!(story.shown(), ("Failed", "InvalidSpec"));
}

#[test]
fn a_job_that_is_not_shown_is_looked_for_for_a_day() {
    let mut story = mirror(4);
    story.pass(10);
    assert_eq!(story.status.outcome, None);
    story.pass(25 * 60 * 60);
    assert_eq!(story.shown(), ("Failed", "JobNotFound"));
}

#[test]
fn the_words_are_the_console_s() {
    let mut story = mirror(4);
    let mut words = Vec::new();
    for status in [
        JobStatus::Init,
        JobStatus::Doing,
        JobStatus::Canceling,
        JobStatus::Unknown("NEW".to_owned()),
        JobStatus::Canceled,
    ] {
        story.jobs(&[job(4, status, false)]);
        story.pass(6);
        words.push(story.status.console_label.clone().unwrap());
    }
    assert_eq!(
        words,
        ["Pending", "Executing", "Canceling", "Executing", "Canceled"]
    );
}
