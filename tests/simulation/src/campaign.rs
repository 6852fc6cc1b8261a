//! Runs of many plans.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::enumerate::{pairs, single};
use crate::plan::Plan;
use crate::run::{Report, run};

/// The faultless run of a workload, and every fault that can happen in it.
pub struct Campaign {
    /// The run without faults.
    pub peace: Report,
    /// Every possible fault, one per plan, and each outside change to the database combined with a
    /// kill of the operator.
    pub singles: Vec<Plan>,
}

impl Campaign {
    /// Runs the workload without faults.
    #[must_use]
    pub fn new(workload: &str) -> Self {
        let peace = run(&Plan::peace(workload), None);
        let mut singles = single(workload, &peace.points);
        let pairs = pairs(&singles, &peace.points);
        singles.extend(pairs);
        Self { peace, singles }
    }

    /// Runs a plan and compares it with the faultless run.
    #[must_use]
    pub fn run(&self, plan: &Plan) -> Report {
        run(plan, Some(&self.peace))
    }

    /// Removes faults from a plan for as long as the plan still violates an invariant.
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

/// Runs plans on `threads` threads and passes each report to `look`, until `look` returns false.
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
