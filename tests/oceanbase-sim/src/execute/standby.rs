//! `ACTIVATE STANDBY`, `RECOVER STANDBY` and `RUN UPGRADE JOB`.

use super::{Caller, Carried, find_users};
use crate::error;
use crate::model::{Role, Scn, Tenant, TenantId, TenantStatus, UNLIMITED, World, parse_time};
use crate::statement::{Tenants, Until};
use crate::value::SqlError;

pub(super) fn activate(
    world: &mut World,
    caller: &Caller,
    tenants: &Tenants,
    verify: bool,
    carried: &mut Carried,
) -> Result<(), SqlError> {
    let id = the_one(world, caller, tenants)?;
    check_standby(world, id, "failover to primary is")?;
    if verify {
        return Ok(());
    }
    let wait = world.activate(id, world.now());
    carried.waits = wait.after;
    match wait.code {
        0 => Ok(()),
        code => {
            let text = error::wire_text(code).unwrap_or("Internal error");
            Err(error::with_code(code, text))
        }
    }
}

/// Sets how far a standby follows the log of its restore source.
pub(super) fn recover(
    world: &mut World,
    caller: &Caller,
    tenants: &Tenants,
    until: &Until,
) -> Result<(), SqlError> {
    let id = the_one(world, caller, tenants)?;
    let tenant = check_standby(world, id, "recover standby is")?;
    let sync = world.sync_scn(tenant);
    let to = match until {
        Until::Unlimited => UNLIMITED,
        Until::Cancel | Until::Latest => sync,
        Until::Scn(number) if *number > 0 => Scn(number.unsigned_abs()),
        Until::Scn(_) => {
            return Err(error::incorrect_arguments(
                "until scn, it should be positive integer",
            ));
        }
        Until::Time(text) => {
            let time = parse_time(text, &world.zone);
            time.ok_or_else(|| error::with_code(1292, "Incorrect TIMESTAMP value"))?
        }
    };
    if to < sync {
        return Err(error::not_allowed(
            "recover before tenant sync_scn or recovery_until_scn is",
        ));
    }
    let mut all = world.tenants.iter_mut();
    if let Some(tenant) = all.find(|tenant| tenant.id == id) {
        // The standby resumes from its present SCN.
        tenant.standby.stands_at = Some(sync);
        tenant.standby.until = to;
    }
    Ok(())
}

pub(super) fn run_upgrade(
    world: &mut World,
    caller: &Caller,
    job: &str,
    tenants: &Tenants,
) -> Result<(), SqlError> {
    caller.only_sys()?;
    if !job.eq_ignore_ascii_case("UPGRADE_ALL") {
        return Err(error::invalid_argument());
    }
    let ids = find_users(world, tenants.names(), error::unsupported)?;
    for id in &ids {
        let tenant = world.tenant_by_id(*id).ok_or_else(error::unknown_tenant)?;
        if tenant.role != Role::Primary {
            return Err(error::not_allowed("upgrade standby tenant is"));
        }
        if world.upgrades.is_running(*id) {
            return Err(error::not_allowed(
                "upgrade job is running, run upgrade job is",
            ));
        }
    }
    for id in ids {
        world.start_upgrade(id);
    }
    Ok(())
}

/// Returns the one tenant: sys names exactly one, a user tenant none.
pub(super) fn the_one(
    world: &World,
    caller: &Caller,
    tenants: &Tenants,
) -> Result<TenantId, SqlError> {
    match (caller.is_sys(), tenants) {
        (false, Tenants::Unnamed) => Ok(caller.tenant),
        (false, _) => Err(error::wrong_tenant()),
        (true, Tenants::Named(names)) if names.len() == 1 => {
            let ids = find_users(world, names, error::unsupported)?;
            ids.first().copied().ok_or_else(error::unknown_tenant)
        }
        (true, _) => Err(error::not_supported(
            "the tenant list of a switchover must be exactly one tenant, otherwise",
        )),
    }
}

fn check_standby<'a>(world: &'a World, id: TenantId, what: &str) -> Result<&'a Tenant, SqlError> {
    let tenant = world.tenant_by_id(id).ok_or_else(error::unknown_tenant)?;
    if tenant.status != TenantStatus::Normal {
        return Err(error::not_allowed(&format!(
            "tenant status is not NORMAL, {what}"
        )));
    }
    if tenant.role != Role::Standby {
        return Err(error::not_allowed(&format!(
            "tenant role is not STANDBY, {what}"
        )));
    }
    Ok(tenant)
}
