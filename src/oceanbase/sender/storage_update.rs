//! Changes of a storage's keys or limits, logged in as a user of the tenant. No other user may make
//! them.

use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::verification::Login;
use super::{LOOKUP_TIMEOUT, RESPONSE_GRACE_PERIOD, SendError, Sender, limit};
use crate::oceanbase::client::{Account, QueryError, ServerError, code_of};
use crate::oceanbase::error::explain_refusal;
use crate::oceanbase::model::{Answer, Failure, FailureClass, TenantName};
use crate::oceanbase::statement::{SESSION_SETUP, StorageUpdate};
use crate::oceanbase::version::Version;

impl Sender {
    /// Sends the change on a session of the tenant, which is closed afterwards.
    pub(in crate::oceanbase) async fn update_storage(
        &mut self,
        account: &Account,
        version: Version,
        change: &StorageUpdate,
    ) -> Answer {
        match self.changed_storage(account, version, change).await {
            Ok(answer) | Err(SendError::Answer(answer)) => answer,
            Err(SendError::Broken(why)) => Answer::NotSent(why),
        }
    }

    async fn changed_storage(
        &mut self,
        account: &Account,
        version: Version,
        change: &StorageUpdate,
    ) -> Result<Answer, SendError> {
        let mut of_sys = self.open(account).await.map_err(SendError::Answer)?;
        let (tenant, tenant_id) = (&change.tenant, change.tenant_id);
        self.tenant(of_sys.as_mut(), version, tenant, tenant_id)
            .await?;
        drop(of_sys);
        let login = Login {
            tenant,
            user: &change.user,
            password: &change.password,
        };
        let mut session = match self.log_in_to(account, &login).await? {
            Ok(session) => session,
            Err(refused) => return Ok(Answer::Refused(no_login(&refused, tenant))),
        };
        for text in [SESSION_SETUP.to_owned(), limit(StorageUpdate::TIMEOUT)] {
            self.ask_in_time(session.as_mut(), &text, LOOKUP_TIMEOUT)
                .await
                .map_err(|error| SendError::Broken(error.to_string()))?;
        }
        self.check_validity()?;
        let began = Instant::now();
        let text = change.text();
        let timeout = StorageUpdate::TIMEOUT + RESPONSE_GRACE_PERIOD;
        let answer = self.ask_in_time(session.as_mut(), text.expose_secret(), timeout);
        let answer = answer.await;
        let code = code_of(&answer);
        self.metrics
            .statement(StorageUpdate::NAME, &code, began.elapsed());
        tracing::info!(statement = StorageUpdate::NAME, %tenant, %code, "sent");
        Ok(match answer {
            Ok(_) => Answer::Done,
            Err(QueryError::Lost(why)) => Answer::Unknown(why),
            Err(QueryError::Server(error)) => {
                let failure = explain_refusal(&error);
                match failure.class {
                    FailureClass::AlreadySo => Answer::Done,
                    FailureClass::Unknown => Answer::Unknown(failure.message),
                    FailureClass::NotYet | FailureClass::Permanent => Answer::Refused(failure),
                }
            }
        })
    }
}

/// Returns the failure for a rejected login to the tenant.
fn no_login(refused: &ServerError, tenant: &TenantName) -> Failure {
    Failure {
        reason: "TenantLoginRefused",
        message: format!(
            "tenant {tenant} rejects the login (error {}): check `username` and `password` in its \
             Secret of `tenantCredentials` of the OceanBaseCluster",
            refused.code
        ),
        ..explain_refusal(refused)
    }
}
