//! Changes of a storage's keys or limits, logged in as a user of the tenant. No other user may make
//! them.

use secrecy::ExposeSecret;

use super::tenant_session::{TenantOutcome, TenantStatement};
use super::{SendError, Sender};
use crate::oceanbase::client::{Account, QueryError, ServerError};
use crate::oceanbase::error::explain_refusal;
use crate::oceanbase::model::{Answer, Failure, FailureClass, TenantName};
use crate::oceanbase::statement::StorageUpdate;
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
        let text = change.text();
        let statement = TenantStatement {
            name: StorageUpdate::NAME,
            tenant: &change.tenant,
            tenant_id: change.tenant_id,
            role: None,
            user: &change.user,
            password: &change.password,
            settings: &[],
            text: text.expose_secret(),
            timeout: StorageUpdate::TIMEOUT,
        };
        let outcome = self.send_as_tenant(account, version, &statement).await?;
        Ok(match outcome {
            TenantOutcome::LoginRefused(refused) => {
                Answer::Refused(no_login(&refused, &change.tenant))
            }
            TenantOutcome::Sent(Ok(_)) => Answer::Done,
            TenantOutcome::Sent(Err(QueryError::Lost(why))) => Answer::Unknown(why),
            TenantOutcome::Sent(Err(QueryError::Server(error))) => {
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
