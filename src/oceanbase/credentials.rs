//! Account for the login to a cluster, and the reasons why there is none.

use std::fmt;

use futures::future::BoxFuture;

use super::client::Account;

/// Namespace and name of an OceanBaseCluster object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterKey {
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
}

impl ClusterKey {
    /// Returns the key for this namespace and name.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl fmt::Display for ClusterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Source of accounts.
pub trait Credentials: Send + Sync + 'static {
    /// Reads the account again: the endpoints, the user and the password may have changed.
    fn account<'a>(
        &'a self,
        cluster: &'a ClusterKey,
    ) -> BoxFuture<'a, Result<Account, CredentialsError>>;
}

/// Reason why there is no account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialsError {
    /// The cluster's object is gone.
    Gone,
    /// The account is unusable.
    Unusable {
        /// Stable CamelCase word.
        reason: &'static str,
        /// Problem and remedy.
        message: String,
        /// Whether only a user can fix the problem. A missing object may still be created.
        permanent: bool,
    },
    /// The account cannot be read now.
    Unavailable(String),
}
