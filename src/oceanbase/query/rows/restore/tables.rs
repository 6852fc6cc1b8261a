//! Rows of recoveries of tables: one of sys, which numbers the jobs, and one of the tenant that
//! receives the tables.

use std::collections::HashMap;

use super::{ParsedRows, Row, ViewError, code_in, instant, number, paths};
use crate::oceanbase::client::Rows;
use crate::oceanbase::error::explain_to_restore;
use crate::oceanbase::model::{
    Failure, FailureClass, JobId, Restore, RestoreStatus, Scn, TenantId,
};

/// One of the two rows.
struct TableRestoreRow {
    /// `STATUS`.
    word: String,
    /// `RESULT`.
    result: String,
    /// `COMMENT`.
    comment: String,
    /// Job of sys that the row belongs to; `None` if it belongs to no such job.
    of: Option<JobId>,
    is_of_sys: bool,
    restore: Restore,
}

/// Parses recoveries of tables: running or ended ones. Each must have its row of sys.
#[must_use]
pub fn tables(answer: &Rows, ended: bool) -> ParsedRows<Restore> {
    let query = if ended { "table_history" } else { "table_jobs" };
    let halves = ParsedRows::of(query, answer, half);
    let (of_sys, of_tenants): (Vec<_>, Vec<_>) =
        halves.rows.into_iter().partition(|half| half.is_of_sys);
    let of_tenants: HashMap<_, _> = of_tenants
        .into_iter()
        .filter_map(|half| Some((half.of?, half)))
        .collect();
    let join = |of_sys: TableRestoreRow| {
        let of_tenant = of_tenants.get(&of_sys.restore.job_id);
        join(of_sys, of_tenant, ended)
    };
    ParsedRows {
        rows: of_sys.into_iter().map(join).collect(),
        unreadable: halves.unreadable,
    }
}

fn half(row: &Row<'_>) -> Result<TableRestoreRow, ViewError> {
    // The views of a single tenant do not show whose rows they are. They are queried for sys.
    let is_of_sys = !row.has("TENANT_ID") || row.tenant_id()? == TenantId::SYS;
    let job_id = JobId(row.i64("JOB_ID")?);
    let is_sent_by_sys = number(row.text("INITIATOR_TENANT_ID")?) == Some(TenantId::SYS.0);
    let parent = number(row.text("INITIATOR_JOB_ID")?).map(JobId);
    let scn = row.text("RESTORE_SCN")?;
    let auxiliary_tenant = row.text("AUX_TENANT_NAME")?;
    Ok(TableRestoreRow {
        word: row.text("STATUS")?.to_owned(),
        result: row.text("RESULT")?.to_owned(),
        comment: row.text("COMMENT")?.to_owned(),
        of: parent.filter(|_| is_sent_by_sys && !is_of_sys),
        is_of_sys,
        restore: Restore {
            job_id,
            tenant_name: row.text("TARGET_TENANT_NAME")?.to_owned(),
            tenant_id: None,
            auxiliary_tenant: Some(auxiliary_tenant.to_owned()).filter(|name| !name.is_empty()),
            source_tenant: String::new(),
            source_cluster: String::new(),
            scn: Scn(scn.parse().unwrap_or_default()),
            status: RestoreStatus::Unknown(String::new()),
            started_at: instant(row, "START_TIMESTAMP")?,
            ended_at: instant(row, "FINISH_TIMESTAMP")?,
            description: row.text("DESCRIPTION")?.to_owned(),
            percent: None,
            recover_percent: None,
            total_bytes: None,
            finished_bytes: None,
            sets: paths(row.text("BACKUP_SET_LIST")?),
            pieces: paths(row.text("BACKUP_PIECE_LIST")?),
            failure: None,
        },
    })
}

/// Joins both rows. The row of sys takes precedence.
fn join(of_sys: TableRestoreRow, of_tenant: Option<&TableRestoreRow>, ended: bool) -> Restore {
    let mut job = of_sys.restore;
    if !ended {
        let word = of_tenant.map(|half| half.word.as_str());
        job.status = RestoreStatus::running_tables(&of_sys.word, word);
        job.ended_at = None;
        return job;
    }
    job.status = RestoreStatus::ended_tables(&of_sys.word, &of_sys.result);
    if job.status == RestoreStatus::Fail {
        let comment = of_tenant.map(|half| half.comment.as_str());
        let code = code_in(&of_sys.comment).or_else(|| code_in(comment?));
        job.failure = Some(code.map_or_else(|| failed(job.job_id), explain_to_restore));
    }
    job
}

/// Returns the failure for a comment without a number. The comment itself is never shown, because
/// it may contain paths with keys.
fn failed(job: JobId) -> Failure {
    Failure {
        code: 0,
        reason: "TableRecoveryFailed",
        message: format!(
            "the database could not recover the tables: see COMMENT of job {job} in \
             CDB_OB_RECOVER_TABLE_JOB_HISTORY, and CDB_OB_IMPORT_TABLE_TASK_HISTORY of the tenant"
        ),
        class: FailureClass::Permanent,
        passing: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 15] = [
        "TENANT_ID",
        "JOB_ID",
        "INITIATOR_TENANT_ID",
        "INITIATOR_JOB_ID",
        "START_TIMESTAMP",
        "FINISH_TIMESTAMP",
        "STATUS",
        "AUX_TENANT_NAME",
        "TARGET_TENANT_NAME",
        "RESTORE_SCN",
        "BACKUP_SET_LIST",
        "BACKUP_PIECE_LIST",
        "RESULT",
        "COMMENT",
        "DESCRIPTION",
    ];

    fn row(
        tenant: &str,
        job: &str,
        parent: &str,
        status: &str,
        comment: &str,
    ) -> Vec<Option<String>> {
        let cells = [
            tenant,
            job,
            "1",
            parent,
            "2026-11-20 02:00:00.000001",
            "",
            status,
            "AUX_RECOVER$17",
            "orders",
            "5",
            "file:///d/set?access_key=x",
            "",
            "",
            comment,
            "key",
        ];
        cells.map(|cell| Some(cell.to_owned())).into()
    }

    fn read(rows: Vec<Vec<Option<String>>>, ended: bool) -> Vec<Restore> {
        let columns = COLUMNS.map(str::to_owned).into();
        tables(&Rows { columns, rows }, ended).rows
    }

    #[test]
    fn the_row_of_the_tenant_tells_how_far_its_tables_are() {
        let rows = vec![
            row("1002", "1", "7", "IMPORTING", ""),
            row("1", "7", "0", "RECOVERING", ""),
        ];
        let read = read(rows, false);
        let importing = RestoreStatus::Restoring("IMPORTING".to_owned());
        assert_eq!((read[0].job_id, &read[0].status), (JobId(7), &importing));
        assert_eq!(
            (read[0].tenant_id, &read[0].sets[..]),
            (None, &["file:///d/set".to_owned()][..])
        );
    }

    #[test]
    fn a_job_number_of_a_tenant_is_not_taken_for_one_of_sys() {
        let rows = vec![
            row("1002", "7", "1", "PREPARE", ""),
            row("1", "7", "0", "RECOVERING", ""),
        ];
        let recovering = RestoreStatus::Restoring("RECOVERING".to_owned());
        assert_eq!(read(rows, false)[0].status, recovering);
        assert!(read(vec![row("1002", "1", "7", "PREPARE", "")], false).is_empty());
    }

    #[test]
    fn a_failure_is_explained_by_the_comment_of_either_row() {
        let comment = "(ROOTSERVICE)addr: h:1, result: -9094(no), trace_id: Y";
        let rows = vec![
            row("1002", "1", "7", "FAILED", comment),
            row("1", "7", "0", "FAILED", ""),
        ];
        assert_eq!(read(rows, true)[0].failure.as_ref().unwrap().code, -9094);
        let silent = read(
            vec![row("1", "7", "0", "FAILED", "s3://b?access_key=x")],
            true,
        );
        let failure = silent[0].failure.clone().unwrap();
        assert_eq!(failure.reason, "TableRecoveryFailed");
        assert!(!failure.message.contains("access_key"));
    }
}
