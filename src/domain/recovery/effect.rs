//! What a recovery asks of the database.

use crate::oceanbase::model::{AuxiliaryTenant, RestoreKey, Scn, TenantId, TenantName};

/// Something to ask of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the store, through the target, what a recovery to this point is made of.
    Preview(Scn),
    /// Make the unit of this name.
    CreateUnit(String),
    /// Make the pool of this name, of the unit of the same name.
    CreatePool(String),
    /// Send RESTORE. Only in a pass whose own write of the status went well.
    Restore {
        /// The tenant that is made.
        tenant: TenantName,
        /// What the job is found by.
        key: RestoreKey,
        /// The point; the newest that the store holds where it is left out.
        until: Option<Scn>,
        /// The pools that the tenant runs on.
        pools: Vec<String>,
    },
    /// Look whether the database knows the recovery.
    Find {
        /// The tenant that is made.
        tenant: TenantName,
        /// The recovery's key.
        key: RestoreKey,
    },
    /// Cancel the job.
    Cancel {
        /// The tenant that is made.
        tenant: TenantName,
        /// The recovery's key.
        key: RestoreKey,
    },
    /// Ask the restored tenant one of its checks.
    Check {
        /// The tenant.
        tenant: TenantName,
        /// Its number, which is that of the recovery's own job.
        tenant_id: TenantId,
        /// Which of the checks, from 0 on.
        number: usize,
    },
    /// Drop the tenant that could not be restored, or was restored for a while only.
    DropTenant {
        /// Whether it was restored for a while only.
        verified: bool,
        /// The tenant.
        tenant: TenantName,
        /// Its number, which is that of the recovery's own job.
        tenant_id: TenantId,
        /// The recovery's key.
        key: RestoreKey,
    },
    /// Send RECOVER TABLE. Only in a pass whose own write of the status went well.
    RecoverTables {
        /// The tenant that gets the tables.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// What the job is found by.
        key: RestoreKey,
        /// The point; the newest that the store holds where it is left out.
        until: Option<Scn>,
        /// The pools that the auxiliary tenant runs on.
        pools: Vec<String>,
    },
    /// Look whether the database knows the recovery of tables.
    FindTables {
        /// The tenant that gets the tables.
        tenant: TenantName,
        /// The recovery's key.
        key: RestoreKey,
    },
    /// Cancel the job that brings the tables.
    CancelTables {
        /// The tenant that gets the tables.
        tenant: TenantName,
        /// The recovery's key.
        key: RestoreKey,
    },
    /// Drop the auxiliary tenant that a failure left.
    DropAuxiliary {
        /// The tenant that was to get the tables.
        tenant: TenantName,
        /// The auxiliary tenant.
        auxiliary: AuxiliaryTenant,
        /// Its number.
        auxiliary_id: TenantId,
        /// The recovery's key.
        key: RestoreKey,
    },
    /// Drop the pool that was made.
    DropPool(String),
    /// Drop the unit that was made.
    DropUnit(String),
    /// Make the tenant a primary one.
    Activate {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
    },
    /// Bring the tenant up to the version of its cluster.
    Upgrade {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
    },
}
