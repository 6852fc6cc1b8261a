//! Tests of TLS: offered with a certificate, missing without one.

use std::sync::Arc;

use mysql_async::{DriverError, Error, SslOpts, prelude::Queryable};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::{Running, agreeable, connect, first_row, one, reply, server_error};
use crate::value::{End, Reply};

/// Returns a server's configuration and the certificate, as PEM, for a client to trust.
fn self_signed() -> (Arc<ServerConfig>, Vec<u8>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_string()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (Arc::new(config), cert.pem().into_bytes())
}

fn trusting(certificate: Vec<u8>) -> SslOpts {
    SslOpts::default()
        .with_root_certs(vec![certificate.into()])
        .with_disable_built_in_roots(true)
}

async fn start(script: fn(&str) -> Reply) -> (Running, SslOpts) {
    let (config, certificate) = self_signed();
    let node = Running::start_on(([127, 0, 0, 1], 0).into(), script, Some(config)).await;
    (node, trusting(certificate))
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_logs_in_over_tls() {
    let (node, ssl) = start(agreeable).await;
    connect(node.options().ssl_opts(ssl)).await.unwrap();
    assert_eq!(node.journal(), ["root@sys: login to nothing"]);
}

#[tokio::test]
async fn a_wrong_password_is_refused_over_tls_as_without() {
    let (node, ssl) = start(agreeable).await;
    let refused = connect(node.options().ssl_opts(ssl).pass(Some("guess"))).await;
    assert_eq!(server_error(refused).0, 1045);
}

#[tokio::test]
async fn a_row_of_20_mib_arrives_whole_over_tls() {
    let (node, ssl) = start(|_| reply(vec![one("x".repeat(20 << 20))], End::Complete)).await;
    let mut connection = connect(node.options().ssl_opts(ssl)).await.unwrap();
    let row = first_row(&mut connection, "SELECT").await.unwrap();
    assert!(row.get::<String, _>(0).unwrap() == "x".repeat(20 << 20));
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_certificate_never_logs_in() {
    let (node, _) = start(agreeable).await;
    let (_, another) = self_signed();
    connect(node.options().ssl_opts(trusting(another)))
        .await
        .unwrap_err();
    assert!(node.journal().is_empty());
}

#[tokio::test]
async fn a_client_without_tls_is_served_where_tls_is_offered() {
    let (node, _) = start(agreeable).await;
    node.connect().await.ping().await.unwrap();
}

#[tokio::test]
async fn a_client_that_requires_tls_gives_up_where_there_is_none() {
    let node = Running::start(agreeable).await;
    let (_, certificate) = self_signed();
    let given_up = connect(node.options().ssl_opts(trusting(certificate)))
        .await
        .unwrap_err();
    assert!(
        matches!(
            given_up,
            Error::Driver(DriverError::NoClientSslFlagFromServer)
        ),
        "{given_up}"
    );
}
