//! Removal of the objects that a run has created. Each is identified by a key or a number: another
//! session may use the same name.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::model::{
    AuxiliaryTenant, RemapQuoting, Restore, RestoreKey, TenantId,
};
use oceanbase_backup_operator::oceanbase::query::TenantRow;
use oceanbase_backup_operator::oceanbase::statement::{Command, Recovery, TableRecovery};
use tokio::time::Instant;

use super::clean_up::{CleanUpResult, poll_acceptance, poll_condition};
use super::database::Database;
use super::resources::is_named;
use super::restoring::{SentRestore, cancel_restore};
use super::suite::{Poll, Suite, describe};

/// OB_RESOURCE_POOL_ALREADY_GRANTED: a tenant holds the pool.
const POOL_IN_USE: u16 = 4626;

impl Suite {
    pub(super) async fn undo_tables(&mut self) -> CleanUpResult {
        for quoting in [RemapQuoting::Plain, RemapQuoting::Quoted] {
            let key = self.table_key(quoting);
            let found = self.database.table_recovery(&key).await;
            let Some(found) = found? else {
                continue;
            };
            if !found.status.is_terminal() {
                let cancel = Command::from(TableRecovery::Cancel {
                    tenant: self.settings.tenant.clone(),
                    key: key.clone(),
                });
                self.undo(&cancel).await?;
                self.poll(async |database: &mut Database| {
                    let found = database.table_recovery(&key).await?;
                    let is_running = found.is_some_and(|found| !found.status.is_terminal());
                    Ok(poll_condition(!is_running, "the recovery of tables runs"))
                })
                .await?;
            }
            let auxiliary = found.auxiliary_tenant.as_deref();
            if let Some(auxiliary) = auxiliary.and_then(AuxiliaryTenant::parse) {
                self.undo_auxiliary(auxiliary, key).await?;
            }
        }
        Ok(())
    }

    async fn undo_auxiliary(
        &mut self,
        auxiliary: AuxiliaryTenant,
        key: RestoreKey,
    ) -> CleanUpResult {
        let found = self.database.tenant(auxiliary.as_str()).await;
        let Some(tenant) = found? else {
            return Ok(());
        };
        let drop = Command::from(TableRecovery::DropAuxiliary {
            tenant: self.settings.tenant.clone(),
            auxiliary,
            auxiliary_id: tenant.id,
            key,
        });
        self.undo(&drop).await
    }

    /// Ends the restores of the run and drops their tenants. Returns the failures.
    pub(super) async fn undo_restores(&mut self) -> Vec<String> {
        let mut failures = Vec::new();
        // A later restore may hold what an earlier restore needs.
        for sent in self.effects.restores.clone().into_iter().rev() {
            failures.extend(self.undo_restore(&sent).await.err());
        }
        failures
    }

    async fn undo_restore(&mut self, sent: &SentRestore) -> CleanUpResult {
        let Some(found) = self.restore_of(sent).await? else {
            return Ok(());
        };
        if sent.tenant == self.settings.tenant {
            return if found.status.is_terminal() {
                Ok(())
            } else {
                let name = &sent.tenant;
                Err(format!("a restore under the name {name} runs: left alone"))
            };
        }
        if !found.status.is_terminal() && self.can(Capability::CancelRestore) {
            let cancel = cancel_restore(sent.tenant.clone(), sent.key.clone());
            // A tenant that is only being created is dropped, not canceled.
            let _ = self.undo(&cancel).await;
        }
        let tenant_id = self
            .poll(async |database: &mut Database| {
                Ok(match database.restore(&sent.key).await? {
                    Some(Restore {
                        tenant_id: Some(id),
                        ..
                    }) => Poll::Done(Some(id)),
                    Some(found) if !found.status.is_terminal() => {
                        Poll::Pending("a restore has no tenant yet".to_owned())
                    }
                    _ => Poll::Done(None),
                })
            })
            .await?;
        match tenant_id {
            Some(id) => self.undo_tenant(sent, id).await,
            None => Ok(()),
        }
    }

    /// Returns the restore of this key. After a RESTORE without an answer, the database may still
    /// read the storage and record the job later.
    async fn restore_of(&mut self, sent: &SentRestore) -> CleanUpResult<Option<Restore>> {
        self.poll(async |database: &mut Database| {
            let found = database.restore(&sent.key).await?;
            let may_come = sent
                .unanswered_until
                .is_some_and(|until| Instant::now() < until);
            Ok(if found.is_none() && may_come {
                Poll::Pending("a RESTORE without an answer has no job".to_owned())
            } else {
                Poll::Done(found)
            })
        })
        .await
    }

    /// Drops the tenant that a restore of the run has created.
    async fn undo_tenant(&mut self, sent: &SentRestore, id: TenantId) -> CleanUpResult {
        self.effects.restored.push(id);
        let name = sent.tenant.to_string();
        let is_it = |tenants: Vec<TenantRow>| is_there(&tenants, id, &name);
        if is_it(self.database.tenants().await?) {
            let drop = Command::from(Recovery::DropTenant {
                verified: true,
                tenant: sent.tenant.clone(),
                tenant_id: id,
                key: sent.key.clone(),
            });
            self.undo(&drop).await?;
        }
        self.poll(async |database: &mut Database| {
            let is_gone = !is_it(database.tenants().await?);
            Ok(poll_condition(is_gone, "a restored tenant is there"))
        })
        .await
    }

    /// Drops the pool and the units of the run. A recently dropped tenant may still hold the pool.
    pub(super) async fn undo_resources(&mut self) -> CleanUpResult {
        if let Some(sent) = self.effects.pool {
            let (drop, name) = (self.drop_pool(), self.names.pool.clone());
            self.poll(async |database: &mut Database| {
                let mut pools = database.pools().await?.into_iter();
                if !pools.any(|pool| is_named(&pool.name, &name) && sent.is(&pool)) {
                    return Ok(Poll::Done(()));
                }
                let answer = database.send(&drop).await;
                let state = format!("{}: {}", drop.name(), describe(&answer, Some(&drop)));
                poll_acceptance(&answer, POOL_IN_USE, state)
            })
            .await?;
        }
        for sent in self.effects.units.clone() {
            let units = self.database.units().await?;
            if units.iter().any(|unit| sent.is(unit)) {
                let drop = self.drop_unit(sent.name);
                self.undo(&drop).await?;
            }
        }
        Ok(())
    }
}

/// Returns whether a tenant has this number and this name.
fn is_there(tenants: &[TenantRow], id: TenantId, name: &str) -> bool {
    tenants
        .iter()
        .any(|tenant| tenant.id == id && tenant.name == name)
}
