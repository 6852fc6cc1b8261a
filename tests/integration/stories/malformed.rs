//! Stories of a stored object that cannot be read.
//!
//! The definitions of the other stories reject such an object, so these have another control plane.

use kube::Client;
use kube::config::Kubeconfig;

use super::{LOG_BACKUP, NIGHTLY, ONE_TENANT, nightly_without_first_backup, task};
use crate::support::api::{self, client_of};
use crate::support::cluster::{lenient_control_plane, run};
use crate::support::world::{NFS, PASSWORD, cluster, condition_of, secret};
use crate::support::{Node, Operator, eventually};

/// A namespace whose API server accepts values that the operator does not know.
struct Lenient {
    namespace: &'static str,
    client: Client,
    operator: Operator,
    node: Node,
}

/// Returns a log backup of this name with an unreadable `state`.
fn odd(name: &str) -> String {
    LOG_BACKUP
        .replace("orders-log", name)
        .replace("spec: {", "spec: {state: Resting, ")
}

impl Lenient {
    /// Creates the object `odd` before the operator starts.
    fn new(namespace: &'static str) -> Self {
        let plane = lenient_control_plane();
        let client = client_of(&Kubeconfig::read_from(plane.kubeconfig()).unwrap());
        api::create_namespace(&client, namespace);
        let node = Node::start(ONE_TENANT);
        for manifest in [secret(PASSWORD), cluster("prod", node.port), NFS.to_owned()] {
            api::apply(&client, namespace, &manifest).unwrap();
        }
        // A new definition is served some time after it was accepted.
        eventually(
            "the object to be accepted",
            || api::apply(&client, namespace, &odd("odd")).is_ok(),
            |accepted| *accepted,
        );
        let operator = Operator::start(plane.kubeconfig(), namespace, 0);
        Self {
            namespace,
            client,
            operator,
            node,
        }
    }

    fn apply(&self, manifest: &str) {
        api::apply(&self.client, self.namespace, manifest).unwrap();
    }

    /// Returns the log backup that a strategy would create.
    fn logs(&self) -> serde_json::Value {
        api::get(&self.client, self.namespace, "logbackup", "prod-t1002")
    }

    fn condition(&self, (kind, name): (&str, &str), condition: &str, reason: &str) {
        eventually(
            &format!("{kind} {name} with {condition} because of {reason}"),
            || api::get(&self.client, self.namespace, kind, name),
            |object| condition_of(object, condition)["reason"] == reason,
        );
    }

    fn runs(&self, name: &str) {
        eventually(
            &format!("log backup {name} runs"),
            || api::get(&self.client, self.namespace, "logbackup", name),
            |object| object["status"]["phase"] == "InProgress",
        );
    }
}

#[test]
fn one_malformed_stored_object_does_not_stop_its_kind() {
    let world = Lenient::new("malformed-object");
    world.apply(LOG_BACKUP);
    world.runs("orders-log");
    assert!(
        world
            .operator
            .log()
            .contains("a stored object cannot be read")
    );
    let odd = api::get(&world.client, world.namespace, "logbackup", "odd");
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
    let world = Lenient::new("malformed-later");
    world.apply(LOG_BACKUP);
    world.runs("orders-log");
    world.apply(&odd("orders-log"));
    // The older log backup of the tenant would take precedence.
    world.apply(&LOG_BACKUP.replace("orders-log", "second"));
    world.runs("second");
}

#[test]
fn a_strategy_that_can_not_be_read_keeps_its_tenants_and_its_tasks_are_told() {
    let world = Lenient::new("malformed-strategy");
    // This operator never read it successfully, as after a restart.
    let odd = NIGHTLY.replace("Immediately", "Tomorrow");
    eventually(
        "the strategy to be taken",
        || api::apply(&world.client, world.namespace, &odd).is_ok(),
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
        || api::get(&world.client, world.namespace, "backuptask", "now"),
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
        world.namespace,
    ];
    run(lenient_control_plane().kubectl().args(delete), None).unwrap();
    world.condition(second, "Ready", "Accepted");
}

#[test]
fn a_cluster_s_object_that_can_not_be_read_is_not_said_to_be_missing() {
    let world = Lenient::new("malformed-cluster");
    world.apply(LOG_BACKUP);
    world.runs("orders-log");
    let odd = cluster("prod", world.node.port).replace("Disabled", "Hopefully");
    eventually(
        "the cluster to be taken",
        || api::apply(&world.client, world.namespace, &odd).is_ok(),
        |taken| *taken,
    );
    world.condition(("logbackup", "orders-log"), "Ready", "Unreadable");
    world.apply(&cluster("prod", world.node.port));
    world.condition(("logbackup", "orders-log"), "Ready", "Applied");
}
