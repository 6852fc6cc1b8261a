//! HTTP server for `/metrics`, `/healthz` and `/readyz`.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;

/// Content of the endpoints.
#[derive(Clone)]
pub struct HttpState {
    /// Text of the metrics; `None` if it cannot be produced.
    pub metrics: Arc<dyn Fn() -> Option<String> + Send + Sync>,
    /// Whether all kinds have been listed.
    pub ready: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// Serves until the future is dropped. `/healthz` responds as long as the runtime runs. Neither the
/// Kubernetes API nor a database affects the response, because a restart of the operator would fix
/// neither.
///
/// # Errors
/// Returns an error if the listener fails.
pub async fn serve(listener: TcpListener, pages: HttpState) -> std::io::Result<()> {
    let HttpState { metrics, ready } = pages;
    let router = Router::new()
        .route("/healthz", get(|| std::future::ready("ok\n")))
        .route(
            "/readyz",
            get(move || {
                let answer = if ready() {
                    (StatusCode::OK, "ok\n")
                } else {
                    (
                        StatusCode::SERVICE_UNAVAILABLE,
                        "objects have not been listed yet\n",
                    )
                };
                std::future::ready(answer)
            }),
        )
        .route(
            "/metrics",
            get(move || {
                let answer = match metrics() {
                    Some(text) => (StatusCode::OK, text),
                    None => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
                };
                std::future::ready(answer)
            }),
        );
    axum::serve(listener, router).await
}
