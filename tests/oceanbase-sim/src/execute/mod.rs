//! Statements that change something.
//!
//! Who may run what, and in which form, is that of `ob_alter_system_resolver.cpp` and
//! `ob_backup_config.cpp`.

mod archive;
mod backup;
mod config;
mod parameter;
mod policy;

use crate::error;
use crate::model::{TenantId, World};
use crate::statement::{Action, Kind, Statement, Tenants};
use crate::value::{Outcome, SqlError};
use crate::views::Version;

/// Who runs a statement.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The tenant of the session.
    pub(crate) tenant: TenantId,
    /// Whether the user holds ALTER SYSTEM.
    pub(crate) alter_system: bool,
}

impl Caller {
    fn is_sys(&self) -> bool {
        self.tenant == TenantId::SYS
    }
}

/// OK without a row count.
pub(crate) fn done() -> Outcome {
    Outcome::Done { affected_rows: 0 }
}

/// Runs what is neither a query nor the session's own business.
pub(crate) fn run(
    statement: &Statement,
    action: &Action,
    world: &mut World,
    caller: &Caller,
    encryption: &mut Option<String>,
) -> Result<Outcome, SqlError> {
    if statement.kind == Kind::SetDecryption {
        return Err(if caller.is_sys() {
            error::unsupported()
        } else {
            error::not_supported("non-sys tenant set decryption is")
        });
    }
    if !caller.alter_system {
        return Err(error::access_denied("ALTER SYSTEM"));
    }
    match action {
        Action::Set(settings, tenants) => config::set(world, caller, settings, tenants),
        Action::LogMode(on, tenants) => archive::set_log_mode(world, caller, *on, tenants),
        Action::Backup(asked) => backup::start(world, caller, asked, encryption),
        Action::CancelBackup(tenants) => backup::cancel(world, caller, tenants),
        Action::AddPolicy(policy) => policy::add(world, caller, policy),
        Action::DropPolicy(name, tenants) => policy::drop(world, caller, name, tenants),
        Action::CancelDelete(tenants) => policy::cancel_delete(world, caller, tenants),
        // Until these were made to work the resolver refused them by name.
        _ if statement.kind == Kind::DeleteBackup && world.version < Version::V4_4_2 => {
            Err(error::function_not_supported())
        }
        _ => Err(error::unsupported()),
    }
    .map(|()| done())
}

/// What a name in a TENANT list stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Sys,
    Meta,
    User(TenantId),
}

fn find(world: &World, name: &str) -> Result<Named, SqlError> {
    if name.eq_ignore_ascii_case("sys") {
        return Ok(Named::Sys);
    }
    if let Some(id) = name.strip_prefix("META$") {
        let known = id
            .parse()
            .is_ok_and(|id| world.tenant_by_id(TenantId(id)).is_some());
        return if known {
            Ok(Named::Meta)
        } else {
            Err(error::unknown_tenant())
        };
    }
    world
        .tenant(name)
        .map(|tenant| Named::User(tenant.id))
        .ok_or_else(error::unknown_tenant)
}

/// The user tenants of a list; `on_other` is the answer to sys and to meta tenants.
fn find_users(
    world: &World,
    names: &[String],
    on_other: fn() -> SqlError,
) -> Result<Vec<TenantId>, SqlError> {
    let mut ids = Vec::new();
    for name in names {
        match find(world, name)? {
            Named::User(id) if ids.contains(&id) => {}
            Named::User(id) => ids.push(id),
            Named::Sys | Named::Meta => return Err(on_other()),
        }
    }
    Ok(ids)
}

/// The rule of statements that act on one tenant: sys names exactly one, a user tenant none.
fn exactly_one(world: &World, caller: &Caller, tenants: &Tenants) -> Result<TenantId, SqlError> {
    const ONE: &str = "tenant names specified, only one tenant name can be specified";
    match (caller.is_sys(), tenants) {
        (false, Tenants::Unnamed) => Ok(caller.tenant),
        (false, _) => Err(user_names_tenants()),
        (true, Tenants::Named(names)) if names.len() > 1 => {
            Err(error::not_supported(&format!("Too many {ONE}")))
        }
        (true, Tenants::Named(names)) => {
            let ids = find_users(world, names, error::unsupported)?;
            ids.first().copied().ok_or_else(error::unknown_tenant)
        }
        (true, _) => Err(error::not_supported(&format!("Too little {ONE}"))),
    }
}

fn user_names_tenants() -> SqlError {
    error::not_supported("user tenant cannot specify tenant names")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
