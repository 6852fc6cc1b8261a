//! Counts the points that a run reaches and injects faults there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use api_double::Double;
use oceanbase_sim::{Simulator, fault};
use tokio::task::JoinSet;

use crate::passing;
use crate::plan::{Act, Fault, Point};
use crate::time::Time;

/// Limit on points that are reached while no time passes: more than this is an endless loop.
const MOST_AT_ONCE: u32 = 20_000;

/// Counts points and injects faults. Clones share one state.
#[derive(Clone)]
pub struct Director(Arc<Shared>);

struct Shared {
    time: Time,
    state: Mutex<State>,
    double: OnceLock<Double>,
    simulator: OnceLock<Simulator>,
    /// Faults that will be reverted.
    passing: Mutex<JoinSet<()>>,
}

struct State {
    faults: Vec<Fault>,
    counts: HashMap<String, u32>,
    points: Vec<Point>,
    /// When the last fault happened.
    struck_at: Option<Duration>,
    /// Whether a fault could not happen at its point.
    is_missed: bool,
    at: Duration,
    at_once: u32,
    is_stuck: bool,
}

impl Director {
    /// Creates a director that will inject these faults.
    #[must_use]
    pub fn new(time: Time, faults: &[Fault]) -> Self {
        let state = State {
            faults: faults.to_vec(),
            counts: HashMap::new(),
            points: Vec::new(),
            struck_at: None,
            is_missed: false,
            at: Duration::ZERO,
            at_once: 0,
            is_stuck: false,
        };
        Self(Arc::new(Shared {
            time,
            state: Mutex::new(state),
            double: OnceLock::new(),
            simulator: OnceLock::new(),
            passing: Mutex::default(),
        }))
    }

    /// Sets the API server whose history can be compacted and the database that receives faults.
    pub fn knows(&self, double: &Double, simulator: &Simulator) {
        let _ = self.0.double.set(double.clone());
        let _ = self.0.simulator.set(simulator.clone());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the run reaches a point, and returns the fault for it.
    #[must_use]
    pub fn meet(&self, name: &str) -> Option<Act> {
        let mut state = self.lock();
        if state.is_stuck {
            return Some(Act::KillBefore);
        }
        let now = self.0.time.elapsed();
        if state.at != now {
            (state.at, state.at_once) = (now, 0);
        }
        state.at_once += 1;
        if state.at_once > MOST_AT_ONCE {
            state.is_stuck = true;
            return Some(Act::KillBefore);
        }
        let count = state.counts.entry(name.to_owned()).or_default();
        *count += 1;
        let point = Point {
            name: name.to_owned(),
            nth: *count,
        };
        let found = state.faults.iter().position(|fault| fault.at == point);
        state.points.push(point);
        let act = state.faults.remove(found?).act;
        state.struck_at = state.struck_at.max(Some(now));
        match &act {
            Act::Compact => {
                if let Some(double) = self.0.double.get() {
                    double.compact();
                }
            }
            Act::Database(yaml) => {
                drop(state);
                self.inject(yaml);
            }
            Act::While(seconds, yaml) => {
                let lasts = Duration::from_secs(u64::from(*seconds));
                state.struck_at = Some(now + lasts);
                drop(state);
                self.inject(yaml);
                self.take_back(lasts, yaml);
            }
            _ => {}
        }
        Some(act)
    }

    fn inject(&self, yaml: &str) {
        let Some(simulator) = self.0.simulator.get() else {
            return;
        };
        for fault in fault::parse(yaml).unwrap_or_default() {
            // Not every fault can happen now: an archive that does not run cannot break.
            if simulator.inject(fault).is_err() {
                self.lock().is_missed = true;
            }
        }
    }

    /// Reverts a fault after it has lasted for this time.
    fn take_back(&self, lasts: Duration, yaml: &str) {
        let (Some((_, undone)), Some(simulator)) = (passing::read(yaml), self.0.simulator.get())
        else {
            return;
        };
        let simulator = simulator.clone();
        let passing = self.0.passing.lock();
        let mut passing = passing.unwrap_or_else(PoisonError::into_inner);
        passing.spawn(async move {
            tokio::time::sleep(lasts).await;
            for fault in undone {
                // An object that is gone needs no revert.
                let _ = simulator.inject(fault);
            }
        });
    }

    /// Returns all points so far, in order.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        self.lock().points.clone()
    }

    /// Returns when the last fault happened, and whether all faults happened.
    #[must_use]
    pub fn struck(&self) -> (Option<Duration>, bool) {
        let state = self.lock();
        let all = state.faults.is_empty() && !state.is_missed;
        (state.struck_at, all)
    }

    /// Returns whether the operator looped endlessly while no time passed.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.lock().is_stuck
    }
}
