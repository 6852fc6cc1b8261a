//! Whether the target's servers have capacity for the units to create.

use super::super::quantity::{bytes, cpu};
use crate::api::RecoveryTaskSpec;
use crate::api::resources::CreateResources;
use crate::domain::{Blocker, shortened};
use crate::oceanbase::model::{Capacity, Restores, Server};
use crate::oceanbase::version::Version;

const GIB: u64 = 1 << 30;

/// Minimum log disk of a unit.
const LEAST_LOG_DISK: u64 = 2 * GIB;

/// First version in which a cluster may use shared storage, where default sizes of units differ.
const SHARED_STORAGE: Version = Version([4, 3, 0, 0]);

/// Returns whether servers must be read first.
pub(in crate::domain::recovery) fn needs_servers(
    spec: &RecoveryTaskSpec,
    restores: &Restores,
    own_pool: &str,
) -> bool {
    let is_shown = restores.servers.is_some() || restores.refused.is_some();
    asked(spec, restores, own_pool).is_some() && !is_shown
}

/// Returns the resources to create. Returns `None` if pools are given, or if the recovery's own
/// pool exists: the servers already hold its units.
fn asked<'a>(
    spec: &'a RecoveryTaskSpec,
    restores: &Restores,
    own_pool: &str,
) -> Option<&'a CreateResources> {
    let resources = &spec.target.resources;
    let create = resources.create.as_ref();
    create.filter(|_| restores.pool(own_pool).is_none())
}

/// Reason for servers with too little capacity for a unit, as for error 4733.
pub(in crate::domain::recovery) const RESOURCES_NOT_ENOUGH: &str = "ResourcesNotEnough";
/// Reason for a zone with fewer servers than requested units, as for error 4734.
pub(in crate::domain::recovery) const SERVERS_NOT_ENOUGH: &str = "ServersNotEnough";

/// Checks that each zone has enough servers with capacity for one unit, as far as the views show
/// it. A server holds at most one unit of a tenant. Otherwise the database detects it (4733, 4734).
///
/// # Errors
/// A zone lacks capacity now. The recovery starts when a user drops a pool or adds a server.
pub(in crate::domain::recovery) fn room(
    spec: &RecoveryTaskSpec,
    version: Version,
    restores: &Restores,
    own_pool: &str,
) -> Result<(), Blocker> {
    let Some(create) = asked(spec, restores, own_pool) else {
        return Ok(());
    };
    let Some(servers) = &restores.servers else {
        return Err(Blocker::reading());
    };
    let unit = unit(create, version);
    let count = usize::try_from(create.unit_count).unwrap_or_default();
    let zones = match &*create.zones {
        [] => &*restores.zones,
        named => named,
    };
    let message = zones.iter().find_map(|zone| {
        let mut of_zone: Vec<_> = servers.iter().filter(|known| known.zone == *zone).collect();
        of_zone.sort_by_key(|server| {
            (
                server.free.count_shortages(&unit),
                std::cmp::Reverse(server.free),
            )
        });
        let fitting = of_zone.partition_point(|server| server.free.count_shortages(&unit) == 0);
        if of_zone.is_empty() || fitting >= count {
            return None;
        }
        let reason = if of_zone.len() < count {
            SERVERS_NOT_ENOUGH
        } else {
            RESOURCES_NOT_ENOUGH
        };
        Some((reason, lacking(zone, &of_zone, fitting, count, &unit)))
    });
    message.map_or(Ok(()), |(reason, message)| {
        let message = format!(
            "{message}: drop unused resource pools or add servers, and the recovery begins; or \
             create a new RecoveryTask with a smaller unit or other zones"
        );
        Err(Blocker::waiting(reason, shortened(message, 1024)))
    })
}

/// Returns the unit that the database creates from the spec. `MIN_CPU` defaults to `MAX_CPU`, as
/// here. Log disk defaults to three times the memory, or on shared storage to the memory
/// (`ObUnitResource::get_default_log_disk_size`). If shared storage is possible, only the smaller
/// size is certain.
fn unit(create: &CreateResources, version: Version) -> Capacity {
    let asked = &create.unit;
    let memory = bytes(&asked.memory);
    let factor = if version < SHARED_STORAGE { 3 } else { 1 };
    let usual = || Some(memory?.checked_mul(factor)?.max(LEAST_LOG_DISK));
    Capacity {
        cpu: cpu(&asked.max_cpu),
        memory,
        log_disk: asked.log_disk.as_ref().map_or_else(usual, bytes),
    }
}

/// Returns what a zone lacks. Its servers come with the largest capacity first, and `fitting` of
/// them may have capacity.
fn lacking(
    zone: &str,
    servers: &[&Server],
    fitting: usize,
    count: usize,
    unit: &Capacity,
) -> String {
    let all = servers.len();
    let asked = format!(
        "zone '{zone}' lacks free resources: the recovery needs a unit of {} on each of {count} \
         server(s)",
        text(unit)
    );
    match servers.get(fitting) {
        Some(next) => format!(
            "{asked}, but at most {fitting} of the {all} server(s) of the zone can take one. The \
             best other server, {}, has {} free beside the units of all pools",
            next.address,
            text(&next.free)
        ),
        None => {
            format!(
                "{asked}, but the zone has only {all} server(s), and OceanBase puts no two units \
                 of a tenant on one server"
            )
        }
    }
}

/// Formats as `2 CPU, 8 GiB of memory, 24 GiB of log disk`; unknown values are left out.
fn text(room: &Capacity) -> String {
    let cpu = room.cpu.map(|cpu| format!("{cpu} CPU"));
    let size = |what: &str, bytes: Option<u64>| Some(format!("{} of {what}", gib(bytes?)));
    let memory = size("memory", room.memory);
    let log_disk = size("log disk", room.log_disk);
    let parts: Vec<_> = [cpu, memory, log_disk].into_iter().flatten().collect();
    parts.join(", ")
}

/// Rounds down: a byte less than 8 GiB is `7.99 GiB`.
fn gib(bytes: u64) -> String {
    let hundredths = u128::from(bytes) * 100 / u128::from(GIB);
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    if rest == 0 {
        return format!("{whole} GiB");
    }
    format!("{whole}.{rest:02} GiB")
}

#[cfg(test)]
mod tests;
