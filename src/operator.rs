//! Puts the operator together: client, stores, readers, controllers, HTTP server.
//!
//! Inside [`run`] nothing exits, nothing reads the environment, and every task hangs on its
//! future: dropping it is the same act as a kill, and as the loss of the lease.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Client, Resource};
use kube_runtime::events::{Recorder, Reporter};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::controller::caches::{Caches, Writers, watched};
use crate::controller::event_publisher::{EventPublisher, Events};
use crate::controller::gauges::Gauges;
use crate::controller::process_state::ProcessState;
use crate::controller::secret::{ObjectCredentials, Secrets};
use crate::controller::trigger::Change;
use crate::controller::{self, Context, leader_election};
use crate::oceanbase::client::Connect;
use crate::oceanbase::lease_guard::LeaseGuard;
use crate::oceanbase::reflector::Intervals;
use crate::oceanbase::registry::{Clusters, Readers};
use crate::telemetry::Metrics;
use crate::telemetry::http::{self, HttpState};

/// Changes that may wait to be looked at; more than these mean "look at everything".
const CHANGE_CAPACITY: usize = 1024;

/// How long passes that are under way may go on after the operator was asked to stop; shorter than
/// the 30 s that Kubernetes gives a Pod.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(20);

/// What can be set.
#[derive(Clone, Default)]
pub struct Settings {
    /// The namespaces whose objects are looked at, each once; all of them where none is named.
    pub namespaces: Vec<String>,
    /// Where metrics and probes are served; nowhere when left out.
    pub http_address: Option<SocketAddr>,
    /// Whether a Secret is sent nowhere that its annotation `backup.oceanbase.io/endpoints` does not
    /// list; otherwise only one that has the annotation is held to it.
    pub require_secret_binding: bool,
    /// How often databases are read.
    pub intervals: Intervals,
    /// The operator's version, for its metrics.
    pub version: &'static str,
    /// The lease without which nothing is done; none for the only operator there is.
    pub lease: Option<leader_election::Settings>,
    /// Days of the smallest recovery window that is set as a delete policy; 1 when left out.
    pub min_recovery_window_days: Option<u16>,
}

/// Why the operator ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address for metrics and probes can not be listened on.
    #[error("can not listen for metrics and probes: {0}")]
    Listen(#[from] std::io::Error),
    /// The metric families contradict each other; it is a bug.
    #[error("the metrics can not be registered: {0}")]
    Metrics(#[from] prometheus::Error),
    /// Another operator acts now.
    #[error(transparent)]
    Lease(#[from] leader_election::Error),
}

/// Waits for the lease, if there is one to wait for, and runs until `stop` is cancelled and the passes under way have ended, at most 20 s longer.
///
/// # Errors
/// Something without which the operator can not work; see [`Error`].
pub async fn run(
    client: Client,
    connect: Arc<dyn Connect>,
    clock: Clock,
    settings: Settings,
    stop: CancellationToken,
) -> Result<(), Error> {
    let metrics = Metrics::new()?;
    metrics.begin(settings.version);
    let lease_guard = match settings.lease {
        Some(_) => LeaseGuard::not_yet(),
        None => LeaseGuard::always(),
    };
    let (caches, writers) = Caches::new();
    let secrets = Secrets::new(client.clone(), settings.require_secret_binding);
    let credentials = Arc::new(ObjectCredentials::new(
        secrets.clone(),
        caches.clusters.clone(),
    ));
    let (clusters, readers) = Clusters::new(
        connect,
        credentials,
        settings.intervals,
        clock.clone(),
        metrics.clone(),
        lease_guard.clone(),
    );
    let reporter = Reporter::from("oceanbase-backup-operator".to_owned());
    let recorder = Recorder::new(client.clone(), reporter);
    let (events, courier) = Events::new(recorder, lease_guard.clone());
    let context = Arc::new(Context {
        client,
        secrets,
        clusters,
        clock: clock.clone(),
        metrics,
        caches,
        events,
        lease_guard: lease_guard.clone(),
        memory: ProcessState::default(),
        least_window_days: settings.min_recovery_window_days.unwrap_or(1).into(),
    });
    let stands_by = Arc::new(AtomicBool::new(false));
    let shown = pages(Arc::clone(&context), Arc::clone(&stands_by));
    let leading = async {
        stands_by.store(false, Ordering::Relaxed);
        // In a box: dozens of kilobytes would otherwise be moved about.
        let work = work(&context, writers, readers, courier, &settings, &stop);
        Box::pin(work).await;
    };
    let led = async {
        let Some(lease) = &settings.lease else {
            leading.await;
            return Ok(());
        };
        let looked = || stands_by.store(true, Ordering::Relaxed);
        let lost_by = |found: &Lease, holder: &str| {
            let event = leader_election::lost_by(holder, &lease.identity);
            context.events.publish(found.object_ref(&()), event);
        };
        let led =
            leader_election::lead(lease, clock, &lease_guard, &stop, looked, lost_by, leading)
                .await;
        led.map(|_| ())
    };
    tokio::select! {
        ended = led => Ok(ended?),
        served = serve(settings.http_address, shown) => Ok(served?),
    }
}

/// Runs readers and controllers.
async fn work(
    context: &Arc<Context>,
    writers: Writers,
    readers: Readers,
    courier: EventPublisher,
    settings: &Settings,
    stop: &CancellationToken,
) {
    let caches = &context.caches;
    let (bus, _) = broadcast::channel(CHANGE_CAPACITY);
    macro_rules! controller {
        ($store:ident) => {{
            let watched = watched(
                &context.client,
                &settings.namespaces,
                writers.$store,
                caches,
                context.metrics.clone(),
                bus.clone(),
            );
            controller::run(
                watched,
                caches.$store.clone(),
                bus.clone(),
                Arc::clone(context),
                stop.clone(),
            )
        }};
    }
    let controllers = async {
        tokio::join!(
            controller!(clusters),
            controller!(storages),
            controller!(strategies),
            controller!(tasks),
            controller!(log_backups),
            controller!(recoveries),
            controller!(cleanups),
        );
        context.events.flush().await;
    };
    // A pass that is cut off leaves an intent, which the next start resolves; that costs time.
    let too_long = async {
        stop.cancelled().await;
        tokio::time::sleep(SHUTDOWN_TIMEOUT).await;
    };
    tracing::info!("started");
    tokio::select! {
        () = too_long => {},
        () = controllers => {},
        () = readers.run() => {},
        () = relay(&context.clusters, &bus) => {},
        () = courier.run() => {},
    }
}

/// Serves metrics and probes, if they are wanted; never ends by itself.
async fn serve(address: Option<SocketAddr>, pages: HttpState) -> std::io::Result<()> {
    let Some(address) = address else {
        return std::future::pending().await;
    };
    let listener = match TcpListener::bind(address).await {
        // All addresses were asked for, and the machine has none of IPv6.
        Err(_) if address.ip() == Ipv6Addr::UNSPECIFIED => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await?
        }
        other => other?,
    };
    tracing::info!(address = %listener.local_addr()?, "serving metrics and probes");
    http::serve(listener, pages).await
}

/// Passes on what the readers see.
async fn relay(clusters: &Clusters, bus: &broadcast::Sender<Change>) {
    let mut triggers = clusters.triggers();
    loop {
        let change = match triggers.recv().await {
            Ok(trigger) => Change::Database {
                cluster: trigger.cluster,
                tenants: trigger.tenants,
            },
            Err(RecvError::Lagged(_)) => Change::Everything,
            Err(RecvError::Closed) => return,
        };
        // An error means that no controller listens yet; each looks at everything when it starts.
        let _ = bus.send(change);
    }
}

/// What the HTTP server tells. An operator that waits for the lease is as ready as it can be: were
/// it not, a rolling update would wait for it for ever.
fn pages(context: Arc<Context>, stands_by: Arc<AtomicBool>) -> HttpState {
    let for_ready = Arc::clone(&context);
    let live = Gauges::new(context);
    HttpState {
        metrics: Arc::new(move || live.text()),
        ready: Arc::new(move || stands_by.load(Ordering::Relaxed) || for_ready.caches.is_ready()),
    }
}
