//! Restores: the making of a new tenant from backups, and of tables in a tenant that exists.

use std::fmt;

use jiff::Timestamp;

use super::{Failure, JobId, Pool, RestoreKey, Scn, Server, TenantId, Unit};

/// A restore, running (`CDB_OB_RESTORE_PROGRESS`) or ended (`CDB_OB_RESTORE_HISTORY`): the row of
/// sys joined with the row of the new tenant, where that is there. BACKUP_DEST is never read: it
/// holds keys.
///
/// Also a recovery of tables (`CDB_OB_RECOVER_TABLE_JOBS`, `CDB_OB_RECOVER_TABLE_JOB_HISTORY`): then
/// the tenant is the one that gets them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restore {
    /// Its number, which both rows have; of tables the one that sys has given it.
    pub job_id: JobId,
    /// Name of the new tenant; of tables `TARGET_TENANT_NAME`.
    pub tenant_name: String,
    /// `RESTORE_TENANT_ID`: number of the new tenant, once it has one. Never there of tables: the tenant
    /// that gets them is nobody's to drop.
    pub tenant_id: Option<TenantId>,
    /// `AUX_TENANT_NAME`: the tenant that tables are taken from, and that is there only meanwhile.
    pub auxiliary_tenant: Option<String>,
    /// Name of the tenant that was backed up.
    pub source_tenant: String,
    /// Name of its cluster.
    pub source_cluster: String,
    /// Up to where it is restored, inclusive; 0 where that is not known.
    pub scn: Scn,
    /// How far it is, or how it has ended.
    pub status: RestoreStatus,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The text given with the statement.
    pub description: String,
    /// Parts of the data restored, of 100, at most 99; while it runs and says so.
    pub percent: Option<u8>,
    /// Parts of the logs replayed, of 100, at most 99; while it runs, on releases with
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
    /// Why it failed.
    pub failure: Option<Failure>,
}

impl Restore {
    /// Whether it has this key.
    #[must_use]
    pub fn has_key(&self, key: &RestoreKey) -> bool {
        self.description == key.as_str()
    }

    /// Whether it was asked for with the same idempotency key, perhaps for other tables.
    #[must_use]
    pub fn is_of_request(&self, key: &RestoreKey) -> bool {
        self.description.starts_with(key.request())
    }

    /// Whether an operator has started it and it has not ended.
    #[must_use]
    pub fn is_running_of_ours(&self) -> bool {
        self.description.starts_with(RestoreKey::PREFIX) && !self.status.is_terminal()
    }
}

/// How far a restore is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreStatus {
    /// The new tenant is being made.
    CreateTenant,
    /// It is there, and has not told how far it is.
    WaitTenant,
    /// It restores and replays; the word of its own row, such as `RESTORING` or `RESTORE_WAIT_LS`,
    /// or `RESTORE_SUCCESS` and `RESTORE_FAIL` of a job that is about to move to the history. Of
    /// tables any word of a running job, such as `IMPORTING`.
    Restoring(String),
    /// Its own structures are brought up to the server's version.
    Upgrade,
    /// The history says that it went well.
    Success,
    /// The history says that it failed.
    Fail,
    /// A word that this operator does not know; taken for a running state, never for an end.
    Unknown(String),
}

impl RestoreStatus {
    /// Reads `STATUS` of the two rows of a running restore: that of sys, and that of the new
    /// tenant. How it has ended is never read here: the row moves to the history first.
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

    /// Whether it runs only until it moves to the history: nothing stops it any more.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        matches!(self, Self::Restoring(word) if matches!(word.as_str(), "RESTORE_SUCCESS" | "RESTORE_FAIL"))
    }

    /// Reads `STATUS` of an ended restore. The manual says FAILED where the source says FAIL.
    #[must_use]
    pub fn ended(word: &str) -> Self {
        match word {
            "SUCCESS" => Self::Success,
            "FAIL" | "FAILED" => Self::Fail,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Reads `STATUS` of the two rows of a running recovery of tables: that of sys tells only that it
    /// runs, that of the tenant how far it is.
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

    /// Reads `STATUS` and `RESULT` of an ended recovery of tables.
    #[must_use]
    pub fn ended_tables(word: &str, result: &str) -> Self {
        match word {
            "COMPLETED" if !result.contains("FAIL") => Self::Success,
            "COMPLETED" | "FAILED" => Self::Fail,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Whether the word is one that this operator knows.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// Whether it will not change any more.
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
    /// The engine's word.
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

/// What concerns restores into a cluster. It is read only while somebody wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restores {
    /// Those that run, and the newest of those that ended.
    pub restores: Vec<Restore>,
    /// The same of recoveries of tables, from V4.2.1 on.
    pub tables: Vec<Restore>,
    /// Why the database does not show these.
    pub tables_refused: Option<Failure>,
    /// All resource pools.
    pub pools: Vec<Pool>,
    /// All resource units.
    pub units: Vec<Unit>,
    /// Names of the cluster's zones.
    pub zones: Vec<String>,
    /// The servers; `None` where nobody has wanted them just now, none where the database does not show
    /// them.
    pub servers: Option<Vec<Server>>,
    /// `COMPATIBLE` of sys, from V4.2 on: the version of the data of tenants that are made now.
    pub data_version: Option<String>,
    /// Why the database shows none of this: a privilege is missing, or a view.
    pub refused: Option<Failure>,
}

impl Restores {
    /// The restore with this key, if it is known.
    #[must_use]
    pub fn by_key(&self, key: &RestoreKey) -> Option<&Restore> {
        self.restores.iter().find(|restore| restore.has_key(key))
    }

    /// The pool of this name.
    #[must_use]
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// The unit of this name.
    #[must_use]
    pub fn unit(&self, name: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.name == name)
    }
}

/// What a preview shows: one of the things that a restore would read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewRow {
    /// Whether it is a backup set, not a piece of logs.
    pub is_set: bool,
    /// `BACKUP_ID`: number of the set or of the piece.
    pub id: i64,
    /// Where it is, without keys.
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
