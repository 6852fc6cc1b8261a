//! Checks that the chart and `deploy/` install the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{objects, plane, rendered};
use crate::support::installation::SYSTEM;

/// Returns objects by kind and name, without allowed differences: labels, selectors, and settings
/// that only the chart spells out.
fn comparable(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let named = objects.into_iter().map(|mut object| {
        let kind = object["kind"].as_str().unwrap().to_owned();
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.remove("annotations");
        let labels = metadata.get_mut("labels").and_then(Value::as_object_mut);
        if let Some(labels) = labels {
            // Labels that aggregate into Kubernetes' own roles matter.
            labels.retain(|label, _| label.starts_with("rbac."));
        }
        if metadata
            .get("labels")
            .is_some_and(|labels| *labels == json!({}))
        {
            metadata.remove("labels");
        }
        // The tests of xtask compare the definitions in the chart byte by byte.
        if kind == "CustomResourceDefinition" {
            object["spec"].take();
        }
        if kind == "PodDisruptionBudget" || kind == "Deployment" {
            object["spec"].as_object_mut().unwrap().remove("selector");
        }
        if kind == "Deployment" {
            pod_without_labels(&mut object["spec"]["template"]);
        }
        (format!("{kind}/{name}"), object)
    });
    named.collect()
}

fn pod_without_labels(template: &mut Value) {
    template.as_object_mut().unwrap().remove("metadata");
    let spread = template["spec"]["topologySpreadConstraints"].as_array_mut();
    for constraint in spread.unwrap() {
        constraint.as_object_mut().unwrap().remove("labelSelector");
    }
    let container = template["spec"]["containers"][0].as_object_mut().unwrap();
    container.remove("imagePullPolicy");
    let variables = container["env"].as_array_mut().unwrap();
    variables.retain(|variable| variable["valueFrom"]["fieldRef"]["fieldPath"] != Value::Null);
    // The chart names the namespace, which may differ from the operator's own.
    variables.retain(|variable| variable["name"] != "WATCH_NAMESPACES");
}

fn kustomized(directory: &str) -> BTreeMap<String, Value> {
    let directory = format!("{}/{directory}", env!("CARGO_MANIFEST_DIR"));
    let manifest = plane().kubectl(&["kustomize", &directory]).unwrap();
    comparable(objects(&manifest))
}

#[test]
fn with_default_values_the_chart_installs_what_deploy_installs() {
    let mut chart = comparable(objects(&rendered(SYSTEM, &[]).unwrap()));
    let mut deploy = kustomized("deploy");
    // Helm creates the namespace by --create-namespace, and has a Service besides.
    assert!(deploy.remove("Namespace/oceanbase-backup-system").is_some());
    let service = "Service/oceanbase-backup-operator-metrics";
    assert!(chart.remove(service).is_some());
    let names = |of: &BTreeMap<String, Value>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&chart), names(&deploy));
    for (name, object) in &chart {
        assert_eq!(*object, deploy[name], "{name}");
    }
}

#[test]
fn for_one_namespace_the_chart_installs_what_deploy_namespaced_installs() {
    let arguments = [
        "--set=watchNamespaces={payments},crds.install=false",
        "--set=userRoles.create=false,metrics.service.enabled=false",
    ];
    let chart = comparable(objects(&rendered("payments", &arguments).unwrap()));
    assert_eq!(chart, kustomized("deploy/namespaced"));
}

#[test]
fn the_policies_of_the_chart_are_those_of_deploy_admission() {
    let enabled = "admissionPolicies.restrictedTasks.enabled=true,\
                   admissionPolicies.referencedSecrets.enabled=true";
    let mut chart = comparable(objects(&rendered(SYSTEM, &["--set", enabled]).unwrap()));
    chart.retain(|name, _| name.starts_with("ValidatingAdmission"));
    let mut deploy = kustomized("deploy/admission");
    assert_eq!(chart.len(), 4);
    // The same list, in the only form that a template can write.
    let groups = "/spec/variables/0/expression";
    for (all, written) in [
        (&chart, r#"["oceanbase-backup:recovery"]"#),
        (&deploy, "['oceanbase-backup:recovery']"),
    ] {
        let policy = &all["ValidatingAdmissionPolicy/oceanbase-backup-restricted-tasks"];
        assert_eq!(*policy.pointer(groups).unwrap(), written);
    }
    for all in [&mut chart, &mut deploy] {
        let policy = all.get_mut("ValidatingAdmissionPolicy/oceanbase-backup-restricted-tasks");
        policy.unwrap().pointer_mut(groups).unwrap().take();
    }
    assert_eq!(chart, deploy);
}

/// Grafana finds dashboards in ConfigMaps with a label.
#[test]
fn the_dashboards_of_the_chart_are_those_of_deploy_monitoring() {
    let manifest = rendered(SYSTEM, &["--set=metrics.dashboards.enabled=true"]).unwrap();
    let directory = format!("{}/deploy/monitoring", env!("CARGO_MANIFEST_DIR"));
    let deploy = plane().kubectl(&["kustomize", &directory]).unwrap();
    let dashboards = |manifest: &str| {
        let mut all = objects(manifest).into_iter();
        all.find(|object| object["kind"] == "ConfigMap").unwrap()
    };
    let (chart, deploy) = (dashboards(&manifest), dashboards(&deploy));
    assert_eq!(chart["data"], deploy["data"]);
    for object in [&chart, &deploy] {
        assert_eq!(object["metadata"]["labels"]["grafana_dashboard"], "1");
    }
    let files = std::fs::read_dir(format!("{directory}/dashboards")).unwrap();
    assert_eq!(chart["data"].as_object().unwrap().len(), files.count());
}

#[test]
fn for_some_namespaces_the_roles_for_people_are_roles_in_each() {
    let arguments = ["--set=watchNamespaces={payments,ledger},crds.install=false"];
    let manifest = rendered("system-of-payments", &arguments).unwrap();
    let all = objects(&manifest);
    let cluster_wide = all.iter().filter(|object| {
        let kind = object["kind"].as_str().unwrap();
        kind.starts_with("Cluster") || kind == "CustomResourceDefinition"
    });
    assert_eq!(cluster_wide.count(), 0, "{manifest}");
    let of_people = all.iter().filter(|object| {
        let name = object["metadata"]["name"].as_str().unwrap();
        object["kind"] == "Role" && !name.starts_with("oceanbase-backup-operator")
    });
    let places = of_people.map(|role| &role["metadata"]["namespace"]);
    let mut places: Vec<_> = places.filter_map(Value::as_str).collect();
    places.sort_unstable();
    assert_eq!(places, [["ledger"; 4], ["payments"; 4]].concat());
    // The operator runs beside them, and only its Lease is in its own namespace.
    let bound = all.iter().filter(|object| object["kind"] == "RoleBinding");
    for binding in bound {
        assert_eq!(binding["subjects"][0]["namespace"], "system-of-payments");
    }
}

/// This holds for any release name: Helm refuses two releases that would act on the same objects.
#[test]
fn every_selector_finds_the_pods_of_the_deployment() {
    let all = objects(&rendered(SYSTEM, &["--set=networkPolicy.enabled=true"]).unwrap());
    let of_kind = |kind: &str| all.iter().find(|object| object["kind"] == kind).unwrap();
    let labels = &of_kind("Deployment")["spec"]["template"]["metadata"]["labels"];
    for (kind, selector) in [
        ("Deployment", "/spec/selector/matchLabels"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
        ("Service", "/spec/selector"),
    ] {
        let selector = of_kind(kind).pointer(selector).unwrap();
        for (label, value) in selector.as_object().unwrap() {
            assert_eq!(labels[label], *value, "{kind}: {label}");
        }
    }
}

#[test]
fn every_port_that_is_named_is_one_that_is_there() {
    let enabled = "networkPolicy.enabled=true,metrics.serviceMonitor.enabled=true";
    let all = objects(&rendered(SYSTEM, &["--set", enabled]).unwrap());
    let of_kind = |kind: &str| all.iter().find(|object| object["kind"] == kind).unwrap();
    let named = |kind: &str, path: &str| {
        let name = of_kind(kind).pointer(path).and_then(Value::as_str);
        name.unwrap_or_else(|| panic!("{kind} has no {path}"))
            .to_owned()
    };
    let of_pod = named(
        "Deployment",
        "/spec/template/spec/containers/0/ports/0/name",
    );
    let container = of_kind("Deployment").pointer("/spec/template/spec/containers/0");
    for probe in ["livenessProbe", "readinessProbe"] {
        assert_eq!(container.unwrap()[probe]["httpGet"]["port"], *of_pod);
    }
    assert_eq!(
        named("NetworkPolicy", "/spec/ingress/0/ports/0/port"),
        of_pod
    );
    assert_eq!(named("Service", "/spec/ports/0/targetPort"), of_pod);
    let scraped = &of_kind("ServiceMonitor")["spec"]["endpoints"][0];
    assert_eq!(scraped["port"], *named("Service", "/spec/ports/0/name"));
    assert_eq!(scraped["path"], "/metrics");
    // The metrics' own label `namespace` is that of the objects, not of the Pod.
    assert_eq!(scraped["honorLabels"], true);
    let wanted = &of_kind("ServiceMonitor")["spec"]["selector"]["matchLabels"];
    let labels = &of_kind("Service")["metadata"]["labels"];
    for (label, value) in wanted.as_object().unwrap() {
        assert_eq!(labels[label], *value, "{label}");
    }
}
