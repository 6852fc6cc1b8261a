//! Which values can be used in statements.

use super::super::quantity::cpu;
use super::super::{tables, target_point, verification};
use crate::api::RecoveryTaskSpec;
use crate::domain::Blocker;
use crate::oceanbase::model::{Locality, PrimaryZone, ResourceName, TenantName, ZoneName};

/// Checks whether the values of the spec can be used in statements: an object may be older than the
/// rules of its schema.
pub(in crate::domain::recovery) fn check_values(spec: &RecoveryTaskSpec) -> Result<(), Blocker> {
    target_point::asked(&spec.until)?;
    tables::check_fields(spec)?;
    verification::check_queries(spec.verification.as_ref())?;
    let target = &spec.target;
    let create = target.resources.create.as_ref();
    let unit = create.map(|create| &create.unit);
    let mut pools = target.resources.pools.iter();
    let mut zones = create.iter().flat_map(|create| &create.zones);
    let rules = [
        (
            TenantName::parse(&target.tenant_name).is_some(),
            "target.tenantName",
        ),
        (
            target
                .locality
                .as_deref()
                .is_none_or(|text| Locality::parse(text).is_some()),
            "target.locality",
        ),
        (
            target
                .primary_zone
                .as_deref()
                .is_none_or(|text| PrimaryZone::parse(text).is_some()),
            "target.primaryZone",
        ),
        (
            pools.all(|pool| ResourceName::parse(pool).is_some()),
            "target.resources.pools",
        ),
        (
            unit.is_none_or(|unit| cpu(&unit.max_cpu).is_some()),
            "create.unit.maxCPU",
        ),
        (
            unit.is_none_or(|unit| unit.memory.value().is_some()),
            "create.unit.memory",
        ),
        (
            unit.and_then(|unit| unit.log_disk.as_ref())
                .is_none_or(|size| size.value().is_some()),
            "create.unit.logDisk",
        ),
        (
            zones.all(|zone| ZoneName::parse(zone).is_some()),
            "create.zones",
        ),
    ];
    let wrong = rules.into_iter().find(|(holds, _)| !holds);
    wrong.map_or(Ok(()), |(_, field)| {
        Err(Blocker::permanent(
            "InvalidSpec",
            format!("`{field}` is not allowed in a statement; create a new RecoveryTask"),
        ))
    })
}
