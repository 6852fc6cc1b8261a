//! All plans of a workload, from the points of its run without faults.

mod acts;
pub mod meanwhile;
mod recoveries;

use std::collections::BTreeMap;

use oceanbase_backup_operator::controller::leader_election;

use crate::plan::{Act, Fault, Plan, Point};
use crate::workload::Workload;
use acts::{Sort, acts, ends, sort};
use recoveries::Recoveries;

/// How many points of one name are tried. Statuses that follow the time are written repeatedly.
const OF_WRITES: usize = 5;
const OF_READS: usize = 2;
const OF_EVENTS: usize = 4;
/// The same for recoveries: each status of a recovery is another step of it.
const OF_RECOVERIES: usize = 30;

/// Returns a plan for each possible fault at each point, one fault per plan.
#[must_use]
pub fn single(workload: &str, points: &[Point]) -> Vec<Plan> {
    let known = Workload::find(workload);
    let has_second = known.as_ref().is_some_and(|known| known.has_second);
    let tenants = known.map(|known| known.tenants).unwrap_or_default();
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut plans = Vec::new();
    let mut recoveries = Recoveries::default();
    for point in points {
        let count = counts.entry(&point.name).or_default();
        *count += 1;
        let most = match sort(point) {
            Sort::Write if point.what().contains(" recoverytasks/") => OF_RECOVERIES,
            Sort::Write | Sort::Command => OF_WRITES,
            Sort::List | Sort::Read | Sort::Query | Sort::Login => OF_READS,
            Sort::Event => OF_EVENTS,
        };
        let of_recoveries = recoveries.acts(point);
        if *count > most {
            plans.extend(
                of_recoveries
                    .into_iter()
                    .map(|act| plan_of(workload, act, point)),
            );
            continue;
        }
        let of_a_leader = has_second && !point.is_of_second();
        let more = if of_a_leader { ends(point) } else { Vec::new() };
        let all = acts(point, &tenants).into_iter().chain(more);
        let all = all.chain(of_recoveries);
        plans.extend(all.map(|act| plan_of(workload, act, point)));
    }
    plans
}

fn plan_of(workload: &str, act: Act, at: &Point) -> Plan {
    let at = at.clone();
    Plan {
        workload: workload.to_owned(),
        faults: vec![Fault { act, at }],
    }
}

/// How many points after the first kill are tried for the second kill.
const OF_RECOVERY: usize = 12;

/// Plans a second kill while the operator recovers from the first. The second kill is tried at each
/// of the next requests and statements.
#[must_use]
pub fn again(killed: &Plan, points: &[Point]) -> Vec<Plan> {
    let [first] = killed.faults.as_slice() else {
        return Vec::new();
    };
    if !first.act.ends_a_lead() {
        return Vec::new();
    }
    let after = points.iter().skip_while(|point| **point != first.at);
    let next = after.skip(1).filter(|point| {
        matches!(sort(point), Sort::Write | Sort::Command) || point.name.ends_with("by key")
    });
    // Election traffic is left out: a waiting operator renews nothing, and renewals occur
    // everywhere.
    let next = next.filter(|point| !point.name.ends_with(leader_election::NAME));
    let plans = next.take(OF_RECOVERY).flat_map(|point| {
        [Act::KillBefore, Act::KillAfter].map(|act| {
            let mut plan = killed.clone();
            let at = point.clone();
            plan.faults.push(Fault { act, at });
            plan
        })
    });
    plans.collect()
}

/// Draws two or three faults for one run from the possible ones.
#[must_use]
pub fn drawn(singles: &[Plan], seed: u64) -> Plan {
    let mut random = Random(seed);
    let mut plan = singles[random.below(singles.len())].clone();
    let same: Vec<_> = singles
        .iter()
        .filter(|single| single.workload == plan.workload)
        .collect();
    for _ in 0..=random.below(2) {
        let other = same[random.below(same.len())];
        if plan
            .faults
            .iter()
            .all(|fault| fault.at != other.faults[0].at)
        {
            plan.faults.extend(other.faults.clone());
        }
    }
    plan
}

/// Combines outside changes to the database with a kill of an operator.
#[must_use]
pub fn pairs(singles: &[Plan], points: &[Point]) -> Vec<Plan> {
    meanwhile::pairs(singles, points)
}

/// Chooses `count` plans of many workloads, the same ones for the same seed. A third are kills of a
/// scheduled pair of backups, and a quarter are lost leaderships. The rest is mixed, with at least
/// one of each outside change to the database.
#[must_use]
pub fn choice(plans: Vec<Plan>, count: usize, seed: u64) -> Vec<Plan> {
    let is_kill = |plan: &Plan| {
        let act = &plan.faults[0].act;
        plan.workload == "pair" && matches!(act, Act::KillBefore | Act::KillAfter)
    };
    let ends_a_lead = |plan: &Plan| plan.workload == "leader" && plan.faults[0].act.ends_a_lead();
    let (kills, others): (Vec<_>, Vec<_>) = plans.into_iter().partition(is_kill);
    let (ends, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(ends_a_lead);
    let mut chosen = sample(kills, count / 3, seed);
    chosen.extend(sample(ends, count / 4, seed));
    let rest = sample(rest, usize::MAX, seed);
    let (mut rest, others) = of_each(rest, (count / 200).max(1));
    rest.extend(others);
    chosen.extend(rest.into_iter().take(count - chosen.len()));
    chosen
}

/// Separates the first `most` plans of each outside change to the database from all other plans.
fn of_each(plans: Vec<Plan>, most: usize) -> (Vec<Plan>, Vec<Plan>) {
    let mut counts = BTreeMap::<_, usize>::new();
    plans.into_iter().partition(|plan| {
        let Some(class) = meanwhile::class(&plan.faults[0].act) else {
            return false;
        };
        let count = counts.entry((class, plan.faults.len())).or_default();
        *count += 1;
        *count <= most
    })
}

/// Chooses kills at statements and writes of recoveries, evenly spread, and other plans about
/// recoveries, the same ones for the same seed. With two operators, half of the others are lost
/// leaderships. Each outside change occurs once.
#[must_use]
pub fn of_recoveries(plans: Vec<Plan>, kills: usize, others: usize, seed: u64) -> Vec<Plan> {
    let has_second = |plan: &Plan| Workload::find(&plan.workload).is_some_and(|of| of.has_second);
    let (of_two, of_one): (Vec<_>, Vec<_>) = plans.into_iter().partition(has_second);
    let is_at_one = |plan: &Plan| recoveries::concerns(&plan.faults[0].at);
    let is_kill = |plan: &Plan| {
        let is_killed = matches!(plan.faults[0].act, Act::KillBefore | Act::KillAfter);
        is_killed && is_at_one(plan)
    };
    let (all_kills, rest): (Vec<_>, Vec<_>) = of_one.into_iter().partition(is_kill);
    let mut chosen = strided(all_kills, kills, seed);
    let is_query = |plan: &Plan| sort(&plan.faults[0].at) == Sort::Query;
    let rest = rest
        .into_iter()
        .filter(|plan| is_at_one(plan) || is_query(plan));
    let ends = of_two.into_iter();
    let ends = ends.filter(|plan| is_at_one(plan) && plan.faults[0].act.ends_a_lead());
    let ends = sample(ends.collect(), others / 2, seed);
    let (mut first, rest) = of_each(sample(rest.collect(), usize::MAX, seed), 1);
    first.extend(rest);
    chosen.extend(first.into_iter().take(others - ends.len()));
    chosen.extend(ends);
    chosen
}

/// Chooses kills at statements and writes, evenly spread over all plans, and other plans, the same
/// ones for the same seed. Each outside change occurs once.
#[must_use]
pub fn of_group(plans: Vec<Plan>, kills: usize, others: usize, seed: u64) -> Vec<Plan> {
    let is_kill = |plan: &Plan| {
        let Fault { act, at } = &plan.faults[0];
        let is_killed = matches!(act, Act::KillBefore | Act::KillAfter);
        is_killed && matches!(sort(at), Sort::Write | Sort::Command)
    };
    let (all_kills, rest): (Vec<_>, Vec<_>) = plans.into_iter().partition(is_kill);
    let mut chosen = strided(all_kills, kills, seed);
    let (mut first, rest) = of_each(sample(rest, usize::MAX, seed), 1);
    first.extend(rest);
    chosen.extend(first.into_iter().take(others));
    chosen
}

/// Chooses `count` plans at equal distances. The seed chooses where the first distance starts.
fn strided(plans: Vec<Plan>, count: usize, seed: u64) -> Vec<Plan> {
    let all = plans.len().max(count).max(1);
    let distance = u64::try_from(all / count.max(1)).unwrap_or(1).max(1);
    let start = usize::try_from(seed % distance).unwrap_or(0);
    let marked = plans.into_iter().zip(start..);
    let marked = marked.filter(|(_, at)| at * count / all < (at + 1) * count / all);
    marked.map(|(plan, _)| plan).collect()
}

/// Chooses `count` plans, the same ones for the same seed.
#[must_use]
pub fn sample(mut plans: Vec<Plan>, count: usize, seed: u64) -> Vec<Plan> {
    let mut random = Random(seed);
    for at in (1..plans.len()).rev() {
        plans.swap(at, random.below(at + 1));
    }
    plans.truncate(count);
    plans
}

/// `SplitMix64`, whose whole state is its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % limit as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str) -> Point {
        Point {
            name: name.to_owned(),
            nth: 1,
        }
    }

    #[test]
    fn every_plan_can_be_read_back() {
        let points = [
            point("create backuptasks a"),
            point("event backuptasks ADDED a"),
            point("SELECT CDB_OB_BACKUP_JOBS"),
            point("ALTER SYSTEM BACKUP TENANT = 'orders' DESCRIPTION = 'obb/*/1'"),
            point("list backuptasks"),
            point("login"),
        ];
        let plans = single("pair", &points);
        assert!(plans.len() > 30);
        for plan in plans {
            assert_eq!(plan.to_string().parse::<Plan>().unwrap(), plan);
        }
    }

    #[test]
    fn only_a_leader_before_another_operator_stands_still() {
        let freezes = |workload, name| {
            let plans = single(workload, &[point(name)]);
            let mut acts = plans.iter().map(|plan| &plan.faults[0].act);
            acts.any(|act| matches!(act, Act::Freeze(_)))
        };
        assert!(freezes("leader", "login"));
        assert!(!freezes("leader", "second: login"));
        assert!(!freezes("pair", "login"));
    }

    #[test]
    fn a_second_kill_comes_after_the_first() {
        let points = ["create a b", "login", "create a c", "update a/status b"].map(point);
        let plan: Plan = "pair: kill-after @ create a b#1".parse().unwrap();
        let texts: Vec<_> = again(&plan, &points)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(texts.len(), 4);
        assert_eq!(
            texts[0],
            "pair: kill-after @ create a b#1 + kill-before @ create a c#1"
        );
    }

    #[test]
    fn whatever_people_do_to_the_database_is_among_the_chosen() {
        let backup = "ALTER SYSTEM BACKUP TENANT = 'orders' DESCRIPTION = 'obb/*/1'";
        let mut plans = single(
            "pair",
            &[point("create a b"), point(backup), point("login")],
        );
        plans.extend(single("retry", &[point(backup)]));
        let chosen = choice(plans, 60, 1);
        let found = |class: &&str| {
            let mut acts = chosen.iter().map(|plan| &plan.faults[0].act);
            acts.any(|act| meanwhile::class(act).is_some_and(|(known, _)| known == *class))
        };
        assert_eq!(meanwhile::CLASSES.iter().filter(|it| found(it)).count(), 8);
    }

    #[test]
    fn what_is_spread_evenly_has_its_ends_and_no_more_than_asked_for() {
        let plans = single("pair", &[point("create a b"), point("login")]);
        let all = plans.len();
        assert_eq!(strided(plans.clone(), 5, 0).len(), 5);
        assert_eq!(strided(plans.clone(), all + 1, 7).len(), all);
        for seed in 0..9 {
            assert_eq!(strided(plans.clone(), 3, seed).len(), 3);
        }
        assert_ne!(strided(plans.clone(), 3, 0), strided(plans, 3, 1));
    }

    #[test]
    fn a_seed_draws_the_same_plan_again() {
        let plans = single("pair", &[point("create a b"), point("login")]);
        assert_eq!(drawn(&plans, 7), drawn(&plans, 7));
        assert_ne!(sample(plans.clone(), 9, 1), sample(plans, 9, 2));
    }
}
