//! Secrets: read one by one, by name, when they are needed. The operator never lists, watches or
//! stores them.

use futures::FutureExt;
use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use kube_runtime::reflector::Store;
use secrecy::SecretString;

use super::secret_scope::{ENDPOINTS, binds, display};
use super::watch::caches::find;
use crate::api::cluster::TlsMode;
use crate::api::{LocalReference, OceanBaseCluster};
use crate::domain::Blocker;
use crate::oceanbase::client::{Account, Endpoint, Tls};
use crate::oceanbase::credentials::{ClusterKey, Credentials, CredentialsError};

/// Reader of Secrets.
#[derive(Clone)]
pub struct Secrets {
    client: Client,
    /// Whether a Secret without the annotation may not be sent to any host.
    require_binding: bool,
}

/// Values of a Secret.
pub struct Values {
    name: String,
    secret: Secret,
    require_binding: bool,
}

impl Secrets {
    /// Creates a reader. With `require_binding`, a Secret must list the hosts to which it may be
    /// sent.
    #[must_use]
    pub fn new(client: Client, require_binding: bool) -> Self {
        Self {
            client,
            require_binding,
        }
    }

    /// Reads a Secret by name.
    ///
    /// # Errors
    /// The Secret is missing, or cannot be read now.
    pub async fn read(
        &self,
        namespace: &str,
        reference: &LocalReference,
    ) -> Result<Values, Blocker> {
        named(reference)?;
        let name = &reference.name;
        match Api::<Secret>::namespaced(self.client.clone(), namespace)
            .get_opt(name)
            .await
        {
            Ok(Some(secret)) => Ok(Values {
                name: name.clone(),
                secret,
                require_binding: self.require_binding,
            }),
            Ok(None) => Err(Blocker::waiting(
                "SecretNotFound",
                format!(
                    "there is no Secret '{name}' in namespace '{namespace}': create it, or correct \
                     the reference"
                ),
            )),
            Err(error) => Err(unavailable(&error)),
        }
    }
}

impl Values {
    /// Returns the `resourceVersion`, which changes with every write to the Secret.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        self.secret.metadata.resource_version.clone()
    }

    /// Checks that the Secret's values may be sent to this host.
    ///
    /// # Errors
    /// The Secret's annotation does not list the host, or is required and missing.
    pub fn check_host(&self, host: &str, port: Option<u16>) -> Result<(), Blocker> {
        let annotations = self.secret.metadata.annotations.as_ref();
        let listed = annotations.and_then(|known| known.get(ENDPOINTS));
        let (name, location) = (&self.name, display(host, port));
        match listed {
            None if !self.require_binding => Ok(()),
            None => Err(Blocker::waiting(
                "SecretNotBound",
                format!(
                    "Secret '{name}' has no annotation '{ENDPOINTS}', which this operator \
                     requires: the owner of the Secret must list '{location}' there"
                ),
            )),
            Some(list) if binds(list, host, port) => Ok(()),
            Some(_) => Err(Blocker::waiting(
                "SecretNotForEndpoint",
                format!(
                    "the operator does not send Secret '{name}' to '{location}': its annotation \
                     '{ENDPOINTS}' does not list this endpoint"
                ),
            )),
        }
    }

    /// Checks that the Secret's values may be sent to a database: to each of its endpoints.
    ///
    /// # Errors
    /// As [`check_host`](Self::check_host).
    pub fn check_database(&self, endpoints: &[Endpoint]) -> Result<(), Blocker> {
        let mut endpoints = endpoints.iter();
        endpoints.try_for_each(|(host, port)| self.check_host(host, Some(*port)))
    }

    /// Returns the value of a required key.
    ///
    /// # Errors
    /// The value is missing, empty or not text.
    pub fn required(&self, key: &str) -> Result<SecretString, Blocker> {
        self.optional(key)?.ok_or_else(|| {
            Blocker::permanent(
                "SecretIncomplete",
                format!(
                    "Secret '{}' has no key '{key}', or its value is empty: set the value, or \
                     correct the reference",
                    self.name
                ),
            )
        })
    }

    /// Returns the value of an optional key.
    ///
    /// # Errors
    /// The value is not text.
    pub fn optional(&self, key: &str) -> Result<Option<SecretString>, Blocker> {
        let value = self.secret.data.as_ref().and_then(|data| data.get(key));
        let Some(value) = value.filter(|value| !value.0.is_empty()) else {
            return Ok(None);
        };
        match std::str::from_utf8(&value.0) {
            // The last line break of a file is never part of a password.
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).into())),
            Err(_) => Err(Blocker::permanent(
                "SecretIncomplete",
                format!(
                    "key '{key}' of Secret '{}' is not UTF-8 text; replace it with text",
                    self.name
                ),
            )),
        }
    }
}

fn unavailable(error: &kube::Error) -> Blocker {
    match error {
        kube::Error::Api(refusal) if refusal.code == 403 => Blocker::waiting(
            "SecretForbidden",
            "the operator is not allowed to read the Secret: grant it the verb 'get'",
        ),
        _ => Blocker::waiting(
            "KubernetesUnavailable",
            "the Secret could not be read from the Kubernetes API",
        ),
    }
}

/// Accounts from OceanBaseClusters and their Secrets.
pub struct ObjectCredentials {
    secrets: Secrets,
    clusters: Store<OceanBaseCluster>,
}

impl ObjectCredentials {
    /// Creates accounts from this cache and these Secrets.
    #[must_use]
    pub fn new(secrets: Secrets, clusters: Store<OceanBaseCluster>) -> Self {
        Self { secrets, clusters }
    }

    async fn look_up(&self, key: &ClusterKey) -> Result<Account, CredentialsError> {
        let object =
            find(&self.clusters, &key.namespace, &key.name).ok_or(CredentialsError::Gone)?;
        let spec = &object.spec;
        let secret = self
            .secrets
            .read(&key.namespace, &spec.credentials.secret_ref)
            .await?;
        let endpoints = spec.endpoints.iter();
        let endpoints: Vec<_> = endpoints.filter_map(|text| endpoint(text)).collect();
        secret.check_database(&endpoints)?;
        let user = match secret.optional("username")? {
            Some(name) => checked_user(&name)?,
            None => "root".to_owned(),
        };
        let cluster = match &spec.cluster_name {
            Some(name) => format!("#{}", checked_cluster(name)?),
            None => String::new(),
        };
        Ok(Account {
            endpoints,
            user: format!("{user}@sys{cluster}"),
            password: secret.required("password")?,
            tls: self.tls(key, &object).await?,
        })
    }

    async fn tls(&self, key: &ClusterKey, object: &OceanBaseCluster) -> Result<Tls, Blocker> {
        let tls = &object.spec.tls;
        let ca = match &tls.ca {
            Some(ca) => {
                use secrecy::ExposeSecret;
                let secret = self.secrets.read(&key.namespace, &ca.secret_ref).await?;
                secret
                    .required("ca.crt")?
                    .expose_secret()
                    .as_bytes()
                    .to_vec()
            }
            None => Vec::new(),
        };
        Ok(match tls.mode {
            TlsMode::Disabled => Tls::Disabled,
            TlsMode::Required => Tls::Required,
            TlsMode::VerifyCA => Tls::VerifyCa(ca),
            TlsMode::VerifyIdentity => Tls::VerifyIdentity(ca),
        })
    }
}

impl Credentials for ObjectCredentials {
    fn account<'a>(
        &'a self,
        cluster: &'a ClusterKey,
    ) -> BoxFuture<'a, Result<Account, CredentialsError>> {
        self.look_up(cluster).boxed()
    }
}

impl From<Blocker> for CredentialsError {
    fn from(blocker: Blocker) -> Self {
        match blocker.reason {
            "KubernetesUnavailable" => Self::Unavailable(blocker.message),
            reason => Self::Unusable {
                reason,
                message: blocker.message,
                permanent: blocker.permanent,
            },
        }
    }
}

/// Checks the user name, which becomes part of `name@sys#cluster`.
pub(super) fn checked_user(name: &SecretString) -> Result<String, Blocker> {
    use secrecy::ExposeSecret;
    let name = name.expose_secret();
    if name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    {
        return Ok(name.to_owned());
    }
    Err(Blocker::permanent(
        "InvalidUsername",
        "`username` in the Secret contains '@', '#' or another character that is not allowed. Use \
         only ASCII letters, digits, '_', '-' and '.'; the operator appends tenant and cluster",
    ))
}

/// Checks the cluster name, which becomes part of `user@sys#name`: it must not select another
/// tenant.
fn checked_cluster(name: &str) -> Result<&str, Blocker> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_plain) {
        return Ok(name);
    }
    Err(Blocker::permanent(
        "InvalidClusterName",
        "`clusterName` must consist of letters, digits, '_' and '-'",
    ))
}

/// Checks that a Secret may be read by this name. The name becomes part of an API path. A name that
/// is older than the schema's rule could reach another namespace.
pub(super) fn named(reference: &LocalReference) -> Result<(), Blocker> {
    if is_object_name(&reference.name) {
        return Ok(());
    }
    Err(Blocker::permanent(
        "InvalidReference",
        "the name of the Secret must consist of lower-case letters, digits, '-' and '.', and must \
         start and end with a letter or a digit",
    ))
}

fn is_object_name(name: &str) -> bool {
    let is_edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.starts_with(is_edge)
        && name.ends_with(is_edge)
        && name.chars().all(|c| is_edge(c) || matches!(c, '.' | '-'))
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some((host.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_host_and_port() {
        assert_eq!(endpoint("ob-1.db:2881"), Some(("ob-1.db".to_owned(), 2881)));
        assert_eq!(endpoint("[::1]:2881"), Some(("::1".to_owned(), 2881)));
        assert_eq!(endpoint("ob-1.db:99999"), None);
    }

    #[test]
    fn a_reference_that_leads_elsewhere_is_no_name() {
        for bad in [
            "", "../keys", "a/b", "a?b", "a%2fb", "..", "A", "-a", "a-", "a b", "ä",
        ] {
            assert!(!is_object_name(bad), "{bad}");
        }
        assert!(is_object_name("prod-sys.1") && is_object_name("a"));
    }

    #[test]
    fn a_cluster_name_that_chooses_another_tenant_is_refused() {
        for bad in ["", "x@orders", "x#y", "x:orders", "x y"] {
            assert!(checked_cluster(bad).is_err(), "{bad}");
        }
        assert_eq!(checked_cluster("ob_prod-1").unwrap(), "ob_prod-1");
    }

    #[test]
    fn a_user_name_that_chooses_its_own_tenant_is_refused() {
        assert!(checked_user(&"root@orders".into()).is_err());
        assert!(checked_user(&"backup_1".into()).is_ok());
    }
}
