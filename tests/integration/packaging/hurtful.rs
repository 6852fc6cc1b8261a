//! Plausible values and names that cause damage without a check.

use super::{objects, plane, rendered};
use crate::support::cluster::run;
use crate::support::installation::SYSTEM;

/// A rule of a NetworkPolicy without ports allows all ports.
#[test]
fn a_network_policy_without_ports_is_refused_for_it_would_let_everything_out() {
    for argument in [
        "--set-json=networkPolicy={\"enabled\":true,\"apiServerPorts\":[],\"databasePorts\":[]}",
        "--set=networkPolicy.enabled=true,networkPolicy.apiServerPorts=null,networkPolicy.databasePorts=null",
    ] {
        let refusal = rendered(SYSTEM, &[argument]).unwrap_err();
        assert!(refusal.contains("databasePorts"), "{argument}: {refusal}");
    }
}

/// YAML reads `123` and `1e3` as numbers.
#[test]
fn a_release_and_a_namespace_may_have_digits_for_a_name() {
    let here = plane();
    here.kubectl(&["create", "namespace", "456"]).unwrap();
    let everything = "crds.install=false,networkPolicy.enabled=true,\
                      metrics.podMonitor.enabled=true,metrics.prometheusRule.enabled=true,\
                      metrics.dashboards.enabled=true";
    let mut helm = helm::offline(here.directory()).unwrap();
    helm.args(["template", "123", super::CHART, "--namespace=456"]);
    helm.args([
        "--set-string=serviceAccount.name=1e3,priorityClassName=7e1",
        "--set",
        everything,
    ]);
    let manifest = run(&mut helm, None).unwrap();
    let try_it = [
        "apply",
        "--dry-run=server",
        "--validate=strict",
        "--filename=-",
    ];
    here.kubectl_with(&try_it, &manifest).unwrap();
}

/// kubectl takes the last of two equal labels. Kustomize, and with it Flux's post-renderers,
/// rejects both.
#[test]
fn no_label_stands_twice_and_the_own_ones_stay() {
    let twice = "--set-string=commonLabels.app\\.kubernetes\\.io/name=mine,commonLabels.team=dba,podLabels.team=sre,\
                 podLabels.helm\\.sh/chart=mine";
    let manifest = rendered(SYSTEM, &[twice]).unwrap();
    // It rejects a duplicate key.
    let all = objects(&manifest);
    let deployment = all.iter().find(|object| object["kind"] == "Deployment");
    let deployment = deployment.unwrap();
    let own = "oceanbase-backup-operator";
    for labels in ["/metadata/labels", "/spec/template/metadata/labels"] {
        let labels = deployment.pointer(labels).unwrap();
        assert_eq!(labels["app.kubernetes.io/name"], own);
        assert_eq!(labels["team"], "dba");
    }
}

/// Helm removes a default in this way.
#[test]
fn labels_can_be_set_to_null() {
    let none = "--set=commonLabels=null,podLabels=null,metrics.dashboards.labels=null,metrics.dashboards.enabled=true";
    let manifest = rendered(SYSTEM, &[none]).unwrap();
    assert!(!manifest.contains("grafana_dashboard"), "{manifest}");
}
