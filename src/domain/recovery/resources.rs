//! Failures that concern a tenant's resources, with the names of the resources.

use super::Evaluation;
use crate::api::Cause;
use crate::oceanbase::model::Failure;

/// Errors about a tenant's resources: a unit below a limit, too many units, or servers without
/// capacity. Others concern a pool that is in use, missing or shared.
const RESOURCE_ERRORS: [i32; 9] = [
    -4624, -4626, -4650, -4656, -4657, -4658, -4659, -4733, -4734,
];

impl Evaluation<'_> {
    /// Adds the names of the resources that the database found missing, used or too small. The
    /// database's own comment could contain keys and is not shown.
    pub(super) fn with_resources(&self, failure: &Failure) -> Cause {
        let mut why = Cause::from(failure);
        if !RESOURCE_ERRORS.contains(&failure.code) {
            return why;
        }
        let resources = &self.spec().target.resources;
        let named = match &resources.create {
            Some(create) => format!(
                "unit and pool {}: {} CPU, {} of memory, {} units in each of {}",
                self.resource_name(),
                create.unit.max_cpu,
                create.unit.memory,
                create.unit_count,
                if create.zones.is_empty() {
                    "all zones".to_owned()
                } else {
                    create.zones.join(", ")
                },
            ),
            None => format!("resource pools {}", resources.pools.join(", ")),
        };
        why.message = format!("{} ({named})", why.message);
        why
    }
}
