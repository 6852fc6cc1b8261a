//! Access to objects of the API server over one connection: a kubectl for each read would cost more
//! than the tests.

use std::sync::LazyLock;

use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};
use oceanbase_backup_operator::controller::api_client;
use serde_json::{Value, json};
use simulation::request;
use tokio::runtime::Runtime;

use super::{canary, control_plane};

/// Returns the runtime of everything in this program except the operator.
pub(crate) fn runtime() -> &'static Runtime {
    static SHARED: LazyLock<Runtime> = LazyLock::new(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    });
    &SHARED
}

/// Returns the administrator of the shared control plane.
pub(crate) fn client() -> &'static Client {
    static SHARED: LazyLock<Client> =
        LazyLock::new(|| client_of(&Kubeconfig::read_from(control_plane().kubeconfig()).unwrap()));
    &SHARED
}

/// Returns a client for the API server of a kubeconfig.
pub(crate) fn client_of(kubeconfig: &Kubeconfig) -> Client {
    runtime().block_on(async {
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig.clone(), &options)
            .await
            .unwrap();
        api_client::client(config).unwrap()
    })
}

/// Returns an object; `null` if it does not exist.
pub(crate) fn get(client: &Client, namespace: &str, kind: &str, name: &str) -> Value {
    let path = format!("{}/{name}", path(namespace, kind));
    match send(client, "GET", &path, "application/json", &Value::Null) {
        Ok(object) => object,
        // A kind that the API server does not serve is 404 too, but not a missing object.
        Err(kube::Error::Api(refusal)) if refusal.reason == "NotFound" => Value::Null,
        Err(error) => panic!("{path}: {error}"),
    }
}

/// Returns all objects of a kind.
pub(crate) fn list(client: &Client, namespace: &str, kind: &str) -> Vec<Value> {
    let path = path(namespace, kind);
    let list = send(client, "GET", &path, "application/json", &Value::Null).unwrap();
    list["items"].as_array().unwrap().clone()
}

/// Applies each document of a manifest on the server side.
pub(crate) fn apply(client: &Client, namespace: &str, manifest: &str) -> Result<(), kube::Error> {
    for document in manifest.split("\n---\n") {
        let object: Value = serde_saphyr::from_str(document).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
        canary::record(&kind, &object);
        let path = format!(
            "{}/{name}?fieldManager=person&force=true",
            path(namespace, &kind)
        );
        let media_type = "application/apply-patch+yaml";
        send(client, "PATCH", &path, media_type, &object)?;
    }
    Ok(())
}

/// Sends a merge patch, as `kubectl patch` does.
pub(crate) fn patch(
    client: &Client,
    namespace: &str,
    (kind, name): (&str, &str),
    change: &Value,
) -> Result<Value, kube::Error> {
    canary::record(kind, change);
    let path = format!("{}/{name}", path(namespace, kind));
    send(
        client,
        "PATCH",
        &path,
        "application/merge-patch+json",
        change,
    )
}

/// Creates an object; with `dry_run` only checks whether it is possible.
pub(crate) fn create(
    client: &Client,
    namespace: &str,
    object: &Value,
    dry_run: bool,
) -> Result<(), kube::Error> {
    let kind = object["kind"].as_str().unwrap_or_default();
    canary::record(kind, object);
    let options = if dry_run { "?dryRun=All" } else { "" };
    let path = format!("{}{options}", path(namespace, kind));
    send(client, "POST", &path, "application/json", object).map(drop)
}

/// Creates a namespace.
pub(crate) fn create_namespace(client: &Client, name: &str) {
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let path = "/api/v1/namespaces";
    send(client, "POST", path, "application/json", &object).unwrap();
}

fn send(
    client: &Client,
    method: &str,
    path: &str,
    media_type: &str,
    body: &Value,
) -> Result<Value, kube::Error> {
    runtime().block_on(request::send(client, method, path, media_type, body))
}

fn path(namespace: &str, kind: &str) -> String {
    let kind = kind.to_lowercase();
    let kind = match kind.as_str() {
        "backupstrategy" => "backupstrategies".to_owned(),
        singular if !singular.ends_with('s') => format!("{singular}s"),
        plural => plural.to_owned(),
    };
    let group = match kind.as_str() {
        // Cluster-scoped.
        "customresourcedefinitions" => return format!("/apis/apiextensions.k8s.io/v1/{kind}"),
        "configmaps" | "secrets" | "events" => "api/v1",
        "leases" => "apis/coordination.k8s.io/v1",
        _ => "apis/backup.oceanbase.io/v1alpha1",
    };
    format!("/{group}/namespaces/{namespace}/{kind}")
}
