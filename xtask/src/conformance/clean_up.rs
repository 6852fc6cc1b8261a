//! Undoing of what a run has done. What cannot be read is taken to be there.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::client::{QueryError, Rows};
use oceanbase_backup_operator::oceanbase::command::{Cleanup, Command, Recovery, TableRecovery};
use oceanbase_backup_operator::oceanbase::model::{
    AuxiliaryTenant, Job, JobStatus, RemapQuoting, ResourceName, RestoreKey, RoundStatus,
    TenantName,
};

use super::database::{Database, ReadError};
use super::report::{Section, Verdict};
use super::suite::{Poll, Suite, describe};

/// OB_BACKUP_IN_PROGRESS: the row of a job has not moved to the history.
const BACKUP_IN_PROGRESS: u16 = 9036;
/// OB_RESOURCE_POOL_ALREADY_GRANTED: a tenant holds the pool.
const POOL_IN_USE: u16 = 4626;

/// The outcome of undoing something, or why it failed.
type CleanUpResult<T = ()> = Result<T, String>;

impl Suite {
    /// Undoes what the run has done and adds a line for each thing that must not be left.
    pub(super) async fn clean_up(&mut self) {
        self.begin(Section::CleaningUp);
        // The session may be in the middle of a statement.
        self.database.close();
        let mut failures = Vec::new();
        if self.effects.tables {
            failures.extend(self.undo_tables().await.err());
        }
        if self.effects.restore {
            failures.extend(self.undo_restores().await.err());
        }
        failures.extend(self.undo_resources().await.err());
        if self.effects.changes {
            failures.extend(self.undo_jobs().await.err());
            failures.extend(self.undo_policy().await.err());
            failures.extend(self.undo_archiving().await.err());
            failures.extend(self.undo_destinations().await.err());
            self.report_scratch(&failures).await;
            let directory = self.report.facts.last().map(|(_, value)| value.clone());
            self.report.remarks.push(format!(
                "The files of the run stay in {}: delete the directory.",
                directory.unwrap_or_default()
            ));
        }
        self.report_created(&failures).await;
    }

    /// Sends a command; returns why it failed.
    async fn undo(&mut self, command: &Command) -> CleanUpResult {
        let answer = self.database.send(command).await;
        match &answer {
            Ok(_) => Ok(()),
            Err(_) => Err(format!(
                "{}: {}",
                command.name(),
                describe(&answer, Some(command))
            )),
        }
    }

    async fn undo_tables(&mut self) -> CleanUpResult {
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

    async fn undo_restores(&mut self) -> CleanUpResult {
        let keys = [self.canceled_key(), self.restore_key(), self.failing_key()];
        for key in keys {
            let found = self.database.restore(&key).await;
            let has_ended = found.is_ok_and(|found| match found {
                Some(found) => found.status.is_terminal(),
                None => true,
            });
            if !has_ended && self.can(Capability::CancelRestore) {
                let cancel = self.cancel_restore(key);
                // A tenant that is only being created is not canceled but dropped.
                let _ = self.undo(&cancel).await;
            }
        }
        for tenant in [self.names.second.clone(), self.names.restored.clone()] {
            self.undo_tenant(tenant).await?;
        }
        Ok(())
    }

    async fn undo_tenant(&mut self, tenant: TenantName) -> CleanUpResult {
        let name = tenant.to_string();
        if let Some(found) = self.database.tenant(&name).await? {
            let drop = Command::from(Recovery::DropTenant {
                verified: true,
                tenant,
                tenant_id: found.id,
                key: self.restore_key(),
            });
            self.undo(&drop).await?;
        }
        self.poll(async |database: &mut Database| {
            let is_gone = database.tenant(&name).await?.is_none();
            Ok(poll_condition(is_gone, "a restored tenant is there"))
        })
        .await
    }

    /// Drops the pool and the units. A tenant that was just dropped may hold the pool for a while.
    async fn undo_resources(&mut self) -> CleanUpResult {
        if self.effects.pool {
            let drop = self.drop_pool();
            self.poll(async |database: &mut Database| {
                let answer = database.send(&drop).await;
                let seen = format!("{}: {}", drop.name(), describe(&answer, Some(&drop)));
                poll_acceptance(&answer, POOL_IN_USE, seen)
            })
            .await?;
        }
        let units = [
            (self.effects.unit, self.names.unit.clone()),
            (self.effects.low_unit, self.names.low_unit.clone()),
        ];
        for (_, unit) in units.into_iter().filter(|(is_sent, _)| *is_sent) {
            let drop = self.drop_unit(unit);
            self.undo(&drop).await?;
        }
        Ok(())
    }

    /// Cancels backups and cleanups. Before the run there was none.
    pub(super) async fn undo_jobs(&mut self) -> CleanUpResult {
        let tenant = self.tenant_id;
        let cancel_backup = Command::CancelBackup {
            tenant: self.settings.tenant.clone(),
            tenant_id: tenant,
            key: self.job_key(1).map_err(|_| String::new())?,
        };
        let run = self.job_prefix();
        let is_ours = |job: &Job| job.tenant_id == tenant || job.description.starts_with(&run);
        self.poll(async |database: &mut Database| {
            let mut jobs = database.running_jobs().await?;
            jobs.retain(is_ours);
            // The row of sys comes first: there is nothing to cancel before the tenant's.
            let runs = |job: &Job| job.tenant_id == tenant && job.status != JobStatus::Canceling;
            if jobs.iter().any(runs) {
                // The next look shows what came of it.
                let _ = database.send(&cancel_backup).await;
            }
            Ok(poll_condition(jobs.is_empty(), "a backup runs"))
        })
        .await?;
        self.undo_cleanups().await
    }

    async fn undo_cleanups(&mut self) -> CleanUpResult {
        let tenant = self.tenant_id;
        let cleanups = self.database.cleanups_of(tenant).await?;
        if let Some(cleanup) = cleanups.first() {
            let cancel = Command::from(Cleanup::Cancel {
                tenant: self.settings.tenant.clone(),
                tenant_id: tenant,
                job_id: cleanup.id,
            });
            self.undo(&cancel).await?;
        }
        self.poll(async |database: &mut Database| {
            let has_ended = database.cleanups_of(tenant).await?.is_empty();
            Ok(poll_condition(has_ended, "a cleanup runs"))
        })
        .await
    }

    async fn undo_policy(&mut self) -> CleanUpResult {
        let policies = self.database.policies(self.tenant_id).await;
        if policies.is_ok_and(|policies| policies.is_empty()) {
            return Ok(());
        }
        let drop = self.drop_policy();
        self.undo(&drop).await
    }

    async fn undo_archiving(&mut self) -> CleanUpResult {
        let tenant = self.tenant_id;
        let log_dest = self.database.log_dest(tenant).await;
        if log_dest.is_ok_and(|dest| dest.is_some_and(|dest| !dest.enabled)) {
            let enable = Command::SetLogArchiveDestState {
                tenant: self.settings.tenant.clone(),
                enable: true,
            };
            self.undo(&enable).await?;
        }
        let name = self.settings.tenant.to_string();
        let row = self.database.tenant(&name).await;
        let round = self.database.round(tenant).await;
        let is_off = row.is_ok_and(|row| row.is_some_and(|row| row.archive_log != Some(true)));
        let has_stopped = round.is_ok_and(|round| {
            use RoundStatus::{Stop, Stopping};
            round.is_none_or(|round| matches!(round.status, Stop | Stopping))
        });
        if !(is_off && has_stopped) {
            let stop = Command::NoArchiveLog(self.settings.tenant.clone());
            self.undo(&stop).await?;
        }
        self.poll(async |database: &mut Database| {
            let round = database.round(tenant).await?;
            let has_stopped = round.is_none_or(|round| round.status == RoundStatus::Stop);
            Ok(poll_condition(has_stopped, "log archiving has not stopped"))
        })
        .await
    }

    /// Clears the destinations. That of data is refused until the rows of all jobs are in the history.
    async fn undo_destinations(&mut self) -> CleanUpResult {
        let tenant = self.tenant_id;
        let log = self.database.log_dest(tenant).await;
        let data = self.database.data_dest(tenant).await;
        let has_log = !log.is_ok_and(|dest| dest.is_none());
        let has_data = !data.is_ok_and(|dest| dest.is_none());
        let parameters = [
            (has_log, "LOG_ARCHIVE_DEST"),
            (has_data, "DATA_BACKUP_DEST"),
        ];
        for (_, parameter) in parameters.into_iter().filter(|(is_set, _)| *is_set) {
            let statement = format!(
                "ALTER SYSTEM SET {parameter} = '' TENANT = '{}'",
                self.settings.tenant
            );
            self.poll(async |database: &mut Database| {
                let answer = database.run(&statement, Command::BACKUP_TIMEOUT).await;
                let seen = format!("clearing {parameter}: {}", describe(&answer, None));
                poll_acceptance(&answer, BACKUP_IN_PROGRESS, seen)
            })
            .await?;
        }
        Ok(())
    }

    /// Adds lines on what must not be left of the scratch tenant's settings.
    async fn report_scratch(&mut self, failures: &[String]) {
        let tenant = self.tenant_id;
        let name = self.settings.tenant.to_string();
        let log_dest = self.database.log_dest(tenant).await;
        self.is_gone(
            "LOG_ARCHIVE_DEST",
            log_dest.map(|dest| dest.is_none()),
            failures,
        );
        let data_dest = self.database.data_dest(tenant).await;
        self.is_gone(
            "DATA_BACKUP_DEST",
            data_dest.map(|dest| dest.is_none()),
            failures,
        );
        let policies = self.database.policies(tenant).await;
        self.is_gone(
            "delete policy",
            policies.map(|all| all.is_empty()),
            failures,
        );
        let jobs = self.database.running_jobs().await;
        let has_none = jobs.map(|jobs| jobs.iter().all(|job| job.tenant_id != tenant));
        self.is_gone("running backup", has_none, failures);
        let round = self.database.round(tenant).await;
        let row = self.database.tenant(&name).await;
        let is_off = round.and_then(|round| {
            let is_on = row?.is_some_and(|row| row.archive_log == Some(true));
            Ok(!is_on && round.is_none_or(|round| round.status == RoundStatus::Stop))
        });
        self.is_gone("running log archiving", is_off, failures);
    }

    fn is_gone(&mut self, what: &str, read: Result<bool, ReadError>, failures: &[String]) {
        let assumption = format!("Tenant {} has no {what}", self.settings.tenant);
        self.report_gone(assumption, read, failures);
    }

    /// Adds lines on what must not be left of what the run has created.
    async fn report_created(&mut self, failures: &[String]) {
        if self.effects.restore {
            for name in [self.names.restored.clone(), self.names.second.clone()] {
                let read = self.database.tenant(name.as_str()).await;
                let assumption = format!("There is no tenant {name}");
                self.report_gone(assumption, read.map(|tenant| tenant.is_none()), failures);
            }
        }
        if self.effects.pool {
            let name = self.names.pool.clone();
            let read = self.database.pools().await;
            let read = read.map(|pools| pools.iter().all(|pool| pool.name != name.as_str()));
            self.report_gone(format!("There is no resource pool {name}"), read, failures);
        }
        let units = [
            (self.effects.unit, self.names.unit.clone()),
            (self.effects.low_unit, self.names.low_unit.clone()),
        ];
        for (_, name) in units.into_iter().filter(|(is_sent, _)| *is_sent) {
            let read = self.has_no_unit(&name).await;
            self.report_gone(format!("There is no resource unit {name}"), read, failures);
        }
    }

    async fn has_no_unit(&mut self, name: &ResourceName) -> Result<bool, ReadError> {
        let units = self.database.units().await?;
        Ok(units.iter().all(|unit| unit.name != name.as_str()))
    }

    fn report_gone(
        &mut self,
        assumption: String,
        read: Result<bool, ReadError>,
        failures: &[String],
    ) {
        let (verdict, observation) = match read {
            Ok(true) => (Verdict::AsExpected, "none".to_owned()),
            Ok(false) if failures.is_empty() => {
                (Verdict::Mismatch, "left behind: remove it".to_owned())
            }
            Ok(false) => {
                let failures = failures.join("; ");
                (
                    Verdict::Mismatch,
                    format!("left behind ({failures}): remove it"),
                )
            }
            Err(why) => (Verdict::Unknown, why.to_string()),
        };
        self.add(verdict, assumption, observation, "the views, after the run");
    }
}

/// A poll that ends when a statement is accepted, and goes on while it is refused with this number.
fn poll_acceptance(
    answer: &Result<Rows, QueryError>,
    not_yet: u16,
    seen: String,
) -> Result<Poll<()>, ReadError> {
    match answer {
        Ok(_) => Ok(Poll::Done(())),
        Err(QueryError::Server(error)) if error.code != not_yet => Err(ReadError::of_rows(seen)),
        Err(_) => Ok(Poll::Pending(seen)),
    }
}

/// A poll that ends when something is so.
fn poll_condition(is_so: bool, otherwise: &str) -> Poll<()> {
    if is_so {
        Poll::Done(())
    } else {
        Poll::Pending(otherwise.to_owned())
    }
}
