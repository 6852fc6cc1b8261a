//! Strategies of one database, among which its tenants are divided.

use kube::ResourceExt;

use super::{Context, access_of, cluster_of, created_at, namespace, qualified, same_database};
use crate::api::{BackupStrategy, BackupStrategySpec};
use crate::domain::strategy::CompetingStrategy;
use crate::oceanbase::credentials::ClusterKey;

/// Returns the relevant strategies of the cluster's database, in any namespace. A strategy that is
/// being deleted creates nothing and is omitted.
pub(super) fn rivals(
    context: &Context,
    cluster: &ClusterKey,
    is_relevant: impl Fn(&BackupStrategySpec) -> bool,
) -> Vec<CompetingStrategy> {
    let all = &context.caches.strategies;
    let of_concern = all.state_filter(|strategy| is_relevant(&strategy.spec));
    let mut rivals: Vec<_> = of_concern
        .iter()
        .filter(|strategy| {
            let of = cluster_of(&***strategy, &strategy.spec.cluster_ref);
            strategy.metadata.deletion_timestamp.is_none() && same_database(context, cluster, &of)
        })
        .map(|strategy| {
            let home = namespace(&**strategy);
            CompetingStrategy {
                name: qualified(cluster, &home, &strategy.name_any()),
                full_name: (strategy.name_any(), home),
                created_at: created_at(&**strategy),
                tenants: strategy.spec.tenants.clone(),
                access: access_of(
                    context,
                    &cluster_of(&**strategy, &strategy.spec.cluster_ref),
                ),
            }
        })
        .collect();
    rivals.extend(unreadable_rivals(context, cluster));
    rivals
}

/// Returns the unreadable strategies of the cluster's database: they keep their tenants.
fn unreadable_rivals(context: &Context, cluster: &ClusterKey) -> Vec<CompetingStrategy> {
    let unreadable = context.caches.unreadable.all::<BackupStrategy>();
    let of_database = unreadable.into_iter().filter_map(|(home, name, remnant)| {
        let of = ClusterKey::new(&home, &remnant.cluster_ref?.name);
        same_database(context, cluster, &of).then(|| CompetingStrategy {
            name: qualified(cluster, &home, &name),
            full_name: (name, home),
            created_at: remnant.created_at,
            tenants: remnant.tenants,
            access: access_of(context, &of),
        })
    });
    of_database.collect()
}
