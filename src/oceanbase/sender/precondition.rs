//! Checks right before a statement is sent, on the same session.

mod cleanup;
mod restore;
mod tables;

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::{LOOKUP_TIMEOUT, SendError, Sender};
use crate::oceanbase::client::{QueryError, Rows, Session, code_of};
use crate::oceanbase::destination::Location;
use crate::oceanbase::error::explain_refusal;
use crate::oceanbase::model::{
    Answer, Destinations, Failure, FailureClass, Job, JobKey, TenantId, recovery_window,
};
use crate::oceanbase::query::{self, Query};
use crate::oceanbase::statement::Precondition;
use crate::oceanbase::version::Version;

impl Sender {
    /// Checks a precondition. Returns the reason if the statement must not be sent.
    pub(super) async fn check(
        &self,
        session: &mut dyn Session,
        version: Version,
        precondition: Precondition,
    ) -> Result<(), SendError> {
        match precondition {
            Precondition::None => Ok(()),
            // Running before ended: a row that moves in between then appears in the second query.
            Precondition::NoJobWithKey(key) => {
                let running = Query::RunningJobsByKey(key.clone());
                not_sent_before(&self.jobs(session, version, &running).await?, &key)?;
                self.not_ended(session, version, &key).await?;
                self.not_late(session, version, &key).await
            }
            Precondition::ConcurrencySlot {
                tenant_id,
                key,
                slots,
            } => {
                let running = self.jobs(session, version, &Query::RunningJobs).await?;
                not_sent_before(&running, &key)?;
                self.not_late(session, version, &key).await?;
                let ended = Query::JobHistoryByKey(key.clone());
                not_sent_before(&self.jobs(session, version, &ended).await?, &key)?;
                free_slot(&running, tenant_id, slots)
            }
            Precondition::NoLogDestination(tenant_id) => {
                none_set(self.log_dest(session, version, tenant_id).await?.is_some())
            }
            Precondition::SameLogDestination {
                tenant_id,
                location,
            } => same_location(self.log_dest(session, version, tenant_id).await?, &location),
            Precondition::QuietLogDestination {
                tenant_id,
                location,
            } => {
                same_location(self.log_dest(session, version, tenant_id).await?, &location)?;
                let running = self.jobs(session, version, &Query::RunningJobs).await?;
                quiet(&running, tenant_id)
            }
            Precondition::SameDataDestination {
                tenant_id,
                location,
            } => same_location(
                self.data_dest(session, version, tenant_id).await?,
                &location,
            ),
            Precondition::NoDataDestination(tenant_id) => {
                none_set(self.data_dest(session, version, tenant_id).await?.is_some())
            }
            Precondition::DestinationsAre {
                tenant_id,
                observed,
            } => {
                self.destinations_are(session, version, tenant_id, &observed)
                    .await
            }
            Precondition::PolicyIs {
                tenant_id,
                recovery_window: wanted,
            } => self.policy_is(session, version, tenant_id, &wanted).await,
            Precondition::OnlyRunningJob { tenant_id, key } => {
                let jobs = self.jobs(session, version, &Query::RunningJobs).await?;
                only_running(&jobs, tenant_id, &key)
            }
            Precondition::NoCleanup {
                tenant_id,
                kind,
                after,
                again,
            } => {
                let (what, since) = ((tenant_id, kind), (after, again));
                self.no_cleanup(session, version, what, since).await
            }
            Precondition::OnlyCleanup { tenant_id, job_id } => {
                self.only_cleanup(session, version, tenant_id, job_id).await
            }
            Precondition::NeverRestored { .. }
            | Precondition::NoRestoreWithKey(_)
            | Precondition::RestoreRuns { .. }
            | Precondition::RestoreFailed { .. }
            | Precondition::PoolIsFree(_)
            | Precondition::UnitIsUnused(_)
            | Precondition::TenantIs { .. } => {
                self.check_restore(session, version, precondition).await
            }
            Precondition::NeverRecovered { .. }
            | Precondition::NoTablesWithKey(_)
            | Precondition::OnlyTables { .. }
            | Precondition::AuxiliaryLeft { .. } => {
                self.check_tables(session, version, precondition).await
            }
        }
    }

    /// Rejects a command that the cluster would not start now. The snapshot may be older than the
    /// upgrade.
    pub(super) async fn check_upgrade_mode(
        &self,
        session: &mut dyn Session,
        version: Version,
    ) -> Result<(), SendError> {
        let rows = self.ask(session, version, &Query::UpgradeMode).await?;
        let is_upgrading = query::upgrade_mode(&rows);
        if is_upgrading.map_err(|error| SendError::Broken(error.to_string()))? {
            return Err(SendError::Answer(Answer::Refused(upgrading())));
        }
        Ok(())
    }

    /// Checks that no ended job has this key. Prefers the tenant's own job, which contains more
    /// than its parent.
    async fn not_ended(
        &self,
        session: &mut dyn Session,
        version: Version,
        key: &JobKey,
    ) -> Result<(), SendError> {
        let ended = Query::JobHistoryByKey(key.clone());
        let jobs = self.jobs(session, version, &ended).await?;
        let own = jobs
            .into_iter()
            .filter(|job| job.description == key.as_str());
        let ended = own.filter(|job| job.status.is_terminal());
        match ended.max_by_key(|job| job.tenant_id) {
            Some(job) => Err(SendError::Answer(Answer::Ended(Box::new(job)))),
            None => Ok(()),
        }
    }

    /// Checks for a job whose rows appear late. `CDB_` views gather the rows of all tenants and may
    /// lag. Sys writes the parent of a backup to its own table within the statement, and can read
    /// it there from then on.
    async fn not_late(
        &self,
        session: &mut dyn Session,
        version: Version,
        key: &JobKey,
    ) -> Result<(), SendError> {
        let own = [
            Query::OwnJobsByKey(key.clone()),
            Query::OwnJobHistoryByKey(key.clone()),
        ];
        for query in own {
            if !self.ask(session, version, &query).await?.rows.is_empty() {
                return Err(SendError::Answer(Answer::AlreadySent));
            }
        }
        Ok(())
    }

    /// Checks that the tenant still has these destinations: another tool may have set others.
    async fn destinations_are(
        &self,
        session: &mut dyn Session,
        version: Version,
        tenant_id: TenantId,
        observed: &Destinations,
    ) -> Result<(), SendError> {
        let data = self.data_dest(session, version, tenant_id).await?;
        let log = self.log_dest(session, version, tenant_id).await?;
        if Destinations::new(data.as_deref(), log.as_deref()) == *observed {
            return Ok(());
        }
        Err(withheld("another tool has set another destination"))
    }

    /// Checks that the tenant's delete policy still has this window: another tool may have replaced
    /// it.
    async fn policy_is(
        &self,
        session: &mut dyn Session,
        version: Version,
        tenant_id: TenantId,
        wanted: &str,
    ) -> Result<(), SendError> {
        let rows = self.ask(session, version, &Query::Policies).await?;
        let policies = query::policies(&rows);
        let policies = policies.map_err(|error| SendError::Broken(error.to_string()))?;
        let shown = policies
            .get(&tenant_id)
            .and_then(|all| recovery_window(all));
        match shown {
            None => Err(withheld("the delete policy does not exist any more")),
            Some(shown) if shown == wanted => Ok(()),
            Some(_) => Err(withheld("another tool has replaced the delete policy")),
        }
    }

    /// Returns the destination of the tenant's logs.
    async fn log_dest(
        &self,
        session: &mut dyn Session,
        version: Version,
        tenant_id: TenantId,
    ) -> Result<Option<String>, SendError> {
        let query = Query::ArchiveDestOf(tenant_id);
        let rows = self.ask(session, version, &query).await?;
        let dests = query::archive_dests(&rows);
        let mut dests = dests.map_err(|error| SendError::Broken(error.to_string()))?;
        Ok(dests.remove(&tenant_id).map(|dest| dest.path))
    }

    /// Returns the destination of the tenant's data backups.
    async fn data_dest(
        &self,
        session: &mut dyn Session,
        version: Version,
        tenant_id: TenantId,
    ) -> Result<Option<String>, SendError> {
        let query = Query::DataDestOf(tenant_id);
        let rows = self.ask(session, version, &query).await?;
        let dests = query::data_dests(&rows);
        let mut dests = dests.map_err(|error| SendError::Broken(error.to_string()))?;
        Ok(dests.remove(&tenant_id))
    }

    async fn jobs(
        &self,
        session: &mut dyn Session,
        version: Version,
        query: &Query,
    ) -> Result<Vec<Job>, SendError> {
        let rows = self.ask(session, version, query).await?;
        // A result that cannot be read is no valid check: the statement is not sent.
        query::jobs(&rows).map_err(|error| SendError::Broken(error.to_string()))
    }

    async fn ask(
        &self,
        session: &mut dyn Session,
        version: Version,
        query: &Query,
    ) -> Result<Rows, SendError> {
        let began = Instant::now();
        let text = query.text(version);
        let answer = self.ask_in_time(session, &text, LOOKUP_TIMEOUT).await;
        let code = code_of(&answer);
        self.metrics.statement(query.name(), &code, began.elapsed());
        answer.map_err(|error| match error {
            QueryError::Server(error) => SendError::Answer(not_asked(explain_refusal(&error))),
            QueryError::Lost(why) => SendError::Broken(why),
        })
    }
}

/// Returns the outcome of a statement when a step before it was rejected. The statement was
/// certainly not sent, even if the same error of the statement itself would leave that open.
pub(super) fn not_asked(failure: Failure) -> Answer {
    match failure.class {
        FailureClass::Unknown => Answer::NotSent(failure.message),
        _ => Answer::Refused(failure),
    }
}

/// Returns the failure for a command that must wait for the end of an upgrade. The operator itself
/// rejects it.
fn upgrading() -> Failure {
    Failure {
        code: 0,
        reason: "ClusterUpgrading",
        message:
            "the cluster is being upgraded (parameter enable_upgrade_mode is True); the operator \
             sends the statement after the upgrade"
                .to_owned(),
        class: FailureClass::NotYet,
        passing: true,
    }
}

fn not_sent_before(jobs: &[Job], key: &JobKey) -> Result<(), SendError> {
    if jobs.iter().any(|job| job.description == key.as_str()) {
        return Err(SendError::Answer(Answer::AlreadySent));
    }
    Ok(())
}

fn only_running(jobs: &[Job], tenant_id: TenantId, key: &JobKey) -> Result<(), SendError> {
    let parents: Vec<_> = jobs
        .iter()
        .filter(|job| job.description == key.as_str())
        .map(|job| (job.tenant_id, job.id))
        .collect();
    let mut running = jobs
        .iter()
        .filter(|job| job.tenant_id == tenant_id && !job.status.is_terminal())
        .peekable();
    let is_own = |job: &Job| {
        job.description == key.as_str()
            || parents.contains(&(job.initiator_tenant_id, job.initiator_job_id))
    };
    if running.peek().is_none() {
        return Err(withheld("the backup is not running any more"));
    }
    if running.all(is_own) {
        Ok(())
    } else {
        Err(withheld("another backup is running"))
    }
}

/// Checks for a free slot. Commands to one cluster are sent one after the other, and the row of a
/// job exists when its statement is answered. Two tasks thus cannot both take the last slot.
fn free_slot(running: &[Job], tenant_id: TenantId, slots: usize) -> Result<(), SendError> {
    let own = running
        .iter()
        .filter(|job| job.description.starts_with(JobKey::PREFIX));
    // The database also accepts no backup until the row of the previous one has left this view.
    if own.clone().any(|job| job.tenant_id == tenant_id) {
        return Err(withheld("another backup of the tenant is running"));
    }
    let taken = own.filter(|job| !job.status.is_terminal());
    let taken: BTreeSet<_> = taken.map(|job| &job.description).collect();
    if taken.len() < slots {
        return Ok(());
    }
    Err(withheld(&format!("{} of {slots} running", taken.len())))
}

fn same_location(shown: Option<String>, location: &Location) -> Result<(), SendError> {
    let shown = shown.map(|path| Location::read_back(&path));
    if shown.is_some_and(|shown| location.is_same_as(&shown)) {
        return Ok(());
    }
    Err(withheld("another tool has set another destination"))
}

fn quiet(jobs: &[Job], tenant_id: TenantId) -> Result<(), SendError> {
    let is_running = |job: &&Job| job.tenant_id == tenant_id && !job.status.is_terminal();
    match jobs.iter().find(is_running) {
        Some(job) => Err(withheld(&format!(
            "backup job {} of the tenant is running",
            job.id
        ))),
        None => Ok(()),
    }
}

fn none_set(is_set: bool) -> Result<(), SendError> {
    if is_set {
        return Err(withheld("another tool has set a destination"));
    }
    Ok(())
}

pub(super) fn withheld(why: &str) -> SendError {
    SendError::Answer(Answer::Withheld(why.to_owned()))
}
