//! Statements that change something.
//!
//! Permissions and forms follow `ob_alter_system_resolver.cpp` and `ob_backup_config.cpp`.

mod archive;
mod backup;
mod cleanup;
mod config;
mod parameter;
mod policy;
mod preview;
mod privilege;
mod resolve;
mod resource;
mod restore;
mod restore_source;
mod standby;
mod storage_access;
mod table;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::error;
use crate::model::{Privilege, TenantId, World};
use crate::statement::{Action, Statement, Tenants};
use crate::value::{Outcome, SqlError};
use preview::Preview;

/// The session that runs a statement.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The tenant of the session.
    pub(crate) tenant: TenantId,
    /// The user of the session.
    pub(crate) user: String,
    /// The privileges of the user.
    pub(crate) privileges: BTreeSet<Privilege>,
}

impl Caller {
    fn is_sys(&self) -> bool {
        self.tenant == TenantId::SYS
    }

    /// Fails with 1227 in a user tenant.
    fn only_sys(&self) -> Result<(), SqlError> {
        if self.is_sys() {
            Ok(())
        } else {
            Err(error::wrong_tenant())
        }
    }
}

/// Returns OK without a row count.
pub(crate) fn done() -> Outcome {
    Outcome::Done { affected_rows: 0 }
}

/// Session state between statements, besides variables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carried {
    /// `SET ENCRYPTION`, for all backups of the session.
    pub(crate) encryption: Option<String>,
    /// `SET DECRYPTION`, until a preview is shown.
    pub(crate) decryption: Vec<String>,
    /// `ADD RESTORE SOURCE`.
    pub(crate) sources: Vec<String>,
    /// The destinations and the point of the last preview.
    pub(crate) preview: Option<Preview>,
    /// Maximum time that the engine works on the current statement.
    pub(crate) limit: Duration,
    /// Maximum wait of the last statement, if `ob_query_timeout` does not limit it.
    pub(crate) own_limit: Option<Duration>,
    /// How long the last statement keeps its client waiting.
    pub(crate) waits: Duration,
}

/// Runs statements that are neither queries nor handled by the session itself.
pub(crate) fn run(
    statement: &Statement,
    action: &Action,
    world: &mut World,
    caller: &Caller,
    carried: &mut Carried,
) -> Result<Outcome, SqlError> {
    resolve::resolve(world, caller, action)?;
    privilege::check(caller, statement.kind)?;
    match action {
        Action::SetDecryption(passwords) => {
            carried.decryption.clone_from(passwords);
            Ok(())
        }
        Action::Set(settings, tenants) => config::set(world, caller, settings, tenants),
        Action::LogMode(on, tenants) => archive::set_log_mode(world, caller, *on, tenants),
        Action::Backup(asked) => backup::start(world, caller, asked, carried.encryption.as_deref()),
        Action::CancelBackup(tenants) => backup::cancel(world, caller, tenants),
        Action::AddPolicy(policy) => policy::add(world, caller, policy),
        Action::DropPolicy(name, tenants) => policy::drop(world, caller, name, tenants),
        Action::CancelDelete(tenants) => cleanup::cancel(world, caller, tenants),
        Action::Delete(asked) => cleanup::delete(world, caller, asked),
        Action::ChangeStorage(asked) => storage_access::change(world, caller, asked),
        Action::CreateUnit(asked) => resource::create_unit(world, caller, asked),
        Action::CreatePool(asked) => resource::create_pool(world, caller, asked),
        Action::DropUnit(asked) => resource::drop_unit(world, caller, asked),
        Action::DropPool(asked) => resource::drop_pool(world, caller, asked),
        Action::DropTenant(asked) => resource::drop_tenant(world, caller, asked),
        _ => return run_restore(action, world, caller, carried),
    }
    .map(|()| done())
}

/// Runs restore, standby control and upgrade statements.
fn run_restore(
    action: &Action,
    world: &mut World,
    caller: &Caller,
    carried: &mut Carried,
) -> Result<Outcome, SqlError> {
    match action {
        Action::Restore(asked) => restore::start(world, caller, asked, carried),
        Action::RestorePreview { from, until } => {
            preview::ask(world, from.as_deref(), until, carried)
        }
        Action::ShowRestorePreview => {
            return preview::show(world, caller, carried).map(Outcome::Rows);
        }
        Action::AddRestoreSource(uri) => caller.only_sys().map(|()| {
            carried.sources.push(uri.clone());
        }),
        Action::ClearRestoreSource => caller.only_sys().map(|()| carried.sources.clear()),
        Action::CancelRestore(tenant) => restore::cancel(world, caller, tenant),
        Action::ActivateStandby { tenants, verify } => {
            standby::activate(world, caller, tenants, *verify, carried)
        }
        Action::RecoverStandby { tenants, until } => {
            standby::recover(world, caller, tenants, until)
        }
        Action::RecoverTable(asked) => table::recover(world, caller, asked, carried),
        Action::CancelRecoverTable(tenant) => table::cancel(world, caller, tenant),
        Action::RunUpgrade { job, tenants } => standby::run_upgrade(world, caller, job, tenants),
        _ => Err(error::unsupported()),
    }
    .map(|()| done())
}

/// The meaning of a name in a TENANT list.
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

/// Returns the user tenants of a list; `on_other` is the answer to sys and to meta tenants.
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

/// Returns the tenant of a statement about one tenant: sys names exactly one, a user tenant none.
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
