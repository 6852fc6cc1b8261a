//! Stories of values that the schema accepts: they reach the database unchanged, inside their
//! literal.

use std::collections::BTreeMap;
use std::time::Duration;

use oceanbase_backup_operator::api::Quantity;
use oceanbase_backup_operator::oceanbase::model::StorageLimits;
use oceanbase_sim::statement::Kind;
use proptest::strategy::{Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::fields::{Field, fields};
use super::shapes::{Sent, sent, shapes, usual};
use super::{HOSTILE, roomy};
use crate::support::api::{self, client};
use crate::support::{World, within};

/// Keys of every character that the engine accepts.
const KEY_ID: &str = "canary-id!#$%()*+-./:;<=>@[]^_{|}~";
const KEY: &str = "canary-key;--#/*%27$(x)*/=encrypt";
const APP_ID: &str = "canary-app-1250000000";

/// Limit on the operator's time for all of it.
const PATIENCE: Duration = Duration::from_mins(8);

/// Returns the candidates of a field: hostile values alone, after and before a plain value, the
/// longest, and matches of its pattern.
fn candidates(field: &Field) -> Vec<String> {
    let plain = field.plain();
    let mut all = vec![plain.to_owned()];
    for hostile in HOSTILE {
        all.push(hostile.to_owned());
        all.push(format!("{plain}{hostile}"));
        all.push(format!("{hostile}{plain}"));
    }
    let longest = field.schema["maxLength"].as_u64().unwrap_or(64);
    let longest = usize::try_from(longest).unwrap();
    all.push(format!(
        "{plain}{}",
        "a".repeat(longest.saturating_sub(plain.len()))
    ));
    if let Some(pattern) = field.schema["pattern"].as_str() {
        let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
        let values = string_regex(pattern).unwrap();
        let mut runner = TestRunner::deterministic();
        all.extend((0..10).map(|_| values.new_tree(&mut runner).unwrap().current()));
    }
    all
}

/// Asks the API server which candidates of a field it accepts; at most six, of all kinds.
fn let_through(field: &Field) -> Vec<String> {
    let mut taken = candidates(field);
    taken.retain(|value| {
        let object = field.with("tried", value);
        api::create(client(), "default", &object, true).is_ok()
    });
    taken.dedup();
    if taken.len() > 6 {
        let last = taken.split_off(taken.len() - 4);
        taken.truncate(2);
        taken.extend(last);
    }
    taken
}

/// Returns every field with its accepted values.
fn all_let_through() -> Vec<(Field, Vec<String>)> {
    let ask = |field: Field| {
        let values = let_through(&field);
        (field, values)
    };
    let mut waiting = fields().into_iter();
    let mut parts: Vec<Vec<Field>> = Vec::new();
    loop {
        let part: Vec<_> = waiting.by_ref().take(9).collect();
        if part.is_empty() {
            break;
        }
        parts.push(part);
    }
    std::thread::scope(|scope| {
        let parts = parts.into_iter();
        let asking: Vec<_> = parts
            .map(|part| scope.spawn(|| part.into_iter().map(ask).collect::<Vec<_>>()))
            .collect();
        let answers = asking.into_iter().flat_map(|part| part.join().unwrap());
        answers.collect()
    })
}

/// A log backup of a tenant, and the expected destination in its statement.
struct Expected {
    name: String,
    tenant: String,
    literal: String,
}

/// Returns the location for OceanBase from a storage's spec, in a second, simple implementation.
fn location(storage: &Value, path: &str) -> String {
    let spec = &storage["spec"];
    let kind = spec["type"].as_str().unwrap().to_lowercase();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let block = &spec[&kind];
    let part = |before: &str, value: &Value| {
        let value = value.as_str().map(|value| format!("{before}{value}"));
        value.unwrap_or_default()
    };
    let place = if kind == "nfs" {
        format!("file://{}/{path}", text(&block["path"]))
    } else {
        let directory = text(&block["bucket"]) + &part("/", &block["prefix"]);
        let keys = format!("access_id={KEY_ID}&access_key={KEY}");
        let app_id = match kind.as_str() {
            "cos" => format!("&appid={APP_ID}"),
            _ => String::new(),
        };
        let region = part("&s3_region=", &block["region"]);
        let limits = match spec["limits"]["maxBytesPerSecond"].as_str() {
            Some(quantity) => {
                let max_bandwidth = Quantity::from(quantity).value().unwrap();
                let limits = StorageLimits {
                    max_iops: 0,
                    max_bandwidth,
                };
                format!("&{limits}")
            }
            None => String::new(),
        };
        let host = text(&block["endpoint"]);
        format!("{kind}://{directory}/{path}?host={host}&{keys}{app_id}{region}{limits}")
    };
    format!("LOCATION={place} BINDING=Optional PIECE_SWITCH_INTERVAL=1d")
}

fn log_backup(name: &str, storage: &str, tenant: &str, path: &str) -> Value {
    json!({
        "apiVersion": "backup.oceanbase.io/v1alpha1", "kind": "LogBackup",
        "metadata": {"name": name},
        "spec": {"clusterRef": {"name": "prod"}, "storageRef": {"name": storage},
                 "tenantName": tenant, "path": path},
    })
}

/// Returns the objects to create, in order, and the expected results. Each storage and each path
/// gets a tenant of its own.
fn plan(fields: &[(Field, Vec<String>)]) -> (Vec<Value>, Vec<Expected>, Vec<String>) {
    let nfs = json!({"spec": {"type": "NFS", "nfs": {"path": "/ob-backup"}}});
    let (mut objects, mut expected, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (field, values)) in fields.iter().enumerate() {
        for (which, value) in values.iter().enumerate() {
            let name = format!("f{number}-{which}");
            let tenant = format!("t{number}_{which}");
            let path = format!("logs/{name}");
            let object = field.with(&name, value);
            match field.path.as_str() {
                "logbackups.spec.tenantName" => {
                    objects.push(log_backup(&name, "nfs", value, &path));
                    let literal = location(&nfs, &path);
                    let tenant = value.clone();
                    expected.push(Expected {
                        name,
                        tenant,
                        literal,
                    });
                    names.push(value.clone());
                }
                "logbackups.spec.path" => {
                    objects.push(log_backup(&name, "nfs", &tenant, value));
                    let literal = location(&nfs, value);
                    expected.push(Expected {
                        name,
                        tenant,
                        literal,
                    });
                }
                store if store.starts_with("backupstorages.") && !store.ends_with("Ref.name") => {
                    objects.push(log_backup(&name, &name, &tenant, &path));
                    let literal = location(&object, &path);
                    objects.push(object);
                    expected.push(Expected {
                        name,
                        tenant,
                        literal,
                    });
                }
                _ if value != field.plain() => {
                    let mut object = object;
                    // Of two log backups of one tenant only the older runs.
                    if object["kind"] == "LogBackup" {
                        object["spec"]["tenantName"] = tenant.into();
                        object["spec"]["path"] = path.into();
                    }
                    objects.push(object);
                }
                _ => {}
            }
        }
    }
    (objects, expected, names)
}

fn world_with(expected: &[Expected]) -> World {
    let tenants = expected
        .iter()
        .map(|expected| json!({"name": expected.tenant}));
    let tenants = json!({
        "version": "4.3.5.2", "speed": 200, "cluster": {"name": "obprod", "id": 7},
        "server": roomy(), "tenants": tenants.collect::<Vec<_>>(),
    });
    let world = World::new("injection", &tenants.to_string());
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"},
        "stringData": {"accessKeyId": KEY_ID, "accessKeySecret": KEY, "appId": APP_ID},
    });
    api::create(client(), &world.namespace, &secret, false).unwrap();
    world
}

/// Returns the objects of a kind with another phase, and the reasons.
fn not_yet(world: &World, kind: &str, phase: &str, ours: &[String]) -> Vec<String> {
    let objects = world.list(kind).into_iter();
    objects
        .filter(|object| {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            ours.iter().any(|ours| ours == name) && object["status"]["phase"] != phase
        })
        .map(|object| format!("{} {}", object["metadata"]["name"], object["status"]))
        .collect()
}

fn of_kind(sent: &[Sent], kind: Kind) -> BTreeMap<&str, Vec<&str>> {
    let mut by_tenant = BTreeMap::<_, Vec<_>>::new();
    for sent in sent.iter().filter(|sent| sent.kind == kind) {
        let [first, tenant] = &sent.literals[..] else {
            panic!("{} has not two literals", sent.shape);
        };
        by_tenant
            .entry(tenant.as_str())
            .or_default()
            .push(first.as_str());
    }
    by_tenant
}

#[test]
fn what_the_schema_lets_through_stays_inside_of_its_literal() {
    let fields = all_let_through();
    let without: Vec<_> = fields
        .iter()
        .filter(|(_, values)| values.is_empty())
        .collect();
    assert!(
        without.is_empty(),
        "{:?}",
        without.first().map(|(field, _)| &field.path)
    );
    let (objects, expected, names) = plan(&fields);
    println!(
        "{} fields, {} values tried, {} let through and made, {} of them in destinations",
        fields.len(),
        fields
            .iter()
            .map(|(field, _)| candidates(field).len())
            .sum::<usize>(),
        objects.len(),
        expected.len(),
    );
    let usual = usual();
    let mut world = world_with(&expected);
    for object in &objects {
        api::create(client(), &world.namespace, object, false).unwrap();
    }
    // Only now: strategies among the objects create log backups for tenants that have none.
    world.start_operator();
    let log_backups: Vec<_> = expected.iter().map(|known| known.name.clone()).collect();
    within(
        PATIENCE,
        "every log backup runs",
        || not_yet(&world, "logbackup", "InProgress", &log_backups),
        Vec::is_empty,
    );
    // Some would back up the tenants of the tasks to other destinations.
    let strategies = ["delete", "backupstrategies", "--all"];
    world.kubectl(&strategies).unwrap();
    let mut tasks = Vec::new();
    for (number, name) in names.iter().enumerate() {
        tasks.push(format!("task-{number}"));
        world.apply(&super::super::task_without_strategy(&tasks[number]).replace("orders", name));
    }
    within(
        PATIENCE,
        "every backup is made",
        || not_yet(&world, "backuptask", "Completed", &tasks),
        Vec::is_empty,
    );

    let sent = sent(&world.simulator);
    let destinations = of_kind(&sent, Kind::SetLogArchiveDest);
    for Expected {
        tenant, literal, ..
    } in &expected
    {
        assert_eq!(
            destinations[tenant.as_str()],
            [literal.as_str()],
            "{tenant}"
        );
    }
    assert_eq!(destinations.len(), expected.len());
    let backups: Vec<_> = sent
        .iter()
        .filter(|sent| sent.kind == Kind::Backup)
        .collect();
    for name in &names {
        assert!(
            backups.iter().any(|sent| &sent.literals[0] == name),
            "{name}"
        );
    }
    let unusual: Vec<_> = shapes(&world.simulator)
        .difference(&usual)
        .cloned()
        .collect();
    assert_eq!(unusual, Vec::<String>::new());
}
