//! Passes over an object of a test kind, against an API server that stores it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::http::{Method, Request, Response};
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use kube::client::Body;
use kube::{Api, Client, CustomResource};
use kube_runtime::events::{Recorder, Reporter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tower::service_fn;

use super::*;
use crate::clock::Clock;
use crate::controller::Context;
use crate::controller::event_publisher::Events;
use crate::controller::process_state::ProcessState;
use crate::controller::secret::Secrets;
use crate::controller::watch::caches::Caches;
use crate::controller::watch::triggers::Change;
use crate::domain::{Decision, Event, Next};
use crate::oceanbase::client::Account;
use crate::oceanbase::credentials::{ClusterKey, Credentials, CredentialsError};
use crate::oceanbase::database::Permit;
use crate::oceanbase::lanes::Lane;
use crate::oceanbase::lease_guard::LeaseGuard;
use crate::oceanbase::reflector::Intervals;
use crate::oceanbase::registry::Clusters;
use crate::oceanbase::testing::{InProcess, account};
use crate::telemetry::Metrics;

mod status_not_stored;

/// Requests one effect, which needs a send permit.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(group = "test.local", version = "v1", kind = "Probe", namespaced)]
#[kube(status = "ProbeStatus")]
struct ProbeSpec {
    /// Whether the effect needs an intent.
    needs_intent: bool,
    /// Whether an event is published before the effect.
    reports: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct ProbeStatus {
    shown: Option<String>,
}

fn shown(word: &str) -> ProbeStatus {
    let shown = Some(word.to_owned());
    ProbeStatus { shown }
}

impl Reconcile for Probe {
    type Observation = ();
    type Effect = bool;
    type Answer = ();

    const CONTROLLER: &'static str = "probe";

    async fn observe(&self, _: &Context) {}

    fn decide(
        &self,
        (): &(),
        answer: Option<(&bool, &())>,
        _: &Context,
    ) -> Decision<ProbeStatus, bool> {
        let reports = self.spec.reports && answer.is_none();
        Decision {
            status: shown(if answer.is_some() { "done" } else { "sending" }),
            effect: answer.is_none().then_some(self.spec.needs_intent),
            next: Next::Await,
            event: reports.then(|| Event {
                warning: false,
                reason: "Probing",
                message: "it begins".to_owned(),
            }),
        }
    }

    fn needs_intent(needs_intent: &bool) -> bool {
        *needs_intent
    }

    fn waiting(&self, (): &(), _: &Context) -> Option<ProbeStatus> {
        Some(shown("waiting"))
    }

    fn lane(&self, (): &(), _: &bool) -> Option<(ClusterKey, Lane)> {
        Some((key(), Lane::Serial))
    }

    async fn perform(&self, _: &bool, (): &(), permit: Option<Permit>, context: &Context) {
        assert!(permit.is_some());
        // Recorded in the log of the requests to the API server.
        let effects = Api::<Probe>::namespaced(context.client.clone(), "ns");
        let _ = effects.get_opt("effect").await;
    }

    fn affected(_: &Change, _: &Context) -> Vec<Arc<Self>> {
        Vec::new()
    }
}

fn key() -> ClusterKey {
    ClusterKey::new("ns", "prod")
}

struct Root;

impl Credentials for Root {
    fn account<'a>(
        &'a self,
        _: &'a ClusterKey,
    ) -> BoxFuture<'a, Result<Account, CredentialsError>> {
        async { Ok(account()) }.boxed()
    }
}

/// API server that stores one object and records the requests.
#[derive(Clone, Default)]
struct Server {
    object: Arc<Mutex<Value>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Status field that the API server does not know.
    unknown: Arc<Mutex<Option<&'static str>>>,
}

impl Server {
    fn client(&self) -> Client {
        let server = self.clone();
        let answer = move |request: Request<Body>| server.clone().answer(request);
        Client::new(service_fn(answer), "ns")
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<Body>, Infallible> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        if path.ends_with("/events") {
            self.record("event".to_owned());
            // Webhook that cannot be reached.
            sleep(Duration::from_secs(45)).await;
            return Ok(answer(500, &json!({})));
        }
        if parts.method == Method::GET {
            self.record("effect".to_owned());
            return Ok(answer(404, &json!({})));
        }
        let bytes = body.collect_bytes().await.unwrap_or_default();
        let mut sent: Value = serde_json::from_slice(&bytes).unwrap();
        let mut known = lock(&self.object);
        let version = &known["metadata"]["resourceVersion"];
        if *version != sent["metadata"]["resourceVersion"] {
            return Ok(answer(409, &json!({})));
        }
        let next = version.as_str().map_or(0, |text| text.parse().unwrap()) + 1;
        let word = sent["status"]["shown"].as_str().unwrap_or_default();
        self.record(format!("write {word}"));
        if let Some(unknown) = *lock(&self.unknown) {
            sent["status"].as_object_mut().unwrap().remove(unknown);
            if sent["status"] == known["status"] {
                return Ok(answer(200, &known));
            }
        }
        sent["metadata"]["resourceVersion"] = json!(next.to_string());
        *known = sent.clone();
        Ok(answer(200, &sent))
    }

    fn record(&self, what: String) {
        lock(&self.asked).push(what);
    }
}

fn answer(code: u16, body: &Value) -> Response<Body> {
    let refusal = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "message": "refused", "reason": "Refused",
    });
    let body = if code < 300 { body } else { &refusal };
    let mut response = Response::new(Body::from(body.to_string().into_bytes()));
    *response.status_mut() = code.try_into().unwrap();
    response
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

struct Desk {
    server: Server,
    context: Arc<Context>,
    _running: JoinSet<()>,
}

impl Desk {
    /// Database that is read, and one object.
    async fn new(needs_intent: bool, reports: bool) -> Self {
        let server = Server::default();
        *lock(&server.object) = json!({
            "apiVersion": "test.local/v1",
            "kind": "Probe",
            "metadata": {"name": "x", "namespace": "ns", "uid": "u", "resourceVersion": "1"},
            "spec": {"needs_intent": needs_intent, "reports": reports},
        });
        let node = InProcess::new();
        let metrics = Metrics::new().unwrap();
        let clock = Clock::new(|| Timestamp::UNIX_EPOCH);
        let (clusters, readers) = Clusters::new(
            Arc::new(node.clone()),
            Arc::new(Root),
            Intervals::default(),
            clock.clone(),
            metrics.clone(),
            LeaseGuard::always(),
        );
        let mut running = JoinSet::new();
        running.spawn(readers.run());
        clusters.watch(&key());
        sleep(Duration::from_millis(10)).await;
        let client = server.client();
        let reporter = Reporter::from("test".to_owned());
        let recorder = Recorder::new(client.clone(), reporter);
        let (events, courier) = Events::new(recorder, LeaseGuard::always());
        running.spawn(courier.run());
        let context = Arc::new(Context {
            secrets: Secrets::new(client.clone(), false),
            client,
            clusters,
            clock,
            metrics,
            caches: Caches::listed(),
            events,
            lease_guard: LeaseGuard::always(),
            memory: ProcessState::default(),
            least_window_days: 1,
        });
        Self {
            server,
            context,
            _running: running,
        }
    }

    /// Acquires all send permits.
    fn others(&self) -> Vec<Permit> {
        let permit = || self.context.clusters.permit(&key(), &Lane::Serial);
        std::iter::from_fn(permit).collect()
    }

    fn object(&self) -> Arc<Probe> {
        Arc::new(serde_json::from_value(lock(&self.server.object).clone()).unwrap())
    }

    /// Runs a pass over the stored object. Returns the requests to the API server.
    async fn pass(&self) -> Vec<String> {
        self.pass_over(self.object()).await.unwrap()
    }

    async fn pass_over(&self, object: Arc<Probe>) -> Result<Vec<String>, Error> {
        lock(&self.server.asked).clear();
        reconcile(object, Arc::clone(&self.context)).await?;
        Ok(lock(&self.server.asked).clone())
    }
}

#[tokio::test(start_paused = true)]
async fn where_an_object_stands_is_written_while_others_hold_the_right_to_send() {
    let desk = Desk::new(false, false).await;
    let _others = desk.others();
    assert_eq!(desk.pass().await, ["write sending"]);
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_the_right_to_send_is_sent_without_another_write_before() {
    let desk = Desk::new(false, false).await;
    let others = desk.others();
    desk.pass().await;
    assert_eq!(desk.pass().await, [""; 0]);
    drop(others);
    assert_eq!(desk.pass().await, ["effect", "write done"]);
}

#[tokio::test(start_paused = true)]
async fn no_intent_is_written_while_others_hold_the_right_to_send() {
    let desk = Desk::new(true, false).await;
    let _others = desk.others();
    assert_eq!(desk.pass().await, ["write waiting"]);
    assert_eq!(desk.pass().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_already_stands_until_the_waiting_takes_its_time() {
    let desk = Desk::new(true, false).await;
    lock(&desk.server.object)["status"] = json!({"shown": "something else"});
    let _others = desk.others();
    assert_eq!(desk.pass().await, [""; 0]);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(desk.pass().await, ["write waiting"]);
}

#[tokio::test(start_paused = true)]
async fn an_intent_that_waited_for_the_right_to_send_is_written_before_its_effect() {
    let desk = Desk::new(true, false).await;
    let others = desk.others();
    desk.pass().await;
    drop(others);
    let expected = ["write sending", "effect", "write done"];
    assert_eq!(desk.pass().await, expected);
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_must_not_happen_twice_is_not_performed_where_its_intent_stood_before() {
    let desk = Desk::new(true, false).await;
    let others = desk.others();
    desk.pass().await;
    lock(&desk.server.object)["status"]["shown"] = json!("sending");
    drop(others);
    let result = desk.pass_over(desk.object()).await;
    assert!(matches!(result, Err(Error::IntentMissing)), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_pass_is_made_again_after_its_pause_however_often_the_object_is_woken() {
    let desk = Desk::new(true, false).await;
    lock(&desk.server.object)["status"] = json!({"shown": "sending"});
    let fails = async || desk.pass_over(desk.object()).await.is_err();
    assert!(fails().await);
    error_policy(
        desk.object(),
        &Error::IntentMissing,
        Arc::clone(&desk.context),
    );
    assert!(!fails().await, "it is woken at once");
    sleep(Duration::from_millis(1001)).await;
    assert!(fails().await, "its pause is over");
    error_policy(
        desk.object(),
        &Error::IntentMissing,
        Arc::clone(&desk.context),
    );
    lock(&desk.server.object)["metadata"]["generation"] = json!(2);
    assert!(fails().await, "a user has edited it");
}

#[tokio::test(start_paused = true)]
async fn an_older_picture_of_an_object_has_no_effect() {
    let desk = Desk::new(true, false).await;
    let before = desk.object();
    let others = desk.others();
    desk.pass().await;
    drop(others);
    // An own write is recorded in the process; the write of another client is detected as a
    // conflict.
    assert_eq!(desk.pass_over(Arc::clone(&before)).await.unwrap(), [""; 0]);
    let mut other = Probe::clone(&before);
    other.metadata.resource_version = Some("0".to_owned());
    assert_eq!(desk.pass_over(Arc::new(other)).await.unwrap(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_right_to_send_is_given_back_after_each_pass() {
    let desk = Desk::new(true, false).await;
    desk.pass().await;
    assert_eq!(desk.others().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_not_taken_does_not_stand_between_an_intent_and_its_effect() {
    let desk = Desk::new(true, true).await;
    let began = Instant::now();
    let mut asked = desk.pass().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    asked.retain(|what| what != "event");
    assert_eq!(asked, ["write sending", "effect", "write done"]);
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_events_but_not_for_long() {
    let desk = Desk::new(true, true).await;
    let began = Instant::now();
    desk.context.events.flush().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    desk.pass().await;
    desk.context.events.flush().await;
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert!(lock(&desk.server.asked).contains(&"event".to_owned()));
}
