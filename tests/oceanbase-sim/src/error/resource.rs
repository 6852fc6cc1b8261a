//! Errors of units and pools.

use super::{not_supported, with_code};
use crate::value::SqlError;

/// Returns 4659: a size of a unit is below its hard limit.
pub(crate) fn unit_below_limit(name: &str, limit: u64) -> SqlError {
    with_code(4659, format!("invalid {name} value, min value is {limit}"))
}

/// Returns 1235: a legal unit is too small for a pool.
pub(crate) fn unit_below_pool_limit() -> SqlError {
    not_supported("unit MEMORY_SIZE less than __min_full_resource_pool_memory")
}

pub(crate) fn too_many_units() -> SqlError {
    with_code(
        4656,
        "resource pool unit num is bigger than zone server count",
    )
}

/// Returns 4733: a zone lacks room; `short` has each server and its missing resource.
pub(crate) fn zone_is_full(zone: &str, units: u64, short: &[(String, &str)]) -> SqlError {
    let servers = short
        .iter()
        .map(|(server, what)| format!("server '\"{server}\"' {what} resource not enough\n"));
    with_code(
        4733,
        format!(
            "zone '{zone}' resource not enough to hold {units} unit. You can check resource info \
             by views: DBA_OB_UNITS, GV$OB_UNITS, GV$OB_SERVERS.\n{}",
            servers.collect::<String>()
        ),
    )
}

/// Returns 4734: no server of a zone accepts a new unit, regardless of free resources.
pub(crate) fn no_server_for_unit(zone: &str, units: u64) -> SqlError {
    with_code(
        4734,
        format!(
            "zone '{zone}' server not enough to hold {units} new unit, please check zone valid \
             servers"
        ),
    )
}

pub(crate) fn pool_is_granted(name: &str) -> SqlError {
    with_code(
        4626,
        format!("resource pool '{name}' has already been granted to a tenant"),
    )
}

pub(crate) fn unit_is_used(name: &str) -> SqlError {
    with_code(
        4634,
        format!("resource unit '{name}' is referenced by some resource pool"),
    )
}

pub(crate) fn no_pools() -> SqlError {
    with_code(4647, "resource pool list is empty")
}

pub(crate) fn no_unit(name: &str) -> SqlError {
    with_code(4648, format!("resource unit '{name}' not exist"))
}

pub(crate) fn unit_exists(name: &str) -> SqlError {
    with_code(4649, format!("resource unit '{name}' exist"))
}

pub(crate) fn no_pool(name: &str) -> SqlError {
    with_code(4650, format!("resource pool '{name}' not exist"))
}

pub(crate) fn pool_exists(name: &str) -> SqlError {
    with_code(4651, format!("resource pool '{name}' exist"))
}

pub(crate) fn no_zone(name: &str) -> SqlError {
    with_code(4668, format!("zone info not exist, zone '{name}'"))
}
