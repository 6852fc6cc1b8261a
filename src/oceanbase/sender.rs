//! Sends commands on a connection of its own, which is kept between them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::client::{Account, Connect, QueryError, Rows, Session, code_of};
use super::command::{Command, Guard, SESSION_SETUP, limit};
use super::destination::Place;
use super::error::explain_refusal;
use super::model::{Answer, DatabaseId, FailureClass, Job, JobKey, recovery_window};
use super::validity::Validity;
use super::version::Version;
use super::view::{self, Query};
use crate::telemetry::Metrics;

/// How much longer than the database the client waits: the answer has a way to go.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the looks before a statement may take, each.
const LOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// After how long a statement whose answer was lost is surely over, run or not.
#[must_use]
pub fn surely_over(command_timeout: Duration) -> Duration {
    command_timeout + PATIENCE + Duration::from_secs(1)
}

pub(super) struct Sender {
    connect: Arc<dyn Connect>,
    metrics: Metrics,
    validity: Validity,
    /// The database whose commands these are.
    database: DatabaseId,
    session: Option<(Account, Box<dyn Session>)>,
    /// Whether the last try to open a session failed.
    is_shut_out: bool,
}

/// Why a command is not sent.
enum Stop {
    Answer(Answer),
    /// The session broke before anything was sent.
    Broken(String),
}

impl Sender {
    pub(super) fn new(
        database: DatabaseId,
        connect: Arc<dyn Connect>,
        metrics: Metrics,
        validity: Validity,
    ) -> Self {
        Self {
            connect,
            metrics,
            validity,
            database,
            session: None,
            is_shut_out: false,
        }
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
        if let Some(encryption) = command.encryption() {
            return self
                .send_alone(account, version, command, &encryption)
                .await;
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
            Ok(answer) | Err(Stop::Answer(answer)) => answer,
            Err(Stop::Broken(why)) => return Answer::NotSent(why),
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
        encryption: &SecretString,
    ) -> Answer {
        let mut session = match self.open(account).await {
            Ok(session) => session,
            Err(answer) => return answer,
        };
        let encryption = Some(encryption);
        match self
            .script(session.as_mut(), version, command, encryption)
            .await
        {
            Ok(answer) | Err(Stop::Answer(answer)) => answer,
            Err(Stop::Broken(why)) => Answer::NotSent(why),
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
        let session = self.connect.connect(account).await;
        let mut session = session.map_err(|error| error.to_string())?;
        let mut ask = async |text: &str| {
            let answer = session.query(text, LOOK_TIMEOUT).await;
            answer.map_err(|error| error.to_string())
        };
        ask(SESSION_SETUP).await?;
        let parameters = ask(&Query::Identity.text(Version::OLDEST)).await?;
        let bootstrap = ask(&Query::Bootstrap.text(Version::OLDEST)).await?;
        let identity =
            view::identity(&parameters, &bootstrap).map_err(|error| error.to_string())?;
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
        encryption: Option<&SecretString>,
    ) -> Result<Answer, Stop> {
        session
            .query(&limit(command.timeout()), LOOK_TIMEOUT)
            .await
            .map_err(|error| Stop::Broken(error.to_string()))?;
        self.check_validity()?;
        self.look(session, version, command.guard()).await?;
        let Some(text) = command.text() else {
            return Ok(Answer::Done);
        };
        if let Some(encryption) = encryption {
            self.encrypt(session, encryption).await?;
        }
        // Again: whoever took over while this process stood still may have sent it by now, and what
        // the look has shown is from before.
        self.check_validity()?;
        let began = Instant::now();
        let answer = session.query(&text, command.timeout() + PATIENCE).await;
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
            Ok(_) => Answer::Done,
            Err(QueryError::Lost(why)) => Answer::Unknown(why),
            Err(QueryError::Server(error)) => {
                let failure = explain_refusal(&error);
                match failure.class {
                    FailureClass::AlreadySo => Answer::Done,
                    FailureClass::Unknown => Answer::Unknown(failure.message),
                    FailureClass::NotYet | FailureClass::Permanent => Answer::Refused(failure),
                }
            }
        })
    }

    /// Protects the next backup of the session. Without a plain yes there is no backup: it would
    /// be one that anybody can restore.
    async fn encrypt(
        &self,
        session: &mut dyn Session,
        statement: &SecretString,
    ) -> Result<(), Stop> {
        let began = Instant::now();
        let answer = session.query(statement.expose_secret(), LOOK_TIMEOUT).await;
        let code = code_of(&answer);
        self.metrics
            .statement("set_encryption", &code, began.elapsed());
        match answer {
            Ok(_) => Ok(()),
            Err(QueryError::Server(error)) => {
                Err(Stop::Answer(Answer::Refused(explain_refusal(&error))))
            }
            Err(QueryError::Lost(why)) => Err(Stop::Broken(why)),
        }
    }

    fn check_validity(&self) -> Result<(), Stop> {
        if self.validity.is_valid() {
            return Ok(());
        }
        Err(Stop::Answer(Answer::NotSent(
            "the lease has ended: another operator acts now".to_owned(),
        )))
    }

    async fn look(
        &self,
        session: &mut dyn Session,
        version: Version,
        guard: Guard,
    ) -> Result<(), Stop> {
        match guard {
            Guard::None => Ok(()),
            // Running before ended: a row that moves in between is then seen in the second.
            Guard::NoJobWithKey(key) => {
                let running = Query::RunningJobsByKey(key.clone());
                not_sent_before(&self.jobs(session, version, &running).await?, &key)?;
                let ended = Query::JobHistoryByKey(key.clone());
                not_sent_before(&self.jobs(session, version, &ended).await?, &key)
            }
            Guard::FreePlace { key, places } => {
                let running = self.jobs(session, version, &Query::RunningJobs).await?;
                not_sent_before(&running, &key)?;
                let ended = Query::JobHistoryByKey(key.clone());
                not_sent_before(&self.jobs(session, version, &ended).await?, &key)?;
                free_place(&running, places)
            }
            Guard::NoLogDestination(tenant_id) => {
                let query = Query::ArchiveDestOf(tenant_id);
                let rows = self.ask(session, version, &query).await?;
                let dests = view::archive_dests(&rows);
                let dests = dests.map_err(|error| Stop::Broken(error.to_string()))?;
                none_set(dests.contains_key(&tenant_id))
            }
            Guard::SameLogDestination { tenant_id, place } => {
                let query = Query::ArchiveDestOf(tenant_id);
                let rows = self.ask(session, version, &query).await?;
                let dests = view::archive_dests(&rows);
                let dests = dests.map_err(|error| Stop::Broken(error.to_string()))?;
                let shown = dests.get(&tenant_id);
                let shown = shown.map(|dest| Place::read_back(&dest.path));
                if shown.is_some_and(|shown| place.is_same_as(&shown)) {
                    return Ok(());
                }
                Err(withheld("somebody has set another destination meanwhile"))
            }
            Guard::NoDataDestination(tenant_id) => {
                let query = Query::DataDestOf(tenant_id);
                let rows = self.ask(session, version, &query).await?;
                let dests = view::data_dests(&rows);
                let dests = dests.map_err(|error| Stop::Broken(error.to_string()))?;
                none_set(dests.contains_key(&tenant_id))
            }
            Guard::PolicyIs {
                tenant_id,
                recovery_window: wanted,
            } => {
                let rows = self.ask(session, version, &Query::Policies).await?;
                let policies = view::policies(&rows);
                let policies = policies.map_err(|error| Stop::Broken(error.to_string()))?;
                let shown = policies
                    .get(&tenant_id)
                    .and_then(|all| recovery_window(all));
                match shown {
                    None => Err(withheld("the policy is gone")),
                    Some(shown) if shown == wanted => Ok(()),
                    Some(_) => Err(withheld("somebody has replaced the policy meanwhile")),
                }
            }
            Guard::OnlyRunningJob { tenant_id, key } => {
                let jobs = self.jobs(session, version, &Query::RunningJobs).await?;
                let parents: Vec<_> = jobs
                    .iter()
                    .filter(|job| job.description == key.as_str())
                    .map(|job| (job.tenant_id, job.id))
                    .collect();
                let mut running = jobs
                    .iter()
                    .filter(|job| job.tenant_id == tenant_id && !job.status.is_terminal())
                    .peekable();
                let ours = |job: &Job| {
                    job.description == key.as_str()
                        || parents.contains(&(job.initiator_tenant_id, job.initiator_job_id))
                };
                if running.peek().is_none() {
                    return Err(withheld("the backup does not run any more"));
                }
                if running.all(ours) {
                    Ok(())
                } else {
                    Err(withheld("another backup runs"))
                }
            }
        }
    }

    async fn jobs(
        &self,
        session: &mut dyn Session,
        version: Version,
        query: &Query,
    ) -> Result<Vec<Job>, Stop> {
        let rows = self.ask(session, version, query).await?;
        // A look that can not be understood is no look: nothing is sent.
        view::jobs(&rows).map_err(|error| Stop::Broken(error.to_string()))
    }

    async fn ask(
        &self,
        session: &mut dyn Session,
        version: Version,
        query: &Query,
    ) -> Result<Rows, Stop> {
        let began = Instant::now();
        let answer = session.query(&query.text(version), LOOK_TIMEOUT).await;
        let code = code_of(&answer);
        self.metrics.statement(query.name(), &code, began.elapsed());
        answer.map_err(|error| match error {
            QueryError::Server(error) => Stop::Answer(Answer::Refused(explain_refusal(&error))),
            QueryError::Lost(why) => Stop::Broken(why),
        })
    }
}

fn not_sent_before(jobs: &[Job], key: &JobKey) -> Result<(), Stop> {
    if jobs.iter().any(|job| job.description == key.as_str()) {
        return Err(Stop::Answer(Answer::AlreadySent));
    }
    Ok(())
}

/// Commands to one cluster are sent one after the other, and a job's row is there when its
/// statement is answered: whatever two tasks have seen, only one of them gets the last place.
fn free_place(running: &[Job], places: usize) -> Result<(), Stop> {
    let ours: BTreeSet<_> = running
        .iter()
        .filter(|job| !job.status.is_terminal())
        .map(|job| job.description.as_str())
        .filter(|description| description.starts_with(JobKey::PREFIX))
        .collect();
    if ours.len() < places {
        return Ok(());
    }
    let running = ours.len();
    Err(withheld(&format!("{running} of {places} running")))
}

fn none_set(is_set: bool) -> Result<(), Stop> {
    if is_set {
        return Err(withheld("somebody has set a destination meanwhile"));
    }
    Ok(())
}

fn withheld(why: &str) -> Stop {
    Stop::Answer(Answer::Withheld(why.to_owned()))
}

#[cfg(test)]
mod tests;
