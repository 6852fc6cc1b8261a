//! Tests of logins: which endpoint is tried, and the meaning of a refusal.

use std::time::Duration;

use oceanbase_backup_operator::oceanbase::client::{Account, Connect, ConnectError, Tls};
use oceanbase_backup_operator::oceanbase::mysql::MySql;
use oceanbase_sim::fault::{Fault, NodeState};

use tokio::time::Instant;

use super::node::{Node, PASSWORD, account, dead, parrot, refusal};

#[tokio::test]
async fn a_login_sends_no_statement_of_its_own() {
    let node = Node::start(None).await;
    let _session = node.session().await;
    let sent: Vec<_> = node
        .simulator
        .log(|log| log.entries().map(ToString::to_string).collect());
    assert_eq!(sent, Vec::<String>::new());
    assert_eq!(node.simulator.connections().logins, 1);
}

#[tokio::test]
async fn a_wrong_password_is_not_tried_on_the_next_endpoint() {
    let (first, second) = (Node::start(None).await, Node::start(None).await);
    let account = Account {
        password: "wrong".into(),
        ..account(&[first.address, second.address])
    };
    let ConnectError::Refused(error) = refusal(&account).await else {
        panic!("not refused");
    };
    assert_eq!(error.code, 1045);
    let refused = [&first, &second].map(|node| node.simulator.connections().refused);
    assert_eq!(refused, [1, 0]);
}

#[tokio::test]
async fn an_unknown_tenant_is_refused_as_a_wrong_password_is() {
    let node = Node::start(None).await;
    let account = Account {
        user: "root@nobody".to_owned(),
        ..node.account()
    };
    let ConnectError::Refused(error) = refusal(&account).await else {
        panic!("not refused");
    };
    assert_eq!(error.code, 1045);
}

#[tokio::test]
async fn the_text_of_a_refusal_is_not_shown() {
    let node = Node::start(None).await;
    let account = Account {
        password: "wrong".into(),
        ..node.account()
    };
    let shown = refusal(&account).await.to_string();
    assert_eq!(shown, "the database rejects the login (error 1045)");
}

#[tokio::test]
async fn a_dead_endpoint_is_passed_over() {
    let node = Node::start(None).await;
    let account = account(&[dead().await, node.address]);
    assert!(MySql.connect(&account).await.is_ok());
}

#[tokio::test]
async fn a_node_that_hangs_up_at_once_is_passed_over() {
    let (first, second) = (Node::start(None).await, Node::start(None).await);
    let refusing = Fault::Node {
        is: NodeState::Refusing,
    };
    first.simulator.inject(refusing).unwrap();
    let account = account(&[first.address, second.address]);
    assert!(MySql.connect(&account).await.is_ok());
}

#[tokio::test]
async fn a_silent_endpoint_is_given_five_seconds() {
    let (first, second) = (Node::start(None).await, Node::start(None).await);
    let silent = Fault::Node {
        is: NodeState::Silent,
    };
    first.simulator.inject(silent).unwrap();
    let began = Instant::now();
    let account = account(&[first.address, second.address]);
    assert!(MySql.connect(&account).await.is_ok());
    assert!(began.elapsed() >= Duration::from_secs(5));
}

#[tokio::test]
async fn something_else_on_the_port_is_unreachable_and_passed_over() {
    let node = Node::start(None).await;
    let (web, _serving) = parrot(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let both = account(&[web, node.address]);
    assert!(MySql.connect(&both).await.is_ok());
}

#[tokio::test]
async fn no_endpoint_that_answers_is_unreachable_and_each_is_named_with_its_reason() {
    let (first, last) = (dead().await, dead().await);
    let ConnectError::Unreachable(why) = refusal(&account(&[first, last])).await else {
        panic!("not unreachable");
    };
    let named = [first, last].map(|at| why.contains(&format!("{at}: Connection refused")));
    assert_eq!(named, [true, true], "{why}");
}

#[tokio::test]
async fn an_endpoint_without_tls_hides_no_other_ones_reason() {
    let (node, dead) = (Node::start(None).await, dead().await);
    let account = Account {
        tls: Tls::Required,
        ..account(&[node.address, dead])
    };
    let ConnectError::Tls(why) = refusal(&account).await else {
        panic!("protected");
    };
    assert!(why.contains("does not offer TLS"), "{why}");
    assert!(why.contains(&dead.to_string()), "{why}");
}

#[tokio::test]
async fn no_endpoint_at_all_is_unreachable() {
    let refusal = refusal(&account(&[])).await;
    assert!(matches!(refusal, ConnectError::Unreachable(_)));
}

#[tokio::test]
async fn no_error_of_a_login_shows_the_password() {
    let node = Node::start(None).await;
    let (web, _serving) = parrot(b"\x05\x00\x00\x00hello").await;
    let accounts = [
        Account {
            user: "nobody".to_owned(),
            ..node.account()
        },
        account(&[dead().await]),
        account(&[web]),
    ];
    for account in accounts {
        let refusal = refusal(&account).await;
        assert!(!format!("{refusal} {refusal:?}").contains(PASSWORD));
    }
}
