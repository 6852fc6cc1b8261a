//! Effects of faults.

use std::sync::Arc;

use super::trap::Effect;
use super::{Fault, FaultError, NodeState};
use crate::error;
use crate::model::{
    Account, BackupType, Doom, Hold, JobId, Lag, LagUntil, NODE, Privilege, Request, SysRequest,
    Tenant, TenantId, World,
};
use crate::simulator::State;
use crate::value::Acceptance;
use crate::views::{Version, views};

impl State {
    /// Applies a fault now.
    pub(crate) fn apply(&mut self, fault: Fault) -> Result<(), FaultError> {
        match fault {
            Fault::HangUp { on, when } => self.traps.set(on, Effect::HangUp(when)),
            Fault::Stall { on, when } => self.traps.set(on, Effect::Stall(when)),
            Fault::Slow { on, delay } => self.traps.set(on, Effect::Slow(delay)),
            Fault::Refuse { on, code, message } => {
                self.traps
                    .set(on, Effect::Refuse(error::with_code(code, message)));
            }
            Fault::Swallow { on } => self.traps.set(on, Effect::Swallow),
            Fault::Node { is } => {
                self.node = match is {
                    NodeState::Serving => Acceptance::Serve,
                    NodeState::Refusing => Acceptance::Refuse,
                    NodeState::Silent => Acceptance::Silent,
                };
            }
            Fault::UpgradeTo { version } => {
                let to = newer(&version, self.world.version)?;
                self.world.upgrade_to(to);
                self.views = Arc::new(views(to));
            }
            Fault::KillConnections => self.epoch += 1,
            Fault::TimeJump { seconds } => self.clock_offset += i128::from(seconds) * 1_000_000_000,
            other => apply_to_world(&mut self.world, other)?,
        }
        Ok(())
    }
}

fn apply_to_world(world: &mut World, fault: Fault) -> Result<(), FaultError> {
    match fault {
        Fault::FailBackup {
            tenant,
            code,
            comment,
        } => {
            let comment = comment.unwrap_or_else(|| server_comment(code));
            existing(world.doom_backup(&tenant, Doom { code, comment }), tenant)
        }
        Fault::InterruptArchive { tenant, comment } => {
            find(world, &tenant)?;
            let comment = comment.unwrap_or_else(|| "log stream 1001 interrupted".to_owned());
            let broken = world.interrupt_archive(&tenant, &comment);
            if broken {
                Ok(())
            } else {
                Err(FaultError::NotArchiving(tenant))
            }
        }
        Fault::LagSelects { tenant, selects } => {
            lag(world, &tenant, LagUntil::Selects(selects), "")
        }
        Fault::LagTime { tenant, age, views } => lag(world, &tenant, LagUntil::Age(age), &views),
        Fault::EndLag { tenant } => {
            let id = tenant_id(world, &tenant)?;
            world.lags.retain(|lag| lag.tenant() != id);
            Ok(())
        }
        Fault::Path { path, health } => {
            world.set_health(&path, health);
            Ok(())
        }
        Fault::Litter { path } => {
            world.storage.litter(&path);
            Ok(())
        }
        Fault::AlterSystem {
            tenant,
            user,
            granted,
        } => {
            account(world, &tenant, &user)?.set(Privilege::AlterSystem, granted);
            Ok(())
        }
        Fault::Privilege {
            tenant,
            user,
            privilege,
            granted,
        } => {
            account(world, &tenant, &user)?.set(privilege, granted);
            Ok(())
        }
        Fault::StopServer { zone, stopped } => {
            if stopped {
                world.resources.stopped.insert(zone);
            } else {
                world.resources.stopped.remove(&zone);
            }
            Ok(())
        }
        Fault::Password {
            tenant,
            user,
            password,
        } => {
            account(world, &tenant, &user)?.password = password;
            Ok(())
        }
        Fault::HoldArchive { tenant, at } => {
            existing(world.hold_archive(&tenant, Some(at)), tenant)
        }
        Fault::ReleaseArchive { tenant } => existing(world.hold_archive(&tenant, None), tenant),
        Fault::Hold { tenant, at } => existing(world.hold_backups(&tenant, Hold::At(at)), tenant),
        Fault::Release { tenant } => existing(world.hold_backups(&tenant, Hold::Released), tenant),
        Fault::FinishBackup { tenant } => existing(world.finish_backup(&tenant), tenant),
        Fault::Upgrading { on } => {
            world.set_upgrade_mode(on);
            Ok(())
        }
        Fault::UpgradeTenant { tenant, version } => upgrade_tenant(world, &tenant, version),
        Fault::ForeignBackup {
            tenant,
            description,
            incremental,
            from_sys,
        } => foreign_backup(world, &tenant, description, incremental, from_sys),
        other => change_tenants(world, other),
    }
}

fn change_tenants(world: &mut World, fault: Fault) -> Result<(), FaultError> {
    match fault {
        Fault::Lock { tenant, locked } => find(world, &tenant)?.locked = locked,
        Fault::Snapshots { tenant, held } => find(world, &tenant)?.has_snapshots = held,
        Fault::Role { tenant, role } => find(world, &tenant)?.role = role,
        Fault::Status { tenant, status } => find(world, &tenant)?.status = status,
        Fault::Drop { tenant } => {
            existing(world.drop_tenant(&tenant).is_some(), tenant)?;
        }
        Fault::Create(spec) => {
            let now = world.now();
            spec.place(world, now).map_err(FaultError::Text)?;
        }
        Fault::Recreate { tenant } => {
            let password = account(world, &tenant, "root")?.password.clone();
            let old = world
                .drop_tenant(&tenant)
                .ok_or(FaultError::NoTenant(tenant))?;
            let new = crate::model::NewTenant {
                name: old.name,
                id: None,
                role: old.role,
                status: old.status,
                locked: false,
                mode: old.mode,
                created_at: world.now(),
                compatible: None,
                root_password: password,
                log_bytes_per_second: old.log_bytes_per_second,
                full_bytes: old.full_bytes,
                backup_bytes_per_second: old.backup_bytes_per_second,
                tables: Vec::new(),
                pools: Vec::new(),
            };
            world.create_tenant(new);
        }
        other => return super::cleanup::apply(world, other),
    }
    Ok(())
}

fn upgrade_tenant(
    world: &mut World,
    tenant: &str,
    version: Option<String>,
) -> Result<(), FaultError> {
    let found = find(world, tenant)?;
    let (id, from) = (found.id, found.compatible);
    let to = match version {
        Some(version) => newer(&version, from)?,
        None => world.version,
    };
    let now = world.now();
    world.upgrade_tenant(id, to, now);
    Ok(())
}

fn newer(text: &str, than: Version) -> Result<Version, FaultError> {
    let version: Version = text
        .parse()
        .map_err(|_| FaultError::Text(format!("`{text}` is no version such as 4.2.5.1")))?;
    if version > than {
        Ok(version)
    } else {
        Err(FaultError::Text(format!(
            "version {version} is not newer than {than}; name a newer one"
        )))
    }
}

fn foreign_backup(
    world: &mut World,
    tenant: &str,
    description: String,
    incremental: bool,
    from_sys: bool,
) -> Result<(), FaultError> {
    let id = find(world, tenant)?.id;
    let request = Request {
        initiator: if from_sys { TenantId::SYS } else { id },
        initiator_job: JobId(0),
        backup_type: if incremental {
            BackupType::Inc
        } else {
            BackupType::Full
        },
        plus_archivelog: false,
        passwd: String::new(),
        description,
    };
    if from_sys {
        world.start_sys_backup(SysRequest {
            tenants: Some(vec![id]),
            request,
        })?;
    } else {
        world.start_backup(id, request)?;
    }
    Ok(())
}

fn lag(world: &mut World, tenant: &str, until: LagUntil, views: &str) -> Result<(), FaultError> {
    let id = tenant_id(world, tenant)?;
    let lag = Lag::new(id, world.now(), until).in_views(views);
    world.lags.push(lag);
    Ok(())
}

/// Formats an error as the server does on which it occurred.
fn server_comment(code: i64) -> String {
    format!(
        "(SERVER)ls_id: 1001, addr: {NODE}, module: BACKUP_DATA, result: {code}({}), \
         trace_id: YB42-000000-0-0",
        error::result_text(code)
    )
}

pub(super) fn existing(found: bool, tenant: String) -> Result<(), FaultError> {
    if found {
        Ok(())
    } else {
        Err(FaultError::NoTenant(tenant))
    }
}

pub(super) fn find<'a>(world: &'a mut World, name: &str) -> Result<&'a mut Tenant, FaultError> {
    world
        .tenant_mut(name)
        .ok_or_else(|| FaultError::NoTenant(name.to_owned()))
}

/// Returns the id of a user tenant or of sys.
fn tenant_id(world: &World, name: &str) -> Result<TenantId, FaultError> {
    if name == "sys" {
        return Ok(TenantId::SYS);
    }
    let tenant = world.tenant(name);
    tenant
        .map(|tenant| tenant.id)
        .ok_or_else(|| FaultError::NoTenant(name.to_owned()))
}

fn account<'a>(
    world: &'a mut World,
    tenant: &str,
    user: &str,
) -> Result<&'a mut Account, FaultError> {
    let id = tenant_id(world, tenant)?;
    let mut accounts = world.accounts.iter_mut();
    accounts
        .find(|account| account.tenant == id && account.name == user)
        .ok_or_else(|| FaultError::NoUser(format!("{user}@{tenant}")))
}
