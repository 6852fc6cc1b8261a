//! The recovery of the scratch tenant to a time, as a new tenant.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::client::{QueryError, Rows};
use oceanbase_backup_operator::oceanbase::model::{RestoreKey, RestoreStatus, Scn, TenantId};
use oceanbase_backup_operator::oceanbase::restore_password::decryption;
use oceanbase_backup_operator::oceanbase::statement::{Command, Recovery};
use secrecy::ExposeSecret;

use super::backups::password;
use super::database::Database;
use super::report::Section;
use super::restoring::cancel_restore;
use super::suite::{Poll, Step, Stopped, Suite, evidence_of};

const RESTORE: &str = "source: ob_root_service.cpp, physical_restore_tenant";
const PROGRESS: &str = "views CDB_OB_RESTORE_PROGRESS and CDB_OB_RESTORE_HISTORY";

impl Suite {
    /// Restores the scratch tenant to a point as another tenant, and drops that tenant. Its pool
    /// stays.
    pub(super) async fn check_recovery(&mut self, until: Scn) -> Step {
        self.begin(Section::Recovery);
        self.effects.names = true;
        let step = self.recover(until).await;
        self.close_section(&step);
        step
    }

    async fn recover(&mut self, until: Scn) -> Step {
        self.check_decryption().await;
        self.check_early_cancel().await;
        self.check_missing_pool(until).await?;
        self.check_existing_name(until).await?;
        self.create_resources().await?;
        self.check_cancel_of_restore(until).await?;
        let key = self.restore_key();
        self.restore(until, &key).await?;
        let tenant_id = self.check_restored_tenant().await?;
        self.check_resources_in_use().await;
        self.check_failing_restore(until).await;
        self.check_late_cancel(&key).await;
        self.drop_restored_tenant(tenant_id, key).await
    }

    async fn check_decryption(&mut self) {
        let Ok(password) = password() else {
            return;
        };
        if let Some(statement) = decryption(&[password]) {
            let assumption = "SET DECRYPTION is accepted from sys";
            self.runs_alone(statement.expose_secret(), assumption).await;
        }
    }

    /// Sends CANCEL RESTORE to a release whose parser does not know it.
    async fn check_early_cancel(&mut self) {
        if self.can(Capability::CancelRestore) {
            return;
        }
        let cancel = cancel_restore(self.names.restored.clone(), self.canceled_key());
        let evidence = evidence_of(Capability::CancelRestore);
        let assumption = "CANCEL RESTORE is refused with 1064";
        let _ = self.refuses(&cancel, &[1064], assumption, evidence).await;
    }

    /// Checks that CANCEL RESTORE of a tenant that is not being restored changes nothing.
    async fn check_late_cancel(&mut self, key: &RestoreKey) {
        if !self.can(Capability::CancelRestore) {
            return;
        }
        let cancel = cancel_restore(self.names.restored.clone(), key.clone());
        let evidence = evidence_of(Capability::CancelRestore);
        let assumption = "CANCEL RESTORE of a restored tenant is refused with 4179";
        let _ = self.refuses(&cancel, &[4179], assumption, evidence).await;
    }

    async fn check_missing_pool(&mut self, until: Scn) -> Step {
        let pool = self.names.missing_pool.clone();
        self.has_no_pool(&pool).await?;
        let (restore, answer) = self
            .restore_as(
                self.names.restored.clone(),
                pool,
                until,
                self.refused_key("missing pool"),
            )
            .await?;
        let assumption = "RESTORE into a pool that is not there is refused with 4650";
        let _ = self.is_refused(&answer, Some(&restore), &[4650], assumption, RESTORE);
        was_refused(&answer)
    }

    async fn check_existing_name(&mut self, until: Scn) -> Step {
        let pool = self.names.missing_pool.clone();
        self.has_no_pool(&pool).await?;
        let (tenant, key) = (
            self.settings.tenant.clone(),
            self.refused_key("existing tenant"),
        );
        let (restore, answer) = self.send_restore(tenant, pool, until, key).await;
        let assumption = "RESTORE under the name of a tenant is refused with 4179";
        let _ = self.is_refused(&answer, Some(&restore), &[4179], assumption, RESTORE);
        was_refused(&answer)
    }

    /// Cancels a running restore in the way of the release.
    async fn check_cancel_of_restore(&mut self, until: Scn) -> Step {
        let key = self.canceled_key();
        let (tenant, pool) = (self.names.restored.clone(), self.names.pool.clone());
        let (restore, answer) = self.restore_as(tenant, pool, until, key.clone()).await?;
        let assumption = "RESTORE … UNTIL SCN is accepted (to be canceled)";
        self.is_accepted(&answer, Some(&restore), assumption, RESTORE)?;
        let name = self.names.restored.to_string();
        let assumption = "The tenant of the restore to be canceled is there";
        let probe = async |database: &mut Database| {
            Ok(match database.tenant(&name).await? {
                Some(tenant) => Poll::Done(tenant.id),
                None => Poll::Pending("not there".to_owned()),
            })
        };
        let evidence = "view DBA_OB_TENANTS";
        let tenant_id = self.reaches(assumption, "there", evidence, probe).await?;
        let evidence = evidence_of(Capability::CancelRestore);
        if self.can(Capability::CancelRestore) {
            let cancel = cancel_restore(self.names.restored.clone(), key.clone());
            let assumption = "CANCEL RESTORE of a running restore is accepted";
            self.accepts(&cancel, assumption, evidence).await?;
        } else {
            let drop = self.drop_restored(tenant_id, key.clone());
            let assumption = "DROP TENANT … FORCE of a tenant that is being restored is accepted";
            self.accepts(&drop, assumption, evidence).await?;
        }
        let assumption = "The canceled restore ends with FAIL in the history";
        let probe = async |database: &mut Database| {
            Ok(match database.restore(&key).await? {
                Some(found) if found.status == RestoreStatus::Fail => Poll::Done(()),
                Some(found) => Poll::Pending(format!("{:?}", found.status)),
                None => Poll::Pending("there is no such row".to_owned()),
            })
        };
        self.reaches(assumption, "FAIL", PROGRESS, probe).await?;
        self.restored_tenant_goes("The canceled restore leaves no tenant")
            .await
    }

    /// Sends RESTORE and waits for its end.
    async fn restore(&mut self, until: Scn, key: &RestoreKey) -> Step {
        let (tenant, pool) = (self.names.restored.clone(), self.names.pool.clone());
        let (restore, answer) = self.restore_as(tenant, pool, until, key.clone()).await?;
        let assumption = "RESTORE … UNTIL SCN is accepted";
        self.is_accepted(&answer, Some(&restore), assumption, RESTORE)?;
        self.check_shell().await;
        let assumption = "The restore is found by its DESCRIPTION";
        self.reaches(
            assumption,
            "found",
            PROGRESS,
            async |database: &mut Database| {
                Ok(match database.restore(key).await? {
                    Some(_) => Poll::Done(()),
                    None => Poll::Pending("there is no such row".to_owned()),
                })
            },
        )
        .await?;
        self.read_columns().await?;
        let mut unknown = Vec::new();
        let assumption = "The restore ends with SUCCESS in the history";
        let ended = self
            .reaches(
                assumption,
                "SUCCESS",
                PROGRESS,
                async |database: &mut Database| {
                    let Some(found) = database.restore(key).await? else {
                        return Ok(Poll::Pending("there is no such row".to_owned()));
                    };
                    if let RestoreStatus::Unknown(word) = &found.status
                        && !unknown.contains(word)
                    {
                        unknown.push(word.clone());
                    }
                    super::tables::ending_of(found)
                },
            )
            .await;
        let observation = if unknown.is_empty() {
            "all of them".to_owned()
        } else {
            format!("unknown: {}", unknown.join(", "))
        };
        let assumption = "The operator knows every state of the restore";
        let step = self.check(unknown.is_empty(), assumption, observation, PROGRESS);
        let ended = ended?;
        self.check(
            ended.scn == until,
            "The history shows the point of the restore",
            if ended.scn == until {
                "the same SCN"
            } else {
                "another SCN"
            },
            PROGRESS,
        )?;
        step
    }

    /// Checks whether RESTORE has waited for the new tenant.
    async fn check_shell(&mut self) {
        let evidence = evidence_of(Capability::RestoreWaitsForTenant);
        let assumption = "The new tenant is there when RESTORE answers";
        if !self.can(Capability::RestoreWaitsForTenant) {
            let why = "the release answers as soon as the job is recorded";
            self.skip(assumption, why, evidence);
            return;
        }
        let name = self.names.restored.to_string();
        let read = self.database.tenant(&name).await;
        if let Ok(tenant) = self.value(read, assumption, &evidence) {
            let is_there = tenant.is_some();
            let observation = if is_there { "there" } else { "not there" };
            let _ = self.check(is_there, assumption, observation, evidence);
        }
    }

    /// Checks the restored tenant. Returns its number.
    async fn check_restored_tenant(&mut self) -> Step<TenantId> {
        let has_role = self.can(Capability::TenantRole);
        let role = if has_role { "STANDBY" } else { "PRIMARY" };
        let id = self.tenant_has_role(role, "The restored tenant").await?;
        let activate = Command::from(Recovery::ActivateStandby {
            tenant: self.names.restored.clone(),
            tenant_id: id,
        });
        let evidence = "source: ob_stmt_type.h";
        self.accepts(&activate, "ACTIVATE STANDBY is accepted", evidence)
            .await?;
        self.tenant_has_role("PRIMARY", "The activated tenant")
            .await
    }

    async fn tenant_has_role(&mut self, role: &'static str, what: &str) -> Step<TenantId> {
        let name = self.names.restored.to_string();
        let assumption = if self.can(Capability::TenantRole) {
            format!("{what} has status NORMAL and role {role}")
        } else {
            format!("{what} has status NORMAL")
        };
        let evidence = "view DBA_OB_TENANTS";
        let probe = async |database: &mut Database| {
            Ok(match database.tenant(&name).await? {
                Some(tenant) if tenant.status == "NORMAL" && tenant.role == role => {
                    Poll::Done(tenant.id)
                }
                Some(tenant) => {
                    Poll::Pending(format!("status {}, role {}", tenant.status, tenant.role))
                }
                None => Poll::Pending("there is no such tenant".to_owned()),
            })
        };
        self.reaches(&assumption, &format!("NORMAL, {role}"), evidence, probe)
            .await
    }

    async fn drop_restored_tenant(&mut self, tenant_id: TenantId, key: RestoreKey) -> Step {
        let drop = self.drop_restored(tenant_id, key);
        let source = "source: ob_privilege_check.cpp, get_drop_tenant_stmt_need_privs";
        self.accepts(&drop, "DROP TENANT … FORCE is accepted", source)
            .await?;
        self.restored_tenant_goes("The dropped tenant is gone")
            .await
    }

    /// Waits until the restored tenant is gone and its pool is free.
    async fn restored_tenant_goes(&mut self, assumption: &str) -> Step {
        let name = self.names.restored.to_string();
        let evidence = "view DBA_OB_TENANTS";
        let probe = async |database: &mut Database| {
            Ok(match database.tenant(&name).await? {
                Some(_) => Poll::Pending("there".to_owned()),
                None => Poll::Done(()),
            })
        };
        self.reaches(assumption, "gone", evidence, probe).await?;
        self.pool_gets_free(&format!("{assumption}, and the pool is free"))
            .await
    }

    fn drop_restored(&self, tenant_id: TenantId, key: RestoreKey) -> Command {
        Command::from(Recovery::DropTenant {
            verified: true,
            tenant: self.names.restored.clone(),
            tenant_id,
            key,
        })
    }
}

/// Ends the section unless a statement was refused, because its job may run.
fn was_refused(answer: &Result<Rows, QueryError>) -> Step {
    match answer {
        Err(QueryError::Server(_)) => Ok(()),
        _ => Err(Stopped),
    }
}
