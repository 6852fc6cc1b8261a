//! [`Connect`] over the MySQL protocol.
//!
//! Only the text protocol is used: OceanBase rejects some prepared statements, and `ALTER SYSTEM`
//! takes no parameters. The options below prevent the driver from sending SQL of its own. Its
//! default `SELECT @@socket` reads a variable that is unknown before V4.2.5.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Row, SslOpts, Value};
use secrecy::ExposeSecret;

use super::client::{Account, Connect, ConnectError, QueryError, Rows, ServerError, Session, Tls};

/// Timeout of one endpoint, after which the next one is tried.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Largest packet that is accepted, which is the server's default.
const MAX_ALLOWED_PACKET: usize = 16 * 1024 * 1024;

/// Default idle timeout of the server, in seconds. It is set so that the driver does not query it.
const WAIT_TIMEOUT_SECONDS: usize = 28_800;

/// Opens connections over TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct MySql;

impl Connect for MySql {
    fn connect<'a>(
        &'a self,
        account: &'a Account,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectError>> {
        async move {
            let mut tried = Vec::new();
            let mut is_unprotected = false;
            for (host, port) in &account.endpoints {
                let opened = tokio::time::timeout(CONNECT_TIMEOUT, open(account, host, *port));
                let error = match opened.await {
                    Ok(Ok(connection)) => return Ok(Box::new(MySqlSession(Some(connection))) as _),
                    Ok(Err(error)) => refused(host, *port, error),
                    Err(_) => {
                        let seconds = CONNECT_TIMEOUT.as_secs();
                        ConnectError::Unreachable(format!(
                            "{host}:{port} did not answer within {seconds} s"
                        ))
                    }
                };
                match error {
                    // A wrong password is wrong on every node. Further attempts would lock the
                    // account.
                    ConnectError::Refused(_) => return Err(error),
                    ConnectError::Tls(why) => {
                        is_unprotected = true;
                        tried.push(why);
                    }
                    ConnectError::Unreachable(why) => tried.push(why),
                }
            }
            let tried = tried.join("; ");
            Err(if is_unprotected {
                ConnectError::Tls(tried)
            } else {
                ConnectError::Unreachable(tried)
            })
        }
        .boxed()
    }
}

async fn open(account: &Account, host: &str, port: u16) -> Result<Conn, mysql_async::Error> {
    let opened = Conn::new(options(account, host, port, None)).await;
    match &opened {
        // The driver's option to skip the host name does not work, because rustls has changed its
        // error text.
        Err(error) if matches!(account.tls, Tls::VerifyCa(_)) => match name_in_certificate(error) {
            Some(name) => Conn::new(options(account, host, port, Some(name))).await,
            None => opened,
        },
        _ => opened,
    }
}

fn options(account: &Account, host: &str, port: u16, name: Option<String>) -> Opts {
    OptsBuilder::default()
        .ip_or_hostname(host)
        .tcp_port(port)
        .user(Some(&account.user))
        .pass(Some(account.password.expose_secret()))
        .prefer_socket(false)
        .max_allowed_packet(Some(MAX_ALLOWED_PACKET))
        .wait_timeout(Some(WAIT_TIMEOUT_SECONDS))
        .stmt_cache_size(0)
        .tcp_keepalive(Some(Duration::from_secs(30)))
        .ssl_opts(ssl_options(&account.tls).map(|tls| tls.with_danger_tls_hostname_override(name)))
        .into()
}

fn ssl_options(tls: &Tls) -> Option<SslOpts> {
    let verified = |pem: &Vec<u8>| {
        SslOpts::default()
            .with_root_certs(vec![pem.clone().into()])
            .with_disable_built_in_roots(true)
    };
    match tls {
        Tls::Disabled => None,
        Tls::Required => Some(SslOpts::default().with_danger_accept_invalid_certs(true)),
        Tls::VerifyCa(pem) | Tls::VerifyIdentity(pem) => Some(verified(pem)),
    }
}

fn refused(host: &str, port: u16, error: mysql_async::Error) -> ConnectError {
    use mysql_async::{DriverError, Error, IoError};
    match error {
        Error::Server(error) => ConnectError::Refused(ServerError {
            code: error.code,
            text: error.message,
        }),
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            ConnectError::Tls(format!("{host}:{port} does not offer TLS"))
        }
        Error::Io(IoError::Tls(error)) => ConnectError::Tls(format!("{host}:{port}: {error}")),
        ref other if let Some(error) = tls_failure(other) => {
            ConnectError::Tls(format!("{host}:{port}: {error}"))
        }
        Error::Io(IoError::Io(error)) => {
            ConnectError::Unreachable(format!("{host}:{port}: {error}"))
        }
        other => ConnectError::Unreachable(format!("{host}:{port}: {other}")),
    }
}

/// Returns the TLS handshake error. The driver reports it as an I/O error.
fn tls_failure(error: &mysql_async::Error) -> Option<&rustls::Error> {
    match error {
        mysql_async::Error::Io(mysql_async::IoError::Io(error)) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// Returns a name in the server's certificate. The signature is checked before the name, so if only
/// the name is wrong, the authority is right.
fn name_in_certificate(error: &mysql_async::Error) -> Option<String> {
    use rustls::CertificateError::NotValidForNameContext;
    match tls_failure(error)? {
        rustls::Error::InvalidCertificate(NotValidForNameContext { presented, .. }) => {
            // Such as `DnsName("*.test")` and `IpAddress(10.0.0.1)`.
            let (_, name) = presented.first()?.split_once('(')?;
            let name = name.trim_end_matches(')').trim_matches('"');
            Some(name.replacen('*', "any", 1))
        }
        _ => None,
    }
}

/// Session; empty after a response was lost. A late response would be mistaken for that of the next
/// statement.
struct MySqlSession(Option<Conn>);

impl Session for MySqlSession {
    fn query<'a>(
        &'a mut self,
        text: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Rows, QueryError>> {
        async move {
            let Some(mut connection) = self.0.take() else {
                return Err(QueryError::Lost("the session has ended".to_owned()));
            };
            match tokio::time::timeout(timeout, run(&mut connection, text)).await {
                Ok(Ok(rows)) => {
                    self.0 = Some(connection);
                    Ok(rows)
                }
                Ok(Err(mysql_async::Error::Server(error))) => {
                    self.0 = Some(connection);
                    Err(QueryError::Server(ServerError {
                        code: error.code,
                        text: error.message,
                    }))
                }
                Ok(Err(error)) => Err(QueryError::Lost(kind(&error).to_owned())),
                Err(_) => Err(QueryError::Lost(format!(
                    "no answer within {} s",
                    timeout.as_secs()
                ))),
            }
        }
        .boxed()
    }
}

async fn run(connection: &mut Conn, text: &str) -> Result<Rows, mysql_async::Error> {
    let mut result = connection.query_iter(text).await?;
    let columns = result
        .columns()
        .map(|columns| columns.iter().map(|c| c.name_str().into_owned()).collect())
        .unwrap_or_default();
    let rows: Vec<Row> = result.collect().await?;
    result.drop_result().await?;
    Ok(Rows {
        columns,
        rows: rows.into_iter().map(texts).collect(),
    })
}

fn texts(row: Row) -> Vec<Option<String>> {
    row.unwrap_raw()
        .into_iter()
        .map(|value| match value {
            Some(Value::Bytes(bytes)) => Some(
                String::from_utf8(bytes)
                    .unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned()),
            ),
            // The text protocol sends only bytes and NULL.
            _ => None,
        })
        .collect()
}

/// Returns a fixed text for a driver error. The driver's own text may quote the statement.
fn kind(error: &mysql_async::Error) -> &'static str {
    match error {
        mysql_async::Error::Io(_) => "the connection broke",
        mysql_async::Error::Driver(_) => "the connection was closed",
        _ => "the answer could not be decoded",
    }
}
