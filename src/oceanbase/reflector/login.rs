//! What the reflector reads at login: the database's identity and version, and the account's privileges.

use super::{QUERY_TIMEOUT, Reflector, SessionContext};
use crate::oceanbase::client::{QueryError, Session};
use crate::oceanbase::problem::ConnectionProblem;
use crate::oceanbase::query::{self, Query};
use crate::oceanbase::snapshot::Reading;
use crate::oceanbase::statement::SESSION_SETUP;
use crate::oceanbase::version::Version;

impl Reflector {
    /// Sets up the session, identifies the database and records the privileges of the account.
    pub(super) async fn identify(
        &self,
        session: &mut dyn Session,
    ) -> Result<SessionContext, ConnectionProblem> {
        // The version is not known yet, so the oldest one is assumed.
        let mut read = Reading::new(session, Version::OLDEST, &self.metrics, QUERY_TIMEOUT);
        read.execute(SESSION_SETUP).await?;
        let answer = read.ask(&Query::Version).await?;
        let (version, community) = query::version(&answer)?;
        if version < Version::OLDEST {
            return Err(ConnectionProblem {
                reason: "UnsupportedServerVersion",
                message: format!(
                    "the server is version {version}; this operator needs {} or later",
                    Version::OLDEST
                ),
                permanent: true,
                outage: false,
            });
        }
        let parameters = read.ask(&Query::Identity).await?;
        let bootstrap = read.ask(&Query::Bootstrap).await?;
        let identity = query::identity(&parameters, &bootstrap)?;
        self.read_privileges(session, version).await?;
        Ok(SessionContext {
            identity,
            version,
            community,
        })
    }

    /// Reads the privileges of the account.
    ///
    /// If the database returns an error, the operator retries once: otherwise, the privileges would be
    /// unknown until the next check of the credentials. If privileges are unknown, no statement is
    /// rejected because of them.
    pub(super) async fn read_privileges(
        &self,
        session: &mut dyn Session,
        version: Version,
    ) -> Result<(), ConnectionProblem> {
        let mut read = Reading::new(session, version, &self.metrics, QUERY_TIMEOUT);
        let mut grants = read.ask(&Query::Grants).await;
        if matches!(grants, Err(QueryError::Server(_))) {
            grants = read.ask(&Query::Grants).await;
        }
        let privileges = match grants {
            Ok(answer) => Some(query::privileges(&answer)),
            Err(QueryError::Server(error)) => {
                tracing::warn!(
                    cluster = %self.cluster.key(),
                    code = error.code,
                    "privileges of the account cannot be read"
                );
                None
            }
            Err(error) => return Err(error.into()),
        };
        self.cluster.set_privileges(privileges);
        Ok(())
    }
}
