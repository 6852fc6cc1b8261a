//! Checks before backups are deleted.

use super::{SendError, Sender, quiet, withheld};
use crate::oceanbase::client::Session;
use crate::oceanbase::model::{Answer, CleanupJob, CleanupKind, JobId, TenantId};
use crate::oceanbase::query::{self, CleanupQuery, Query};
use crate::oceanbase::version::Version;

impl Sender {
    /// Checks that no cleanup of the tenant runs, that sys has started none after this one, and
    /// that no backup runs. Sys writes the row of each cleanup to its own table within the
    /// statement, but other views may lag. Sys passes the cleanup on to the tenant later, so that
    /// an earlier one may be about to start. A backup that has started since may depend on what
    /// would be deleted.
    pub(super) async fn no_cleanup(
        &self,
        session: &mut dyn Session,
        version: Version,
        (tenant_id, kind): (TenantId, CleanupKind),
        (after, again): (JobId, bool),
    ) -> Result<(), SendError> {
        // Running before ended: a row that moves in between then appears in the second query.
        let from = if again { after } else { JobId(0) };
        let of_sys = CleanupQuery::OwnJobsAfter(from);
        let of_sys = self.cleanups(session, version, of_sys).await?;
        let ended = CleanupQuery::OwnHistoryAfter(after);
        let ended = self.cleanups(session, version, ended).await?;
        let all = of_sys.iter().chain(&ended);
        let mut since = all.filter(|job| job.id > after && job.is_for(tenant_id));
        if again {
            let is_sent = since.any(|job| job.kind == kind);
            return if is_sent {
                Err(SendError::Answer(Answer::AlreadySent))
            } else {
                Ok(())
            };
        }
        if since.next().is_some() {
            return Err(withheld("another tool has started another cleanup"));
        }
        let backups = self.jobs(session, version, &Query::RunningJobs).await?;
        quiet(&backups, tenant_id)?;
        let of_tenant = CleanupQuery::JobsOf(tenant_id);
        let of_tenant = self.cleanups(session, version, of_tenant).await?;
        let of_sys = of_sys.iter().filter(|job| job.is_for(tenant_id));
        let mut running = of_sys.chain(&of_tenant);
        if running.any(|job| !job.status.is_terminal()) {
            return Err(withheld("another cleanup of the tenant is running"));
        }
        Ok(())
    }

    /// Checks that this is the tenant's only running cleanup.
    pub(super) async fn only_cleanup(
        &self,
        session: &mut dyn Session,
        version: Version,
        tenant_id: TenantId,
        job_id: JobId,
    ) -> Result<(), SendError> {
        let running = CleanupQuery::JobsOf(tenant_id);
        let running = self.cleanups(session, version, running).await?;
        let mut running = running
            .iter()
            .filter(|job| !job.status.is_terminal())
            .peekable();
        if running.peek().is_none() {
            return Err(withheld("the cleanup is not running any more"));
        }
        if running.all(|job| job.id == job_id) {
            Ok(())
        } else {
            Err(withheld("another cleanup is running"))
        }
    }

    async fn cleanups(
        &self,
        session: &mut dyn Session,
        version: Version,
        query: CleanupQuery,
    ) -> Result<Vec<CleanupJob>, SendError> {
        let rows = self.ask(session, version, &query.into()).await?;
        let read = query::cleanups(&rows);
        // A result that cannot be read is no valid check: the statement is not sent.
        match read.unreadable.first() {
            Some(error) => Err(SendError::Broken(error.to_string())),
            None => Ok(read.rows),
        }
    }
}
