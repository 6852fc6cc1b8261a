//! A gate between one operator and the API server. It writes down every call, and can hold a
//! write: before it reaches the API server, or after it took effect and before the operator hears
//! of it.

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

/// When something is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It has not happened.
    Before,
    /// It has happened, and nobody has been told.
    After,
}

/// A write to the API server.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// Such as `PUT backuptasks/status` or `POST events`.
    pub(crate) operation: String,
    /// The object as it was sent.
    pub(crate) object: Value,
}

/// Says of a write, after all that came before it, whether it is the one to hold.
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
    /// Whether Secrets are answered so that nobody can read them.
    spoils_secrets: bool,
}

/// Who is beyond the gate, and what went through.
#[derive(Clone)]
struct Gate {
    client: Client,
    seen: Arc<Mutex<Seen>>,
}

/// The gate. Dropping it closes it.
pub(crate) struct Proxy {
    seen: Arc<Mutex<Seen>>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Proxy {
    /// Opens a gate to the shared control plane, with the rights of the shipped account.
    pub(crate) fn start() -> Self {
        Self::before(account::client().clone())
    }

    /// Opens a gate to the API server of a client, with its rights.
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

    /// A kubeconfig whose API server is this gate, written into `directory`.
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

    /// Holds the first write of which `which` says so.
    pub(crate) fn hold(&self, which: Box<Which>, moment: Moment) {
        lock(&self.seen).hold = Some(Hold { which, moment });
    }

    /// Whether a write is, or was, held.
    pub(crate) fn held(&self) -> bool {
        lock(&self.seen).held
    }

    /// Passes each POST of our kinds on twice, and gives back the second answer: the first was lost, and
    /// somebody on the way tried again.
    pub(crate) fn repeat_creations(&self) {
        lock(&self.seen).repeats = true;
    }

    /// Every kind of call so far, as the rules of a role name it, such as
    /// `backuptasks.backup.oceanbase.io/status: update`.
    pub(crate) fn calls(&self) -> BTreeSet<String> {
        lock(&self.seen).calls.clone()
    }

    /// From now on Secrets are answered with a value that is no base64, besides those that are.
    pub(crate) fn spoil_secrets(&self) {
        lock(&self.seen).spoils_secrets = true;
    }

    /// All writes so far, held ones included.
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
            // How the bytes are cut is a matter of each connection.
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

/// A call as the rules of a role name it: `resource.group/subresource: verb`.
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

/// Such as `PUT backuptasks/status`; `None` for what only reads.
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

/// Writes down a write, and says whether it is the one to hold.
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
