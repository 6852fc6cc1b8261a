//! Tests of protected connections, and of rejected unprotected ones.

use std::sync::Arc;

use oceanbase_backup_operator::oceanbase::client::{
    Account, Connect, ConnectError, QueryError, Tls,
};
use oceanbase_backup_operator::oceanbase::mysql::MySql;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;

use super::node::{Node, PATIENCE};

/// Returns a self-signed certificate for a name, and its PEM.
fn certificate(name: &str) -> (ServerConfig, Vec<u8>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (config, cert.pem().into_bytes())
}

/// Returns the result of a login on a node whose certificate names `name`.
async fn login(name: &str, tls: impl FnOnce(Vec<u8>) -> Tls) -> Result<(), ConnectError> {
    let (config, pem) = certificate(name);
    let node = Node::start(Some(config)).await;
    let account = Account {
        tls: tls(pem),
        ..node.account()
    };
    let mut session = MySql.connect(&account).await?;
    let answer: Result<_, QueryError> = session.query("SELECT 1", PATIENCE).await;
    assert!(answer.is_ok());
    Ok(())
}

fn is_tls(refusal: &Result<(), ConnectError>) -> bool {
    matches!(refusal, Err(ConnectError::Tls(_)))
}

#[tokio::test]
async fn disabled_speaks_in_the_clear_to_a_node_that_offers_tls() {
    assert_eq!(login("127.0.0.1", |_| Tls::Disabled).await, Ok(()));
}

#[tokio::test]
async fn required_takes_any_certificate() {
    assert_eq!(login("other.test", |_| Tls::Required).await, Ok(()));
}

#[tokio::test]
async fn verify_ca_takes_a_certificate_of_another_name() {
    for name in ["other.test", "*.other.test", "10.0.0.1", "::1"] {
        assert_eq!(login(name, Tls::VerifyCa).await, Ok(()), "{name}");
    }
}

#[tokio::test]
async fn verify_ca_refuses_another_authority() {
    let (_, other) = certificate("127.0.0.1");
    let refusal = login("127.0.0.1", |_| Tls::VerifyCa(other)).await;
    assert!(is_tls(&refusal), "{refusal:?}");
}

#[tokio::test]
async fn verify_identity_takes_the_right_name() {
    assert_eq!(login("127.0.0.1", Tls::VerifyIdentity).await, Ok(()));
}

#[tokio::test]
async fn verify_identity_refuses_another_name() {
    let refusal = login("other.test", Tls::VerifyIdentity).await;
    assert!(is_tls(&refusal), "{refusal:?}");
}

#[tokio::test]
async fn an_authority_that_is_no_certificate_is_a_tls_failure() {
    for pem in [
        &b"no certificate"[..],
        b"",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let refusal = login("127.0.0.1", |_| Tls::VerifyCa(pem.to_vec())).await;
        assert!(is_tls(&refusal), "{refusal:?}");
    }
}

#[tokio::test]
async fn no_mode_but_disabled_speaks_to_a_node_without_tls() {
    let node = Node::start(None).await;
    let (_, pem) = certificate("127.0.0.1");
    for tls in [
        Tls::Required,
        Tls::VerifyCa(pem.clone()),
        Tls::VerifyIdentity(pem),
    ] {
        let account = Account {
            tls,
            ..node.account()
        };
        let refusal = MySql.connect(&account).await.map(drop);
        assert!(is_tls(&refusal), "{refusal:?}");
    }
    assert_eq!(node.simulator.connections().logins, 0);
}
