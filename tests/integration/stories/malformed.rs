//! Stories of a stored object that cannot be read.
//!
//! All stories share the definitions, and this one must loosen one, so it has its own control
//! plane.

use std::path::Path;

use control_plane::ControlPlane;
use kube::Client;
use kube::config::Kubeconfig;

use super::{LOG_BACKUP, NIGHTLY, ONE_TENANT, nightly_without_first_backup, task};
use crate::support::api::{self, client_of};
use crate::support::cluster::run;
use crate::support::world::{NFS, PASSWORD, cluster, condition_of, secret};
use crate::support::{Node, Operator, eventually};

const NAMESPACE: &str = "malformed";

/// A control plane whose definitions accept values that the operator does not know.
struct Loosened {
    client: Client,
    operator: Operator,
    node: Node,
    plane: ControlPlane,
}

/// Kinds, fields, and additional accepted values.
const LOOSENED: [(&str, &str, &str); 3] = [
    ("logbackups", "state", "Resting"),
    ("backupstrategies", "firstBackup", "Tomorrow"),
    ("oceanbaseclusters", "tls/properties/mode", "Hopefully"),
];

/// Returns a log backup of this name with an unreadable `state`.
fn odd(name: &str) -> String {
    LOG_BACKUP
        .replace("orders-log", name)
        .replace("spec: {", "spec: {state: Resting, ")
}

impl Loosened {
    /// Creates the object `odd` before the operator starts.
    fn new() -> Self {
        let plane = ControlPlane::start().unwrap();
        let kubectl = |arguments: &[&str], input: Option<&str>| {
            run(plane.kubectl().args(arguments), input).unwrap()
        };
        let crds = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
        kubectl(&["apply", "--filename", crds.to_str().unwrap()], None);
        let wait = [
            "wait",
            "--for=condition=Established",
            "crd",
            "--all",
            "--timeout=5m",
        ];
        kubectl(&wait, None);
        for (kind, field, word) in LOOSENED {
            let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
            let path = format!("{spec}/{field}/enum/-");
            let loosen = format!(r#"[{{"op": "add", "path": "{path}", "value": "{word}"}}]"#);
            let crd = format!("{kind}.backup.oceanbase.io");
            kubectl(
                &["patch", "crd", &crd, "--type=json", "--patch", &loosen],
                None,
            );
        }
        let client = client_of(&Kubeconfig::read_from(plane.kubeconfig()).unwrap());
        api::create_namespace(&client, NAMESPACE);
        let node = Node::start(ONE_TENANT);
        for manifest in [secret(PASSWORD), cluster("prod", node.port), NFS.to_owned()] {
            api::apply(&client, NAMESPACE, &manifest).unwrap();
        }
        // The new definition is served some time after it was accepted.
        eventually(
            "the object to be taken",
            || api::apply(&client, NAMESPACE, &odd("odd")).is_ok(),
            |taken| *taken,
        );
        let operator = Operator::start(plane.kubeconfig(), NAMESPACE, 0);
        Self {
            client,
            operator,
            node,
            plane,
        }
    }

    fn apply(&self, manifest: &str) {
        api::apply(&self.client, NAMESPACE, manifest).unwrap();
    }

    /// Returns the log backup that a strategy would create.
    fn logs(&self) -> serde_json::Value {
        api::get(&self.client, NAMESPACE, "logbackup", "prod-t1002")
    }

    fn condition(&self, (kind, name): (&str, &str), condition: &str, reason: &str) {
        eventually(
            &format!("{kind} {name} with {condition} because of {reason}"),
            || api::get(&self.client, NAMESPACE, kind, name),
            |object| condition_of(object, condition)["reason"] == reason,
        );
    }

    fn runs(&self, name: &str) {
        eventually(
            &format!("log backup {name} runs"),
            || api::get(&self.client, NAMESPACE, "logbackup", name),
            |object| object["status"]["phase"] == "InProgress",
        );
    }
}

#[test]
fn one_malformed_stored_object_does_not_stop_its_kind() {
    let world = Loosened::new();
    world.apply(LOG_BACKUP);
    world.runs("orders-log");
    assert!(
        world
            .operator
            .log()
            .contains("a stored object cannot be read")
    );
    let odd = api::get(&world.client, NAMESPACE, "logbackup", "odd");
    assert_eq!(odd["status"]["observedGeneration"], -1, "left alone");
    let metrics = world.operator.get("/metrics").1;
    assert!(
        metrics
            .lines()
            .any(|line| line.contains("object_decode_errors") && line.contains("LogBackup")),
        "{metrics}"
    );
}

#[test]
fn an_object_that_can_not_be_read_any_more_stands_in_nobody_s_way() {
    let world = Loosened::new();
    world.apply(LOG_BACKUP);
    world.runs("orders-log");
    world.apply(&odd("orders-log"));
    // The older log backup of the tenant would take precedence.
    world.apply(&LOG_BACKUP.replace("orders-log", "second"));
    world.runs("second");
}

#[test]
fn a_strategy_that_can_not_be_read_keeps_its_tenants_and_its_tasks_are_told() {
    let world = Loosened::new();
    // This operator never read it successfully, as after a restart.
    let odd = NIGHTLY.replace("Immediately", "Tomorrow");
    eventually(
        "the strategy to be taken",
        || api::apply(&world.client, NAMESPACE, &odd).is_ok(),
        |taken| *taken,
    );
    world.apply(&task("now", "Full"));
    world.condition(("backuptask", "now"), "Ready", "Unreadable");
    world.apply(&NIGHTLY.replace("nightly", "second"));
    let second = ("backupstrategy", "second");
    world.condition(second, "Stalled", "TenantAlreadyManaged");
    assert!(world.logs().is_null(), "nothing is done for it");
    // After the correction it continues.
    world.apply(&nightly_without_first_backup());
    world.runs("prod-t1002");
    eventually(
        "the task to be complete",
        || api::get(&world.client, NAMESPACE, "backuptask", "now"),
        |task| task["status"]["phase"] == "Completed",
    );
    // After its deletion they stay.
    world.apply(&odd);
    world.condition(second, "Stalled", "TenantAlreadyManaged");
    let delete = [
        "delete",
        "backupstrategy",
        "nightly",
        "--namespace",
        NAMESPACE,
    ];
    run(world.plane.kubectl().args(delete), None).unwrap();
    world.condition(second, "Ready", "Accepted");
}

#[test]
fn a_cluster_s_object_that_can_not_be_read_is_not_said_to_be_missing() {
    let world = Loosened::new();
    world.apply(LOG_BACKUP);
    world.runs("orders-log");
    let odd = cluster("prod", world.node.port).replace("Disabled", "Hopefully");
    eventually(
        "the cluster to be taken",
        || api::apply(&world.client, NAMESPACE, &odd).is_ok(),
        |taken| *taken,
    );
    world.condition(("logbackup", "orders-log"), "Ready", "Unreadable");
    world.apply(&cluster("prod", world.node.port));
    world.condition(("logbackup", "orders-log"), "Ready", "Applied");
}
