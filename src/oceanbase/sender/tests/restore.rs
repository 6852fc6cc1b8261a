//! Restores: a search through the whole history before one is sent, and drops only of a restore's
//! own leftovers.

mod inspecting;
mod removal;
mod tables;

use super::*;
use crate::oceanbase::model::{PreviewRow, ResourceName, RestoreKey, RestoreStatus, Scn};
use crate::oceanbase::restore_password::RestorePassword;
use crate::oceanbase::statement::Recovery;
use crate::oceanbase::testing::{FixedViews, StatementFault};

const KEY: &str = "obr/00112233445566778899aabbccddeeff";
const RUNNING: &str = "CDB_OB_RESTORE_PROGRESS";
const ENDED: &str = "CDB_OB_RESTORE_HISTORY";
const OWN: &str = "DBA_OB_RESTORE_PROGRESS";
const SENT: &str = "ALTER SYSTEM RESTORE";

/// Sender to given views.
struct Views {
    given: FixedViews,
    sender: Sender,
    version: Version,
}

impl Views {
    fn new() -> Self {
        let given = FixedViews::database();
        let sender = Sender::new(
            FixedViews::id(),
            Arc::new(given.clone()),
            Metrics::new().unwrap(),
            LeaseGuard::always(),
        );
        Self {
            given,
            sender,
            version: VERSION,
        }
    }

    /// Sets a restore of `copy`, tenant 1006, in a view: the row of sys.
    fn restore(&self, view: &'static str, status: &str, key: &str) {
        self.restore_of(view, "copy", "1006", status, key);
    }

    fn restore_of(&self, view: &'static str, name: &str, id: &str, status: &str, key: &str) {
        let columns = "TENANT_ID, JOB_ID, RESTORE_TENANT_NAME, RESTORE_TENANT_ID, STATUS, \
                       DESCRIPTION, BACKUP_TENANT_NAME, BACKUP_CLUSTER_NAME, RESTORE_SCN, \
                       START_TIMESTAMP, BACKUP_SET_LIST, BACKUP_PIECE_LIST, TOTAL_BYTES, FINISH_BYTES, \
                       RESTORE_PROGRESS, RECOVER_PROGRESS";
        let row = ["1", "3", name, id, status, key];
        let row: Vec<_> = row.into_iter().chain([""; 10]).map(Some).collect();
        if view.ends_with("HISTORY") {
            let columns = format!("{columns}, FINISH_TIMESTAMP, COMMENT");
            let row: Vec<_> = row.into_iter().chain([Some(""); 2]).collect();
            self.given.set(view, &columns, &[&row]);
        } else {
            self.given.set(view, columns, &[&row]);
        }
    }

    async fn send(&mut self, recovery: Recovery) -> Answer {
        let command = Command::from(recovery);
        self.sender.send(&account(), self.version, &command).await
    }
}

fn copy() -> TenantName {
    TenantName::parse("copy").unwrap()
}

fn key() -> RestoreKey {
    RestoreKey::parse(KEY).unwrap()
}

fn restore() -> Recovery {
    Recovery::Restore {
        tenant: copy(),
        sources: vec![Destination::file("/ob/data").unwrap()],
        until: None,
        pools: vec![ResourceName::parse("p1").unwrap()],
        locality: None,
        primary_zone: None,
        concurrency: None,
        key: key(),
        decryption: Vec::new(),
    }
}

fn find() -> Recovery {
    Recovery::FindRestore {
        tenant: copy(),
        key: key(),
    }
}

fn is_withheld(answer: &Answer) -> bool {
    matches!(answer, Answer::Withheld(_))
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_nobody_knows_is_sent() {
    let mut views = Views::new();
    assert_eq!(views.send(restore()).await, Answer::Done);
    assert_eq!(views.given.count(SENT), 1);
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_runs_or_has_ever_ended_is_not_sent_again() {
    for (view, status) in [
        (RUNNING, "CREATE_TENANT"),
        (ENDED, "SUCCESS"),
        (ENDED, "FAIL"),
        (OWN, "CREATE_TENANT"),
        ("DBA_OB_RESTORE_HISTORY", "SUCCESS"),
    ] {
        let mut views = Views::new();
        views.restore(view, status, KEY);
        let answer = views.send(restore()).await;
        assert!(matches!(answer, Answer::Restore(_)), "{view}: {answer:?}");
        assert_eq!(views.given.count(SENT), 0, "{view}");
    }
}

#[tokio::test(start_paused = true)]
async fn running_restores_are_looked_for_before_ended_ones() {
    let mut views = Views::new();
    views.send(find()).await;
    let asked = views.given.take_asked();
    let of = |view| asked.iter().position(|text| text.contains(view)).unwrap();
    assert!(of(RUNNING) < of(ENDED));
}

#[tokio::test(start_paused = true)]
async fn a_restore_in_both_views_has_ended() {
    let mut views = Views::new();
    views.restore(RUNNING, "RESTORE_SUCCESS", KEY);
    views.restore(ENDED, "SUCCESS", KEY);
    let Answer::Restore(found) = views.send(find()).await else {
        panic!("not found");
    };
    assert_eq!(found.status, RestoreStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn somebody_else_s_restore_is_not_taken_for_ours() {
    let mut views = Views::new();
    views.restore(ENDED, "SUCCESS", "by hand");
    assert_eq!(views.send(restore()).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_restored_into_a_name_that_is_taken() {
    let mut views = Views::new();
    views.given.tenants(&[("1002", "Copy", "PRIMARY")]);
    assert!(is_withheld(&views.send(restore()).await));
    assert_eq!(views.given.count(SENT), 0);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_can_not_be_understood_sends_nothing() {
    let mut views = Views::new();
    views
        .given
        .set(ENDED, "TENANT_ID, JOB_ID", &[&[Some("1"), Some("one")]]);
    assert!(matches!(views.send(restore()).await, Answer::NotSent(_)));
    assert_eq!(views.given.count(SENT), 0);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_finds_nothing_says_so() {
    let mut views = Views::new();
    assert_eq!(views.send(find()).await, Answer::NotFound);
    assert_eq!(views.given.count(SENT), 0);
}

#[tokio::test(start_paused = true)]
async fn the_first_version_is_not_asked_for_views_that_it_has_not() {
    let mut views = Views::new();
    views.version = Version([4, 0, 0, 0]);
    views.send(find()).await;
    assert_eq!(views.given.count("DBA_OB_RESTORE"), 0);
    assert_eq!(views.given.count("SELECT TENANT_ID, JOB_ID"), 0);
}

const LATE: StatementFault =
    StatementFault::Refused(Duration::from_mins(3), 9099, "'copy' restore failed");

#[tokio::test(start_paused = true)]
async fn a_restore_that_is_refused_and_left_no_job_is_refused() {
    let mut views = Views::new();
    views.given.next(SENT, LATE);
    assert!(matches!(views.send(restore()).await, Answer::Refused(_)));
}

#[tokio::test(start_paused = true)]
async fn what_is_looked_for_in_vain_because_of_the_time_sends_nothing_and_refuses_nothing() {
    let mut views = Views::new();
    views.given.next(
        ENDED,
        StatementFault::Refused(Duration::ZERO, 4012, "Timeout"),
    );
    let answer = views.send(restore()).await;
    assert!(matches!(answer, Answer::NotSent(_)), "{answer:?}");
    assert_eq!(views.given.count(SENT), 0);
    assert_eq!(views.send(restore()).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_is_refused_after_it_has_begun_is_found() {
    let mut views = Views::new();
    views.given.next(SENT, LATE);
    let other = Views {
        given: views.given.clone(),
        ..Views::new()
    };
    let fails = async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        other.restore(ENDED, "FAIL", KEY);
    };
    let (answer, ()) = tokio::join!(views.send(restore()), fails);
    let Answer::Restore(found) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(found.status, RestoreStatus::Fail);
}

#[tokio::test(start_paused = true)]
async fn the_database_has_ten_minutes_for_a_restore() {
    let mut views = Views::new();
    views
        .given
        .next(SENT, StatementFault::Takes(Duration::from_secs(599)));
    assert_eq!(views.send(restore()).await, Answer::Done);
    assert_eq!(views.given.count("SET ob_query_timeout = 600000000"), 1);
}

#[tokio::test(start_paused = true)]
async fn passwords_are_told_right_before_on_a_session_of_their_own() {
    let mut views = Views::new();
    views.send(find()).await;
    let mut protected = restore();
    if let Recovery::Restore { decryption, .. } = &mut protected {
        decryption.push(RestorePassword::new("sesame".into()).unwrap());
    }
    views.given.take_asked();
    assert_eq!(views.send(protected).await, Answer::Done);
    let asked = views.given.take_asked();
    let [setting, sent] = &asked[asked.len() - 2..] else {
        panic!("{asked:?}");
    };
    assert!(setting.starts_with("SET DECRYPTION") && sent.starts_with(SENT));
    views.send(find()).await;
    assert_eq!(
        views
            .given
            .logins
            .load(std::sync::atomic::Ordering::Relaxed),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn a_restore_is_not_sent_without_its_passwords() {
    let mut views = Views::new();
    views.given.next(
        "SET DECRYPTION",
        StatementFault::Refused(Duration::ZERO, 1235, ""),
    );
    let mut protected = restore();
    if let Recovery::Restore { decryption, .. } = &mut protected {
        decryption.push(RestorePassword::new("sesame".into()).unwrap());
    }
    assert!(matches!(views.send(protected).await, Answer::Refused(_)));
    assert_eq!(views.given.count(SENT), 0);
}

#[tokio::test(start_paused = true)]
async fn a_preview_answers_what_would_be_read() {
    let mut views = Views::new();
    let row = ["BACKUP_SET", "1", "file:///ob/data/backup_set_1_full", ""].map(Some);
    let columns = "BACKUP_TYPE, BACKUP_ID, PREVIEW_PATH, BACKUP_DESC";
    views.given.set("SHOW RESTORE PREVIEW", columns, &[&row]);
    let answer = views
        .send(Recovery::Preview {
            tenant: copy(),
            sources: vec![Destination::file("/ob/data").unwrap()],
            until: Scn(5),
            decryption: Vec::new(),
        })
        .await;
    let expected = PreviewRow {
        is_set: true,
        id: 1,
        path: "file:///ob/data/backup_set_1_full".to_owned(),
    };
    assert_eq!(answer, Answer::Preview(vec![expected]));
}
