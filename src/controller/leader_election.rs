//! Leader election: the operator process that holds a Lease (coordination.k8s.io/v1) is the leader.
//!
//! # Flow
//!
//! * A candidate reads the Lease every two fifteenths of its duration.
//! * The candidate acquires the Lease at once if it never existed or was released. Otherwise it
//!   acquires the Lease after observing it unchanged, or absent, for its duration.
//! * The leader renews the Lease in the same interval, and releases the Lease after the work is
//!   done.
//!
//! # Guarantees
//!
//! * Each write is a PUT under the resourceVersion that was read: of two candidates, one succeeds.
//! * The work is dropped if the Lease was not renewed for two thirds of its duration. The last
//!   third is left for requests in flight.
//! * [`LeaseGuard`] ends at the same instant, even if the process was stopped at that time.
//!
//! # Assumptions
//!
//! * The monotonic clocks of two machines run at nearly the same speed. Their wall clocks may
//!   differ: the times in the Lease are informational.
//!
//! # Caveats
//!
//! * If the clocks differ in speed, two leaders may overlap. The resourceVersion of each status and
//!   the key of each backup then prevent duplicates.
//! * The monotonic clock does not count every suspension of a machine, so a resumed leader may act
//!   late.

mod state;

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::Event;
use crate::oceanbase::lease_guard::LeaseGuard;
use state::{Election, Step, holder};

/// Name of the Lease.
pub const NAME: &str = "oceanbase-backup-operator";

/// Lease and its duration.
#[derive(Clone)]
pub struct Settings {
    /// Client for the election only: behind the requests of a shared client, a renewal could be
    /// late.
    pub client: Client,
    /// Namespace of the Lease: the operator's own.
    pub namespace: String,
    /// Identity of the candidate: unique for each process, even in the same Pod.
    pub identity: String,
    /// Duration of the lease after each renewal, in whole seconds, at least 1 s. The leader gives
    /// up after two thirds and renews every two fifteenths: 10 s and 2 s of 15 s.
    pub duration: Duration,
}

impl Settings {
    /// Returns the identity of a process: the name of its Pod and a suffix unique to the process.
    #[must_use]
    pub fn identity(pod: &str) -> String {
        // Seeded at random in each process; the suffix must be unique, not secret.
        format!("{pod}_{:016x}", RandomState::new().hash_one(pod))
    }

    /// Returns the time after which a lease that was not renewed is given up.
    fn deadline(&self) -> Duration {
        self.duration * 2 / 3
    }

    /// Returns the interval between two reads, and between two renewals.
    fn pause(&self) -> Duration {
        self.duration * 2 / 15
    }
}

/// Reason why the work was dropped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The lease could not be renewed in time.
    #[error("the lease was not renewed in time")]
    NotRenewed,
    /// Another process holds the lease.
    #[error("the lease is held by {0}")]
    Taken(String),
}

/// Waits for the lease, runs the work while the lease is held, and releases the lease afterwards.
/// Returns `None` if `stop` was cancelled before the lease was acquired.
///
/// Calls `on_read` after each read of the lease that the API server answered. Calls `lost_by` with
/// the acquired lease and its previous holder if that holder neither renewed nor released it.
///
/// # Errors
/// The lease was lost, and the work was dropped at that point. The process must end: its tasks use
/// outdated state.
pub async fn lead<T>(
    settings: &Settings,
    clock: Clock,
    lease_guard: &LeaseGuard,
    stop: &CancellationToken,
    on_read: impl Fn(),
    lost_by: impl FnOnce(&Lease, &str),
    work: impl Future<Output = T>,
) -> Result<Option<T>, Error> {
    let mut candidate = Candidate {
        api: Api::namespaced(settings.client.clone(), &settings.namespace),
        clock,
        election: Election::new(&settings.identity, settings.duration),
        settings,
        lease_guard,
    };
    let (mut lease, before) = tokio::select! {
        acquired = candidate.acquire(on_read) => acquired,
        () = stop.cancelled() => return Ok(None),
    };
    tracing::info!(identity = settings.identity, "leading");
    if let Some(holder) = before.filter(|holder| *holder != settings.identity) {
        lost_by(&lease, &holder);
    }
    let done = tokio::select! {
        // First: a process that was stopped beyond its lease must not continue because the work is
        // ready.
        biased;
        lost = candidate.keep(&mut lease) => Err(lost),
        done = work => Ok(done),
    };
    lease_guard.end();
    let done = done?;
    candidate.release(lease).await;
    Ok(Some(done))
}

struct Candidate<'a> {
    api: Api<Lease>,
    clock: Clock,
    election: Election,
    settings: &'a Settings,
    lease_guard: &'a LeaseGuard,
}

impl Candidate<'_> {
    /// Acquires the lease, and returns it with its previous holder.
    async fn acquire(&mut self, on_read: impl Fn()) -> (Lease, Option<String>) {
        let mut reported = None;
        loop {
            match self.read().await {
                Ok(lease) => {
                    on_read();
                    let spec = lease.as_ref().and_then(|lease| lease.spec.as_ref());
                    self.election.observe(spec, Instant::now());
                    let held_by = spec.and_then(holder).map(str::to_owned);
                    if held_by != reported {
                        tracing::info!(holder = held_by, "waiting for the lease");
                        reported = held_by;
                    }
                    if self.election.candidacy(Instant::now()) == Step::Take {
                        match self.write(lease.unwrap_or_default()).await {
                            // The answer may have arrived after the lease ended.
                            Ok(lease) if self.lease_guard.is_valid() => return (lease, reported),
                            Ok(_) => {}
                            Err(error) => tracing::warn!(%error, "the lease was not acquired"),
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "the lease cannot be read"),
            }
            sleep(self.settings.pause()).await;
        }
    }

    /// Renews the lease until it is lost.
    async fn keep(&mut self, lease: &mut Lease) -> Error {
        loop {
            let end = Instant::now() + self.lease_guard.left();
            tokio::select! {
                biased;
                () = sleep_until(end) => return Error::NotRenewed,
                lost = self.renew(lease) => if let Err(lost) = lost { return lost },
            }
        }
    }

    /// Waits for the interval and renews the lease, with retries until it succeeds.
    async fn renew(&mut self, lease: &mut Lease) -> Result<(), Error> {
        loop {
            sleep(self.settings.pause()).await;
            if !self.lease_guard.is_valid() {
                return Err(Error::NotRenewed);
            }
            match self.write(lease.clone()).await {
                Ok(written) => {
                    *lease = written;
                    return Ok(());
                }
                Err(error) => tracing::warn!(%error, "the lease was not renewed"),
            }
            // Another process has written the lease, or only the answer to the own renewal was
            // lost.
            match self.read().await {
                Ok(None) => *lease = Lease::default(),
                Ok(Some(found)) => {
                    self.election.check_holder(found.spec.as_ref())?;
                    *lease = found;
                }
                Err(error) => tracing::warn!(%error, "the lease cannot be read"),
            }
        }
    }

    async fn read(&self) -> Result<Option<Lease>, kube::Error> {
        let read = self.api.get_opt(NAME);
        timeout(self.settings.deadline(), read)
            .await
            .unwrap_or_else(|_| Err(too_slow()))
    }

    /// Acquires or renews the lease under the resourceVersion that was read.
    async fn write(&self, found: Lease) -> Result<Lease, kube::Error> {
        // Before the request: other candidates count from a later time, when they read the lease.
        let since = Instant::now();
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(NAME.to_owned()),
                ..found.metadata
            },
            spec: Some(
                self.election
                    .acquired_spec(found.spec, MicroTime(self.clock.now())),
            ),
        };
        let parameters = PostParams::default();
        let write = async {
            match lease.metadata.resource_version {
                Some(_) => self.api.replace(NAME, &parameters, &lease).await,
                None => self.api.create(&parameters, &lease).await,
            }
        };
        let written = timeout(self.settings.deadline(), write)
            .await
            .unwrap_or_else(|_| Err(too_slow()))?;
        self.lease_guard.extend_to(since + self.settings.deadline());
        Ok(written)
    }

    /// Releases the lease, so that the next candidate acquires it at its next read.
    ///
    /// A renewal may be in flight when the work ends. It changes the resourceVersion, and without
    /// a second try the lease would stay held for its whole duration.
    async fn release(&self, mut lease: Lease) {
        let attempts = async {
            while let Err(error) = self.write_release(&lease).await {
                tracing::debug!(%error, "retrying to release the lease");
                sleep(self.settings.pause() / 20).await;
                match self.read().await {
                    Ok(Some(found)) => {
                        self.election.check_holder(found.spec.as_ref())?;
                        lease = found;
                    }
                    Ok(None) => return Ok(()),
                    Err(error) => tracing::warn!(%error, "the lease cannot be read"),
                }
            }
            Ok::<_, Error>(())
        };
        match timeout(self.settings.pause(), attempts).await {
            Ok(Ok(())) => tracing::info!("the lease is released"),
            Ok(Err(error)) => tracing::warn!(%error, "the lease was not released"),
            Err(_) => tracing::warn!("the lease was not released in time"),
        }
    }

    async fn write_release(&self, lease: &Lease) -> Result<Lease, kube::Error> {
        let mut lease = lease.clone();
        lease.spec.get_or_insert_default().holder_identity = Some(String::new());
        self.api.replace(NAME, &PostParams::default(), &lease).await
    }
}

/// Returns the event about an operator that lost the lease, published by the new leader.
#[must_use]
pub fn lost_by(holder: &str, identity: &str) -> Event {
    Event {
        warning: true,
        reason: "LeaderLost",
        message: format!(
            "'{holder}' has neither renewed nor released the lease in time; '{identity}' is now \
             the leader and continues its work. Check the log and the Pod of the previous leader"
        ),
    }
}

fn too_slow() -> kube::Error {
    kube::Error::Service("the API server did not answer in time".into())
}

#[cfg(test)]
mod tests;
