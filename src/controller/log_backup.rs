//! `LogBackup`: observes its tenant, sends statements about its log archiving.

mod migration;
mod perform;
mod storage_access;
mod target;
mod tenant_summary;

use std::sync::{Arc, OnceLock};

use jiff::SignedDuration;

pub(super) use target::oldest_of_tenant;
use target::{renamed, target};

use super::annotations::followed;
use super::destination::conflict::conflict;
use super::destination::logs::{needs_migration, observe_destination, path, storage_location};
use super::watch::triggers::{Change, Changed};
use super::{Context, Reconcile, cluster_of, database, namespace};
use crate::api::log_backup::LogBackupMode;
use crate::api::{DeletionPolicy, LogBackup, LogBackupStatus};
use crate::domain::log_backup::{self, Effect, is_migrating};
use crate::domain::{Blocker, Decision, Finalization, ObservedTenant};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::Location;
use crate::oceanbase::lanes::Lane;
use crate::oceanbase::model::{Answer, Snapshot, TenantId};

/// Minimum interval between two writes of a checkpoint.
const CHECKPOINT_INTERVAL: SignedDuration = SignedDuration::from_mins(5);

/// Observation of a pass over a log backup.
pub struct Observation {
    decision: log_backup::Observation,
    key: ClusterKey,
    path: Option<String>,
    /// Desired destination of the logs.
    location: Option<Location>,
    /// Location of the storage.
    storage_root: Option<Location>,
    /// `resourceVersion` of the Secret whose keys were sent to the database in this pass.
    applied_version: OnceLock<String>,
}

impl Observation {
    fn tenant_id(&self) -> Option<TenantId> {
        let database = self.decision.database.as_ref().ok()?;
        database.tenant.as_ref().map(|tenant| tenant.id)
    }
}

impl Reconcile for LogBackup {
    type Observation = Observation;
    type Effect = Effect;
    type Answer = Answer;

    const CONTROLLER: &'static str = "log_backup";

    async fn observe(&self, context: &Context) -> Observation {
        let namespace = namespace(self);
        let cluster = &self.spec.cluster_ref.name;
        let database = database(context, &namespace, cluster);
        let key = cluster_of(self, &self.spec.cluster_ref);
        let snapshot = database
            .as_ref()
            .ok()
            .map(|(_, snapshot)| Arc::clone(snapshot));
        let path = snapshot
            .as_deref()
            .and_then(|snapshot| path(self, context, snapshot));
        let target = target(
            self,
            context,
            &namespace,
            snapshot.as_deref(),
            path.as_deref(),
        );
        let conflict = match (&snapshot, &target) {
            (Some(snapshot), Ok(wanted)) => self.conflict(context, snapshot, wanted),
            _ => None,
        };
        let database = database.map(|(key, snapshot)| {
            let tenant = snapshot.tenant(&self.spec.tenant_name).cloned();
            let shown = tenant.as_ref().and_then(|tenant| tenant.log_dest.as_ref());
            let shown = shown.map(|dest| dest.path.as_str());
            ObservedTenant {
                destination: observe_destination(shown, target.as_ref().ok()),
                settled: context
                    .clusters
                    .is_settled(&key, &self.spec.tenant_name, &snapshot),
                tenant,
            }
        });
        // All log backups together write at most one checkpoint per second.
        let count = i64::try_from(context.caches.log_backups.len()).unwrap_or(i64::MAX);
        let checkpoint_interval = CHECKPOINT_INTERVAL.max(SignedDuration::from_secs(count));
        let tenant = snapshot
            .as_deref()
            .and_then(|snapshot| snapshot.tenant(&self.spec.tenant_name));
        let related = tenant
            .and_then(|tenant| tenant_summary::look_up(self, tenant, checkpoint_interval, context));
        let location = target.as_ref().ok().cloned();
        let storage_root = storage_location(self, context);
        let inside = snapshot.as_deref().and_then(|snapshot| {
            storage_access::StorageAccess::of(self, context, snapshot, location.as_ref())
        });
        let decision = log_backup::Observation {
            target: target.map(drop),
            identity: snapshot
                .as_deref()
                .map(|snapshot| snapshot.identity.clone())
                .unwrap_or_default(),
            database,
            has_open_tasks: self.spec.mode == LogBackupMode::AroundDataBackup
                && tenant_summary::has_open_tasks(self, context),
            related,
            renamed: snapshot
                .as_deref()
                .and_then(|snapshot| renamed(self, snapshot, storage_root.as_ref())),
            conflict,
            switch: tenant.zip(location.as_ref()).and_then(|(tenant, wanted)| {
                migration::observe_migration(self, context, tenant, wanted)
            }),
            storage_keys: inside
                .as_ref()
                .and_then(storage_access::StorageAccess::keys),
            applied_version: None,
            limits: inside
                .as_ref()
                .and_then(storage_access::StorageAccess::limits),
            may_heal_at: tenant
                .and_then(|tenant| tenant_summary::may_heal_at(self, tenant, context)),
            can_set_lag_target: snapshot
                .as_deref()
                .is_none_or(|s| s.version.can(Capability::ArchiveLagTarget)),
            can_pause: snapshot.is_none_or(|s| s.version.can(Capability::PauseLogBackup)),
            checkpoint_interval,
        };
        Observation {
            decision,
            key,
            path,
            location,
            storage_root,
            applied_version: OnceLock::new(),
        }
    }

    fn decide(
        &self,
        observed: &Observation,
        answer: Option<(&Effect, &Answer)>,
        context: &Context,
    ) -> Decision<LogBackupStatus, Effect> {
        let object = log_backup::LogBackup {
            generation: self.metadata.generation.unwrap_or_default(),
            spec: &self.spec,
            status: &self.current_status(),
            followed: followed(self),
        };
        let now = context.clock.now();
        match observed.applied_version.get() {
            None => log_backup::decide(&object, &observed.decision, answer, now),
            Some(version) => {
                let mut decision = observed.decision.clone();
                decision.applied_version = Some(version.clone());
                log_backup::decide(&object, &decision, answer, now)
            }
        }
    }

    fn needs_finalizer(&self) -> bool {
        self.spec.deletion_policy == DeletionPolicy::Stop
    }

    fn finalize(
        &self,
        observed: &Observation,
        answer: Option<(&Effect, &Answer)>,
        context: &Context,
    ) -> Finalization<LogBackupStatus, Effect> {
        let object = log_backup::LogBackup {
            generation: self.metadata.generation.unwrap_or_default(),
            spec: &self.spec,
            status: &self.current_status(),
            followed: None,
        };
        let now = context.clock.now();
        let deleted_at = self.metadata.deletion_timestamp.as_ref();
        let deleted_at = deleted_at.map_or(now, |at| at.0);
        log_backup::finalize(&object, &observed.decision, answer, deleted_at, now)
    }

    fn lane(&self, observed: &Observation, effect: &Effect) -> Option<(ClusterKey, Lane)> {
        let lane = match effect {
            Effect::SetDestination(_)
            | Effect::SetAttributes(_)
            | Effect::Switch { .. }
            | Effect::Rotate { .. }
            | Effect::Limit { .. } => observed
                .storage_root
                .clone()
                .map_or(Lane::Serial, Lane::Storage),
            Effect::SetLagTarget(..)
            | Effect::SetEnabled(..)
            | Effect::Start(_)
            | Effect::Leave { .. }
            | Effect::Stop(_) => Lane::Serial,
        };
        Some((observed.key.clone(), lane))
    }

    async fn perform(
        &self,
        effect: &Effect,
        observed: &Observation,
        permit: Option<Permit>,
        context: &Context,
    ) -> Answer {
        match permit {
            Some(permit) => perform::send(self, effect, observed, permit, context).await,
            None => Answer::NotSent("the cluster is busy".to_owned()),
        }
    }

    fn written(&self, before: &LogBackupStatus, context: &Context) {
        let after = self.current_status();
        let is_new = |round: i64| before.interruptions.iter().all(|one| one.round_id != round);
        let rounds = after.interruptions.iter().map(|one| one.round_id);
        let (namespace, spec) = (namespace(self), &self.spec);
        let labels = [&*namespace, &spec.cluster_ref.name, &spec.tenant_name];
        for _ in rounds.filter(|round| is_new(*round)) {
            context.metrics.work.interruptions.add_one(labels);
        }
    }

    fn affected(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        let strategy = match change {
            Change::Object(Changed::Strategy(strategy)) => {
                Some(tenant_summary::StrategyChange::of(strategy, context))
            }
            _ => None,
        };
        // Cheap checks first: a thousand log backups are checked at each change.
        let all = &context.caches.log_backups;
        let mut objects = all.state_filter(|object| {
            let tenant = &object.spec.tenant_name;
            match change {
                Change::Object(Changed::Task(task)) => {
                    let is_migrating = object.status.as_ref().is_some_and(is_migrating);
                    (is_migrating || object.spec.mode == LogBackupMode::AroundDataBackup)
                        && &task.spec.tenant_name == tenant
                }
                // Another log backup of the same tenant was created or deleted.
                Change::Object(Changed::LogBackup(other)) => {
                    &other.spec.tenant_name == tenant && other.metadata.uid != object.metadata.uid
                }
                Change::Object(Changed::Strategy(_)) => {
                    let strategy = strategy.as_ref();
                    strategy.is_some_and(|strategy| strategy.is_shown(object))
                }
                Change::Database { tenants, .. } => {
                    tenants.as_ref().is_none_or(|names| names.contains(tenant))
                }
                _ => true,
            }
        });
        objects.retain(|object| {
            let namespace = namespace(&**object);
            let (cluster, tenant) = (&object.spec.cluster_ref.name, &object.spec.tenant_name);
            match change {
                Change::Object(
                    Changed::Cluster(_) | Changed::LogBackup(_) | Changed::Strategy(_),
                ) => change.is_about_cluster(context, &namespace, cluster),
                Change::Object(Changed::Task(task)) => {
                    tenant_summary::is_of_tenant(task, object, context)
                }
                _ => {
                    change.is_about_tenant(&namespace, cluster, tenant)
                        || change.is_storage(&namespace, &object.spec.storage_ref.name)
                }
            }
        });
        objects
    }
}

impl LogBackup {
    /// Returns the owner of the desired destination. It is computed only before a destination is
    /// set, because all other log backups are compared.
    fn conflict(
        &self,
        context: &Context,
        snapshot: &Snapshot,
        wanted: &Location,
    ) -> Option<Blocker> {
        let tenant = snapshot.tenant(&self.spec.tenant_name)?;
        if tenant.log_dest.is_some() && !needs_migration(self, tenant, wanted) {
            return None;
        }
        conflict(self, context, snapshot, wanted)
    }
}
