//! Restores: a new tenant from backups, or tables in an existing tenant.

use std::fmt;

use jiff::Timestamp;

use super::{Failure, JobId, Pool, RestoreKey, Scn, Server, TenantId, Unit};

/// Restore, running (`CDB_OB_RESTORE_PROGRESS`) or ended (`CDB_OB_RESTORE_HISTORY`): the row of sys
/// joined with that of the new tenant, if present. BACKUP_DEST is never read, because it contains
/// keys.
///
/// Also a recovery of tables (`CDB_OB_RECOVER_TABLE_JOBS`, `CDB_OB_RECOVER_TABLE_JOB_HISTORY`),
/// whose tenant is the one that receives the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restore {
    /// Number of the job, which both rows have. For tables, the number in sys.
    pub job_id: JobId,
    /// Name of the new tenant; for tables, `TARGET_TENANT_NAME`.
    pub tenant_name: String,
    /// `RESTORE_TENANT_ID`: number of the new tenant, if it exists. Always `None` for tables,
    /// because the operator must not drop the tenant that receives them.
    pub tenant_id: Option<TenantId>,
    /// `AUX_TENANT_NAME`: temporary tenant from which the tables are imported.
    pub auxiliary_tenant: Option<String>,
    /// Name of the source tenant.
    pub source_tenant: String,
    /// Name of the source cluster.
    pub source_cluster: String,
    /// SCN of the restore, inclusive; 0 if not known.
    pub scn: Scn,
    /// State of the restore.
    pub status: RestoreStatus,
    /// Start of the restore.
    pub started_at: Option<Timestamp>,
    /// End of the restore.
    pub ended_at: Option<Timestamp>,
    /// Text that the statement contained.
    pub description: String,
    /// Restored data in percent, at most 99, while the restore runs and reports it.
    pub percent: Option<u8>,
    /// Replayed logs in percent, at most 99, while the restore runs, on releases with
    /// `Capability::RestoreProgress`.
    pub recover_percent: Option<u8>,
    /// Bytes to restore.
    pub total_bytes: Option<i64>,
    /// Bytes restored.
    pub finished_bytes: Option<i64>,
    /// Paths of the backup sets, without keys.
    pub sets: Vec<String>,
    /// Paths of the archive pieces, without keys.
    pub pieces: Vec<String>,
    /// Reason of the failure.
    pub failure: Option<Failure>,
}

impl Restore {
    /// Returns whether the restore has this key.
    #[must_use]
    pub fn has_key(&self, key: &RestoreKey) -> bool {
        self.description == key.as_str()
    }

    /// Returns whether the restore has the same idempotency key, even if it is for other tables.
    #[must_use]
    pub fn is_of_request(&self, key: &RestoreKey) -> bool {
        self.description.starts_with(key.request())
    }

    /// Returns whether an operator has started the restore and it has not ended.
    #[must_use]
    pub fn is_running_of_ours(&self) -> bool {
        self.description.starts_with(RestoreKey::PREFIX) && !self.status.is_terminal()
    }
}

/// State of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreStatus {
    /// The new tenant is being created.
    CreateTenant,
    /// The new tenant exists and has not reported its state.
    WaitTenant,
    /// The tenant restores and replays. Contains the word of its row, such as `RESTORING` or
    /// `RESTORE_WAIT_LS`. `RESTORE_SUCCESS` and `RESTORE_FAIL` mean that the job is about to move
    /// to the history. For tables, any word of a running job, such as `IMPORTING`.
    Restoring(String),
    /// The tenant is being upgraded to the version of the server.
    Upgrade,
    /// The history shows that the restore succeeded.
    Success,
    /// The history shows that the restore failed.
    Fail,
    /// A word that this operator does not know. It counts as a running state, never as an end.
    Unknown(String),
}

impl RestoreStatus {
    /// Parses `STATUS` of both rows of a running restore: that of sys and that of the new tenant.
    /// The outcome is never read from here, because the row moves to the history first.
    #[must_use]
    pub fn running(of_sys: &str, of_tenant: Option<&str>) -> Self {
        match (of_sys, of_tenant.filter(|word| !word.is_empty())) {
            ("CREATE_TENANT", _) => Self::CreateTenant,
            ("WAIT_TENANT_RESTORE_FINISH", None) => Self::WaitTenant,
            ("WAIT_TENANT_RESTORE_FINISH", Some("UPGRADE")) => Self::Upgrade,
            ("WAIT_TENANT_RESTORE_FINISH", Some(word)) => Self::Restoring(word.to_owned()),
            ("RESTORE_SUCCESS" | "RESTORE_FAIL", _) => Self::Restoring(of_sys.to_owned()),
            _ => Self::Unknown(of_sys.to_owned()),
        }
    }

    /// Returns whether the restore only waits to move to the history. Nothing can stop it any
    /// longer.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        matches!(self, Self::Restoring(word) if matches!(word.as_str(), "RESTORE_SUCCESS" | "RESTORE_FAIL"))
    }

    /// Parses `STATUS` of an ended restore. The manual has FAILED, but the source has FAIL.
    #[must_use]
    pub fn ended(word: &str) -> Self {
        match word {
            "SUCCESS" => Self::Success,
            "FAIL" | "FAILED" => Self::Fail,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Parses `STATUS` of both rows of a running recovery of tables. The row of sys only shows that
    /// it runs; the row of the tenant shows its state.
    #[must_use]
    pub fn running_tables(of_sys: &str, of_tenant: Option<&str>) -> Self {
        let word = match (of_sys, of_tenant.filter(|word| !word.is_empty())) {
            ("RECOVERING", Some(word)) => word,
            _ => of_sys,
        };
        if TABLE_WORDS.contains(&word) {
            return Self::Restoring(word.to_owned());
        }
        Self::Unknown(word.to_owned())
    }

    /// Parses `STATUS` and `RESULT` of an ended recovery of tables.
    #[must_use]
    pub fn ended_tables(word: &str, result: &str) -> Self {
        match word {
            "COMPLETED" if !result.contains("FAIL") => Self::Success,
            "COMPLETED" | "FAILED" => Self::Fail,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Returns whether this operator knows the word.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// Returns whether the state is final.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Success | Self::Fail)
    }
}

/// Words of a recovery of tables that has not moved to the history.
const TABLE_WORDS: [&str; 10] = [
    "PREPARE",
    "RECOVERING",
    "RESTORE_AUX_TENANT",
    "ACTIVE_AUX_TENANT",
    "PRECHECK_IMPORT",
    "GEN_IMPORT_JOB",
    "IMPORTING",
    "CANCELING",
    "COMPLETED",
    "FAILED",
];

impl fmt::Display for RestoreStatus {
    /// Writes the database's word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreateTenant => "CREATE_TENANT",
            Self::WaitTenant => "WAIT_TENANT_RESTORE_FINISH",
            Self::Upgrade => "UPGRADE",
            Self::Success => "SUCCESS",
            Self::Fail => "FAIL",
            Self::Restoring(word) | Self::Unknown(word) => word,
        })
    }
}

/// State of restores into a cluster. It is read only while a controller requests it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restores {
    /// Running restores, and the newest of the ended ones.
    pub restores: Vec<Restore>,
    /// Running recoveries of tables, and the newest of the ended ones; from V4.2.1 on.
    pub tables: Vec<Restore>,
    /// Reason why the database does not show recoveries of tables.
    pub tables_refused: Option<Failure>,
    /// All resource pools.
    pub pools: Vec<Pool>,
    /// All resource units.
    pub units: Vec<Unit>,
    /// Names of the zones of the cluster.
    pub zones: Vec<String>,
    /// Servers; `None` if not requested recently, and an empty list if the database does not show
    /// them.
    pub servers: Option<Vec<Server>>,
    /// `COMPATIBLE` of sys, from V4.2 on: version of the data of new tenants.
    pub data_version: Option<String>,
    /// Reason why the database shows none of this: a missing privilege or a missing view.
    pub refused: Option<Failure>,
}

impl Restores {
    /// Returns the restore with this key, if known.
    #[must_use]
    pub fn by_key(&self, key: &RestoreKey) -> Option<&Restore> {
        self.restores.iter().find(|restore| restore.has_key(key))
    }

    /// Returns the pool with this name.
    #[must_use]
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// Returns the unit with this name.
    #[must_use]
    pub fn unit(&self, name: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.name == name)
    }
}

/// Row of a preview: a backup set or piece that a restore would read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewRow {
    /// Whether the row is a backup set, not an archive piece.
    pub is_set: bool,
    /// `BACKUP_ID`: number of the set or of the piece.
    pub id: i64,
    /// Path without keys.
    pub path: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restore_has_ended_only_when_the_history_says_so() {
        for word in ["RESTORE_SUCCESS", "RESTORE_FAIL", "SUCCESS", "FAIL"] {
            assert!(!RestoreStatus::running(word, Some(word)).is_terminal());
        }
        assert!(RestoreStatus::running("RESTORE_FAIL", None).is_closing());
        assert!(!RestoreStatus::running("CREATE_TENANT", None).is_closing());
        for word in ["SUCCESS", "FAIL", "FAILED"] {
            assert!(RestoreStatus::ended(word).is_terminal());
        }
        assert!(!RestoreStatus::ended("SUCCEED").is_terminal());
    }

    #[test]
    fn a_recovery_of_tables_has_ended_only_when_the_history_says_so() {
        for word in ["COMPLETED", "FAILED", "IMPORTING", "NEW_WORD"] {
            assert!(!RestoreStatus::running_tables(word, None).is_terminal());
            let both = RestoreStatus::running_tables("RECOVERING", Some(word));
            assert!(!both.is_terminal() && both.to_string() == word);
        }
        for (word, result, expected) in [
            ("COMPLETED", "SUCCEESS", RestoreStatus::Success),
            ("COMPLETED", "FAILED", RestoreStatus::Fail),
            ("FAILED", "", RestoreStatus::Fail),
        ] {
            assert_eq!(RestoreStatus::ended_tables(word, result), expected);
        }
        assert!(!RestoreStatus::ended_tables("IMPORTING", "").is_terminal());
    }

    #[test]
    fn the_row_of_sys_leads_where_it_says_more_than_that_tables_are_recovered() {
        let canceling = RestoreStatus::running_tables("CANCELING", Some("IMPORTING"));
        assert_eq!(canceling, RestoreStatus::Restoring("CANCELING".to_owned()));
    }

    #[test]
    fn the_tenant_s_own_row_tells_how_far_it_is() {
        let waiting = |word| RestoreStatus::running("WAIT_TENANT_RESTORE_FINISH", word);
        assert_eq!(waiting(None), RestoreStatus::WaitTenant);
        assert_eq!(waiting(Some("")), RestoreStatus::WaitTenant);
        assert_eq!(waiting(Some("UPGRADE")), RestoreStatus::Upgrade);
        let restoring = RestoreStatus::Restoring("POST_CHECK".to_owned());
        assert_eq!(waiting(Some("POST_CHECK")), restoring);
    }
}
