//! Tests of input that no well-behaved client sends.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::packet::Packets;
use super::{Running, agreeable};

/// Limit on the time until a server closes a connection.
const PATIENCE: Duration = Duration::from_secs(10);

const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;

/// Returns a client that has received the greeting.
async fn greeted(node: &Running) -> Packets<TcpStream> {
    let mut packets = Packets::new(TcpStream::connect(node.address).await.unwrap());
    packets.receive().await.unwrap();
    packets
}

async fn send(packets: &mut Packets<TcpStream>, payload: &[u8]) {
    packets.push(payload);
    packets.flush().await.unwrap();
}

/// Returns a logged-in client of the tenant without a password.
async fn logged_in(node: &Running) -> Packets<TcpStream> {
    let mut packets = greeted(node).await;
    send(
        &mut packets,
        &login(PROTOCOL_41 | SECURE_CONNECTION, b"root@orders#c1\0\0"),
    )
    .await;
    assert_eq!(packets.receive().await.unwrap()[0], 0);
    packets
}

fn login(capabilities: u32, rest: &[u8]) -> Vec<u8> {
    [&capabilities.to_le_bytes()[..], &[0; 28], rest].concat()
}

/// Returns the answer to a command on a new session.
async fn answer_to(command: &[u8]) -> Vec<u8> {
    let node = Running::start(agreeable).await;
    let mut packets = logged_in(&node).await;
    packets.begin_exchange();
    send(&mut packets, command).await;
    packets.receive().await.unwrap()
}

#[tokio::test]
async fn quit_closes_the_connection_without_an_answer() {
    let node = Running::start(agreeable).await;
    let mut packets = logged_in(&node).await;
    packets.begin_exchange();
    send(&mut packets, &[0x01]).await;
    assert!(closed(&mut packets).await);
}

#[tokio::test]
async fn statistics_answers_the_observers_fixed_text() {
    assert_eq!(answer_to(&[0x09]).await, b"Active threads not support");
}

#[tokio::test]
async fn using_a_database_is_agreed_to() {
    assert_eq!(answer_to(b"\x02oceanbase").await[0], 0);
}

#[tokio::test]
async fn using_an_unknown_database_is_refused() {
    assert_eq!(
        answer_to(b"\x02nowhere").await,
        b"\xFF\x19\x04#42000Unknown database"
    );
}

#[tokio::test]
async fn listing_fields_is_refused() {
    let refused = b"\xFF\xD3\x04#0A000Not supported feature or function";
    assert_eq!(answer_to(b"\x04table\0").await, refused);
}

#[tokio::test]
async fn an_unknown_command_is_refused() {
    assert_eq!(
        answer_to(&[0x77]).await,
        b"\xFF\x17\x04#08S01Unknown command"
    );
}

#[tokio::test]
async fn a_statement_that_is_not_utf8_is_refused() {
    let refused = b"\xFF\x14\x05#HY000Invalid utf8mb4 character string";
    assert_eq!(answer_to(b"\x03SELECT '\xC3\x28'").await, refused);
}

#[tokio::test]
async fn closing_a_statement_has_no_answer_of_its_own() {
    let node = Running::start(agreeable).await;
    let mut packets = logged_in(&node).await;
    packets.begin_exchange();
    send(&mut packets, &[0x19, 1, 0, 0, 0]).await;
    packets.begin_exchange();
    send(&mut packets, &[0x09]).await;
    assert_eq!(
        packets.receive().await.unwrap(),
        b"Active threads not support"
    );
}

#[tokio::test]
async fn a_client_of_another_method_is_asked_for_its_native_password() {
    let node = Running::start(agreeable).await;
    let mut packets = greeted(&node).await;
    let capabilities = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;
    let rest = b"root@orders#c1\0\0caching_sha2_password\0";
    send(&mut packets, &login(capabilities, rest)).await;
    assert!(
        packets
            .receive()
            .await
            .unwrap()
            .starts_with(b"\xFEmysql_native_password\0")
    );
    send(&mut packets, b"").await;
    assert_eq!(packets.receive().await.unwrap()[0], 0);
}

#[tokio::test]
async fn a_request_for_tls_that_was_not_offered_is_a_bad_handshake() {
    let node = Running::start(agreeable).await;
    let mut packets = greeted(&node).await;
    send(&mut packets, &login(PROTOCOL_41 | SSL, b"")).await;
    assert_eq!(
        packets.receive().await.unwrap(),
        b"\xFF\x13\x04#08S01Bad handshake"
    );
}

/// Returns whether the server closes the connection instead of answering.
async fn closed(packets: &mut Packets<TcpStream>) -> bool {
    timeout(PATIENCE, packets.receive()).await.unwrap().is_err()
}

/// Sends `bytes` after the greeting and waits until the server closes the connection.
async fn closed_after(bytes: &[u8]) {
    let node = Running::start(agreeable).await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut greeting = Vec::new();
    // The server may close with unread bytes, which the client receives as a reset.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut greeting))
        .await
        .unwrap();
    node.connect().await;
}

#[tokio::test]
async fn an_http_request_is_turned_away_and_the_next_client_served() {
    closed_after(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
}

#[tokio::test]
async fn a_login_of_ten_bytes_is_turned_away_and_the_next_client_served() {
    closed_after(b"\x0A\0\0\x010123456789").await;
}

#[tokio::test]
async fn a_login_out_of_sequence_is_turned_away_and_the_next_client_served() {
    closed_after(b"\x01\0\0\x05x").await;
}

#[tokio::test]
async fn a_command_without_its_byte_closes_the_connection() {
    let node = Running::start(agreeable).await;
    let mut packets = logged_in(&node).await;
    packets.begin_exchange();
    send(&mut packets, b"").await;
    assert!(closed(&mut packets).await);
}

#[tokio::test]
async fn a_command_out_of_sequence_closes_the_connection() {
    let node = Running::start(agreeable).await;
    let mut packets = logged_in(&node).await;
    send(&mut packets, &[0x0E]).await;
    assert!(closed(&mut packets).await);
}
