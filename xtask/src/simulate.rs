//! Runs of fault plans: one replayed plan, all enumerated plans, or as many as fit into a time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::SignedDuration;
use simulation::campaign::{Campaign, run_all};
use simulation::enumerate::{again, choice, drawn};
use simulation::workload::Workload;
use simulation::{Plan, Report};

use crate::say;

/// Which plans are run.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Run only this plan, and show the events: the text that a failed run has printed.
    #[arg(long)]
    plan: Option<String>,
    /// Run only plans of this workload.
    #[arg(long)]
    workload: Option<String>,
    /// Run only enumerated plans with this text.
    #[arg(long)]
    containing: Option<String>,
    /// Number of enumerated plans to run; all of them by default. The plans of every change are in
    /// `simulation::faults` and `simulation::recoveries` of the integration tests.
    #[arg(long)]
    count: Option<usize>,
    /// After the enumerated plans, run drawn plans with two or three faults each, until this time
    /// is over: `1h`, `20m`.
    #[arg(long = "for", value_name = "TIME")]
    time: Option<SignedDuration>,
    /// Seed of samples and plans: the same number chooses the same plans.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of plans that run at a time; the number of cores by default.
    #[arg(long)]
    threads: Option<usize>,
}

/// Runs plans and reports violations.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.plan {
        Some(plan) => replay(&plan.parse()?),
        None => all(arguments),
    }
}

fn replay(plan: &Plan) -> Result<()> {
    if Workload::find(&plan.workload).is_none() {
        bail!("there is no workload `{}`", plan.workload);
    }
    let report = Campaign::new(&plan.workload).run(plan);
    for line in &report.history {
        say(line);
    }
    for (subject, found) in &report.digest {
        say(&format!("{subject}: {found}"));
    }
    for (what, count) in &report.sent {
        say(&format!("{what} was sent: {count}"));
    }
    if !report.struck {
        say("the run did not come by every point");
    }
    let mut found = 0;
    show(&report, &mut found);
    conclude(1, found)
}

fn all(arguments: &Arguments) -> Result<()> {
    let began = Instant::now();
    let names: Vec<_> = match &arguments.workload {
        Some(name) => {
            let known = Workload::find(name);
            vec![
                known
                    .with_context(|| format!("there is no workload `{name}`"))?
                    .name,
            ]
        }
        None => Workload::all()
            .iter()
            .map(|workload| workload.name)
            .collect(),
    };
    let mut campaigns = BTreeMap::new();
    let (mut count, mut found, mut missed) = (0, 0, 0);
    for name in names {
        let campaign = Campaign::new(name);
        show(&campaign.peace, &mut found);
        campaigns.insert(name, Arc::new(campaign));
    }
    // Three days take long: they run only without faults and in drawn plans.
    let singles: Vec<_> = campaigns
        .iter()
        .filter(|(name, _)| **name != "days" || campaigns.len() == 1)
        .flat_map(|(_, campaign)| campaign.singles.clone())
        .filter(|plan| {
            let text = arguments.containing.as_deref();
            text.is_none_or(|text| plan.to_string().contains(text))
        })
        .collect();
    if singles.is_empty() {
        bail!("no plan is like that");
    }
    let enumerated = match arguments.count {
        Some(count) => choice(singles.clone(), count, arguments.seed),
        None => singles.clone(),
    };
    say(&format!(
        "{} plans enumerated, {} of them run, seed {}",
        singles.len(),
        enumerated.len(),
        arguments.seed
    ));
    let limit = arguments.time.map(SignedDuration::unsigned_abs);
    let is_time = || limit.is_some_and(|limit| began.elapsed() < limit);
    // Second kills during recovery from a kill, at the points that runs with one kill have shown.
    let recoveries = Mutex::new(VecDeque::new());
    let more = (arguments.seed..).take_while(|_| is_time()).map(|seed| {
        let next = recoveries.lock().ok().filter(|_| seed % 2 == 0);
        let recovery = next.and_then(|mut next| next.pop_front());
        recovery.unwrap_or_else(|| drawn(&singles, seed))
    });
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    run_all(
        enumerated.into_iter().chain(more),
        arguments.threads.unwrap_or(threads),
        |plan| campaigns[plan.workload.as_str()].run(plan),
        |report| {
            count += 1;
            if let (true, Ok(mut next)) = (limit.is_some(), recoveries.lock()) {
                next.extend(again(&report.plan, &report.points));
            }
            missed += usize::from(!report.struck);
            if !report.violations.is_empty() && report.plan.faults.len() > 1 {
                let smallest = campaigns[report.plan.workload.as_str()].shrink(&report.plan);
                say(&format!("SMALLEST {smallest}"));
            }
            show(&report, &mut found);
            if count % 100 == 0 {
                let took = Duration::from_secs(began.elapsed().as_secs());
                say(&format!(
                    "{count} plans in {took:?}: {found} with violations"
                ));
            }
            true
        },
    );
    say(&format!("{missed} plans did not come by every point"));
    conclude(count, found)
}

fn show(report: &Report, found: &mut usize) {
    if report.violations.is_empty() {
        return;
    }
    *found += 1;
    say(&format!("PLAN {}", report.plan));
    for violation in &report.violations {
        say(&format!("    {violation}"));
    }
}

fn conclude(count: usize, found: usize) -> Result<()> {
    say(&format!("{count} plans, {found} with violations"));
    if found > 0 {
        bail!("something did not hold; replay it with `cargo xtask simulate --plan '…'`");
    }
    Ok(())
}
