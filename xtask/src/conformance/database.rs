//! The session of a run, and the queries of the run.

use std::fmt;
use std::time::Duration;

use oceanbase_backup_operator::oceanbase::client::{
    Account, Connect, ConnectError, QueryError, Rows, Session,
};
use oceanbase_backup_operator::oceanbase::model::{
    ArchiveDest, BackupSet, CleanupJob, DeletePolicy, Job, JobId, JobKey, Piece, Pool, Restore,
    RestoreKey, Round, TenantId, Unit,
};
use oceanbase_backup_operator::oceanbase::mysql::MySql;
use oceanbase_backup_operator::oceanbase::query::{
    self, CleanupQuery, ParsedRows, Query, RestoreQuery, TenantRow, ViewError,
};
use oceanbase_backup_operator::oceanbase::statement::{Command, SESSION_SETUP, limit};
use oceanbase_backup_operator::oceanbase::version::Version;
use secrecy::ExposeSecret;

/// Limit on the time of a query.
const QUERY_TIMEOUT: Duration = Duration::from_secs(10);
/// How much longer than the database the client waits.
const GRACE_PERIOD: Duration = Duration::from_secs(5);

/// The reason of a failed read.
#[derive(Clone, Debug)]
pub(super) struct ReadError {
    text: String,
    /// Whether another try may succeed: the connection was lost.
    pub(super) is_passing: bool,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for ReadError {}

impl From<ReadError> for String {
    fn from(why: ReadError) -> Self {
        why.text
    }
}

impl ReadError {
    /// Creates the error of a query without an answer.
    pub(super) fn new(query: &Query, error: &QueryError) -> Self {
        Self {
            text: format!("query `{}`: {error}", query.name()),
            is_passing: matches!(error, QueryError::Lost(_)),
        }
    }

    /// Creates the error of rows that the operator cannot read.
    pub(super) fn of_rows(problem: impl Into<String>) -> Self {
        Self {
            text: problem.into(),
            is_passing: false,
        }
    }
}

impl From<ViewError> for ReadError {
    fn from(error: ViewError) -> Self {
        Self {
            text: error.to_string(),
            is_passing: false,
        }
    }
}

/// A session of the sys tenant, which is reopened after a loss.
pub(super) struct Database {
    account: Account,
    session: Option<Box<dyn Session>>,
    /// The version that the server reports.
    pub(super) version: Version,
    /// Whether it is the community edition.
    pub(super) is_community: bool,
}

impl Database {
    /// Logs in and reads the version.
    pub(super) async fn open(account: Account) -> anyhow::Result<Self> {
        let mut database = Self {
            account,
            session: None,
            version: Version::OLDEST,
            is_community: false,
        };
        database.session = Some(database.connect().await?);
        let answer = database.ask(&Query::Version).await;
        let answer = answer.map_err(|error| anyhow::anyhow!("the version: {error}"))?;
        (database.version, database.is_community) = query::version(&answer)?;
        Ok(database)
    }

    async fn connect(&self) -> Result<Box<dyn Session>, ConnectError> {
        let mut session = MySql.connect(&self.account).await?;
        let setup = session.query(SESSION_SETUP, QUERY_TIMEOUT).await;
        setup.map_err(|error| ConnectError::Unreachable(error.to_string()))?;
        Ok(session)
    }

    /// Closes the session. Its settings reach no later statement.
    pub(super) fn close(&mut self) {
        self.session = None;
    }

    /// Runs a statement. A session that has lost an answer is not used again.
    pub(super) async fn run(&mut self, text: &str, timeout: Duration) -> Result<Rows, QueryError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self
                .connect()
                .await
                .map_err(|error| QueryError::Lost(error.to_string()))?,
        };
        let answer = session.query(text, timeout + GRACE_PERIOD).await;
        if !matches!(answer, Err(QueryError::Lost(_))) {
            self.session = Some(session);
        }
        answer
    }

    /// Sends a command as the operator does: with its session settings, time limit and text.
    pub(super) async fn send(&mut self, command: &Command) -> Result<Rows, QueryError> {
        let preface = command.preface();
        if preface.is_some() {
            self.close();
        }
        self.run(&limit(command.timeout()), QUERY_TIMEOUT).await?;
        if let Some(preface) = &preface {
            self.run(preface.text.expose_secret(), QUERY_TIMEOUT)
                .await?;
        }
        let text = command.text().unwrap_or_default();
        let answer = self.run(&text, command.timeout()).await;
        if preface.is_some() {
            self.close();
        }
        answer
    }

    /// Runs a query of the operator.
    pub(super) async fn ask(&mut self, query: &Query) -> Result<Rows, QueryError> {
        let text = query.text(self.version);
        self.run(&text, QUERY_TIMEOUT).await
    }

    /// Runs a query of the operator, if the release answers it.
    async fn read(&mut self, query: impl Into<Query>) -> Result<Rows, ReadError> {
        let query = query.into();
        let answer = self.ask(&query).await;
        answer.map_err(|error| ReadError::new(&query, &error))
    }

    /// Returns the user tenants.
    pub(super) async fn tenants(&mut self) -> Result<Vec<TenantRow>, ReadError> {
        let rows = self.read(Query::Tenants).await?;
        Ok(query::tenants(self.version, &rows)?)
    }

    /// Returns the user tenant of this name.
    pub(super) async fn tenant(&mut self, name: &str) -> Result<Option<TenantRow>, ReadError> {
        let mut tenants = self.tenants().await?.into_iter();
        Ok(tenants.find(|tenant| tenant.name == name))
    }

    /// Returns the current round of a tenant.
    pub(super) async fn round(&mut self, tenant: TenantId) -> Result<Option<Round>, ReadError> {
        let rows = self.read(Query::Rounds).await?;
        Ok(query::rounds(&rows)?.remove(&tenant))
    }

    /// Returns the log destination of a tenant.
    pub(super) async fn log_dest(
        &mut self,
        tenant: TenantId,
    ) -> Result<Option<ArchiveDest>, ReadError> {
        let rows = self.read(Query::ArchiveDestOf(tenant)).await?;
        Ok(query::archive_dests(&rows)?.remove(&tenant))
    }

    /// Returns the data destination of a tenant.
    pub(super) async fn data_dest(
        &mut self,
        tenant: TenantId,
    ) -> Result<Option<String>, ReadError> {
        let rows = self.read(Query::DataDestOf(tenant)).await?;
        Ok(query::data_dests(&rows)?.remove(&tenant))
    }

    /// Returns the policies of a tenant.
    pub(super) async fn policies(
        &mut self,
        tenant: TenantId,
    ) -> Result<Vec<DeletePolicy>, ReadError> {
        let rows = self.read(Query::Policies).await?;
        Ok(query::policies(&rows)?.remove(&tenant).unwrap_or_default())
    }

    /// Returns the running jobs of all tenants and of sys.
    pub(super) async fn running_jobs(&mut self) -> Result<Vec<Job>, ReadError> {
        let rows = self.read(Query::RunningJobs).await?;
        let jobs = query::jobs(&rows)?.into_iter();
        Ok(jobs.filter(|job| !job.status.is_terminal()).collect())
    }

    /// Returns the jobs with this key, running ones first. A row that moves to the history between
    /// the two reads is in the second.
    pub(super) async fn jobs(&mut self, key: &JobKey) -> Result<Vec<Job>, ReadError> {
        let rows = self.read(Query::RunningJobsByKey(key.clone())).await?;
        let mut jobs = query::jobs(&rows)?;
        let rows = self.read(Query::JobHistoryByKey(key.clone())).await?;
        jobs.extend(query::jobs(&rows)?);
        Ok(jobs)
    }

    /// Returns the backup sets of a tenant that are not deleted.
    pub(super) async fn sets(&mut self, tenant: TenantId) -> Result<Vec<BackupSet>, ReadError> {
        let rows = self.read(Query::Sets).await?;
        Ok(query::sets(&rows)?.remove(&tenant).unwrap_or_default())
    }

    /// Returns the archive pieces of a tenant that are not deleted.
    pub(super) async fn pieces(&mut self, tenant: TenantId) -> Result<Vec<Piece>, ReadError> {
        let rows = self.read(Query::Pieces).await?;
        Ok(query::pieces(&rows)?.remove(&tenant).unwrap_or_default())
    }

    /// Returns whether an upgrade of the cluster runs.
    pub(super) async fn is_upgrading(&mut self) -> Result<bool, ReadError> {
        let rows = self.read(Query::UpgradeMode).await?;
        Ok(query::upgrade_mode(&rows)?)
    }

    /// Returns the cleanups that sys started after this one, running or ended.
    pub(super) async fn cleanups(&mut self, after: JobId) -> Result<Vec<CleanupJob>, ReadError> {
        let running = self.read(CleanupQuery::OwnJobsAfter(after)).await?;
        let mut jobs = legible(query::cleanups(&running))?;
        let ended = self.read(CleanupQuery::OwnHistoryAfter(after)).await?;
        jobs.extend(legible(query::cleanups(&ended))?);
        Ok(jobs)
    }

    /// Returns the running cleanups of a tenant.
    pub(super) async fn cleanups_of(
        &mut self,
        tenant: TenantId,
    ) -> Result<Vec<CleanupJob>, ReadError> {
        let rows = self.read(CleanupQuery::JobsOf(tenant)).await?;
        let jobs = legible(query::cleanups(&rows))?.into_iter();
        Ok(jobs.filter(|job| !job.status.is_terminal()).collect())
    }

    /// Returns the restore with this key, running or ended.
    pub(super) async fn restore(&mut self, key: &RestoreKey) -> Result<Option<Restore>, ReadError> {
        let rows = self.read(RestoreQuery::ProgressByKey(key.clone())).await?;
        let running = legible(query::restores(&rows, false))?;
        let rows = self.read(RestoreQuery::HistoryByKey(key.clone())).await?;
        let ended = legible(query::restores(&rows, true))?;
        Ok(ended.into_iter().chain(running).next())
    }

    /// Returns the recovery of tables with this key, running or ended.
    pub(super) async fn table_recovery(
        &mut self,
        key: &RestoreKey,
    ) -> Result<Option<Restore>, ReadError> {
        let rows = self.read(RestoreQuery::TableJobsByKey(key.clone())).await?;
        let running = legible(query::tables(&rows, false))?;
        let rows = self
            .read(RestoreQuery::TableHistoryByKey(key.clone()))
            .await?;
        let ended = legible(query::tables(&rows, true))?;
        let mut jobs = ended.into_iter().chain(running);
        Ok(jobs.find(|job| job.has_key(key)))
    }

    /// Returns the resource pools.
    pub(super) async fn pools(&mut self) -> Result<Vec<Pool>, ReadError> {
        let rows = self.read(RestoreQuery::Pools).await?;
        legible(query::pools(&rows))
    }

    /// Returns the resource units.
    pub(super) async fn units(&mut self) -> Result<Vec<Unit>, ReadError> {
        let rows = self.read(RestoreQuery::Units).await?;
        legible(query::units(&rows))
    }
}

/// Returns the rows if all of them can be read.
pub(super) fn legible<T>(read: ParsedRows<T>) -> Result<Vec<T>, ReadError> {
    match read.unreadable.into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(read.rows),
    }
}
