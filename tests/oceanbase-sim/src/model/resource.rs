//! Resource units, resource pools, and the free resources of the servers.

use std::collections::BTreeSet;

use super::unit::{GIB, Pool, Server, UnitConfig, UnitSize};
use super::{Scn, TenantId};
use crate::error;
use crate::value::SqlError;

/// All units and pools of a cluster.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Unit configs, ascending by id.
    pub configs: Vec<UnitConfig>,
    /// Pools, ascending by id.
    pub pools: Vec<Pool>,
    /// The zones of the cluster.
    pub zones: Vec<String>,
    /// The resources of the server of each zone.
    pub server: Server,
    /// `__min_full_resource_pool_memory`: a unit with less memory cannot be put into a pool.
    pub min_full_pool_memory: u64,
    /// Zones whose server is stopped: no new unit is placed there.
    pub stopped: BTreeSet<String>,
    last: u64,
    last_unit: u64,
}

/// The unit of sys and of a scenario's tenants.
const USUAL: UnitSize = UnitSize {
    max_cpu: 2.0,
    min_cpu: 2.0,
    memory: 8 * GIB,
    log_disk: 24 * GIB,
    max_iops: 10_240,
    min_iops: 10_240,
    iops_weight: 1,
};

/// The default of `__min_full_resource_pool_memory`.
const MIN_POOL_MEMORY: u64 = 5 * GIB;

/// The port of the server of the first zone; the others follow.
const RPC_PORT: usize = 2882;

/// The options of `CREATE RESOURCE POOL`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewPool<'a> {
    pub(crate) name: &'a str,
    pub(crate) if_not_exists: bool,
    pub(crate) unit: &'a str,
    /// The number in each zone.
    pub(crate) unit_count: u64,
    /// The zones; all by default.
    pub(crate) zones: Option<&'a [String]>,
    /// The address of the servers.
    pub(crate) host: &'a str,
}

impl Resources {
    /// Creates the resources of sys, in these zones.
    #[must_use]
    pub fn new(zones: Vec<String>, now: Scn) -> Self {
        let mut resources = Self {
            configs: Vec::new(),
            pools: Vec::new(),
            zones,
            server: Server::default(),
            min_full_pool_memory: MIN_POOL_MEMORY,
            stopped: BTreeSet::new(),
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

    /// Creates the pool of a scenario's tenant, or reuses the pool that an earlier tenant of the
    /// name left.
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

    /// Adds a unit config with a new name (CREATE RESOURCE UNIT).
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

    /// Returns a unit config by its name in any case.
    #[must_use]
    pub fn config(&self, name: &str) -> Option<&UnitConfig> {
        let mut configs = self.configs.iter();
        configs.find(|config| config.name.eq_ignore_ascii_case(name))
    }

    /// Returns the unit config of a pool.
    #[must_use]
    pub fn config_of(&self, pool: &Pool) -> Option<&UnitConfig> {
        self.configs.iter().find(|config| config.id == pool.config)
    }

    /// Returns a pool by name.
    #[must_use]
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        let mut pools = self.pools.iter();
        pools.find(|pool| pool.name.eq_ignore_ascii_case(name))
    }

    /// Creates a pool (`ob_unit_manager.cpp`).
    ///
    /// # Errors
    /// In this order: 4648 for the unit, 4668 for a zone, 4656 for more units than a zone has
    /// servers, 4651 for the name, 1235 for a unit that is too small. Then for each zone 4734 if
    /// its server accepts no units, and 4733 if too little is free.
    pub(crate) fn create_pool(&mut self, new: &NewPool<'_>, now: Scn) -> Result<(), SqlError> {
        let config = self.config(new.unit);
        let config = config.ok_or_else(|| error::no_unit(new.unit))?;
        let (config, size) = (config.id, config.size);
        let zones = new
            .zones
            .map_or_else(|| self.zones.clone(), <[String]>::to_vec);
        if let Some(unknown) = zones.iter().find(|zone| !self.zones.contains(zone)) {
            return Err(error::no_zone(unknown));
        }
        // Each zone has one server, and a server holds one unit of a pool.
        if new.unit_count > 1 {
            return Err(error::too_many_units());
        }
        if self.pool(new.name).is_some() {
            return if new.if_not_exists {
                Ok(())
            } else {
                Err(error::pool_exists(new.name))
            };
        }
        if size.memory < self.min_full_pool_memory {
            return Err(error::unit_below_pool_limit());
        }
        for zone in &zones {
            if self.stopped.contains(zone) {
                return Err(error::no_server_for_unit(zone, new.unit_count));
            }
            if let Some(what) = self.lacks(zone, size) {
                let short = [(self.server_of(zone, new.host), what)];
                return Err(error::zone_is_full(zone, new.unit_count, &short));
            }
        }
        self.add_pool(new.name, config, new.unit_count, zones, None, now);
        Ok(())
    }

    fn server_of(&self, zone: &str, host: &str) -> String {
        let index = self.zones.iter().position(|known| known == zone);
        format!("{host}:{}", RPC_PORT + index.unwrap_or_default())
    }

    /// Returns what units of all pools use on the server of a zone.
    #[must_use]
    pub fn taken(&self, zone: &str) -> Server {
        self.taken_by(zone, |_| true)
    }

    /// Returns the same for pools that tenants hold.
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

    /// Returns the resource that the server of a zone lacks for one more unit.
    fn lacks(&self, zone: &str, size: UnitSize) -> Option<&'static str> {
        let (taken, server) = (self.taken(zone), self.server);
        if taken.cpu + size.max_cpu > server.cpu {
            Some("CPU")
        } else if taken.memory + size.memory > server.memory {
            Some("MEMORY")
        } else if taken.log_disk + size.log_disk > server.log_disk {
            Some("LOG_DISK")
        } else {
            None
        }
    }

    /// Drops a unit config.
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

    /// Drops a pool.
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

    /// Checks that the pools of a restore exist, as its statement does.
    ///
    /// # Errors
    /// 4647, 4650.
    pub(crate) fn check_exist(&self, names: &[String]) -> Result<(), SqlError> {
        if names.is_empty() {
            return Err(error::no_pools());
        }
        names.iter().try_for_each(|name| {
            let known = self.pool(name).map(|_| ());
            known.ok_or_else(|| error::no_pool(name))
        })
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

    /// Frees all pools of a dropped tenant; the pools stay.
    pub(super) fn free(&mut self, tenant: TenantId) {
        for pool in &mut self.pools {
            if pool.tenant == Some(tenant) {
                pool.tenant = None;
            }
        }
    }
}
