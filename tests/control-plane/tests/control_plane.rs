//! Tests of the control plane's API server and controllers, and of its removal.

#![cfg(test)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests run beside real processes, in real time"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use control_plane::ControlPlane;

/// Never dropped, as in every test binary that shares one: only the end of the pipe stops it.
static SHARED: LazyLock<ControlPlane> = LazyLock::new(|| ControlPlane::start().unwrap());

/// The supervisor, etcd, the API server and the controller manager.
const PROCESSES: usize = 4;

/// Runs the shared control plane's kubectl and returns its output.
fn kubectl(arguments: &str) -> String {
    let output = SHARED
        .kubectl()
        .args(arguments.split(' '))
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kubectl {arguments}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a kubectl that must fail and returns its error.
fn kubectl_complaint(arguments: &str) -> String {
    let output = SHARED
        .kubectl()
        .args(arguments.split(' '))
        .output()
        .unwrap();
    assert!(!output.status.success(), "kubectl {arguments} succeeded");
    String::from_utf8(output.stderr).unwrap()
}

/// Returns how many living processes name this directory on their command line.
fn processes_in(dir: &Path) -> usize {
    let dir = dir.to_str().unwrap();
    let names_dir = |pid: &Path| {
        fs::read(pid.join("cmdline")).is_ok_and(|line| {
            String::from_utf8_lossy(&line)
                .split('\0')
                .any(|a| a.contains(dir))
        })
    };
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| names_dir(&entry.path()))
        .count()
}

/// Waits for the last process, which has no command line while its program is being loaded.
fn wait_for_all_processes_in(dir: &Path) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while processes_in(dir) != PROCESSES {
        assert!(Instant::now() < deadline, "{} processes", processes_in(dir));
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn directory_of(kubeconfig: &Path) -> PathBuf {
    kubeconfig.parent().unwrap().to_owned()
}

#[test]
fn the_api_server_is_ready_once_it_is_started() {
    assert_eq!(kubectl("get --raw /readyz"), "ok");
}

#[test]
fn the_server_and_kubectl_are_of_the_same_release() {
    let versions = kubectl("version");
    assert_eq!(versions.matches("v1.34.4").count(), 2, "{versions}");
}

#[test]
fn kubectl_writes_its_cache_into_the_directory_of_the_control_plane() {
    kubectl("get namespaces");
    assert!(
        directory_of(SHARED.kubeconfig())
            .join("kubectl-cache")
            .is_dir()
    );
}

#[test]
fn a_deleted_namespace_takes_its_contents_along_and_goes_away() {
    kubectl("create namespace short-lived");
    kubectl("create configmap content --namespace short-lived");
    kubectl("delete namespace short-lived --timeout=3m");
    let complaint = kubectl_complaint("get namespace short-lived");
    assert!(complaint.contains("NotFound"), "{complaint}");
}

#[test]
fn an_object_is_collected_after_its_owner() {
    kubectl("create configmap owner");
    kubectl("create configmap dependent");
    let uid = kubectl("get configmap owner --output=jsonpath={.metadata.uid}");
    let owner = format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{uid}"}}"#);
    let patch = format!(r#"{{"metadata":{{"ownerReferences":[{owner}]}}}}"#);
    kubectl(&format!("patch configmap dependent --patch={patch}"));
    kubectl("delete configmap owner");
    kubectl("wait configmap/dependent --for=delete --timeout=3m");
    let complaint = kubectl_complaint("get configmap dependent");
    assert!(complaint.contains("NotFound"), "{complaint}");
}

#[test]
fn a_job_gets_its_pod() {
    kubectl("create job worker --image=none.invalid/none");
    kubectl("wait job/worker --for=jsonpath={.status.active}=1 --timeout=3m");
    let pods = kubectl("get pods --selector=job-name=worker --output=name");
    assert_eq!(pods.lines().count(), 1, "{pods}");
}

#[test]
fn a_role_labelled_for_aggregation_reaches_the_role_it_names() {
    kubectl("create clusterrole widget-viewer --verb=get --resource=leases.coordination.k8s.io");
    kubectl("label clusterrole widget-viewer rbac.authorization.k8s.io/aggregate-to-view=true");
    let leases = r#"--for=jsonpath={.rules[?(@.resources[0]=="leases")].verbs[0]}=get"#;
    kubectl(&format!("wait clusterrole/view {leases} --timeout=3m"));
}

#[test]
fn a_requested_token_speaks_for_its_service_account() {
    kubectl("create serviceaccount operator");
    let token = kubectl("create token operator");
    let user = kubectl(&format!(
        "auth whoami --token={} --output=jsonpath={{.status.userInfo.username}}",
        token.trim()
    ));
    assert_eq!(user, "system:serviceaccount:default:operator");
}

#[test]
fn a_user_without_a_role_is_refused() {
    let complaint = kubectl_complaint("get secrets --as=nobody");
    assert!(complaint.contains("Forbidden"), "{complaint}");
}

#[test]
fn nothing_is_left_after_a_drop() {
    let control_plane = ControlPlane::start().unwrap();
    let dir = directory_of(control_plane.kubeconfig());
    wait_for_all_processes_in(&dir);
    drop(control_plane);
    assert_eq!((processes_in(&dir), dir.exists()), (0, false));
}

#[test]
fn no_process_is_left_after_its_starter_was_killed() {
    let mut starter = Command::new(env!("CARGO_BIN_EXE_control-plane"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(starter.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let dir = directory_of(Path::new(
        line.trim().trim_start_matches("export KUBECONFIG="),
    ));
    wait_for_all_processes_in(&dir);

    starter.kill().unwrap();
    starter.wait().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while processes_in(&dir) > 0 && Instant::now() < deadline {
        sleep(Duration::from_millis(20));
    }
    assert_eq!(processes_in(&dir), 0);
}
