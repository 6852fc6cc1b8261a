//! Invariants of every statement.

use oceanbase_sim::Simulator;
use oceanbase_sim::log::Entry;
use oceanbase_sim::model::{Job, JobStatus, RoundStatus, Tenant, World};
use oceanbase_sim::statement::Kind;

use super::{PASSWORD, READER_PASSWORD, RESTORE_PASSWORD, State, others, recoveries, rounds};
use crate::workload::{FIRST_TENANT, STORE};

impl State {
    /// Records the configured destinations with their sources, and the interrupted log backups.
    pub(super) fn before_statement(&mut self, simulator: &Simulator, text: &str) {
        self.elsewhere = simulator.world(|world| {
            let tenants = world.tenants.iter().filter(|tenant| is_elsewhere(tenant));
            tenants.map(|tenant| tenant.name.clone()).collect()
        });
        self.before_a_recovery(simulator, text);
        if text.starts_with("ALTER SYSTEM BACKUP") {
            self.backed_up = simulator.world(|world| {
                let tenants = world.tenants.iter().filter(|tenant| ours_of(tenant) > 0);
                tenants.map(|tenant| tenant.name.clone()).collect()
            });
        }
        self.foreign = simulator.world(others::foreign);
        if text.starts_with("ALTER SYSTEM NOARCHIVELOG") {
            self.needed = simulator.world(rounds::needed);
            let is_interrupted =
                |tenant: &&Tenant| tenant.archive.status() == Some(RoundStatus::Interrupted);
            self.interrupted = simulator.world(|world| {
                let tenants = world.tenants.iter().filter(is_interrupted);
                tenants.map(|tenant| tenant.name.clone()).collect()
            });
        }
        if !text.starts_with("ALTER SYSTEM SET") {
            return;
        }
        self.destinations = simulator.world(|world| {
            let all = world.tenants.iter().flat_map(|tenant| {
                let logs = tenant.archive_dest.as_ref().map(|dest| &dest.uri);
                let data = tenant.data_dest.as_ref().map(|dest| &dest.uri);
                let set = [("logs", logs), ("data", data)];
                set.map(|(what, uri)| Some((tenant.name.clone(), what, uri?.path())))
            });
            all.flatten().collect()
        });
    }

    pub(super) fn after_statements(&mut self, simulator: &Simulator, actor: &str) {
        let news: Vec<Entry> = simulator.log(|log| {
            let seen = self.seen;
            let newest = log.entries().rev().take_while(|e| e.number > seen);
            newest.cloned().collect()
        });
        simulator.world(|world| {
            self.sets.record(world);
            self.after_a_recovery(world);
            self.keeps_a_chain(world);
        });
        for entry in news.into_iter().rev() {
            self.seen = entry.number;
            if entry.kind == Kind::Unparsable {
                self.violated(&format!("a statement that is none: {}", entry.text));
            }
            let is_protecting = entry.kind == Kind::SetEncryption;
            if entry.text.contains(PASSWORD)
                || entry.text.contains(READER_PASSWORD)
                || entry.text.contains(RESTORE_PASSWORD) && !is_protecting
            {
                self.violated("I11: a password stands in a statement");
            }
            if entry.kind == Kind::Select
                && let Some(key) = key(&entry.text).or_else(|| recoveries::key(&entry.text))
            {
                self.looked.insert((entry.session, key.to_owned()));
            }
            if entry.kind == Kind::Select && entry.tenant != "sys" {
                self.asks(simulator, &entry);
            }
            if entry.is_changing() {
                self.sent_at = self.time.elapsed();
                self.acts(actor, &entry.text);
                simulator.world(|world| self.changing(&entry, world));
            }
        }
    }

    fn changing(&mut self, entry: &Entry, world: &World) {
        let heals = self.heals
            && entry.kind == Kind::NoArchiveLog
            && entry
                .named
                .iter()
                .all(|name| self.interrupted.contains(name));
        // A recreated tenant has no log backup: log backup begins for a task and ends after the
        // task.
        let is_for_a_task = !self.heals
            && entry.kind == Kind::NoArchiveLog
            && entry.named.iter().all(|name| self.is_new(name, world));
        if !(heals || is_for_a_task || self.allowed.contains(&entry.kind)) {
            self.violated(&format!("I9: no object asked for {}", entry.text));
        }
        if entry.kind == Kind::NoArchiveLog && (self.is_around || self.moves || is_for_a_task) {
            self.cuts_nothing_off(entry);
        }
        if entry.kind == Kind::Backup {
            self.is_alone(entry);
        }
        if entry.kind == Kind::DeleteBackup {
            self.deletes(entry);
        }
        self.of_a_recovery(entry);
        self.minds_others(entry);
        if !entry.took_effect() {
            return;
        }
        for name in &entry.named {
            if self.elsewhere.contains(name) {
                self.violated(&format!("another tool backs up {name}: {}", entry.text));
            }
        }
        let holds = match entry.kind {
            Kind::SetLogArchiveDest => "logs",
            Kind::SetDataBackupDest => "data",
            Kind::Backup => return self.backup(entry, world),
            _ => return,
        };
        for name in &entry.named {
            let mut set = self.destinations.iter();
            // If backups move, a destination that is already correct is not set again.
            let is_again = set.any(|(of, what, place)| {
                let is_same = !self.moves || entry.text.contains(place);
                of == name && *what == holds && is_same
            });
            if is_again {
                self.violated(&format!("a destination was set again: {}", entry.text));
            }
        }
    }

    /// Returns whether a tenant did not exist in the beginning.
    fn is_new(&self, name: &str, world: &World) -> bool {
        let number = world.tenant(name).map(|tenant| tenant.id.0);
        let first = u64::try_from(self.tenants).unwrap_or(u64::MAX);
        number >= Some(FIRST_TENANT + 2 * first)
    }

    /// Checks that no second BACKUP is sent, although the database would refuse it.
    fn is_alone(&mut self, entry: &Entry) {
        for name in &entry.named {
            if self.backed_up.contains(name) {
                let text = &entry.text;
                self.violated(&format!("I2: a backup of {name} runs already: {text}"));
            }
        }
    }

    fn backup(&mut self, entry: &Entry, world: &World) {
        let Some(key) = key(&entry.text) else {
            return self.violated(&format!("a backup without a key: {}", entry.text));
        };
        if !self.intents.contains(key) {
            self.violated(&format!("I1: no status holds the intent of {key}"));
        }
        if !self.looked.contains(&(entry.session, key.to_owned())) {
            self.violated(&format!(
                "I1: the operator did not look for {key} before it was sent"
            ));
        }
        let count = self.keys.entry(key.to_owned()).or_default();
        *count += 1;
        if *count > 1 {
            self.violated(&format!("I1: BACKUP was run twice for {key}"));
        }
        let running: usize = world.tenants.iter().map(ours_of).sum();
        if running > self.at_once {
            let most = self.at_once;
            self.violated(&format!("{running} backups run at a time, {most} may"));
        }
    }
}

/// Returns whether a tenant has a destination outside the operator's storage.
fn is_elsewhere(tenant: &Tenant) -> bool {
    let logs = tenant.archive_dest.as_ref().map(|dest| dest.uri.path());
    let data = tenant.data_dest.as_ref().map(|dest| dest.uri.path());
    logs.into_iter()
        .chain(data)
        .any(|path| !path.contains(STORE))
}

/// Returns how many backups of the operator run in a tenant.
pub(super) fn ours_of(tenant: &Tenant) -> usize {
    let is_ours = |job: &&Job| {
        let status = job.status;
        let is_running = matches!(
            status,
            JobStatus::Init | JobStatus::Doing | JobStatus::Canceling
        );
        is_running && job.description.starts_with("obb/")
    };
    tenant.backups.jobs.iter().filter(is_ours).count()
}

/// Returns the key of an attempt in a statement.
fn key(text: &str) -> Option<&str> {
    text.split('\'').find(|part| part.starts_with("obb/"))
}
