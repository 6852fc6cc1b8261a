//! Delete policies: tenants whose snapshot is outdated, and the statements.

use std::collections::BTreeSet;

use crate::controller::Context;
use crate::domain::strategy::PolicyChange;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::model::{Answer, Snapshot, TenantId};
use crate::oceanbase::statement::Command;

/// Sends the statement.
pub(super) async fn change(change: &PolicyChange, permit: Option<Permit>) -> Answer {
    let Some(mut permit) = permit else {
        return Answer::NotSent("the cluster is busy".to_owned());
    };
    let command = match change.clone() {
        PolicyChange::Add {
            tenant,
            tenant_id,
            observed,
            days,
        } => Command::AddDeletePolicy {
            tenant,
            tenant_id,
            observed,
            days,
        },
        PolicyChange::Drop {
            tenant,
            tenant_id,
            recovery_window,
        } => Command::DropDeletePolicy {
            tenant,
            tenant_id,
            recovery_window,
        },
    };
    permit.send(&command).await
}

/// Returns the tenants whose snapshot does not show the effect of the last statement yet.
pub(super) fn unsettled(
    context: &Context,
    key: &ClusterKey,
    snapshot: &Snapshot,
) -> BTreeSet<TenantId> {
    let tenants = snapshot.tenants.values();
    tenants
        .filter(|tenant| !context.clusters.is_settled(key, &tenant.name, snapshot))
        .map(|tenant| tenant.id)
        .collect()
}
