//! Many plans at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::enumerate::{pairs, single};
use crate::plan::Plan;
use crate::run::{Report, run};

/// A workload's run in peace, and all that can go wrong in it.
pub struct Campaign {
    /// The run in peace.
    pub peace: Report,
    /// Everything that can go wrong, one at a time; what people do to the database also while an
    /// operator is killed.
    pub singles: Vec<Plan>,
}

impl Campaign {
    /// Runs the workload in peace.
    #[must_use]
    pub fn new(workload: &str) -> Self {
        let peace = run(&Plan::peace(workload), None);
        let mut singles = single(workload, &peace.points);
        let pairs = pairs(&singles, &peace.points);
        singles.extend(pairs);
        Self { peace, singles }
    }

    /// Runs a plan and compares it.
    #[must_use]
    pub fn run(&self, plan: &Plan) -> Report {
        run(plan, Some(&self.peace))
    }

    /// Takes faults out of a plan as long as something does not hold without them.
    #[must_use]
    pub fn shrink(&self, plan: &Plan) -> Plan {
        let mut smallest = plan.clone();
        let mut at = 0;
        while smallest.faults.len() > 1 && at < smallest.faults.len() {
            let mut smaller = smallest.clone();
            smaller.faults.remove(at);
            if self.run(&smaller).violations.is_empty() {
                at += 1;
            } else {
                smallest = smaller;
            }
        }
        smallest
    }
}

/// Runs plans on so many threads and hands each report to `look`, until it says that it is enough.
pub fn run_all(
    plans: impl Iterator<Item = Plan> + Send,
    threads: usize,
    run: impl Fn(&Plan) -> Report + Sync,
    look: impl FnMut(Report) -> bool + Send,
) {
    let (plans, look) = (Mutex::new(plans), Mutex::new(look));
    let is_enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !is_enough.load(Ordering::Relaxed) {
                    let plan = plans.lock().unwrap().next();
                    let Some(plan) = plan else { return };
                    let report = run(&plan);
                    if !(look.lock().unwrap())(report) {
                        is_enough.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}
