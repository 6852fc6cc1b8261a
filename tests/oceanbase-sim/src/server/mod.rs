//! The MySQL protocol interface: a listening port that speaks as an observer does.
//!
//! Text protocol only, with EOF packets, `mysql_native_password` and, where a certificate is
//! given, TLS. What a statement answers is the business of the [`Backend`](crate::value::Backend)
//! that a [`Login`] opens; this module only carries it over the wire, faults included.
//!
//! * `packet` framing, sequence numbers, the split at 16 MiB
//! * `field` integers and strings inside packets
//! * `handshake` greeting, login and change of user
//! * `password` `mysql_native_password`
//! * `command` what a client asks
//! * `answer` OK, EOF, ERR, result sets
//! * `connection` one connection from greeting to end

mod answer;
mod command;
mod connection;
mod field;
mod handshake;
mod packet;
mod password;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{copy, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

pub use self::password::verify;
use crate::value::{Acceptance, Login};

/// Delay after a failed accept: without it, a lack of file descriptors causes a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A node's SQL port.
pub struct Server<L> {
    listener: TcpListener,
    login: Arc<L>,
    tls: Option<TlsAcceptor>,
}

impl<L: Login> Server<L> {
    /// Listens on `addr`; a port that another server has just left can be used at once.
    ///
    /// TLS is offered, not required, if `tls` is given.
    pub async fn bind(
        addr: SocketAddr,
        login: Arc<L>,
        tls: Option<Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        Ok(Self {
            listener,
            login,
            tls: tls.map(TlsAcceptor::from),
        })
    }

    /// Returns the address that it listens on, with the port that the system chose.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the future is dropped, which closes the port and breaks every connection.
    pub async fn run(self) {
        let mut connections = JoinSet::new();
        let mut next_id = 1_u32;
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        self.receive(stream, next_id, &mut connections);
                        next_id = next_id.wrapping_add(1);
                    }
                    Err(error) => {
                        tracing::warn!(%error, "connection not accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(ended) = connections.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "connection failed");
                    }
                }
            }
        }
    }

    fn receive(&self, stream: TcpStream, id: u32, connections: &mut JoinSet<()>) {
        match self.login.accepts() {
            Acceptance::Serve => {
                let (login, tls) = (Arc::clone(&self.login), self.tls.clone());
                connections.spawn(serve(stream, id, login, tls));
            }
            Acceptance::Refuse => drop(stream),
            Acceptance::Silent => {
                connections.spawn(hold(stream));
            }
        }
    }
}

async fn serve<L: Login>(stream: TcpStream, id: u32, login: Arc<L>, tls: Option<TlsAcceptor>) {
    // An answer is one write; waiting for more data would only delay it.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(id, %error, "no delay not set");
    }
    if let Err(error) = connection::converse(stream, id, login, tls).await {
        tracing::debug!(id, %error, "connection ended");
    }
}

/// Sends nothing until the client gives up.
async fn hold(mut stream: TcpStream) {
    // Any end is acceptable: no answer of a silent node is expected.
    drop(copy(&mut stream, &mut sink()).await);
}
