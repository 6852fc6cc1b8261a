//! Tests of the command line.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};

/// A running command, which ends with the test.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(arguments: &[&str]) -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oceanbase-sim"))
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    Running { child, lines }
}

impl Running {
    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }
}

async fn connect(address: &str, password: &str) -> Conn {
    let address: SocketAddr = address.parse().unwrap();
    let options = OptsBuilder::default()
        .ip_or_hostname(address.ip().to_string())
        .tcp_port(address.port())
        .user(Some("root@sys"))
        .pass(Some(password))
        .prefer_socket(false)
        .max_allowed_packet(Some(16 << 20))
        .wait_timeout(Some(28_800));
    Conn::new(options).await.unwrap()
}

#[tokio::test]
async fn the_first_line_is_the_address_to_connect_to() {
    let mut running = start(&[]);
    let address = running.line();
    let mut connection = connect(&address, "secret").await;
    let port = "SELECT SQL_PORT FROM oceanbase.CDB_OB_ACCESS_POINT WHERE TENANT_NAME = 'orders'";
    let port: Option<u16> = connection.query_first(port).await.unwrap();
    assert!(
        address.ends_with(&format!(":{}", port.unwrap())),
        "{address}"
    );
}

#[tokio::test]
async fn statements_are_printed_without_their_secrets() {
    let mut running = start(&["--print-statements"]);
    let mut connection = connect(&running.line(), "secret").await;
    connection
        .query_drop("SET ENCRYPTION ON IDENTIFIED BY 'hush' ONLY")
        .await
        .unwrap();
    let printed = running.line();
    assert!(
        printed.ends_with("SET ENCRYPTION ON IDENTIFIED BY '***' ONLY => OK"),
        "{printed}"
    );
}

#[test]
fn a_scenario_that_does_not_exist_is_a_readable_failure() {
    let output = Command::new(env!("CARGO_BIN_EXE_oceanbase-sim"))
        .args(["--scenario", "/nowhere.yaml"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("reading /nowhere.yaml"),
        "{said}"
    );
}
