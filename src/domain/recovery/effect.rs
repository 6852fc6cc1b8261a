//! Requests of a recovery to the database.

use crate::oceanbase::model::{AuxiliaryTenant, RestoreKey, Scn, TenantId, TenantName};

/// Request to the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Read from the storage, through the target, which backups a recovery to this point needs.
    Preview(Scn),
    /// Create the unit of this name.
    CreateUnit(String),
    /// Create the pool of this name from the unit of the same name.
    CreatePool(String),
    /// Send RESTORE. Sent only in a pass whose own status write succeeded.
    Restore {
        /// Tenant to create.
        tenant: TenantName,
        /// Key of the job.
        key: RestoreKey,
        /// Point of the recovery; `None` is the newest in the storage.
        until: Option<Scn>,
        /// Pools of the tenant.
        pools: Vec<String>,
    },
    /// Check whether the database knows the recovery.
    Find {
        /// Tenant to create.
        tenant: TenantName,
        /// Key of the recovery.
        key: RestoreKey,
    },
    /// Cancel the job.
    Cancel {
        /// Tenant to create.
        tenant: TenantName,
        /// Key of the recovery.
        key: RestoreKey,
    },
    /// Run one of the checks in the restored tenant.
    Check {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant, as the recovery's own job shows it.
        tenant_id: TenantId,
        /// Index of the check, from 0.
        number: usize,
    },
    /// Drop a tenant that could not be restored, or that was restored temporarily.
    DropTenant {
        /// Whether the tenant was restored temporarily.
        verified: bool,
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant, as the recovery's own job shows it.
        tenant_id: TenantId,
        /// Key of the recovery.
        key: RestoreKey,
    },
    /// Send RECOVER TABLE. Sent only in a pass whose own status write succeeded.
    RecoverTables {
        /// Tenant that receives the tables.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Key of the job.
        key: RestoreKey,
        /// Point of the recovery; `None` is the newest in the storage.
        until: Option<Scn>,
        /// Pools of the auxiliary tenant.
        pools: Vec<String>,
    },
    /// Check whether the database knows the recovery of tables.
    FindTables {
        /// Tenant that receives the tables.
        tenant: TenantName,
        /// Key of the recovery.
        key: RestoreKey,
    },
    /// Cancel the job that recovers the tables.
    CancelTables {
        /// Tenant that receives the tables.
        tenant: TenantName,
        /// Key of the recovery.
        key: RestoreKey,
    },
    /// Drop the auxiliary tenant after a failure.
    DropAuxiliary {
        /// Tenant that should have received the tables.
        tenant: TenantName,
        /// The auxiliary tenant.
        auxiliary: AuxiliaryTenant,
        /// Number of the auxiliary tenant.
        auxiliary_id: TenantId,
        /// Key of the recovery.
        key: RestoreKey,
    },
    /// Drop the created pool.
    DropPool(String),
    /// Drop the created unit.
    DropUnit(String),
    /// Make the tenant a primary tenant.
    Activate {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
    },
    /// Upgrade the tenant to the version of its cluster.
    Upgrade {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
    },
}
