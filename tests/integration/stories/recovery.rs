//! Stories of tenants that are recovered as new tenants.

mod beginning;
mod elsewhere;
mod ending;
mod killed;
mod protected;
mod refusing;
pub(super) mod tables;

use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{NIGHTLY, ONE_TENANT};
use crate::support::{World, eventually};

pub(crate) const ALLOWED: &str = "spec: {recovery: {policy: Allowed, sourceTenants: ['*']}}";

/// Creates a world in which tenant `orders` can be recovered, and recovery is allowed.
pub(crate) fn recoverable(story: &str) -> World {
    recoverable_as(story, ONE_TENANT, ALLOWED)
}

/// Creates the same with another scenario and another recovery policy.
pub(crate) fn recoverable_as(story: &str, scenario: &str, allowed: &str) -> World {
    let world = World::started(story, scenario);
    world.edit("oceanbasecluster", "prod", allowed);
    world.apply(NIGHTLY);
    window(&world);
    world
}

/// Returns the newest window of tenant `orders`, as its log backup shows it.
pub(super) fn window(world: &World) -> Value {
    eventually(
        "a recovery window with a whole second in it",
        || {
            let logs = world.get("logbackup", "prod-t1002");
            let windows = logs["status"]["recoveryWindows"].as_array();
            windows
                .and_then(|all| all.last().cloned())
                .unwrap_or_default()
        },
        |window| window.is_object() && window["start"].as_str() <= window["end"].as_str(),
    )
}

/// Returns a recovery of `orders` to the latest point as `restore_orders`, with this change in its
/// spec.
pub(crate) fn recovery(name: &str, change: &str) -> String {
    let mut manifest: Value = serde_saphyr::from_str(&format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata: {{name: {name}}}
spec:
  source: {{tenant: {{clusterRef: {{name: prod}}, tenantName: orders}}}}
  until: {{type: Latest}}
  target:
    type: NewTenant
    clusterRef: {{name: prod}}
    tenantName: restore_orders
    resources: {{create: {{unit: {{maxCPU: '2', memory: 8Gi}}}}}}
"
    ))
    .unwrap();
    let change: Value = serde_saphyr::from_str(change).unwrap();
    merge(&mut manifest["spec"], &change);
    manifest.to_string()
}

/// Returns a recovery to this SCN from the storage of `orders`, without reference to the tenant.
pub(super) fn from_store(name: &str, scn: &str, change: &str) -> String {
    let of_storage = format!(
        "
source:
  storage:
    storageRef: {{name: nfs}}
    dataPath: obprod-7/orders-1002/data
    logPath: obprod-7/orders-1002/log
    tenantName: orders
until: {{type: SCN, scn: '{scn}'}}
"
    );
    let mut manifest: Value = serde_saphyr::from_str(&recovery(name, &of_storage)).unwrap();
    let source = manifest["spec"]["source"].as_object_mut().unwrap();
    source.remove("tenant");
    let change: Value = serde_saphyr::from_str(change).unwrap();
    merge(&mut manifest["spec"], &change);
    manifest.to_string()
}

/// Returns the change for a recovery into an existing pool.
fn into_pool(name: &str) -> String {
    format!("target: {{resources: {{create: null, pools: [{name}]}}}}")
}

/// Merges `change` into an object; null deletes a field.
fn merge(there: &mut Value, change: &Value) {
    match (there, change) {
        (Value::Object(there), Value::Object(change)) => {
            for (name, value) in change {
                if value.is_null() {
                    there.remove(name);
                } else {
                    merge(there.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (there, change) => *there = change.clone(),
    }
}

/// Returns role and state of a tenant in the database, if it exists.
fn tenant(world: &World, name: &str) -> Option<(String, String)> {
    let query = format!(
        "SELECT TENANT_ROLE, STATUS FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = '{name}'"
    );
    let rows = world.rows(&query);
    let row = rows.first()?;
    Some((row[0].clone()?, row[1].clone()?))
}

/// Returns the names of the pools and units that recoveries created.
pub(super) fn resources(world: &World) -> Vec<String> {
    let made = |view: &str| {
        let query = format!("SELECT NAME FROM oceanbase.{view} WHERE NAME LIKE 'obr%'");
        world
            .rows(&query)
            .into_iter()
            .filter_map(|mut row| row.remove(0))
    };
    made("DBA_OB_RESOURCE_POOLS")
        .chain(made("DBA_OB_UNIT_CONFIGS"))
        .collect()
}

/// Returns the number of statements that change something for recoveries.
fn changing_for_recovery(world: &World) -> usize {
    [
        Kind::Restore,
        Kind::CreateResourceUnit,
        Kind::CreateResourcePool,
        Kind::DropResourceUnit,
        Kind::DropResourcePool,
        Kind::DropTenant,
        Kind::ActivateStandby,
        Kind::CancelRestore,
    ]
    .map(|kind| world.count(kind))
    .iter()
    .sum()
}
