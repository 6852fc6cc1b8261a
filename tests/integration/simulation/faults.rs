//! Plans of faults: the part of the simulation that runs with every change.

use std::collections::BTreeMap;
use std::sync::Mutex;

use simulation::Plan;
use simulation::campaign::{Campaign, run_all};
use simulation::enumerate::choice;
use simulation::workload::Workload;

use super::{changes, recoveries};
use crate::support::sample;

/// Number of plans of a long run.
const PLANS: usize = 300;

const EVERYDAY: [&str; 17] = [
    "pair",
    "manual",
    "now",
    "logs",
    "suspend",
    "delete",
    "leader",
    "neighbours",
    "retry",
    "later",
    "heal",
    "blackout",
    "around",
    "farewell",
    "everybody",
    "sealed",
    "elsewhere",
];

/// Without this no plan could be replayed.
#[test]
fn a_plan_comes_to_the_same_again() {
    let campaign = Campaign::new("pair");
    let plan: Plan = "pair: kill-after @ ALTER SYSTEM BACKUP TENANT = 'orders' \
                      DESCRIPTION = 'obb/*/1'#1"
        .parse()
        .unwrap();
    let twice = [campaign.run(&plan), campaign.run(&plan)];
    assert!(twice[0].struck && twice[1].struck);
    assert_eq!(twice[0].digest, twice[1].digest);
}

#[test]
fn no_fault_of_the_enumerated_ones_does_harm() {
    let campaigns: BTreeMap<_, _> = EVERYDAY.map(|name| (name, Campaign::new(name))).into();
    let singles = campaigns.values().flat_map(|campaign| &campaign.singles);
    let count = sample::count(PLANS);
    let plans = choice(singles.cloned().collect(), count, sample::seed());
    assert_eq!(plans.len(), count);
    println!("{}", assert_harmless(&campaigns, plans));
}

/// Runs all plans, and fails on a violation. Reports how many reached their point.
pub(super) fn assert_harmless(campaigns: &BTreeMap<&str, Campaign>, plans: Vec<Plan>) -> String {
    let count = plans.len();
    let harm = Mutex::new(Vec::new());
    let mut missed = 0;
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    run_all(
        plans.into_iter(),
        threads,
        |plan| campaigns[plan.workload.as_str()].run(plan),
        |report| {
            missed += usize::from(!report.struck);
            if !report.violations.is_empty() {
                let (plan, violations) = (report.plan.to_string(), report.violations);
                harm.lock().unwrap().push((plan, violations));
            }
            true
        },
    );
    let harm = harm.into_inner().unwrap();
    let seed = sample::seed();
    assert!(
        harm.is_empty(),
        "seed {seed}; replay each with `cargo xtask simulate --plan '…'`:\n{harm:#?}"
    );
    // Which of two reconcile passes writes a status first is a race of hash maps.
    assert!(missed * 10 <= count, "{missed} of {count} plans missed");
    format!("{count} plans, seed {seed}; {missed} did not come by their point")
}

#[test]
fn every_workload_is_told() {
    let reported = EVERYDAY.into_iter().chain(recoveries::WORKLOADS);
    let reported = reported.chain(changes::WORKLOADS).chain(["days"]);
    let reported: Vec<_> = reported.collect();
    let all: Vec<_> = Workload::all().iter().map(|known| known.name).collect();
    assert_eq!(reported, all);
}
