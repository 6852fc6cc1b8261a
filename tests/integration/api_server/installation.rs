//! A control plane of its own on which somebody ran `kubectl apply -k deploy` and nothing else. The
//! shared one will not do: an operator that is started as it is shipped looks at all namespaces.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use control_plane::ControlPlane;
use serde_json::{Value, json};

/// Where the operator runs.
pub(super) const SYSTEM: &str = "oceanbase-backup-system";
/// Who it is.
pub(super) const OPERATOR: &str =
    "system:serviceaccount:oceanbase-backup-system:oceanbase-backup-operator";

/// The control plane.
pub(super) struct Installation {
    plane: ControlPlane,
    /// What the first apply printed.
    pub(super) printed: String,
}

/// The installation that all tests share.
pub(super) fn installation() -> &'static Installation {
    static SHARED: LazyLock<Installation> = LazyLock::new(|| {
        let mut installation = Installation {
            plane: ControlPlane::start().unwrap(),
            printed: String::new(),
        };
        installation.printed = installation.apply_all();
        installation
            .kubectl(&["wait", "--for=condition=Established", "crd", "--all"])
            .unwrap();
        installation
    });
    &SHARED
}

impl Installation {
    /// `kubectl apply -k deploy`.
    pub(super) fn apply_all(&self) -> String {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
        self.kubectl(&["apply", "--kustomize", deploy.to_str().unwrap()])
            .unwrap()
    }

    /// As its administrator. The error is what kubectl complains of.
    pub(super) fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        self.kubectl_with(arguments, "")
    }

    /// The same with standard input.
    pub(super) fn kubectl_with(&self, arguments: &[&str], input: &str) -> Result<String, String> {
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

    /// An object as JSON.
    pub(super) fn get(&self, arguments: &[&str]) -> Value {
        let arguments = [&["get", "--output=json"], arguments].concat();
        serde_json::from_str(&self.kubectl(&arguments).unwrap()).unwrap()
    }

    /// The operator as the Deployment starts it: its arguments, its account, no namespace.
    pub(super) fn start_operator(&self) -> OperatorProcess {
        let deployment = self.get(&["deployment", "oceanbase-backup-operator", "-n", SYSTEM]);
        let pod = &deployment["spec"]["template"]["spec"];
        let account = pod["serviceAccountName"].as_str().unwrap();
        let token = self
            .kubectl(&["create", "token", account, "-n", SYSTEM])
            .unwrap();
        let text = std::fs::read_to_string(self.plane.kubeconfig()).unwrap();
        let mut kubeconfig: Value = serde_saphyr::from_str(&text).unwrap();
        for user in kubeconfig["users"].as_array_mut().unwrap() {
            user["user"] = json!({"token": token.trim()});
        }
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let file = directory.join("operator-account.kubeconfig");
        std::fs::write(&file, kubeconfig.to_string()).unwrap();
        let log = directory.join("operator-deployed.log");
        let output = File::create(&log).unwrap();
        let arguments = pod["containers"][0]["args"].as_array().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_oceanbase-backup-operator"))
            .args(arguments.iter().map(|argument| argument.as_str().unwrap()))
            .env("KUBECONFIG", file)
            // Another test's operator may have the port.
            .env("HTTP_ADDRESS", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .spawn()
            .unwrap();
        OperatorProcess { child, log }
    }
}

/// A running operator. Dropping it kills it.
pub(super) struct OperatorProcess {
    child: Child,
    log: PathBuf,
}

impl OperatorProcess {
    /// What it logged so far.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for OperatorProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
