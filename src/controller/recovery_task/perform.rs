//! Statements of a task.

use super::super::{Context, destination, namespace};
use super::passwords::passwords;
use super::source::{SourceDestinations, SourceStorage};
use super::{Observation, verification};
use crate::api::RecoveryTask;
use crate::api::resources::CreateResources;
use crate::domain::Blocker;
use crate::domain::recovery::{self, Effect};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::Destination;
use crate::oceanbase::model::{
    Answer, Locality, PrimaryZone, RemapQuoting, ResourceName, TenantName, ZoneName,
};
use crate::oceanbase::statement::{Command, Recovery, TableRecovery};

/// Bytes of a GiB.
/// Sends a statement, with the required values from Secrets.
pub(super) async fn send(
    task: &RecoveryTask,
    effect: &Effect,
    observed: &Observation,
    mut permit: Permit,
    context: &Context,
) -> Answer {
    if let Effect::Check {
        tenant,
        tenant_id,
        number,
    } = effect
    {
        let asked = (tenant.clone(), *tenant_id);
        let answer = verification::ask(task, asked, *number, &mut permit, context).await;
        return answer.unwrap_or_else(Answer::from);
    }
    match command(task, effect, observed, &permit, context).await {
        Ok(command) => permit.send(&Command::from(command)).await,
        Err(blocker) => blocker.into(),
    }
}

/// Returns how the target accepts new table names. If the release accepts quotes, all names are
/// quoted. A name may be a reserved word, which V4.2.1.3 and V4.2.2 reject without quotes.
fn quoting(permit: &Permit) -> RemapQuoting {
    if permit.can(Capability::QuotedRemap) {
        RemapQuoting::Quoted
    } else {
        RemapQuoting::Plain
    }
}

async fn command(
    task: &RecoveryTask,
    effect: &Effect,
    observed: &Observation,
    permit: &Permit,
    context: &Context,
) -> Result<Recovery, Blocker> {
    let target = || {
        let name = &task.spec.target.tenant_name;
        TenantName::parse(name).ok_or_else(|| unusable("target.tenantName"))
    };
    Ok(match effect.clone() {
        Effect::Preview(until) => Recovery::Preview {
            tenant: target()?,
            sources: sources(task, observed, permit, context).await?,
            until,
            decryption: passwords(task, permit, context).await?,
        },
        Effect::CreateUnit(name) => unit(task, target()?, &name)?,
        Effect::CreatePool(name) => pool(task, target()?, &name, observed)?,
        Effect::Restore {
            tenant,
            key,
            until,
            pools,
        } => Recovery::Restore {
            tenant,
            sources: sources(task, observed, permit, context).await?,
            until,
            pools: resources(&pools)?,
            locality: optional(
                task.spec.target.locality.as_deref(),
                "target.locality",
                Locality::parse,
            )?,
            primary_zone: primary_zone(task)?,
            concurrency: task
                .spec
                .target
                .concurrency
                .and_then(|n| u8::try_from(n).ok()),
            key,
            decryption: passwords(task, permit, context).await?,
        },
        Effect::RecoverTables {
            tenant,
            tenant_id,
            key,
            until,
            pools,
        } => {
            let tables = recovery::parse_tables(&task.spec)?.ok_or_else(|| unusable("objects"))?;
            Recovery::Tables(TableRecovery::Recover {
                tenant,
                tenant_id,
                tables,
                sources: sources(task, observed, permit, context).await?,
                until,
                pools: resources(&pools)?,
                primary_zone: primary_zone(task)?,
                key,
                quoting: quoting(permit),
                decryption: passwords(task, permit, context).await?,
            })
        }
        Effect::FindTables { tenant, key } => Recovery::Tables(TableRecovery::Find { tenant, key }),
        Effect::CancelTables { tenant, key } => {
            Recovery::Tables(TableRecovery::Cancel { tenant, key })
        }
        Effect::DropAuxiliary {
            tenant,
            auxiliary,
            auxiliary_id,
            key,
        } => Recovery::Tables(TableRecovery::DropAuxiliary {
            tenant,
            auxiliary,
            auxiliary_id,
            key,
        }),
        Effect::Find { tenant, key } => Recovery::FindRestore { tenant, key },
        Effect::Cancel { tenant, key } => Recovery::CancelRestore { tenant, key },
        // Checks are sent by `verification::ask`.
        Effect::Check { .. } => return Err(unusable("verification.checks")),
        Effect::DropTenant {
            verified,
            tenant,
            tenant_id,
            key,
        } => Recovery::DropTenant {
            verified,
            tenant,
            tenant_id,
            key,
        },
        Effect::DropPool(name) => Recovery::DropPool {
            tenant: target()?,
            pool: resource(&name)?,
        },
        Effect::DropUnit(name) => Recovery::DropUnit {
            tenant: target()?,
            unit: resource(&name)?,
        },
        Effect::Activate { tenant, tenant_id } => Recovery::ActivateStandby { tenant, tenant_id },
        Effect::Upgrade { tenant, tenant_id } => Recovery::UpgradeTenant { tenant, tenant_id },
    })
}

fn unit(task: &RecoveryTask, tenant: TenantName, name: &str) -> Result<Recovery, Blocker> {
    let create = create_settings(task)?;
    Ok(Recovery::CreateUnit {
        tenant,
        unit: resource(name)?,
        max_cpu: recovery::cpu(&create.unit.max_cpu)
            .ok_or_else(|| unusable("create.unit.maxCPU"))?,
        memory: recovery::bytes(&create.unit.memory)
            .ok_or_else(|| unusable("create.unit.memory"))?,
        log_disk: optional(
            create.unit.log_disk.as_ref(),
            "create.unit.logDisk",
            recovery::bytes,
        )?,
    })
}

/// Builds the statement for the pool, which has the same name as its unit.
fn pool(
    task: &RecoveryTask,
    tenant: TenantName,
    name: &str,
    observed: &Observation,
) -> Result<Recovery, Blocker> {
    let create = create_settings(task)?;
    let unit_count = u32::try_from(create.unit_count);
    Ok(Recovery::CreatePool {
        tenant,
        pool: resource(name)?,
        unit: resource(name)?,
        unit_count: unit_count.map_err(|_| unusable("create.unitCount"))?,
        zones: zones(create, observed)?,
    })
}

/// Returns the destinations from which the target reads the backups, with keys.
async fn sources(
    task: &RecoveryTask,
    observed: &Observation,
    permit: &Permit,
    context: &Context,
) -> Result<Vec<Destination>, Blocker> {
    let Some(SourceDestinations { data, log }) = &observed.locations else {
        let unknown = || {
            Blocker::waiting(
                "StorageNotFound",
                "the location of the backups is not known",
            )
        };
        let known = observed.decision.source.as_ref();
        return Err(known.err().cloned().unwrap_or_else(unknown));
    };
    let mut sources = vec![source(task, data, permit, context).await?];
    let status = task.status.as_ref();
    let plan = status.and_then(|status| status.plan.as_ref());
    if plan.and_then(|plan| plan.data_only) != Some(true) {
        sources.push(source(task, log, permit, context).await?);
    }
    Ok(sources)
}

async fn source(
    task: &RecoveryTask,
    location: &SourceStorage,
    permit: &Permit,
    context: &Context,
) -> Result<Destination, Blocker> {
    let (secrets, namespace) = (&context.secrets, namespace(task));
    let (spec, path) = (&location.storage.spec, &location.path);
    destination::destination(secrets, &namespace, spec, path, permit.endpoints()).await
}

fn create_settings(task: &RecoveryTask) -> Result<&CreateResources, Blocker> {
    let create = task.spec.target.resources.create.as_ref();
    create.ok_or_else(|| unusable("target.resources.create"))
}

fn zones(create: &CreateResources, observed: &Observation) -> Result<Vec<ZoneName>, Blocker> {
    let target = observed.decision.target.as_ref();
    let restores = target.ok().and_then(|target| target.restores.as_deref());
    let all = restores.map(|restores| restores.zones.as_slice());
    let names = if create.zones.is_empty() {
        all.unwrap_or_default()
    } else {
        &create.zones
    };
    let zone = |name: &String| ZoneName::parse(name).ok_or_else(|| unusable("create.zones"));
    names.iter().map(zone).collect()
}

fn resource(name: &str) -> Result<ResourceName, Blocker> {
    ResourceName::parse(name).ok_or_else(|| unusable("target.resources.pools"))
}

fn resources(names: &[String]) -> Result<Vec<ResourceName>, Blocker> {
    names.iter().map(|name| resource(name)).collect()
}

fn primary_zone(task: &RecoveryTask) -> Result<Option<PrimaryZone>, Blocker> {
    let text = task.spec.target.primary_zone.as_deref();
    optional(text, "target.primaryZone", PrimaryZone::parse)
}

fn optional<V: ?Sized, T>(
    value: Option<&V>,
    field: &str,
    parse: fn(&V) -> Option<T>,
) -> Result<Option<T>, Blocker> {
    let parsed = value.map(|value| parse(value).ok_or_else(|| unusable(field)));
    parsed.transpose()
}

fn unusable(field: &str) -> Blocker {
    Blocker::permanent(
        "InvalidSpec",
        format!("`{field}` is not allowed in a statement; create a new RecoveryTask"),
    )
}
