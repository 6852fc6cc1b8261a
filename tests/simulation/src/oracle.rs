//! Invariants that must hold after every step.
//!
//! The numbers are those of the project's invariants.
//!
//! * I1 one job per attempt; I2 never two backups of a tenant at a time
//! * I3 a final state stays; I4 a job id stays; I5 one task per slot
//! * I7 a recovery begins once and leaves nothing behind but its result
//! * I9 nothing destructive; I11 no secret anywhere; I12 only its own objects; I13 generations
//!
//! A complete backup has a set, protected if requested. A tenant that another tool backs up is not
//! changed, and one operator acts at a time. The final invariants (I6, I10, I14, I15) are in
//! [`digest`](crate::digest) and [`run`](crate::run).

mod checkpoints;
mod deletions;
mod leading;
mod objects;
mod others;
mod own;
/// Returns the statements that the objects ask for. A recovered tenant is upgraded if its cluster
/// was.
fn allowed(workload: &Workload, faults: &[Fault]) -> BTreeSet<Kind> {
    let is_upgrade =
        |fault: &Fault| matches!(&fault.act, Act::Database(yaml) if yaml.starts_with("upgradeTo"));
    let upgrade = faults.iter().any(is_upgrade).then_some(Kind::RunUpgrade);
    workload.allowed.iter().copied().chain(upgrade).collect()
}

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

use crate::plan::{Act, Fault};
use crate::time::Time;
use crate::workload::Workload;

/// The password of `root@sys` in every simulated world. Only the Secret contains it.
pub const PASSWORD: &str = "canary-sesame-5f1d";

/// The password that restoring a set requires. It may appear in the Secret and in `SET ENCRYPTION`.
pub const RESTORE_PASSWORD: &str = "canary-restore-77c0";

/// The password of `root` in the verified tenants. Only a Secret contains it.
pub const READER_PASSWORD: &str = "canary-reader-3f2b";

/// Checks every change and every statement. Clones share one state.
#[derive(Clone)]
pub struct Oracle(Arc<Mutex<State>>);

struct State {
    time: Time,
    allowed: BTreeSet<Kind>,
    heals: bool,
    is_around: bool,
    /// Whether backups move to another destination.
    moves: bool,
    /// Whether RESTORE reads the storage for a while before its row exists.
    reads_slowly: bool,
    /// Whether all clocks are right.
    is_on_time: bool,
    /// The initial number of tenants.
    tenants: usize,
    at_once: usize,
    violations: Vec<String>,
    /// How many statements of the log were checked.
    seen: u64,
    keys: BTreeMap<String, u32>,
    /// Keys of attempts that are recorded in a status.
    intents: BTreeSet<String>,
    /// Keys that were queried, and the querying session.
    looked: BTreeSet<(u64, String)>,
    slots: BTreeMap<String, String>,
    children: own::Children,
    checkpoints: checkpoints::Checkpoints,
    deletions: deletions::Deletions,
    /// Sets that were complete at some time.
    sets: sets::Sets,
    /// State of the recoveries.
    recoveries: recoveries::Recoveries,
    /// Destinations that were set before the current statement.
    destinations: BTreeSet<(String, &'static str, String)>,
    /// Tenants that another tool backed up before the current statement.
    elsewhere: BTreeSet<String>,
    /// Tenants whose log backup was interrupted before the current statement.
    interrupted: BTreeSet<String>,
    /// Tenants with a running backup of the operator before the current statement.
    backed_up: BTreeSet<String>,
    /// Tenants with a running backup of another tool before the current statement.
    foreign: others::Foreign,
    /// All recovery windows that strategies have requested so far, in days.
    windows: BTreeSet<u64>,
    /// Tenants whose round was needed before the current statement.
    needed: rounds::Needed,
    /// Whether an operator must be elected before it acts.
    is_elected: bool,
    /// The Lease, after it was written.
    lease: Option<leading::Held>,
    /// When the operator last wrote more than a checkpoint.
    moved_at: Duration,
    /// When the operator last sent a statement that changes the database.
    sent_at: Duration,
}

impl Oracle {
    /// Creates an oracle without history, which reports everything that the workload does not
    /// request.
    #[must_use]
    pub fn new(time: Time, workload: &Workload, faults: &[Fault]) -> Self {
        Self(Arc::new(Mutex::new(State {
            time,
            allowed: allowed(workload, faults),
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

    /// Checks a change of an object.
    pub fn change(&self, simulator: &Simulator, change: &Change) {
        let mut state = self.lock();
        simulator.world(|world| state.sets.record(world));
        state.change(change);
        if change.key.plural == "recoverytasks" {
            state.recovery(simulator, change);
        }
    }

    /// Records the state of the database before a statement.
    pub fn before_statement(&self, simulator: &Simulator, text: &str) {
        self.lock().before_statement(simulator, text);
    }

    /// Checks the statements that ran since, all of them sent by this process.
    pub fn after_statements(&self, simulator: &Simulator, actor: &str) {
        self.lock().after_statements(simulator, actor);
    }

    /// Checks a request that changes something, when it is sent.
    pub fn acts(&self, actor: &str, what: &str) {
        self.lock().acts(actor, what);
    }

    /// Returns the longest time without a renewal of the Lease.
    #[must_use]
    pub fn longest_without_leader(&self) -> Duration {
        self.lock().longest_gap()
    }

    /// Returns what finished recoveries have left behind.
    #[must_use]
    pub fn left_behind(&self, simulator: &Simulator) -> Vec<String> {
        self.lock().left_behind(simulator)
    }

    /// Returns the violations.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// Returns when the operator last wrote more than a checkpoint, and last changed the database.
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
