//! Sender of commands to one database.
//!
//! # Flow
//!
//! * `Sender::send` reuses its session, or opens one and checks that it leads to the expected
//!   database.
//! * It rejects a command that the release does not support.
//! * It checks the upgrade mode, if the command needs that, and the command's precondition.
//! * It checks the lease again and sends the statement.
//! * After a refused RESTORE or RECOVER TABLE, it looks for the job, which may have started
//!   nevertheless.
//!
//! # Guarantees
//!
//! * No command is sent with less than `MIN_TIMEOUT` of the lease left.
//! * The precondition of a command is checked on the same session, right before the statement.
//! * When the lease ends, the sender stops waiting and drops the session.
//! * A session with a password setting is used for one command only.
//! * After a lost response, the session is not used again.
//!
//! # Assumptions
//!
//! * The database stops a statement after `ob_query_timeout`.
//! * The account belongs to the sys tenant.
//!
//! # Caveats
//!
//! * The check and the statement are not one transaction. Another tool may act between them.
//! * A statement can reach the database late if the network was cut; see [`statement_lifetime`].

mod precondition;
mod storage_update;
mod tenant_session;
mod verification;

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::time::Instant;

pub use verification::Inspection;

use super::capability::Capability;
use super::client::{Account, Connect, QueryError, Rows, Session, code_of};
use super::error::{MISSING_PRIVILEGE, explain, explain_missing, explain_refusal};
use super::lease_guard::LeaseGuard;
use super::model::{Answer, DatabaseId, Failure, FailureClass};
use super::query::{self, Query};
use super::statement::{Command, SESSION_SETUP, SessionSetting, limit};
use super::version::Version;
use crate::telemetry::Metrics;

/// Additional time for which the client waits, compared to the database: the response must travel
/// back.
const RESPONSE_GRACE_PERIOD: Duration = Duration::from_secs(5);

/// Timeout of each check before a statement.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// Minimum remaining time of the lease to send a statement. A response takes milliseconds, and some
/// hundred on a busy server. Even a lease of one second has more time left while it is renewed.
const MIN_TIMEOUT: Duration = Duration::from_millis(500);

/// Returns the time after which a statement with a lost response has certainly ended, if it reached
/// the database in time. If the network was cut, the statement may arrive later: the kernel
/// retransmits for minutes, and the driver offers no limit (`TCP_USER_TIMEOUT`). This is rare,
/// because the checks before each statement have just used the same connection.
#[must_use]
pub fn statement_lifetime(command_timeout: Duration) -> Duration {
    command_timeout + RESPONSE_GRACE_PERIOD + Duration::from_secs(1)
}

/// Message of everything that the end of the lease stops.
const LEASE_ENDED: &str = "the lease has ended: another replica of the operator is active";

/// Returns the failure for a statement that the release would reject or misunderstand.
fn not_supported(version: Version, capability: Capability) -> Failure {
    let summary = capability.row().map_or("this", |row| row.summary);
    Failure {
        reason: "NotSupportedByVersion",
        message: format!(
            "OceanBase {version} does not support this ({summary}); docs/releases.md lists the \
             releases that support it"
        ),
        class: FailureClass::Permanent,
        passing: false,
        ..explain(1235)
    }
}

pub(super) struct Sender {
    connect: Arc<dyn Connect>,
    metrics: Metrics,
    lease_guard: LeaseGuard,
    /// Database that the commands are for.
    database: DatabaseId,
    session: Option<(Account, Box<dyn Session>)>,
    /// Whether the last attempt to open a session failed.
    is_shut_out: bool,
}

/// Reason why a command is not sent.
enum SendError {
    Answer(Answer),
    /// The session broke before the statement was sent.
    Broken(String),
}

impl Sender {
    pub(super) fn new(
        database: DatabaseId,
        connect: Arc<dyn Connect>,
        metrics: Metrics,
        lease_guard: LeaseGuard,
    ) -> Self {
        Self {
            connect,
            metrics,
            lease_guard,
            database,
            session: None,
            is_shut_out: false,
        }
    }

    /// Returns another sender for the same database, with its own session.
    pub(super) fn another(&self) -> Self {
        Self::new(
            self.database.clone(),
            Arc::clone(&self.connect),
            self.metrics.clone(),
            self.lease_guard.clone(),
        )
    }

    /// Returns whether the last command was not sent because no session could be opened. The
    /// reader then checks the account and the endpoints.
    pub(super) fn is_shut_out(&self) -> bool {
        self.is_shut_out
    }

    /// Opens a session if there is none, checks the precondition, and sends the command.
    pub(super) async fn send(
        &mut self,
        account: &Account,
        version: Version,
        command: &Command,
    ) -> Answer {
        self.is_shut_out = false;
        if let Some(preface) = command.preface() {
            return self.send_alone(account, version, command, &preface).await;
        }
        // Taken out while in use: if this future is dropped, no session with a pending response
        // remains.
        let mut session = match self.session.take() {
            Some((known, session)) if known == *account => session,
            _ => match self.open(account).await {
                Ok(session) => session,
                Err(answer) => return answer,
            },
        };
        let answer = match self.script(session.as_mut(), version, command, None).await {
            Ok(answer) | Err(SendError::Answer(answer)) => answer,
            Err(SendError::Broken(why)) => return Answer::NotSent(why),
        };
        if !matches!(answer, Answer::Unknown(_)) {
            self.session = Some((account.clone(), session));
        }
        answer
    }

    /// Sends the command on a new session, which is closed afterwards.
    async fn send_alone(
        &mut self,
        account: &Account,
        version: Version,
        command: &Command,
        preface: &SessionSetting,
    ) -> Answer {
        let mut session = match self.open(account).await {
            Ok(session) => session,
            Err(answer) => return answer,
        };
        match self
            .script(session.as_mut(), version, command, Some(preface))
            .await
        {
            Ok(answer) | Err(SendError::Answer(answer)) => answer,
            Err(SendError::Broken(why)) => Answer::NotSent(why),
        }
    }

    async fn open(&mut self, account: &Account) -> Result<Box<dyn Session>, Answer> {
        let opened = self.log_in(account).await;
        self.is_shut_out = opened.is_err();
        opened.map_err(Answer::NotSent)
    }

    /// Opens a session and checks that it leads to the expected database. A name or load balancer
    /// may now lead to another one, whose tenants have the same names.
    async fn log_in(&self, account: &Account) -> Result<Box<dyn Session>, String> {
        let session = tokio::select! {
            biased;
            () = self.lease_guard.ended() => return Err(LEASE_ENDED.to_owned()),
            session = self.connect.connect(account) => session,
        };
        let mut session = session.map_err(|error| error.to_string())?;
        let mut ask = async |text: &str| {
            let answer = self
                .ask_in_time(session.as_mut(), text, LOOKUP_TIMEOUT)
                .await;
            answer.map_err(|error| error.to_string())
        };
        ask(SESSION_SETUP).await?;
        let parameters = ask(&Query::Identity.text(Version::OLDEST)).await?;
        let bootstrap = ask(&Query::Bootstrap.text(Version::OLDEST)).await?;
        let identity =
            query::identity(&parameters, &bootstrap).map_err(|error| error.to_string())?;
        if identity.database() != self.database {
            return Err(format!(
                "the endpoint leads to another database: cluster {} (id {}), created at {}",
                identity.cluster_name, identity.cluster_id, identity.created_at
            ));
        }
        Ok(session)
    }

    async fn script(
        &self,
        session: &mut dyn Session,
        version: Version,
        command: &Command,
        preface: Option<&SessionSetting>,
    ) -> Result<Answer, SendError> {
        self.check_validity()?;
        if let Some(capability) = command.needs().filter(|needed| !version.can(*needed)) {
            return Ok(Answer::Refused(not_supported(version, capability)));
        }
        self.ask_in_time(session, &limit(command.timeout()), LOOKUP_TIMEOUT)
            .await
            .map_err(|error| SendError::Broken(error.to_string()))?;
        if command.waits_for_upgrade() {
            self.check_upgrade_mode(session, version).await?;
        }
        self.check(session, version, command.precondition()).await?;
        // A command without a text is a search. Its precondition has found nothing.
        let Some(text) = command.text() else {
            return Ok(Answer::NotFound);
        };
        if let Some(preface) = preface {
            self.apply_setting(session, preface).await?;
        }
        // Checked again: if this process was stopped, another operator may have acted since the
        // check.
        self.check_validity()?;
        let began = Instant::now();
        let timeout = command.timeout() + RESPONSE_GRACE_PERIOD;
        let answer = self.ask_in_time(session, &text, timeout).await;
        let code = code_of(&answer);
        self.metrics
            .statement(command.name(), &code, began.elapsed());
        tracing::info!(
            statement = command.name(),
            tenant = %command.tenant(),
            %code,
            "statement executed"
        );
        Ok(match answer {
            Ok(_) => match command.question() {
                None => Answer::Done,
                Some(question) => self.show(session, version, command, &question).await?,
            },
            Err(QueryError::Lost(why)) => Answer::Unknown(why),
            Err(QueryError::Server(error)) => {
                let failure = command.refusal(&error);
                match failure.class {
                    FailureClass::AlreadySo => Answer::Done,
                    FailureClass::Unknown => Answer::Unknown(failure.message),
                    FailureClass::NotYet | FailureClass::Permanent => match command.search() {
                        None => Answer::Refused(failure),
                        Some(search) => self.refused(session, version, search, failure).await,
                    },
                }
            }
        })
    }

    /// Queries the result that the command has prepared. The database reads the storage only now,
    /// which may take as long as the command.
    async fn show(
        &self,
        session: &mut dyn Session,
        version: Version,
        command: &Command,
        question: &Query,
    ) -> Result<Answer, SendError> {
        let began = Instant::now();
        let text = question.text(version);
        let answer = self.ask_in_time(session, &text, command.timeout() + RESPONSE_GRACE_PERIOD);
        let answer = answer.await;
        let code = code_of(&answer);
        self.metrics
            .statement(question.name(), &code, began.elapsed());
        match answer {
            Ok(rows) => match query::preview(&rows) {
                Ok(rows) => Ok(Answer::Preview(rows)),
                Err(error) => Err(SendError::Broken(error.to_string())),
            },
            Err(QueryError::Server(error)) => Ok(Answer::Refused(command.refusal(&error))),
            Err(QueryError::Lost(why)) => Ok(Answer::Unknown(why)),
        }
    }

    /// Sets the password of the next backup, or the passwords for a restore. If this fails, the
    /// command is not sent: an unprotected backup could be restored without a password.
    async fn apply_setting(
        &self,
        session: &mut dyn Session,
        preface: &SessionSetting,
    ) -> Result<(), SendError> {
        let began = Instant::now();
        let statement = preface.text.expose_secret();
        let answer = self.ask_in_time(session, statement, LOOKUP_TIMEOUT).await;
        let code = code_of(&answer);
        self.metrics.statement(preface.name, &code, began.elapsed());
        match answer {
            Ok(_) => Ok(()),
            Err(QueryError::Server(error)) => {
                let failure = if error.code == MISSING_PRIVILEGE {
                    explain_missing(preface.privilege, &error)
                } else {
                    explain_refusal(&error)
                };
                Err(SendError::Answer(precondition::not_asked(failure)))
            }
            Err(QueryError::Lost(why)) => Err(SendError::Broken(why)),
        }
    }

    /// Queries while the lease is valid. When it ends, the response counts as lost and the session
    /// is not used again.
    async fn ask_in_time(
        &self,
        session: &mut dyn Session,
        text: &str,
        timeout: Duration,
    ) -> Result<Rows, QueryError> {
        tokio::select! {
            biased;
            () = self.lease_guard.ended() => Err(QueryError::Lost(LEASE_ENDED.to_owned())),
            answer = session.query(text, timeout) => answer,
        }
    }

    fn check_validity(&self) -> Result<(), SendError> {
        if self.lease_guard.left() >= MIN_TIMEOUT {
            return Ok(());
        }
        Err(SendError::Answer(Answer::NotSent(LEASE_ENDED.to_owned())))
    }
}

#[cfg(test)]
mod tests;
