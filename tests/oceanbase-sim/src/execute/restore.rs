//! `ALTER SYSTEM RESTORE`, its preview and its cancellation.

use std::time::Duration;

use super::restore_source::{check_versions, refusal};
use super::{Caller, Carried};
use crate::error;
use crate::model::{
    NewTenant, Origin, Reading, RestoreAnswer, RestoreRequest, Role, Scn, Seed, Sources,
    TenantStatus, World, limits_reading, parse_time, password_hash, reads_time_of_server,
    restore_answer, words_of_two_sources,
};
use crate::statement::{Restore, Until};
use crate::value::SqlError;
use crate::views::Version;

pub(super) fn start(
    world: &mut World,
    caller: &Caller,
    asked: &Restore,
    carried: &mut Carried,
) -> Result<(), SqlError> {
    caller.only_sys()?;
    check_sources(world.version, asked.from.as_deref(), &carried.sources)?;
    let texts = source_texts(asked.from.as_deref(), &carried.sources)?;
    check_until(&asked.until)?;
    if world.is_upgrading() {
        return Err(error::not_allowed("in upgrade mode"));
    }
    let options = Options::parse(&asked.options)?;
    let sources = world.sources(&texts)?;
    let (scn, reading) = read(world, &sources, &asked.until, &carried.decryption)?;
    check_target(world, &asked.tenant, &options.pools)?;
    let request = RestoreRequest {
        tenant_name: asked.tenant.clone(),
        option: asked.options.clone(),
        backup_dest: texts.join(","),
        scn,
        description: asked.description.clone(),
        origin: origin(&sources, &reading),
        seed: seed(
            &sources,
            &reading,
            &asked.tenant,
            scn,
            options.pools.clone(),
        ),
        pools: options.pools,
        sets: reading.sets,
        pieces: reading.pieces,
    };
    answer(world, request, carried)
}

/// Maximum wait of the statement for the tenant.
const WAIT_LIMIT: Duration = Duration::from_mins(10);

/// Records the job, and answers as the release does.
fn answer(
    world: &mut World,
    request: RestoreRequest,
    carried: &mut Carried,
) -> Result<(), SqlError> {
    let name = request.tenant_name.clone();
    let reads = world.restores.reads(&name);
    let limit = if limits_reading(world.version) {
        WAIT_LIMIT
    } else {
        carried.limit
    };
    let shell = world.begin_restore(request, limit);
    let how = restore_answer(world.version);
    if reads > limit {
        carried.own_limit = Some(limit);
        carried.waits = shell.after;
        return Ok(());
    }
    if how == RestoreAnswer::AtOnce {
        carried.waits = reads;
        return Ok(());
    }
    carried.own_limit = Some(if limits_reading(world.version) {
        WAIT_LIMIT
    } else {
        reads + WAIT_LIMIT
    });
    carried.waits = shell.after;
    match (shell.result, how) {
        (0, _) => Ok(()),
        (-4012, _) => Err(error::timeout(600_000_000)),
        (_, RestoreAnswer::Comment) => Err(error::restore_failed(&name, &shell.comment)),
        _ => Err(error::restore_failed_without_reason()),
    }
}

/// Checks that FROM and restore sources are not combined.
fn check_sources(version: Version, from: Option<&str>, session: &[String]) -> Result<(), SqlError> {
    match (from, session) {
        (Some(_), [_, ..]) => Err(error::not_supported(words_of_two_sources(version))),
        _ => Ok(()),
    }
}

/// Returns the destinations of FROM or of the session, never both.
pub(super) fn source_texts(
    from: Option<&str>,
    session: &[String],
) -> Result<Vec<String>, SqlError> {
    let given: Vec<String> = match (from, session) {
        (Some(_), [_, ..]) => {
            return Err(error::not_supported(
                "use restore source and from clause together is",
            ));
        }
        (Some(text), []) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        (None, session) => session.to_vec(),
    };
    let mut texts: Vec<String> = Vec::new();
    for text in given {
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        return Err(error::invalid_argument());
    }
    Ok(texts)
}

pub(super) fn check_until(until: &Until) -> Result<(), SqlError> {
    match until {
        Until::Scn(number) if *number <= 0 => Err(error::incorrect_arguments(
            "until scn, it should be positive integer",
        )),
        _ => Ok(()),
    }
}

/// Checks what the root service checks before it records the job. The job itself checks that the
/// pools are free.
fn check_target(world: &World, name: &str, pools: &[String]) -> Result<(), SqlError> {
    let mut tenants = world.tenants.iter();
    let exists = tenants.any(|tenant| tenant.name.eq_ignore_ascii_case(name));
    if exists || name.eq_ignore_ascii_case("sys") {
        return Err(error::not_allowed(
            "restore tenant with existed tenant name is",
        ));
    }
    for pool in pools {
        if world.resources.pool(pool).is_none() {
            return Err(error::no_pool(pool));
        }
    }
    if world.restores.of(name).is_some() {
        return Err(error::restore_in_progress());
    }
    Ok(())
}

/// The evaluated options of `WITH`; unknown keys are ignored.
pub(super) struct Options {
    pub(super) pools: Vec<String>,
}

impl Options {
    pub(super) fn parse(text: &str) -> Result<Self, SqlError> {
        let mut pools = Vec::new();
        for (key, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
            match key.trim() {
                "pool_list" => {
                    let names = value.split(',').map(str::trim);
                    pools = names
                        .filter(|name| !name.is_empty())
                        .map(str::to_owned)
                        .collect();
                }
                "concurrency" if value.parse::<u8>().is_ok_and(|number| number <= 100) => {}
                "method" if matches!(value, "full" | "quick") => {}
                "concurrency" => {
                    return Err(error::incorrect_arguments("restore concurrency"));
                }
                "method" => return Err(error::invalid_argument()),
                _ => {}
            }
        }
        if pools.is_empty() {
            return Err(error::no_pools());
        }
        Ok(Self { pools })
    }
}

/// Returns the requested SCN, and what a restore to it reads.
pub(super) fn read(
    world: &World,
    sources: &Sources,
    until: &Until,
    passwords: &[String],
) -> Result<(Scn, Reading), SqlError> {
    let alone = sources.is_data_alone();
    let restorable = sources.restorable();
    let scn = match until {
        Until::Scn(number) => Scn(number.unsigned_abs()),
        Until::Time(text) if reads_time_of_server(world.version) => {
            parse_time(text, &world.zone).ok_or_else(|| error::incorrect_timestamp(text))?
        }
        Until::Time(text) => sources
            .instant(text)
            .ok_or_else(|| error::incorrect_arguments("restore timestamp"))?,
        _ => restorable
            .latest(alone)
            .ok_or_else(error::nothing_to_restore)?,
    };
    let hashes: Vec<_> = passwords.iter().map(|text| password_hash(text)).collect();
    let mut wanted = restorable.passwords();
    if wanted.any(|passwd| !hashes.iter().any(|hash| hash == passwd)) {
        return Err(error::wrong_backup_password());
    }
    let reading = restorable
        .reading(scn, alone)
        .map_err(|shortage| refusal(world.version, shortage, &sources.stored.zone))?;
    for set in &reading.sets {
        check_versions(world.version, set)?;
    }
    Ok((scn, reading))
}

pub(super) fn origin(sources: &Sources, reading: &Reading) -> Origin {
    let stored = &sources.stored;
    let version = reading
        .sets
        .last()
        .map_or(stored.version, |set| set.version);
    Origin {
        tenant_name: stored.tenant.name.clone(),
        tenant: stored.tenant.id,
        cluster_name: stored.cluster.name.clone(),
        cluster_version: version,
    }
}

/// Returns the restored tenant: with the source's data version, its rows at the SCN and its root's
/// password.
pub(super) fn seed(
    sources: &Sources,
    reading: &Reading,
    name: &str,
    scn: Scn,
    pools: Vec<String>,
) -> Seed {
    let source = &sources.stored.tenant;
    let tables = source.tables.iter();
    Seed {
        tenant: NewTenant {
            name: name.to_owned(),
            id: None,
            role: Role::Restore,
            status: TenantStatus::Creating,
            locked: false,
            mode: source.mode,
            created_at: scn,
            compatible: reading.sets.last().map(|set| set.compatible),
            root_password: sources.stored.root_password.clone(),
            log_bytes_per_second: source.log_bytes_per_second,
            full_bytes: source.full_bytes,
            backup_bytes_per_second: source.backup_bytes_per_second,
            tables: tables.filter_map(|table| table.restored(scn)).collect(),
            pools,
        },
        log: sources.logs.first().cloned(),
    }
}

pub(super) fn cancel(world: &mut World, caller: &Caller, name: &str) -> Result<(), SqlError> {
    caller.only_sys()?;
    if world.version < Version::V4_2 {
        return Err(error::unsupported());
    }
    let tenant = world.tenant(name).ok_or_else(|| error::no_tenant(name))?;
    if tenant.status != TenantStatus::Restore {
        return Err(error::not_allowed("Cancel tenant not in restore is"));
    }
    world.cancel_restore(name);
    Ok(())
}
