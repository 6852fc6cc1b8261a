//! `BackupStorage`: sees its Secret and who uses it, performs nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt;

use super::wake::{Change, Changed};
use super::{Context, Reconcile, namespace, place, stores};
use crate::api::condition::types::ARCHIVING;
use crate::api::{BackupStorage, BackupStorageStatus};
use crate::domain::{Decision, storage};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::rights::Way;

impl Reconcile for BackupStorage {
    type Seen = storage::Seen;
    type Effect = Infallible;
    type Answer = Infallible;

    const CONTROLLER: &'static str = "storage";
    const REST: Duration = Duration::from_secs(1);

    async fn observe(&self, context: &Context) -> storage::Seen {
        let (namespace, name) = (namespace(self), self.name_any());
        // Any path will do: what is looked at are the Secret and the values.
        let checked = place::destination(&context.secrets, &namespace, &self.spec, "data").await;
        let log_backups: Vec<_> = stores::within(&context.stores.log_backups, &namespace)
            .filter(|object| object.spec.storage_ref.name == name)
            .map(|object| {
                let status = object.status.clone().unwrap_or_default();
                storage::UseSeen {
                    name: object.name_any(),
                    // Not by the phase: it stays while the database can not be asked.
                    archiving: status
                        .conditions
                        .iter()
                        .any(|known| known.type_ == ARCHIVING && known.status == "True"),
                    cause: status.cause,
                }
            })
            .collect();
        let strategies = stores::within(&context.stores.strategies, &namespace)
            .filter(|strategy| strategy.spec.storage_ref.name == name)
            .count();
        storage::Seen {
            place: checked
                .and_then(|_| place::root(&self.spec))
                .map(|place| place.root().to_owned()),
            users: i32::try_from(log_backups.len() + strategies).unwrap_or(i32::MAX),
            log_backups,
        }
    }

    fn decide(
        &self,
        seen: &storage::Seen,
        _: Option<(&Infallible, &Infallible)>,
        context: &Context,
    ) -> Decision<BackupStorageStatus, Infallible> {
        let generation = self.metadata.generation.unwrap_or_default();
        storage::decide(
            generation,
            &self.current_status(),
            seen,
            context.clock.now(),
        )
    }

    fn way(&self, _: &storage::Seen, effect: &Infallible) -> Option<(ClusterKey, Way)> {
        match *effect {}
    }

    async fn perform(
        &self,
        effect: &Infallible,
        _: &storage::Seen,
        _: Option<Permit>,
        _: &Context,
    ) -> Infallible {
        match *effect {}
    }

    fn concerned(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        let (of, name) = match change {
            Change::Everything => return context.stores.storages.state(),
            Change::Object(Changed::LogBackup(object)) => {
                (object.namespace(), &object.spec.storage_ref.name)
            }
            Change::Object(Changed::Strategy(object)) => {
                (object.namespace(), &object.spec.storage_ref.name)
            }
            _ => return Vec::new(),
        };
        let store = &context.stores.storages;
        stores::find(store, &of.unwrap_or_default(), name)
            .into_iter()
            .collect()
    }
}
