//! The world of one story: a namespace, a simulated OceanBase on a port, and an operator.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use oceanbase_sim::Simulator;
use oceanbase_sim::fault::Fault;
use oceanbase_sim::log::Entry;
use oceanbase_sim::model::Stage;
use oceanbase_sim::statement::Kind;
use oceanbase_sim::value::{Backend, End};
use serde_json::Value;

use super::api::{self, client};
use super::{Node, Operator, account, canary, eventually, kubectl, reasons};

/// The password of `root@sys` in every story, which is used nowhere else.
pub(crate) const PASSWORD: &str = "canary-sesame+5f1d/c04e93a7b1=";

/// The world of one story.
pub(crate) struct World {
    pub(crate) namespace: String,
    pub(crate) simulator: Simulator,
    /// The simulator's port.
    pub(crate) port: u16,
    pub(crate) operator: Option<Operator>,
    /// The operators' access to the API server.
    pub(crate) kubeconfig: PathBuf,
    started: usize,
    /// Runs the simulator; it ends with the world.
    _node: Node,
}

impl World {
    /// Creates a namespace, a simulator with this scenario, the Secret `prod-sys`, the
    /// OceanBaseCluster `prod` and the BackupStorage `nfs`; no operator yet.
    pub(crate) fn new(story: &str, scenario: &str) -> Self {
        let world = Self::bare(story, scenario);
        world.apply(&secret(PASSWORD));
        world.apply(&cluster("prod", world.port));
        world.apply(NFS);
        world
    }

    /// Creates a namespace and a simulator with this scenario; no objects, no operator.
    pub(crate) fn bare(story: &str, scenario: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("{story}-{count}");
        let node = Node::start(scenario);
        api::create_namespace(client(), &namespace);
        Self {
            namespace,
            simulator: node.simulator.clone(),
            port: node.port,
            operator: None,
            kubeconfig: account::kubeconfig().to_owned(),
            started: 0,
            _node: node,
        }
    }

    /// Creates the same as [`World::new`], with a running operator.
    pub(crate) fn started(story: &str, scenario: &str) -> Self {
        let mut world = Self::new(story, scenario);
        world.start_operator();
        world
    }

    /// Starts an operator after the previous one was killed.
    pub(crate) fn start_operator(&mut self) {
        self.start_operator_with(&[]);
    }

    /// Does the same with further arguments.
    pub(crate) fn start_operator_with(&mut self, arguments: &[&str]) {
        let operator =
            Operator::start_with(&self.kubeconfig, &self.namespace, self.started, arguments);
        self.operator = Some(operator);
        self.started += 1;
    }

    /// Sends SIGKILL.
    pub(crate) fn kill_operator(&mut self) {
        if let Some(operator) = self.operator.take() {
            operator.kill();
        }
    }

    /// Applies a manifest in the story's namespace.
    pub(crate) fn apply(&self, manifest: &str) {
        api::apply(client(), &self.namespace, manifest).unwrap();
    }

    /// Edits an object with a merge patch, written as YAML.
    pub(crate) fn edit(&self, kind: &str, name: &str, change: &str) {
        let change: Value = serde_saphyr::from_str(change).unwrap();
        api::patch(client(), &self.namespace, (kind, name), &change).unwrap();
    }

    /// Runs `kubectl` in the story's namespace.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        kubectl(&[&["--namespace", &self.namespace], arguments].concat())
    }

    /// Returns an object as JSON; `null` if it does not exist.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Value {
        api::get(client(), &self.namespace, kind, name)
    }

    /// Returns all objects of a kind.
    pub(crate) fn list(&self, kind: &str) -> Vec<Value> {
        api::list(client(), &self.namespace, kind)
    }

    /// Waits until an object's `status.phase` is this one, and returns the object.
    pub(crate) fn phase(&self, kind: &str, name: &str, phase: &str) -> Value {
        eventually(
            &format!("{kind} {name} in phase {phase}"),
            || self.get(kind, name),
            |object| object["status"]["phase"] == phase,
        )
    }

    /// Waits until a condition of an object has this status and reason, and returns the object.
    pub(crate) fn condition(
        &self,
        (kind, name): (&str, &str),
        condition: &str,
        status: &str,
        reason: &str,
    ) -> Value {
        eventually(
            &format!("{kind} {name} with {condition}={status}/{reason}"),
            || self.get(kind, name),
            |object| {
                let known = condition_of(object, condition);
                known["status"] == status && known["reason"] == reason
            },
        )
    }

    /// Injects a fault, or an action of another tool, into the database.
    pub(crate) fn inject(&self, fault: Fault) {
        self.simulator.inject(fault).unwrap();
    }

    /// Holds the tenant's backups in this stage.
    pub(crate) fn hold(&self, tenant: &str, at: Stage) {
        let tenant = tenant.to_owned();
        self.inject(Fault::Hold { tenant, at });
    }

    /// Releases the tenant's backups.
    pub(crate) fn release(&self, tenant: &str) {
        let tenant = tenant.to_owned();
        self.inject(Fault::Release { tenant });
    }

    /// Sends a DBA's statement as `root@sys`.
    pub(crate) fn sql(&self, text: &str) {
        let mut session = self.simulator.connect("root@sys", PASSWORD).unwrap();
        let reply = session.execute(text);
        assert_eq!(reply.end, End::Complete, "{text}");
    }

    /// Returns the result of a query of `root@sys`: the values as text.
    pub(crate) fn rows(&self, query: &str) -> Vec<Vec<Option<String>>> {
        let mut session = self.simulator.connect("root@sys", PASSWORD).unwrap();
        session.execute(query).last().expect(query).rows
    }

    /// Returns statements that change the database, in order, without secrets.
    pub(crate) fn changing(&self) -> Vec<String> {
        self.simulator
            .log(|log| log.changing().map(Entry::to_string).collect())
    }

    /// Returns how many statements of this kind arrived, with any result.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.simulator.log(|log| log.of_kind(kind).count())
    }

    /// Clears the statement log.
    pub(crate) fn forget_statements(&self) {
        self.simulator
            .log_mut(oceanbase_sim::log::StatementLog::clear);
    }

    /// Waits until the operator has read the database twice more, and has therefore reacted to its
    /// earlier state.
    pub(crate) fn settle(&self) {
        let reads = || {
            self.simulator.log(|log| {
                let selects = log.of_kind(Kind::Select);
                selects
                    .filter(|entry| entry.text.contains("TENANT_TYPE = 'USER'"))
                    .count()
            })
        };
        let before = reads();
        eventually("two reads of the database", reads, |now| *now >= before + 3);
    }
}

impl World {
    /// Returns the value of a Secret in an object, an event or a metric, and where.
    fn leak(&mut self) -> Option<String> {
        let kinds = oceanbase_backup_operator::api::crds();
        let plurals = kinds.iter().map(|kind| kind.spec.names.plural.as_str());
        let objects = plurals.chain(["events"]).find_map(|kind| {
            let objects = serde_json::to_string(&self.list(kind)).unwrap();
            canary::leak(kind, &objects)
        });
        objects.or_else(|| {
            let operator = self.operator.as_mut()?;
            let metrics = operator.is_running().then(|| operator.get("/metrics").1)?;
            canary::leak("the metrics", &metrics)
        })
    }
}

impl World {
    /// Returns a reason in a status or an event of the operator that `docs/troubleshooting.md` does
    /// not explain.
    fn unexplained(&self) -> Option<String> {
        let kinds = oceanbase_backup_operator::api::crds();
        let plurals = kinds.iter().map(|kind| kind.spec.names.plural.as_str());
        let objects = plurals.flat_map(|kind| self.list(kind));
        let mut shown: Vec<Value> = objects.map(|object| object["status"].clone()).collect();
        let mut events = self.list("events");
        events.retain(|event| event["reportingComponent"] == "oceanbase-backup-operator");
        shown.extend(events);
        reasons::unexplained(&shown)
    }
}

/// The namespace stays. Deleting hundreds of them would occupy the namespace controller for
/// minutes, and delay the story of a deleted namespace. The control plane ends with the tests.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let leak = self.leak();
        let unexplained = self.unexplained();
        self.operator = None;
        assert_eq!(leak, None);
        assert_eq!(unexplained, None, "is not in docs/troubleshooting.md");
    }
}

/// Returns a condition of an object; `null` without one of the type.
pub(crate) fn condition_of(object: &Value, condition: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    let known = conditions.find(|known| known["type"] == condition);
    known.cloned().unwrap_or_default()
}

/// The storage of every story.
pub(crate) const NFS: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {name: nfs}
spec: {type: NFS, nfs: {path: /ob-backup}}
";

/// A drill whose slot is on New Year's Day.
pub(crate) const DRILL: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryDrill
metadata: {name: yearly}
spec:
  strategyRef: {name: nightly}
  schedule: {timeZone: UTC, cron: '0 0 1 1 *'}
  target: {clusterRef: {name: prod}, resources: {pools: [spare]}}
";

/// Returns the Secret of the cluster's account.
pub(crate) fn secret(password: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: prod-sys}}
stringData: {{password: {password}}}
"
    )
}

/// Returns an OceanBaseCluster on this port.
pub(crate) fn cluster(name: &str, port: u16) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: OceanBaseCluster
metadata: {{name: {name}}}
spec:
  endpoints: ['127.0.0.1:{port}']
  credentials: {{secretRef: {{name: prod-sys}}}}
  tls: {{mode: Disabled}}
"
    )
}
