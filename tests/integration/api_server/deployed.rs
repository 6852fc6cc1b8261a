//! `deploy/`: what it installs, and that the operator can do its whole job with what it grants.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use oceanbase_sim::Simulator;
use oceanbase_sim::clock::WallClock;
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::server::Server;
use serde_json::{Value, json};

use super::installation::{OPERATOR, OperatorProcess, SYSTEM, installation};
use crate::support::eventually;

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
        "deployment.apps/oceanbase-backup-operator",
    ] {
        assert!(printed.contains(what), "{what} in {printed}");
    }
}

#[test]
fn a_second_apply_changes_nothing() {
    let printed = installation().apply_all();
    let changed = printed.lines().filter(|line| !line.ends_with(" unchanged"));
    assert_eq!(changed.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_image_is_named_in_one_place() {
    let deployment = installation().get(&["deployment", "oceanbase-backup-operator", "-n", SYSTEM]);
    let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(
        *image,
        concat!("oceanbase-backup-operator:", env!("CARGO_PKG_VERSION"))
    );
}

/// A Pod as the Deployment would make it.
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

/// What somebody may do in a namespace with the kinds that matter here: `resource: verbs`, sorted.
fn rules(who: &str, namespace: &str) -> Vec<String> {
    let arguments = ["auth", "can-i", "--list", "--no-headers", "--as", who];
    let arguments = [&arguments[..], &["--namespace", namespace]].concat();
    let listed = installation().kubectl(&arguments).unwrap();
    let mut rules: Vec<String> = listed
        .lines()
        // Every account may ask who it is and which APIs there are.
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
            "backupstorages.backup.oceanbase.io: get list watch",
            "backupstrategies.backup.oceanbase.io/status: update",
            "backupstrategies.backup.oceanbase.io: get list patch watch",
            "backuptasks.backup.oceanbase.io/status: update",
            "backuptasks.backup.oceanbase.io: create get list watch",
            "events.events.k8s.io: create patch",
            "logbackups.backup.oceanbase.io/status: update",
            "logbackups.backup.oceanbase.io: create get list patch watch",
            "oceanbaseclusters.backup.oceanbase.io/status: update",
            "oceanbaseclusters.backup.oceanbase.io: get list watch",
            "secrets: get",
        ]
    );
}

#[test]
fn the_operator_can_not_list_secrets_delete_tasks_or_edit_them() {
    for (verb, resource) in [
        ("list", "secrets"),
        ("watch", "secrets"),
        ("delete", "backuptasks.backup.oceanbase.io"),
        ("delete", "backupstrategies.backup.oceanbase.io"),
        ("patch", "backuptasks.backup.oceanbase.io"),
        ("update", "backuptasks.backup.oceanbase.io"),
        ("update", "logbackups.backup.oceanbase.io"),
        ("patch", "oceanbaseclusters.backup.oceanbase.io"),
        ("create", "pods"),
    ] {
        let answer = installation().kubectl(&["auth", "can-i", verb, resource, "--as", OPERATOR]);
        assert!(
            answer.is_err_and(|said| said.contains("no")),
            "{verb} {resource}"
        );
    }
}

/// Gives a made-up person one of Kubernetes' own roles in a namespace of his own, and waits until
/// the role holds what was added to it.
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
            "logbackups.backup.oceanbase.io: get list watch",
            "oceanbaseclusters.backup.oceanbase.io: get list watch",
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
            format!("logbackups.backup.oceanbase.io: {all}"),
            "oceanbaseclusters.backup.oceanbase.io: get list watch".to_owned(),
        ]
    );
}

const SCENARIO: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
sysPassword: sesame-77aa
tenants:
  - {name: orders, fullBackupSize: 1GiB}
";

/// A simulated `OceanBase` that serves until the runtime is dropped, and its port.
fn database() -> (tokio::runtime::Runtime, u16) {
    let scenario = Scenario::parse(SCENARIO).unwrap();
    let simulator = Simulator::new(&scenario, WallClock).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let address = "127.0.0.1:0".parse().unwrap();
    let server = runtime
        .block_on(Server::bind(address, Arc::new(simulator), None))
        .unwrap();
    let port = server.local_addr().unwrap().port();
    runtime.spawn(server.run());
    (runtime, port)
}

/// The status that an HTTP GET is answered with.
fn status_of(address: &str, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return "no connection".to_owned();
    };
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

/// Where the operator serves, from its log.
fn address_of(operator: &OperatorProcess) -> String {
    let log = eventually(
        "an address in the log",
        || operator.log(),
        |log| log.contains("\"address\""),
    );
    let (_, rest) = log.split_once("\"address\":\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn the_shipped_account_is_enough_for_a_strategy_with_a_full_backup() {
    let here = installation();
    let (_running, port) = database();
    let operator = here.start_operator();
    here.kubectl(&["create", "namespace", "shop"]).unwrap();
    let manifest = format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: prod-sys}}
stringData: {{password: sesame-77aa}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: OceanBaseCluster
metadata: {{name: prod}}
spec: {{endpoints: ['127.0.0.1:{port}'], credentialsSecretRef: {{name: prod-sys}}, tls: {{mode: Disabled}}}}
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
  schedule: {{cron: {{full: '0 2 * * *'}}}}
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
    let address = address_of(&operator);
    let deployment = here.get(&["deployment", "oceanbase-backup-operator", "-n", SYSTEM]);
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    for probe in ["livenessProbe", "readinessProbe"] {
        let path = container[probe]["httpGet"]["path"].as_str().unwrap();
        assert_eq!(status_of(&address, path), "HTTP/1.0 200 OK", "{probe}");
    }
    let log = operator.log();
    let refused: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("forbidden"))
        .collect();
    assert_eq!(refused, Vec::<&str>::new());
}
