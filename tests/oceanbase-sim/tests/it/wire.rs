//! Tests of the simulator over TCP with a real MySQL client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, OptsBuilder, Row};
use oceanbase_sim::Simulator;
use oceanbase_sim::clock::WallClock;
use oceanbase_sim::fault::{Fault, Moment, NodeState, Trigger};
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::server::Server;
use oceanbase_sim::statement::Kind;
use tokio::task::JoinHandle;

const PASSWORD: &str = "sys-password";

struct Node {
    simulator: Simulator,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Node {
    /// Starts a node 600 times faster than the engine with the tenants `orders` (ready) and
    /// `blank`.
    async fn start() -> Self {
        let scenario = Scenario::new("4.3.5.2")
            .sys_password(PASSWORD)
            .speed(600.0)
            .with(TenantSpec::new("orders").ready(Duration::from_hours(24)))
            .tenant("blank");
        let simulator = Simulator::new(&scenario, WallClock).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::bind(any, Arc::new(simulator.clone()), None)
            .await
            .unwrap();
        let address = server.local_addr().unwrap();
        let serving = tokio::spawn(server.run());
        Self {
            simulator,
            address,
            serving,
        }
    }

    async fn connect(&self, user: &str, password: &str) -> Result<Conn, Error> {
        let options = OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(self.address.port())
            .user(Some(user))
            .pass(Some(password))
            .prefer_socket(false)
            .max_allowed_packet(Some(16 << 20))
            .wait_timeout(Some(28_800))
            .stmt_cache_size(0);
        Conn::new(options).await
    }

    async fn sys(&self) -> Conn {
        self.connect("root@sys", PASSWORD).await.unwrap()
    }
}

/// Polls until the first column of the first row is as wanted; the node's clock runs.
async fn wait_for(connection: &mut Conn, query: &str, wanted: &str) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let mut seen = None;
    while tokio::time::Instant::now() < deadline {
        seen = connection.query_first::<String, _>(query).await.unwrap();
        if seen.as_deref() == Some(wanted) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{query}: {seen:?} instead of {wanted}");
}

fn code(error: &Error) -> Option<u16> {
    match error {
        Error::Server(error) => Some(error.code),
        _ => None,
    }
}

#[tokio::test]
async fn a_tenant_is_set_up_backed_up_and_looked_at() {
    let node = Node::start().await;
    let mut connection = node.sys().await;
    for statement in [
        "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///b/log' TENANT = blank",
        "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///b/data' TENANT = blank",
        "ALTER SYSTEM ARCHIVELOG TENANT = blank",
    ] {
        connection.query_drop(statement).await.unwrap();
    }
    let status = "SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG WHERE TENANT_ID = 1004";
    wait_for(&mut connection, status, "DOING").await;
    let backup = "ALTER SYSTEM BACKUP TENANT = blank DESCRIPTION = 'key-1'";
    connection.query_drop(backup).await.unwrap();
    let done = "SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_JOB_HISTORY \
                WHERE TENANT_ID = 1004 AND DESCRIPTION = 'key-1'";
    wait_for(&mut connection, done, "COMPLETED").await;
    let set = "SELECT BACKUP_TYPE, FILE_STATUS, MIN_RESTORE_SCN > START_REPLAY_SCN AS ORDERLY \
               FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE TENANT_ID = 1004";
    let found: (String, String, i64) = connection.query_first(set).await.unwrap().unwrap();
    assert_eq!(found, ("FULL".to_owned(), "AVAILABLE".to_owned(), 1));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_tenant_read_alike() {
    let node = Node::start().await;
    for (user, password) in [("root@sys", "wrong"), ("root@nobody", PASSWORD)] {
        let error = node.connect(user, password).await.unwrap_err();
        assert_eq!(code(&error), Some(1045), "{user}");
    }
}

#[tokio::test]
async fn a_tenant_is_restored_and_logged_in_to() {
    let node = Node::start().await;
    let mut connection = node.sys().await;
    let backup = "ALTER SYSTEM BACKUP TENANT = orders";
    connection.query_drop(backup).await.unwrap();
    let done = "SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_JOB_HISTORY WHERE TENANT_ID = 1002";
    wait_for(&mut connection, done, "COMPLETED").await;
    // Log after the set, without which the set is not restorable.
    let log = "SELECT COUNT(*) FROM oceanbase.CDB_OB_ARCHIVELOG AS l \
               JOIN oceanbase.CDB_OB_BACKUP_SET_FILES AS s ON s.TENANT_ID = l.TENANT_ID \
               WHERE l.CHECKPOINT_SCN > s.MIN_RESTORE_SCN";
    wait_for(&mut connection, log, "1").await;
    for statement in [
        crate::restores::POOL.to_owned(),
        crate::restores::restore(""),
    ] {
        connection.query_drop(statement).await.unwrap();
    }
    // Numbers of this view are texts.
    let progress = "SELECT RESTORE_TENANT_ID, RESTORE_SCN, BACKUP_SET_LIST \
                    FROM oceanbase.CDB_OB_RESTORE_PROGRESS WHERE TENANT_ID = 1";
    let row: Option<(String, String, String)> = connection.query_first(progress).await.unwrap();
    assert_eq!(row.unwrap().0, "1006");
    let role = "SELECT TENANT_ROLE FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'copy'";
    wait_for(&mut connection, role, "STANDBY").await;
    let mut copy = node.connect("root@copy", "").await.unwrap();
    assert_eq!(copy.query_first("SELECT 1").await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_lost_answer_does_not_undo_the_statement() {
    let node = Node::start().await;
    let on = Trigger::next(Kind::Backup).about("orders");
    node.simulator
        .inject(Fault::HangUp {
            on,
            when: Moment::AfterCommit,
        })
        .unwrap();
    let mut connection = node.sys().await;
    let backup = "ALTER SYSTEM BACKUP TENANT = orders DESCRIPTION = 'key-1'";
    let error = connection.query_drop(backup).await.unwrap_err();
    assert_eq!(code(&error), None);
    assert_eq!(
        node.simulator
            .log(|log| log.effects(Kind::Backup, "orders")),
        1
    );
}

#[tokio::test]
async fn a_killed_connection_is_noticed_at_the_next_statement() {
    let node = Node::start().await;
    let mut connection = node.sys().await;
    node.simulator.inject(Fault::KillConnections).unwrap();
    assert!(connection.query_drop("SELECT 1").await.is_err());
    node.sys().await.query_drop("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_node_that_refuses_can_come_back() {
    let node = Node::start().await;
    node.simulator
        .inject(Fault::Node {
            is: NodeState::Refusing,
        })
        .unwrap();
    assert!(node.connect("root@sys", PASSWORD).await.is_err());
    node.simulator
        .inject(Fault::Node {
            is: NodeState::Serving,
        })
        .unwrap();
    assert!(node.connect("root@sys", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn faults_can_be_sent_as_a_statement() {
    let node = Node::start().await;
    let mut connection = node.sys().await;
    let faults = "SIMULATE 'interruptArchive: {tenant: orders}'";
    connection.query_drop(faults).await.unwrap();
    let status = "SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG";
    wait_for(&mut connection, status, "INTERRUPTED").await;
}

#[tokio::test]
async fn every_view_can_be_read_by_the_client() {
    let node = Node::start().await;
    let mut connection = node.sys().await;
    connection
        .query_drop("ALTER SYSTEM BACKUP TENANT = orders")
        .await
        .unwrap();
    let names: Vec<String> = oceanbase_sim::views::views("4.3.5.2".parse().unwrap())
        .into_iter()
        .map(|view| view.name)
        .collect();
    for name in names {
        let read: Result<Vec<Row>, _> = connection
            .query(format!("SELECT * FROM oceanbase.`{name}`"))
            .await;
        assert!(read.is_ok(), "{name}: {read:?}");
    }
}

#[tokio::test]
async fn connections_are_counted() {
    let node = Node::start().await;
    let first = node.sys().await;
    let second = node.sys().await;
    assert_eq!(node.simulator.connections().most, 2);
    first.disconnect().await.unwrap();
    second.disconnect().await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    while node.simulator.connections().current > 0 {
        assert!(tokio::time::Instant::now() < deadline, "sessions stay open");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
