//! The shared control plane of this program, with the project's kinds installed.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use control_plane::ControlPlane;

/// Returns the kube-apiserver that all tests share; each test has its own namespace.
pub(crate) fn control_plane() -> &'static ControlPlane {
    static SHARED: LazyLock<ControlPlane> = LazyLock::new(|| {
        let plane = ControlPlane::start().unwrap();
        let crds = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
        run(
            plane.kubectl().args(["apply", "--filename"]).arg(crds),
            None,
        )
        .unwrap();
        let wait = [
            "wait",
            "--for=condition=Established",
            "crd",
            "--all",
            "--timeout=5m",
        ];
        run(plane.kubectl().args(wait), None).unwrap();
        plane
    });
    &SHARED
}

/// Returns the directory for files of this run, which two simultaneous runs do not share. The files
/// stay for debugging until the next run.
pub(crate) fn scratch() -> &'static Path {
    control_plane().directory()
}

/// Runs the control plane's own kubectl; the error is what it wrote to standard error.
pub(crate) fn kubectl(arguments: &[&str]) -> Result<String, String> {
    run(control_plane().kubectl().args(arguments), None)
}

/// `kubectl apply` of a manifest in a namespace.
pub(crate) fn apply(namespace: &str, manifest: &str) -> Result<String, String> {
    let mut command = control_plane().kubectl();
    run(
        command.args(["apply", "--namespace", namespace, "--filename", "-"]),
        Some(manifest),
    )
}

/// Runs a command to its end; the error is what it wrote to standard error.
pub(crate) fn run(command: &mut Command, input: Option<&str>) -> Result<String, String> {
    let mut child = command
        .stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        stdin
            .write_all(input.as_bytes())
            .map_err(|error| error.to_string())?;
    }
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        // Some commands report errors on standard error, and some on standard output.
        Err(text(output.stderr) + &text(output.stdout))
    }
}
