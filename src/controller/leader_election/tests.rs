//! Whole elections with a simulated clock, against an API server that keeps one Lease.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::http::{Method, Request, Response, StatusCode};
use futures::FutureExt;
use futures::future::BoxFuture;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::*;

const DURATION: Duration = Duration::from_secs(15);

/// Keeps one Lease under the rules of resourceVersions.
#[derive(Clone, Default)]
struct LeaseStore {
    lease: Arc<Mutex<Option<Lease>>>,
    writes: Arc<AtomicUsize>,
    /// Whether the API server answers no requests.
    silent: Arc<Mutex<bool>>,
}

impl LeaseStore {
    fn client(&self) -> Client {
        Client::new(self.clone(), "default")
    }

    fn holder(&self) -> String {
        let lease = self.lease.lock().unwrap();
        let spec = lease.as_ref().and_then(|lease| lease.spec.as_ref());
        spec.and_then(holder).unwrap_or_default().to_owned()
    }

    fn put(&self, method: &Method, mut sent: Lease) -> (StatusCode, Option<Lease>) {
        let mut lease = self.lease.lock().unwrap();
        let version = |lease: &Lease| lease.metadata.resource_version.clone();
        let known = lease.as_ref().and_then(version);
        if known != version(&sent) {
            return (StatusCode::CONFLICT, None);
        }
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        sent.metadata.resource_version = Some(number.to_string());
        *lease = Some(sent);
        let created = *method == Method::POST;
        let code = if created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        (code, lease.clone())
    }

    async fn answer(self, request: Request<Body>) -> Response<Body> {
        if *self.silent.lock().unwrap() {
            std::future::pending::<()>().await;
        }
        let (parts, body) = request.into_parts();
        let (code, lease) = if parts.method == Method::GET {
            match self.lease.lock().unwrap().clone() {
                Some(lease) => (StatusCode::OK, Some(lease)),
                None => (StatusCode::NOT_FOUND, None),
            }
        } else {
            let sent = body.collect_bytes().await.unwrap();
            self.put(&parts.method, serde_json::from_slice(&sent).unwrap())
        };
        let body = match (lease, code) {
            (Some(lease), _) => json!(lease),
            (None, StatusCode::NOT_FOUND) => refusal(404, "NotFound"),
            (None, _) => refusal(409, "Conflict"),
        };
        let body = body.to_string().into_bytes();
        Response::builder()
            .status(code)
            .body(Body::from(body))
            .unwrap()
    }
}

fn refusal(code: u16, reason: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": reason, "reason": reason, "code": code})
}

impl tower::Service<Request<Body>> for LeaseStore {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.clone().answer(request).map(Ok).boxed()
    }
}

/// One process. Dropping it kills the process.
struct Process {
    running: JoinHandle<Result<Option<()>, Error>>,
    lease_guard: LeaseGuard,
    stop: CancellationToken,
    /// Holder that lost the lease to this process.
    lost: Arc<Mutex<Option<String>>>,
}

impl Process {
    fn start(shelf: &LeaseStore, identity: &str) -> Self {
        Self::with(shelf, identity, DURATION)
    }

    fn with(shelf: &LeaseStore, identity: &str, duration: Duration) -> Self {
        let settings = Settings {
            client: shelf.client(),
            namespace: "default".to_owned(),
            identity: identity.to_owned(),
            duration,
        };
        let (lease_guard, stop) = (LeaseGuard::not_yet(), CancellationToken::new());
        let lost = Arc::new(Mutex::new(None));
        let running = {
            let lost = Arc::clone(&lost);
            let lost_by = move |_: &Lease, holder: &str| {
                *lost.lock().unwrap() = Some(holder.to_owned());
            };
            let (lease_guard, stop) = (lease_guard.clone(), stop.clone());
            let work = stop.clone().cancelled_owned();
            #[allow(clippy::disallowed_methods, reason = "each process is a task")]
            tokio::spawn(async move {
                let start = Instant::now();
                let clock = Clock::new(move || {
                    jiff::Timestamp::UNIX_EPOCH
                        + jiff::SignedDuration::try_from(start.elapsed()).unwrap()
                });
                lead(&settings, clock, &lease_guard, &stop, || {}, lost_by, work).await
            })
        };
        Self {
            running,
            lease_guard,
            stop,
            lost,
        }
    }

    fn lost(&self) -> Option<String> {
        self.lost.lock().unwrap().clone()
    }

    fn acts(&self) -> bool {
        self.lease_guard.is_valid()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn pass(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

/// Two processes, of which the first is the leader.
async fn pair() -> (LeaseStore, Process, Process) {
    let shelf = LeaseStore::default();
    let first = Process::start(&shelf, "first");
    pass(1).await;
    let second = Process::start(&shelf, "second");
    pass(5).await;
    assert!(first.acts());
    (shelf, first, second)
}

#[tokio::test(start_paused = true)]
async fn of_two_one_acts_for_as_long_as_it_renews() {
    let (shelf, first, second) = pair().await;
    for _ in 0..600 {
        pass(1).await;
        assert!(first.acts() && !second.acts());
    }
    assert_eq!(shelf.holder(), "first");
}

#[tokio::test(start_paused = true)]
async fn when_the_holder_is_killed_the_other_acts_after_the_lease_is_over() {
    let (_shelf, first, second) = pair().await;
    drop(first);
    pass(10).await;
    assert!(!second.acts());
    pass(9).await;
    assert!(second.acts());
    assert_eq!(second.lost(), Some("first".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_stops_leaves_the_lease_to_the_next_look() {
    let (_shelf, mut first, second) = pair().await;
    first.stop.cancel();
    assert_eq!((&mut first.running).await.unwrap(), Ok(Some(())));
    pass(2).await;
    assert!(second.acts());
    // The first process has released the lease: nothing is lost.
    assert_eq!((first.lost(), second.lost()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_stops_during_a_renewal_releases_the_lease() {
    let (shelf, mut first, second) = pair().await;
    // The API server has committed a renewal whose response the holder never reads.
    let committed = {
        let mut lease = shelf.lease.lock().unwrap().clone().unwrap();
        lease.spec.as_mut().unwrap().lease_transitions = Some(7);
        shelf.put(&Method::PUT, lease).0
    };
    assert_eq!(committed, StatusCode::OK);
    first.stop.cancel();
    assert_eq!((&mut first.running).await.unwrap(), Ok(Some(())));
    pass(2).await;
    assert!(second.acts());
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_can_not_renew_drops_its_work_before_anybody_may_take_over() {
    let (shelf, mut first, _second) = pair().await;
    *shelf.silent.lock().unwrap() = true;
    let began = Instant::now();
    assert_eq!((&mut first.running).await.unwrap(), Err(Error::NotRenewed));
    assert!(began.elapsed() <= DURATION * 2 / 3, "{:?}", began.elapsed());
    assert!(!first.acts());
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_stood_still_beyond_its_lease_writes_nothing_any_more() {
    let (shelf, mut first, _) = pair().await;
    let before = shelf.writes.load(Ordering::SeqCst);
    // No task runs in between, as if the process was stopped.
    tokio::time::advance(DURATION).await;
    assert_eq!((&mut first.running).await.unwrap(), Err(Error::NotRenewed));
    assert_eq!(shelf.writes.load(Ordering::SeqCst), before);
}

#[tokio::test(start_paused = true)]
async fn a_holder_whose_lease_was_given_to_another_ends_with_its_next_renewal() {
    let (shelf, mut first, _) = pair().await;
    let mut lease = shelf.lease.lock().unwrap().clone().unwrap();
    let spec = lease.spec.as_mut().unwrap();
    spec.holder_identity = Some("usurper".to_owned());
    shelf.put(&Method::PUT, lease);
    let taken = Error::Taken("usurper".to_owned());
    assert_eq!((&mut first.running).await.unwrap(), Err(taken));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_deletes_stays_with_its_holder() {
    let (shelf, first, second) = pair().await;
    *shelf.lease.lock().unwrap() = None;
    for _ in 0..60 {
        pass(1).await;
        assert!(first.acts() && !second.acts());
    }
    assert_eq!(shelf.holder(), "first");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_edits_stays_with_its_holder() {
    let (shelf, first, second) = pair().await;
    let mut lease = shelf.lease.lock().unwrap().clone().unwrap();
    lease.metadata.labels = Some([("team".to_owned(), "dba".to_owned())].into());
    shelf.put(&Method::PUT, lease);
    pass(30).await;
    assert!(first.acts() && !second.acts());
    let kept = shelf.lease.lock().unwrap().clone().unwrap();
    assert!(kept.metadata.labels.is_some());
}

#[tokio::test(start_paused = true)]
async fn one_who_waits_for_the_lease_stops_at_once() {
    let (shelf, _first, mut second) = pair().await;
    second.stop.cancel();
    assert_eq!((&mut second.running).await.unwrap(), Ok(None));
    assert_eq!(shelf.holder(), "first");
}

#[tokio::test(start_paused = true)]
async fn one_with_a_shorter_lease_respects_the_longer_one() {
    let shelf = LeaseStore::default();
    let first = Process::start(&shelf, "first");
    pass(1).await;
    let second = Process::with(&shelf, "second", Duration::from_secs(2));
    for _ in 0..60 {
        pass(1).await;
        assert!(first.acts() && !second.acts());
    }
}

#[test]
fn two_processes_of_one_pod_have_two_identities() {
    let identity = || Settings::identity("operator-0");
    assert_ne!(identity(), identity());
    assert!(identity().starts_with("operator-0_"));
}
