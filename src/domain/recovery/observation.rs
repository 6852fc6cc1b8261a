//! What a decision about a recovery is made of.

use std::sync::Arc;
use std::time::Duration;

use crate::api::recovery_task::{Objects, SourceType, TargetType};
use crate::api::{RecoveryTaskSpec, RecoveryTaskStatus};
use crate::domain::Blocker;
use crate::domain::recovery_windows::Recoverable;
use crate::oceanbase::model::{
    BackgroundAnswer, BackupSet, BackupSetId, DatabaseId, Identity, Piece, Privileges, RestoreKey,
    Restores, Tenant, TenantId,
};
use crate::oceanbase::version::Version;

/// What the decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Its generation.
    pub generation: i64,
    /// The object's namespace and name: what tells the recovery from all others where nothing else is
    /// given.
    pub name: &'a str,
    /// What was asked for.
    pub spec: &'a RecoveryTaskSpec,
    /// What is known so far.
    pub status: &'a RecoveryTaskStatus,
}

impl Task<'_> {
    /// `<cluster>/<tenant>` that is recovered.
    pub(super) fn source_name(&self) -> String {
        let source = &self.spec.source;
        match (source.type_, &source.tenant, &source.storage) {
            (SourceType::Tenant, Some(tenant), _) => {
                format!("{}/{}", tenant.cluster_ref.name, tenant.tenant_name)
            }
            (SourceType::Storage, _, Some(storage)) => {
                let cluster = storage.cluster_name.as_ref();
                let cluster = cluster.unwrap_or(&storage.storage_ref.name);
                format!("{cluster}/{}", storage.tenant_name)
            }
            // The API server refuses this.
            _ => String::new(),
        }
    }

    /// What the database's job is found by.
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

/// Which tables are asked for, and under which names, whatever their order.
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

/// Name of the unit and of the pool that are made for a recovery.
pub(super) fn resource_name(key: &RestoreKey) -> String {
    let hash = key.as_str().trim_start_matches(RestoreKey::PREFIX);
    format!("obr_{hash}")
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Observation {
    /// That recovery of the source, or to the target, is not allowed.
    pub forbidden: Option<Blocker>,
    /// What is wrong with the Secrets that hold passwords.
    pub secrets: Option<Blocker>,
    /// That another verification restores to the same database now, or is about to.
    pub turn: Option<Blocker>,
    /// What is known of the backups; an obstacle where nothing is.
    pub source: Result<ObservedSource, Blocker>,
    /// What the target's database shows; an obstacle while it shows nothing.
    pub target: Result<ObservedTarget, Blocker>,
    /// What became of a RESTORE of this process, which is answered after minutes.
    pub handed_over: Option<BackgroundAnswer>,
    /// For how long this process has known of the intent that stands in the status.
    pub intent_age: Duration,
}

/// What is known of the backups.
#[derive(Clone, Debug)]
pub struct ObservedSource {
    /// Number of the tenant.
    pub tenant_id: Option<TenantId>,
    /// The LogBackup that tells it.
    pub log_backup: Option<String>,
    /// Version of the cluster that made them.
    pub version: Option<Version>,
    /// Sets that lie elsewhere than where the target looks: a tenant's backups may have gone to another
    /// place once.
    pub elsewhere: Vec<BackupSetId>,
    /// What can be recovered.
    pub knowledge: Knowledge,
}

/// What is known of what can be recovered.
#[derive(Clone, Debug)]
pub enum Knowledge {
    /// The source's database shows its sets and pieces.
    Live {
        /// Sets that are not deleted.
        sets: Arc<Vec<BackupSet>>,
        /// Pieces that are not deleted, the newest as far as its logs are archived.
        pieces: Vec<Piece>,
    },
    /// What a LogBackup remembers.
    Reported(Recoverable),
    /// Nothing: the target asks the store.
    Store,
}

/// What the target's database shows.
#[derive(Clone, Debug)]
pub struct ObservedTarget {
    /// Who the cluster says it is.
    pub identity: Identity,
    /// Its version.
    pub version: Version,
    /// Whether it is being upgraded.
    pub is_upgrading: bool,
    /// What the account of the target may do; none where that is not known.
    pub privileges: Option<Arc<Privileges>>,
    /// The tenant of the target's name.
    pub tenant: Option<Arc<Tenant>>,
    /// The auxiliary tenant that the job's row names, while it is there.
    pub auxiliary: Option<Arc<Tenant>>,
    /// Whether this is newer than our last command about it.
    pub settled: bool,
    /// Recoveries, pools and units; none until they have been read.
    pub restores: Option<Arc<Restores>>,
}
