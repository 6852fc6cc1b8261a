//! Table recovery: an auxiliary tenant is restored, its tables are imported, and it is dropped.

use serde::Deserialize;

use super::restores::root_service_comment;
use super::{JobId, RestoreRequest, Role, Scn, Table, TenantId, World};
use crate::statement::{Objects, TableName};

/// A stage of a table recovery, in the words of the tenant's own row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // the engine's own words
pub enum RecoverStage {
    Prepare,
    RestoreAuxTenant,
    ActiveAuxTenant,
    PrecheckImport,
    GenImportJob,
    Importing,
    Canceling,
    /// The tenant's job is over, and the job of sys has not noticed it.
    Ended,
}

impl RecoverStage {
    /// Returns the name in the view while it is in progress.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepare => "PREPARE",
            Self::RestoreAuxTenant => "RESTORE_AUX_TENANT",
            Self::ActiveAuxTenant => "ACTIVE_AUX_TENANT",
            Self::PrecheckImport => "PRECHECK_IMPORT",
            Self::GenImportJob => "GEN_IMPORT_JOB",
            Self::Importing => "IMPORTING",
            Self::Canceling => "CANCELING",
            Self::Ended => "COMPLETED",
        }
    }
}

/// An accepted table recovery.
#[derive(Clone, Debug)]
pub struct RecoverRequest {
    /// The tenant that gets the tables.
    pub target: TenantId,
    /// `TARGET_TENANT_NAME`.
    pub target_name: String,
    /// Which tables.
    pub objects: Objects,
    /// `REMAP TABLE` of tables.
    pub remap: Vec<(TableName, TableName)>,
    /// `REMAP TABLE` of databases.
    pub remap_databases: Vec<(String, String)>,
    /// `REMAP TABLEGROUP`.
    pub tablegroups: Vec<(String, String)>,
    /// `REMAP TABLESPACE`.
    pub tablespaces: Vec<(String, String)>,
    /// How the auxiliary tenant is restored.
    pub restore: RestoreRequest,
}

impl RecoverRequest {
    /// Returns the name of a table in the target.
    fn renamed(&self, name: &TableName) -> TableName {
        let mut tables = self.remap.iter();
        if let Some((_, to)) = tables.find(|(from, _)| from == name) {
            return to.clone();
        }
        let mut databases = self.remap_databases.iter();
        let database = databases.find(|(from, _)| *from == name.database);
        TableName {
            database: database.map_or_else(|| name.database.clone(), |(_, to)| to.clone()),
            table: name.table.clone(),
        }
    }
}

/// Rows of `CDB_OB_RECOVER_TABLE_JOBS` and of its history: one of sys, one of the tenant.
#[derive(Clone, Debug)]
pub struct RecoverJob {
    /// `JOB_ID` in sys.
    pub id: JobId,
    /// `JOB_ID` in the tenant, which counts its own.
    pub own_id: JobId,
    /// The request.
    pub request: RecoverRequest,
    /// `START_TIMESTAMP`.
    pub started_at: Scn,
    /// `FINISH_TIMESTAMP`.
    pub finished_at: Option<Scn>,
    /// Its stage.
    pub stage: RecoverStage,
    /// Its error code, 0 without an error.
    pub result: i64,
    /// `COMMENT`.
    pub comment: String,
    due: Scn,
    doom: Option<(RecoverStage, i64)>,
}

impl RecoverJob {
    /// Returns `STATUS` of the row of sys, in progress or finished.
    #[must_use]
    pub fn sys_status(&self) -> &'static str {
        match self.stage {
            RecoverStage::Prepare => "PREPARE",
            RecoverStage::Canceling => "CANCELING",
            RecoverStage::Ended => self.end_status(),
            _ => "RECOVERING",
        }
    }

    /// Returns `STATUS` of a finished row.
    #[must_use]
    pub fn end_status(&self) -> &'static str {
        if self.result == 0 {
            "COMPLETED"
        } else {
            "FAILED"
        }
    }
}

/// All table recoveries of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Recoveries {
    /// Recoveries in progress.
    pub jobs: Vec<RecoverJob>,
    /// Finished recoveries.
    pub history: Vec<RecoverJob>,
    /// Failures of future recoveries into these tenants.
    dooms: Vec<(String, RecoverStage, i64)>,
    /// Stages at which recoveries into these tenants stop.
    holds: Vec<(String, RecoverStage)>,
    last: JobId,
}

impl Recoveries {
    pub(super) fn due(&self) -> Scn {
        let jobs = self.jobs.iter().map(|job| job.due);
        jobs.min().unwrap_or(Scn::NEVER)
    }

    /// Makes held jobs detect that their target tenant is gone.
    pub(super) fn notice_dropped(&mut self, target: TenantId, due: Scn) {
        let held = |job: &&mut RecoverJob| job.request.target == target && job.due == Scn::NEVER;
        for job in self.jobs.iter_mut().filter(held) {
            job.due = due;
        }
    }
}

impl World {
    /// Inserts the job (RECOVER TABLE).
    pub(crate) fn start_recovery(&mut self, request: RecoverRequest) {
        let now = self.now();
        let recoveries = &mut self.recoveries;
        recoveries.last = recoveries.last.next();
        let earlier = recoveries.jobs.iter().chain(&recoveries.history);
        let of_target = earlier.filter(|job| job.request.target == request.target);
        let own_id = JobId(of_target.count() as u64 + 1);
        let name = &request.target_name;
        let mut dooms = recoveries.dooms.iter();
        let doomed = dooms.position(|(tenant, ..)| tenant == name);
        let doom = doomed.map(|index| recoveries.dooms.remove(index));
        recoveries.jobs.push(RecoverJob {
            id: recoveries.last,
            own_id,
            request,
            started_at: now,
            finished_at: None,
            stage: RecoverStage::Prepare,
            result: 0,
            comment: String::new(),
            due: now.plus(self.pace.backup_step()),
            doom: doom.map(|(_, stage, code)| (stage, code)),
        });
    }

    /// Cancels all recoveries into this tenant (CANCEL RECOVER TABLE).
    pub(crate) fn cancel_recoveries(&mut self, target: TenantId) {
        let due = self.now().plus(self.pace.backup_step());
        let running = |job: &&mut RecoverJob| {
            job.request.target == target && job.stage < RecoverStage::Canceling
        };
        for job in self.recoveries.jobs.iter_mut().filter(running) {
            job.stage = RecoverStage::Canceling;
            job.due = due;
        }
    }

    /// Makes the present or next recovery into a tenant fail.
    pub(crate) fn doom_recovery(&mut self, tenant: &str, stage: RecoverStage, code: i64) {
        let mut jobs = self.recoveries.jobs.iter_mut();
        let ahead = |job: &&mut RecoverJob| job.request.target_name == tenant && job.stage <= stage;
        match jobs.find(ahead) {
            Some(job) => job.doom = Some((stage, code)),
            None => self.recoveries.dooms.push((tenant.to_owned(), stage, code)),
        }
    }

    /// Stops recoveries into a tenant in this stage.
    pub(crate) fn hold_recovery(&mut self, tenant: &str, stage: RecoverStage) {
        self.recoveries.holds.push((tenant.to_owned(), stage));
        let here = |job: &&mut RecoverJob| job.request.target_name == tenant && job.stage == stage;
        for job in self.recoveries.jobs.iter_mut().filter(here) {
            job.due = Scn::NEVER;
        }
    }

    pub(super) fn step_recoveries(&mut self, at: Scn) {
        let over = |job: &mut RecoverJob| job.stage == RecoverStage::Ended && job.due <= at;
        let over: Vec<_> = self.recoveries.jobs.extract_if(.., over).collect();
        self.recoveries.history.extend(over);
        for index in 0..self.recoveries.jobs.len() {
            let due = self.recoveries.jobs.get(index).filter(|job| job.due <= at);
            let Some(mut job) = due.cloned() else {
                continue;
            };
            job.due = at.plus(self.pace.backup_step());
            let next = match job.doom.take_if(|(stage, _)| *stage == job.stage) {
                Some((_, code)) => Err(code),
                None => self.step_recovery(&mut job, at),
            };
            match next {
                Ok(RecoverStage::Ended) => job.finished_at = Some(at),
                Ok(_) => {}
                Err(code) => {
                    job.result = code;
                    job.comment = root_service_comment(code);
                    job.finished_at = Some(at);
                    if job.stage != RecoverStage::Canceling {
                        self.drop_tenant(&job.request.restore.tenant_name);
                    }
                }
            }
            job.stage = next.unwrap_or(RecoverStage::Ended);
            let held = (job.request.target_name.clone(), job.stage);
            if self.recoveries.holds.contains(&held) {
                job.due = Scn::NEVER;
            }
            if let Some(slot) = self.recoveries.jobs.get_mut(index) {
                *slot = job;
            }
        }
    }

    /// Returns the next stage, or the error.
    fn step_recovery(&mut self, job: &mut RecoverJob, at: Scn) -> Result<RecoverStage, i64> {
        let aux = job.request.restore.tenant_name.clone();
        if self.tenant_by_id(job.request.target).is_none() {
            return Err(-5157);
        }
        Ok(match job.stage {
            RecoverStage::Prepare => {
                self.start_restore(job.request.restore.clone(), at);
                RecoverStage::RestoreAuxTenant
            }
            RecoverStage::RestoreAuxTenant => {
                let ended = self.restores.history.iter();
                let ended = ended.rev().find(|done| done.request.tenant_name == aux);
                match ended.map(|done| done.result) {
                    None => RecoverStage::RestoreAuxTenant,
                    Some(0) => {
                        let id = self.tenant(&aux).ok_or(-5157)?.id;
                        self.activate(id, at);
                        RecoverStage::ActiveAuxTenant
                    }
                    Some(code) => return Err(code),
                }
            }
            RecoverStage::ActiveAuxTenant => match self.tenant(&aux).ok_or(-5157)?.role {
                Role::Primary => RecoverStage::PrecheckImport,
                _ => RecoverStage::ActiveAuxTenant,
            },
            RecoverStage::PrecheckImport => {
                self.imported(job, at)?;
                RecoverStage::GenImportJob
            }
            RecoverStage::GenImportJob => RecoverStage::Importing,
            RecoverStage::Importing => {
                let tables = self.imported(job, at)?;
                let mut tenants = self.tenants.iter_mut();
                let target = tenants.find(|tenant| tenant.id == job.request.target);
                target.ok_or(-5157)?.tables.extend(tables);
                self.drop_tenant(&aux);
                RecoverStage::Ended
            }
            // The partly restored tenant stays and keeps its pool.
            RecoverStage::Canceling => return Err(-4072),
            RecoverStage::Ended => RecoverStage::Ended,
        })
    }

    /// Returns the tables for the target: -5019 for a table that the backup lacks, -5020 for a
    /// table that the target has.
    fn imported(&self, job: &RecoverJob, at: Scn) -> Result<Vec<Table>, i64> {
        let request = &job.request;
        let from = &self
            .tenant(&request.restore.tenant_name)
            .ok_or(-5157)?
            .tables;
        let from: Vec<_> = from
            .iter()
            .filter(|table| table.count(at).is_some())
            .collect();
        let wanted = |name: &TableName| match &request.objects {
            Objects::All => true,
            Objects::Databases(names) => names.contains(&name.database),
            Objects::Tables(names) => names.contains(name),
        };
        if let Objects::Tables(names) = &request.objects
            && let Some(_missing) = names
                .iter()
                .find(|name| !from.iter().any(|table| table.name == **name))
        {
            return Err(-5019);
        }
        let target = self.tenant_by_id(request.target).ok_or(-5157)?;
        let mut tables = Vec::new();
        for table in from.into_iter().filter(|table| wanted(&table.name)) {
            let name = request.renamed(&table.name);
            let exists = |known: &Table| known.name == name && known.count(at).is_some();
            if target.tables.iter().any(exists) {
                return Err(-5020);
            }
            tables.push(Table {
                name,
                created_at: at,
                ..table.clone()
            });
        }
        Ok(tables)
    }
}
