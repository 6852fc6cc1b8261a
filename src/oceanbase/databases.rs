//! Registry of databases. Several OceanBaseCluster objects may lead to one database, which has one
//! entry.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{broadcast, mpsc};

use super::client::{Account, Connect};
use super::cluster::Cluster;
use super::database::{BackgroundStatement, Database};
use super::lease_guard::LeaseGuard;
use super::model::DatabaseId;
use super::sender::Sender;
use super::sync::lock;
use super::trigger::Trigger;
use crate::telemetry::Metrics;

/// Databases to which at least one object leads.
#[derive(Clone)]
pub(super) struct Databases {
    known: Arc<Mutex<HashMap<DatabaseId, Arc<Database>>>>,
    connect: Arc<dyn Connect>,
    metrics: Metrics,
    lease_guard: LeaseGuard,
    trigger: broadcast::Sender<Trigger>,
    background_statements: mpsc::UnboundedSender<BackgroundStatement>,
}

impl Databases {
    /// Returns a registry without databases.
    pub(super) fn new(
        connect: Arc<dyn Connect>,
        metrics: Metrics,
        lease_guard: LeaseGuard,
        trigger: broadcast::Sender<Trigger>,
        background_statements: mpsc::UnboundedSender<BackgroundStatement>,
    ) -> Self {
        Self {
            known: Arc::default(),
            connect,
            metrics,
            lease_guard,
            trigger,
            background_statements,
        }
    }

    /// Adds an object that has logged in to its database. Returns the database, and whether the object
    /// had another one or none before; `None` if the object is gone.
    pub(super) fn join(
        &self,
        cluster: &Cluster,
        id: DatabaseId,
        account: &Account,
    ) -> Option<(Arc<Database>, bool)> {
        let mut databases = lock(&self.known);
        if cluster.is_retired() {
            return None;
        }
        let database = databases.entry(id.clone()).or_insert_with(|| {
            let sender = Sender::new(
                id.clone(),
                Arc::clone(&self.connect),
                self.metrics.clone(),
                self.lease_guard.clone(),
            );
            let (trigger, background_statements) =
                (self.trigger.clone(), self.background_statements.clone());
            Arc::new(Database::new(id, sender, trigger, background_statements))
        });
        let database = Arc::clone(database);
        database.join(cluster.key());
        let previous = cluster.set_database(Arc::clone(&database), account);
        if let Some(previous) = &previous
            && previous.id() == database.id()
        {
            return Some((database, false));
        }
        if let Some(previous) = previous
            && previous.leave(cluster.key())
        {
            databases.remove(previous.id());
        }
        Some((database, true))
    }

    /// Removes an object from the objects of its database. A database without objects is removed.
    pub(super) fn retire(&self, cluster: &Cluster) {
        let mut databases = lock(&self.known);
        if cluster.retire()
            && let Some(database) = cluster.database()
            && database.leave(cluster.key())
        {
            databases.remove(database.id());
        }
    }
}
