//! `/metrics`, `/healthz` and `/readyz`.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;

/// What the server tells.
#[derive(Clone)]
pub struct HttpState {
    /// The metrics' text; `None` when it can not be made.
    pub metrics: Arc<dyn Fn() -> Option<String> + Send + Sync>,
    /// Whether every kind has been listed.
    pub ready: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// Serves until it is dropped. `/healthz` answers as long as the runtime turns: neither the
/// Kubernetes API nor a database has a say in it, restarting would help neither.
///
/// # Errors
/// The listener broke.
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
