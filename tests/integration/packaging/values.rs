//! Tests of values: every choice renders valid objects, and meaningless values are rejected.

use std::sync::LazyLock;

use serde_json::Value;

use super::{CHART, plane, rendered};
use crate::support::cluster::run;
use crate::support::installation::SYSTEM;

fn lint(arguments: &[&str]) -> Result<String, String> {
    let mut helm = helm::offline(plane().directory()).unwrap();
    run(helm.args(["lint", "--strict", CHART]).args(arguments), None)
}

#[test]
fn a_strict_lint_finds_nothing() {
    let said = lint(&[]).unwrap();
    assert!(
        said.contains("1 chart(s) linted, 0 chart(s) failed"),
        "{said}"
    );
    assert!(!said.contains("[WARNING]"), "{said}");
}

/// Values as JSON, and their effect on the manifest.
pub(super) const CHOICES: [(&str, &[&str]); 18] = [
    (
        r#"{"image": {"repository": "registry.example.com/team/operator", "tag": "1.2.3", "pullPolicy": "Always"}}"#,
        &[
            "image: \"registry.example.com/team/operator:1.2.3\"",
            "imagePullPolicy: Always",
        ],
    ),
    (
        r#"{"image": {"tag": "1.2.3", "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
            "imagePullSecrets": [{"name": "registry"}]}"#,
        &[
            "image: \"oceanbase-backup-operator@sha256:aaaa",
            "- name: registry",
        ],
    ),
    (
        r#"{"replicas": 3, "minRecoveryWindowDays": 14, "leaseSeconds": 30, "requireSecretBinding": true, "log": {"format": "text", "filter": "debug"}}"#,
        &[
            "replicas: 3",
            r#"{name: MIN_RECOVERY_WINDOW_DAYS, value: "14"}"#,
            r#"{name: LEASE_SECONDS, value: "30"}"#,
            r#"{name: REQUIRE_SECRET_BINDING, value: "true"}"#,
            r#"{name: LOG_FORMAT, value: "text"}"#,
            r#"{name: LOG_FILTER, value: "debug"}"#,
        ],
    ),
    (
        r#"{"watchNamespaces": ["default"]}"#,
        &[
            r#"{name: WATCH_NAMESPACES, value: "default"}"#,
            "kind: RoleBinding",
        ],
    ),
    (
        r#"{"watchNamespaces": ["default", "kube-public"]}"#,
        &[
            r#"{name: WATCH_NAMESPACES, value: "default,kube-public"}"#,
            "namespace: default\n",
            "namespace: kube-public\n",
        ],
    ),
    (
        r#"{"crds": {"install": false}, "rbac": {"create": false}, "userRoles": {"create": false},
            "podDisruptionBudget": {"enabled": false}, "metrics": {"service": {"enabled": false}}}"#,
        &["kind: ServiceAccount", "kind: Deployment"],
    ),
    (
        r#"{"serviceAccount": {"name": "backups", "annotations": {"example.com/role": "backup"}}}"#,
        &[
            "serviceAccountName: backups",
            "name: backups",
            "example.com/role: backup",
        ],
    ),
    (
        r#"{"serviceAccount": {"create": false, "name": "made-before"}}"#,
        &["serviceAccountName: made-before", "name: made-before"],
    ),
    (
        r#"{"metrics": {"service": {"annotations": {"example.com/scrape": "true"}},
            "serviceMonitor": {"enabled": true, "interval": "1m30s", "labels": {"release": "prometheus"}}}}"#,
        &[
            "kind: ServiceMonitor",
            "interval: 1m30s",
            "release: prometheus",
            "example.com/scrape: \"true\"",
        ],
    ),
    (
        r#"{"metrics": {"service": {"enabled": false},
            "podMonitor": {"enabled": true, "interval": "15s", "labels": {"release": "prometheus"}}}}"#,
        &["kind: PodMonitor", "interval: 15s", "release: prometheus"],
    ),
    (
        r#"{"metrics": {"prometheusRule": {"enabled": true, "labels": {"release": "prometheus"}}}}"#,
        &[
            "kind: PrometheusRule",
            "alert: OBBackupTooOld",
            "{{ $labels.namespace }}",
        ],
    ),
    (
        r#"{"metrics": {"dashboards": {"enabled": true, "labels": {"dashboard": "yes"}, "annotations": {"grafana_folder": "Backup"}}}}"#,
        &[
            "kind: ConfigMap",
            "obbackup-fleet.json: |",
            "dashboard: \"yes\"",
            "grafana_folder: Backup",
        ],
    ),
    (
        r#"{"admissionPolicies": {"restrictedTasks": {"enabled": true, "groups": ["dba", "it's \"<on call>\""]},
            "referencedSecrets": {"enabled": true}}, "serviceAccount": {"name": "backups"}}"#,
        &[
            "kind: ValidatingAdmissionPolicyBinding",
            "name: oceanbase-backup-referenced-secrets\n",
            "name: oceanbase-backup-restricted-tasks\n",
            "'system:serviceaccount:oceanbase-backup-system:backups'",
            "[\"dba\",\"it''s",
        ],
    ),
    (
        r#"{"watchNamespaces": ["default", "kube-public"], "admissionPolicies": {"restrictedTasks": {"enabled": true}}}"#,
        &[
            "policyName: oceanbase-backup-restricted-tasks-oceanbase-backup-system\n",
            "key: kubernetes.io/metadata.name\n        operator: In\n        values:\n        - default\n        - kube-public\n",
        ],
    ),
    (
        r#"{"networkPolicy": {"enabled": true}}"#,
        &["kind: NetworkPolicy", "port: 6443", "port: 2883"],
    ),
    (
        r#"{"networkPolicy": {"enabled": true, "apiServerPorts": [443], "databasePorts": [12881],
            "metricsFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]}}"#,
        &["port: 12881", "kubernetes.io/metadata.name: monitoring"],
    ),
    (
        r#"{"priorityClassName": "system-cluster-critical", "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": [{"key": "control", "operator": "Exists"}], "topologySpreadConstraints": [],
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}]}}}}"#,
        &[
            "priorityClassName: system-cluster-critical",
            "kubernetes.io/os: linux",
            "key: control",
            "key: disk",
        ],
    ),
    (
        r#"{"resources": {"limits": {"memory": "1Gi"}}, "podSecurityContext": {"runAsUser": 1000, "fsGroup": 1000},
            "securityContext": {"runAsNonRoot": true}, "podLabels": {"team": "dba"},
            "podAnnotations": {"example.com/injected": "false"}, "commonLabels": {"cost": "42"}, "global": {"any": 1}}"#,
        &[
            "memory: 1Gi",
            "fsGroup: 1000",
            "team: dba",
            "example.com/injected: \"false\"",
            "cost: \"42\"",
        ],
    ),
];

/// Returns the manifest of each choice.
pub(super) fn chosen() -> &'static [String] {
    static RENDERED: LazyLock<Vec<String>> = LazyLock::new(|| {
        let numbered = CHOICES.iter().enumerate();
        let render = |(number, (values, _)): (usize, &(&str, _))| {
            let file = plane().directory().join(format!("values-{number}.yaml"));
            std::fs::write(&file, values).unwrap();
            rendered(SYSTEM, &["--values", file.to_str().unwrap()]).unwrap()
        };
        numbered.map(render).collect()
    });
    &RENDERED
}

/// The API server's own validation, with unknown and duplicate fields rejected.
#[test]
fn the_api_server_takes_what_every_choice_of_values_renders() {
    let here = plane();
    here.kubectl(&["create", "namespace", SYSTEM]).unwrap();
    for ((values, expected), manifest) in CHOICES.into_iter().zip(chosen()) {
        for part in expected {
            assert!(
                manifest.contains(part),
                "{values}: no {part} in\n{manifest}"
            );
        }
        let try_it = [
            "apply",
            "--dry-run=server",
            "--validate=strict",
            "--server-side",
        ];
        let try_it = [&try_it[..], &["--force-conflicts", "--filename=-"]].concat();
        here.kubectl_with(&try_it, manifest)
            .unwrap_or_else(|refusal| panic!("{values}: {refusal}"));
    }
}

#[test]
fn values_that_mean_nothing_are_refused_and_the_refusal_names_them() {
    for (argument, named) in [
        ("--set=replicas=many", "replicas"),
        ("--set=replicas=-1", "replicas"),
        ("--set=leaseSeconds=0", "leaseSeconds"),
        ("--set=minRecoveryWindowDays=0", "minRecoveryWindowDays"),
        ("--set=log.format=xml", "log/format"),
        ("--set=image.digest=latest", "image/digest"),
        (
            "--set=image.repository=operator@sha256:0",
            "image/repository",
        ),
        ("--set=image.registry=example.com", "registry"),
        (
            "--set-string=requireSecretBinding=true",
            "requireSecretBinding",
        ),
        ("--set=watchNamespaces={a\\,b}", "watchNamespaces/0"),
        ("--set=watchNamespaces={payments,Shop}", "watchNamespaces/1"),
        ("--set=watchNamespaces={shop,shop}", "watchNamespaces"),
        ("--set=watchNamespaces=payments", "watchNamespaces"),
        ("--set=watchNamespace=payments", "'watchNamespace'"),
        ("--set=networkPolicy.databasePorts={0}", "databasePorts"),
        ("--set=metrics.serviceMonitor.interval=often", "interval"),
        ("--set=metrics.dashboards.folder=Backup", "folder"),
        ("--set=admissionPolicies.enabled=true", "enabled"),
        (
            "--set-json=admissionPolicies.restrictedTasks.groups=[]",
            "restrictedTasks/groups",
        ),
        ("--set=imagePullSecrets={registry}", "imagePullSecrets"),
        (
            "--set=metrics.service.enabled=false,metrics.serviceMonitor.enabled=true",
            "metrics/service/enabled",
        ),
        (
            "--set=metrics.podMonitor.enabled=true,metrics.serviceMonitor.enabled=true",
            "metrics/podMonitor/enabled",
        ),
    ] {
        let refusal = rendered(SYSTEM, &[argument]).unwrap_err();
        assert!(refusal.contains(named), "{argument}: {refusal}");
        assert!(lint(&[argument]).is_err(), "{argument}");
    }
}

/// Collects the paths that a part of the schema has and `values.yaml` lacks.
fn missing(all: &Value, part: &Value, values: &Value, path: &str, found: &mut Vec<String>) {
    let named = part["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
    let schema = named.map_or(part, |named| all.pointer(named).unwrap());
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    for (name, property) in properties {
        let path = format!("{path}/{name}");
        match values.get(name) {
            Some(value) => missing(all, property, value, &path, found),
            None => found.push(path),
        }
    }
}

#[test]
fn the_schema_knows_no_value_that_has_no_default() {
    let read = |name: &str| std::fs::read_to_string(format!("{CHART}/{name}")).unwrap();
    let schema: Value = serde_json::from_str(&read("values.schema.json")).unwrap();
    let values = serde_saphyr::from_str(&read("values.yaml")).unwrap();
    let mut found = Vec::new();
    missing(&schema, &schema, &values, "", &mut found);
    // Helm's own: it is allowed for charts with this one as a dependency.
    assert_eq!(found, ["/global"]);
}
