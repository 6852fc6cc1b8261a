//! Tests of statements on a session: rows, errors, and missing answers.

use std::time::Duration;

use oceanbase_backup_operator::oceanbase::client::{Account, Connect, QueryError, Session};
use oceanbase_backup_operator::oceanbase::mysql::MySql;
use oceanbase_sim::fault::{Fault, Moment, Trigger};
use oceanbase_sim::statement::Kind;

use tokio::time::Instant;

use super::node::{Node, PATIENCE, account, scripted, texts};

const BACKUP: &str = "ALTER SYSTEM BACKUP TENANT = 'orders' DESCRIPTION = 'secret-key'";

async fn code(session: &mut dyn Session, text: &str) -> u16 {
    match session.query(text, PATIENCE).await {
        Err(QueryError::Server(error)) => error.code,
        other => panic!("{other:?}"),
    }
}

fn is_lost(answer: &Result<impl Sized, QueryError>) -> bool {
    matches!(answer, Err(QueryError::Lost(_)))
}

fn effects(node: &Node) -> usize {
    node.simulator
        .log(|log| log.effects(Kind::Backup, "orders"))
}

#[tokio::test]
async fn a_missing_privilege_is_1227() {
    let node = Node::start(None).await;
    let account = Account {
        user: "reader@sys".to_owned(),
        ..node.account()
    };
    let mut session = MySql.connect(&account).await.unwrap();
    assert_eq!(code(session.as_mut(), BACKUP).await, 1227);
}

#[tokio::test]
async fn a_backup_without_log_archiving_is_9040() {
    let node = Node::start(None).await;
    let mut session = node.session().await;
    let destination = "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///b' TENANT = blank";
    session.query(destination, PATIENCE).await.unwrap();
    let backup = "ALTER SYSTEM BACKUP TENANT = blank";
    assert_eq!(code(session.as_mut(), backup).await, 9040);
}

#[tokio::test]
async fn a_session_goes_on_after_an_error() {
    let node = Node::start(None).await;
    let mut session = node.session().await;
    assert_eq!(code(session.as_mut(), "ALTER SYSTEM BAKCUP").await, 1064);
    assert!(session.query(BACKUP, PATIENCE).await.is_ok());
}

#[tokio::test]
async fn a_statement_without_rows_answers_none() {
    let node = Node::start(None).await;
    let answer = node.session().await.query(BACKUP, PATIENCE).await.unwrap();
    assert!(answer.columns.is_empty() && answer.rows.is_empty());
}

#[tokio::test]
async fn a_query_without_rows_still_names_its_columns() {
    let node = Node::start(None).await;
    let query = "SELECT JOB_ID, STATUS FROM oceanbase.CDB_OB_BACKUP_JOBS";
    let answer = node.session().await.query(query, PATIENCE).await.unwrap();
    assert_eq!(answer.columns, ["JOB_ID", "STATUS"]);
}

async fn hang_up(node: &Node, when: Moment) -> Result<(), QueryError> {
    let on = Trigger::next(Kind::Backup);
    node.simulator.inject(Fault::HangUp { on, when }).unwrap();
    let mut session = node.session().await;
    session.query(BACKUP, PATIENCE).await.map(drop)
}

#[tokio::test]
async fn a_hang_up_before_the_statement_was_run_is_lost() {
    let node = Node::start(None).await;
    assert!(is_lost(&hang_up(&node, Moment::BeforeExecuting).await));
    assert_eq!(effects(&node), 0);
}

#[tokio::test]
async fn a_hang_up_after_the_statement_was_run_is_lost() {
    let node = Node::start(None).await;
    assert!(is_lost(&hang_up(&node, Moment::AfterCommit).await));
    assert_eq!(effects(&node), 1);
}

#[tokio::test]
async fn what_is_said_of_a_lost_answer_does_not_quote_the_statement() {
    let node = Node::start(None).await;
    let error = hang_up(&node, Moment::AfterCommit).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret-key"));
}

#[tokio::test]
async fn a_statement_is_sent_once_although_its_answer_is_lost() {
    let node = Node::start(None).await;
    let _ = hang_up(&node, Moment::BeforeExecuting).await;
    let sent = node.simulator.log(|log| log.of_kind(Kind::Backup).count());
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn a_slow_statement_is_lost_when_the_time_is_up() {
    let node = Node::start(None).await;
    let slow = Fault::Slow {
        on: Trigger::next(Kind::Backup),
        delay: Duration::from_secs(8),
    };
    node.simulator.inject(slow).unwrap();
    let mut session = node.session().await;
    let began = Instant::now();
    let answer = session.query(BACKUP, Duration::from_millis(300)).await;
    assert!(is_lost(&answer) && began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_answer_that_came_too_late_is_not_given_to_the_next_statement() {
    let (address, _serving) = scripted(|text| {
        let mut reply = texts(vec![Some(text.to_owned())]);
        if text == "first" {
            reply.delay = Duration::from_millis(500);
        }
        reply
    })
    .await;
    let mut session = MySql.connect(&account(&[address])).await.unwrap();
    let first = session.query("first", Duration::from_millis(100)).await;
    assert!(is_lost(&first));
    assert!(is_lost(&session.query("second", PATIENCE).await));
}

#[tokio::test]
async fn a_killed_connection_is_lost_at_the_next_statement() {
    let node = Node::start(None).await;
    let mut session = node.session().await;
    node.simulator.inject(Fault::KillConnections).unwrap();
    assert!(is_lost(&session.query("SELECT 1", PATIENCE).await));
}

#[tokio::test]
async fn null_and_empty_and_unicode_are_told_apart() {
    let (address, _serving) = scripted(|_| {
        let some = |text: &str| Some(text.to_owned());
        texts(vec![None, some(""), some("NULL"), some("größe 🦀\n'\\")])
    })
    .await;
    let mut session = MySql.connect(&account(&[address])).await.unwrap();
    let answer = session.query("SELECT", PATIENCE).await.unwrap();
    let some = |text: &str| [Some(text.to_owned())];
    let expected = [[None], some(""), some("NULL"), some("größe 🦀\n'\\")];
    assert_eq!(
        (&answer.columns[..], &answer.rows[..]),
        (&["größe".to_owned()][..], &expected.map(Vec::from)[..])
    );
}

#[tokio::test]
async fn a_row_of_fifteen_mebibytes_is_read() {
    let (address, _serving) = scripted(|_| texts(vec![Some("x".repeat(15 << 20))])).await;
    let mut session = MySql.connect(&account(&[address])).await.unwrap();
    let answer = session.query("SELECT", PATIENCE).await.unwrap();
    assert_eq!(answer.rows[0][0].as_ref().map(String::len), Some(15 << 20));
}

#[tokio::test]
async fn a_row_of_seventeen_mebibytes_is_an_end_and_not_a_wait() {
    let (address, _serving) = scripted(|_| texts(vec![Some("x".repeat(17 << 20))])).await;
    let mut session = MySql.connect(&account(&[address])).await.unwrap();
    let began = Instant::now();
    assert!(is_lost(&session.query("SELECT", PATIENCE).await));
    assert!(began.elapsed() < PATIENCE);
}
