//! Which tenants a strategy is for.
//!
//! A strategy that names a tenant goes before one on cluster level; of two on the same level the
//! older one, then the one whose name comes first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::cluster::Access;
use crate::api::strategy::{FailingTenant, SkippedTenants, TenantSelection};
use crate::domain::Blocker;
use crate::domain::authorization::{self, is_listed};
use crate::domain::backup::{ineligible, unnameable};
use crate::oceanbase::model::{Tenant, TenantId, TenantName};

/// A strategy of the same database, the one in question included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompetingStrategy {
    /// Its name; with its namespace before it where that is not the one in question's.
    pub name: String,
    /// Its name and namespace: the same from wherever it is looked at.
    pub full_name: (String, String),
    /// When it was created.
    pub created_at: Timestamp,
    /// Which tenants it is for.
    pub tenants: Option<TenantSelection>,
    /// What may be used through its cluster's object.
    pub access: Access,
}

/// The tenants of a strategy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatchedTenants {
    /// Those that can be backed up.
    pub eligible: Vec<Arc<Tenant>>,
    /// Those that can not, though the strategy names them.
    pub failing: Vec<FailingTenant>,
    /// Those that a strategy on cluster level leaves out, counted by reason.
    pub skipped: Vec<SkippedTenants>,
    /// A strategy on the same level that goes before one on cluster level, for some tenant.
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

    /// Whether its cluster's object is for the tenant. It could not back the tenant up otherwise, and
    /// must not keep another one from it.
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

/// Who backs a tenant up.
enum Claim<'a> {
    /// The strategy in question.
    Own,
    /// Another one, which goes before.
    Other(&'a CompetingStrategy),
    /// The strategy in question leaves it out.
    Excluded,
}

fn claim<'a>(own: &CompetingStrategy, rivals: &'a [CompetingStrategy], tenant: &str) -> Claim<'a> {
    let first = |among: &dyn Fn(&&CompetingStrategy) -> bool| {
        let able = rivals.iter().filter(|rival| rival.may_use(tenant));
        able.filter(among).min_by_key(|rival| rival.rank())
    };
    let naming = first(&|rival| rival.names_tenant(tenant));
    let winner = match naming {
        Some(naming) => naming,
        None if own.excludes(tenant) => return Claim::Excluded,
        None => match first(&|rival| rival.is_cluster_level() && !rival.excludes(tenant)) {
            Some(winner) => winner,
            // Nobody may use it, and it is said of each that would.
            None => return Claim::Own,
        },
    };
    if winner.name == own.name {
        Claim::Own
    } else {
        Claim::Other(winner)
    }
}

/// Whether the strategy `name` is the one that backs the tenant up, eligible or not.
#[must_use]
pub fn covers(name: &str, rivals: &[CompetingStrategy], tenant: &str) -> bool {
    let own = rivals.iter().find(|rival| rival.name == name);
    own.is_some_and(|own| {
        let is_for_it = own.is_cluster_level() || own.names_tenant(tenant);
        is_for_it && matches!(claim(own, rivals, tenant), Claim::Own)
    })
}

/// Whether a strategy for these tenants is for this one, whoever else is.
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

/// Whether a tenant of the strategy `name` stays its own, though it can not be backed up now: it is
/// locked, or has become a standby tenant.
pub(super) fn keeps(name: &str, rivals: &[CompetingStrategy], tenant: &str) -> bool {
    let own = rivals.iter().find(|rival| rival.name == name);
    own.is_some_and(|own| own.may_use(tenant)) && covers(name, rivals, tenant)
}

/// Whether the tenant is another strategy's once the strategy `name` is gone.
pub(super) fn covered_by_another(name: &str, rivals: &[CompetingStrategy], tenant: &str) -> bool {
    let mut others = rivals.iter().filter(|rival| rival.name != name);
    others.any(|rival| {
        let names = rival.names().iter().any(|known| known == tenant);
        let takes = names || (rival.is_cluster_level() && !rival.excludes(tenant));
        takes && rival.may_use(tenant)
    })
}

impl MatchedTenants {
    /// Why the strategy has no tenant, as far as it can be said of one.
    #[must_use]
    pub fn why_none(&self) -> Option<String> {
        let of_one = self.failing.first().map(|tenant| {
            let FailingTenant { name, message, .. } = tenant;
            format!("tenant {name}: {message}")
        });
        of_one.or_else(|| {
            let winner = self.loses_all_to()?;
            Some(format!("they are those of BackupStrategy '{winner}'"))
        })
    }

    /// The strategy on cluster level that leaves nothing to this one, which is on cluster level too.
    /// A tenant that can not be backed up now is left to it all the same.
    pub(super) fn loses_all_to(&self) -> Option<&str> {
        let lost = ["TenantAlreadyManaged", "NamedByStrategy", "Excluded"];
        let mut skipped = self.skipped.iter();
        let winner = self.outranked_by.as_deref()?;
        let all = self.eligible.is_empty() && skipped.all(|of| lost.contains(&&*of.reason));
        all.then_some(winner)
    }
}

/// Finds the tenants of the strategy `name` among `rivals`. Those that were `recovered` are backed up by
/// whoever names them: a tenant that was brought back to be looked at is nobody's to keep.
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
        if let Claim::Other(winner) = claim(own, rivals, name) {
            fail(
                "TenantAlreadyManaged",
                format!(
                    "BackupStrategy '{}', which goes before this one, names the tenant too: take it \
                     out of one of the two",
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
            fail(
                "TenantNotFound",
                format!("the cluster has no tenant '{name}': correct the name, or make the tenant"),
            );
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
        let reason = match claim(own, rivals, &tenant.name) {
            Claim::Other(winner) if winner.is_cluster_level() => {
                matched.outranked_by.get_or_insert(winner.name.clone());
                Some("TenantAlreadyManaged")
            }
            Claim::Other(_) => Some("NamedByStrategy"),
            Claim::Excluded => Some("Excluded"),
            Claim::Own if recovered.contains(&tenant.id) => Some("RecoveredTenant"),
            Claim::Own if TenantName::parse(&tenant.name).is_none() => Some("UnsafeTenantName"),
            Claim::Own => usable(tenant, &own.access)
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
