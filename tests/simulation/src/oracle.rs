//! What must hold after every step.
//!
//! The numbers are those of the project's invariants: I1 one job per attempt, I2 never two backups
//! of a tenant at a time, I3 an end is an end, I4 a job id stands, I5 one task per slot, I9 nothing
//! destructive, I11 no secret anywhere, I12 only its own objects, I13 generations; a backup that is
//! called complete has a set, protected where that was asked for; I7 a recovery is begun once, and leaves
//! nothing behind but what was asked for; nothing is changed about a tenant
//! that somebody else backs up; and of several operators one acts at a time. What must hold at the end (I6, I10, I14, I15) is in [`digest`](crate::digest) and [`run`](crate::run).

mod checkpoints;
mod deletions;
mod leading;
mod objects;
mod others;
mod own;
#[cfg(test)]
mod own_tests;
mod recoveries;
mod rounds;
mod sets;
mod statements;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api_double::Change;
use oceanbase_sim::Simulator;
use oceanbase_sim::statement::Kind;

pub use leading::LEASE;

use crate::plan::Fault;
use crate::time::Time;
use crate::workload::Workload;

/// The password of `root@sys` in every simulated world. Nothing but the Secret holds it.
pub const PASSWORD: &str = "canary-sesame-5f1d";

/// The password that whoever restores a set must give. It may stand in the Secret and in
/// `SET ENCRYPTION`.
pub const RESTORE_PASSWORD: &str = "canary-restore-77c0";

/// The password of `root` in the tenants that are verified. Nothing but a Secret holds it.
pub const READER_PASSWORD: &str = "canary-reader-3f2b";

/// Looks at every change and every statement; clones are the same one.
#[derive(Clone)]
pub struct Oracle(Arc<Mutex<State>>);

struct State {
    time: Time,
    allowed: BTreeSet<Kind>,
    heals: bool,
    is_around: bool,
    /// Whether backups are moved to another place.
    moves: bool,
    /// Whether RESTORE reads the store for a while before its row is there.
    reads_slowly: bool,
    /// Whether all clocks are right.
    is_on_time: bool,
    /// How many tenants there are in the beginning.
    tenants: usize,
    at_once: usize,
    violations: Vec<String>,
    /// How many statements of the log were looked at.
    seen: u64,
    keys: BTreeMap<String, u32>,
    /// Keys of attempts that stand in a status.
    intents: BTreeSet<String>,
    /// Keys that were looked for, and by which session.
    looked: BTreeSet<(u64, String)>,
    slots: BTreeMap<String, String>,
    children: own::Children,
    checkpoints: checkpoints::Checkpoints,
    deletions: deletions::Deletions,
    /// Sets that were seen to be complete.
    sets: sets::Sets,
    /// What is known of recoveries.
    recoveries: recoveries::Recoveries,
    /// Destinations that were set before the statement that is being run.
    destinations: BTreeSet<(String, &'static str, String)>,
    /// Tenants that somebody else backed up before the statement that is being run.
    elsewhere: BTreeSet<String>,
    /// Tenants whose log backup was interrupted before the statement that is being run.
    interrupted: BTreeSet<String>,
    /// Tenants of which a backup of ours ran before the statement that is being run.
    backed_up: BTreeSet<String>,
    /// Tenants with a backup of somebody else that ran before the statement that is being run.
    foreign: others::Foreign,
    /// Recovery windows that strategies have ever asked for, in days.
    windows: BTreeSet<u64>,
    /// Tenants whose round was needed before the statement that is being run.
    needed: rounds::Needed,
    /// Whether an operator must be elected before it acts.
    is_elected: bool,
    /// The Lease, once it was written.
    lease: Option<leading::Held>,
    /// When the operator last wrote something that is no checkpoint.
    moved_at: Duration,
    /// When the operator last sent something that changes the database.
    sent_at: Duration,
}

impl Oracle {
    /// One that has seen nothing, and takes for wrong what the workload does not ask for.
    #[must_use]
    pub fn new(time: Time, workload: &Workload, faults: &[Fault]) -> Self {
        Self(Arc::new(Mutex::new(State {
            time,
            allowed: workload.allowed.iter().copied().collect(),
            heals: workload.heals,
            is_around: workload.is_around,
            moves: workload.moves,
            reads_slowly: workload.reads_slowly,
            is_on_time: faults
                .iter()
                .all(|fault| !(fault.act.is_of_clock() || fault.is_of_their_clock())),
            at_once: workload.at_once,
            violations: Vec::new(),
            seen: 0,
            keys: BTreeMap::new(),
            intents: BTreeSet::new(),
            looked: BTreeSet::new(),
            slots: BTreeMap::new(),
            children: own::Children::new(),
            checkpoints: checkpoints::Checkpoints::new(),
            deletions: deletions::Deletions::default(),
            sets: sets::Sets::default(),
            recoveries: recoveries::Recoveries::default(),
            destinations: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            interrupted: BTreeSet::new(),
            backed_up: BTreeSet::new(),
            foreign: others::Foreign::new(),
            windows: BTreeSet::new(),
            needed: rounds::Needed::new(),
            is_elected: workload.has_second,
            tenants: workload.tenants.len(),
            lease: None,
            moved_at: Duration::ZERO,
            sent_at: Duration::ZERO,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a change of an object.
    pub fn change(&self, simulator: &Simulator, change: &Change) {
        let mut state = self.lock();
        simulator.world(|world| state.sets.record(world));
        state.change(change);
        if change.key.plural == "recoverytasks" {
            state.recovery(simulator, change);
        }
    }

    /// Looks at what a statement finds.
    pub fn before_statement(&self, simulator: &Simulator, text: &str) {
        self.lock().before_statement(simulator, text);
    }

    /// Looks at the statements that were run since, all of them sent by this process.
    pub fn after_statements(&self, simulator: &Simulator, actor: &str) {
        self.lock().after_statements(simulator, actor);
    }

    /// Looks at a request that changes something, when it is sent.
    pub fn acts(&self, actor: &str, what: &str) {
        self.lock().acts(actor, what);
    }

    /// The longest time for which nobody has renewed the Lease.
    #[must_use]
    pub fn longest_without_leader(&self) -> Duration {
        self.lock().longest_gap()
    }

    /// What recoveries have left behind that are over.
    #[must_use]
    pub fn left_behind(&self, simulator: &Simulator) -> Vec<String> {
        self.lock().left_behind(simulator)
    }

    /// What did not hold.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// When the operator last wrote anything but a checkpoint, and last changed the database.
    #[must_use]
    pub fn last_moves(&self) -> (Duration, Duration) {
        let state = self.lock();
        (state.moved_at, state.sent_at)
    }
}

impl State {
    fn violated(&mut self, what: &str) {
        let at = self.time.elapsed();
        self.violations.push(format!("at {at:?}: {what}"));
    }
}
