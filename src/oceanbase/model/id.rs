//! Numbers and names that stand for something in OceanBase.

use std::fmt;

use jiff::Timestamp;

/// System change number: nanoseconds since 1970, below 2^62 (`bigint unsigned` in the views).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scn(pub u64);

impl Scn {
    /// The instant that it stands for, to the nanosecond.
    #[must_use]
    pub fn at(self) -> Timestamp {
        Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for Scn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// Number of a tenant: 1 is sys, user tenants are even numbers from 1002 on.
    TenantId
);
id!(
    /// Number of a backup job; each tenant counts its own.
    JobId
);
id!(
    /// Number of a backup set; each tenant counts its own.
    BackupSetId
);

impl TenantId {
    /// The sys tenant, in whose name the parents of backup jobs run.
    pub const SYS: Self = Self(1);
}

/// Name of a user tenant that may stand in a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantName(String);

impl TenantName {
    /// Takes letters, digits and `_`, not starting with a digit, at most 63. Names that the
    /// grammar reads as words (`sys`, `all` …) are no tenant's.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut letters = name.chars();
        let starts = letters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        let goes_on = letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
        let reserved = ["sys", "all", "all_user", "all_meta"]
            .iter()
            .any(|word| name.eq_ignore_ascii_case(word));
        (starts && goes_on && name.len() <= 63 && !reserved).then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What marks a BACKUP statement as one of ours: `obb/<uid of the task>/<number of the attempt>`,
/// sent as DESCRIPTION and read back in the job views.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey(String);

impl JobKey {
    /// What every key starts with.
    pub const PREFIX: &'static str = "obb/";

    /// The key of an attempt; `None` when the uid is no Kubernetes uid.
    #[must_use]
    pub fn new(uid: &str, attempt: i32) -> Option<Self> {
        let plain = uid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        (plain && (1..=40).contains(&uid.len()))
            .then(|| Self(format!("{}{uid}/{attempt}", Self::PREFIX)))
    }

    /// The text of the DESCRIPTION.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who a cluster says it is (parameters `cluster` and `cluster_id`), and since when it exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Name of the cluster.
    pub cluster_name: String,
    /// Number of the cluster.
    pub cluster_id: i64,
    /// When it was bootstrapped: `CREATE_TIME` of its sys tenant, to the microsecond.
    pub created_at: Timestamp,
}

/// What tells one database from all others. The name and the number do not: a cluster is called
/// `obcluster` and has the number 1 where nobody said otherwise, and both can be changed later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseId {
    cluster_id: i64,
    created_at: Timestamp,
}

impl DatabaseId {
    /// The database of this number that was bootstrapped at this instant.
    #[must_use]
    pub fn new(cluster_id: i64, created_at: Timestamp) -> Self {
        Self {
            cluster_id,
            created_at,
        }
    }
}

impl Identity {
    /// What tells the database from all others.
    #[must_use]
    pub fn database(&self) -> DatabaseId {
        DatabaseId::new(self.cluster_id, self.created_at)
    }
}
