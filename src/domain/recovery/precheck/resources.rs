//! The resources of a tenant.

use crate::api::RecoveryTaskSpec;
use crate::api::resources::{CreateResources, Resources};
use crate::domain::Blocker;
use crate::oceanbase::model::Restores;

/// Checks whether the tenant's resources are free or can be created, in existing zones.
pub(super) fn fit(spec: &RecoveryTaskSpec, restores: &Restores) -> Result<(), Blocker> {
    let resources = &spec.target.resources;
    exist(resources, restores)?;
    placed(spec, restores)
}

fn exist(resources: &Resources, restores: &Restores) -> Result<(), Blocker> {
    match &resources.create {
        None if resources.pools.is_empty() => Err(Blocker::permanent(
            "InvalidSpec",
            "`target.resources` must have `create` or `pools`; create a new RecoveryTask",
        )),
        None => resources.pools.iter().try_for_each(|name| {
            let pool = restores.pools.iter().find(|pool| pool.name == *name);
            match pool.map(|pool| pool.tenant_id) {
                Some(None) => Ok(()),
                Some(Some(tenant)) => Err(Blocker::permanent(
                    "PoolInUse",
                    format!(
                        "resource pool '{name}' belongs to tenant {tenant}: name a free pool in a \
                         new RecoveryTask, or let the operator create one (`resources.create`)"
                    ),
                )),
                None => Err(Blocker::permanent(
                    "PoolNotFound",
                    format!(
                        "the target has no resource pool '{name}': create it, or let the operator \
                         create one (`resources.create`), then create a new RecoveryTask"
                    ),
                )),
            }
        }),
        Some(create) => unit(create, restores),
    }
}

/// Checks whether such a unit is possible at all.
fn unit(create: &CreateResources, restores: &Restores) -> Result<(), Blocker> {
    if let Some(zone) = create
        .zones
        .iter()
        .find(|zone| !restores.zones.contains(zone))
    {
        return Err(Blocker::permanent(
            "ZoneNotFound",
            format!(
                "the target has no zone '{zone}'; its zones are {}: name one of them in a new \
                 RecoveryTask",
                restores.zones.join(", ")
            ),
        ));
    }
    Ok(())
}

/// Checks that replicas and leaders are requested only in zones in which the tenant has units. The
/// database reports this only when it creates the tenant.
fn placed(spec: &RecoveryTaskSpec, restores: &Restores) -> Result<(), Blocker> {
    let target = &spec.target;
    let zones = zones(&target.resources, restores);
    let locality = target.locality.iter().flat_map(|text| text.split(','));
    let locality = locality.filter_map(|replica| replica.split_once('@'));
    let locality = locality.map(|(_, zone)| ("locality", zone));
    let primary = target.primary_zone.as_deref();
    // The database's word for all zones with equal priority.
    let primary = primary.filter(|text| !text.eq_ignore_ascii_case("RANDOM"));
    let primary = primary.iter().flat_map(|text| text.split([',', ';']));
    let primary = primary.map(|zone| ("primaryZone", zone));
    let stray = locality
        .chain(primary)
        .find(|(_, zone)| !zones.iter().any(|known| known.eq_ignore_ascii_case(zone)));
    let Some((field, zone)) = stray else {
        return Ok(());
    };
    Err(Blocker::permanent(
        "ZoneNotFound",
        format!(
            "`target.{field}` names zone '{zone}', where the tenant gets no unit; its units are in \
             {}: name one of these zones in a new RecoveryTask",
            zones.join(", ")
        ),
    ))
}

/// Returns the zones in which the tenant gets units.
fn zones<'a>(resources: &'a Resources, restores: &'a Restores) -> Vec<&'a str> {
    let zones: Vec<&String> = match &resources.create {
        Some(create) if !create.zones.is_empty() => create.zones.iter().collect(),
        Some(_) => restores.zones.iter().collect(),
        None => {
            let pools = restores.pools.iter();
            let named = pools.filter(|pool| resources.pools.contains(&pool.name));
            named.flat_map(|pool| &pool.zones).collect()
        }
    };
    zones.into_iter().map(String::as_str).collect()
}
