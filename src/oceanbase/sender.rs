//! Sends commands on a connection of its own, which is kept between them.

mod precondition;
mod storage_update;
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

/// How much longer than the database the client waits: the answer has a way to go.
const RESPONSE_GRACE_PERIOD: Duration = Duration::from_secs(5);

/// How long the looks before a statement may take, each.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// With less than this left of the lease nothing is begun: an answer takes some milliseconds, and on a
/// busy server some hundred. A lease that is renewed has always more left, also one of a second.
const MIN_TIMEOUT: Duration = Duration::from_millis(500);

/// After how long a statement whose answer was lost is surely over, run or not, once it has reached
/// the database. One that is on its way when the network is cut may reach it later: the kernel
/// sends again what was not acknowledged, for minutes, and the driver gives no way to limit that
/// (`TCP_USER_TIMEOUT`). It is rare: the looks right before each statement have just gone that way.
#[must_use]
pub fn surely_over(command_timeout: Duration) -> Duration {
    command_timeout + RESPONSE_GRACE_PERIOD + Duration::from_secs(1)
}

/// What is said of all that the end of the lease stops.
const LEASE_ENDED: &str = "the lease has ended: another operator acts now";

/// Returns why a statement is not sent to a release that would reject or misunderstand it.
fn not_supported(version: Version, capability: Capability) -> Failure {
    let summary = capability.row().map_or("this", |row| row.summary);
    Failure {
        reason: "NotSupportedByVersion",
        message: format!(
            "OceanBase {version} does not support it ({summary}); see docs/releases.md for the \
             releases that do"
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
    /// The database whose commands these are.
    database: DatabaseId,
    session: Option<(Account, Box<dyn Session>)>,
    /// Whether the last try to open a session failed.
    is_shut_out: bool,
}

/// Why a command is not sent.
enum SendError {
    Answer(Answer),
    /// The session broke before anything was sent.
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

    /// Another one of the same database, with a session of its own.
    pub(super) fn another(&self) -> Self {
        Self::new(
            self.database.clone(),
            Arc::clone(&self.connect),
            self.metrics.clone(),
            self.lease_guard.clone(),
        )
    }

    /// Whether the last command was not sent because no session could be opened: what is known of
    /// the account or of the endpoints is then in doubt.
    pub(super) fn is_shut_out(&self) -> bool {
        self.is_shut_out
    }

    /// Opens a session where there is none, looks where the command's guard says so, and sends.
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
        // Taken out while it is used: a future that is dropped in the middle leaves no session
        // with an answer still on its way.
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

    /// Sends on a session of its own, which ends with it.
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

    /// Opens a session, and makes sure that it leads to the database that was read: a name or a
    /// balancer may lead to another one by now, whose tenants have the same names.
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
                "the endpoint leads to another database now: cluster {} (id {}) of {}",
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
        let Some(text) = command.text() else {
            return Ok(Answer::Done);
        };
        if let Some(preface) = preface {
            self.apply_setting(session, preface).await?;
        }
        // Again: whoever took over while this process stood still may have sent it by now, and what
        // the look has shown is from before.
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
            "sent"
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

    /// Asks what the command before has prepared. It is now that the database reads the store, and may
    /// take as long as for the command.
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

    /// Protects the next backup of the session, or gives it the passwords of what it restores.
    /// Without a plain yes nothing is sent: it would be a backup that anybody can restore.
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

    /// Asks for as long as the lease lasts: when it ends, the answer counts as lost, and the session
    /// is used no more.
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
