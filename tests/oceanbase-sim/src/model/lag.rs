//! Views that show new rows late.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Scn, TenantId};

/// Rows of a tenant that appear late.
#[derive(Clone, Debug)]
pub struct Lag {
    tenant: TenantId,
    since: Scn,
    until: LagUntil,
    /// Prefix of the names of the affected views.
    views: String,
    seen: BTreeMap<String, u32>,
}

/// When a late row appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LagUntil {
    /// After this many SELECTs on the same view without the row.
    Selects(u32),
    /// This long after the row was created.
    Age(Duration),
}

impl Lag {
    /// Delays the new rows of this tenant from now on.
    #[must_use]
    pub fn new(tenant: TenantId, since: Scn, until: LagUntil) -> Self {
        Self {
            tenant,
            since,
            until,
            views: String::new(),
            seen: BTreeMap::new(),
        }
    }

    /// Restricts the delay to views with this prefix.
    #[must_use]
    pub fn in_views(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.views);
        self
    }

    /// Returns the tenant of the rows.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Returns whether a row is not shown yet.
    #[must_use]
    pub fn hides(&self, tenant: TenantId, view: &str, born_at: Scn, now: Scn) -> bool {
        tenant == self.tenant
            && born_at >= self.since
            && view.starts_with(&self.views)
            && match self.until {
                LagUntil::Selects(count) => self.seen.get(view).copied().unwrap_or(0) < count,
                LagUntil::Age(age) => now.since(born_at) < age,
            }
    }

    /// Counts a SELECT on this view that did not show a row.
    pub fn count(&mut self, view: &str) {
        *self.seen.entry(view.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId(1002);

    #[test]
    fn a_row_appears_after_as_many_selects_as_asked() {
        let mut lag = Lag::new(TENANT, Scn(10), LagUntil::Selects(2));
        let mut hidden = Vec::new();
        for _ in 0..3 {
            hidden.push(lag.hides(TENANT, "JOBS", Scn(11), Scn(99)));
            lag.count("JOBS");
        }
        assert_eq!(hidden, [true, true, false]);
    }

    #[test]
    fn rows_can_be_late_in_some_views_only() {
        let lag = Lag::new(TENANT, Scn(10), LagUntil::Age(Duration::from_mins(1)));
        let lag = lag.in_views("CDB_");
        assert!(lag.hides(TENANT, "CDB_OB_BACKUP_JOBS", Scn(11), Scn(12)));
        assert!(!lag.hides(TENANT, "DBA_OB_BACKUP_JOBS", Scn(11), Scn(12)));
    }

    #[test]
    fn rows_from_before_are_not_late() {
        let lag = Lag::new(TENANT, Scn(10), LagUntil::Age(Duration::from_mins(1)));
        assert!(!lag.hides(TENANT, "JOBS", Scn(9), Scn(11)));
    }
}
