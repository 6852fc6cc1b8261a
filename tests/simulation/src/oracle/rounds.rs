//! What must hold where logs are archived around data backups only: a round is ended when a set can
//! be recovered with it.

use std::collections::BTreeMap;

use oceanbase_sim::log::Entry;
use oceanbase_sim::model::{RoundStatus, SetStatus, Tenant, World};

use super::State;
use super::statements::ours_of;

/// Tenants whose running round is needed still, and what for.
pub(super) type Needed = BTreeMap<String, String>;

/// Which tenants' rounds may not be ended now.
pub(super) fn needed(world: &World) -> Needed {
    let tenants = world.tenants.iter();
    let needed = tenants.filter_map(|tenant| Some((tenant.name.clone(), need(tenant)?)));
    needed.collect()
}

fn need(tenant: &Tenant) -> Option<String> {
    let round = tenant.archive.round.as_ref()?;
    // One that does not run comes no further: it is ended for a new one.
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
    /// Log backup of a tenant is ended because no data backup needs it any more.
    pub(super) fn cuts_nothing_off(&mut self, entry: &Entry) {
        for name in &entry.named {
            if let Some(why) = self.needed.get(name) {
                let what = format!("a round of {name} is ended too soon, {why}: {}", entry.text);
                self.violated(&what);
            }
        }
    }
}
