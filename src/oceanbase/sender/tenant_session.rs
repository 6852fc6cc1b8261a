//! Statements of a tenant's own user, each on a session of its own.
//!
//! # Flow
//!
//! * The sender checks as sys that the tenant is the expected one, and drops that session.
//! * It logs in to the tenant and sets the session up.
//! * It checks the lease and sends the statement.
//!
//! # Guarantees
//!
//! * The lease is checked right before the statement. A process that was stopped during the login
//!   does not change a tenant that another operator looks after now.
//! * A wrong password is sent once. Further attempts would lock the account.

use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

use super::{LEASE_ENDED, LOOKUP_TIMEOUT, RESPONSE_GRACE_PERIOD, SendError, Sender, precondition};
use crate::oceanbase::client::{
    Account, ConnectError, QueryError, Rows, ServerError, Session, code_of,
};
use crate::oceanbase::model::{TenantId, TenantName};
use crate::oceanbase::statement::{SESSION_SETUP, limit};
use crate::oceanbase::version::Version;

/// The login was rejected: the tenant, the user or the password is wrong.
const ACCESS_DENIED: u16 = 1045;

/// Statement of a tenant's own user.
pub(super) struct TenantStatement<'a> {
    /// Name of the statement, which labels its metric and log line.
    pub(super) name: &'static str,
    pub(super) tenant: &'a TenantName,
    /// Number of the tenant. A tenant that was recreated under the same name has another number.
    pub(super) tenant_id: TenantId,
    /// Role that the tenant must have, if that matters.
    pub(super) role: Option<&'static str>,
    /// Plain name of a user of the tenant.
    pub(super) user: &'a str,
    pub(super) password: &'a SecretString,
    /// Settings of the session, besides those of every session.
    pub(super) settings: &'a [&'a str],
    pub(super) text: &'a str,
    /// Timeout of the database for the statement.
    pub(super) timeout: Duration,
}

/// Outcome of a tenant's statement.
pub(super) enum TenantOutcome {
    /// The tenant rejects the login. The statement was not sent.
    LoginRefused(ServerError),
    /// The statement was sent.
    Sent(Result<Rows, QueryError>),
}

impl Sender {
    /// Sends the statement on a session of the tenant, which is closed afterwards.
    pub(super) async fn send_as_tenant(
        &mut self,
        account: &Account,
        version: Version,
        statement: &TenantStatement<'_>,
    ) -> Result<TenantOutcome, SendError> {
        let TenantStatement {
            tenant, tenant_id, ..
        } = *statement;
        let mut of_sys = self.open(account).await.map_err(SendError::Answer)?;
        let found = self
            .tenant(of_sys.as_mut(), version, tenant, tenant_id)
            .await?;
        if statement.role.is_some_and(|role| role != found.role) {
            return Err(precondition::withheld(&format!(
                "the role of the tenant is {} now",
                found.role
            )));
        }
        drop(of_sys);
        let mut session = match self.log_in_to(account, statement).await? {
            Ok(session) => session,
            Err(refused) => return Ok(TenantOutcome::LoginRefused(refused)),
        };
        let timeout = limit(statement.timeout);
        let setup = [SESSION_SETUP, &timeout];
        for text in setup.iter().chain(statement.settings) {
            self.ask_in_time(session.as_mut(), text, LOOKUP_TIMEOUT)
                .await
                .map_err(|error| SendError::Broken(error.to_string()))?;
        }
        self.check_validity()?;
        let began = Instant::now();
        let timeout = statement.timeout + RESPONSE_GRACE_PERIOD;
        let answer = self.ask_in_time(session.as_mut(), statement.text, timeout);
        let answer = answer.await;
        let code = code_of(&answer);
        self.metrics
            .statement(statement.name, &code, began.elapsed());
        tracing::info!(statement = statement.name, %tenant, %code, "sent");
        Ok(TenantOutcome::Sent(answer))
    }

    /// Logs in to the tenant. A node without a unit of the tenant may reject a login that another
    /// node accepts. A wrong password is wrong on every node, and further attempts would lock the
    /// account.
    async fn log_in_to(
        &self,
        account: &Account,
        statement: &TenantStatement<'_>,
    ) -> Result<Result<Box<dyn Session>, ServerError>, SendError> {
        let cluster = account.user.split_once("@sys").map_or("", |(_, rest)| rest);
        let user = format!("{}@{}{cluster}", statement.user, statement.tenant);
        let mut refused = None;
        let mut unreachable = "the cluster has no endpoint".to_owned();
        for endpoint in &account.endpoints {
            let own = Account {
                endpoints: vec![endpoint.clone()],
                user: user.clone(),
                password: statement.password.clone(),
                tls: account.tls.clone(),
            };
            let opened = tokio::select! {
                biased;
                () = self.lease_guard.ended() => return Err(SendError::Broken(LEASE_ENDED.to_owned())),
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
