//! Tests of the chart with default values on an empty cluster: the operator works, and uninstalling
//! it leaves everything unchanged.

use oceanbase_backup_operator::api;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{CHART, HeldBackup, RELEASE, SCENARIO, apply_strategy, task_is};
use crate::support::installation::{Installation, SYSTEM, empty_installation};
use crate::support::{Node, eventually};

/// Runs the documented `helm install`, without values.
fn install(here: &Installation) -> String {
    let install = ["install", RELEASE, CHART, "--namespace", SYSTEM];
    let printed = here
        .helm(&[&install[..], &["--create-namespace"]].concat())
        .unwrap();
    here.await_definitions();
    printed
}

/// Starts the operator as it was installed, and has it back a tenant up.
fn backs_up_and_lacks_no_right(here: &Installation) {
    let node = Node::start(SCENARIO);
    let operator = here.start_operator();
    apply_strategy(here, &node);
    task_is(here, "shop", "Completed");
    let log = operator.log();
    let refused = log.lines().filter(|line| line.contains("forbidden"));
    assert_eq!(refused.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn installed_with_default_values_the_operator_backs_up_and_lacks_no_right() {
    let here = empty_installation();
    let printed = install(&here);
    assert!(printed.contains("STATUS: deployed"), "{printed}");
    let next = "Next, create a cluster, a storage and a strategy in a namespace of your own";
    assert!(printed.contains(next), "{printed}");
    backs_up_and_lacks_no_right(&here);
}

/// The single file is for users without Helm and kustomize; its own Deployment starts the operator.
#[test]
fn installed_by_one_file_the_operator_backs_up_and_lacks_no_right() {
    let here = empty_installation();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/install.yaml");
    let apply = ["apply", "--filename", file];
    here.kubectl(&apply).unwrap();
    here.await_definitions();
    backs_up_and_lacks_no_right(&here);
    let again = here.kubectl(&apply).unwrap();
    assert!(!again.contains(" created"), "{again}");
}

/// Returns objects of the operator's kinds: kind, name, uid, and spec.
fn ours(here: &Installation) -> Vec<[Value; 4]> {
    let kinds = api::crds().into_iter().map(|crd| crd.spec.names.plural);
    let kinds = kinds.collect::<Vec<_>>().join(",");
    let list = here.get(&[&kinds, "--all-namespaces"]);
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|object| {
            let metadata = &object["metadata"];
            [
                &object["kind"],
                &metadata["name"],
                &metadata["uid"],
                &object["spec"],
            ]
            .map(Clone::clone)
        })
        .collect()
}

#[test]
fn uninstalling_leaves_definitions_objects_and_the_database_as_they_are() {
    let here = empty_installation();
    install(&here);
    let node = Node::start(SCENARIO);
    let operator = here.start_operator();
    apply_strategy(&here, &node);
    let task = task_is(&here, "shop", "Completed");
    let changing = || node.simulator.log(|log| log.changing().count());
    let (objects, statements) = (ours(&here), changing());
    assert!(objects.len() >= 5, "{objects:?}");

    let uninstall = ["uninstall", RELEASE, "--namespace", SYSTEM];
    here.helm(&uninstall).unwrap();
    assert!(operator.terminate().success());
    let deployments = here.get(&["deployments", "--namespace", SYSTEM]);
    assert_eq!(deployments["items"], serde_json::json!([]));
    let roles = here.get(&["clusterroles"]);
    let roles = roles["items"].as_array().unwrap().iter();
    let names = roles.filter_map(|role| role["metadata"]["name"].as_str());
    let left = names.filter(|name| name.starts_with("oceanbase-backup"));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<&str>::new());
    let definitions = here.get(&["crd"]);
    let definitions = definitions["items"].as_array().unwrap().len();
    assert_eq!(definitions, api::crds().len());
    assert_eq!(ours(&here), objects);
    assert_eq!(changing(), statements);

    // A later installation continues with the existing objects, and repeats no backup.
    install(&here);
    let _operator = here.start_operator();
    let change = "--patch={\"spec\": {\"taskHistoryLimits\": {\"failed\": 3}}}";
    let patch = ["patch", "obbs", "nightly", "-n", "shop", "--type=merge"];
    here.kubectl(&[&patch[..], &[change]].concat()).unwrap();
    eventually(
        "the strategy looked at again",
        || here.get(&["backupstrategy", "nightly", "-n", "shop"]),
        |strategy| strategy["status"]["observedGeneration"] == 2,
    );
    assert_eq!(
        task_is(&here, "shop", "Completed")["metadata"]["uid"],
        task["metadata"]["uid"]
    );
    let backups = node.simulator.log(|log| log.of_kind(Kind::Backup).count());
    assert_eq!(backups, 1);
}

/// The database continues by itself, and a later operator finds the result.
#[test]
fn a_backup_that_runs_while_the_chart_is_uninstalled_is_followed_by_the_next_installation() {
    let here = empty_installation();
    install(&here);
    let (held, operator) = HeldBackup::start(&here);

    here.helm(&["uninstall", RELEASE, "--namespace", SYSTEM])
        .unwrap();
    assert!(operator.terminate().success());
    held.release();
    assert_eq!(
        task_is(&here, "shop", "InProgress")["metadata"],
        held.task["metadata"]
    );

    install(&here);
    let _operator = here.start_operator();
    held.has_gone_through_once(&here);
}
