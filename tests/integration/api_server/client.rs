//! Direct requests to the API server, because each kubectl call takes half a second.

use std::sync::Once;

use axum::http::Request;
use kube::core::response::Status;
use serde_json::{Value, json};

use crate::support::api::{client, runtime};
use crate::support::kubectl;

/// The namespace of all tables, which no operator watches.
pub(super) const NAMESPACE: &str = "tables";

/// The kind of a request body.
#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    /// POST of a whole object.
    Object(&'a Value),
    /// PATCH by JSON merge patch (RFC 7396), including fields outside of the schema.
    Merge(&'a Value),
}

/// Sends a request to the shared control plane. The error is the API server's own.
pub(super) fn send(path: &str, body: Body<'_>) -> Result<Value, Box<Status>> {
    static NAMESPACED: Once = Once::new();
    NAMESPACED.call_once(|| drop(kubectl(&["create", "namespace", NAMESPACE]).unwrap()));
    let (method, content_type, value) = match body {
        Body::Object(object) => ("POST", "application/json", object),
        Body::Merge(edit) => ("PATCH", "application/merge-patch+json", edit),
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("Content-Type", content_type)
        .body(serde_json::to_vec(value).unwrap())
        .unwrap();
    match runtime().block_on(client().request::<Value>(request)) {
        Ok(answer) => Ok(answer),
        Err(kube::Error::Api(status)) => Err(status),
        Err(other) => panic!("{path}: {other}"),
    }
}

/// Returns the path of a kind's collection in [`NAMESPACE`].
pub(super) fn collection(plural: &str) -> String {
    format!("/apis/backup.oceanbase.io/v1alpha1/namespaces/{NAMESPACE}/{plural}")
}

/// Returns a whole object around a spec.
pub(super) fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "backup.oceanbase.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    })
}
