//! `ALTER SYSTEM BACKUP` and `CANCEL BACKUP`.

use super::{Caller, find_users, user_names_tenants};
use crate::error;
use crate::model::{
    BackupType, JobId, Request, SysRequest, TenantId, World, password_hash, takes_plus_archivelog,
};
use crate::statement::{Backup, Tenants};
use crate::value::SqlError;

pub(super) fn start(
    world: &mut World,
    caller: &Caller,
    asked: &Backup,
    encryption: Option<&str>,
) -> Result<(), SqlError> {
    if asked.to.is_some() {
        return Err(error::not_supported(
            "backup do not support using specify path",
        ));
    }
    if asked.plus_archivelog && !takes_plus_archivelog(world.version) {
        return Err(error::not_supported("plus archive is not supported"));
    }
    let request = Request {
        initiator: caller.tenant,
        initiator_job: JobId(0),
        backup_type: if asked.incremental {
            BackupType::Inc
        } else {
            BackupType::Full
        },
        plus_archivelog: asked.plus_archivelog,
        passwd: encryption.map(password_hash).unwrap_or_default(),
        description: asked.description.clone(),
    };
    match (caller.is_sys(), &asked.tenants) {
        (false, Tenants::Unnamed) => world.start_backup(caller.tenant, request)?,
        (false, _) => return Err(user_names_tenants()),
        (true, Tenants::Unnamed) => {
            world.start_sys_backup(SysRequest {
                tenants: None,
                request,
            })?;
        }
        (true, Tenants::Named(names)) => {
            let ids = find_users(world, names, error::internal)?;
            world.start_sys_backup(SysRequest {
                tenants: Some(ids),
                request,
            })?;
        }
        (true, _) => return Err(error::unsupported()),
    }
    Ok(())
}

pub(super) fn cancel(
    world: &mut World,
    caller: &Caller,
    tenants: &Tenants,
) -> Result<(), SqlError> {
    let ids = cancel_targets(world, caller, tenants)?;
    world.cancel_backups(ids.as_deref())
}

/// Returns the tenants of a CANCEL, `None` for all tenants.
pub(super) fn cancel_targets(
    world: &World,
    caller: &Caller,
    tenants: &Tenants,
) -> Result<Option<Vec<TenantId>>, SqlError> {
    match (caller.is_sys(), tenants) {
        (false, Tenants::Unnamed) => Ok(Some(vec![caller.tenant])),
        (false, _) => Err(user_names_tenants()),
        (true, Tenants::Unnamed | Tenants::All) => Ok(None),
        (true, Tenants::Named(names)) => find_users(world, names, error::unsupported).map(Some),
        (true, _) => Err(error::unsupported()),
    }
}
