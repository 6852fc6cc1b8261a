//! Recovery of tables into an existing tenant (RECOVER TABLE). The database restores into an
//! auxiliary tenant, which it creates and drops.

use std::sync::Arc;

use super::{Effect, Evaluation, ObservedTarget, Outcome, RecoveryDecision, Step};
use crate::api::Cause;
use crate::domain::{Blocker, cause, shortened, time};
use crate::oceanbase::model::{
    AuxiliaryTenant, Restore, RestoreKey, RestoreStatus, Scn, Tenant, TenantName,
};

/// Longest name of a tenant in a status, in bytes.
const MAX_TENANT_NAME_BYTES: usize = 128;

impl Evaluation<'_> {
    /// Returns the effect RECOVER TABLE. The target must be readable: otherwise the tenant counts as
    /// gone.
    pub(super) fn recover_tables(
        &self,
        tenant: TenantName,
        key: RestoreKey,
        until: Option<Scn>,
        pools: Vec<String>,
    ) -> Result<Effect, Blocker> {
        let target = self.observed.target.as_ref().ok();
        let observed = target.and_then(|target| target.tenant.as_deref());
        match observed {
            Some(observed) => Ok(Effect::RecoverTables {
                tenant,
                tenant_id: observed.id,
                key,
                until,
                pools,
            }),
            None => Err(Blocker::permanent(
                "TenantNotFound",
                format!(
                    "tenant '{tenant}', the target of the tables, does not exist any more: name \
                     another tenant in a new RecoveryTask"
                ),
            )),
        }
    }

    pub(super) fn find_job(&self, tenant: TenantName, key: RestoreKey) -> Effect {
        if self.is_of_tables() {
            return Effect::FindTables { tenant, key };
        }
        Effect::Find { tenant, key }
    }

    pub(super) fn cancel_job(&self, tenant: TenantName, key: RestoreKey) -> Effect {
        if self.is_of_tables() {
            return Effect::CancelTables { tenant, key };
        }
        Effect::Cancel { tenant, key }
    }

    /// Retries after the target changed right before RECOVER TABLE. The target may change back.
    pub(super) fn retry_after_target_change(mut self, why: &str) -> RecoveryDecision {
        self.status.cause = Some(cause(
            "TargetNotReady",
            &format!(
                "nothing was sent ({why}). The target must be a primary tenant with status NORMAL \
                 and no other recovery of tables. The operator retries; if this task fails, create a \
                 new RecoveryTask"
            ),
        ));
        self.send_again_later()
    }

    /// Records what only jobs of tables show.
    pub(super) fn record_auxiliary_tenant(&mut self, job: &Restore) {
        if let Some(name) = &job.auxiliary_tenant {
            self.status.auxiliary_tenant = Some(shortened(name.clone(), MAX_TENANT_NAME_BYTES));
        }
    }

    /// Returns the restore of the auxiliary tenant: the database shows no other progress.
    pub(super) fn job_with_progress<'b>(&'b self, job: &'b Restore) -> &'b Restore {
        let target = self.observed.target.as_ref().ok();
        let restores = target.and_then(|target| target.restores.as_deref());
        let of_auxiliary = restores.zip(job.auxiliary_tenant.as_ref());
        let found = of_auxiliary.and_then(|(restores, name)| {
            let mut all = restores.restores.iter();
            all.find(|restore| restore.tenant_name == *name)
        });
        found.unwrap_or(job)
    }

    /// Ends the task after the import of the tables. If it created resources, they are dropped first:
    /// the auxiliary tenant no longer needs them.
    pub(super) fn complete_import(mut self, job: &Restore) -> RecoveryDecision {
        self.status.restored_time = Some(time(job.ended_at.unwrap_or(self.now)));
        self.status.progress = Some("100%".to_owned());
        self.status.cause = None;
        if self.spec().target.resources.create.is_none() {
            return self.end(Outcome::Completed);
        }
        self.status.ending = Some(Outcome::Completed.word().to_owned());
        self.enter(Step::CleaningUp);
        self.clean_up()
    }

    /// Returns whether the database is already canceling the job of tables.
    pub(super) fn is_canceling(&self, job: &Restore) -> bool {
        self.is_of_tables() && job.status == RestoreStatus::Restoring("CANCELING".to_owned())
    }

    /// Returns the auxiliary tenant of the recovery's own job, while it exists.
    pub(super) fn auxiliary<'b>(&self, target: &'b ObservedTarget) -> Option<&'b Arc<Tenant>> {
        let name = self.status.auxiliary_tenant.as_ref()?;
        target
            .auxiliary
            .as_ref()
            .filter(|tenant| tenant.name == *name)
    }

    /// Drops the auxiliary tenant after a failure; `None` while the database drops it itself.
    pub(super) fn drop_auxiliary(&self, left: &Tenant) -> Option<Effect> {
        let succeeded = self.status.restored_time.is_some();
        if succeeded || left.status == "DROPPING" {
            return None;
        }
        let (tenant, key) = self.names()?;
        Some(Effect::DropAuxiliary {
            tenant,
            auxiliary: AuxiliaryTenant::parse(&left.name)?,
            auxiliary_id: left.id,
            key,
        })
    }

    /// Returns the cause for a failed job of tables that shows none.
    pub(super) fn unexplained_table_failure() -> Cause {
        cause(
            "TableRecoveryFailed",
            "the database's job failed without a cause: check CDB_OB_RECOVER_TABLE_JOB_HISTORY, \
             then create a new RecoveryTask",
        )
    }
}
