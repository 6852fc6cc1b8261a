//! `ALTER SYSTEM SET` of ordinary parameters.

use std::time::Duration;

use super::{Caller, find_users};
use crate::error;
use crate::model::{Parameter, Tenant, TenantId, World, parse_duration};
use crate::statement::{Setting, Tenants};
use crate::value::SqlError;

/// The smallest lag target that a destination of the S3 family allows.
pub(super) const S3_LAG_TARGET: Duration = Duration::from_mins(1);

const LAG_TARGET: &str = "archive_lag_target";
const DEFAULT_LAG_TARGET: Duration = Duration::from_mins(2);

pub(super) fn lag_target(tenant: &Tenant) -> Duration {
    let set = tenant
        .parameters
        .get(LAG_TARGET)
        .and_then(|text| parse_duration(text));
    set.unwrap_or(DEFAULT_LAG_TARGET)
}

pub(super) fn set(
    world: &mut World,
    caller: &Caller,
    settings: &[Setting],
    tenants: &Tenants,
) -> Result<(), SqlError> {
    for setting in settings {
        let Setting::Parameter(name, value) = setting else {
            continue;
        };
        let parameter =
            Parameter::find(name, world.version).ok_or_else(error::unknown_parameter)?;
        if !parameter.accepts(value) {
            return Err(error::invalid_argument());
        }
        if parameter.per_tenant {
            set_for_tenants(world, &targets(world, caller, tenants)?, parameter, value)?;
        } else if caller.is_sys() && *tenants == Tenants::Unnamed {
            world.set_parameter(parameter, value);
        } else {
            return Err(error::unsupported());
        }
    }
    Ok(())
}

fn targets(world: &World, caller: &Caller, tenants: &Tenants) -> Result<Vec<TenantId>, SqlError> {
    match tenants {
        Tenants::Unnamed if caller.is_sys() => Ok(Vec::new()),
        Tenants::Unnamed => Ok(vec![caller.tenant]),
        Tenants::All | Tenants::AllUser => {
            Ok(world.tenants.iter().map(|tenant| tenant.id).collect())
        }
        Tenants::AllMeta => Ok(Vec::new()),
        Tenants::Named(names) => find_users(world, names, error::unsupported),
    }
}

fn set_for_tenants(
    world: &mut World,
    ids: &[TenantId],
    parameter: &'static Parameter,
    value: &str,
) -> Result<(), SqlError> {
    for tenant in world
        .tenants
        .iter_mut()
        .filter(|tenant| ids.contains(&tenant.id))
    {
        if parameter.name == LAG_TARGET {
            check_lag_target(tenant, value)?;
        }
        tenant.parameters.insert(parameter.name, value.to_owned());
    }
    Ok(())
}

fn check_lag_target(tenant: &Tenant, value: &str) -> Result<(), SqlError> {
    let Some(dest) = &tenant.archive_dest else {
        return Err(error::not_allowed(
            "log_archive_dest has not been set, set archive_lag_target is",
        ));
    };
    let short = parse_duration(value).is_some_and(|lag| lag < S3_LAG_TARGET);
    if dest.uri.is_s3() && short {
        return Err(error::not_allowed(
            "log_archive_dest is S3, set archive_lag_target smaller than 60s is",
        ));
    }
    Ok(())
}
