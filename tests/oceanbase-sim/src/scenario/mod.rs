//! The initial state of a simulated cluster, from YAML or from a test.

mod build;
mod tenant;
pub(crate) mod units;

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::catalog::parse_time_zone;
use crate::fault::Fault;
use crate::model::{ChildRows, Edition, Health, Privilege, Server};

pub use tenant::{ArchiveSpec, BackupSpec, RoundSpec, TableSpec, TenantSpec};

/// A whole cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names)]
pub struct Scenario {
    /// The simulated release, four numbers.
    pub version: String,
    /// The version that the server reports instead (`OB_VERSION()`, `VERSION()`); `version` by
    /// default. Behaviour follows `version`, so a client that trusts the report must detect the
    /// difference.
    #[serde(default)]
    pub reported_version: Option<String>,
    /// The identity of the cluster.
    #[serde(default)]
    pub cluster: ClusterSpec,
    /// How backups of sys behave.
    #[serde(default)]
    pub child_rows: ChildRows,
    /// How many times faster than the engine background work is.
    #[serde(default = "real_time")]
    pub speed: f64,
    /// One step of the data backup scheduler, before speed.
    #[serde(default, deserialize_with = "units::maybe_duration")]
    pub backup_loop: Option<Duration>,
    /// The length of pieces of new rounds instead of a tenant's setting; not divided by speed.
    #[serde(default, deserialize_with = "units::maybe_duration")]
    pub piece_interval: Option<Duration>,
    /// The zone of the server's clock, which `*_SCN_DISPLAY` columns use.
    #[serde(default = "server_zone")]
    pub system_time_zone: String,
    /// Whether clients connect through ODP, which knows the cluster in user names.
    #[serde(default)]
    pub behind_proxy: bool,
    /// The password of `root@sys`.
    #[serde(default)]
    pub sys_password: String,
    /// Further users.
    #[serde(default)]
    pub users: Vec<UserSpec>,
    /// Additional privileges of users.
    #[serde(default)]
    pub grants: Vec<GrantSpec>,
    /// User tenants.
    #[serde(default)]
    pub tenants: Vec<TenantSpec>,
    /// Storage with problems from the start.
    #[serde(default)]
    pub storage: Vec<PathSpec>,
    /// Its zones, each with one server.
    #[serde(default = "one_zone")]
    pub zones: Vec<String>,
    /// The capacity of a server; large by default.
    #[serde(default)]
    pub server: Option<ServerSpec>,
    /// `__min_full_resource_pool_memory`: a unit with less memory cannot be put into a pool (1235).
    #[serde(default, deserialize_with = "units::maybe_bytes")]
    pub min_full_resource_pool_memory: Option<u64>,
    /// Other clusters whose storage this one can read.
    #[serde(default)]
    pub elsewhere: Vec<Scenario>,
    /// Planned faults.
    #[serde(default)]
    pub faults: Vec<PlannedFault>,
}

fn one_zone() -> Vec<String> {
    vec!["zone1".to_owned()]
}

/// The capacity of a server.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerSpec {
    /// Processors.
    pub cpu: f64,
    /// Memory.
    #[serde(deserialize_with = "units::bytes")]
    pub memory: u64,
    /// Log disk.
    #[serde(deserialize_with = "units::bytes")]
    pub log_disk: u64,
}

impl From<ServerSpec> for Server {
    fn from(spec: ServerSpec) -> Self {
        Self {
            cpu: spec.cpu,
            memory: spec.memory,
            log_disk: spec.log_disk,
        }
    }
}

fn real_time() -> f64 {
    1.0
}

fn server_zone() -> String {
    "+00:00".to_owned()
}

/// Name, id and edition.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClusterSpec {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: u64,
    /// Its edition.
    pub edition: Edition,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            name: "obcluster".to_owned(),
            id: 1,
            edition: Edition::Ce,
        }
    }
}

/// A user besides the root users.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserSpec {
    /// Its name.
    pub name: String,
    /// Its tenant.
    #[serde(default = "sys")]
    pub tenant: String,
    /// Its password.
    #[serde(default)]
    pub password: String,
    /// Whether it holds ALTER SYSTEM.
    #[serde(default)]
    pub alter_system: bool,
    /// Whether it may read `oceanbase.*`.
    #[serde(default = "yes")]
    pub select: bool,
}

/// Privileges of a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantSpec {
    /// The user.
    pub user: String,
    /// The tenant of the user.
    #[serde(default = "sys")]
    pub tenant: String,
    /// The additional privileges.
    pub privileges: Vec<Privilege>,
}

fn sys() -> String {
    "sys".to_owned()
}

fn yes() -> bool {
    true
}

/// Storage with a problem.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PathSpec {
    /// The root, `file:///…` or `s3://…`, without parameters.
    pub path: String,
    /// Its health.
    #[serde(default)]
    pub health: Health,
    /// Whether foreign files are there.
    #[serde(default)]
    pub litter: bool,
    /// The only key that the storage accepts; any key by default.
    #[serde(default)]
    pub access_key: Option<String>,
}

/// A fault with a time.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedFault {
    /// The delay after the start.
    #[serde(deserialize_with = "units::duration")]
    pub after: Duration,
    /// The fault.
    pub fault: Fault,
}

/// A scenario that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// The text is not YAML of a scenario.
    #[error("{0}")]
    Text(String),
    /// The version is not one of V4.
    #[error("version `{0}` is not a V4 version such as 4.2.5.1")]
    Version(String),
    /// The zone is unknown.
    #[error("system time zone `{0}` is neither an offset such as +08:00 nor a known name")]
    TimeZone(String),
    /// The description of a tenant is inconsistent.
    #[error("tenant `{tenant}`: {problem}")]
    Tenant {
        /// Its name.
        tenant: String,
        /// The inconsistency.
        problem: String,
    },
}

impl Scenario {
    /// Creates a cluster of this version without user tenants.
    #[must_use]
    pub fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            reported_version: None,
            cluster: ClusterSpec::default(),
            child_rows: ChildRows::default(),
            speed: real_time(),
            backup_loop: None,
            piece_interval: None,
            system_time_zone: server_zone(),
            behind_proxy: false,
            sys_password: String::new(),
            users: Vec::new(),
            grants: Vec::new(),
            tenants: Vec::new(),
            storage: Vec::new(),
            zones: one_zone(),
            server: None,
            min_full_resource_pool_memory: None,
            elsewhere: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Reads YAML.
    ///
    /// # Errors
    /// [`ScenarioError::Text`] with the position and the expected content.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        serde_saphyr::from_str(text).map_err(|error| ScenarioError::Text(error.to_string()))
    }

    /// Adds a tenant with nothing configured.
    #[must_use]
    pub fn tenant(self, name: &str) -> Self {
        self.with(TenantSpec::new(name))
    }

    /// Adds a tenant.
    #[must_use]
    pub fn with(mut self, tenant: TenantSpec) -> Self {
        self.tenants.push(tenant);
        self
    }

    /// Sets the speed.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// Sets how backups of sys behave.
    #[must_use]
    pub fn child_rows(mut self, child_rows: ChildRows) -> Self {
        self.child_rows = child_rows;
        self
    }

    /// Sets the password of `root@sys`.
    #[must_use]
    pub fn sys_password(mut self, password: &str) -> Self {
        password.clone_into(&mut self.sys_password);
        self
    }

    /// Makes the server report another version than the simulated one.
    #[must_use]
    pub fn reported_version(mut self, version: &str) -> Self {
        self.reported_version = Some(version.to_owned());
        self
    }

    /// Grants privileges to a user of sys.
    #[must_use]
    pub fn grant(mut self, user: &str, privileges: &[Privilege]) -> Self {
        self.grants.push(GrantSpec {
            user: user.to_owned(),
            tenant: sys(),
            privileges: privileges.to_vec(),
        });
        self
    }

    /// Adds a user.
    #[must_use]
    pub fn user(mut self, user: UserSpec) -> Self {
        self.users.push(user);
        self
    }

    pub(crate) fn server_time_zone(&self) -> Result<TimeZone, ScenarioError> {
        parse_time_zone(&self.system_time_zone)
            .ok_or_else(|| ScenarioError::TimeZone(self.system_time_zone.clone()))
    }
}
