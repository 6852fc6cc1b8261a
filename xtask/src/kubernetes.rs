//! The cluster of a command: the embedded or the current cluster.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use control_plane::ControlPlane;
use serde_json::Value;

/// A Kubernetes cluster.
pub(crate) enum Kubernetes {
    /// Started by this command, and ended with it.
    Embedded(Box<ControlPlane>),
    /// The cluster of KUBECONFIG or `~/.kube/config`.
    Current(PathBuf),
}

impl Kubernetes {
    /// Starts the embedded cluster. The first start builds it, which takes minutes.
    pub(crate) async fn embedded() -> Result<Self> {
        let plane = tokio::task::spawn_blocking(ControlPlane::start).await??;
        Ok(Self::Embedded(Box::new(plane)))
    }

    /// Returns the current cluster, used with the kubectl that is built here.
    pub(crate) async fn current() -> Result<Self> {
        let program = tokio::task::spawn_blocking(control_plane::binary).await??;
        Ok(Self::Current(program))
    }

    /// Returns KUBECONFIG for other programs, unless their present value is right.
    pub(crate) fn kubeconfig(&self) -> Option<&std::path::Path> {
        match self {
            Self::Embedded(plane) => Some(plane.kubeconfig()),
            Self::Current(_) => None,
        }
    }

    fn command(&self) -> Command {
        match self {
            Self::Embedded(plane) => plane.kubectl(),
            Self::Current(program) => {
                let mut command = Command::new(program);
                command.arg("kubectl");
                command
            }
        }
    }

    /// Runs kubectl and returns its output.
    pub(crate) fn kubectl(&self, arguments: &[&str], input: Option<&str>) -> Result<String> {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(if input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("kubectl cannot be started")?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!(
                "kubectl {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Applies a manifest.
    pub(crate) fn apply(&self, manifest: &str) -> Result<()> {
        self.kubectl(&["apply", "--filename", "-"], Some(manifest))
            .map(drop)
    }

    /// Installs the definitions of all kinds, and waits until they can be used.
    pub(crate) fn install_definitions(&self) -> Result<()> {
        let crds = crate::root().join("crds");
        let crds = crds.to_str().context("the path of crds/ is no text")?;
        self.kubectl(&["apply", "--filename", crds], None)?;
        let wait = [
            "wait",
            "--for=condition=Established",
            "--timeout=30s",
            "--filename",
            crds,
        ];
        self.kubectl(&wait, None).map(drop)
    }

    /// Returns the number of objects of one of the operator's kinds in a namespace. The API server
    /// counts, because repeated reads of a thousand objects would distort the measurement.
    pub(crate) fn count(&self, namespace: &str, kind: &str) -> Result<usize> {
        let path = format!("/apis/backup.oceanbase.io/v1alpha1/namespaces/{namespace}/{kind}");
        let first = self.kubectl(&["get", "--raw", &format!("{path}?limit=1")], None)?;
        let first: Value = serde_json::from_str(&first)?;
        let shown = first["items"].as_array().map_or(0, Vec::len);
        let rest = first["metadata"]["remainingItemCount"]
            .as_u64()
            .unwrap_or(0);
        Ok(shown + usize::try_from(rest)?)
    }

    /// Returns the objects of a kind in a namespace.
    pub(crate) fn list(&self, namespace: &str, kind: &str) -> Result<Vec<Value>> {
        let text = self.kubectl(
            &["get", kind, "--namespace", namespace, "--output", "json"],
            None,
        )?;
        let list: Value = serde_json::from_str(&text)?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }
}
