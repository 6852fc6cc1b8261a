//! The account of the stories' operators: the account that `deploy/` ships, with exactly its
//! rights.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use kube::Client;
use kube::config::Kubeconfig;
use serde_json::{Value, json};

use super::api::client_of;
use super::cluster::run;
use super::{apply, control_plane, eventually, kubectl};

/// The namespace of the shipped account.
const SYSTEM: &str = "oceanbase-backup-system";
/// Its name, and the name of its role and its Lease.
const NAME: &str = "oceanbase-backup-operator";

/// Returns a kubeconfig of the shipped account for the shared control plane.
pub(crate) fn kubeconfig() -> &'static Path {
    static SHARED: LazyLock<PathBuf> = LazyLock::new(|| {
        for object in shipped() {
            let of_the_operator = object["metadata"]["name"]
                .as_str()
                .is_some_and(|name| name == SYSTEM || name.starts_with(NAME));
            if of_the_operator && object["kind"] != "Deployment" {
                apply(SYSTEM, &object.to_string()).unwrap();
            }
        }
        kubeconfig_in(SYSTEM)
    });
    &SHARED
}

/// Returns a kubeconfig of the operator's account in a namespace.
pub(crate) fn kubeconfig_in(namespace: &str) -> PathBuf {
    // Valid for all stories, however long they take.
    let create = [
        "create",
        "token",
        NAME,
        "--duration=24h",
        "--namespace",
        namespace,
    ];
    let token = kubectl(&create).unwrap();
    with_token(control_plane().kubeconfig(), &token, namespace)
}

/// Writes a copy of a kubeconfig for the account of a token.
pub(crate) fn with_token(kubeconfig: &Path, token: &str, name: &str) -> PathBuf {
    let text = std::fs::read_to_string(kubeconfig).unwrap();
    let mut config: Value = serde_saphyr::from_str(&text).unwrap();
    for user in config["users"].as_array_mut().unwrap() {
        user["user"] = json!({"token": token.trim()});
    }
    let file = kubeconfig.with_file_name(format!("{name}.kubeconfig"));
    std::fs::write(&file, config.to_string()).unwrap();
    file
}

/// Returns a client with the rights of the shipped account.
pub(crate) fn client() -> &'static Client {
    static SHARED: LazyLock<Client> =
        LazyLock::new(|| client_of(&Kubeconfig::read_from(kubeconfig()).unwrap()));
    &SHARED
}

/// Lets the account hold the Lease of a namespace, as it may in its own. The API server applies new
/// permissions a moment later.
pub(crate) fn may_lead_in(namespace: &str) {
    for mut object in shipped() {
        if object["metadata"]["name"] == format!("{NAME}-lease") {
            object["metadata"]["namespace"] = json!(namespace);
            apply(namespace, &object.to_string()).unwrap();
        }
    }
    let account = format!("system:serviceaccount:{SYSTEM}:{NAME}");
    let lease = format!("leases.coordination.k8s.io/{NAME}");
    let can_lead = ["auth", "can-i", "update", &lease];
    let question = [&can_lead[..], &["--namespace", namespace, "--as", &account]].concat();
    let _ = eventually("permission", || kubectl(&question), Result::is_ok);
}

/// Returns the objects of `kubectl apply -k deploy`.
fn shipped() -> Vec<Value> {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let rendered = run(control_plane().kubectl().arg("kustomize").arg(deploy), None);
    let rendered = rendered.unwrap();
    let documents = rendered.split("\n---\n");
    documents
        .map(|document| serde_saphyr::from_str(document).unwrap())
        .collect()
}
