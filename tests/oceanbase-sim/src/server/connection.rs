//! One connection: login, then commands until it ends.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::answer;
use super::command::Command;
use super::handshake::{self, LoginRequest, Nonce, Opening};
use super::packet::{Packets, WireError};
use crate::value::{Backend, End, Login, Reply, SqlError};

/// Serves one connection until the client leaves, is rejected, or breaks the protocol.
pub(super) async fn converse<L: Login>(
    stream: TcpStream,
    id: u32,
    login: Arc<L>,
    tls: Option<TlsAcceptor>,
) -> Result<(), WireError> {
    let nonce = handshake::draw_nonce()?;
    let mut packets = Packets::new(stream);
    packets.push(&handshake::greeting(id, &nonce, tls.is_some()));
    packets.flush().await?;

    match (handshake::opening(&packets.receive().await?)?, tls) {
        (Opening::Login(request), _) => serve(packets, login, nonce, request).await,
        (Opening::Tls, Some(acceptor)) => {
            let mut packets = packets.secure(&acceptor).await?;
            match handshake::opening(&packets.receive().await?)? {
                Opening::Login(request) => serve(packets, login, nonce, request).await,
                Opening::Tls => Err(WireError::Malformed("TLS inside TLS")),
            }
        }
        (Opening::Tls, None) => {
            packets.push(&answer::error(&refusal(1043, "08S01", "Bad handshake")));
            packets.flush().await
        }
    }
}

/// Logs in and runs the commands that follow.
async fn serve<S, L>(
    mut packets: Packets<S>,
    login: Arc<L>,
    nonce: Nonce,
    request: LoginRequest,
) -> Result<(), WireError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    L: Login,
{
    let capabilities = request.capabilities;
    let Some(backend) = authenticate(&mut packets, login.as_ref(), &nonce, request).await? else {
        return Ok(());
    };
    let mut session = Session {
        packets,
        login,
        nonce,
        capabilities,
        backend,
    };
    while session.next_command().await? == Flow::Goes {}
    Ok(())
}

/// Authenticates the client and answers it; `None` if it is rejected.
async fn authenticate<S, L>(
    packets: &mut Packets<S>,
    login: &L,
    nonce: &Nonce,
    request: LoginRequest,
) -> Result<Option<L::Backend>, WireError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    L: Login,
{
    let scramble = if request.native {
        request.scramble
    } else {
        packets.push(&handshake::auth_switch(nonce));
        packets.flush().await?;
        packets.receive().await?
    };
    let opened = login.login(&request.user, &scramble, nonce, request.database.as_deref());
    packets.push(&match &opened {
        Ok(_) => answer::ok(),
        Err(refused) => answer::error(refused),
    });
    packets.flush().await?;
    Ok(opened.ok())
}

/// Whether a connection continues after a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Goes,
    Ends,
}

/// A connection whose client is logged in.
struct Session<S, L: Login> {
    packets: Packets<S>,
    login: Arc<L>,
    nonce: Nonce,
    capabilities: u32,
    backend: L::Backend,
}

impl<S, L> Session<S, L>
where
    S: AsyncRead + AsyncWrite + Unpin,
    L: Login,
{
    async fn next_command(&mut self) -> Result<Flow, WireError> {
        self.packets.begin_exchange();
        let packet = self.packets.receive().await?;
        match Command::parse(&packet)? {
            Command::Quit => Ok(Flow::Ends),
            Command::Query(text) => self.query(text).await,
            Command::InitDatabase(name) => {
                let used = match str::from_utf8(name) {
                    Ok(name) => self.backend.use_database(name),
                    Err(_) => Err(not_text()),
                };
                self.reply(used).await
            }
            Command::Ping => self.reply(Ok(())).await,
            Command::ResetConnection => {
                self.backend.reset();
                self.reply(Ok(())).await
            }
            Command::ChangeUser(body) => self.change_user(body).await,
            // `obmp_statistic.cpp` answers this text in any state of the server.
            Command::Statistics => self.send(b"Active threads not support").await,
            Command::Prepare => self.reply(Err(prepare_disabled())).await,
            Command::Unanswered => Ok(Flow::Goes),
            Command::Unsupported => {
                let refused = refusal(1235, "0A000", "Not supported feature or function");
                self.reply(Err(refused)).await
            }
            Command::Unknown => {
                self.reply(Err(refusal(1047, "08S01", "Unknown command")))
                    .await
            }
        }
    }

    async fn query(&mut self, text: &[u8]) -> Result<Flow, WireError> {
        let Ok(text) = str::from_utf8(text) else {
            return self.reply(Err(not_text())).await;
        };
        let Reply {
            delay,
            outcomes,
            end,
        } = self.backend.execute(text);
        // Even a zero sleep can wait for the timer's next millisecond.
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
            if !self.backend.survives() {
                return Ok(Flow::Ends);
            }
        }
        let error = match end {
            End::HangUp => return Ok(Flow::Ends),
            End::Error(error) => Some(error),
            End::Complete if outcomes.is_empty() => Some(refusal(1065, "42000", "Query was empty")),
            End::Complete => None,
        };
        let answers = outcomes.len() + usize::from(error.is_some());
        for (position, outcome) in outcomes.iter().enumerate() {
            answer::push_outcome(&mut self.packets, outcome, position + 1 < answers);
        }
        if let Some(error) = error {
            self.packets.push(&answer::error(&error));
        }
        self.packets.flush().await?;
        Ok(Flow::Goes)
    }

    async fn change_user(&mut self, body: &[u8]) -> Result<Flow, WireError> {
        let request = handshake::change_user(body, self.capabilities)?;
        let login = self.login.as_ref();
        match authenticate(&mut self.packets, login, &self.nonce, request).await? {
            Some(backend) => {
                self.backend = backend;
                Ok(Flow::Goes)
            }
            None => Ok(Flow::Ends),
        }
    }

    async fn reply(&mut self, result: Result<(), SqlError>) -> Result<Flow, WireError> {
        let packet = match result {
            Ok(()) => answer::ok(),
            Err(error) => answer::error(&error),
        };
        self.send(&packet).await
    }

    async fn send(&mut self, packet: &[u8]) -> Result<Flow, WireError> {
        self.packets.push(packet);
        self.packets.flush().await?;
        Ok(Flow::Goes)
    }
}

fn refusal(code: u16, state: &'static str, message: &str) -> SqlError {
    SqlError {
        code,
        state,
        message: message.to_owned(),
    }
}

fn not_text() -> SqlError {
    refusal(1300, "HY000", "Invalid utf8mb4 character string")
}

fn prepare_disabled() -> SqlError {
    refusal(
        1235,
        "0A000",
        "while parameter _ob_enable_prepared_statement is disabled, \
         prepared statement not supported",
    )
}
