//! Input of a decision about a recovery.

use std::sync::Arc;
use std::time::Duration;

use crate::api::recovery_task::{Objects, TargetType};
use crate::api::{RecoveryTaskSpec, RecoveryTaskStatus};
use crate::domain::Blocker;
use crate::domain::recovery_windows::Recoverable;
use crate::oceanbase::model::{
    BackgroundAnswer, BackupSet, BackupSetId, DatabaseId, Identity, Piece, Privileges, RestoreKey,
    Restores, Tenant, TenantId,
};
use crate::oceanbase::version::Version;

/// Object of the decision.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Generation of the object.
    pub generation: i64,
    /// Namespace and name of the object. They identify the recovery if the spec has no idempotency
    /// key.
    pub name: &'a str,
    /// Spec of the object.
    pub spec: &'a RecoveryTaskSpec,
    /// Current status of the object.
    pub status: &'a RecoveryTaskStatus,
}

impl Task<'_> {
    /// Returns the source as `<cluster>/<tenant>`.
    pub(super) fn source_name(&self) -> String {
        let source = &self.spec.source;
        match (&source.tenant, &source.storage) {
            (Some(tenant), _) => {
                format!("{}/{}", tenant.cluster_ref.name, tenant.tenant_name)
            }
            (None, Some(storage)) => {
                let cluster = storage.cluster_name.as_ref();
                let cluster = cluster.unwrap_or(&storage.storage_ref.name);
                format!("{cluster}/{}", storage.tenant_name)
            }
            // The API server rejects this.
            (None, None) => String::new(),
        }
    }

    /// Returns the key of the database's job.
    pub(super) fn key(&self, database: &DatabaseId) -> RestoreKey {
        let key = self.spec.idempotency_key.as_deref().unwrap_or(self.name);
        match self.spec.target.type_ {
            _ if self.spec.verification.is_some() => RestoreKey::of_verification(key, database),
            TargetType::NewTenant => RestoreKey::new(key, database),
            TargetType::ExistingTenant => {
                let tables_text = self
                    .spec
                    .objects
                    .as_ref()
                    .map(tables_text)
                    .unwrap_or_default();
                RestoreKey::of_tables(key, database, &tables_text)
            }
        }
    }
}

/// Returns the requested tables and their new names, independent of their order.
fn tables_text(objects: &Objects) -> String {
    let renamed = |from: &str, to: Option<&str>| format!("{from}:{}", to.unwrap_or(from));
    let tables = objects.tables.iter();
    let tables = tables.map(|table| renamed(&table.from, table.to.as_deref()));
    let databases = objects.databases.iter();
    let databases = databases.map(|database| renamed(&database.from, database.to.as_deref()));
    let mut tables_text: Vec<_> = tables.chain(databases).collect();
    tables_text.sort();
    tables_text.join(" ")
}

/// Returns the name of the unit and of the pool that are created for a recovery.
pub(super) fn resource_name(key: &RestoreKey) -> String {
    let hash = key.as_str().trim_start_matches(RestoreKey::PREFIX);
    format!("obr_{hash}")
}

/// Observed state.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Blocker if recovery of the source, or to the target, is not allowed.
    pub forbidden: Option<Blocker>,
    /// Blocker if a Secret with passwords is invalid.
    pub secrets: Option<Blocker>,
    /// Blocker if another verification restores to the same database now, or is about to.
    pub turn: Option<Blocker>,
    /// Known backups, or the blocker that prevents reading them.
    pub source: Result<ObservedSource, Blocker>,
    /// What the target's database shows, or the blocker that prevents reading it.
    pub target: Result<ObservedTarget, Blocker>,
    /// Result of a RESTORE of this process, which takes minutes to answer.
    pub handed_over: Option<BackgroundAnswer>,
    /// Time since this process first observed the recorded intent.
    pub intent_age: Duration,
}

/// Known backups of the source.
#[derive(Clone, Debug)]
pub struct ObservedSource {
    /// Number of the tenant.
    pub tenant_id: Option<TenantId>,
    /// LogBackup that reports the backups.
    pub log_backup: Option<String>,
    /// Version of the cluster that made the backups.
    pub version: Option<Version>,
    /// Sets at other locations than the target reads: the tenant's backups may have had another
    /// destination before.
    pub elsewhere: Vec<BackupSetId>,
    /// Known recovery windows.
    pub knowledge: Knowledge,
}

/// Source of the known recovery windows.
#[derive(Clone, Debug)]
pub enum Knowledge {
    /// The source's database shows its sets and pieces.
    Live {
        /// Sets that are not deleted.
        sets: Arc<Vec<BackupSet>>,
        /// Pieces that are not deleted; the newest reaches the log checkpoint.
        pieces: Vec<Piece>,
    },
    /// The status of a LogBackup.
    Reported(Recoverable),
    /// None: the target reads the storage.
    Store,
}

/// What the target's database shows.
#[derive(Clone, Debug)]
pub struct ObservedTarget {
    /// Identity that the cluster reports.
    pub identity: Identity,
    /// Version of the server.
    pub version: Version,
    /// Whether the cluster is being upgraded.
    pub is_upgrading: bool,
    /// Privileges of the target's account; `None` if unknown.
    pub privileges: Option<Arc<Privileges>>,
    /// Tenant with the target's name.
    pub tenant: Option<Arc<Tenant>>,
    /// Auxiliary tenant that the job's row names, while it exists.
    pub auxiliary: Option<Arc<Tenant>>,
    /// Whether this is newer than the operator's last statement about the target.
    pub settled: bool,
    /// Recoveries, pools and units; `None` until they were read.
    pub restores: Option<Arc<Restores>>,
}
