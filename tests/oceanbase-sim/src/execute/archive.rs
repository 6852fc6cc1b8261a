//! `ALTER SYSTEM ARCHIVELOG` and `NOARCHIVELOG`.

use super::{Caller, find_users};
use crate::error;
use crate::model::{TenantId, World};
use crate::statement::Tenants;
use crate::value::SqlError;

pub(super) fn set_log_mode(
    world: &mut World,
    caller: &Caller,
    on: bool,
    tenants: &Tenants,
) -> Result<(), SqlError> {
    if !caller.is_sys() {
        return match tenants {
            Tenants::Unnamed => switch(world, caller.tenant, on),
            _ => Err(error::access_denied("ALTER SYSTEM")),
        };
    }
    let ids = match tenants {
        Tenants::Unnamed | Tenants::All => world.tenants.iter().map(|tenant| tenant.id).collect(),
        Tenants::AllUser | Tenants::AllMeta => {
            return Err(error::not_supported(
                "use all_user/all_meta in 'ALTER SYSTEM ARCHIVELOG' syntax is",
            ));
        }
        Tenants::Named(names) => find_users(world, names, error::unsupported)?,
    };
    let mut last = Ok(());
    for id in ids {
        last = switch(world, id, on);
    }
    // Opening swallows what goes wrong in a tenant, for a list of one as well (the least
    // convenient reading); closing answers what the last tenant answered.
    if on { Ok(()) } else { last }
}

fn switch(world: &mut World, id: TenantId, on: bool) -> Result<(), SqlError> {
    let tenant = world.tenant_by_id(id).ok_or_else(error::unknown_tenant)?;
    match (on, tenant.archive.log_mode) {
        (true, true) => Err(error::already_archiving()),
        (false, false) => Err(error::already_not_archiving()),
        (true, false) if !tenant.is_normal() => Err(error::cannot_start_archive()),
        (true, false) if tenant.has_snapshots => Err(error::operation_not_allowed()),
        _ => {
            world.set_log_mode(id, on);
            Ok(())
        }
    }
}
