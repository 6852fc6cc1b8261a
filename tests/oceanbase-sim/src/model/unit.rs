//! The resources of a unit, a pool and a server.

use super::{Scn, TenantId};

/// The configuration of a unit: a row of `DBA_OB_UNIT_CONFIGS`.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitConfig {
    /// `UNIT_CONFIG_ID`.
    pub id: u64,
    /// `NAME`.
    pub name: String,
    /// `CREATE_TIME`.
    pub created_at: Scn,
    /// The sizes.
    pub size: UnitSize,
}

/// The sizes of a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitSize {
    /// `MAX_CPU`.
    pub max_cpu: f64,
    /// `MIN_CPU`.
    pub min_cpu: f64,
    /// `MEMORY_SIZE` in bytes.
    pub memory: u64,
    /// `LOG_DISK_SIZE` in bytes.
    pub log_disk: u64,
    /// `MAX_IOPS`.
    pub max_iops: u64,
    /// `MIN_IOPS`.
    pub min_iops: u64,
    /// `IOPS_WEIGHT`.
    pub iops_weight: u64,
}

/// A resource pool: a row of `DBA_OB_RESOURCE_POOLS`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// `RESOURCE_POOL_ID`.
    pub id: u64,
    /// `NAME`.
    pub name: String,
    /// `CREATE_TIME`.
    pub created_at: Scn,
    /// `TENANT_ID`: the tenant that holds it.
    pub tenant: Option<TenantId>,
    /// `UNIT_COUNT`, in each zone.
    pub unit_count: u64,
    /// `UNIT_CONFIG_ID`.
    pub config: u64,
    /// `ZONE_LIST`.
    pub zones: Vec<String>,
    /// The id of its first unit; the others follow.
    pub first_unit: u64,
}

/// One server: each zone has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Server {
    /// Processors.
    pub cpu: f64,
    /// Memory in bytes.
    pub memory: u64,
    /// Log disk in bytes.
    pub log_disk: u64,
}

pub(super) const GIB: u64 = 1 << 30;

impl Default for Server {
    fn default() -> Self {
        Self {
            cpu: 64.0,
            memory: 256 * GIB,
            log_disk: 1024 * GIB,
        }
    }
}
