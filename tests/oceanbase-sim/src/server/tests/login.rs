//! Tests of logins and of the life of a session.

use mysql_async::{ChangeUserOpts, prelude::Queryable};

use super::{Running, agreeable, connect, server_error};

#[tokio::test]
async fn the_right_password_opens_a_session() {
    let node = Running::start(agreeable).await;
    node.connect().await;
    assert_eq!(node.journal(), ["root@sys: login to nothing"]);
}

#[tokio::test]
async fn a_session_opens_with_the_database_that_the_client_names() {
    let node = Running::start(agreeable).await;
    connect(node.options().db_name(Some("oceanbase")))
        .await
        .unwrap();
    assert_eq!(node.journal(), ["root@sys: login to oceanbase"]);
}

#[tokio::test]
async fn an_empty_password_opens_a_session_of_a_tenant_without_one() {
    let node = Running::start(agreeable).await;
    connect(
        node.options()
            .user(Some("root@orders#c1"))
            .pass(None::<String>),
    )
    .await
    .unwrap();
    assert_eq!(node.journal(), ["root@orders#c1: login to nothing"]);
}

#[tokio::test]
async fn a_wrong_password_is_refused_with_a_masked_host() {
    let node = Running::start(agreeable).await;
    let refused = server_error(connect(node.options().pass(Some("guess"))).await);
    let text = "Access denied for user 'root'@'xxx.xxx.xxx.xxx'".to_string();
    assert_eq!(refused, (1045, "42000".into(), text));
}

#[tokio::test]
async fn an_empty_password_is_refused_where_one_is_set() {
    let node = Running::start(agreeable).await;
    assert_eq!(
        server_error(connect(node.options().pass(None::<String>)).await).0,
        1045
    );
}

#[tokio::test]
async fn an_unknown_tenant_is_refused_as_a_wrong_password_is() {
    let node = Running::start(agreeable).await;
    assert_eq!(
        server_error(connect(node.options().user(Some("root@nobody"))).await).0,
        1045
    );
}

#[tokio::test]
async fn the_client_sees_the_version_of_mysql() {
    let node = Running::start(agreeable).await;
    assert_eq!(node.connect().await.server_version(), (5, 7, 25));
}

#[tokio::test]
async fn every_connection_has_its_own_number() {
    let node = Running::start(agreeable).await;
    let (first, second) = (node.connect().await, node.connect().await);
    assert_ne!(first.id(), second.id());
}

#[tokio::test]
async fn a_reset_reaches_the_session() {
    let node = Running::start(agreeable).await;
    node.connect().await.reset().await.unwrap();
    assert_eq!(node.journal()[1..], ["root@sys: reset"]);
}

#[tokio::test]
async fn a_change_of_user_opens_a_new_session_that_runs_what_follows() {
    let node = Running::start(agreeable).await;
    let mut connection = node.connect().await;
    let orders = ChangeUserOpts::default()
        .with_user(Some("root@orders#c1".into()))
        .with_pass(None)
        .with_db_name(Some("oceanbase".into()));
    connection.change_user(orders).await.unwrap();
    connection.query_drop("SELECT").await.unwrap();
    assert_eq!(
        node.journal(),
        [
            "root@sys: login to nothing",
            "root@orders#c1: login to oceanbase",
            "root@orders#c1: SELECT"
        ]
    );
}

#[tokio::test]
async fn a_change_of_user_with_the_wrong_password_ends_the_connection() {
    let node = Running::start(agreeable).await;
    let mut connection = node.connect().await;
    let guess = ChangeUserOpts::default().with_pass(Some("guess".into()));
    let refused = server_error(connection.change_user(guess).await);
    assert_eq!((refused.0, connection.ping().await.is_err()), (1045, true));
}
