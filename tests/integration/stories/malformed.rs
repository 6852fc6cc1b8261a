//! A stored object that can not be read.
//!
//! Definitions are shared by all stories, and this one must loosen one: it has a control plane of
//! its own.

use std::path::Path;

use control_plane::ControlPlane;
use kube::Client;
use kube::config::Kubeconfig;

use super::{LOG_BACKUP, ONE_TENANT};
use crate::support::api::{self, client_of};
use crate::support::cluster::run;
use crate::support::world::{NFS, PASSWORD, cluster, secret};
use crate::support::{Node, Operator, eventually};

const NAMESPACE: &str = "malformed";

/// A control plane whose definition of LogBackup knows a word that the operator does not.
struct Loosened {
    client: Client,
    operator: Operator,
    _node: Node,
    _plane: ControlPlane,
}

/// A log backup of this name whose `desiredState` can not be read back.
fn odd(name: &str) -> String {
    LOG_BACKUP
        .replace("orders-log", name)
        .replace("spec: {", "spec: {desiredState: Resting, ")
}

impl Loosened {
    /// With the object `odd`, stored before the operator started.
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
            "--timeout=30s",
        ];
        kubectl(&wait, None);
        let words =
            "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/desiredState/enum";
        let loosen = format!(r#"[{{"op": "add", "path": "{words}/-", "value": "Resting"}}]"#);
        let crd = "logbackups.backup.oceanbase.io";
        kubectl(
            &["patch", "crd", crd, "--type=json", "--patch", &loosen],
            None,
        );
        let client = client_of(&Kubeconfig::read_from(plane.kubeconfig()).unwrap());
        api::create_namespace(&client, NAMESPACE);
        let node = Node::start(ONE_TENANT);
        for manifest in [secret(PASSWORD), cluster("prod", node.port), NFS.to_owned()] {
            api::apply(&client, NAMESPACE, &manifest).unwrap();
        }
        // The new definition is served a moment after it was accepted.
        eventually(
            "the object to be taken",
            || api::apply(&client, NAMESPACE, &odd("odd")).is_ok(),
            |taken| *taken,
        );
        let operator = Operator::start(plane.kubeconfig(), NAMESPACE, 0);
        Self {
            client,
            operator,
            _node: node,
            _plane: plane,
        }
    }

    fn apply(&self, manifest: &str) {
        api::apply(&self.client, NAMESPACE, manifest).unwrap();
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
            .contains("a stored object can not be read")
    );
    let odd = api::get(&world.client, NAMESPACE, "logbackup", "odd");
    assert_eq!(odd["status"]["observedGeneration"], -1, "left alone");
    let metrics = world.operator.page("/metrics").1;
    assert!(
        metrics
            .lines()
            .any(|line| line.contains("malformed") && line.contains("LogBackup")),
        "{metrics}"
    );
}

#[test]
fn an_object_that_can_not_be_read_any_more_stands_in_nobody_s_way() {
    let world = Loosened::new();
    world.apply(LOG_BACKUP);
    world.runs("orders-log");
    world.apply(&odd("orders-log"));
    // The older one of the tenant would go before it.
    world.apply(&LOG_BACKUP.replace("orders-log", "second"));
    world.runs("second");
}
