//! Assignment of tenants to strategies.
//!
//! A strategy that names a tenant takes precedence over a strategy on cluster level. On the same
//! level the older strategy takes precedence, then the one with the first name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::cluster::Access;
use crate::api::strategy::{FailingTenant, SkippedTenants, TenantSelection};
use crate::domain::Blocker;
use crate::domain::authorization::{self, is_listed};
use crate::domain::tenant::{self, ineligible, unnameable};
use crate::oceanbase::model::{Tenant, TenantId, TenantName};

/// A strategy of the same database, including the evaluated one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompetingStrategy {
    /// Its name, prefixed with its namespace if that differs from the evaluated strategy's.
    pub name: String,
    /// Its name and namespace, independent of the evaluated strategy.
    pub full_name: (String, String),
    /// When it was created.
    pub created_at: Timestamp,
    /// Tenants that it selects.
    pub tenants: Option<TenantSelection>,
    /// Access that its OceanBaseCluster grants.
    pub access: Access,
}

/// The tenants of a strategy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatchedTenants {
    /// Tenants that can be backed up.
    pub eligible: Vec<Arc<Tenant>>,
    /// Tenants that the strategy names but cannot back up.
    pub failing: Vec<FailingTenant>,
    /// Tenants that a strategy on cluster level skips, counted by reason.
    pub skipped: Vec<SkippedTenants>,
    /// For a strategy on cluster level: another one that takes precedence for some tenant.
    pub outranked_by: Option<String>,
}

impl CompetingStrategy {
    fn names(&self) -> &[String] {
        self.tenants.as_ref().map_or(&[], |tenants| &tenants.names)
    }

    fn names_tenant(&self, tenant: &str) -> bool {
        self.names().iter().any(|name| name == tenant)
    }

    fn is_cluster_level(&self) -> bool {
        self.names().is_empty()
    }

    fn rank(&self) -> (Timestamp, &(String, String)) {
        (self.created_at, &self.full_name)
    }

    /// Returns whether its OceanBaseCluster allows the tenant. Otherwise it cannot back the tenant
    /// up, and must not keep another strategy from it.
    fn may_use(&self, tenant: &str) -> bool {
        is_listed(&self.access.tenants, tenant)
    }

    fn excludes(&self, tenant: &str) -> bool {
        let patterns = self
            .tenants
            .as_ref()
            .map_or(&[][..], |tenants| &tenants.exclude);
        is_listed(patterns, tenant)
    }
}

/// Strategy that backs a tenant up.
enum TenantManager<'a> {
    /// The evaluated strategy.
    Own,
    /// Another strategy, which takes precedence.
    Other(&'a CompetingStrategy),
    /// The evaluated strategy excludes the tenant.
    Excluded,
}

fn tenant_manager<'a>(
    own: &CompetingStrategy,
    rivals: &'a [CompetingStrategy],
    tenant: &str,
) -> TenantManager<'a> {
    let first = |among: &dyn Fn(&&CompetingStrategy) -> bool| {
        let able = rivals.iter().filter(|rival| rival.may_use(tenant));
        able.filter(among).min_by_key(|rival| rival.rank())
    };
    let naming = first(&|rival| rival.names_tenant(tenant));
    let winner = match naming {
        Some(naming) => naming,
        None if own.excludes(tenant) => return TenantManager::Excluded,
        None => match first(&|rival| rival.is_cluster_level() && !rival.excludes(tenant)) {
            Some(winner) => winner,
            // No strategy may use it, and each that selects it reports so.
            None => return TenantManager::Own,
        },
    };
    if winner.name == own.name {
        TenantManager::Own
    } else {
        TenantManager::Other(winner)
    }
}

/// Returns whether the strategy `name` is the one that backs the tenant up, eligible or not.
#[must_use]
pub fn covers(name: &str, rivals: &[CompetingStrategy], tenant: &str) -> bool {
    let own = rivals.iter().find(|rival| rival.name == name);
    own.is_some_and(|own| {
        let is_for_it = own.is_cluster_level() || own.names_tenant(tenant);
        is_for_it && matches!(tenant_manager(own, rivals, tenant), TenantManager::Own)
    })
}

/// Returns whether this selection includes the tenant, regardless of other strategies.
#[must_use]
pub fn selects(tenants: Option<&TenantSelection>, tenant: &str) -> bool {
    tenants.is_none_or(|selection| {
        if selection.names.is_empty() {
            !is_listed(&selection.exclude, tenant)
        } else {
            selection.names.iter().any(|name| name == tenant)
        }
    })
}

/// Returns whether a tenant stays with the strategy `name`, even if it cannot be backed up now
/// because it is locked or became a standby tenant.
pub(super) fn keeps(name: &str, rivals: &[CompetingStrategy], tenant: &str) -> bool {
    let own = rivals.iter().find(|rival| rival.name == name);
    own.is_some_and(|own| own.may_use(tenant)) && covers(name, rivals, tenant)
}

/// Returns whether another strategy covers the tenant once the strategy `name` is deleted.
pub(super) fn covered_by_another(name: &str, rivals: &[CompetingStrategy], tenant: &str) -> bool {
    let mut others = rivals.iter().filter(|rival| rival.name != name);
    others.any(|rival| {
        let names = rival.names().iter().any(|known| known == tenant);
        let takes = names || (rival.is_cluster_level() && !rival.excludes(tenant));
        takes && rival.may_use(tenant)
    })
}

impl MatchedTenants {
    /// Returns why the strategy has no tenant, if one tenant or strategy explains it.
    #[must_use]
    pub fn why_none(&self) -> Option<String> {
        let of_one = self.failing.first().map(|tenant| {
            let FailingTenant { name, message, .. } = tenant;
            format!("tenant {name}: {message}")
        });
        of_one.or_else(|| {
            let winner = self.loses_all_to()?;
            Some(format!("BackupStrategy '{winner}' backs them up"))
        })
    }

    /// Returns the cluster-level strategy that leaves no tenant to this one, also on cluster level.
    /// A tenant that cannot be backed up now still belongs to this one.
    pub(super) fn loses_all_to(&self) -> Option<&str> {
        let lost = ["TenantAlreadyManaged", "NamedByStrategy", "Excluded"];
        let mut skipped = self.skipped.iter();
        let winner = self.outranked_by.as_deref()?;
        let all = self.eligible.is_empty() && skipped.all(|of| lost.contains(&&*of.reason));
        all.then_some(winner)
    }
}

/// Returns the tenants of the strategy `name` among `rivals`. Tenants that were `recovered` are
/// backed up only by a strategy that names them: a tenant restored for inspection is not kept by
/// default.
#[must_use]
pub fn matched<'a>(
    name: &str,
    rivals: &[CompetingStrategy],
    tenants: impl Iterator<Item = &'a Arc<Tenant>>,
    recovered: &BTreeSet<TenantId>,
) -> MatchedTenants {
    let Some(own) = rivals.iter().find(|rival| rival.name == name) else {
        return MatchedTenants::default();
    };
    if own.is_cluster_level() {
        of_cluster(own, rivals, tenants, recovered)
    } else {
        by_name(own, rivals, &tenants.collect::<Vec<_>>())
    }
}

fn by_name(
    own: &CompetingStrategy,
    rivals: &[CompetingStrategy],
    tenants: &[&Arc<Tenant>],
) -> MatchedTenants {
    let mut matched = MatchedTenants::default();
    for name in own.names() {
        let mut fail = |reason: &str, message: String| {
            let reason = reason.to_owned();
            matched.failing.push(FailingTenant {
                name: name.clone(),
                reason,
                message,
            });
        };
        if let TenantManager::Other(winner) = tenant_manager(own, rivals, name) {
            fail(
                "TenantAlreadyManaged",
                format!(
                    "BackupStrategy '{}', which takes precedence, names the tenant too: remove it \
                     from one of the two",
                    winner.name
                ),
            );
            continue;
        }
        if let Some(unnameable) = unnameable(name) {
            fail(unnameable.reason, unnameable.message);
            continue;
        }
        let Some(tenant) = tenants.iter().find(|tenant| &tenant.name == name) else {
            let absent = tenant::not_found(name, "correct the name, or create the tenant");
            fail(absent.reason, absent.message);
            continue;
        };
        match usable(tenant, &own.access) {
            Err(blocker) => fail(blocker.reason, blocker.message),
            Ok(()) => matched.eligible.push(Arc::clone(tenant)),
        }
    }
    matched
}

fn usable(tenant: &Tenant, access: &Access) -> Result<(), Blocker> {
    authorization::tenant(access, &tenant.name)?;
    ineligible(tenant).map_or(Ok(()), Err)
}

fn of_cluster<'a>(
    own: &CompetingStrategy,
    rivals: &[CompetingStrategy],
    tenants: impl Iterator<Item = &'a Arc<Tenant>>,
    recovered: &BTreeSet<TenantId>,
) -> MatchedTenants {
    let mut matched = MatchedTenants::default();
    let mut skipped = BTreeMap::<&str, i32>::new();
    for tenant in tenants {
        let reason = match tenant_manager(own, rivals, &tenant.name) {
            TenantManager::Other(winner) if winner.is_cluster_level() => {
                matched.outranked_by.get_or_insert(winner.name.clone());
                Some("TenantAlreadyManaged")
            }
            TenantManager::Other(_) => Some("NamedByStrategy"),
            TenantManager::Excluded => Some("Excluded"),
            TenantManager::Own if recovered.contains(&tenant.id) => Some("RecoveredTenant"),
            TenantManager::Own if TenantName::parse(&tenant.name).is_none() => {
                Some("UnsafeTenantName")
            }
            TenantManager::Own => usable(tenant, &own.access)
                .err()
                .map(|blocker| blocker.reason),
        };
        match reason {
            Some(reason) => *skipped.entry(reason).or_default() += 1,
            None => matched.eligible.push(Arc::clone(tenant)),
        }
    }
    matched.skipped = skipped
        .into_iter()
        .map(|(reason, count)| SkippedTenants {
            reason: reason.to_owned(),
            count,
        })
        .collect();
    matched
}
