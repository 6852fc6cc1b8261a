//! The strategies of one database, which share its tenants out among them.

use std::collections::BTreeSet;

use kube::ResourceExt;

use crate::api::{BackupStrategy, BackupStrategySpec};
use crate::controller::{
    Context, access_of, cluster_of, created_at, namespace, qualified, same_database,
};
use crate::domain::strategy::CompetingStrategy;
use crate::oceanbase::credentials::ClusterKey;

/// Names that a strategy on tenant level is for; none for one on cluster level.
fn names(spec: &BackupStrategySpec) -> &[String] {
    spec.tenants.as_ref().map_or(&[], |tenants| &tenants.names)
}

/// Whether a strategy may be for the tenant: it names it, or is on cluster level.
pub(in crate::controller) fn is_for(spec: &BackupStrategySpec, tenant: &str) -> bool {
    let names = names(spec);
    names.is_empty() || names.iter().any(|name| name == tenant)
}

/// Whether a strategy may be for one of these tenants.
pub(super) fn is_for_one_of(spec: &BackupStrategySpec, tenants: &BTreeSet<String>) -> bool {
    let names = names(spec);
    names.is_empty() || names.iter().any(|name| tenants.contains(name))
}

/// Whether there may be a tenant that both are for.
pub(in crate::controller) fn may_share_tenants(
    one: &BackupStrategySpec,
    other: &BackupStrategySpec,
) -> bool {
    names(one).is_empty() || names(one).iter().any(|name| is_for(other, name))
}

/// Strategies of the cluster's database, wherever they are, that are of concern. One that is being deleted makes nothing
/// any more.
pub(in crate::controller) fn rivals(
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

/// Strategies of the cluster's database that can not be read: they keep their tenants.
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
