//! Requests of users to an API server, simulated or real.

use http::Request;
use kube::Client;
use serde_json::Value;

/// Sends a request and returns the answer; `null` for an answer without a body.
///
/// # Errors
/// The server refused it or could not be reached.
pub async fn send(
    client: &Client,
    method: &str,
    path: &str,
    media_type: &str,
    body: &Value,
) -> Result<Value, kube::Error> {
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", media_type)
        .header("accept", "application/json")
        .body(body)
        .unwrap();
    client.request(request).await
}
