//! `ALTER SYSTEM ARCHIVELOG` and `NOARCHIVELOG`.

use super::{Caller, find_users};
use crate::error;
use crate::model::{Purpose, RoundStatus, TenantId, World, has_log_mode};
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
    if !has_log_mode(world.version) {
        let outcomes: Vec<_> = ids.into_iter().map(|id| switch(world, id, on)).collect();
        let failed = outcomes.into_iter().find(Result::is_err);
        let listed = matches!(tenants, Tenants::Named(_));
        return failed.filter(|_| listed).unwrap_or(Ok(()));
    }
    let mut last = Ok(());
    for id in ids {
        last = switch(world, id, on);
    }
    // Opening ignores a tenant's errors, even for a single tenant; closing returns the last
    // tenant's result.
    if on { Ok(()) } else { last }
}

fn switch(world: &mut World, id: TenantId, on: bool) -> Result<(), SqlError> {
    if !has_log_mode(world.version) {
        return switch_round(world, id, on);
    }
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

/// 4.0 has no LOG_MODE: the statement opens or closes the round itself (`enable_archive` and
/// `disable_archive`).
fn switch_round(world: &mut World, id: TenantId, on: bool) -> Result<(), SqlError> {
    let tenant = world.tenant_by_id(id).ok_or_else(error::unknown_tenant)?;
    let is_open = !matches!(
        tenant.archive.status(),
        None | Some(RoundStatus::Stop | RoundStatus::Stopping)
    );
    if !tenant.is_normal() || is_open == on || (on && !tenant.archive.is_stopped()) {
        return Err(error::unsupported());
    }
    if on {
        let dest = tenant.archive_dest.as_ref();
        let dest = dest.ok_or_else(error::no_such_entry)?;
        let cluster = world.identity.id;
        let known = world.storage.check(&dest.uri, cluster, id, Purpose::Log);
        let known = known.and_then(|known| known.ok_or_else(error::format_file_missing));
        known.map_err(|refused| error::in_words_of(world.version, refused))?;
    }
    world.set_log_mode(id, on);
    Ok(())
}
