//! Checks of a restored tenant, logged in as one of its users.

use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

use super::{LOOKUP_TIMEOUT, RESPONSE_GRACE_PERIOD, SendError, Sender, limit, precondition};
use crate::oceanbase::client::{
    Account, ConnectError, QueryError, Rows, ServerError, Session, code_of,
};
use crate::oceanbase::error::explain_check;
use crate::oceanbase::model::{Answer, CheckQuery, CheckResult, TenantId, TenantName};
use crate::oceanbase::statement::{READ_ONLY, SESSION_SETUP};
use crate::oceanbase::version::Version;

/// Name of all checks, which labels their metric and log line.
const NAME: &str = "check";

/// The login was rejected: the tenant, the user or the password is wrong.
const ACCESS_DENIED: u16 = 1045;

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

/// User of a tenant to log in as.
pub(super) struct Login<'a> {
    pub(super) tenant: &'a TenantName,
    /// Plain name of a user of the tenant.
    pub(super) user: &'a str,
    pub(super) password: &'a SecretString,
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
        let mut of_sys = self.open(account).await.map_err(SendError::Answer)?;
        let Inspection {
            tenant, tenant_id, ..
        } = inspection;
        let found = self
            .tenant(of_sys.as_mut(), version, tenant, *tenant_id)
            .await?;
        if found.role != "STANDBY" {
            return Err(precondition::withheld(&format!(
                "the role of the tenant is {} now",
                found.role
            )));
        }
        drop(of_sys);
        let login = Login {
            tenant,
            user: &inspection.user,
            password: &inspection.password,
        };
        let mut session = match self.log_in_to(account, &login).await? {
            Ok(session) => session,
            Err(refused) => return Ok(result(CheckResult::Refused(explain_check(&refused)))),
        };
        self.check_validity()?;
        let setup = [SESSION_SETUP.to_owned(), limit(inspection.timeout)];
        for text in setup.iter().map(String::as_str).chain(READ_ONLY) {
            self.ask_in_time(session.as_mut(), text, LOOKUP_TIMEOUT)
                .await
                .map_err(|error| SendError::Broken(error.to_string()))?;
        }
        let began = Instant::now();
        let timeout = inspection.timeout + RESPONSE_GRACE_PERIOD;
        let text = inspection.query.as_str();
        let answer = self.ask_in_time(session.as_mut(), text, timeout).await;
        let code = code_of(&answer);
        self.metrics.statement(NAME, &code, began.elapsed());
        tracing::info!(statement = NAME, %tenant, %code, "sent");
        match answer {
            Ok(rows) => Ok(result(judged(&rows, &inspection.expect))),
            Err(QueryError::Server(error)) => {
                Ok(result(CheckResult::Refused(explain_check(&error))))
            }
            Err(QueryError::Lost(why)) => Err(SendError::Broken(why)),
        }
    }

    /// Logs in to the tenant. A node without a unit of the tenant may reject a login that another
    /// node accepts. A wrong password is wrong on every node, and further attempts would lock the
    /// account.
    pub(super) async fn log_in_to(
        &self,
        account: &Account,
        login: &Login<'_>,
    ) -> Result<Result<Box<dyn Session>, ServerError>, SendError> {
        let cluster = account.user.split_once("@sys").map_or("", |(_, rest)| rest);
        let user = format!("{}@{}{cluster}", login.user, login.tenant);
        let mut refused = None;
        let mut unreachable = "the cluster has no endpoint".to_owned();
        for endpoint in &account.endpoints {
            let own = Account {
                endpoints: vec![endpoint.clone()],
                user: user.clone(),
                password: login.password.clone(),
                tls: account.tls.clone(),
            };
            let opened = tokio::select! {
                biased;
                () = self.lease_guard.ended() => return Err(SendError::Broken(super::LEASE_ENDED.to_owned())),
                opened = self.connect.connect(&own) => opened,
            };
            match opened {
                Ok(session) => return Ok(Ok(session)),
                Err(ConnectError::Refused(error)) => {
                    let is_final = error.code == ACCESS_DENIED;
                    refused = Some(error);
                    if is_final {
                        break;
                    }
                }
                Err(other) => unreachable = other.to_string(),
            }
        }
        match refused {
            Some(error) => Ok(Err(error)),
            None => Err(SendError::Broken(unreachable)),
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
