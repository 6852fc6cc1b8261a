//! The shared control plane of this program, with the project's kinds installed.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use control_plane::ControlPlane;
use oceanbase_backup_operator::api::crds;
use serde_json::Value;

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
        await_definitions(&plane);
        plane
    });
    &SHARED
}

/// Returns the kube-apiserver whose definitions accept every text, as definitions of a later release
/// or of none may. Each test has its own namespace and its own operator.
pub(crate) fn lenient_control_plane() -> &'static ControlPlane {
    static SHARED: LazyLock<ControlPlane> = LazyLock::new(|| {
        let plane = ControlPlane::start().unwrap();
        let apply = ["apply", "--server-side", "--filename", "-"];
        run(plane.kubectl().args(apply), Some(&lenient_definitions())).unwrap();
        await_definitions(&plane);
        plane
    });
    &SHARED
}

/// Waits until the API server serves all definitions.
pub(crate) fn await_definitions(plane: &ControlPlane) {
    let wait = [
        "wait",
        "--for=condition=Established",
        "crd",
        "--all",
        "--timeout=5m",
    ];
    run(plane.kubectl().args(wait), None).unwrap();
}

fn lenient_definitions() -> String {
    let definitions = crds().into_iter().map(|definition| {
        let mut definition = serde_json::to_value(definition).unwrap();
        remove_rules(&mut definition["spec"]["versions"][0]["schema"]);
        definition.to_string()
    });
    definitions.collect::<Vec<_>>().join("\n---\n")
}

/// Removes the rules about texts from a schema and its parts.
fn remove_rules(schema: &mut Value) {
    const RULES: [&str; 6] = [
        "enum",
        "pattern",
        "minLength",
        "maxLength",
        "format",
        "x-kubernetes-validations",
    ];
    match schema {
        Value::Object(fields) => {
            fields.retain(|name, value| !RULES.contains(&name.as_str()) || value.is_object());
            fields.values_mut().for_each(remove_rules);
        }
        Value::Array(entries) => entries.iter_mut().for_each(remove_rules),
        _ => {}
    }
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
