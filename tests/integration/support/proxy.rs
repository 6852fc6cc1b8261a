//! A proxy between one operator and the API server. It records every call, and can hold a write
//! before its effect or before its answer.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::Response;
use kube::Client;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::account;
use super::api::runtime;

/// Larger than any object.
const LIMIT: usize = 4 << 20;

/// When a request is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before its effect.
    Before,
    /// After its effect, before its answer.
    After,
}

/// A write to the API server.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// The operation, such as `PUT backuptasks/status` or `POST events`.
    pub(crate) operation: String,
    /// The object as it was sent.
    pub(crate) object: Value,
}

/// Returns whether to hold a write, given all writes before it.
pub(crate) type Which = dyn Fn(&[Write], &Write) -> bool + Send;

struct Hold {
    which: Box<Which>,
    moment: Moment,
}

#[derive(Default)]
struct Seen {
    calls: BTreeSet<String>,
    writes: Vec<Write>,
    repeats: bool,
    hold: Option<Hold>,
    held: bool,
    /// Whether answers with Secrets are made unreadable.
    spoils_secrets: bool,
}

/// The API server, and the forwarded calls.
#[derive(Clone)]
struct Gate {
    client: Client,
    seen: Arc<Mutex<Seen>>,
}

/// The proxy. Dropping it closes it.
pub(crate) struct Proxy {
    seen: Arc<Mutex<Seen>>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Proxy {
    /// Opens a proxy to the shared control plane, with the rights of the shipped account.
    pub(crate) fn start() -> Self {
        Self::before(account::client().clone())
    }

    /// Opens a proxy to the API server of a client, with its rights.
    pub(crate) fn before(client: Client) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let listener = runtime()
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(forward).with_state(Gate {
            client,
            seen: Arc::clone(&seen),
        });
        let server = runtime().spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self {
            seen,
            address,
            server,
        }
    }

    /// Writes a kubeconfig for this proxy into `directory`.
    pub(crate) fn kubeconfig(&self, directory: &Path) -> PathBuf {
        let address = self.address;
        let path = directory.join(format!("kubeconfig-{}.yaml", address.port()));
        let text = format!(
            "
apiVersion: v1
kind: Config
clusters: [{{name: gate, cluster: {{server: 'http://{address}'}}}}]
contexts: [{{name: gate, context: {{cluster: gate, user: gate}}}}]
users: [{{name: gate, user: {{}}}}]
current-context: gate
"
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Holds the first write that `which` selects.
    pub(crate) fn hold(&self, which: Box<Which>, moment: Moment) {
        lock(&self.seen).hold = Some(Hold { which, moment });
    }

    /// Returns whether a write is, or was, held.
    pub(crate) fn held(&self) -> bool {
        lock(&self.seen).held
    }

    /// Sends each POST of the operator's kinds twice, and returns the second answer, as if an
    /// intermediary had retried after a lost answer.
    pub(crate) fn repeat_creations(&self) {
        lock(&self.seen).repeats = true;
    }

    /// Returns every kind of call so far, in the form of role rules, such as
    /// `backuptasks.backup.oceanbase.io/status: update`.
    pub(crate) fn calls(&self) -> BTreeSet<String> {
        lock(&self.seen).calls.clone()
    }

    /// From now on adds a value that is not base64 to answers with Secrets.
    pub(crate) fn spoil_secrets(&self) {
        lock(&self.seen).spoils_secrets = true;
    }

    /// Returns all writes so far, including held ones.
    pub(crate) fn writes(&self) -> Vec<Write> {
        lock(&self.seen).writes.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn forward(State(gate): State<Gate>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LIMIT).await else {
        return plain(StatusCode::BAD_REQUEST);
    };
    let seen = &gate.seen;
    let repeats = {
        let mut seen = lock(seen);
        seen.calls.extend(call(&parts.method, &parts.uri));
        let of_ours = parts.uri.path().starts_with("/apis/backup.oceanbase.io/");
        seen.repeats && of_ours && parts.method == Method::POST
    };
    let holds = operation(&parts.method, parts.uri.path()).and_then(|operation| {
        let object = serde_json::from_slice(&body).unwrap_or_default();
        record(seen, Write { operation, object })
    });
    if holds == Some(Moment::Before) {
        wait_for_the_end(seen).await;
    }
    let request = || {
        let mut request = axum::http::Request::builder()
            .method(parts.method.clone())
            .uri(parts.uri.clone());
        for name in [header::CONTENT_TYPE, header::ACCEPT] {
            if let Some(value) = parts.headers.get(&name) {
                request = request.header(name, value);
            }
        }
        request.body(kube::client::Body::from(body.clone()))
    };
    let (Ok(first), Ok(second)) = (request(), request()) else {
        return plain(StatusCode::BAD_REQUEST);
    };
    let spoils = parts.uri.path().contains("/secrets/") && lock(seen).spoils_secrets;
    if repeats {
        let _ = gate.client.send(first).await;
    }
    let answer = gate.client.send(second).await;
    if holds == Some(Moment::After) {
        wait_for_the_end(seen).await;
    }
    match answer {
        Ok(answer) => {
            let (mut parts, body) = answer.into_parts();
            // The transfer encoding belongs to each connection.
            parts.headers.remove(header::TRANSFER_ENCODING);
            parts.headers.remove(header::CONNECTION);
            if spoils {
                parts.headers.remove(header::CONTENT_LENGTH);
                let body = to_bytes(Body::new(body), LIMIT).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&body);
                let unreadable = text.replacen(r#""data":{"#, r#""data":{"bad":"*","#, 1);
                return Response::from_parts(parts, Body::from(unreadable));
            }
            Response::from_parts(parts, Body::new(body))
        }
        Err(_) => plain(StatusCode::BAD_GATEWAY),
    }
}

/// Returns a call in the form of role rules: `resource.group/subresource: verb`.
fn call(method: &Method, uri: &Uri) -> Option<String> {
    let mut parts = uri.path().trim_matches('/').split('/').peekable();
    let group = match parts.next()? {
        "api" => String::new(),
        _ => format!(".{}", parts.next()?),
    };
    parts.next()?;
    if parts.next_if_eq(&"namespaces").is_some() {
        parts.next()?;
    }
    let plural = parts.next()?;
    let name = parts.next();
    let subresource = parts.next().map(|sub| format!("/{sub}"));
    let watches = uri.query().unwrap_or_default().contains("watch=");
    let verb = match (method.as_str(), name) {
        ("GET", _) if watches => "watch",
        ("GET", None) => "list",
        ("GET", Some(_)) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        _ => "delete",
    };
    Some(format!(
        "{plural}{group}{}: {verb}",
        subresource.unwrap_or_default()
    ))
}

/// Returns the operation, such as `PUT backuptasks/status`; `None` for reads.
fn operation(method: &Method, path: &str) -> Option<String> {
    if method == Method::GET {
        return None;
    }
    // /apis/<group>/<version>/namespaces/<namespace>/<plural>[/<name>[/<subresource>]]
    let mut parts = path.split('/').skip(6);
    let plural = parts.next()?;
    Some(match parts.nth(1) {
        Some(subresource) => format!("{method} {plural}/{subresource}"),
        None => format!("{method} {plural}"),
    })
}

/// Records a write, and returns whether to hold it.
fn record(seen: &Mutex<Seen>, write: Write) -> Option<Moment> {
    let mut seen = lock(seen);
    let Seen { writes, hold, .. } = &mut *seen;
    let hold = hold.take_if(|hold| (hold.which)(writes, &write));
    writes.push(write);
    hold.map(|hold| hold.moment)
}

async fn wait_for_the_end(seen: &Mutex<Seen>) {
    lock(seen).held = true;
    std::future::pending::<()>().await;
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
