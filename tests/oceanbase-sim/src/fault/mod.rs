//! Injected faults.
//!
//! A test injects a fault ([`Simulator::inject`](crate::Simulator::inject)), a scenario plans it
//! for a time, or `root@sys` sends it as `SIMULATE '<yaml>'`.

mod apply;
mod cleanup;
mod restore;
#[cfg(test)]
mod tests;
mod trap;

use std::time::Duration;

use serde::Deserialize;

pub(crate) use trap::{Sprung, Traps};

use crate::model::{
    Health, Privilege, RecoverStage, RestoreStage, Role, RoundStatus, Stage, TenantStatus,
};
use crate::scenario::TenantSpec;
use crate::scenario::units;
use crate::statement::Kind;

/// A failure, or an action of another user or tool.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
#[allow(missing_docs)] // the names of the fields explain them
pub enum Fault {
    /// The running delete job of a tenant fails at its next step, or the next one that begins.
    FailCleanup {
        tenant: String,
        #[serde(default = "internal_error")]
        code: i64,
        /// The comment; the text of the code by default.
        comment: Option<String>,
    },
    /// Delete jobs of a tenant stop in this stage until they are released.
    HoldCleanup { tenant: String, at: Stage },
    /// Delete jobs of a tenant continue.
    ReleaseCleanup { tenant: String },
    /// From now on the storage accepts only this key at a path, and rejects others with 9116.
    RotateKey { path: String, access_key: String },
    /// The running backup of a tenant fails at its next step, or the next one if none runs.
    FailBackup {
        tenant: String,
        #[serde(default = "internal_error")]
        code: i64,
        comment: Option<String>,
    },
    /// Archiving breaks: a log gap.
    InterruptArchive {
        tenant: String,
        comment: Option<String>,
    },
    /// Rounds of log archiving of a tenant stay in this state until they are released.
    HoldArchive { tenant: String, at: RoundStatus },
    /// Rounds of log archiving of a tenant continue.
    ReleaseArchive { tenant: String },
    /// Rows of backups that begin from now on appear only after this many SELECTs on a view.
    LagSelects { tenant: String, selects: u32 },
    /// Rows of backups that begin from now on appear only after this time. The prefix limits this
    /// to some views.
    LagTime {
        tenant: String,
        #[serde(deserialize_with = "units::duration")]
        age: Duration,
        #[serde(default)]
        views: String,
    },
    /// Rows appear immediately again.
    EndLag { tenant: String },
    /// The connection breaks at a statement.
    HangUp { on: Trigger, when: Moment },
    /// A statement is never answered, and the connection stays open, so the waiting client can be
    /// killed. The log shows immediately that the statement arrived.
    Stall { on: Trigger, when: Moment },
    /// A statement takes longer. Beyond the session's `ob_query_timeout` it answers 4012, and is
    /// executed nevertheless.
    Slow {
        on: Trigger,
        #[serde(deserialize_with = "units::duration")]
        delay: Duration,
    },
    /// A statement is answered with this error and not run.
    Refuse {
        on: Trigger,
        code: u16,
        message: String,
    },
    /// A statement is answered with OK and not executed. Sys does this for a tenant's errors while
    /// its archiving is opened (V4: log archiving, statements from sys).
    Swallow { on: Trigger },
    /// The node serves, refuses connections or is silent.
    Node { is: NodeState },
    /// Every open connection breaks.
    KillConnections,
    /// The health of a storage path changes.
    Path { path: String, health: Health },
    /// Another tool writes a file into a directory.
    Litter { path: String },
    /// A user gains or loses ALTER SYSTEM.
    AlterSystem {
        #[serde(default = "sys")]
        tenant: String,
        user: String,
        granted: bool,
    },
    /// A user gains or loses a privilege.
    Privilege {
        #[serde(default = "sys")]
        tenant: String,
        user: String,
        privilege: Privilege,
        granted: bool,
    },
    /// The server of a zone is stopped or started. A stopped server accepts no new units (4734).
    StopServer { zone: String, stopped: bool },
    /// A password changes.
    Password {
        #[serde(default = "sys")]
        tenant: String,
        #[serde(default = "root")]
        user: String,
        password: String,
    },
    /// The node's clock jumps, backwards if negative.
    TimeJump { seconds: i64 },
    /// A tenant is locked or unlocked.
    Lock { tenant: String, locked: bool },
    /// Another tool takes or removes snapshots of a tenant. Log archiving cannot be opened while a
    /// snapshot exists (V4: 4179).
    Snapshots { tenant: String, held: bool },
    /// A tenant changes its role.
    Role { tenant: String, role: Role },
    /// A tenant changes its status.
    Status {
        tenant: String,
        status: TenantStatus,
    },
    /// A tenant is dropped; its directories stay.
    Drop { tenant: String },
    /// A tenant is created.
    Create(Box<TenantSpec>),
    /// A tenant is dropped and recreated, with another id and without configuration.
    Recreate { tenant: String },
    /// Another tool starts a backup.
    ForeignBackup {
        tenant: String,
        #[serde(default)]
        description: String,
        #[serde(default)]
        incremental: bool,
        /// Whether the statement is sent in sys rather than in the tenant.
        #[serde(default)]
        from_sys: bool,
    },
    /// Backups of a tenant stop in this stage until they are released.
    Hold { tenant: String, at: Stage },
    /// Backups of a tenant continue.
    Release { tenant: String },
    /// The work of a tenant's running backup ends now.
    FinishBackup { tenant: String },
    /// Upgrade mode begins or ends: the parameter `enable_upgrade_mode`.
    Upgrading { on: bool },
    /// An upgrade of the cluster ends. The cluster's version, each tenant's data version and the
    /// views change, and upgrade mode ends.
    UpgradeTo { version: String },
    /// The data version of a tenant rises, to that of the cluster if none is given.
    UpgradeTenant {
        tenant: String,
        version: Option<String>,
    },
    /// The restore of a tenant fails at the end of a stage, or the next one if none runs.
    FailRestore {
        tenant: String,
        #[serde(default = "reading_data")]
        at: RestoreStage,
        #[serde(default = "internal_error")]
        code: i64,
        comment: Option<String>,
    },
    /// Restores of a tenant stop in this stage until they are released.
    HoldRestore { tenant: String, at: RestoreStage },
    /// RESTORE of a tenant reads the storage for this long before the job's row exists. It
    /// continues without its client until the limit of the statement: `ob_query_timeout`, or ten
    /// minutes from 4.2.4 and 4.3.2 on.
    SlowRestore {
        tenant: String,
        #[serde(deserialize_with = "units::duration")]
        reads: Duration,
    },
    /// Restores of a tenant continue.
    ReleaseRestore { tenant: String },
    /// The next ACTIVATE STANDBY of a tenant stops half-way, and its statement answers this number.
    FailActivation {
        tenant: String,
        #[serde(default = "internal_number")]
        code: u16,
    },
    /// The next upgrade of a tenant has no effect.
    FailUpgrade { tenant: String },
    /// The table recovery into a tenant fails in a stage, or the next one if none runs.
    FailRecoverTable {
        tenant: String,
        #[serde(default = "importing")]
        at: RecoverStage,
        #[serde(default = "internal_error")]
        code: i64,
    },
    /// Table recoveries into a tenant stop in this stage until they are canceled.
    HoldRecoverTable { tenant: String, at: RecoverStage },
    /// Another user drops a table, `shop.orders`.
    DropTable { tenant: String, table: String },
}

fn reading_data() -> RestoreStage {
    RestoreStage::ConsistentScn
}

fn importing() -> RecoverStage {
    RecoverStage::Importing
}

fn internal_number() -> u16 {
    4016
}

fn internal_error() -> i64 {
    -4016
}

fn sys() -> String {
    "sys".to_owned()
}

fn root() -> String {
    "root".to_owned()
}

/// The statement that a fault hits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trigger {
    /// Its kind; any by default.
    pub kind: Option<Kind>,
    /// The tenant that it concerns; any by default.
    pub tenant: Option<String>,
    /// A part of its text; any by default.
    pub containing: Option<String>,
    /// Its session, counted by logins from 1; any by default.
    pub session: Option<u64>,
    /// Its number from now on, from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// The number of such statements.
    #[serde(default = "one")]
    pub times: u32,
}

fn one() -> u32 {
    1
}

impl Trigger {
    /// Selects the next statement of this kind.
    #[must_use]
    pub fn next(kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            tenant: None,
            containing: None,
            session: None,
            nth: 1,
            times: 1,
        }
    }

    /// Selects the next statement of any kind.
    #[must_use]
    pub fn any() -> Self {
        Self {
            kind: None,
            tenant: None,
            containing: None,
            session: None,
            nth: 1,
            times: 1,
        }
    }

    /// Restricts to statements about this tenant.
    #[must_use]
    pub fn about(mut self, tenant: &str) -> Self {
        self.tenant = Some(tenant.to_owned());
        self
    }

    /// Restricts to statements with this text.
    #[must_use]
    pub fn containing(mut self, text: &str) -> Self {
        self.containing = Some(text.to_owned());
        self
    }

    /// Restricts to this session, counted by logins from 1.
    #[must_use]
    pub fn in_session(mut self, session: u64) -> Self {
        self.session = Some(session);
        self
    }

    /// Selects the n-th statement instead of the next, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth;
        self
    }

    /// Selects this many statements in a row.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}

/// When a connection breaks or becomes silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Moment {
    /// The statement is not executed.
    BeforeExecuting,
    /// The statement is executed, and its answer is lost.
    AfterCommit,
}

/// How a node treats clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeState {
    /// Normal service.
    Serving,
    /// New and existing connections are closed.
    Refusing,
    /// The node never answers.
    Silent,
}

/// A fault that cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    NoTenant(String),
    /// There is no such table.
    #[error("there is no table `{0}`")]
    NoTable(String),
    /// There is no such user.
    #[error("there is no user `{0}`")]
    NoUser(String),
    /// Archiving of the tenant is in a state that cannot break.
    #[error("archiving of tenant `{0}` is not running")]
    NotArchiving(String),
    /// The engine refused the statement of the other user.
    #[error("the engine refused it: {0}")]
    Refused(#[from] crate::value::SqlError),
    /// The text is not YAML of one fault or a list of faults.
    #[error("{0}")]
    Text(String),
}

/// Parses one fault or a list of faults from YAML.
///
/// # Errors
/// [`FaultError::Text`] with the position and the expected content.
pub fn parse(text: &str) -> Result<Vec<Fault>, FaultError> {
    let first = text.trim_start();
    if first.starts_with('-') || first.starts_with('[') {
        return serde_saphyr::from_str(text).map_err(|error| FaultError::Text(error.to_string()));
    }
    serde_saphyr::from_str(text)
        .map(|fault| vec![fault])
        .map_err(|error| FaultError::Text(error.to_string()))
}
