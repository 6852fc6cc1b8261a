//! Views of resource pools, unit configs, units, and upgrades of tenants.

use super::cell::{decimal2, int, text, time};
use super::{NOBODY, Row, Sight};
use crate::model::{Pool, Server, TenantId, UnitConfig, World};
use crate::value::Value;

const RPC_PORT: u64 = 2882;

impl Sight<'_> {
    pub(super) fn resource_rows(&self, stem: &str) -> Option<Vec<Row<'_>>> {
        let resources = &self.world.resources;
        Some(match stem {
            "OB_RESOURCE_POOLS" => resources.pools.iter().map(pool_row).collect(),
            "OB_UNIT_CONFIGS" => resources.configs.iter().map(config_row).collect(),
            "OB_UNITS" => resources
                .pools
                .iter()
                .flat_map(|pool| self.unit_rows(pool))
                .collect(),
            "OB_SERVERS" => self.server_rows(server_cell),
            "GV$OB_SERVERS" => self.server_rows(capacity_cell),
            "OB_CLUSTER_EVENT_HISTORY" => self.upgrade_rows(),
            _ => return None,
        })
    }

    /// Returns one unit in each zone of the pool.
    fn unit_rows<'a>(&'a self, pool: &'a Pool) -> Vec<Row<'a>> {
        let config = self.world.resources.config_of(pool);
        let host = &self.world.address.0;
        let units = pool.zones.iter().zip(pool.first_unit..);
        units
            .map(|(zone, id)| {
                Row::new(pool.tenant.unwrap_or(NOBODY), move |column| match column {
                    "UNIT_ID" => int(id),
                    "STATUS" => text("ACTIVE"),
                    "RESOURCE_POOL_ID" => int(pool.id),
                    "UNIT_GROUP_ID" => int(pool.tenant.map_or(0, |_| pool.first_unit)),
                    "CREATE_TIME" | "MODIFY_TIME" => time(pool.created_at),
                    "ZONE" => text(zone.clone()),
                    "SVR_IP" => text(host.clone()),
                    "SVR_PORT" => self.rpc_port(zone),
                    "UNIT_CONFIG_ID" => int(pool.config),
                    _ => config.map_or(Value::Null, |config| size_cell(config, column)),
                })
            })
            .collect()
    }

    /// Returns the server of each zone.
    fn server_rows(&self, cell: fn(&World, &str, &str) -> Value) -> Vec<Row<'_>> {
        let host = &self.world.address.0;
        let zones = self.world.resources.zones.iter();
        zones
            .map(|zone| {
                Row::new(NOBODY, move |column| match column {
                    "SVR_IP" => text(host.clone()),
                    "SVR_PORT" => self.rpc_port(zone),
                    "ZONE" => text(zone.clone()),
                    "SQL_PORT" => int(u64::from(self.world.address.1)),
                    _ => cell(self.world, zone, column),
                })
            })
            .collect()
    }

    /// Returns the port: all servers share one address and differ in the port.
    fn rpc_port(&self, zone: &str) -> Value {
        let mut zones = (RPC_PORT..).zip(&self.world.resources.zones);
        zones
            .find(|(_, known)| *known == zone)
            .map_or(Value::Null, |(port, _)| int(port))
    }

    fn upgrade_rows(&self) -> Vec<Row<'_>> {
        let host = &self.world.address.0;
        let events = self.world.upgrades.events.iter();
        events
            .map(|event| {
                let cluster = self.world.version;
                Row::new(TenantId::SYS, move |column| match column {
                    "EVENT_TIMESTAMP" => time(event.at),
                    "MODULE" => text("UPGRADE"),
                    "EVENT" => text("UPGRADE_ALL"),
                    "NAME1" => text("cluster_version"),
                    "VALUE1" => text(cluster.to_string()),
                    "NAME2" => text("build_version"),
                    "VALUE2" => text(format!("{cluster} (simulated)")),
                    "NAME3" => text("target_data_version"),
                    "VALUE3" => text(event.to.to_string()),
                    "NAME4" => text("current_data_version"),
                    "VALUE4" => text(event.from.to_string()),
                    "NAME5" => text("tenant_id"),
                    "VALUE5" => text(event.tenant.to_string()),
                    "SVR_IP" => text(host.clone()),
                    "SVR_PORT" => int(RPC_PORT),
                    _ => Value::Null,
                })
            })
            .collect()
    }
}

fn pool_row(pool: &Pool) -> Row<'_> {
    Row::new(pool.tenant.unwrap_or(NOBODY), move |column| match column {
        "RESOURCE_POOL_ID" => int(pool.id),
        "NAME" => text(pool.name.clone()),
        "CREATE_TIME" | "MODIFY_TIME" => time(pool.created_at),
        "UNIT_COUNT" => int(pool.unit_count),
        "UNIT_CONFIG_ID" => int(pool.config),
        "ZONE_LIST" => text(pool.zones.join(";")),
        "REPLICA_TYPE" => text("FULL"),
        _ => Value::Null,
    })
}

fn config_row(config: &UnitConfig) -> Row<'_> {
    Row::new(NOBODY, move |column| match column {
        "UNIT_CONFIG_ID" => int(config.id),
        "NAME" => text(config.name.clone()),
        "CREATE_TIME" | "MODIFY_TIME" => time(config.created_at),
        _ => size_cell(config, column),
    })
}

fn size_cell(config: &UnitConfig, column: &str) -> Value {
    let size = &config.size;
    match column {
        "MAX_CPU" => decimal2(size.max_cpu),
        "MIN_CPU" => decimal2(size.min_cpu),
        "MEMORY_SIZE" => int(size.memory),
        "LOG_DISK_SIZE" => int(size.log_disk),
        "MAX_IOPS" => int(size.max_iops),
        "MIN_IOPS" => int(size.min_iops),
        "IOPS_WEIGHT" => int(size.iops_weight),
        _ => Value::Null,
    }
}

fn server_cell(world: &World, zone: &str, column: &str) -> Value {
    let zones = &world.resources.zones;
    let number = (1..).zip(zones).find(|(_, known)| *known == zone);
    let first = zones.first().is_some_and(|first| first == zone);
    match column {
        "ID" => number.map_or(Value::Null, |(number, _)| int(number)),
        "WITH_ROOTSERVER" => text(if first { "YES" } else { "NO" }),
        "STATUS" => text("ACTIVE"),
        "STOP_TIME" if world.resources.stopped.contains(zone) => time(world.now()),
        "START_SERVICE_TIME" | "CREATE_TIME" | "MODIFY_TIME" => time(world.created_at),
        "BUILD_VERSION" => text(format!("{} (simulated)", world.shown_version())),
        _ => Value::Null,
    }
}

/// Returns what a server reports about itself. It counts only units that tenants hold, although
/// units of free pools use capacity too.
fn capacity_cell(world: &World, zone: &str, column: &str) -> Value {
    let (resources, held) = (&world.resources, world.resources.held(zone));
    let Server {
        cpu,
        memory,
        log_disk,
    } = resources.server;
    match column {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of processors"
        )]
        "CPU_CAPACITY" => int(cpu as u64),
        "CPU_CAPACITY_MAX" => decimal2(cpu),
        "CPU_ASSIGNED" | "CPU_ASSIGNED_MAX" => decimal2(held.cpu),
        "MEM_CAPACITY" | "MEMORY_LIMIT" => int(memory),
        "MEM_ASSIGNED" => int(held.memory),
        "LOG_DISK_CAPACITY" => int(log_disk),
        "LOG_DISK_ASSIGNED" => int(held.log_disk),
        "DATA_DISK_HEALTH_STATUS" => text("NORMAL"),
        _ => Value::Null,
    }
}
