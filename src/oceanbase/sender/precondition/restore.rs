//! Checks of restores, and of their resources and tenants.

use super::{SendError, Sender, withheld};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::client::{Rows, Session};
use crate::oceanbase::model::{
    Answer, Failure, ResourceName, Restore, RestoreKey, RestoreStatus, TenantId, TenantName,
};
use crate::oceanbase::query::{self, ParsedRows, Query, RestoreQuery, TenantRow};
use crate::oceanbase::statement::Precondition;
use crate::oceanbase::version::Version;

impl Sender {
    /// Checks a precondition of a restore. All other preconditions have been checked before.
    pub(super) async fn check_restore(
        &self,
        session: &mut dyn Session,
        version: Version,
        precondition: Precondition,
    ) -> Result<(), SendError> {
        match precondition {
            Precondition::NeverRestored { tenant, key } => {
                self.never_restored(session, version, &tenant, &key).await
            }
            Precondition::NoRestoreWithKey(key) => self.no_restore(session, version, &key).await,
            Precondition::RestoreRuns { tenant, key } => {
                self.restore_runs(session, version, &tenant, &key).await
            }
            Precondition::RestoreFailed {
                or_succeeded,
                tenant,
                tenant_id,
                key,
            } => {
                let left = (&tenant, tenant_id);
                self.restore_failed(session, version, left, &key, or_succeeded)
                    .await
            }
            Precondition::PoolIsFree(pool) => self.pool_is_free(session, version, &pool).await,
            Precondition::UnitIsUnused(unit) => self.unit_is_unused(session, version, &unit).await,
            Precondition::TenantIs {
                tenant,
                tenant_id,
                role,
            } => {
                let found = self.tenant(session, version, &tenant, tenant_id).await?;
                // Without the column, every tenant counts as primary.
                if found.role == role || !version.can(Capability::TenantRole) {
                    return Ok(());
                }
                Err(withheld(&format!(
                    "the role of the tenant is {} now",
                    found.role
                )))
            }
            _ => Ok(()),
        }
    }

    /// Checks that there has never been a restore with this key and that no tenant has this name.
    ///
    /// The check and the statement are not one transaction. Another restore to the same name may
    /// come between them. The database then rejects the second tenant with the name.
    async fn never_restored(
        &self,
        session: &mut dyn Session,
        version: Version,
        tenant: &TenantName,
        key: &RestoreKey,
    ) -> Result<(), SendError> {
        self.no_restore(session, version, key).await?;
        let tenants = self.tenants(session, version).await?;
        // It depends on the database's settings whether `Orders` and `orders` differ.
        let is_there = |row: &TenantRow| row.name.eq_ignore_ascii_case(tenant.as_str());
        if tenants.iter().any(is_there) {
            return Err(withheld(&format!("tenant '{tenant}' exists already")));
        }
        Ok(())
    }

    /// Checks that no restore has this key. Running before ended: a row that moves in between then
    /// appears in the second query. The views of all tenants may lag. Sys writes its own row within
    /// the statement, and can read it from then on.
    async fn no_restore(
        &self,
        session: &mut dyn Session,
        version: Version,
        key: &RestoreKey,
    ) -> Result<(), SendError> {
        let mut queries = vec![
            (RestoreQuery::ProgressByKey(key.clone()), false),
            (RestoreQuery::HistoryByKey(key.clone()), true),
        ];
        // Before V4.1, the views of all tenants show only the rows of sys.
        if version.can(Capability::TenantRole) {
            queries.push((RestoreQuery::OwnProgressByKey(key.clone()), false));
            queries.push((RestoreQuery::OwnHistoryByKey(key.clone()), true));
        }
        self.no_job(session, version, queries, query::restores, key)
            .await
    }

    /// Checks with each of these queries that no job has this key.
    pub(super) async fn no_job(
        &self,
        session: &mut dyn Session,
        version: Version,
        queries: Vec<(RestoreQuery, bool)>,
        read: Read,
        key: &RestoreKey,
    ) -> Result<(), SendError> {
        let mut found = None;
        for (query, ended) in queries {
            let job = self.job(session, version, query, ended, read, key);
            let Some(restore) = job.await? else {
                continue;
            };
            // An ended job contains more than a running one, and the first query more than the
            // others.
            let is_over = restore.status.is_terminal();
            if is_over || found.is_none() {
                found = Some(restore);
            }
            if is_over {
                break;
            }
        }
        match found {
            Some(restore) => Err(SendError::Answer(Answer::Restore(Box::new(restore)))),
            None => Ok(()),
        }
    }

    /// Returns the outcome of a rejected RESTORE or RECOVER TABLE. The database may reject a
    /// statement after it has started the job, because it responds when the tenant is created or
    /// has failed.
    pub(in crate::oceanbase::sender) async fn refused(
        &self,
        session: &mut dyn Session,
        version: Version,
        search: Precondition,
        failure: Failure,
    ) -> Answer {
        match self.check(session, version, search).await {
            Ok(()) => Answer::Refused(failure),
            Err(SendError::Answer(Answer::Restore(restore))) => Answer::Restore(restore),
            Err(_) => Answer::Unknown(failure.message),
        }
    }

    /// Checks that the restore with this key now creates this tenant.
    async fn restore_runs(
        &self,
        session: &mut dyn Session,
        version: Version,
        tenant: &TenantName,
        key: &RestoreKey,
    ) -> Result<(), SendError> {
        let query = RestoreQuery::ProgressByKey(key.clone());
        match self.restore(session, version, query, false, key).await? {
            Some(restore) if restore.status.is_closing() => {
                Err(withheld("the restore has ended already"))
            }
            Some(restore) if restore.tenant_name == tenant.as_str() => Ok(()),
            Some(_) => Err(withheld("the restore creates another tenant")),
            None => Err(withheld("the restore is not running any more")),
        }
    }

    /// Checks that the restore with this key has failed, or succeeded if that is sufficient, and
    /// has left this tenant.
    async fn restore_failed(
        &self,
        session: &mut dyn Session,
        version: Version,
        (tenant, tenant_id): (&TenantName, TenantId),
        key: &RestoreKey,
        or_succeeded: bool,
    ) -> Result<(), SendError> {
        let query = RestoreQuery::ProgressByKey(key.clone());
        let running = self.restore(session, version, query, false, key).await?;
        let query = RestoreQuery::HistoryByKey(key.clone());
        let ended = self.restore(session, version, query, true, key).await?;
        let restore = match (ended, running) {
            (Some(ended), _) if ended.status == RestoreStatus::Fail => ended,
            (Some(ended), _) if or_succeeded && ended.status == RestoreStatus::Success => ended,
            (Some(_), _) => return Err(withheld("the restore has not failed")),
            (None, Some(running)) if !version.can(Capability::CancelRestore) => running,
            (None, Some(_)) => return Err(withheld("the restore is still running")),
            (None, None) => return Err(withheld("the database shows no such restore")),
        };
        if restore.tenant_id != Some(tenant_id) || restore.tenant_name != tenant.as_str() {
            return Err(withheld("the restore created another tenant"));
        }
        let found = self.tenant(session, version, tenant, tenant_id).await;
        found.map(drop)
    }

    /// Checks that no tenant owns the pool.
    async fn pool_is_free(
        &self,
        session: &mut dyn Session,
        version: Version,
        pool: &ResourceName,
    ) -> Result<(), SendError> {
        let rows = self
            .ask(session, version, &RestoreQuery::Pools.into())
            .await?;
        let pools = all(query::pools(&rows))?;
        let known = pools.iter().find(|known| known.name == pool.as_str());
        match known {
            None => Err(withheld("the resource pool does not exist any more")),
            Some(known) if known.tenant_id.is_none() => Ok(()),
            Some(_) => Err(withheld("the resource pool belongs to a tenant")),
        }
    }

    /// Checks that no pool uses the unit.
    async fn unit_is_unused(
        &self,
        session: &mut dyn Session,
        version: Version,
        unit: &ResourceName,
    ) -> Result<(), SendError> {
        let rows = self
            .ask(session, version, &RestoreQuery::Units.into())
            .await?;
        let units = all(query::units(&rows))?;
        let Some(known) = units.iter().find(|known| known.name == unit.as_str()) else {
            return Err(withheld("the resource unit does not exist any more"));
        };
        let rows = self
            .ask(session, version, &RestoreQuery::Pools.into())
            .await?;
        let pools = all(query::pools(&rows))?;
        if pools.iter().any(|pool| pool.unit_id == known.id) {
            return Err(withheld("a resource pool uses the resource unit"));
        }
        Ok(())
    }

    /// Returns the tenant with this name, which must have this number. A tenant that was dropped
    /// and recreated has another number.
    pub(in crate::oceanbase::sender) async fn tenant(
        &self,
        session: &mut dyn Session,
        version: Version,
        name: &TenantName,
        id: TenantId,
    ) -> Result<TenantRow, SendError> {
        self.tenant_named(session, version, name.as_str(), id).await
    }

    pub(super) async fn tenant_named(
        &self,
        session: &mut dyn Session,
        version: Version,
        name: &str,
        id: TenantId,
    ) -> Result<TenantRow, SendError> {
        let tenants = self.tenants(session, version).await?;
        let found = tenants.into_iter().find(|row| row.name == name);
        match found {
            None => Err(withheld("the tenant does not exist any more")),
            Some(row) if row.id == id => Ok(row),
            Some(_) => Err(withheld("another tenant has this name now")),
        }
    }

    async fn tenants(
        &self,
        session: &mut dyn Session,
        version: Version,
    ) -> Result<Vec<TenantRow>, SendError> {
        let rows = self.ask(session, version, &Query::Tenants).await?;
        query::tenants(version, &rows).map_err(|error| SendError::Broken(error.to_string()))
    }

    /// Returns the newest restore with this key that the query shows. For tables, the newest of
    /// this request.
    async fn restore(
        &self,
        session: &mut dyn Session,
        version: Version,
        query: RestoreQuery,
        ended: bool,
        key: &RestoreKey,
    ) -> Result<Option<Restore>, SendError> {
        self.job(session, version, query, ended, query::restores, key)
            .await
    }

    /// Returns the newest restore, or recovery of tables, with this key.
    pub(super) async fn job(
        &self,
        session: &mut dyn Session,
        version: Version,
        query: RestoreQuery,
        ended: bool,
        read: Read,
        key: &RestoreKey,
    ) -> Result<Option<Restore>, SendError> {
        let rows = self.ask(session, version, &query.into()).await?;
        let restores = all(read(&rows, ended))?;
        if restores.is_empty() && !rows.rows.is_empty() {
            let why = "the database shows only the tenant's own row of the restore";
            return Err(SendError::Broken(why.to_owned()));
        }
        let asked = restores.into_iter().filter(|it| it.is_of_request(key));
        Ok(asked.max_by_key(|restore| restore.job_id))
    }
}

/// Parser of job rows, which are those of running or of ended jobs.
pub(super) type Read = fn(&Rows, bool) -> ParsedRows<Restore>;

/// Returns all rows. A result that cannot be read is no valid check: the statement is not sent.
pub(super) fn all<T>(read: ParsedRows<T>) -> Result<Vec<T>, SendError> {
    match read.unreadable.into_iter().next() {
        Some(error) => Err(SendError::Broken(error.to_string())),
        None => Ok(read.rows),
    }
}
