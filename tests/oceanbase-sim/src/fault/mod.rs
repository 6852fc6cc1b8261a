//! What goes wrong, on purpose.
//!
//! A fault is given by a test ([`Simulator::inject`](crate::Simulator::inject)), stands in a
//! scenario with a time, or is sent by `root@sys` as `SIMULATE '<yaml>'`.

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

/// Something that goes wrong, or that somebody else does.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
#[allow(missing_docs)] // fields say what they are
pub enum Fault {
    /// The running delete job of a tenant fails at its next step, or the next one that begins.
    FailCleanup {
        tenant: String,
        #[serde(default = "internal_error")]
        code: i64,
        /// The text of the code if left out.
        comment: Option<String>,
    },
    /// Delete jobs of a tenant stop in this stage until they are released.
    HoldCleanup { tenant: String, at: Stage },
    /// Delete jobs of a tenant go on.
    ReleaseCleanup { tenant: String },
    /// From now on a store lets nobody in at a path but who has this key: others are 9116.
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
    /// Rounds of log archiving of a tenant go on.
    ReleaseArchive { tenant: String },
    /// Rows of backups that begin from now on appear only after this many SELECTs on a view.
    LagSelects { tenant: String, selects: u32 },
    /// Rows of backups that begin from now on appear only after this time: in all views, or in
    /// those whose names begin as given.
    LagTime {
        tenant: String,
        #[serde(deserialize_with = "units::duration")]
        age: Duration,
        #[serde(default)]
        views: String,
    },
    /// Rows appear at once again.
    EndLag { tenant: String },
    /// The connection breaks at a statement.
    HangUp { on: Trigger, when: Moment },
    /// A statement is never answered, and the connection stays open: whoever waits can be killed
    /// while it waits. The log shows at once that the statement came.
    Stall { on: Trigger, when: Moment },
    /// A statement takes longer; beyond the session's `ob_query_timeout` it answers 4012, and was
    /// run all the same.
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
    /// A statement is answered well and not run, as sys does for what goes wrong in a tenant
    /// while its archiving is opened (V4: log archiving, statements from sys).
    Swallow { on: Trigger },
    /// The node serves, refuses or is silent.
    Node { is: NodeState },
    /// Every open connection breaks.
    KillConnections,
    /// A store changes.
    Path { path: String, health: Health },
    /// Somebody puts a file into a directory.
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
    /// The server of a zone is stopped or started: a stopped one takes no new units (4734).
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
    /// Somebody takes snapshots of a tenant, or removes them: log archiving can not be opened
    /// while there are any (V4: 4179).
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
    /// A tenant is dropped and created anew, with another id and nothing configured.
    Recreate { tenant: String },
    /// Somebody else starts a backup.
    ForeignBackup {
        tenant: String,
        #[serde(default)]
        description: String,
        #[serde(default)]
        incremental: bool,
        /// Whether it is typed in sys rather than in the tenant.
        #[serde(default)]
        from_sys: bool,
    },
    /// Backups of a tenant stop in this stage until they are released.
    Hold { tenant: String, at: Stage },
    /// Backups of a tenant go on.
    Release { tenant: String },
    /// The work of a tenant's running backup ends now.
    FinishBackup { tenant: String },
    /// Upgrade mode begins or ends: the parameter `enable_upgrade_mode`.
    Upgrading { on: bool },
    /// An upgrade of the cluster ends: the version of the cluster, the data version of each tenant
    /// and what views show change, and upgrade mode ends.
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
    /// RESTORE of a tenant reads the store for so long before the job's row is there. It goes on when
    /// its client is gone, for as long as the limit of the statement lets it: `ob_query_timeout`, or ten
    /// minutes from 4.2.4 and 4.3.2 on.
    SlowRestore {
        tenant: String,
        #[serde(deserialize_with = "units::duration")]
        reads: Duration,
    },
    /// Restores of a tenant go on.
    ReleaseRestore { tenant: String },
    /// The next ACTIVATE STANDBY of a tenant stops half-way, and its statement answers this number.
    FailActivation {
        tenant: String,
        #[serde(default = "internal_number")]
        code: u16,
    },
    /// The next upgrade of a tenant comes to nothing.
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
    /// Somebody drops a table, `shop.orders`.
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

/// Which statement a fault hits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trigger {
    /// Of this kind; any if left out.
    pub kind: Option<Kind>,
    /// About this tenant; any if left out.
    pub tenant: Option<String>,
    /// With this in its text; any if left out.
    pub containing: Option<String>,
    /// In this session, counted by logins from 1; in any if left out.
    pub session: Option<u64>,
    /// The n-th of them from now on, from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// This many of them.
    #[serde(default = "one")]
    pub times: u32,
}

fn one() -> u32 {
    1
}

impl Trigger {
    /// The next statement of this kind.
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

    /// The next statement of any kind.
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

    /// About this tenant.
    #[must_use]
    pub fn about(mut self, tenant: &str) -> Self {
        self.tenant = Some(tenant.to_owned());
        self
    }

    /// With this in its text.
    #[must_use]
    pub fn containing(mut self, text: &str) -> Self {
        self.containing = Some(text.to_owned());
        self
    }

    /// In this session, counted by logins from 1.
    #[must_use]
    pub fn in_session(mut self, session: u64) -> Self {
        self.session = Some(session);
        self
    }

    /// The n-th rather than the next, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth;
        self
    }

    /// This many in a row.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}

/// When a connection breaks or falls silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Moment {
    /// The statement is not run.
    BeforeExecuting,
    /// The statement is run, and its answer is lost.
    AfterCommit,
}

/// How a node treats clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeState {
    /// As usual.
    Serving,
    /// Connections are closed, new ones and old ones.
    Refusing,
    /// Nothing is ever said.
    Silent,
}

/// A fault that can not be applied.
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
    /// Archiving of the tenant is not in a state that can break.
    #[error("archiving of tenant `{0}` is not running")]
    NotArchiving(String),
    /// The engine refused what somebody else tried.
    #[error("the engine refused it: {0}")]
    Refused(#[from] crate::value::SqlError),
    /// The text is not YAML of one fault or a list of faults.
    #[error("{0}")]
    Text(String),
}

/// One fault or a list of them, from YAML.
///
/// # Errors
/// [`FaultError::Text`] with the place and what was expected.
pub fn parse(text: &str) -> Result<Vec<Fault>, FaultError> {
    let first = text.trim_start();
    if first.starts_with('-') || first.starts_with('[') {
        return serde_saphyr::from_str(text).map_err(|error| FaultError::Text(error.to_string()));
    }
    serde_saphyr::from_str(text)
        .map(|fault| vec![fault])
        .map_err(|error| FaultError::Text(error.to_string()))
}
