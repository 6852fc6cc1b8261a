//! Which values can be used in statements.

use super::super::{tables, target_point, verification};
use super::size::gibibytes;
use crate::api::RecoveryTaskSpec;
use crate::domain::Blocker;
use crate::oceanbase::model::{Cpu, Locality, PrimaryZone, ResourceName, TenantName, ZoneName};

/// Checks whether the values of the spec can be used in statements: an object may be older than the
/// rules of its schema.
pub(in crate::domain::recovery) fn check_values(spec: &RecoveryTaskSpec) -> Result<(), Blocker> {
    target_point::asked(&spec.until)?;
    tables::check_fields(spec)?;
    verification::check_queries(spec.verification.as_ref())?;
    let target = &spec.target;
    let create = target.resources.create.as_ref();
    let is_size = |size: &str| gibibytes(size).is_some();
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
            create.is_none_or(|create| Cpu::parse(&create.max_cpu).is_some()),
            "create.maxCpu",
        ),
        (
            create.is_none_or(|create| is_size(&create.memory)),
            "create.memory",
        ),
        (
            create
                .and_then(|create| create.log_disk.as_deref())
                .is_none_or(is_size),
            "create.logDisk",
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
