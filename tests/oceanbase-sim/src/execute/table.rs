//! `ALTER SYSTEM RECOVER TABLE` and its cancellation.

use std::collections::BTreeSet;

use super::restore::{Options, check_until, origin, read, seed, source_texts};
use super::{Caller, Carried};
use crate::error;
use crate::model::{RecoverRequest, RestoreRequest, Role, TenantStatus, World};
use crate::statement::{Objects, RecoverTable, TableName};
use crate::value::SqlError;
use crate::views::Version;

pub(super) fn recover(
    world: &mut World,
    caller: &Caller,
    asked: &RecoverTable,
    carried: &Carried,
) -> Result<(), SqlError> {
    caller.only_sys()?;
    check_version(world)?;
    let texts = source_texts(asked.from.as_deref(), &carried.sources)?;
    check_until(&asked.until)?;
    let options = Options::parse(&asked.options)?;
    if world.is_upgrading() {
        return Err(error::not_allowed(
            "Cluster is in upgrade mode, recover table is",
        ));
    }
    let target = world
        .tenant(&asked.tenant)
        .ok_or_else(error::unknown_tenant)?;
    if target.role == Role::Standby {
        return Err(error::not_supported("recover table to standby tenant is"));
    }
    if target.status != TenantStatus::Normal || target.role != Role::Primary {
        return Err(error::not_allowed(
            "recover table to tenant that is not normal primary is",
        ));
    }
    if target.compatible < Version::V4_2_1 {
        return Err(error::unsupported());
    }
    let (target, mode) = (target.id, target.mode);
    let mut running = world.recoveries.jobs.iter();
    if running.any(|job| job.request.target == target) {
        return Err(error::not_allowed(
            "recover table when recover table job exists is",
        ));
    }
    check_remap(asked)?;
    world.resources.check_exist(&options.pools)?;
    let sources = world.sources(&texts)?;
    if sources.stored.tenant.mode != mode {
        return Err(error::not_supported(
            "recover from different compatibility tenant is",
        ));
    }
    let (scn, reading) = read(world, &sources, &asked.until, &carried.decryption)?;
    let aux = format!("AUX_RECOVER${}", world.now().micros());
    let restore = RestoreRequest {
        tenant_name: aux.clone(),
        option: asked.options.clone(),
        backup_dest: texts.join(","),
        scn,
        description: asked.description.clone(),
        origin: origin(&sources, &reading),
        seed: seed(&sources, &reading, &aux, scn, options.pools.clone()),
        pools: options.pools,
        sets: reading.sets,
        pieces: reading.pieces,
    };
    world.start_recovery(RecoverRequest {
        target,
        target_name: asked.tenant.clone(),
        objects: asked.objects.clone(),
        remap: asked.tables.clone(),
        remap_databases: asked.databases.clone(),
        tablegroups: asked.tablegroups.clone(),
        tablespaces: asked.tablespaces.clone(),
        restore,
    });
    Ok(())
}

/// Returns an error unless each pair renames a recovered object, and all targets differ
/// (`ob_recover_table_initiator.cpp`).
fn check_remap(asked: &RecoverTable) -> Result<(), SqlError> {
    let has_database = |name: &String| match &asked.objects {
        Objects::All => true,
        Objects::Databases(names) => names.contains(name),
        Objects::Tables(_) => false,
    };
    let has_table = |name: &TableName| match &asked.objects {
        Objects::Tables(names) => names.contains(name),
        _ => has_database(&name.database),
    };
    if asked.tables.iter().any(|(from, _)| !has_table(from)) {
        return Err(error::not_supported("remap not exist recover table"));
    }
    if asked.databases.iter().any(|(from, _)| !has_database(from)) {
        return Err(error::not_supported("remap not exist recover database"));
    }
    let mut targets = BTreeSet::new();
    let tables = asked.tables.iter().map(|(_, to)| to.to_string());
    let databases = asked.databases.iter().map(|(_, to)| format!("`{to}`.*"));
    match tables
        .chain(databases)
        .find(|to| !targets.insert(to.clone()))
    {
        Some(twice) => Err(error::not_supported(&twice)),
        None => Ok(()),
    }
}

/// Cancels recoveries into a tenant; without one it is OK.
pub(super) fn cancel(world: &mut World, caller: &Caller, name: &str) -> Result<(), SqlError> {
    caller.only_sys()?;
    check_version(world)?;
    let target = world.tenant(name).ok_or_else(|| error::no_tenant(name))?.id;
    world.cancel_recoveries(target);
    Ok(())
}

fn check_version(world: &World) -> Result<(), SqlError> {
    if world.version < Version::V4_2_1 {
        return Err(error::unsupported());
    }
    Ok(())
}
