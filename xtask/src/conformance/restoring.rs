//! RESTORE statements of the run: their names, their keys, and their records for the clean-up.

use oceanbase_backup_operator::oceanbase::client::{QueryError, Rows};
use oceanbase_backup_operator::oceanbase::model::{ResourceName, RestoreKey, Scn, TenantName};
use oceanbase_backup_operator::oceanbase::statement::{Command, Recovery};
use tokio::time::Instant;

use super::database::{Database, ReadError};
use super::report::Verdict;
use super::suite::{Step, Stopped, Suite};

/// A RESTORE that was sent.
#[derive(Clone, Debug)]
pub(super) struct SentRestore {
    pub(super) tenant: TenantName,
    pub(super) key: RestoreKey,
    /// Until when the database may still record the job, if there was no answer.
    pub(super) unanswered_until: Option<Instant>,
}

impl Suite {
    /// Sends RESTORE if a query just before finds no tenant with the name.
    pub(super) async fn restore_as(
        &mut self,
        tenant: TenantName,
        pool: ResourceName,
        until: Scn,
        key: RestoreKey,
    ) -> Step<(Command, Result<Rows, QueryError>)> {
        let assumption = format!("No other session uses the name {tenant}");
        let evidence = "view DBA_OB_TENANTS";
        let read = is_tenant(&mut self.database, tenant.as_str()).await;
        if self.value(read, &assumption, evidence)? {
            let observation = "a tenant that is not of this run has it: left alone";
            self.add(Verdict::Mismatch, assumption, observation, evidence);
            return Err(Stopped);
        }
        Ok(self.send_restore(tenant, pool, until, key).await)
    }

    /// Sends RESTORE. It is recorded before, because a signal may interrupt it. A refused RESTORE
    /// is recorded too: the job may be recorded before the statement fails.
    pub(super) async fn send_restore(
        &mut self,
        tenant: TenantName,
        pool: ResourceName,
        until: Scn,
        key: RestoreKey,
    ) -> (Command, Result<Rows, QueryError>) {
        let command = self.restore_into(tenant.clone(), pool, until, key.clone());
        let limit = command.timeout().min(self.settings.timeout);
        self.effects.restores.push(SentRestore {
            tenant,
            key,
            unanswered_until: Some(Instant::now() + limit),
        });
        let answer = self.database.send(&command).await;
        if !matches!(answer, Err(QueryError::Lost(_)))
            && let Some(sent) = self.effects.restores.last_mut()
        {
            sent.unanswered_until = None;
        }
        (command, answer)
    }

    /// Returns the key of the run's restore.
    pub(super) fn restore_key(&self) -> RestoreKey {
        RestoreKey::new(&self.settings.run_name(), &self.database_id)
    }

    /// Returns the key of the restore that the run cancels.
    pub(super) fn canceled_key(&self) -> RestoreKey {
        let name = format!("{} canceled", self.settings.run_name());
        RestoreKey::new(&name, &self.database_id)
    }

    /// Returns the key of the restore that must fail.
    pub(super) fn failing_key(&self) -> RestoreKey {
        let name = format!("{} failing", self.settings.run_name());
        RestoreKey::new(&name, &self.database_id)
    }

    fn restore_into(
        &self,
        tenant: TenantName,
        pool: ResourceName,
        until: Scn,
        key: RestoreKey,
    ) -> Command {
        Command::from(Recovery::Restore {
            tenant,
            sources: vec![self.data.clone(), self.log.clone()],
            until: Some(until),
            pools: vec![pool],
            locality: None,
            primary_zone: None,
            concurrency: None,
            key,
            decryption: Vec::new(),
        })
    }

    /// Returns the key of a restore that must be refused.
    pub(super) fn refused_key(&self, why: &str) -> RestoreKey {
        let name = format!("{} {why}", self.settings.run_name());
        RestoreKey::new(&name, &self.database_id)
    }
}

/// Returns the statement that ends the restore of this tenant.
pub(super) fn cancel_restore(tenant: TenantName, key: RestoreKey) -> Command {
    Command::from(Recovery::CancelRestore { tenant, key })
}

/// Returns whether a user tenant has this name, in any case of its letters.
pub(super) async fn is_tenant(database: &mut Database, name: &str) -> Result<bool, ReadError> {
    let mut tenants = database.tenants().await?.into_iter();
    Ok(tenants.any(|tenant| tenant.name.eq_ignore_ascii_case(name)))
}
