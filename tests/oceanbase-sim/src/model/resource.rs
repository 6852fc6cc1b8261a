//! Resource units, resource pools, and what the servers have left for them.

use super::{Scn, TenantId};
use crate::error;
use crate::value::SqlError;

/// What one unit gets: a row of `DBA_OB_UNIT_CONFIGS`.
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
    /// `TENANT_ID`: who holds it.
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

const GIB: u64 = 1 << 30;

impl Default for Server {
    fn default() -> Self {
        Self {
            cpu: 64.0,
            memory: 256 * GIB,
            log_disk: 1024 * GIB,
        }
    }
}

/// All units and pools of a cluster.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Unit configs, ascending by id.
    pub configs: Vec<UnitConfig>,
    /// Pools, ascending by id.
    pub pools: Vec<Pool>,
    /// The zones of the cluster.
    pub zones: Vec<String>,
    /// What the server of each zone has.
    pub server: Server,
    last: u64,
    last_unit: u64,
}

/// What tenants of a scenario and sys run on.
const USUAL: UnitSize = UnitSize {
    max_cpu: 2.0,
    min_cpu: 2.0,
    memory: 8 * GIB,
    log_disk: 24 * GIB,
    max_iops: 10_240,
    min_iops: 10_240,
    iops_weight: 1,
};

/// `__min_full_resource_pool_memory`, below which a unit can not be put into a pool.
const MIN_POOL_MEMORY: u64 = 5 * GIB;

impl Resources {
    /// Those of sys, in these zones.
    #[must_use]
    pub fn new(zones: Vec<String>, now: Scn) -> Self {
        let mut resources = Self {
            configs: Vec::new(),
            pools: Vec::new(),
            zones,
            server: Server::default(),
            last: 0,
            last_unit: 0,
        };
        let config = resources.add_config("sys_unit_config", USUAL, now);
        let zones = resources.zones.clone();
        resources.add_pool("sys_pool", config, 1, zones, Some(TenantId::SYS), now);
        resources.last = 1000;
        resources.last_unit = 1000;
        resources
    }

    /// The pool that a tenant of a scenario runs on; one that an earlier tenant of the name left
    /// is taken again.
    pub(super) fn provide(&mut self, tenant_name: &str, tenant: TenantId, now: Scn) {
        let name = format!("pool_{tenant_name}");
        if let Some(pool) = self.pools.iter_mut().find(|pool| pool.name == name) {
            pool.tenant = Some(tenant);
            return;
        }
        let config = self.add_config(&format!("unit_{tenant_name}"), USUAL, now);
        let zones = self.zones.clone();
        self.add_pool(&name, config, 1, zones, Some(tenant), now);
    }

    /// CREATE RESOURCE UNIT of a name that is new.
    pub(crate) fn add_config(&mut self, name: &str, size: UnitSize, now: Scn) -> u64 {
        self.last += 1;
        self.configs.push(UnitConfig {
            id: self.last,
            name: name.to_owned(),
            created_at: now,
            size,
        });
        self.last
    }

    fn add_pool(
        &mut self,
        name: &str,
        config: u64,
        unit_count: u64,
        zones: Vec<String>,
        tenant: Option<TenantId>,
        now: Scn,
    ) {
        self.last += 1;
        let first_unit = self.last_unit + 1;
        self.last_unit += unit_count * zones.len() as u64;
        self.pools.push(Pool {
            id: self.last,
            name: name.to_owned(),
            created_at: now,
            tenant,
            unit_count,
            config,
            zones,
            first_unit,
        });
    }

    /// A unit config by name; names know no case.
    #[must_use]
    pub fn config(&self, name: &str) -> Option<&UnitConfig> {
        let mut configs = self.configs.iter();
        configs.find(|config| config.name.eq_ignore_ascii_case(name))
    }

    /// The unit config of a pool.
    #[must_use]
    pub fn config_of(&self, pool: &Pool) -> Option<&UnitConfig> {
        self.configs.iter().find(|config| config.id == pool.config)
    }

    /// A pool by name.
    #[must_use]
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        let mut pools = self.pools.iter();
        pools.find(|pool| pool.name.eq_ignore_ascii_case(name))
    }

    /// CREATE RESOURCE POOL of a name that is new.
    ///
    /// # Errors
    /// 4648 for the unit, 4668 for a zone, 4733 for a unit that is too small for a pool, 4624 when
    /// a server has not enough left.
    pub(crate) fn create_pool(
        &mut self,
        name: &str,
        unit: &str,
        unit_count: u64,
        zones: Option<&[String]>,
        now: Scn,
    ) -> Result<(), SqlError> {
        let config = self.config(unit).ok_or_else(|| error::no_unit(unit))?;
        let (config, size) = (config.id, config.size);
        let zones = zones.map_or_else(|| self.zones.clone(), <[String]>::to_vec);
        if let Some(unknown) = zones.iter().find(|zone| !self.zones.contains(zone)) {
            return Err(error::no_zone(unknown));
        }
        if size.memory < MIN_POOL_MEMORY {
            return Err(error::unit_below_limit("MEMORY_SIZE", "5G"));
        }
        for zone in &zones {
            // A server holds one unit of a pool.
            if unit_count != 1 || !self.fits(zone, size) {
                return Err(error::not_enough_resource(zone));
            }
        }
        self.add_pool(name, config, unit_count, zones, None, now);
        Ok(())
    }

    /// What units of all pools have taken of the server of a zone.
    #[must_use]
    pub fn taken(&self, zone: &str) -> Server {
        self.taken_by(zone, |_| true)
    }

    /// The same of those that tenants hold.
    #[must_use]
    pub fn held(&self, zone: &str) -> Server {
        self.taken_by(zone, |pool| pool.tenant.is_some())
    }

    fn taken_by(&self, zone: &str, counts: impl Fn(&Pool) -> bool) -> Server {
        let mut taken = Server {
            cpu: 0.0,
            memory: 0,
            log_disk: 0,
        };
        let here = |pool: &&Pool| pool.zones.iter().any(|known| known == zone);
        for config in self
            .pools
            .iter()
            .filter(here)
            .filter(|pool| counts(pool))
            .filter_map(|pool| self.config_of(pool))
        {
            taken.cpu += config.size.max_cpu;
            taken.memory += config.size.memory;
            taken.log_disk += config.size.log_disk;
        }
        taken
    }

    fn fits(&self, zone: &str, size: UnitSize) -> bool {
        let taken = self.taken(zone);
        taken.cpu + size.max_cpu <= self.server.cpu
            && taken.memory + size.memory <= self.server.memory
            && taken.log_disk + size.log_disk <= self.server.log_disk
    }

    /// DROP RESOURCE UNIT.
    ///
    /// # Errors
    /// 4648, or 4634 while a pool uses it.
    pub(crate) fn drop_config(&mut self, name: &str) -> Result<(), SqlError> {
        let id = self.config(name).ok_or_else(|| error::no_unit(name))?.id;
        if self.pools.iter().any(|pool| pool.config == id) {
            return Err(error::unit_is_used(name));
        }
        self.configs.retain(|config| config.id != id);
        Ok(())
    }

    /// DROP RESOURCE POOL.
    ///
    /// # Errors
    /// 4650, or 4626 while a tenant holds it.
    pub(crate) fn drop_pool(&mut self, name: &str) -> Result<(), SqlError> {
        let pool = self.pool(name).ok_or_else(|| error::no_pool(name))?;
        if pool.tenant.is_some() {
            return Err(error::pool_is_granted(name));
        }
        let id = pool.id;
        self.pools.retain(|pool| pool.id != id);
        Ok(())
    }

    /// The pools of a restore, which must be there, be free, and share no zone.
    ///
    /// # Errors
    /// 4647, 4650, 4626, 4658.
    pub(crate) fn check_free(&self, names: &[String]) -> Result<(), SqlError> {
        if names.is_empty() {
            return Err(error::no_pools());
        }
        let mut zones: Vec<&String> = Vec::new();
        for name in names {
            let pool = self.pool(name).ok_or_else(|| error::no_pool(name))?;
            if pool.tenant.is_some() {
                return Err(error::pool_is_granted(name));
            }
            if pool.zones.iter().any(|zone| zones.contains(&zone)) {
                return Err(error::several_pools(&names.join(",")));
            }
            zones.extend(&pool.zones);
        }
        Ok(())
    }

    /// Grants pools to a tenant.
    pub(super) fn grant(&mut self, names: &[String], tenant: TenantId) {
        for pool in &mut self.pools {
            if names
                .iter()
                .any(|name| pool.name.eq_ignore_ascii_case(name))
            {
                pool.tenant = Some(tenant);
            }
        }
    }

    /// Takes all pools of a tenant that is no more; they stay.
    pub(super) fn free(&mut self, tenant: TenantId) {
        for pool in &mut self.pools {
            if pool.tenant == Some(tenant) {
                pool.tenant = None;
            }
        }
    }
}
