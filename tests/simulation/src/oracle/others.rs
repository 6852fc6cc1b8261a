//! Invariants for tenants in which another tool works (I8). No BACKUP is sent during a backup of
//! that tool, and its backup is not canceled. No deletion exceeds what a strategy requests.

use std::collections::BTreeMap;
use std::time::Duration;

use api_double::Change;
use oceanbase_sim::log::Entry;
use oceanbase_sim::model::{Job, JobStatus, World};
use oceanbase_sim::statement::Kind;

use super::State;

/// How long a backup of another tool may run undetected. Running jobs are read every half minute,
/// and a view may be late.
const SEEN: Duration = Duration::from_mins(1);

/// Tenants with a running backup of another tool, and how long it has run.
pub(super) type Foreign = BTreeMap<String, Duration>;

/// Returns the running backups of other tools.
pub(super) fn foreign(world: &World) -> Foreign {
    let is_foreign = |job: &&Job| {
        let is_running = matches!(
            job.status,
            JobStatus::Init | JobStatus::Doing | JobStatus::Canceling
        );
        is_running && !job.description.starts_with("obb/")
    };
    let tenants = world.tenants.iter().filter_map(|tenant| {
        let job = tenant.backups.jobs.iter().find(is_foreign)?;
        let age = world.now().since(job.started_at);
        Some((tenant.name.clone(), age))
    });
    tenants.collect()
}

impl State {
    /// Records the recovery windows that strategies have requested.
    pub(super) fn asks_for_window(&mut self, change: &Change) {
        if change.key.plural == "backupstrategies"
            && let Some(after) = &change.after
        {
            let days = after["spec"]["retention"]["recoveryWindowDays"].as_u64();
            self.windows.extend(days);
        }
    }

    /// Checks a statement that concerns a job or a request of another tool.
    pub(super) fn minds_others(&mut self, entry: &Entry) {
        let text = &entry.text;
        if entry.kind == Kind::AddDeletePolicy {
            let days = text.split('\'').find_map(|part| part.strip_suffix('d'));
            let days = days.and_then(|days| days.parse::<u64>().ok());
            if !days.is_some_and(|days| self.windows.contains(&days)) {
                self.violated(&format!("I8: no strategy asks for that window: {text}"));
            }
        }
        for name in &entry.named {
            let Some(age) = self.foreign.get(name) else {
                continue;
            };
            if entry.kind == Kind::Backup && *age >= SEEN {
                self.violated(&format!(
                    "I2: a backup of another tool runs in {name} for {age:?}: {text}"
                ));
            }
            if entry.kind == Kind::CancelBackup && entry.took_effect() {
                self.violated(&format!("I9: another tool's backup of {name}: {text}"));
            }
        }
    }
}
