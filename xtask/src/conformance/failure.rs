//! A restore that fails after the database has recorded its job.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::client::QueryError;
use oceanbase_backup_operator::oceanbase::model::{RestoreStatus, Scn};

use super::database::{Database, ReadError};
use super::report::Verdict;
use super::suite::{Poll, Suite, describe, evidence_of};

/// OB_RESOURCE_POOL_ALREADY_GRANTED, as a comment of the history names it.
const POOL_IN_USE: i32 = -4626;

impl Suite {
    /// Restores into the pool of the restored tenant, which the database detects when the job runs.
    pub(super) async fn check_failing_restore(&mut self, until: Scn) {
        let key = self.failing_key();
        let (tenant, pool) = (self.names.second.clone(), self.names.pool.clone());
        let sent = self.restore_as(tenant, pool, until, key.clone()).await;
        let Ok((restore, answer)) = sent else {
            return;
        };
        let evidence = evidence_of(Capability::RestoreFailureReported);
        let what = "RESTORE into a pool that a tenant holds";
        if self.can(Capability::RestoreFailureReported) {
            let assumption = format!("{what} is refused with 9099");
            let _ = self.is_refused(&answer, Some(&restore), &[9099], &assumption, evidence);
        } else if self.can(Capability::RestoreWaitsForTenant) {
            let verdict = Verdict::of(matches!(answer, Err(QueryError::Server(_))));
            let assumption = format!("{what} is refused; the number has no meaning");
            self.add(verdict, assumption, describe(&answer, None), evidence);
        } else {
            let assumption = format!("{what} is accepted");
            let _ = self.is_accepted(&answer, Some(&restore), &assumption, evidence);
        }
        let probe = async |database: &mut Database| {
            let Some(found) = database.restore(&key).await? else {
                return Ok(Poll::Pending("there is no such row".to_owned()));
            };
            let code = found.failure.as_ref().map(|failure| failure.code);
            match found.status {
                RestoreStatus::Fail if code == Some(POOL_IN_USE) => Ok(Poll::Done(())),
                status if status.is_terminal() => {
                    let code = code.unwrap_or_default();
                    Err(ReadError::of_rows(format!("{status:?}, {code}")))
                }
                status => Ok(Poll::Pending(format!("{status:?}"))),
            }
        };
        let assumption = "The restore ends with FAIL, and its COMMENT names -4626";
        let evidence = "source: ob_physical_restore_table_operator.cpp";
        // The next checks do not depend on the result.
        let _ = self
            .reaches(assumption, "FAIL, -4626", evidence, probe)
            .await;
    }
}
