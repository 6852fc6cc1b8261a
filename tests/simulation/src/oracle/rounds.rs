//! Invariants of log archiving that only surrounds data backups. A round ends after a set is
//! restorable with it.

use std::collections::BTreeMap;

use oceanbase_sim::log::Entry;
use oceanbase_sim::model::{RoundStatus, SetStatus, Tenant, World};

use super::State;
use super::statements::ours_of;

/// Tenants whose running round is still needed, and the reason.
pub(super) type Needed = BTreeMap<String, String>;

/// Returns the tenants whose rounds must not end now.
pub(super) fn needed(world: &World) -> Needed {
    let tenants = world.tenants.iter();
    let needed = tenants.filter_map(|tenant| Some((tenant.name.clone(), need(tenant)?)));
    needed.collect()
}

fn need(tenant: &Tenant) -> Option<String> {
    let round = tenant.archive.round.as_ref()?;
    // A round that does not run makes no progress: it ends in favor of a new one.
    let runs = matches!(
        round.status,
        RoundStatus::Prepare | RoundStatus::Beginning | RoundStatus::Doing
    );
    if !runs {
        return None;
    }
    if ours_of(tenant) > 0 {
        return Some("a backup runs".to_owned());
    }
    let complete =
        tenant.backups.sets.iter().filter(|set| {
            set.status == SetStatus::Success && set.is_usable() && !set.plus_archivelog
        });
    let newest = complete.max_by_key(|set| set.id)?;
    let (reached, wanted) = (round.checkpoint.micros(), newest.min_restore.micros());
    (reached <= wanted).then(|| {
        let missing = wanted - reached;
        format!("set {} needs the logs of {missing} µs more", newest.id.0)
    })
}

impl State {
    /// Checks that log backup of a tenant ends only after no data backup needs it.
    pub(super) fn cuts_nothing_off(&mut self, entry: &Entry) {
        for name in &entry.named {
            if let Some(why) = self.needed.get(name) {
                let what = format!("a round of {name} is ended too soon, {why}: {}", entry.text);
                self.violated(&what);
            }
        }
    }
}
