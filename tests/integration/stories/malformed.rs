//! A stored object that can not be read.
//!
//! Definitions are shared by all stories, and this one must loosen one: it has a control plane of
//! its own.

use std::path::Path;

use control_plane::ControlPlane;
use kube::config::Kubeconfig;

use super::{LOG_BACKUP, ONE_TENANT};
use crate::support::api::{self, client_of};
use crate::support::cluster::run;
use crate::support::world::{NFS, PASSWORD, cluster, secret};
use crate::support::{Node, Operator, eventually};

const NAMESPACE: &str = "malformed";

#[test]
fn one_malformed_stored_object_does_not_stop_its_kind() {
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

    // Stored under a definition that knows another word, and read back under none that does.
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
    let odd = LOG_BACKUP
        .replace("orders-log", "odd")
        .replace("spec: {", "spec: {desiredState: Resting, ");
    // The new definition is served a moment after it was accepted.
    eventually(
        "the object to be taken",
        || api::apply(&client, NAMESPACE, &odd).is_ok(),
        |taken| *taken,
    );

    let operator = Operator::start(plane.kubeconfig(), NAMESPACE, 0);
    api::apply(&client, NAMESPACE, LOG_BACKUP).unwrap();
    eventually(
        "the other log backup runs",
        || api::get(&client, NAMESPACE, "logbackup", "orders-log"),
        |object| object["status"]["phase"] == "InProgress",
    );
    assert!(operator.log().contains("a stored object can not be read"));
    let odd = api::get(&client, NAMESPACE, "logbackup", "odd");
    assert_eq!(odd["status"]["observedGeneration"], -1, "left alone");
    let metrics = operator.page("/metrics").1;
    assert!(
        metrics
            .lines()
            .any(|line| line.contains("malformed") && line.contains("LogBackup")),
        "{metrics}"
    );
}
