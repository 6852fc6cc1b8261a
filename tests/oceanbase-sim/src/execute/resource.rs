//! `CREATE` and `DROP` of resource units and pools, and `DROP TENANT`.

use super::Caller;
use crate::error;
use crate::model::{NewPool, TenantStatus, UnitSize, World};
use crate::statement::{CreatePool, CreateUnit, Drop};
use crate::value::SqlError;

const GIB: u64 = 1 << 30;
const MIN_MEMORY: u64 = GIB;
const MIN_LOG_DISK: u64 = 2 * GIB;
const MIN_IOPS: u64 = 1024;
/// `MAX_IOPS` of a unit that names none.
const UNLIMITED_IOPS: u64 = i64::MAX.unsigned_abs();

pub(super) fn create_unit(
    world: &mut World,
    caller: &Caller,
    asked: &CreateUnit,
) -> Result<(), SqlError> {
    caller.only_sys()?;
    let size = size(asked)?;
    if world.resources.config(&asked.name).is_some() {
        return if asked.if_not_exists {
            Ok(())
        } else {
            Err(error::unit_exists(&asked.name))
        };
    }
    let now = world.now();
    world.resources.add_config(&asked.name, size, now);
    Ok(())
}

/// Returns the sizes, with the engine's defaults for omitted ones.
fn size(asked: &CreateUnit) -> Result<UnitSize, SqlError> {
    let text = |name: &str| {
        let mut options = asked.options.iter();
        options
            .find(|(option, _)| option == name)
            .map(|(_, value)| value.as_str())
    };
    let number = |name: &str| text(name).map(|text| cpu(name, text)).transpose();
    let bytes = |name: &str| text(name).map(|text| capacity(name, text)).transpose();
    let max_cpu = number("MAX_CPU")?.ok_or_else(|| error::missing_argument("MAX_CPU"))?;
    let memory = bytes("MEMORY_SIZE")?.ok_or_else(|| error::missing_argument("MEMORY_SIZE"))?;
    let min_cpu = number("MIN_CPU")?.unwrap_or(max_cpu);
    let log_disk = bytes("LOG_DISK_SIZE")?.unwrap_or_else(|| (memory * 3).max(MIN_LOG_DISK));
    let max_iops = bytes("MAX_IOPS")?;
    let min_iops = bytes("MIN_IOPS")?;
    if max_cpu < 1.0 {
        return Err(error::unit_below_limit("MAX_CPU", 1));
    }
    if min_cpu < 1.0 {
        return Err(error::unit_below_limit("MIN_CPU", 1));
    }
    if memory < MIN_MEMORY {
        return Err(error::unit_below_limit("MEMORY_SIZE", MIN_MEMORY));
    }
    if log_disk < MIN_LOG_DISK {
        return Err(error::unit_below_limit("LOG_DISK_SIZE", MIN_LOG_DISK));
    }
    for (name, iops) in [("MAX_IOPS", max_iops), ("MIN_IOPS", min_iops)] {
        if iops.is_some_and(|iops| iops < MIN_IOPS) {
            return Err(error::unit_below_limit(name, MIN_IOPS));
        }
    }
    let max_iops = max_iops.or(min_iops).unwrap_or(UNLIMITED_IOPS);
    let min_iops = min_iops.unwrap_or(max_iops);
    if min_cpu > max_cpu {
        return Err(error::incorrect_arguments(
            "MIN_CPU, MIN_CPU is greater than MAX_CPU",
        ));
    }
    if min_iops > max_iops {
        return Err(error::incorrect_arguments(
            "MAX_IOPS, MAX_IOPS is little than MIN_IOPS",
        ));
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of processors"
    )]
    let iops_weight = bytes("IOPS_WEIGHT")?.unwrap_or(min_cpu as u64);
    Ok(UnitSize {
        max_cpu,
        min_cpu,
        memory,
        log_disk,
        max_iops,
        min_iops,
        iops_weight,
    })
}

fn cpu(name: &str, text: &str) -> Result<f64, SqlError> {
    let number = text.parse::<f64>().ok().filter(|cpu| cpu.is_finite());
    number.ok_or_else(|| error::incorrect_arguments(name))
}

/// Parses a number of bytes, or a number with `K`, `M`, `G`, `T`, with or without a `B`.
fn capacity(name: &str, text: &str) -> Result<u64, SqlError> {
    let upper = text.trim().to_ascii_uppercase();
    let upper = upper.strip_suffix('B').unwrap_or(&upper);
    let (digits, shift) = match upper.char_indices().next_back() {
        Some((at, 'K')) => (&upper[..at], 10),
        Some((at, 'M')) => (&upper[..at], 20),
        Some((at, 'G')) => (&upper[..at], 30),
        Some((at, 'T')) => (&upper[..at], 40),
        _ => (upper, 0),
    };
    let number = digits.trim().parse::<u64>().ok();
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| error::incorrect_arguments(name))
}

pub(super) fn create_pool(
    world: &mut World,
    caller: &Caller,
    asked: &CreatePool,
) -> Result<(), SqlError> {
    caller.only_sys()?;
    let unit = asked.unit.as_deref();
    let unit = unit.ok_or_else(|| error::missing_argument("resource_unit"))?;
    let count = asked
        .unit_num
        .ok_or_else(|| error::missing_argument("unit_num"))?;
    let count = u64::try_from(count).ok().filter(|count| *count > 0);
    let count = count.ok_or_else(|| error::incorrect_arguments("unit_num"))?;
    let new = NewPool {
        name: &asked.name,
        if_not_exists: asked.if_not_exists,
        unit,
        unit_count: count,
        zones: asked.zones.as_deref(),
        host: &world.address.0,
    };
    let now = world.now();
    world.resources.create_pool(&new, now)
}

pub(super) fn drop_unit(world: &mut World, caller: &Caller, asked: &Drop) -> Result<(), SqlError> {
    caller.only_sys()?;
    if asked.if_exists && world.resources.config(&asked.name).is_none() {
        return Ok(());
    }
    world.resources.drop_config(&asked.name)
}

pub(super) fn drop_pool(world: &mut World, caller: &Caller, asked: &Drop) -> Result<(), SqlError> {
    caller.only_sys()?;
    if asked.if_exists && world.resources.pool(&asked.name).is_none() {
        return Ok(());
    }
    world.resources.drop_pool(&asked.name)
}

/// Drops a tenant. Without FORCE the tenant stays DROPPING for days and holds its pools: the worst
/// reading of the source.
pub(super) fn drop_tenant(
    world: &mut World,
    caller: &Caller,
    asked: &Drop,
) -> Result<(), SqlError> {
    caller.only_sys()?;
    if asked.name.eq_ignore_ascii_case("sys") {
        return Err(error::not_allowed("drop sys tenant is"));
    }
    let Some(tenant) = world.tenant_mut(&asked.name) else {
        return if asked.if_exists {
            Ok(())
        } else {
            Err(error::no_tenant(&asked.name))
        };
    };
    if asked.force {
        world.drop_tenant(&asked.name);
    } else if tenant.status == TenantStatus::Restore {
        return Err(error::not_allowed("drop restore tenant without force is"));
    } else {
        tenant.status = TenantStatus::Dropping;
    }
    Ok(())
}
