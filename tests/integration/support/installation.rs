//! A control plane of its own with only the operator installed. The shared one is unsuitable,
//! because an operator with the shipped settings watches all namespaces.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use control_plane::ControlPlane;
use kube::config::Kubeconfig;
use serde_json::Value;

use super::account::with_token;
use super::api::client_of;
use super::cluster::{await_definitions, run};
use super::proxy::Proxy;
use super::wait::eventually;

/// The operator's namespace.
pub(crate) const SYSTEM: &str = "oceanbase-backup-system";
/// The operator's user name.
pub(crate) const OPERATOR: &str =
    "system:serviceaccount:oceanbase-backup-system:oceanbase-backup-operator";

/// Number of started operators: each has files of its own.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// The control plane.
pub(crate) struct Installation {
    plane: ControlPlane,
    /// Output of the first apply.
    pub(crate) printed: String,
}

/// Returns the installation that all tests share.
pub(crate) fn installation() -> &'static Installation {
    static SHARED: LazyLock<Installation> = LazyLock::new(Installation::new);
    &SHARED
}

/// Returns a control plane on which nothing is installed, for one test at a time. Such tests take
/// turns, because another control plane takes more time than to clean this one.
///
/// The guard must outlive the operators that the test starts.
pub(crate) fn empty_installation() -> MutexGuard<'static, Installation> {
    static SHARED: LazyLock<Mutex<Installation>> =
        LazyLock::new(|| Mutex::new(Installation::empty()));
    // A test that failed leaves no more behind than one that passed.
    let here = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    here.clean();
    here
}

impl Installation {
    /// Creates a control plane on which nothing is installed yet.
    pub(crate) fn empty() -> Self {
        Self {
            plane: ControlPlane::start().unwrap(),
            printed: String::new(),
        }
    }

    /// Deletes what a test of an installation leaves behind.
    fn clean(&self) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/install.yaml");
        let delete = ["delete", "--ignore-not-found", "--timeout=5m"];
        for objects in [
            // The definitions first: their objects are deleted with them.
            &["crd", "--all"][..],
            &["--filename", file],
            &["namespace", SYSTEM, "shop"],
        ] {
            self.kubectl(&[&delete[..], objects].concat()).unwrap();
        }
    }

    /// Creates a control plane on which `deploy` was applied.
    pub(crate) fn new() -> Self {
        let mut installation = Self::empty();
        installation.printed = installation.apply_all();
        installation.await_definitions();
        installation
    }

    /// Waits until the API server serves all definitions.
    pub(crate) fn await_definitions(&self) {
        await_definitions(&self.plane);
    }

    /// Runs `kubectl apply -k deploy`.
    pub(crate) fn apply_all(&self) -> String {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
        self.kubectl(&["apply", "--kustomize", deploy.to_str().unwrap()])
            .unwrap()
    }

    /// Runs Helm as the administrator. The error is Helm's message.
    pub(crate) fn helm(&self, arguments: &[&str]) -> Result<String, String> {
        run(helm::helm(&self.plane).unwrap().args(arguments), None)
    }

    /// Returns a directory for files, which is deleted with it.
    pub(crate) fn directory(&self) -> &Path {
        self.plane.directory()
    }

    /// Runs kubectl as the administrator. The error is kubectl's message.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        self.kubectl_with(arguments, "")
    }

    /// Does the same with standard input.
    pub(crate) fn kubectl_with(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut child = self
            .plane
            .kubectl()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr) + &text(&output.stdout))
        }
    }

    /// Returns an object as JSON.
    pub(crate) fn get(&self, arguments: &[&str]) -> Value {
        let arguments = [&["get", "--output=json"], arguments].concat();
        serde_json::from_str(&self.kubectl(&arguments).unwrap()).unwrap()
    }

    /// Runs a shell whose `kubectl` has the administrator's rights.
    pub(crate) fn shell(&self, script: &str) -> Result<String, String> {
        let kubectl = self.plane.kubectl();
        let mut shell = Command::new("bash");
        shell.current_dir(env!("CARGO_MANIFEST_DIR"));
        for (name, value) in kubectl.get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        let program = kubectl.get_program().to_str().unwrap();
        let script =
            format!("set -euo pipefail\nkubectl() {{ {program} kubectl \"$@\"; }}\n{script}");
        run(shell.args(["-c", &script]), None)
    }

    /// Starts the operator as its Deployment does: with its arguments, variables and account.
    pub(crate) fn start_operator(&self) -> OperatorProcess {
        self.start_operator_in(SYSTEM)
    }

    /// Does the same with a Deployment in another namespace.
    pub(crate) fn start_operator_in(&self, namespace: &str) -> OperatorProcess {
        let deployment = self.get(&["deployment", "oceanbase-backup-operator", "-n", namespace]);
        let pod = &deployment["spec"]["template"]["spec"];
        let account = pod["serviceAccountName"].as_str().unwrap();
        let token = self
            .kubectl(&["create", "token", account, "-n", namespace])
            .unwrap();
        let name = format!("deployed-{}", STARTED.fetch_add(1, Ordering::Relaxed));
        let file = with_token(self.plane.kubeconfig(), &token, &name);
        let log = file.with_extension("log");
        let gate = Proxy::before(client_of(&Kubeconfig::read_from(file).unwrap()));
        let output = File::create(&log).unwrap();
        let container = &pod["containers"][0];
        let mut command = Command::new(env!("CARGO_BIN_EXE_oceanbase-backup-operator"));
        for argument in container["args"].as_array().unwrap() {
            command.arg(argument.as_str().unwrap());
        }
        for variable in container["env"].as_array().unwrap() {
            let value = match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                Some("metadata.name") => "oceanbase-backup-operator-0",
                Some("metadata.namespace") => namespace,
                _ => variable["value"].as_str().unwrap(),
            };
            command.env(variable["name"].as_str().unwrap(), value);
        }
        let child = command
            .env("KUBECONFIG", gate.kubeconfig(self.plane.directory()))
            // Another test's operator may use the port.
            .env("HTTP_ADDRESS", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .spawn()
            .unwrap();
        OperatorProcess { child, log, gate }
    }
}

/// A running operator with its proxy. Dropping it kills the operator.
pub(crate) struct OperatorProcess {
    child: Child,
    log: PathBuf,
    pub(crate) gate: Proxy,
}

impl OperatorProcess {
    /// Returns the log so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Returns the status of the answer to an HTTP GET.
    pub(crate) fn answer(&self, path: &str) -> String {
        let log = eventually(
            "an address in the log",
            || self.log(),
            |log| log.contains("\"address\""),
        );
        let (_, rest) = log.split_once("\"address\":\"").unwrap();
        let address = rest.split('"').next().unwrap();
        let Ok(mut stream) = TcpStream::connect(address) else {
            return "no connection".to_owned();
        };
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    }

    /// Sends SIGTERM, as when a new Pod replaces it, and returns the exit status.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let kill = format!("kill -s TERM {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap()
    }
}

impl Drop for OperatorProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
