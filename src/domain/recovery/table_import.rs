//! Special handling of the recovery of tables into an existing tenant, through an auxiliary tenant
//! that the engine creates and drops.

use std::sync::Arc;

use super::{Effect, Evaluation, ObservedTarget, Outcome, RecoveryDecision, Step};
use crate::api::Cause;
use crate::domain::{Blocker, cause, shortened, time};
use crate::oceanbase::model::{
    AuxiliaryTenant, Restore, RestoreKey, RestoreStatus, Scn, Tenant, TenantName,
};

/// Longest name of a tenant in a status, in bytes.
const NAME_LIMIT: usize = 128;

impl Evaluation<'_> {
    /// Returns RECOVER TABLE into the observed tenant.
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

    /// Handles a change right before RECOVER TABLE; the state may change back.
    pub(super) fn not_ready(mut self, why: &str) -> RecoveryDecision {
        self.status.cause = Some(cause(
            "TargetNotReady",
            &format!(
                "nothing was sent ({why}). Tables need a primary tenant in normal state without \
                 another recovery of tables. Create a new RecoveryTask when the tenant is ready"
            ),
        ));
        self.send_again_later()
    }

    /// Records what only jobs of tables show.
    pub(super) fn record_auxiliary(&mut self, job: &Restore) {
        if let Some(name) = &job.auxiliary_tenant {
            self.status.auxiliary_tenant = Some(shortened(name.clone(), NAME_LIMIT));
        }
    }

    /// Returns the restore of the auxiliary tenant: the engine shows no other progress.
    pub(super) fn progress_of<'b>(&'b self, job: &'b Restore) -> &'b Restore {
        let target = self.observed.target.as_ref().ok();
        let restores = target.and_then(|target| target.restores.as_deref());
        let of_auxiliary = restores.zip(job.auxiliary_tenant.as_ref());
        let found = of_auxiliary.and_then(|(restores, name)| {
            let mut all = restores.restores.iter();
            all.find(|restore| restore.tenant_name == *name)
        });
        found.unwrap_or(job)
    }

    /// Cleans up after the import of the tables: the resources of the auxiliary tenant are no
    /// longer needed.
    pub(super) fn imported(mut self, job: &Restore) -> RecoveryDecision {
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

    /// Drops the auxiliary tenant after a failure; `None` while the engine drops it itself.
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
    pub(super) fn no_cause_of_tables() -> Cause {
        cause(
            "TableRecoveryFailed",
            "the database's job failed without a cause: check CDB_OB_RECOVER_TABLE_JOB_HISTORY, \
             then create a new RecoveryTask",
        )
    }
}
