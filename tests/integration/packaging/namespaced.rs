//! The chart for one namespace: the operator does its whole job there with Roles only.

use super::{CHART, SCENARIO, apply_in, plane, task_is};
use crate::support::Node;

#[test]
fn installed_for_one_namespace_the_operator_backs_up_there_and_may_do_nothing_elsewhere() {
    let here = plane();
    let namespace = "payments";
    here.kubectl(&["create", "namespace", namespace]).unwrap();
    let install = ["install", "payments", CHART, "--namespace", namespace];
    let values = "--set=watchNamespace=payments,crds.install=false";
    here.helm(&[&install[..], &[values]].concat()).unwrap();
    let manifest = ["get", "manifest", "payments", "--namespace", namespace];
    let manifest = here.helm(&manifest).unwrap();
    let cluster_wide = manifest.lines().filter(|line| {
        line.starts_with("kind: Cluster") || line.starts_with("kind: CustomResourceDefinition")
    });
    assert_eq!(cluster_wide.count(), 0, "{manifest}");

    let node = Node::start(SCENARIO);
    let operator = here.start_operator_in(namespace);
    apply_in(here, &node, namespace);
    task_is(here, namespace, "Completed");
    let log = operator.log();
    let refused = log.lines().filter(|line| line.contains("forbidden"));
    assert_eq!(refused.collect::<Vec<_>>(), Vec::<&str>::new());
    let who = "--as=system:serviceaccount:payments:oceanbase-backup-operator";
    for (verb, resource) in [
        ("list", "backuptasks.backup.oceanbase.io"),
        ("get", "secrets"),
    ] {
        let elsewhere = ["auth", "can-i", verb, resource, "--namespace=default", who];
        assert!(here.kubectl(&elsewhere).is_err(), "{verb} {resource}");
    }
}
