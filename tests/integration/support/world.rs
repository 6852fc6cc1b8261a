//! The world of one story: a namespace, a simulated OceanBase on a port, and an operator.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use oceanbase_sim::Simulator;
use oceanbase_sim::clock::WallClock;
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::server::Server;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{Operator, apply, eventually, kubectl};

/// The password of `root@sys` in every story.
pub(crate) const PASSWORD: &str = "sesame-5f1d";

/// The world of one story.
pub(crate) struct World {
    pub(crate) namespace: String,
    pub(crate) simulator: Simulator,
    /// The simulator's port.
    pub(crate) port: u16,
    pub(crate) operator: Option<Operator>,
    started: usize,
    /// Serves the simulator; it ends with the world.
    _runtime: Runtime,
}

impl World {
    /// A namespace, a simulator playing this scenario, the Secret `prod-sys`, the
    /// OceanBaseCluster `prod` and the BackupStorage `nfs`; no operator yet.
    pub(crate) fn new(story: &str, scenario: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("{story}-{count}");
        let mut scenario = Scenario::parse(scenario).unwrap();
        PASSWORD.clone_into(&mut scenario.sys_password);
        let simulator = Simulator::new(&scenario, WallClock).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let login = Arc::new(simulator.clone());
        let server = runtime
            .block_on(Server::bind(address, login, None))
            .unwrap();
        let port = server.local_addr().unwrap().port();
        runtime.spawn(server.run());
        kubectl(&["create", "namespace", &namespace]).unwrap();
        let world = Self {
            namespace,
            simulator,
            port,
            operator: None,
            started: 0,
            _runtime: runtime,
        };
        world.apply(&format!(
            "
apiVersion: v1
kind: Secret
metadata: {{name: prod-sys}}
stringData: {{password: {PASSWORD}}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: OceanBaseCluster
metadata: {{name: prod}}
spec:
  endpoints: ['127.0.0.1:{port}']
  credentialsSecretRef: {{name: prod-sys}}
  tls: {{mode: Disabled}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: nfs}}
spec: {{type: NFS, nfs: {{path: /ob-backup}}}}
"
        ));
        world
    }

    /// The same, with an operator that runs.
    pub(crate) fn started(story: &str, scenario: &str) -> Self {
        let mut world = Self::new(story, scenario);
        world.start_operator();
        world
    }

    /// Starts an operator in the place of the one before, which must have been killed.
    pub(crate) fn start_operator(&mut self) {
        self.operator = Some(Operator::start(&self.namespace, self.started));
        self.started += 1;
    }

    /// SIGKILL.
    pub(crate) fn kill_operator(&mut self) {
        if let Some(operator) = self.operator.take() {
            operator.kill();
        }
    }

    /// `kubectl apply` in the story's namespace.
    pub(crate) fn apply(&self, manifest: &str) {
        apply(&self.namespace, manifest).unwrap();
    }

    /// `kubectl` in the story's namespace.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        kubectl(&[&["--namespace", &self.namespace], arguments].concat())
    }

    /// An object as JSON; `null` when there is none.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Value {
        match self.kubectl(&["get", kind, name, "--output", "json"]) {
            Ok(text) => serde_json::from_str(&text).unwrap(),
            Err(_) => Value::Null,
        }
    }

    /// All objects of a kind.
    pub(crate) fn list(&self, kind: &str) -> Vec<Value> {
        let text = self.kubectl(&["get", kind, "--output", "json"]).unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        list["items"].as_array().unwrap().clone()
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
                let conditions = object["status"]["conditions"].as_array();
                conditions.is_some_and(|conditions| {
                    conditions.iter().any(|known| {
                        known["type"] == condition
                            && known["status"] == status
                            && known["reason"] == reason
                    })
                })
            },
        )
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.operator = None;
        if std::thread::panicking() {
            return;
        }
        let _ = kubectl(&["delete", "namespace", &self.namespace, "--wait=false"]);
    }
}
