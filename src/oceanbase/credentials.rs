//! Whom to log in as, and what keeps from it.

use std::fmt;

use futures::future::BoxFuture;

use super::client::Account;

/// The object that describes a cluster: its namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterKey {
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
}

impl ClusterKey {
    /// The object of this namespace and name.
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

/// Knows whom to log in as.
pub trait Credentials: Send + Sync + 'static {
    /// Looks the account up anew: the endpoints, the user and the password may have changed.
    fn account<'a>(
        &'a self,
        cluster: &'a ClusterKey,
    ) -> BoxFuture<'a, Result<Account, CredentialsError>>;
}

/// Why there is no account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialsError {
    /// The cluster's object is gone.
    Gone,
    /// What is there can not be used: why, and what to do.
    Unusable {
        /// Stable CamelCase word.
        reason: &'static str,
        /// What is wrong and what to do.
        message: String,
        /// Whether only somebody's help makes it right; a missing object may still be applied.
        permanent: bool,
    },
    /// It can not be looked up now.
    Unavailable(String),
}
