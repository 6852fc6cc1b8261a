//! RecoveryTasks of a drill: creates those that are due, deletes old ones.

use kube::{Resource, ResourceExt};

use crate::api::{RecoveryDrill, RecoveryTask, RecoveryTaskSpec};
use crate::controller::children::{create, delete, is_owned_by, metadata_of};
use crate::controller::labels::Labels;
use crate::controller::{Context, namespace};
use crate::domain::children::ApplyOutcome;
use crate::domain::drill::Effect;

impl RecoveryDrill {
    /// Performs an effect on RecoveryTasks.
    pub(super) async fn perform_on_tasks(
        &self,
        effect: &Effect,
        context: &Context,
    ) -> ApplyOutcome {
        let mut created = ApplyOutcome::default();
        match effect {
            Effect::CreateTask(name, spec) => {
                self.create_task(name, spec, context, &mut created).await;
            }
            Effect::DeleteTasks(tasks) => {
                for (name, version) in tasks {
                    delete::<RecoveryTask, _>(self, name, version, context, &mut created).await;
                }
            }
        }
        created
    }

    async fn create_task(
        &self,
        name: &str,
        spec: &RecoveryTaskSpec,
        context: &Context,
        created: &mut ApplyOutcome,
    ) {
        let (own_name, source) = (self.name_any(), spec.source.tenant.as_ref());
        let labels = Labels {
            strategy: Some(&self.spec.strategy_ref.name),
            drill: Some(&own_name),
            cluster: source.map(|tenant| &*tenant.cluster_ref.name),
            tenant_name: source.map_or("", |tenant| &tenant.tenant_name),
            tenant_id: source.and_then(|tenant| tenant.tenant_id),
            ..Labels::default()
        };
        let owner = self.controller_owner_ref(&());
        let object = RecoveryTask {
            metadata: metadata_of(name, &namespace(self), owner, labels),
            spec: spec.clone(),
            status: None,
        };
        let is_owned = |known: &RecoveryTask| is_owned_by(known, self);
        create(&object, is_owned, context, created).await;
    }
}
