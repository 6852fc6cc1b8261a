//! Tests that `deploy/` installs everything and grants all rights that the operator needs.

mod edits;

use std::collections::BTreeSet;

use oceanbase_sim::fault::{Fault, NodeState};
use serde_json::{Value, json};

use crate::support::installation::{OPERATOR, SYSTEM, installation};
use crate::support::world::{PASSWORD, condition_of};
use crate::support::{Node, eventually};

#[test]
fn one_apply_on_an_empty_cluster_makes_everything() {
    let printed = &installation().printed;
    let made: Vec<&str> = printed.lines().collect();
    assert!(
        made.iter().all(|line| line.ends_with(" created")),
        "{printed}"
    );
    for what in [
        "namespace/oceanbase-backup-system",
        "customresourcedefinition.apiextensions.k8s.io/logbackups.backup.oceanbase.io",
        "serviceaccount/oceanbase-backup-operator",
        "clusterrolebinding.rbac.authorization.k8s.io/oceanbase-backup-operator",
        "role.rbac.authorization.k8s.io/oceanbase-backup-operator-lease",
        "deployment.apps/oceanbase-backup-operator",
        "poddisruptionbudget.policy/oceanbase-backup-operator",
    ] {
        assert!(printed.contains(what), "{what} in {printed}");
    }
}

/// Compares objects instead of kubectl's output: a PodDisruptionBudget is always `configured`,
/// because kubectl sends the selector again.
#[test]
fn a_second_apply_changes_nothing() {
    let versions = || {
        let deploy = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");
        let path = "--output=jsonpath={range .items[*]}{.kind}/{.metadata.name} \
                    {.metadata.resourceVersion}{'\\n'}{end}";
        installation()
            .kubectl(&["get", "--kustomize", deploy, path])
            .unwrap()
    };
    let before = versions();
    assert!(before.contains("PodDisruptionBudget/oceanbase-backup-operator"));
    installation().apply_all();
    assert_eq!(versions(), before);
}

#[test]
fn the_image_is_named_in_one_place() {
    let deployment = installation().get(&["deployment", "oceanbase-backup-operator", "-n", SYSTEM]);
    let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(
        *image,
        concat!("oceanbase-backup-operator:", env!("CARGO_PKG_VERSION"))
    );
    let namespaced = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/namespaced");
    let objects = installation().kubectl(&["kustomize", namespaced]).unwrap();
    assert!(objects.contains(&format!("image: {}\n", image.as_str().unwrap())));
    let naming = [
        "deploy",
        "deploy/namespaced",
        "deploy/operator",
        "deploy/rbac",
    ]
    .into_iter()
    .filter(|directory| {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = root.join(directory).join("kustomization.yaml");
        std::fs::read_to_string(file).unwrap().contains("\nimages:")
    });
    assert_eq!(naming.collect::<Vec<_>>(), ["deploy/operator"]);
}

/// Returns a Pod as the Deployment would create it.
fn pod() -> Value {
    let deployment = installation().get(&["deployment", "oceanbase-backup-operator", "-n", SYSTEM]);
    let template = &deployment["spec"]["template"];
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "try", "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    })
}

fn try_pod(pod: &Value) -> Result<String, String> {
    let arguments = ["create", "--dry-run=server", "-n", SYSTEM, "--filename=-"];
    installation().kubectl_with(&arguments, &pod.to_string())
}

#[test]
fn the_pod_passes_the_restricted_profile_of_its_namespace() {
    try_pod(&pod()).unwrap();
}

#[test]
fn the_namespace_refuses_a_pod_that_asks_for_more() {
    for (path, value) in [
        ("/spec/securityContext/runAsNonRoot", json!(false)),
        (
            "/spec/securityContext/seccompProfile/type",
            json!("Unconfined"),
        ),
        (
            "/spec/containers/0/securityContext/allowPrivilegeEscalation",
            json!(true),
        ),
        (
            "/spec/containers/0/securityContext/capabilities/drop",
            json!([]),
        ),
    ] {
        let mut pod = pod();
        *pod.pointer_mut(path).unwrap() = value;
        let refusal = try_pod(&pod).unwrap_err();
        assert!(
            refusal.contains(r#"violates PodSecurity "restricted"#),
            "{path}: {refusal}"
        );
    }
}

/// Returns a user's rights in a namespace for the relevant kinds: `resource: verbs`, sorted.
fn rules(who: &str, namespace: &str) -> Vec<String> {
    let arguments = ["auth", "can-i", "--list", "--no-headers", "--as", who];
    let arguments = [&arguments[..], &["--namespace", namespace]].concat();
    let listed = installation().kubectl(&arguments).unwrap();
    let mut rules: Vec<String> = listed
        .lines()
        // Every account may query its identity and the APIs.
        .filter(|line| !line.starts_with(' ') && !line.starts_with("self"))
        .map(|line| {
            let (resource, rest) = line.split_once(' ').unwrap();
            let (_, verbs) = rest.rsplit_once('[').unwrap();
            let mut verbs: Vec<&str> = verbs.trim_end_matches(']').split(' ').collect();
            verbs.sort_unstable();
            format!("{resource}: {}", verbs.join(" "))
        })
        .collect();
    rules.sort();
    rules
}

#[test]
fn the_operator_may_do_this_and_nothing_else() {
    assert_eq!(
        rules(OPERATOR, "default"),
        [
            "backupstorages.backup.oceanbase.io/status: update",
            "backupstorages.backup.oceanbase.io: list watch",
            "backupstrategies.backup.oceanbase.io/status: update",
            "backupstrategies.backup.oceanbase.io: list patch watch",
            "backuptasks.backup.oceanbase.io/status: update",
            "backuptasks.backup.oceanbase.io: create delete get list patch watch",
            "cleanuptasks.backup.oceanbase.io/status: update",
            "cleanuptasks.backup.oceanbase.io: create delete get list watch",
            "events.events.k8s.io: create patch",
            "logbackups.backup.oceanbase.io/status: update",
            "logbackups.backup.oceanbase.io: create get list patch update watch",
            "oceanbaseclusters.backup.oceanbase.io/status: update",
            "oceanbaseclusters.backup.oceanbase.io: list watch",
            "recoverydrills.backup.oceanbase.io/status: update",
            "recoverydrills.backup.oceanbase.io: list watch",
            "recoverytasks.backup.oceanbase.io/status: update",
            "recoverytasks.backup.oceanbase.io: create delete get list patch watch",
            "secrets: get",
        ]
    );
    let leases = rules(OPERATOR, SYSTEM).into_iter();
    let leases: Vec<String> = leases.filter(|rule| rule.starts_with("leases")).collect();
    let leases_there = ["create", "get update"].map(|v| format!("leases.coordination.k8s.io: {v}"));
    assert_eq!(leases, leases_there);
}

#[test]
fn the_operator_can_not_list_secrets_delete_what_users_made_or_write_its_spec() {
    for (verb, resource) in [
        ("list", "secrets"),
        ("watch", "secrets"),
        ("delete", "backupstrategies.backup.oceanbase.io"),
        ("delete", "logbackups.backup.oceanbase.io"),
        ("update", "backupstrategies.backup.oceanbase.io"),
        ("update", "backuptasks.backup.oceanbase.io"),
        ("patch", "oceanbaseclusters.backup.oceanbase.io"),
        ("create", "pods"),
        ("create", "leases.coordination.k8s.io"),
    ] {
        let answer = installation().kubectl(&["auth", "can-i", verb, resource, "--as", OPERATOR]);
        assert!(
            answer.is_err_and(|said| said.contains("no")),
            "{verb} {resource}"
        );
    }
}

/// Grants a test user one of Kubernetes' own roles in a new namespace, and waits until the
/// aggregated rules are in the role.
fn person_with(role: &str) -> Vec<String> {
    let (namespace, person) = (format!("home-of-{role}"), format!("{role}-person"));
    let here = installation();
    here.kubectl(&["create", "namespace", &namespace]).unwrap();
    let (role, user) = (format!("--clusterrole={role}"), format!("--user={person}"));
    here.kubectl(&[
        "create",
        "rolebinding",
        "home",
        &role,
        &user,
        "-n",
        &namespace,
    ])
    .unwrap();
    let all = eventually(
        "a role with our kinds",
        || rules(&person, &namespace),
        |rules| {
            rules
                .iter()
                .any(|rule| rule.contains("backup.oceanbase.io"))
        },
    );
    let ours = all.into_iter();
    ours.filter(|rule| rule.contains("backup.oceanbase.io"))
        .collect()
}

#[test]
fn whoever_may_view_a_namespace_sees_all_kinds_and_changes_none() {
    assert_eq!(
        person_with("view"),
        [
            "backupstorages.backup.oceanbase.io: get list watch",
            "backupstrategies.backup.oceanbase.io: get list watch",
            "backuptasks.backup.oceanbase.io: get list watch",
            "cleanuptasks.backup.oceanbase.io: get list watch",
            "logbackups.backup.oceanbase.io: get list watch",
            "oceanbaseclusters.backup.oceanbase.io: get list watch",
            "recoverydrills.backup.oceanbase.io: get list watch",
            "recoverytasks.backup.oceanbase.io: get list watch",
        ]
    );
}

#[test]
fn whoever_may_edit_a_namespace_writes_strategies_and_tasks_but_no_endpoint() {
    let all = "create delete deletecollection get list patch update watch";
    assert_eq!(
        person_with("edit"),
        [
            "backupstorages.backup.oceanbase.io: get list watch".to_owned(),
            format!("backupstrategies.backup.oceanbase.io: {all}"),
            format!("backuptasks.backup.oceanbase.io: {all}"),
            "cleanuptasks.backup.oceanbase.io: get list watch".to_owned(),
            format!("logbackups.backup.oceanbase.io: {all}"),
            "oceanbaseclusters.backup.oceanbase.io: get list watch".to_owned(),
            "recoverydrills.backup.oceanbase.io: get list watch".to_owned(),
            "recoverytasks.backup.oceanbase.io: get list watch".to_owned(),
        ]
    );
}

const SCENARIO: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB}
";

/// Returns the operator's rights, one verb each, in its own namespace and in all.
fn granted() -> BTreeSet<String> {
    let mut granted = BTreeSet::new();
    for rule in rules(OPERATOR, SYSTEM) {
        let (resource, verbs) = rule.split_once(": ").unwrap();
        granted.extend(verbs.split(' ').map(|verb| format!("{resource}: {verb}")));
    }
    granted
}

#[test]
fn the_shipped_account_is_enough_for_the_whole_job_and_has_nothing_to_spare() {
    let here = installation();
    let node = Node::start(SCENARIO);
    let port = node.port;
    let operator = here.start_operator();
    operator.gate.repeat_creations();
    here.kubectl(&["create", "namespace", "shop"]).unwrap();
    let manifest = format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: prod-sys}}
stringData: {{password: {PASSWORD}}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: OceanBaseCluster
metadata: {{name: prod}}
spec: {{endpoints: ['127.0.0.1:{port}'], credentials: {{secretRef: {{name: prod-sys}}}}, tls: {{mode: Disabled}}}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: nfs}}
spec: {{type: NFS, nfs: {{path: /ob-backup}}}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: nightly}}
spec:
  clusterRef: {{name: prod}}
  storageRef: {{name: nfs}}
  firstBackup: Immediately
  schedule: {{timeZone: UTC, full: {{cron: '0 0 1 1 *'}}}}
  retention: {{policy: Unmanaged}}
"
    );
    here.kubectl_with(&["apply", "-n", "shop", "--filename=-"], &manifest)
        .unwrap();
    eventually(
        "a completed task",
        || here.get(&["backuptasks", "-n", "shop"]),
        |tasks| tasks["items"][0]["status"]["phase"] == "Completed",
    );
    eventually(
        "an event about it",
        || here.get(&["events.events.k8s.io", "-n", "shop"]),
        |events| {
            let events = events["items"].as_array().unwrap();
            events
                .iter()
                .any(|event| event["regarding"]["kind"] == "BackupTask")
        },
    );
    for kind in [
        "oceanbaseclusters",
        "backupstorages",
        "backupstrategies",
        "logbackups",
    ] {
        let first = &here.get(&[kind, "-n", "shop"])["items"][0];
        assert_eq!(first["status"]["observedGeneration"], 1, "{kind}");
    }
    edits::ask_for_a_recovery(here);
    edits::verify_a_tenant(here);
    edits::show_cleanups(here, &node.simulator);
    edits::cancel_a_task_for_all(here, &node.simulator);
    edits::edit_and_delete_the_strategy(here);
    let deployment = here.get(&["deployment", "oceanbase-backup-operator", "-n", SYSTEM]);
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    for probe in ["livenessProbe", "readinessProbe"] {
        let path = container[probe]["httpGet"]["path"].as_str().unwrap();
        assert_eq!(operator.answer(path), "HTTP/1.0 200 OK", "{probe}");
    }
    // The same event twice, so that its count increases.
    for is in [NodeState::Refusing, NodeState::Serving].repeat(2) {
        node.simulator.inject(Fault::Node { is }).unwrap();
        let wanted = if is == NodeState::Serving {
            "True"
        } else {
            "False"
        };
        eventually(
            "the cluster's state",
            || here.get(&["oceanbasecluster", "prod", "-n", "shop"]),
            |object| condition_of(object, "Reachable")["status"] == wanted,
        );
    }
    eventually(
        "no right unused",
        || {
            granted()
                .difference(&operator.gate.calls())
                .cloned()
                .collect::<Vec<_>>()
        },
        Vec::is_empty,
    );
    let log = operator.log();
    let refused = log.lines().filter(|line| line.contains("forbidden"));
    assert_eq!(refused.collect::<Vec<_>>(), Vec::<&str>::new());
}
