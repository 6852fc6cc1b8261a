//! Checks of recoveries of tables, and of their tenants.

use super::restore::all;
use super::{SendError, Sender, withheld};
use crate::oceanbase::client::Session;
use crate::oceanbase::model::{
    AuxiliaryTenant, Restore, RestoreKey, RestoreStatus, TenantId, TenantName,
};
use crate::oceanbase::query::{self, RestoreQuery};
use crate::oceanbase::statement::Precondition;
use crate::oceanbase::version::Version;

impl Sender {
    /// Checks a precondition of a statement about tables. All other preconditions have been checked
    /// before.
    pub(super) async fn check_tables(
        &self,
        session: &mut dyn Session,
        version: Version,
        precondition: Precondition,
    ) -> Result<(), SendError> {
        match precondition {
            Precondition::NeverRecovered {
                tenant,
                tenant_id,
                key,
            } => {
                self.never_recovered(session, version, &tenant, tenant_id, &key)
                    .await
            }
            Precondition::NoTablesWithKey(key) => self.no_tables(session, version, &key).await,
            Precondition::OnlyTables { tenant, key } => {
                self.only_tables(session, version, &tenant, &key).await
            }
            Precondition::AuxiliaryLeft {
                auxiliary,
                auxiliary_id,
                key,
            } => {
                self.auxiliary_left(session, version, &auxiliary, auxiliary_id, &key)
                    .await
            }
            _ => Ok(()),
        }
    }

    /// Checks that there has never been a recovery of tables with this key, and that the tenant is
    /// still the observed one. Also checks that no other recovery brings tables into the tenant. Of
    /// two concurrent recoveries, neither could be canceled alone.
    ///
    /// The check and the statement are not one transaction. Statements with the same key come from
    /// one object, one after the other. The row of a job exists when its statement is answered.
    async fn never_recovered(
        &self,
        session: &mut dyn Session,
        version: Version,
        tenant: &TenantName,
        tenant_id: TenantId,
        key: &RestoreKey,
    ) -> Result<(), SendError> {
        self.no_tables(session, version, key).await?;
        let found = self.tenant(session, version, tenant, tenant_id).await?;
        if found.role != "PRIMARY" || found.status != "NORMAL" {
            return Err(withheld(&format!(
                "the tenant has role {} and status {} now",
                found.role, found.status
            )));
        }
        let running = self.running_tables(session, version, tenant).await?;
        if running.is_empty() {
            return Ok(());
        }
        Err(withheld(
            "another recovery of tables into the tenant is running",
        ))
    }

    /// Checks that no recovery of tables has this key, as [`Sender::no_restore`] does for restores.
    async fn no_tables(
        &self,
        session: &mut dyn Session,
        version: Version,
        key: &RestoreKey,
    ) -> Result<(), SendError> {
        let queries = vec![
            (RestoreQuery::TableJobsByKey(key.clone()), false),
            (RestoreQuery::TableHistoryByKey(key.clone()), true),
            (RestoreQuery::OwnTableJobsByKey(key.clone()), false),
            (RestoreQuery::OwnTableHistoryByKey(key.clone()), true),
        ];
        self.no_job(session, version, queries, query::tables, key)
            .await
    }

    /// Checks that the recovery with this key is the only recovery of tables into the tenant.
    async fn only_tables(
        &self,
        session: &mut dyn Session,
        version: Version,
        tenant: &TenantName,
        key: &RestoreKey,
    ) -> Result<(), SendError> {
        let running = self.running_tables(session, version, tenant).await?;
        if running.is_empty() {
            return Err(withheld("the recovery is not running any more"));
        }
        if running.iter().all(|job| job.has_key(key)) {
            return Ok(());
        }
        Err(withheld(
            "another recovery of tables into the tenant is running, and the statement would cancel \
             it too",
        ))
    }

    async fn running_tables(
        &self,
        session: &mut dyn Session,
        version: Version,
        tenant: &TenantName,
    ) -> Result<Vec<Restore>, SendError> {
        let rows = self
            .ask(session, version, &RestoreQuery::TableJobs.into())
            .await?;
        let mut jobs = all(query::tables(&rows, false))?;
        jobs.retain(|job| job.tenant_name == tenant.as_str());
        Ok(jobs)
    }

    /// Checks that the recovery with this key has failed and has left this auxiliary tenant.
    async fn auxiliary_left(
        &self,
        session: &mut dyn Session,
        version: Version,
        auxiliary: &AuxiliaryTenant,
        auxiliary_id: TenantId,
        key: &RestoreKey,
    ) -> Result<(), SendError> {
        let query = RestoreQuery::TableHistoryByKey(key.clone());
        let ended = self
            .job(session, version, query, true, query::tables, key)
            .await?;
        let has_failed = |job: &Restore| job.has_key(key) && job.status == RestoreStatus::Fail;
        let Some(job) = ended.filter(has_failed) else {
            return Err(withheld("the recovery has not failed"));
        };
        if job.auxiliary_tenant.as_deref() != Some(auxiliary.as_str()) {
            return Err(withheld("the recovery created another tenant"));
        }
        let found = self.tenant_named(session, version, auxiliary.as_str(), auxiliary_id);
        found.await.map(drop)
    }
}
