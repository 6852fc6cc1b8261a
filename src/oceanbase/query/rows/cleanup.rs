//! Rows of cleanups.

use super::{ParsedRows, Row, ViewError};
use crate::oceanbase::client::Rows;
use crate::oceanbase::error::explain;
use crate::oceanbase::model::{
    CleanedItem, CleanupJob, CleanupKind, Failure, JobId, JobStatus, TenantId,
};

/// Parses cleanups, running or ended. Rows of the session's own tenant, which is sys, have no
/// tenant column.
#[must_use]
pub fn cleanups(answer: &Rows) -> ParsedRows<CleanupJob> {
    ParsedRows::of("cleanup_jobs", answer, job)
}

fn job(row: &Row<'_>) -> Result<CleanupJob, ViewError> {
    let tenant_id = if row.has("TENANT_ID") {
        row.tenant_id()?
    } else {
        TenantId::SYS
    };
    let result = i32::try_from(row.i64("RESULT")?).unwrap_or(i32::MIN);
    Ok(CleanupJob {
        tenant_id,
        id: JobId(row.i64("JOB_ID")?),
        initiator_tenant_id: TenantId(row.i64("INITIATOR_TENANT_ID")?),
        initiator_job_id: JobId(row.i64("INITIATOR_JOB_ID")?),
        executors: row.text("EXECUTOR_TENANT_ID")?.to_owned(),
        kind: CleanupKind::parse(row.text("TYPE")?),
        status: JobStatus::parse(row.text("STATUS")?),
        started_at: row
            .at("START_TIMESTAMP")?
            .ok_or_else(|| row.error("START_TIMESTAMP", "is NULL"))?,
        ended_at: row.at("END_TIMESTAMP")?,
        tasks: row.i64("TASK_COUNT")?,
        done: row.i64("SUCCESS_TASK_COUNT")?,
        failure: (result != 0).then(|| failure(result, row.text("COMMENT").unwrap_or_default())),
        items: Vec::new(),
    })
}

/// Returns why a cleanup failed, with the sets and pieces that the comment names. The rest of the
/// comment is not shown.
fn failure(result: i32, comment: &str) -> Failure {
    let mut failure = explain(result);
    let named: Vec<_> = named(comment).collect();
    if !named.is_empty() {
        failure.message = format!(
            "{}; the database names {}",
            failure.message,
            named.join(", ")
        );
    }
    failure
}

/// Returns texts such as `id=5(dependent by backup set id=6)` in a comment.
fn named(comment: &str) -> impl Iterator<Item = &str> {
    comment.match_indices("id=").filter_map(|(at, _)| {
        let text = comment.get(at..)?;
        let digits = text.get(3..)?.find(|c: char| !c.is_ascii_digit())?;
        let open = 3 + digits;
        if digits == 0 || text.get(open..=open) != Some("(") {
            return None;
        }
        let close = text.find(')')?;
        let words = text.get(open + 1..close)?;
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || " =_".contains(c);
        (words.len() <= 80 && words.chars().all(is_plain)).then(|| &text[..=close])
    })
}

/// Parses the items of cleanups, each with its tenant and job.
#[must_use]
pub fn cleaned_items(answer: &Rows) -> ParsedRows<((TenantId, JobId), CleanedItem)> {
    ParsedRows::of("cleanup_items", answer, |row| {
        let item = CleanedItem {
            is_set: row.is("TASK_TYPE", "BACKUP SET")?,
            id: row.i64("ID")?,
            is_deleted: row.is("STATUS", "COMPLETED")?,
            bytes: None,
        };
        Ok(((row.tenant_id()?, JobId(row.i64("JOB_ID")?)), item))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_comment_only_what_names_sets_and_pieces_is_passed_on() {
        let comment = "(ROOTSERVICE)addr: 10.0.0.1:2882, id=5(dependent by backup set id=6), \
                       id=7(key AKIA/x), result: -9045";
        let failure = failure(-9045, comment);
        assert_eq!(failure.reason, "DeleteNotAllowed");
        let end = "the database names id=5(dependent by backup set id=6)";
        assert!(failure.message.ends_with(end), "{}", failure.message);
    }

    #[test]
    fn a_comment_that_names_nothing_adds_nothing() {
        let plain = explain(-9045).message;
        for comment in ["", "id=", "id=(x)", "id=5", "id=5(", "valid=1"] {
            assert_eq!(failure(-9045, comment).message, plain, "{comment}");
        }
    }
}
