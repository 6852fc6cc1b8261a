//! Errors of the resolver, before privileges are checked (`ob_alter_system_resolver.cpp`).

use super::backup::cancel_targets;
use super::{Caller, cleanup, exactly_one, find, find_users, standby, user_names_tenants};
use crate::error;
use crate::model::World;
use crate::statement::{Action, RecoverTable, Tenants};
use crate::value::SqlError;
use crate::views::Version;

/// Checks a statement for the tenants that it names.
///
/// # Errors
/// 5160 for an unknown tenant, 1235 or 1227 for a clause that the session's tenant must not have.
pub(super) fn resolve(world: &World, caller: &Caller, action: &Action) -> Result<(), SqlError> {
    match action {
        Action::Set(_, tenants) | Action::LogMode(_, tenants) => {
            if !caller.is_sys() && *tenants != Tenants::Unnamed {
                return Err(error::wrong_tenant());
            }
            known(world, tenants)
        }
        Action::Backup(asked) if caller.is_sys() => known(world, &asked.tenants),
        Action::Backup(asked) if asked.tenants != Tenants::Unnamed => Err(user_names_tenants()),
        Action::CancelBackup(tenants) | Action::CancelDelete(tenants) => {
            cancel_targets(world, caller, tenants).map(|_| ())
        }
        Action::AddPolicy(policy) => exactly_one(world, caller, &policy.tenants).map(|_| ()),
        Action::DropPolicy(_, tenants) => exactly_one(world, caller, tenants).map(|_| ()),
        Action::Delete(asked) => cleanup::resolve(world, caller, asked),
        Action::ActivateStandby { tenants, .. } | Action::RecoverStandby { tenants, .. } => {
            standby::the_one(world, caller, tenants).map(|_| ())
        }
        Action::RecoverTable(_) if !caller.is_sys() => {
            Err(error::not_allowed("user tenant initiate recover table is"))
        }
        Action::RecoverTable(asked) => recover_table(world, asked),
        Action::RunUpgrade { tenants, .. } if caller.is_sys() => {
            find_users(world, tenants.names(), error::unsupported).map(|_| ())
        }
        Action::SetDecryption(_) if !caller.is_sys() && world.version < Version::V4_1 => {
            Err(error::unsupported())
        }
        Action::SetDecryption(_) if !caller.is_sys() => {
            Err(error::not_supported("non-sys tenant set decryption is"))
        }
        Action::Unsupported => Err(error::unsupported()),
        _ => Ok(()),
    }
}

fn known(world: &World, tenants: &Tenants) -> Result<(), SqlError> {
    tenants
        .names()
        .iter()
        .try_for_each(|name| find(world, name).map(|_| ()))
}

fn recover_table(world: &World, asked: &RecoverTable) -> Result<(), SqlError> {
    if asked.partition {
        return Err(error::not_supported("recover partition"));
    }
    if let Some(kind) = asked.repeated {
        return Err(error::not_allowed(&format!("duplicate REMAP {kind} is")));
    }
    let target = world.tenant(&asked.tenant).map(|_| ());
    target.ok_or_else(error::unknown_tenant)
}
