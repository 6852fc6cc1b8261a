//! A backup before a sync of Argo CD, and before an upgrade of Helm. The next step waits for the
//! backup, and does not run after a failure.

use std::fs;
use std::path::PathBuf;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;
use serde_json::{Value, json};

use super::{application, file};
use crate::stories::{NIGHTLY, ONE_TENANT};
use crate::support::account::with_token;
use crate::support::cluster::run;
use crate::support::{World, control_plane, eventually, kubectl, scratch};

/// Creates a world whose strategy has backed up once.
fn backed_up(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    world.apply(NIGHTLY);
    eventually(
        "a first backup",
        || world.get("backupstrategy", "nightly"),
        |strategy| strategy["status"]["lastSuccessTime"].is_string(),
    );
    world
}

fn fail_the_next_backup(world: &World) {
    world.inject(Fault::FailBackup {
        tenant: "orders".to_owned(),
        code: -9082,
        comment: None,
    });
}

/// Returns the version of the installed application, if any.
fn version(world: &World) -> Option<String> {
    let get = [
        "get",
        "configmap",
        "shop",
        "--output=jsonpath={.data.version}",
    ];
    world.kubectl(&get).ok()
}

/// Returns an application of this version.
fn shop(version: &str) -> String {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop"}, "data": {"version": version}})
        .to_string()
}

#[test]
fn argo_cd_syncs_after_the_backup_and_not_where_it_fails() {
    let world = backed_up("presync");
    let hook = file("deploy/gitops/hooks/argo-presync.yaml");
    let sync = |version: &str| {
        let manifests = format!("{hook}\n---\n{}", shop(version));
        let application = application(&world);
        std::thread::spawn(move || application.sync(&manifests).unwrap())
    };
    world.hold("orders", Stage::Doing);
    let syncing = sync("1");
    let first = world.phase("backuptask", "before-sync", "InProgress");
    assert!(!syncing.is_finished());
    assert_eq!(version(&world), None);
    world.release("orders");
    let synced = syncing.join().unwrap();
    assert_eq!(synced.phase, "Succeeded", "{synced:#?}");
    assert_eq!(version(&world).as_deref(), Some("1"));
    let first = world.get("backuptask", first["metadata"]["name"].as_str().unwrap());
    assert_eq!(first["status"]["phase"], "Completed");

    fail_the_next_backup(&world);
    let failed = sync("2").join().unwrap();
    assert_eq!(failed.phase, "Failed", "{failed:#?}");
    let hook = failed
        .resources
        .iter()
        .find(|it| it.hook == "PreSync")
        .unwrap();
    assert!(
        hook.message.contains("free space in the storage"),
        "{hook:?}"
    );
    assert_eq!(version(&world).as_deref(), Some("1"));
    let second = world.get("backuptask", "before-sync");
    assert_ne!(second["metadata"]["uid"], first["metadata"]["uid"]);
}

/// Returns a chart of this version of the application, with the hook in it.
fn chart(world: &World, version: &str) -> PathBuf {
    let chart = scratch().join(format!("{}-chart", world.namespace));
    fs::create_dir_all(chart.join("templates")).unwrap();
    let of_chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";
    fs::write(chart.join("Chart.yaml"), of_chart).unwrap();
    fs::write(chart.join("templates/shop.yaml"), shop(version)).unwrap();
    let hook = file("deploy/gitops/hooks/helm-pre-upgrade.yaml");
    fs::write(chart.join("templates/before-upgrade.yaml"), hook).unwrap();
    chart
}

/// Runs Helm in a thread and returns its output, or its error.
fn helm(
    world: &World,
    action: &str,
    version: &str,
) -> std::thread::JoinHandle<Result<String, String>> {
    let mut helm = helm::helm(control_plane()).unwrap();
    helm.args([action, "shop"]).arg(chart(world, version));
    helm.args(["--namespace", &world.namespace, "--timeout=3m"]);
    std::thread::spawn(move || run(&mut helm, None))
}

/// Acts as the kubelet for the Pod of the Job: runs its containers one after the other, as its
/// account.
fn run_the_job(world: &World) {
    let pods = || {
        let pods = world.kubectl(&["get", "pods", "--output=json"]).unwrap();
        let mut pods: Value = serde_json::from_str(&pods).unwrap();
        let pods = pods["items"].as_array_mut().unwrap();
        let is_new = |pod: &&mut Value| {
            pod["status"]["phase"] == "Pending" && pod["metadata"]["deletionTimestamp"].is_null()
        };
        pods.iter_mut().find(is_new).map(Value::take)
    };
    let pod = eventually("the Job's Pod", pods, Option::is_some).unwrap();
    let spec = &pod["spec"];
    let account = spec["serviceAccountName"].as_str().unwrap();
    let token = world.kubectl(&["create", "token", account]).unwrap();
    let kubeconfig = with_token(control_plane().kubeconfig(), &token, &world.namespace);
    let containers = ["initContainers", "containers"].map(|list| spec[list].as_array().unwrap());
    let good = containers.into_iter().flatten().all(|container| {
        let arguments = container["args"].as_array().unwrap().iter();
        let mut kubectl = control_plane().kubectl();
        kubectl
            .env("KUBECONFIG", &kubeconfig)
            .args(["--namespace", &world.namespace]);
        kubectl.args(arguments.map(|argument| argument.as_str().unwrap()));
        run(&mut kubectl, None).is_ok()
    });
    let phase = if good { "Succeeded" } else { "Failed" };
    let status = json!({"status": {"phase": phase}}).to_string();
    let name = pod["metadata"]["name"].as_str().unwrap();
    let patch = [
        "patch",
        "pod",
        name,
        "--subresource=status",
        "--type=merge",
        "--patch",
        &status,
    ];
    world.kubectl(&patch).unwrap();
}

#[test]
fn helm_upgrades_after_the_backup_and_not_where_it_fails() {
    let world = backed_up("pre-upgrade");
    let restricted = "pod-security.kubernetes.io/enforce=restricted";
    let label = ["label", "namespace", &world.namespace, restricted];
    kubectl(&label).unwrap();
    // No object exists yet that a backup could be for.
    helm(&world, "install", "1").join().unwrap().unwrap();
    let task = "shop-before-upgrade";
    assert!(world.get("backuptask", task).is_null());

    world.hold("orders", Stage::Doing);
    let upgrading = helm(&world, "upgrade", "2");
    world.phase("backuptask", task, "InProgress");
    assert_eq!(version(&world).as_deref(), Some("1"));
    world.release("orders");
    run_the_job(&world);
    upgrading.join().unwrap().unwrap();
    assert_eq!(
        world.get("backuptask", task)["status"]["phase"],
        "Completed"
    );
    assert_eq!(version(&world).as_deref(), Some("2"));

    fail_the_next_backup(&world);
    let upgrading = helm(&world, "upgrade", "3");
    world.phase("backuptask", task, "Failed");
    run_the_job(&world);
    let complaint = upgrading.join().unwrap().unwrap_err();
    assert!(
        complaint.contains("pre-upgrade hooks failed"),
        "{complaint}"
    );
    assert_eq!(version(&world).as_deref(), Some("2"));
}
