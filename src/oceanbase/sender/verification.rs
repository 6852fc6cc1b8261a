//! Checks of a restored tenant, logged in as one of its users.

use std::time::Duration;

use secrecy::SecretString;

use super::tenant_session::{TenantOutcome, TenantStatement};
use super::{SendError, Sender};
use crate::oceanbase::client::{Account, QueryError, Rows};
use crate::oceanbase::error::explain_check;
use crate::oceanbase::model::{Answer, CheckQuery, CheckResult, TenantId, TenantName};
use crate::oceanbase::statement::READ_ONLY;
use crate::oceanbase::version::Version;

/// Name of all checks, which labels their metric and log line.
const NAME: &str = "check";

/// Check of a restored tenant.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The tenant.
    pub tenant: TenantName,
    /// Number of the tenant. A tenant that was recreated under the same name has another number.
    pub tenant_id: TenantId,
    /// Plain name of a user of the tenant.
    pub user: String,
    /// Password of the user.
    pub password: SecretString,
    /// Query of the check.
    pub query: CheckQuery,
    /// Expected result.
    pub expect: String,
    /// Timeout of the database for the query.
    pub timeout: Duration,
}

impl Sender {
    /// Checks a restored tenant while it is still a standby, which can only be read.
    pub(in crate::oceanbase) async fn inspect(
        &mut self,
        account: &Account,
        version: Version,
        inspection: &Inspection,
    ) -> Answer {
        match self.inspected(account, version, inspection).await {
            Ok(answer) | Err(SendError::Answer(answer)) => answer,
            Err(SendError::Broken(why)) => Answer::NotSent(why),
        }
    }

    async fn inspected(
        &mut self,
        account: &Account,
        version: Version,
        inspection: &Inspection,
    ) -> Result<Answer, SendError> {
        let statement = TenantStatement {
            name: NAME,
            tenant: &inspection.tenant,
            tenant_id: inspection.tenant_id,
            role: Some("STANDBY"),
            user: &inspection.user,
            password: &inspection.password,
            settings: &READ_ONLY,
            text: inspection.query.as_str(),
            timeout: inspection.timeout,
        };
        match self.send_as_tenant(account, version, &statement).await? {
            TenantOutcome::Sent(Ok(rows)) => Ok(result(judged(&rows, &inspection.expect))),
            TenantOutcome::LoginRefused(error)
            | TenantOutcome::Sent(Err(QueryError::Server(error))) => {
                Ok(result(CheckResult::Refused(explain_check(&error))))
            }
            TenantOutcome::Sent(Err(QueryError::Lost(why))) => Err(SendError::Broken(why)),
        }
    }
}

fn result(result: CheckResult) -> Answer {
    Answer::Checked(Box::new(result))
}

/// Compares as text: numbers and times as the database writes them.
fn judged(rows: &Rows, expect: &str) -> CheckResult {
    match &rows.rows[..] {
        _ if rows.columns.len() > 1 => CheckResult::MultipleColumns,
        [] => CheckResult::NoRow,
        [row] => {
            let value = row.first().and_then(Option::as_deref).unwrap_or("NULL");
            if value == expect {
                CheckResult::ExpectedValue
            } else {
                CheckResult::UnexpectedValue
            }
        }
        _ => CheckResult::MultipleRows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(columns: usize, rows: &[Option<&str>]) -> Rows {
        Rows {
            columns: vec!["x".to_owned(); columns],
            rows: rows
                .iter()
                .map(|value| vec![value.map(str::to_owned); columns])
                .collect(),
        }
    }

    #[test]
    fn one_row_with_the_expected_value_passes_and_nothing_else() {
        for (found, expect, result) in [
            (rows(1, &[Some("7")]), "7", CheckResult::ExpectedValue),
            (rows(1, &[None]), "NULL", CheckResult::ExpectedValue),
            (rows(1, &[Some("8")]), "7", CheckResult::UnexpectedValue),
            (rows(1, &[Some("7.0")]), "7", CheckResult::UnexpectedValue),
            (rows(1, &[]), "7", CheckResult::NoRow),
            (
                rows(1, &[Some("7"), Some("7")]),
                "7",
                CheckResult::MultipleRows,
            ),
            (rows(2, &[Some("7")]), "7", CheckResult::MultipleColumns),
        ] {
            assert_eq!(judged(&found, expect), result);
        }
    }
}
