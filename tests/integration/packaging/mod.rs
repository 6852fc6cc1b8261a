//! Tests of the chart and the manifests: rendering, rejected values, a real Helm that installs,
//! updates and uninstalls, and kubeconform.

mod admission;
mod conform;
mod equal;
mod hurtful;
mod installed;
mod namespaced;
mod upgraded;
mod values;

use std::sync::LazyLock;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use crate::support::cluster::run;
use crate::support::installation::{Installation, OperatorProcess};
use crate::support::world::{NFS, PASSWORD, cluster, secret};
use crate::support::{Node, eventually};

/// The chart.
const CHART: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/charts/oceanbase-backup-operator"
);
/// The name of the releases.
const RELEASE: &str = "backups";

const SCENARIO: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB}
";

const STRATEGY: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  firstBackup: Immediately
  schedule: {timeZone: UTC, full: {cron: '0 0 1 1 *'}}
  retention: {policy: Unmanaged}
";

/// Returns a control plane for charts, with the definitions of `deploy/crds.yaml` and of the
/// Prometheus operator. The installed chart watches one namespace only.
fn plane() -> &'static Installation {
    static SHARED: LazyLock<Installation> = LazyLock::new(|| {
        let plane = Installation::empty();
        for file in [
            "deploy/crds.yaml",
            "tests/integration/packaging/servicemonitors.yaml",
            "tests/integration/packaging/podmonitors.yaml",
            "tests/integration/packaging/prometheusrules.yaml",
        ] {
            let file = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
            let apply = ["apply", "--server-side", "--filename", &file];
            plane.kubectl(&apply).unwrap();
        }
        plane.await_definitions();
        plane
    });
    &SHARED
}

/// Returns the output of `helm template` in a namespace with further arguments.
fn rendered(namespace: &str, arguments: &[&str]) -> Result<String, String> {
    let mut helm = helm::offline(plane().directory()).unwrap();
    let template = ["template", RELEASE, CHART, "--namespace", namespace];
    run(helm.args(template).args(arguments), None)
}

/// Returns the objects of a manifest.
fn objects(manifest: &str) -> Vec<Value> {
    let manifest = format!("\n{manifest}");
    let documents = manifest.split("\n---\n").filter(|text| {
        let mut lines = text.lines();
        lines.any(|line| !line.trim().is_empty() && !line.starts_with('#'))
    });
    documents
        .map(|document| serde_saphyr::from_str(document).unwrap())
        .collect()
}

/// Creates namespace `shop` with a strategy for the tenant of this node.
fn apply_strategy(here: &Installation, node: &Node) {
    here.kubectl(&["create", "namespace", "shop"]).unwrap();
    apply_in(here, node, "shop");
}

fn apply_in(here: &Installation, node: &Node, namespace: &str) {
    for manifest in [
        &secret(PASSWORD),
        &cluster("prod", node.port),
        NFS,
        STRATEGY,
    ] {
        let apply = ["apply", "--namespace", namespace, "--filename=-"];
        here.kubectl_with(&apply, manifest).unwrap();
    }
}

/// Waits until the only task of a namespace is in this phase, and returns it.
fn task_is(here: &Installation, namespace: &str, phase: &str) -> Value {
    let tasks = eventually(
        &format!("a task in phase {phase}"),
        || here.get(&["backuptasks", "--namespace", namespace]),
        |tasks| tasks["items"][0]["status"]["phase"] == phase,
    );
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1);
    tasks["items"][0].clone()
}

/// A backup of `orders` by an installed operator, which the database holds while it runs.
struct HeldBackup {
    node: Node,
    /// Its task.
    task: Value,
}

impl HeldBackup {
    /// Starts the operator as it was installed, and has it start the backup.
    fn start(here: &Installation) -> (Self, OperatorProcess) {
        let node = Node::start(SCENARIO);
        let hold = Fault::Hold {
            tenant: "orders".to_owned(),
            at: Stage::Doing,
        };
        node.simulator.inject(hold).unwrap();
        let operator = here.start_operator();
        apply_strategy(here, &node);
        let task = task_is(here, "shop", "InProgress");
        (Self { node, task }, operator)
    }

    fn release(&self) {
        let tenant = "orders".to_owned();
        self.node
            .simulator
            .inject(Fault::Release { tenant })
            .unwrap();
    }

    /// Waits for its end with the original task and job, and checks that nothing else was sent.
    fn has_gone_through_once(&self, here: &Installation) {
        let ended = task_is(here, "shop", "Completed");
        for field in ["/metadata/uid", "/status/jobID"] {
            assert_eq!(ended.pointer(field), self.task.pointer(field), "{field}");
        }
        let count = |kind| {
            let simulator = &self.node.simulator;
            simulator.log(|log| log.of_kind(kind).count())
        };
        assert_eq!((count(Kind::Backup), count(Kind::CancelBackup)), (1, 0));
    }
}
