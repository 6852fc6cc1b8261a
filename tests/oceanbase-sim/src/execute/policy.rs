//! Delete policies. The hourly cleanup (`model::cleanup`) reads them.

use super::{Caller, exactly_one};
use crate::error;
use crate::model::{Policy, World, parse_duration};
use crate::statement::{AddPolicy, Tenants};
use crate::value::SqlError;
use crate::views::Version;

pub(super) fn add(world: &mut World, caller: &Caller, asked: &AddPolicy) -> Result<(), SqlError> {
    check_name(world, &asked.name)?;
    let id = exactly_one(world, caller, &asked.tenants)?;
    if asked.recovery_window.is_none() && asked.redundancy.is_none() {
        return Err(error::not_supported(
            "Neither recovery_window nor redundancy is set",
        ));
    }
    let window = asked.recovery_window.clone().unwrap_or_default();
    if !window.is_empty() && parse_duration(&window).is_none() {
        return Err(error::not_supported(
            "recovery window is not be time string",
        ));
    }
    if asked.redundancy.is_some_and(|redundancy| redundancy != 1) {
        return Err(error::not_supported("Redundancy not equal to 1 is"));
    }
    let tenant = world.tenant_by_id(id).ok_or_else(error::unknown_tenant)?;
    if tenant
        .policies
        .iter()
        .any(|policy| policy.name == asked.name)
    {
        // A plain INSERT: to change the window, drop the policy first.
        return Err(error::duplicate_policy(id.0, &asked.name));
    }
    let policy = Policy {
        name: asked.name.clone(),
        recovery_window: window,
    };
    world.add_policy(id, policy);
    Ok(())
}

pub(super) fn drop(
    world: &mut World,
    caller: &Caller,
    name: &str,
    tenants: &Tenants,
) -> Result<(), SqlError> {
    check_name(world, name)?;
    let id = exactly_one(world, caller, tenants)?;
    // The number of deleted rows is ignored: dropping a missing policy is OK.
    for tenant in world.tenants.iter_mut().filter(|tenant| tenant.id == id) {
        tenant.policies.retain(|policy| policy.name != name);
    }
    Ok(())
}

fn check_name(world: &World, name: &str) -> Result<(), SqlError> {
    match name {
        "default" => Ok(()),
        "log_only" if world.version >= Version::V4_4_2 => Ok(()),
        _ => Err(error::not_supported(
            "The policy name is not 'default', it is",
        )),
    }
}
