//! Views of table recovery: each has a row in sys and a row in the tenant.

use std::fmt::Display;

use super::cell::{int, scn, scn_display, text, time, time_or_null};
use super::{Row, Sight};
use crate::model::{RecoverJob, RecoverStage, TenantId};
use crate::statement::{Objects, TableName};
use crate::value::Value;

impl Sight<'_> {
    pub(super) fn recover_rows(&self, all: bool, stem: &str, view: &str) -> Option<Vec<Row<'_>>> {
        let recoveries = &self.world.recoveries;
        let (jobs, history) = match stem {
            "OB_RECOVER_TABLE_JOBS" => (&recoveries.jobs, false),
            "OB_RECOVER_TABLE_JOB_HISTORY" => (&recoveries.history, true),
            _ => return None,
        };
        let rows = jobs.iter().flat_map(|job| {
            let target = job.request.target;
            let there = self.world.tenant_by_id(target).is_some();
            let own = there.then_some((target, job));
            [(TenantId::SYS, job)].into_iter().chain(own)
        });
        let rows = rows.filter(|(tenant, job)| {
            let born_at = job.finished_at.filter(|_| history);
            self.sees(all, *tenant, view, born_at.unwrap_or(job.started_at))
        });
        Some(rows.map(|(tenant, job)| row(tenant, job)).collect())
    }
}

fn row(tenant: TenantId, job: &RecoverJob) -> Row<'_> {
    let is_sys = tenant == TenantId::SYS;
    let request = &job.request;
    let restore = &request.restore;
    Row::new(tenant, move |column| match column {
        "JOB_ID" if is_sys => int(job.id.0),
        "JOB_ID" => int(job.own_id.0),
        "INITIATOR_TENANT_ID" => int(TenantId::SYS.0),
        "INITIATOR_JOB_ID" if is_sys => int(0),
        "INITIATOR_JOB_ID" => int(job.id.0),
        "START_TIMESTAMP" => time(job.started_at),
        "FINISH_TIMESTAMP" => time_or_null(job.finished_at),
        "STATUS" if is_sys => text(job.sys_status()),
        "STATUS" if job.stage == RecoverStage::Ended => text(job.end_status()),
        "STATUS" => text(job.stage.name()),
        "AUX_TENANT_NAME" => text(restore.tenant_name.clone()),
        "TARGET_TENANT_NAME" => text(request.target_name.clone()),
        "IMPORT_ALL" => int(u64::from(request.objects == Objects::All)),
        "DB_LIST" => match &request.objects {
            Objects::Databases(names) => list(names.iter().map(|name| format!("`{name}`"))),
            _ => Value::Null,
        },
        "TABLE_LIST" => match &request.objects {
            Objects::Tables(names) => list(names.iter()),
            _ => Value::Null,
        },
        "RESTORE_SCN" => scn(restore.scn),
        "RESTORE_SCN_DISPLAY" => scn_display(restore.scn),
        "RESTORE_OPTION" => text(restore.option.clone()),
        "BACKUP_DEST" => text(restore.backup_dest.clone()),
        "BACKUP_SET_LIST" => text(restore.set_list()),
        "BACKUP_PIECE_LIST" => text(restore.piece_list()),
        "REMAP_DB_LIST" if request.remap_databases.is_empty() => Value::Null,
        "REMAP_DB_LIST" => {
            let databases = request.remap_databases.iter();
            list(databases.map(|(from, to)| format!("`{from}`:`{to}`")))
        }
        "REMAP_TABLE_LIST" => pairs::<TableName>(&request.remap),
        "REMAP_TABLEGROUP_LIST" => pairs(&request.tablegroups),
        "REMAP_TABLESPACE_LIST" => pairs(&request.tablespaces),
        "RESULT" if job.finished_at.is_none() => Value::Null,
        // The engine's own spelling.
        "RESULT" if job.result == 0 => text("SUCCEESS"),
        "RESULT" => text("FAILED"),
        "COMMENT" => text(job.comment.clone()),
        "DESCRIPTION" => text(restore.description.clone()),
        _ => Value::Null,
    })
}

fn list(items: impl Iterator<Item = impl Display>) -> Value {
    let items: Vec<_> = items.map(|item| item.to_string()).collect();
    text(items.join(","))
}

fn pairs<T: Display>(pairs: &[(T, T)]) -> Value {
    if pairs.is_empty() {
        return Value::Null;
    }
    list(pairs.iter().map(|(from, to)| format!("{from}:{to}")))
}
