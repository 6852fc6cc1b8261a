//! Tests with Flux's kustomize-controller, which applies the examples, waits for their health and
//! prunes them.

use std::collections::BTreeMap;

use flux::{Artifact, KustomizeController, Sources};
use jiff::Timestamp;
use oceanbase_sim::fault::Fault;
use serde_json::{Value, json};

use super::{archives, example, file, spec_and_metadata};
use crate::stories::ONE_TENANT;
use crate::support::cluster::{await_definitions, run};
use crate::support::world::{PASSWORD, condition_of, secret};
use crate::support::{World, control_plane, eventually, kubectl, scratch};

const OPERATOR: &str = "oceanbase-backup-operator";
const BACKUPS: &str = "backups";
const ONCE: &str = "backups-that-run-once";
const STRATEGY: &str = "deploy/gitops/backups/strategy.yaml";
const LIST: &str = "deploy/gitops/backups/kustomization.yaml";

/// A world with a kustomize-controller, and its content of Git.
struct Git {
    // Killed before the world ends.
    controller: KustomizeController,
    world: World,
    sources: Sources,
    files: BTreeMap<String, String>,
    /// Number of requested reconciliations.
    asked: usize,
}

impl Git {
    /// Creates the examples in Git and a running operator, without the cluster's Secret.
    fn new(story: &str) -> Self {
        let apply = ["apply", "--server-side", "--filename"];
        let definitions = flux::definitions();
        kubectl(&[&apply[..], &[definitions.to_str().unwrap()]].concat()).unwrap();
        await_definitions(control_plane());
        let mut world = World::bare(story, ONE_TENANT);
        world.start_operator();
        let mut files = BTreeMap::new();
        for name in [
            "cluster.yaml",
            "storage.yaml",
            "strategy.yaml",
            "kustomization.yaml",
        ] {
            let name = format!("backups/{name}");
            files.insert(format!("deploy/gitops/{name}"), example(&world, &name));
        }
        for name in ["before-release.yaml", "kustomization.yaml"] {
            let name = format!("tasks/{name}");
            // The example's date is in the past.
            let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let text = example(&world, &name).replace("2026-11-20T22:00:00+08:00", &now);
            files.insert(format!("deploy/gitops/{name}"), text);
        }
        // Replaces the operator, which runs outside of the cluster here.
        let listed = "resources: [operator.yaml, definition.yaml]".to_owned();
        files.insert("deploy/kustomization.yaml".to_owned(), listed);
        let operator = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "operator", "namespace": world.namespace}});
        files.insert("deploy/operator.yaml".to_owned(), operator.to_string());
        let definition = definition_of(&world).to_string();
        files.insert("deploy/definition.yaml".to_owned(), definition);

        let kubeconfig = control_plane().kubeconfig();
        let controller = KustomizeController::start(kubeconfig, &world.namespace, scratch());
        let git = Self {
            controller: controller.unwrap(),
            world,
            sources: Sources::serve().unwrap(),
            files,
            asked: 0,
        };
        git.push();
        for kustomization in git.kustomizations() {
            git.apply(&kustomization);
        }
        git
    }

    /// Returns the Kustomizations of the example, for this source, with shorter timeouts.
    fn kustomizations(&self) -> Vec<Value> {
        let example = file("deploy/flux/kustomizations.yaml");
        let mut objects: Vec<Value> = serde_saphyr::from_multiple(&example).unwrap();
        objects.retain(|object| object["kind"] == "Kustomization");
        assert_eq!(objects.len(), 3);
        for object in &mut objects {
            object["metadata"]["namespace"] = json!(self.world.namespace);
            let spec = object["spec"].as_object_mut().unwrap();
            spec.insert("retryInterval".to_owned(), json!("2s"));
            spec.insert(
                "sourceRef".to_owned(),
                json!({"kind": "ExternalArtifact", "name": "backups"}),
            );
            if let Some(namespace) = spec.get_mut("targetNamespace") {
                *namespace = json!(self.world.namespace);
            }
        }
        objects
    }

    fn apply(&self, object: &Value) {
        let mut kubectl = control_plane().kubectl();
        let apply = ["apply", "--server-side", "--filename=-"];
        kubectl
            .args(["--namespace", &self.world.namespace])
            .args(apply);
        run(&mut kubectl, Some(&object.to_string())).unwrap();
    }

    /// Publishes the content of Git as a new revision of the source.
    fn push(&self) {
        let Artifact { url, digest, size } = self.sources.publish(&self.files).unwrap();
        self.apply(&json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "ExternalArtifact",
            "metadata": {"name": "backups"},
            "spec": {},
        }));
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let file = url.rsplit('/').next().unwrap();
        let status = json!({"status": {
            "artifact": {"digest": digest, "lastUpdateTime": now, "path": file,
                "revision": format!("main@{digest}"), "size": size, "url": url},
            "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded",
                "message": "stored", "lastTransitionTime": now}],
        }});
        let write = [
            "patch",
            "externalartifact",
            "backups",
            "--subresource=status",
            "--type=merge",
        ];
        let status = status.to_string();
        let write = [&write[..], &["--patch", &status]].concat();
        self.world.kubectl(&write).unwrap();
    }

    /// Returns a Kustomization.
    fn kustomization(&self, name: &str) -> Value {
        let get = ["get", "kustomization", name, "--output=json"];
        serde_json::from_str(&self.world.kubectl(&get).unwrap()).unwrap()
    }

    /// Waits until Ready of a Kustomization has this status and reason for the present revision.
    fn is_ready(&self, name: &str, status: &str, reason: &str) -> Value {
        let source = [
            "get",
            "externalartifact",
            "backups",
            "--output=jsonpath={.status.artifact.revision}",
        ];
        let revision = self.world.kubectl(&source).unwrap();
        eventually(
            &format!("Kustomization {name} with Ready={status}/{reason}"),
            || self.kustomization(name),
            |object| {
                let ready = condition_of(object, "Ready");
                let seen = object["status"]["lastAttemptedRevision"] == revision.as_str();
                ready["status"] == status && ready["reason"] == reason && (seen || status != "True")
            },
        )
    }

    /// Reapplies a Kustomization.
    fn reconcile(&mut self, name: &str) {
        self.asked += 1;
        let token = format!("{}", self.asked);
        let annotation = format!("reconcile.fluxcd.io/requestedAt={token}");
        let annotate = [
            "annotate",
            "--overwrite",
            "kustomization",
            name,
            &annotation,
        ];
        self.world.kubectl(&annotate).unwrap();
        eventually(
            "the reconciliation",
            || self.kustomization(name),
            |object| object["status"]["lastHandledReconcileAt"] == token.as_str(),
        );
    }

    /// Returns the controller's logged changes of the operator's kinds: object and action.
    fn deeds(&self) -> Vec<(String, String)> {
        let log = self.controller.log();
        let outputs = log.iter().filter_map(|line| line["output"].as_object());
        let deeds = outputs
            .flatten()
            .map(|(object, deed)| (object.clone(), deed.as_str().unwrap_or_default().to_owned()));
        deeds.collect()
    }
}

#[test]
fn a_kustomization_is_ready_when_its_objects_are_and_has_failed_when_a_task_has() {
    let mut git = Git::new("flux-health");
    // The Secret is missing: what depends on these waits.
    git.world.condition(
        ("oceanbasecluster", "prod"),
        "Ready",
        "False",
        "SecretNotFound",
    );
    git.is_ready(BACKUPS, "Unknown", "Progressing");
    git.is_ready(ONCE, "False", "DependencyNotReady");
    git.world.apply(&secret(PASSWORD));
    git.is_ready(BACKUPS, "True", "ReconciliationSucceeded");
    git.is_ready(ONCE, "True", "ReconciliationSucceeded");
    let task = git.world.get("backuptask", "before-release-2026-11");
    assert_eq!(task["status"]["phase"], "Completed");

    git.world.inject(Fault::FailBackup {
        tenant: "orders".to_owned(),
        code: -9082,
        comment: None,
    });
    let path = "deploy/gitops/tasks/before-release.yaml".to_owned();
    let next = git.files[&path].replace("before-release-2026-11", "before-release-2026-12");
    git.files.insert(path, next);
    git.push();
    let failed = git.is_ready(ONCE, "False", "HealthCheckFailed");
    let message = condition_of(&failed, "Ready")["message"].to_string();
    assert!(message.contains("before-release-2026-12"), "{message}");
    // A failed task of last night does not block the strategies.
    git.reconcile(BACKUPS);
    git.is_ready(BACKUPS, "True", "ReconciliationSucceeded");
}

/// Returns a definition in place of the operator's: other stories need those to stay.
fn definition_of(world: &World) -> Value {
    let group = format!("{}.example.com", world.namespace);
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("backups.{group}")},
        "spec": {
            "group": group,
            "names": {"kind": "Backup", "plural": "backups"},
            "scope": "Namespaced",
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }],
        },
    })
}

#[test]
fn a_kustomization_that_is_deleted_leaves_the_definitions_and_so_every_object() {
    let git = Git::new("flux-definitions");
    git.is_ready(OPERATOR, "True", "ReconciliationSucceeded");
    let delete = ["delete", "kustomization", OPERATOR, "--timeout=60s"];
    git.world.kubectl(&delete).unwrap();
    eventually(
        "the operator to go",
        || git.world.get("configmap", "operator"),
        Value::is_null,
    );
    let definition = definition_of(&git.world)["metadata"]["name"].clone();
    let left = git
        .world
        .get("customresourcedefinition", definition.as_str().unwrap());
    let is_leaving = left["metadata"].get("deletionTimestamp").is_some();
    assert!(left.is_object() && !is_leaving, "{left}");
}

#[test]
fn ten_reconciliations_change_nothing_and_a_prune_leaves_archiving_and_backups_alone() {
    let mut git = Git::new("flux-drift");
    git.world.apply(&secret(PASSWORD));
    git.is_ready(ONCE, "True", "ReconciliationSucceeded");
    let specs = |git: &Git| {
        let kinds = [
            "oceanbasecluster",
            "backupstorage",
            "backupstrategy",
            "backuptask",
        ];
        let objects = kinds.iter().flat_map(|kind| git.world.list(kind));
        let of_git = objects.filter(|object| object["metadata"]["ownerReferences"].is_null());
        of_git
            .map(|object| spec_and_metadata(&object))
            .collect::<Vec<_>>()
    };
    let (before, deeds) = (specs(&git), git.deeds().len());
    assert_eq!(before.len(), 4);
    assert!(deeds > 0);
    for _ in 0..10 {
        git.reconcile(BACKUPS);
        git.reconcile(ONCE);
    }
    let deeds = git.deeds().split_off(deeds);
    let changed = deeds
        .iter()
        .filter(|(_, deed)| deed != "unchanged" && deed != "skipped");
    assert_eq!(changed.collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    assert_eq!(specs(&git), before);

    git.world.settle();
    git.world.forget_statements();
    git.files.remove(STRATEGY);
    let listed = git.files[LIST].replace("- strategy.yaml\n", "");
    git.files.insert(LIST.to_owned(), listed);
    git.push();
    let await_deleted = |git: &Git, kind: &str, name: &str| {
        eventually(
            "the object to be deleted",
            || git.world.get(kind, name),
            Value::is_null,
        );
    };
    await_deleted(&git, "backupstrategy", "nightly");
    git.world.settle();
    assert!(archives(&git.world));
    for name in [ONCE, BACKUPS] {
        let delete = ["delete", "kustomization", name, "--timeout=60s"];
        git.world.kubectl(&delete).unwrap();
    }
    await_deleted(&git, "oceanbasecluster", "prod");
    await_deleted(&git, "backuptask", "before-release-2026-11");
    assert_eq!(git.world.changing(), [""; 0]);
    assert!(archives(&git.world));
    let sets = git.world.rows(
        "SELECT COUNT(*) FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE FILE_STATUS = 'AVAILABLE'",
    );
    assert_ne!(sets[0][0].as_deref(), Some("0"));
}
