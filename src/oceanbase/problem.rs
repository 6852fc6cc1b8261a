//! Reasons why a cluster cannot be read, as its object shows them.

use super::client::{Account, ConnectError, QueryError};
use super::credentials::CredentialsError;
use super::error::explain_refusal;
use super::model::FailureClass;
use super::query::ViewError;

/// Reason why a cluster cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionProblem {
    /// Stable CamelCase word.
    pub reason: &'static str,
    /// Problem and remedy.
    pub message: String,
    /// Whether only a user can fix the problem.
    pub permanent: bool,
    /// Whether the database does not respond although the description of the cluster is valid.
    pub outage: bool,
}

/// `OB_PASSWORD_WRONG`, also returned for an unknown tenant.
const ACCESS_DENIED: u16 = 1045;
/// Login errors that resolve by themselves: too many sessions, a timeout, or an observer that
/// starts or stops (`OB_ERR_CON_COUNT_ERROR`, `OB_TIMEOUT`, `OB_EAGAIN`, `OB_SCHEMA_EAGAIN`,
/// `OB_SERVER_IS_INIT`, `OB_SERVER_IS_STOPPING`). Any other login error, such as a locked account,
/// needs a user.
const TRANSIENT_ERRORS: [u16; 6] = [1040, 4012, 4023, 5627, 8001, 8002];
/// Remedy for a database that does not respond.
const CHECK_ENDPOINTS: &str = "Check `endpoints` of the OceanBaseCluster. Check that the database \
                               runs there, and that network policies allow connections of the \
                               operator";

impl From<CredentialsError> for ConnectionProblem {
    fn from(error: CredentialsError) -> Self {
        match error {
            CredentialsError::Gone => Self {
                reason: "ClusterNotFound",
                message: "the OceanBaseCluster does not exist any more".to_owned(),
                permanent: true,
                outage: false,
            },
            CredentialsError::Unusable {
                reason,
                message,
                permanent,
            } => Self {
                reason,
                message,
                permanent,
                outage: false,
            },
            CredentialsError::Unavailable(message) => Self {
                reason: "KubernetesUnavailable",
                message,
                permanent: false,
                outage: true,
            },
        }
    }
}

/// Additional hint if a login that names a cluster is rejected. A node takes everything after the
/// first `@` as the name of the tenant.
const ONLY_BEHIND_PROXY: &str = "`clusterName` of the OceanBaseCluster is set, and a node that is \
                                 reached directly knows no tenant of this name. Remove \
                                 `clusterName` unless `endpoints` are those of OBProxy";

impl ConnectionProblem {
    /// Returns the reason why this account has no session.
    pub(super) fn without_session(error: &ConnectError, account: &Account) -> Self {
        match error {
            ConnectError::Unreachable(_) => Self {
                reason: "Unreachable",
                message: format!("{error}. {CHECK_ENDPOINTS}"),
                permanent: false,
                outage: true,
            },
            ConnectError::Tls(_) => Self {
                reason: "TlsFailed",
                message: format!(
                    "{error}. Check that TLS is enabled in the database. Check `tls` of the \
                     OceanBaseCluster: its `mode`, and the certificate of `ca`"
                ),
                permanent: false,
                outage: false,
            },
            ConnectError::Refused(refusal) => {
                let passes = TRANSIENT_ERRORS.contains(&refusal.code);
                let failure = explain_refusal(refusal);
                let names_cluster = refusal.code == ACCESS_DENIED && account.user.contains('#');
                let message = if names_cluster {
                    format!("{}. {ONLY_BEHIND_PROXY}", failure.message)
                } else {
                    failure.message
                };
                Self {
                    reason: failure.reason,
                    message,
                    permanent: !passes,
                    outage: passes,
                }
            }
        }
    }
}

impl From<QueryError> for ConnectionProblem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Server(refusal) => {
                let failure = explain_refusal(&refusal);
                let permanent = failure.class == FailureClass::Permanent;
                Self {
                    reason: failure.reason,
                    message: failure.message,
                    permanent,
                    outage: !permanent,
                }
            }
            QueryError::Lost(why) => Self {
                reason: "Unreachable",
                message: format!(
                    "the connection to the database was lost: {why}. {CHECK_ENDPOINTS}"
                ),
                permanent: false,
                outage: true,
            },
        }
    }
}

impl From<ViewError> for ConnectionProblem {
    fn from(error: ViewError) -> Self {
        Self {
            reason: "ViewNotUnderstood",
            message: format!("{error}; report this with the version of the server"),
            permanent: false,
            outage: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oceanbase::client::ServerError;
    use crate::oceanbase::testing::account;

    fn refused(code: u16) -> ConnectionProblem {
        let text = String::new();
        let refusal = ConnectError::Refused(ServerError { code, text });
        ConnectionProblem::without_session(&refusal, &account())
    }

    /// `ER_ACCOUNT_HAS_BEEN_LOCKED`, and an unknown number.
    #[test]
    fn a_server_that_takes_no_login_yet_is_waited_for_and_what_keeps_the_account_out_is_not() {
        for code in TRANSIENT_ERRORS {
            assert!(!refused(code).permanent && refused(code).outage, "{code}");
        }
        for code in [ACCESS_DENIED, 3118, 9999] {
            assert!(refused(code).permanent && !refused(code).outage, "{code}");
        }
    }
}
