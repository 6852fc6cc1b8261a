//! Tests of nodes that are slow, silent, gone or restored.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use tokio::time::{Instant, timeout};

use super::{Running, agreeable, connect, one, reply, server_error};
use crate::value::{Acceptance, End, Reply};

const HOUR: Duration = Duration::from_hours(1);

fn an_hour_late(text: &str) -> Reply {
    Reply {
        delay: HOUR,
        ..agreeable(text)
    }
}

fn hang_up(_: &str) -> Reply {
    reply(vec![one("never seen".into())], End::HangUp)
}

#[tokio::test]
async fn a_hang_up_breaks_the_connection_without_an_answer() {
    let node = Running::start(hang_up).await;
    let broken = node
        .connect()
        .await
        .query_drop("ALTER SYSTEM BACKUP DATABASE")
        .await;
    assert!(
        matches!(broken, Err(mysql_async::Error::Io(_))),
        "{broken:?}"
    );
}

#[tokio::test]
async fn a_hang_up_comes_after_the_statement_ran() {
    let node = Running::start(hang_up).await;
    node.connect()
        .await
        .query_drop("ALTER SYSTEM BACKUP DATABASE")
        .await
        .unwrap_err();
    assert_eq!(
        node.journal()[1..],
        ["root@sys: ALTER SYSTEM BACKUP DATABASE"]
    );
}

#[tokio::test]
async fn a_hang_up_leaves_other_connections_alone() {
    let node = Running::start(hang_up).await;
    let mut other = node.connect().await;
    node.connect().await.query_drop("x").await.unwrap_err();
    other.ping().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_node_answers_after_its_delay() {
    let node = Running::start(an_hour_late).await;
    let mut connection = node.connect().await;
    let started_at = Instant::now();
    connection.query_drop("SELECT").await.unwrap();
    assert!(started_at.elapsed() >= HOUR, "{:?}", started_at.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_slow_node_has_run_the_statement_before_it_answers() {
    let node = Running::start(an_hour_late).await;
    let mut connection = node.connect().await;
    timeout(Duration::from_secs(10), connection.query_drop("BACKUP"))
        .await
        .unwrap_err();
    assert_eq!(node.journal()[1..], ["root@sys: BACKUP"]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_node_never_greets() {
    let node = Running::start(agreeable).await;
    *node.node.acceptance.lock().unwrap() = Acceptance::Silent;
    let greeted = timeout(HOUR, connect(node.options())).await;
    assert!(greeted.is_err(), "{greeted:?}");
}

#[tokio::test]
async fn a_refusing_node_closes_the_connection_at_once() {
    let node = Running::start(agreeable).await;
    *node.node.acceptance.lock().unwrap() = Acceptance::Refuse;
    let refused = connect(node.options()).await;
    assert!(
        matches!(refused, Err(mysql_async::Error::Io(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_node_that_stopped_refusing_serves_again() {
    let node = Running::start(agreeable).await;
    *node.node.acceptance.lock().unwrap() = Acceptance::Refuse;
    connect(node.options()).await.unwrap_err();
    *node.node.acceptance.lock().unwrap() = Acceptance::Serve;
    node.connect().await.ping().await.unwrap();
}

#[tokio::test]
async fn a_stopped_server_breaks_its_connections() {
    let node = Running::start(agreeable).await;
    let mut connection = node.connect().await;
    node.stop().await;
    connection.ping().await.unwrap_err();
}

#[tokio::test]
async fn a_stopped_server_can_not_be_reached() {
    let node = Running::start(agreeable).await;
    let options = node.options();
    node.stop().await;
    assert!(matches!(
        connect(options).await,
        Err(mysql_async::Error::Io(_))
    ));
}

#[tokio::test]
async fn a_server_comes_back_on_the_port_it_left_with_connections_open() {
    let before = Running::start(agreeable).await;
    let address = before.address;
    let _open = before.connect().await;
    before.stop().await;
    let after = Running::start_on(address, agreeable, None).await;
    after.connect().await.ping().await.unwrap();
}

#[tokio::test]
async fn a_session_that_panics_takes_only_its_connection_along() {
    let node = Running::start(|text| match text {
        "panic" => panic!("on purpose"),
        _ => reply(
            Vec::new(),
            End::Error(super::refused(1064, "42000", "alive")),
        ),
    })
    .await;
    node.connect().await.query_drop("panic").await.unwrap_err();
    assert_eq!(
        server_error(node.connect().await.query_drop("x").await).2,
        "alive"
    );
}
