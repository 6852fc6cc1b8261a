//! The summary of a storage, for its description and its users.

use super::*;
use crate::domain::Blocker;
use crate::domain::kstatus::{Kstatus, assert_sound, kstatus, status_of};
use crate::oceanbase::model::StorageLimits;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A log backup that uses the storage.
fn user(archiving: bool, reason: Option<&str>) -> LogBackupUse {
    LogBackupUse {
        keys: None,
        limits: None,
        name: "prod-t1002".to_owned(),
        archiving,
        cause: reason.map(|reason| crate::domain::cause(reason, "mount it on every observer")),
    }
}

fn observed(location: Result<&str, Blocker>, log_backups: Vec<LogBackupUse>) -> Observation {
    Observation {
        location: location.map(str::to_owned),
        limits: StorageLimits::NONE,
        secret_version: None,
        users: i32::try_from(log_backups.len()).unwrap(),
        log_backups,
        data_backup: None,
        tried_at: None,
        figures: None,
        capacity: None,
    }
}

fn used_by(log_backups: Vec<LogBackupUse>) -> Observation {
    observed(Ok("file:///ob-backup"), log_backups)
}

/// An object with repeated decisions on its status.
#[derive(Default)]
struct Fixture {
    status: BackupStorageStatus,
    events: Vec<(bool, &'static str)>,
}

impl Fixture {
    fn reconcile(&mut self, observed: &Observation) {
        let decision = decide(1, &self.status, observed, at(0));
        assert_sound(&decision.status.conditions, 1);
        let event = decision.event.map(|event| (event.warning, event.reason));
        self.events.extend(event);
        self.status = decision.status;
    }

    fn kstatus(&self) -> Kstatus {
        kstatus(1, self.status.observed_generation, &self.status.conditions)
    }

    /// Status and reason.
    fn reachable(&self) -> (&str, &str) {
        let conditions = &self.status.conditions;
        let known = conditions.iter().find(|known| known.type_ == REACHABLE);
        let known = known.unwrap();
        (&known.status, &known.reason)
    }
}

#[test]
fn a_store_that_nothing_uses_is_current_and_its_reachability_unknown() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&used_by(Vec::new()));
    assert_eq!(fixture.kstatus(), Kstatus::Current);
    assert_eq!(fixture.reachable(), ("Unknown", "NotInUse"));
}

#[test]
fn reachability_follows_the_log_backups() {
    let trouble = || user(false, Some("StorageUnreachable"));
    for (users, expected) in [
        (vec![user(false, None)], ("Unknown", "NotInUse")),
        (vec![user(true, None)], ("True", "InUse")),
        (vec![trouble()], ("False", "StorageUnreachable")),
        (
            vec![user(true, None), trouble()],
            ("False", "StorageUnreachable"),
        ),
        // It says nothing about the storage.
        (
            vec![user(false, Some("TenantLocked"))],
            ("Unknown", "NotInUse"),
        ),
        (vec![user(true, Some("TenantLocked"))], ("True", "InUse")),
    ] {
        let mut fixture = Fixture::default();
        fixture.reconcile(&used_by(users.clone()));
        assert_eq!(fixture.reachable(), expected, "{users:?}");
    }
}

fn data_backup(reason: Option<&str>) -> DataBackupUse {
    DataBackupUse {
        name: "nightly".to_owned(),
        at: at(0),
        cause: reason.map(|reason| crate::domain::cause(reason, "make room")),
    }
}

#[test]
fn reachability_follows_the_newest_data_backup_too() {
    let trouble = || user(false, Some("StorageUnreachable"));
    let full = Some("StorageOutOfSpace");
    for (users, last, expected) in [
        (vec![], data_backup(None), ("True", "InUse")),
        (vec![], data_backup(full), ("False", "StorageOutOfSpace")),
        (
            vec![user(true, None)],
            data_backup(full),
            ("False", "StorageOutOfSpace"),
        ),
        (
            vec![trouble()],
            data_backup(None),
            ("False", "StorageUnreachable"),
        ),
    ] {
        let mut fixture = Fixture::default();
        fixture.reconcile(&Observation {
            data_backup: Some(last.clone()),
            ..used_by(users.clone())
        });
        assert_eq!(fixture.reachable(), expected, "{users:?} {last:?}");
    }
}

#[test]
fn the_message_names_the_task_and_its_cause() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&Observation {
        data_backup: Some(data_backup(Some("StorageOutOfSpace"))),
        ..used_by(Vec::new())
    });
    let last = fixture.status.conditions.last().unwrap();
    assert_eq!(last.message, "data backup (BackupTask nightly): make room");
}

#[test]
fn a_data_backup_tells_of_the_store_what_the_database_said_of_it() {
    let ended = |outcome: &str, code: i32| BackupTaskStatus {
        outcome: Some(outcome.to_owned()),
        completion_time: Some(crate::domain::time(at(7))),
        cause: (code != 0).then(|| (&crate::oceanbase::error::explain(code)).into()),
        ..BackupTaskStatus::default()
    };
    let said = |status: &BackupTaskStatus| {
        let said = result_of(status, at(0))?;
        Some((said.0, said.1.map(|cause| cause.reason.clone())))
    };
    assert_eq!(said(&ended("Completed", 0)), Some((at(7), None)));
    for (code, reason) in [
        (-9003, "ObjectStoreError"),
        (-9060, "ObjectStoreError"),
        (-9070, "StorageUnreachable"),
        (-9071, "StoragePermissionDenied"),
        (-9082, "StorageOutOfSpace"),
        (-9105, "ObjectStoreError"),
        (-9129, "ObjectStoreError"),
        (-9132, "ChecksumError"),
    ] {
        let expected = Some((at(7), Some(reason.to_owned())));
        assert_eq!(said(&ended("Failed", code)), expected, "{code}");
    }
    for code in [-9029, -4012, 0] {
        assert_eq!(said(&ended("Failed", code)), None, "{code}");
    }
    assert_eq!(said(&BackupTaskStatus::default()), None);
}

#[test]
fn an_attempt_that_failed_of_the_store_is_told_while_the_next_one_runs() {
    let attempt = crate::api::backup_task::Attempt {
        sent_time: Some(crate::domain::time(at(3))),
        cause: Some(crate::domain::cause("StorageUnreachable", "mount it")),
        ..Default::default()
    };
    let status = BackupTaskStatus {
        attempts: vec![attempt],
        ..BackupTaskStatus::default()
    };
    let (when, cause) = result_of(&status, at(0)).unwrap();
    assert_eq!(
        (when, &*cause.unwrap().reason),
        (at(3), "StorageUnreachable")
    );
}

#[test]
fn a_store_that_can_not_be_reached_stays_ready() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&used_by(vec![user(false, Some("StorageUnreachable"))]));
    assert_eq!(status_of(&fixture.status.conditions, "Ready"), Some("True"));
}

#[test]
fn the_message_names_the_log_backup_and_its_cause() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&used_by(vec![user(false, Some("StorageOutOfSpace"))]));
    let last = fixture.status.conditions.last().unwrap();
    assert_eq!(
        last.message,
        "log backup prod-t1002: mount it on every observer"
    );
}

#[test]
fn a_missing_secret_is_waited_for_and_a_description_that_is_wrong_has_failed() {
    for (blocker, expected) in [
        (
            Blocker::waiting("SecretNotFound", "apply it"),
            Kstatus::InProgress,
        ),
        (
            Blocker::permanent("InvalidSpec", "correct it"),
            Kstatus::Failed,
        ),
    ] {
        let mut fixture = Fixture::default();
        fixture.reconcile(&observed(Err(blocker), Vec::new()));
        assert_eq!(fixture.kstatus(), expected);
    }
}

#[test]
fn the_place_stands_while_its_secret_is_gone() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&used_by(Vec::new()));
    let gone = Blocker::waiting("SecretNotFound", "apply it");
    fixture.reconcile(&observed(Err(gone), Vec::new()));
    assert_eq!(
        fixture.status.location.as_deref(),
        Some("file:///ob-backup")
    );
}

#[test]
fn how_many_use_it_is_counted() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&used_by(vec![user(true, None), user(false, None)]));
    assert_eq!(fixture.status.in_use_by, Some(2));
}

#[test]
fn trouble_and_its_end_are_told_once_each() {
    let trouble = used_by(vec![user(false, Some("StorageUnreachable"))]);
    let fine = used_by(vec![user(true, None)]);
    let mut fixture = Fixture::default();
    for observed in [&used_by(Vec::new()), &trouble, &trouble, &fine, &fine] {
        fixture.reconcile(observed);
    }
    assert_eq!(
        fixture.events,
        [(true, "StorageUnreachable"), (false, "StorageReachable")]
    );
}

#[test]
fn a_wrong_description_is_told_once() {
    let wrong = observed(
        Err(Blocker::permanent("InvalidSpec", "correct it")),
        Vec::new(),
    );
    let mut fixture = Fixture::default();
    fixture.reconcile(&wrong);
    fixture.reconcile(&wrong);
    assert_eq!(fixture.events, [(true, "InvalidSpec")]);
}

#[test]
fn the_secret_is_looked_at_again_in_five_minutes() {
    let decision = decide(
        1,
        &BackupStorageStatus::default(),
        &used_by(Vec::new()),
        at(0),
    );
    assert_eq!(decision.next, Next::After(Duration::from_mins(5)));
}

fn with_keys(version: &str, reason: Option<&str>) -> LogBackupUse {
    LogBackupUse {
        keys: Some(AppliedCredentials {
            version: version.to_owned(),
            cause: reason.map(|reason| crate::domain::cause(reason, "keep the old key")),
        }),
        ..user(true, None)
    }
}

impl Fixture {
    /// Number of tenants with the current keys, number of tenants, status and reason.
    fn keys(&self) -> (i32, i32, &str, &str) {
        let counts = self.status.credentials.as_ref().unwrap();
        let mut conditions = self.status.conditions.iter();
        let known = conditions.find(|known| known.type_ == "CredentialsApplied");
        let known = known.unwrap();
        (counts.applied, counts.total, &known.status, &known.reason)
    }
}

#[test]
fn who_has_the_present_keys_is_counted_and_who_has_not_is_named() {
    let mut fixture = Fixture::default();
    let cases = [
        (vec![], (0, 0, "Unknown", "NotInUse")),
        (
            vec![with_keys("2", None), user(true, None)],
            (1, 1, "True", "Applied"),
        ),
        (
            vec![with_keys("2", None), with_keys("1", None)],
            (1, 2, "False", "Applying"),
        ),
        (
            vec![
                with_keys("1", None),
                with_keys("1", Some("RotationWouldInterruptLogs")),
            ],
            (0, 2, "False", "RotationWouldInterruptLogs"),
        ),
    ];
    for (users, expected) in cases {
        let mut observed = used_by(users);
        observed.secret_version = Some("2".to_owned());
        fixture.reconcile(&observed);
        assert_eq!(fixture.keys(), expected);
    }
}

#[test]
fn a_store_without_keys_says_nothing_of_them() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&used_by(vec![user(true, None)]));
    assert_eq!(fixture.status.credentials, None);
    assert_eq!(fixture.status.conditions.len(), 4);
}

#[test]
fn a_later_try_of_the_database_ends_what_it_would_meet_itself_and_nothing_else() {
    let failed = |reason, tried: i64| Observation {
        data_backup: Some(data_backup(Some(reason))),
        tried_at: Some(at(tried)),
        ..used_by(Vec::new())
    };
    for (observed, expected) in [
        (
            failed("StorageUnreachable", 0),
            ("False", "StorageUnreachable"),
        ),
        (
            failed("StorageUnreachable", -1),
            ("False", "StorageUnreachable"),
        ),
        (
            failed("StorageOutOfSpace", 1),
            ("False", "StorageOutOfSpace"),
        ),
    ] {
        let mut fixture = Fixture::default();
        fixture.reconcile(&observed);
        assert_eq!(fixture.reachable(), expected);
    }
    let mut fixture = Fixture::default();
    let recovered = failed("StorageUnreachable", 1);
    let decision = decide(1, &fixture.status, &recovered, at(60));
    fixture.status = decision.status;
    assert_eq!(fixture.reachable(), ("True", "Tried"));
}

#[test]
fn a_store_that_the_database_has_tried_lately_answers() {
    let observed = Observation {
        tried_at: Some(at(0)),
        ..used_by(Vec::new())
    };
    let mut fixture = Fixture::default();
    fixture.status = decide(1, &fixture.status, &observed, at(3600)).status;
    assert_eq!(fixture.reachable(), ("True", "Tried"));
    fixture.status = decide(1, &fixture.status, &observed, at(25 * 3600)).status;
    assert_eq!(fixture.reachable(), ("Unknown", "NotInUse"));
}
