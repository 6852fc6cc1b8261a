//! Tests of Argo CD's sync of the examples: wave by wave, with waits for health, and pruning.

use oceanbase_sim::statement::Kind;

use super::{application, archives, example};
use crate::stories::ONE_TENANT;
use crate::support::world::{PASSWORD, secret};
use crate::support::{World, eventually};

const FILES: [&str; 3] = ["cluster.yaml", "storage.yaml", "strategy.yaml"];

/// Returns the examples as one text.
fn examples(world: &World) -> String {
    let texts = FILES.map(|name| example(world, &format!("backups/{name}")));
    texts.join("\n---\n")
}

#[test]
fn a_sync_applies_the_examples_in_their_waves_and_a_prune_leaves_backups_alone() {
    let mut world = World::bare("argo-sync", ONE_TENANT);
    world.apply(&secret(PASSWORD));
    world.start_operator();
    let application = application(&world);
    let manifests = examples(&world);
    let synced = application.sync(&manifests).unwrap();
    assert_eq!(synced.phase, "Succeeded", "{synced:#?}");
    let order = |kind: &str| {
        synced
            .resources
            .iter()
            .find(|it| it.kind == kind)
            .unwrap()
            .order
    };
    assert!(
        order("OceanBaseCluster") < order("BackupStrategy"),
        "{synced:#?}"
    );
    // The sync waited for the cluster's wave.
    let cluster = world.get("oceanbasecluster", "prod");
    assert_eq!(
        crate::support::world::condition_of(&cluster, "Ready")["status"],
        "True"
    );
    eventually(
        "a first backup",
        || world.get("backupstrategy", "nightly"),
        |strategy| strategy["status"]["lastSuccessTime"].is_string(),
    );

    // Argo CD does not own the operator's objects, so pruning keeps them.
    let again = application.sync_and_prune(&manifests).unwrap();
    assert_eq!(again.phase, "Succeeded", "{again:#?}");
    assert_eq!(again.resources.len(), FILES.len());
    assert_eq!(world.list("logbackup").len(), 1);
    assert_eq!(world.list("backuptask").len(), 1);

    world.settle();
    world.forget_statements();
    let without = example(&world, "backups/cluster.yaml");
    let pruned = application.sync_and_prune(&without).unwrap();
    let of_strategy = pruned
        .resources
        .iter()
        .find(|it| it.kind == "BackupStrategy");
    assert_eq!(of_strategy.unwrap().status, "Pruned", "{pruned:#?}");
    eventually(
        "the strategy to go",
        || world.get("backupstrategy", "nightly"),
        serde_json::Value::is_null,
    );
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
    assert!(archives(&world));
    assert_eq!(world.count(Kind::DeleteBackup), 0);
}

/// The sync waits for a cluster whose Secret is missing, and then continues.
#[test]
fn a_wave_waits_for_the_one_before_it() {
    let mut world = World::bare("argo-waves", ONE_TENANT);
    world.start_operator();
    let application = application(&world);
    let manifests = examples(&world);
    let syncing = std::thread::spawn(move || application.sync(&manifests).unwrap());
    world.condition(
        ("oceanbasecluster", "prod"),
        "Ready",
        "False",
        "SecretNotFound",
    );
    assert!(!syncing.is_finished());
    assert!(world.list("backupstrategy").is_empty());
    world.apply(&secret(PASSWORD));
    let synced = syncing.join().unwrap();
    assert_eq!(synced.phase, "Succeeded", "{synced:#?}");
    assert_eq!(world.list("backupstrategy").len(), 1);
}
