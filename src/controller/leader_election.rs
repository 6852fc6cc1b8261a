//! Leader election: of several operators one acts, the one that holds a Lease
//! (coordination.k8s.io/v1).
//!
//! The protocol is the one of Kubernetes' own client: a candidate takes a Lease over only when it
//! has itself seen it unchanged for as long as it is good for. The times in it are for people, so
//! that the machines' clocks may differ. Each write is a PUT under the resourceVersion that was
//! read: of two that try, one wins.
//!
//! Guarantees: the work's future is dropped when the lease was not renewed for two thirds of its
//! duration, which leaves the last third for what is on its way; [`LeaseGuard`] is over at the same
//! instant, also when this process could not run then. What the lease does not guarantee (the
//! clocks of two machines may run at different speeds) is left to the resourceVersion of each
//! status and the key of each backup.

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

/// The Lease's name.
pub const NAME: &str = "oceanbase-backup-operator";

/// Which lease, and for how long it is good.
#[derive(Clone)]
pub struct Settings {
    /// A client for this alone: in the queue of another one a renewal could come too late.
    pub client: Client,
    /// The namespace of the Lease: the operator's own.
    pub namespace: String,
    /// Who asks: another name for each process, also for two of the same Pod.
    pub identity: String,
    /// For how long the lease is good after each renewal, in whole seconds, at least 1 s. It is
    /// given up when two thirds of it have passed, and renewed every two fifteenths: 10 s and 2 s
    /// of 15 s.
    pub duration: Duration,
}

impl Settings {
    /// The identity of a process: its Pod's name and something that no other process has.
    #[must_use]
    pub fn identity(pod: &str) -> String {
        // Seeded anew in each process; it needs to differ, not to be a secret.
        format!("{pod}_{:016x}", RandomState::new().hash_one(pod))
    }

    /// When a lease that could not be renewed is given up.
    fn deadline(&self) -> Duration {
        self.duration * 2 / 3
    }

    /// Time between two looks, and between two renewals.
    fn pause(&self) -> Duration {
        self.duration * 2 / 15
    }
}

/// Why the work was dropped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It could not be renewed in time.
    #[error("the lease was not renewed in time")]
    NotRenewed,
    /// Somebody else has it.
    #[error("the lease is held by {0}")]
    Taken(String),
}

/// Waits for the lease, then does the work while it is held, and gives it up when the work is
/// done. `None` when `stop` was cancelled before there was a lease.
///
/// `looked` is called at each look at the lease that the API server answered; `lost_by` once the lease is ours,
/// with it and who held it before, where that one neither renewed it nor left it.
///
/// # Errors
/// The lease was lost, and the work dropped where it stood. The process must end: its tasks know
/// an older world.
pub async fn lead<T>(
    settings: &Settings,
    clock: Clock,
    lease_guard: &LeaseGuard,
    stop: &CancellationToken,
    looked: impl Fn(),
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
        acquired = candidate.acquire(looked) => acquired,
        () = stop.cancelled() => return Ok(None),
    };
    tracing::info!(identity = settings.identity, "leading");
    if let Some(holder) = before.filter(|holder| *holder != settings.identity) {
        lost_by(&lease, &holder);
    }
    let done = tokio::select! {
        // First: a process that stood still must not go on working because that is ready, too.
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
    /// Tries until the lease is ours, and tells who has held it until then.
    async fn acquire(&mut self, looked: impl Fn()) -> (Lease, Option<String>) {
        let mut reported = None;
        loop {
            match self.read().await {
                Ok(lease) => {
                    looked();
                    let spec = lease.as_ref().and_then(|lease| lease.spec.as_ref());
                    self.election.observe(spec, Instant::now());
                    let held_by = spec.and_then(holder).map(str::to_owned);
                    if held_by != reported {
                        tracing::info!(holder = held_by, "waiting for the lease");
                        reported = held_by;
                    }
                    if self.election.candidacy(Instant::now()) == Step::Take {
                        match self.write(lease.unwrap_or_default()).await {
                            // The answer may have come after its time.
                            Ok(lease) if self.lease_guard.is_valid() => return (lease, reported),
                            Ok(_) => {}
                            Err(error) => tracing::warn!(%error, "the lease was not taken"),
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "the lease can not be read"),
            }
            sleep(self.settings.pause()).await;
        }
    }

    /// Renews the lease again and again; ends when it is lost.
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

    /// Waits a moment and renews the lease, however often that has to be tried.
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
            // Somebody has touched it, or our own renewal came through and its answer did not.
            match self.read().await {
                Ok(None) => *lease = Lease::default(),
                Ok(Some(found)) => {
                    self.election.is_ours(found.spec.as_ref())?;
                    *lease = found;
                }
                Err(error) => tracing::warn!(%error, "the lease can not be read"),
            }
        }
    }

    async fn read(&self) -> Result<Option<Lease>, kube::Error> {
        let read = self.api.get_opt(NAME);
        timeout(self.settings.deadline(), read)
            .await
            .unwrap_or_else(|_| Err(too_slow()))
    }

    /// Makes the lease ours, from now on, under the resourceVersion that it was read with.
    async fn write(&self, found: Lease) -> Result<Lease, kube::Error> {
        // Before it is sent: others count from when they see it, which can only be later.
        let since = Instant::now();
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(NAME.to_owned()),
                ..found.metadata
            },
            spec: Some(self.election.ours(found.spec, MicroTime(self.clock.now()))),
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

    /// Leaves the lease to whoever looks next.
    async fn release(&self, mut lease: Lease) {
        let spec = lease.spec.get_or_insert_default();
        spec.holder_identity = Some(String::new());
        let parameters = PostParams::default();
        let write = self.api.replace(NAME, &parameters, &lease);
        match timeout(self.settings.pause(), write).await {
            Ok(Ok(_)) => tracing::info!("the lease is released"),
            Ok(Err(error)) => tracing::warn!(%error, "the lease was not released"),
            Err(_) => tracing::warn!("the lease was not released in time"),
        }
    }
}

/// What is told of an operator that lost the lease, by the one that has it now.
#[must_use]
pub fn lost_by(holder: &str, identity: &str) -> Event {
    Event {
        warning: true,
        reason: "LeaderLost",
        message: format!(
            "'{holder}' has neither renewed nor released the lease in time; '{identity}' acts now and goes on where \
             the other stopped. See why in the other's log and in its Pod, if it is there"
        ),
    }
}

fn too_slow() -> kube::Error {
    kube::Error::Service("the API server did not answer in time".into())
}

#[cfg(test)]
mod tests;
