//! The plan of a cleanup: what it deletes, what it keeps, and why.

use std::time::Duration;

use super::{CleanupDecision, Evaluation, Outcome};
use crate::api::cleanup_task::{PlanCounts, PlanEntry};
use crate::domain::retention::{Item, Kind, Refusal, RetainedItems, refusal};
use crate::domain::{Blocker, Next, cause, shortened};
use crate::oceanbase::model::{Deletion, Tenant};
use crate::oceanbase::version::Version;

/// Maximum number of listed entries.
const MAX_LISTED: usize = 200;

/// Plan, with the reason why it would not be carried out.
pub(super) struct Plan {
    pub(super) items: Vec<Item>,
    pub(super) refusal: Option<Refusal>,
}

/// Delay before checking whether the database was read again.
pub(super) const READ_INTERVAL: Duration = Duration::from_secs(5);

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        !self.items.iter().any(|item| item.why.goes())
    }
}

impl Evaluation<'_> {
    /// Returns what the deletion would do to the tenant's backups.
    pub(super) fn plan(&self, tenant: &Tenant, what: &Deletion) -> Plan {
        let version = self
            .observed
            .database
            .as_ref()
            .map(|observed| observed.version);
        let held = RetainedItems::of(tenant, version.unwrap_or(Version::OLDEST), self.now);
        let items = held.plan(what);
        let refusal = refusal(&held, what, &items);
        Plan { items, refusal }
    }

    /// Publishes the plan and sends nothing.
    pub(super) fn preview(mut self, what: &Deletion) -> CleanupDecision {
        let tenant = match self.reachable_tenant() {
            Ok(tenant) => tenant,
            Err(blocker) => return self.wait(blocker, Next::Await),
        };
        if self
            .observed
            .database
            .as_ref()
            .is_ok_and(|observed| !observed.settled)
        {
            return self.wait(Blocker::reading(), Next::Await);
        }
        let plan = self.plan(tenant, what);
        if let Some(blocker) = self.unread(plan.refusal.as_ref()) {
            return self.wait(blocker, Next::After(READ_INTERVAL));
        }
        self.show(&plan.items);
        // The database's own cleanup deletes obsolete backups in every version.
        let unsupported = match what {
            Deletion::Obsolete => None,
            Deletion::Sets(_) | Deletion::Pieces(_) => self.unsupported(),
        };
        let refusal = plan.refusal.as_ref();
        let refusal = refusal.map(|refusal| cause(refusal.reason, &refusal.message));
        self.status.cause = unsupported.map(|it| it.cause()).or(refusal);
        self.end(Outcome::Completed, None)
    }

    /// Returns what to wait for before a refusal is final. A missing backup set or piece may have
    /// been made after the database was read and before the task was created.
    pub(super) fn unread(&self, refusal: Option<&Refusal>) -> Option<Blocker> {
        let is_missing = refusal.is_some_and(Refusal::is_missing);
        let database = self.observed.database.as_ref().ok()?;
        (is_missing && database.predates_task).then(Blocker::reading)
    }

    /// Writes the plan to the status.
    pub(super) fn show(&mut self, items: &[Item]) {
        let (going, staying): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.why.goes());
        let mut counts = PlanCounts::default();
        for item in &going {
            let (number, bytes) = match item.kind {
                Kind::Set => (&mut counts.delete_sets, &mut counts.delete_bytes),
                Kind::Piece => (&mut counts.delete_pieces, &mut counts.delete_bytes),
            };
            *number += 1;
            *bytes = bytes.saturating_add(item.bytes);
        }
        for item in &staying {
            let (number, bytes) = match item.kind {
                Kind::Set => (&mut counts.keep_sets, &mut counts.keep_bytes),
                Kind::Piece => (&mut counts.keep_pieces, &mut counts.keep_bytes),
            };
            *number += 1;
            *bytes = bytes.saturating_add(item.bytes);
        }
        // The newest items matter most to users.
        let listed = going.into_iter().rev().chain(staying.into_iter().rev());
        self.status.plan = listed.take(MAX_LISTED).map(entry).collect();
        self.status.plan_counts = Some(counts);
    }
}

fn entry(item: &Item) -> PlanEntry {
    PlanEntry {
        kind: match item.kind {
            Kind::Set => "BackupSet",
            Kind::Piece => "Piece",
        }
        .to_owned(),
        id: item.id,
        bytes: Some(item.bytes),
        action: if item.why.goes() { "Delete" } else { "Keep" }.to_owned(),
        reason: item.why.word().to_owned(),
        message: shortened(item.why.text(), 256),
    }
}
