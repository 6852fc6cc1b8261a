//! Values outside of schemas: in Secrets, and names in the database.

use serde_json::json;

use super::super::{LOG_BACKUP, ONE_TENANT};
use super::HOSTILE;
use super::shapes::{shapes, usual};
use crate::support::World;
use crate::support::api::{self, client};
use crate::support::eventually;
use crate::support::world::{condition_of, secret};

const CLUSTER: (&str, &str) = ("oceanbasecluster", "prod");

fn assert_usual(world: &World) {
    let unusual: Vec<_> = shapes(&world.simulator)
        .difference(&usual())
        .cloned()
        .collect();
    assert_eq!(unusual, Vec::<String>::new());
}

/// Returns whether the engine accepts it in a destination; other values must be refused.
fn can_stand_in_a_destination(value: &str) -> bool {
    value
        .chars()
        .all(|c| c.is_ascii_graphic() && !"'\"`\\&?,".contains(c))
}

#[test]
fn a_key_that_could_leave_its_place_is_refused_and_not_shown() {
    let world = World::started("hostile-keys", ONE_TENANT);
    let mut wanted = Vec::new();
    for (number, hostile) in HOSTILE.iter().enumerate() {
        for (which, key) in ["accessKeyId", "accessKeySecret", "appId"]
            .iter()
            .enumerate()
        {
            let name = format!("cos-{number}-{which}");
            let mut keys = json!({
                "accessKeyId": "canary-plain-id",
                "accessKeySecret": "canary-plain-key",
                "appId": "canary-plain-app",
            });
            let value = format!("canary{number}{hostile}hostile{number}");
            keys[key] = value.clone().into();
            let objects = [
                json!({
                    "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
                    "stringData": keys,
                }),
                json!({
                    "apiVersion": "backup.oceanbase.io/v1alpha1", "kind": "BackupStorage",
                    "metadata": {"name": name},
                    "spec": {"type": "COS", "cos": {
                        "endpoint": "cos.example.com", "bucket": "ob-125",
                        "credentials": {"secretRef": {"name": name}},
                    }},
                }),
            ];
            for object in objects {
                api::create(client(), &world.namespace, &object, false).unwrap();
            }
            let reason = if can_stand_in_a_destination(&value) {
                "Accepted"
            } else {
                "InvalidDestination"
            };
            wanted.push((name, reason, value));
        }
    }
    eventually(
        "every store is judged",
        || {
            let storages = world.list("backupstorage");
            let judged = |name: &str| {
                let storage = storages
                    .iter()
                    .find(|known| known["metadata"]["name"] == name);
                condition_of(storage.unwrap(), "Ready")["reason"].clone()
            };
            let open = wanted
                .iter()
                .filter(|(name, reason, _)| judged(name) != *reason);
            open.cloned().collect::<Vec<_>>()
        },
        Vec::is_empty,
    );
    // It is refused where it would be sent, too.
    world.apply(&LOG_BACKUP.replace("name: nfs", "name: cos-0-1"));
    let orders = ("logbackup", "orders-log");
    world.condition(orders, "Ready", "False", "InvalidDestination");
    assert_eq!(world.changing(), [""; 0]);
    assert_usual(&world);
}

#[test]
fn a_user_name_that_chooses_where_it_logs_in_is_refused() {
    let world = World::new("hostile-user", ONE_TENANT);
    let mut world = world;
    let hostile = secret(crate::support::world::PASSWORD).replace(
        "{password",
        "{username: \"root@orders#x' OR 1=1\", password",
    );
    world.apply(&hostile);
    world.start_operator();
    world.condition(CLUSTER, "Reachable", "False", "InvalidUsername");
    assert_eq!(world.simulator.connections().logins, 0);
}

#[test]
fn a_password_of_any_characters_is_only_a_wrong_one() {
    let mut world = World::new("hostile-password", ONE_TENANT);
    let hostile = HOSTILE.concat().replace('\0', "");
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "prod-sys"},
        "stringData": {"password": hostile},
    });
    api::patch(client(), &world.namespace, ("secret", "prod-sys"), &object).unwrap();
    world.start_operator();
    world.condition(CLUSTER, "Reachable", "False", "AccessDenied");
    assert_usual(&world);
}

/// A name becomes part of the default directory.
#[test]
fn the_name_that_a_cluster_gives_itself_does_not_leave_the_directory() {
    for (number, name) in [
        "'; DROP TENANT orders; -- ",
        "../../other",
        "x?host=evil&y=",
    ]
    .into_iter()
    .enumerate()
    {
        let cluster = serde_json::Value::from(name).to_string();
        let scenario = ONE_TENANT.replace("name: obprod", &format!("name: {cluster}"));
        let world = World::started(&format!("hostile-cluster-{number}"), &scenario);
        world.apply(LOG_BACKUP);
        let orders = ("logbackup", "orders-log");
        world.condition(orders, "Ready", "False", "InvalidDestination");
        assert_eq!(world.changing(), [""; 0]);
    }
}

#[test]
fn tenants_of_hostile_names_are_left_out_and_the_others_backed_up() {
    let mut tenants: Vec<_> = HOSTILE.iter().map(|name| json!({"name": name})).collect();
    tenants.push(json!({"name": "orders"}));
    let scenario = json!({
        "version": "4.3.5.2", "speed": 200, "cluster": {"name": "obprod", "id": 7},
        "tenants": tenants,
    });
    let world = World::started("hostile-tenants", &scenario.to_string());
    let of_cluster = super::super::NIGHTLY.replace("  tenants: {names: [orders]}\n", "");
    world.apply(&of_cluster);
    eventually(
        "a completed backup",
        || world.list("backuptask"),
        |tasks| {
            tasks
                .iter()
                .any(|task| task["status"]["phase"] == "Completed")
        },
    );
    assert_eq!(world.list("logbackup").len(), 1);
    let strategy = world.get("backupstrategy", "nightly");
    let skipped = &strategy["status"]["tenants"]["skipped"][0];
    assert_eq!(skipped["reason"], "UnsafeTenantName");
    assert_eq!(skipped["count"], HOSTILE.len());
    assert_usual(&world);
}
