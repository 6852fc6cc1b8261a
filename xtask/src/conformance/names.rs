//! Names of the objects that a run creates.

use anyhow::{Context, Result};
use oceanbase_backup_operator::oceanbase::model::{ResourceName, TenantName};

/// Names of the objects that a run creates outside of the scratch tenant.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The restored tenant.
    pub(super) restored: TenantName,
    /// A tenant whose restore must fail.
    pub(super) second: TenantName,
    /// The pool of the restored tenant.
    pub(super) pool: ResourceName,
    /// The unit of the pool.
    pub(super) unit: ResourceName,
    /// A unit that must be refused.
    pub(super) low_unit: ResourceName,
    /// A pool that does not exist.
    pub(super) missing_pool: ResourceName,
}

impl Names {
    /// Derives the names from the name of the scratch tenant.
    pub(super) fn of(tenant: &TenantName) -> Result<Self> {
        let resource = |suffix: &str| {
            let name = format!("{tenant}_conf_{suffix}");
            ResourceName::parse(&name).with_context(|| too_long(tenant, &name))
        };
        let named = |suffix: &str| {
            let name = format!("{tenant}_conf{suffix}");
            TenantName::parse(&name).with_context(|| too_long(tenant, &name))
        };
        Ok(Self {
            restored: named("")?,
            second: named("_second")?,
            pool: resource("pool")?,
            unit: resource("unit")?,
            low_unit: resource("low")?,
            missing_pool: resource("none")?,
        })
    }
}

fn too_long(tenant: &TenantName, name: &str) -> String {
    format!("--tenant is '{tenant}', and '{name}' is longer than 63 letters: take a shorter name")
}
