//! Stories of `deploy/namespaced`: the operator in one namespace, without rights outside of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{NIGHTLY, ONE_TENANT};
use crate::support::{Operator, World, account, kubectl, scratch};

const NAME: &str = "oceanbase-backup-operator";

/// Creates a copy of the manifests with a user's namespace.
fn edited(namespace: &str) -> PathBuf {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let copy = scratch().join(format!("deploy-{namespace}"));
    for room in ["rbac", "operator", "namespaced"] {
        fs::create_dir_all(copy.join(room)).unwrap();
        for file in fs::read_dir(deploy.join(room)).unwrap() {
            let file = file.unwrap();
            let text = fs::read_to_string(file.path()).unwrap();
            let text = text.replace("namespace: payments", &format!("namespace: {namespace}"));
            fs::write(copy.join(room).join(file.file_name()), text).unwrap();
        }
    }
    copy.join("namespaced")
}

#[test]
fn an_operator_for_one_namespace_does_the_whole_job_with_rights_in_that_one() {
    let world = World::new("namespaced", ONE_TENANT);
    let namespace = world.namespace.as_str();
    let manifests = edited(namespace);
    let printed = kubectl(&["apply", "--kustomize", manifests.to_str().unwrap()]).unwrap();
    let cluster_wide = printed.lines().filter(|line| line.starts_with("cluster"));
    assert_eq!(cluster_wide.count(), 0, "{printed}");

    let deployment = kubectl(&[
        "get",
        "deployment",
        NAME,
        "--namespace",
        namespace,
        "--output=json",
    ]);
    let deployment: Value = serde_json::from_str(&deployment.unwrap()).unwrap();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        container["image"],
        concat!("oceanbase-backup-operator:", env!("CARGO_PKG_VERSION"))
    );
    let variables = container["env"].as_array().unwrap();
    let watched = variables
        .iter()
        .find(|v| v["name"] == "WATCH_NAMESPACES")
        .unwrap();
    let field = &watched["valueFrom"]["fieldRef"]["fieldPath"];
    assert_eq!(field, "metadata.namespace");

    let arguments = ["--leader-elect", "--lease-namespace", namespace];
    let _operator =
        Operator::start_with(&account::kubeconfig_in(namespace), namespace, 0, &arguments);
    world.apply(NIGHTLY);
    world.condition(
        ("backupstrategy", "nightly"),
        "BackupHealthy",
        "True",
        "LastBackupsSucceeded",
    );
    let who = format!("--as=system:serviceaccount:{namespace}:{NAME}");
    for (verb, resource) in [
        ("list", "backuptasks.backup.oceanbase.io"),
        ("get", "secrets"),
    ] {
        let elsewhere = ["auth", "can-i", verb, resource, "--namespace=default", &who];
        assert!(kubectl(&elsewhere).is_err(), "{verb} {resource}");
    }
}
