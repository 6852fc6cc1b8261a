//! Failures of what a tenant runs on, with the names of the resources.

use super::Evaluation;
use crate::api::Cause;
use crate::api::recovery_task::ResourcesType;
use crate::oceanbase::model::Failure;

/// Errors about what a tenant runs on: a unit below a limit, too many units, a pool that is in use,
/// missing or shared with another, and servers without room.
const RESOURCE_ERRORS: [i32; 9] = [
    -4624, -4626, -4650, -4656, -4657, -4658, -4659, -4733, -4734,
];

impl Evaluation<'_> {
    /// Names the resources where the database found them missing, taken or too small: its own comment
    /// could hold keys and is not shown.
    pub(super) fn with_resources(&self, failure: &Failure) -> Cause {
        let mut why = Cause::from(failure);
        if !RESOURCE_ERRORS.contains(&failure.code) {
            return why;
        }
        let resources = &self.spec().target.resources;
        let named = match (resources.type_, &resources.create) {
            (ResourcesType::Create, Some(create)) => format!(
                "unit and pool {}: {} CPU, {} of memory, {} units in each of {}",
                self.resource_name(),
                create.max_cpu,
                create.memory,
                create.unit_number,
                if create.zones.is_empty() {
                    "all zones".to_owned()
                } else {
                    create.zones.join(", ")
                },
            ),
            _ => format!("resource pools {}", resources.pools.join(", ")),
        };
        why.message = format!("{} ({named})", why.message);
        why
    }
}
