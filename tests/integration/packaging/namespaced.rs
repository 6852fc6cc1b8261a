//! Tests of the chart for some namespaces: the operator works there with Roles only, and not
//! elsewhere.

use serde_json::Value;

use super::{CHART, SCENARIO, apply_in, objects, plane, rendered, task_is};
use crate::support::installation::OperatorProcess;
use crate::support::{Node, eventually};

const SYSTEM: &str = "backups-of-two";
const WATCHED: [&str; 2] = ["payments", "ledger"];
const VALUES: &str = "--set=watchNamespaces={payments,ledger},crds.install=false";

/// Creates a database for each: two objects of one database would share one owner.
fn node(id: usize) -> Node {
    Node::start(&SCENARIO.replace("id: 7", &format!("id: {id}")))
}

fn refused(operator: &OperatorProcess) -> Vec<String> {
    let log = operator.log();
    let refused = log.lines().filter(|line| line.contains("forbidden"));
    refused.map(str::to_owned).collect()
}

#[test]
fn installed_for_two_namespaces_the_operator_backs_up_in_both_and_does_nothing_in_a_third() {
    let here = plane();
    for namespace in [SYSTEM, "payments", "ledger", "bystander"] {
        here.kubectl(&["create", "namespace", namespace]).unwrap();
    }
    let install = ["install", "two", CHART, "--namespace", SYSTEM, VALUES];
    let printed = here.helm(&install).unwrap();
    for namespace in WATCHED {
        let next = format!("\n  kubectl get oceanbase-backup --namespace {namespace}\n");
        assert!(printed.contains(&next), "{printed}");
    }
    let manifest = ["get", "manifest", "two", "--namespace", SYSTEM];
    let manifest = here.helm(&manifest).unwrap();
    let cluster_wide = manifest.lines().filter(|line| {
        line.starts_with("kind: Cluster") || line.starts_with("kind: CustomResourceDefinition")
    });
    assert_eq!(cluster_wide.count(), 0, "{manifest}");
    // No other object binds the account to cluster-wide rights.
    let bindings = here.get(&["clusterrolebindings"]);
    let bindings = bindings["items"].as_array().unwrap().iter();
    let bound = bindings.filter(|binding| binding["subjects"][0]["namespace"] == SYSTEM);
    assert_eq!(bound.collect::<Vec<_>>(), Vec::<&Value>::new());

    let nodes = [node(21), node(22), node(23)];
    let operator = here.start_operator_in(SYSTEM);
    for (namespace, node) in ["bystander", "payments", "ledger"].iter().zip(&nodes) {
        apply_in(here, node, namespace);
    }
    for namespace in WATCHED {
        task_is(here, namespace, "Completed");
    }
    assert_eq!(refused(&operator), Vec::<String>::new());
    let left_alone = here.get(&["oceanbase-backup", "--namespace=bystander"]);
    let left_alone = left_alone["items"].as_array().unwrap();
    assert_eq!(left_alone.len(), 3, "what was applied, and no child");
    for object in left_alone {
        let seen = &object["status"]["observedGeneration"];
        assert!(*seen == -1 || seen.is_null(), "{object}");
    }
    let said = nodes[0].simulator.log(|log| log.changing().count());
    assert_eq!(said, 0);
    let who = format!("--as=system:serviceaccount:{SYSTEM}:oceanbase-backup-operator");
    for (verb, resource) in [
        ("list", "backuptasks.backup.oceanbase.io"),
        ("get", "secrets"),
    ] {
        for namespace in ["bystander", "default", SYSTEM] {
            let elsewhere = ["auth", "can-i", verb, resource, "-n", namespace, &who];
            assert!(here.kubectl(&elsewhere).is_err(), "{verb} {resource}");
        }
    }
    assert!(operator.terminate().success());

    // Without its rights in one namespace it reports this, and begins nothing in the other.
    let unbind = ["delete", "rolebinding", "oceanbase-backup-operator"];
    here.kubectl(&[&unbind[..], &["-n", "ledger"]].concat())
        .unwrap();
    let operator = here.start_operator_in(SYSTEM);
    let named = |line: &&String| line.contains("\"namespace\":\"ledger\"");
    eventually(
        "the refusal of each kind with the name of the namespace",
        || refused(&operator),
        |lines| lines.iter().filter(named).count() >= 7,
    );
    let ready = operator.answer("/readyz");
    assert!(ready.starts_with("HTTP/1.0 503"), "{ready}");
}

/// Returns the name of each policy or binding, and the policy of a binding.
fn policies(namespace: &str) -> Vec<(String, Value)> {
    let enabled = "--set=admissionPolicies.restrictedTasks.enabled=true,\
                   admissionPolicies.referencedSecrets.enabled=true";
    let all = objects(&rendered(namespace, &[VALUES, enabled]).unwrap());
    let policies = all.into_iter().filter(|object| {
        let kind = object["kind"].as_str().unwrap();
        kind.starts_with("ValidatingAdmission")
    });
    policies
        .map(|object| {
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            (name, object["spec"]["policyName"].clone())
        })
        .collect()
}

#[test]
fn the_policies_of_two_releases_have_different_names_of_at_most_63_characters() {
    let long = "a".repeat(63);
    let (one, other) = (policies(&long), policies(&long[1..]));
    assert_eq!(one.len(), 4);
    for all in [&one, &other] {
        for (name, of) in all {
            assert!(name.len() <= 63, "{name}");
            assert!(of.is_null() || of.as_str() == Some(name), "{name}");
        }
    }
    assert!(one.iter().all(|policy| !other.contains(policy)));
    let name = |(name, _): &(String, Value)| name == "oceanbase-backup-restricted-tasks-team";
    assert!(policies("team").iter().any(name));
}
