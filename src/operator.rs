//! Assembly of the operator: client, caches, readers, controllers and HTTP server.
//!
//! Inside [`run`], no code exits the process or reads the environment. All tasks belong to its
//! future. Dropping the future stops them all, exactly as a kill or the loss of the lease does.

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
use crate::controller::event_publisher::{EventPublisher, Events};
use crate::controller::gauges::Gauges;
use crate::controller::process_state::ProcessState;
use crate::controller::secret::{ObjectCredentials, Secrets};
use crate::controller::watch::caches::{Caches, Writers, watched};
use crate::controller::watch::triggers::Change;
use crate::controller::{self, Context, leader_election};
use crate::oceanbase::client::Connect;
use crate::oceanbase::lease_guard::LeaseGuard;
use crate::oceanbase::reflector::Intervals;
use crate::oceanbase::registry::{Clusters, Readers};
use crate::telemetry::Metrics;
use crate::telemetry::http::{self, HttpState};

/// Number of changes that may wait for reconciliation. If more wait, everything is reconciled.
const CHANGE_CAPACITY: usize = 1024;

/// Time that running reconcile passes may take after the operator was asked to stop. It is shorter
/// than the 30 s that Kubernetes grants a Pod.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(20);

/// Settings of the operator.
#[derive(Clone, Default)]
pub struct Settings {
    /// Namespaces whose objects are reconciled, without duplicates. All namespaces if empty.
    pub namespaces: Vec<String>,
    /// Address on which metrics and probes are served; none if not set.
    pub http_address: Option<SocketAddr>,
    /// Whether every Secret must list the allowed hosts in its annotation
    /// `backup.oceanbase.io/endpoints`. If not set, only a Secret with the annotation is restricted
    /// to those hosts.
    pub require_secret_binding: bool,
    /// Intervals between reads of a database.
    pub intervals: Intervals,
    /// Version of the operator, for its metrics.
    pub version: &'static str,
    /// Lease that the operator must hold to act; `None` if this is the only operator.
    pub lease: Option<leader_election::Settings>,
    /// Smallest recovery window, in days, that is set as a delete policy; 1 if not set.
    pub min_recovery_window_days: Option<u16>,
}

/// Reason why the operator ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operator cannot listen on the address for metrics and probes.
    #[error("cannot listen for metrics and probes: {0}")]
    Listen(#[from] std::io::Error),
    /// Two metric families contradict each other, which is a bug.
    #[error("the metrics cannot be registered: {0}")]
    Metrics(#[from] prometheus::Error),
    /// Another operator acts now.
    #[error(transparent)]
    Lease(#[from] leader_election::Error),
}

/// Acquires the lease, if one is configured, and runs until `stop` is canceled and the running
/// passes have ended. After `stop`, the passes have at most 20 s.
///
/// # Errors
/// Returns an error if the operator cannot work; see [`Error`].
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
        // Boxed, because moving this future would copy dozens of kilobytes.
        let work = work(&context, writers, readers, courier, &settings, &stop);
        Box::pin(work).await;
    };
    let led = async {
        let Some(lease) = &settings.lease else {
            leading.await;
            return Ok(());
        };
        let on_read = || stands_by.store(true, Ordering::Relaxed);
        let lost_by = |found: &Lease, holder: &str| {
            let event = leader_election::lost_by(holder, &lease.identity);
            context.events.publish(found.object_ref(&()), event);
        };
        let led =
            leader_election::lead(lease, clock, &lease_guard, &stop, on_read, lost_by, leading)
                .await;
        led.map(|_| ())
    };
    tokio::select! {
        ended = led => Ok(ended?),
        served = serve(settings.http_address, shown) => Ok(served?),
    }
}

/// Runs the readers and controllers.
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
            controller!(drills),
        );
        context.events.flush().await;
    };
    // A reconcile pass that is cut off leaves an intent. The next start resolves the intent, which
    // takes time.
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

/// Serves metrics and probes, if configured. Never returns by itself.
async fn serve(address: Option<SocketAddr>, pages: HttpState) -> std::io::Result<()> {
    let Some(address) = address else {
        return std::future::pending().await;
    };
    let listener = match TcpListener::bind(address).await {
        // The address is the IPv6 wildcard, but the machine has no IPv6: listen on all IPv4
        // addresses.
        Err(_) if address.ip() == Ipv6Addr::UNSPECIFIED => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await?
        }
        other => other?,
    };
    tracing::info!(address = %listener.local_addr()?, "serving metrics and probes");
    http::serve(listener, pages).await
}

/// Forwards the changes that the readers publish to the controllers.
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
        // An error means that no controller listens yet. Each controller reconciles everything when
        // it starts.
        let _ = bus.send(change);
    }
}

/// Returns the content of the HTTP server. An operator that waits for the lease reports ready.
/// Otherwise a rolling update would wait forever for the new Pod.
fn pages(context: Arc<Context>, stands_by: Arc<AtomicBool>) -> HttpState {
    let for_ready = Arc::clone(&context);
    let live = Gauges::new(context);
    HttpState {
        metrics: Arc::new(move || live.text()),
        ready: Arc::new(move || stands_by.load(Ordering::Relaxed) || for_ready.caches.is_ready()),
    }
}
