//! Manual deletion of backups and `CANCEL DELETE BACKUP` (V4.4.2: `ob_backup_clean_scheduler`).

use super::backup::cancel_targets;
use super::{Caller, Named, find, find_users, user_names_tenants};
use crate::error;
use crate::model::{
    CleanKind, JobLevel, PieceId, Purpose, SetId, StorageCheck, Tenant, TenantId, World,
};
use crate::statement::{DeleteBackup, Deletion, Tenants};
use crate::value::SqlError;
use crate::views::Version;

pub(super) fn delete(
    world: &mut World,
    caller: &Caller,
    asked: &DeleteBackup,
) -> Result<(), SqlError> {
    match (caller.is_sys(), &asked.tenants) {
        (false, Tenants::Unnamed) => {
            let tenant = existing(world, caller.tenant)?;
            if !tenant.is_normal() {
                return Err(error::unsupported());
            }
            let kind = kind_for(world, tenant, &asked.what)?;
            world.start_cleanup(caller.tenant, kind);
            Ok(())
        }
        (false, _) => Err(user_names_tenants()),
        (true, tenants) if asked.what == Deletion::Obsolete => obsolete_from_sys(world, tenants),
        (true, tenants) => {
            let id = one_tenant(world, tenants)?;
            let tenant = existing(world, id)?;
            if !tenant.is_normal() {
                return Err(error::cannot_start_backup_plain());
            }
            let kind = kind_for(world, tenant, &asked.what)?;
            world.start_sys_cleanup(vec![id], JobLevel::SysTenant, kind);
            Ok(())
        }
    }
}

/// Refuses what no release before V4.4.2 executes. Sys gets the error for a missing tenant even if
/// it names one, because the clause is not read.
pub(super) fn resolve(
    world: &World,
    caller: &Caller,
    asked: &DeleteBackup,
) -> Result<(), SqlError> {
    if world.version >= Version::V4_4_2 {
        return Ok(());
    }
    Err(match asked.what {
        Deletion::Sets(_) | Deletion::OldPiece(_) if caller.is_sys() => {
            error::not_supported("need to specify a tenant name")
        }
        _ => error::function_not_supported(),
    })
}

/// Skips tenants that cannot be cleaned in a statement for all of them. A tenant without a policy
/// is 4018; the engine's text for it is never shown.
fn obsolete_from_sys(world: &mut World, tenants: &Tenants) -> Result<(), SqlError> {
    let (ids, level) = match tenants {
        Tenants::Unnamed | Tenants::All => {
            let normal = world.tenants.iter().filter(|tenant| tenant.is_normal());
            (normal.map(|tenant| tenant.id).collect(), JobLevel::Cluster)
        }
        Tenants::Named(names) => {
            let ids = find_users(world, names, error::unsupported)?;
            (ids, JobLevel::SysTenant)
        }
        Tenants::AllUser | Tenants::AllMeta => return Err(error::unsupported()),
    };
    if ids.is_empty() {
        return Err(error::cannot_start_backup("no tenant need backup clean"));
    }
    for id in &ids {
        let tenant = existing(world, *id)?;
        if !tenant.is_normal() {
            return Err(error::cannot_start_backup_plain());
        }
        check_policy(world, tenant)?;
    }
    let kind = CleanKind::Obsolete(world.now());
    world.start_sys_cleanup(ids, level, kind);
    Ok(())
}

fn one_tenant(world: &World, tenants: &Tenants) -> Result<TenantId, SqlError> {
    let [name] = tenants.names() else {
        return Err(error::not_supported(
            "sys tenant clean set/piece need set tenant",
        ));
    };
    match find(world, name)? {
        Named::User(id) => Ok(id),
        Named::Sys | Named::Meta => Err(error::not_supported(
            "sys tenant clean set/piece can not specify sys tenant",
        )),
    }
}

/// Checks the policy. A policy `log_only` alone is not simulated and answers 1235.
fn check_policy(world: &World, tenant: &Tenant) -> Result<CleanKind, SqlError> {
    if tenant.policies.is_empty() {
        return Err(error::no_such_entry());
    }
    let expired = tenant.expired_at(world.now());
    expired
        .map(CleanKind::Obsolete)
        .ok_or_else(error::unsupported)
}

fn kind_for(world: &World, tenant: &Tenant, what: &Deletion) -> Result<CleanKind, SqlError> {
    match what {
        Deletion::Obsolete => check_policy(world, tenant),
        Deletion::Sets(ids) => {
            let ids = positive(ids)?.into_iter().map(SetId);
            Ok(CleanKind::Sets(ids.collect()))
        }
        Deletion::Pieces(ids) => {
            let ids = positive(ids)?.into_iter().map(PieceId);
            Ok(CleanKind::Pieces(ids.collect()))
        }
        Deletion::OldPiece(_) => Err(error::function_not_supported()),
        Deletion::AllData(path) => all_of(tenant, path, Purpose::Data),
        Deletion::AllLog(path) => all_of(tenant, path, Purpose::Log),
    }
}

fn positive(ids: &[i64]) -> Result<Vec<u64>, SqlError> {
    let ids = ids.iter().map(|id| u64::try_from(*id).ok());
    let ids: Option<Vec<_>> = ids.map(|id| id.filter(|id| *id > 0)).collect();
    ids.ok_or_else(error::invalid_argument)
}

fn all_of(tenant: &Tenant, path: &str, purpose: Purpose) -> Result<CleanKind, SqlError> {
    let root = path.split('?').next().unwrap_or_default();
    let root = root.trim_end_matches('/');
    let known = |check: &&StorageCheck| check.uri.root == root;
    let check = tenant.checks.iter().find(known);
    let check = check.ok_or_else(error::no_such_entry)?;
    if check.purpose != purpose {
        return Err(error::incorrect_arguments("mismatched dest type"));
    }
    Ok(CleanKind::All(purpose, check.id, check.uri.clone()))
}

fn existing(world: &World, id: TenantId) -> Result<&Tenant, SqlError> {
    world.tenant_by_id(id).ok_or_else(error::unknown_tenant)
}

/// Cancels deletions; without a job it is OK.
pub(super) fn cancel(
    world: &mut World,
    caller: &Caller,
    tenants: &Tenants,
) -> Result<(), SqlError> {
    let ids = cancel_targets(world, caller, tenants)?;
    world.cancel_cleanups(ids.as_deref());
    Ok(())
}
