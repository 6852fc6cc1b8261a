//! Outside changes to the database: locked, switched or dropped tenants, backups of another tool,
//! lost rights, upgrades, and jumps of the servers' clock.

use super::acts::{Sort, concerned, database, sort};
use crate::plan::{Act, Fault, Plan, Point};

/// How long a temporary change lasts, in seconds: longer than checks of a slot.
const LASTS: u32 = 120;

/// Names of the faults of this kind.
pub const CLASSES: [&str; 8] = [
    "alterSystem",
    "foreignBackup",
    "lock",
    "role",
    "status",
    "timeJump",
    "upgradeTo",
    "upgrading",
];

/// Returns the class of an act, and whether the act is temporary.
pub(super) fn class(act: &Act) -> Option<(&'static str, bool)> {
    let (yaml, passes) = match act {
        Act::Database(yaml) => (yaml, false),
        Act::While(_, yaml) => (yaml, true),
        _ => return None,
    };
    let name = yaml.split(':').next().unwrap_or_default();
    let known = CLASSES.into_iter().find(|known| *known == name);
    known.map(|known| (known, passes))
}

fn lasts(yaml: &str) -> Act {
    Act::While(LASTS, yaml.to_owned())
}

/// Returns the permanent and the temporary form of a change.
fn both(yaml: &str) -> [Act; 2] {
    [database(yaml), lasts(yaml)]
}

/// Returns every change that is possible at a point of a workload with these tenants.
pub(super) fn acts(point: &Point, tenants: &[&str]) -> Vec<Act> {
    let names = concerned(point, tenants).into_iter();
    let mut acts: Vec<_> = names.flat_map(to_tenant).collect();
    let is_sent = sort(point) == Sort::Command && !point.what().starts_with("SET ob_");
    if is_sent {
        acts.extend(both("alterSystem: {user: root, granted: false}"));
        acts.extend(both("upgrading: {on: true}"));
        acts.push(database("upgradeTo: {version: 4.3.5.3}"));
        // Permanent only: correcting the clock would shift the ends of jobs by the jump.
        let jump = |seconds: i64| database(&format!("timeJump: {{seconds: {seconds}}}"));
        acts.extend([3600, 300, -300].map(jump));
    }
    acts
}

fn to_tenant(name: &str) -> Vec<Act> {
    let mut acts = both(&format!("lock: {{tenant: {name}, locked: true}}")).to_vec();
    acts.extend(both(&format!("role: {{tenant: {name}, role: STANDBY}}")));
    acts.extend([
        database(&format!("status: {{tenant: {name}, status: DROPPING}}")),
        lasts(&format!("status: {{tenant: {name}, status: CREATING}}")),
        database(&format!("foreignBackup: {{tenant: {name}}}")),
        database(&format!(
            "foreignBackup: {{tenant: {name}, incremental: true, fromSys: true}}"
        )),
    ]);
    acts
}

/// Returns changes to a tenant that a recovery has created.
pub(super) fn to_recovered(name: &str) -> Vec<Act> {
    let all = [
        format!("lock: {{tenant: {name}, locked: true}}"),
        format!("role: {{tenant: {name}, role: PRIMARY}}"),
    ];
    all.iter().map(|yaml| database(yaml)).collect()
}

/// Returns pairs of one of these changes and a kill at the next statement that begins a job.
pub(super) fn pairs(singles: &[Plan], points: &[Point]) -> Vec<Plan> {
    const BEGIN: [&str; 2] = ["ALTER SYSTEM BACKUP ", "ALTER SYSTEM RESTORE "];
    let begins = |point: &&Point| BEGIN.iter().any(|word| point.what().starts_with(word));
    let mut pairs = Vec::new();
    for single in singles {
        let [first] = single.faults.as_slice() else {
            continue;
        };
        // Only drawn plans combine a permanent clock jump with other faults.
        let Some((name, passes)) = class(&first.act) else {
            continue;
        };
        if !(passes || name == "foreignBackup") {
            continue;
        }
        let after = points.iter().skip_while(|point| **point != first.at);
        if let Some(at) = after.skip(1).find(begins) {
            let mut plan = single.clone();
            let (act, at) = (Act::KillAfter, at.clone());
            plan.faults.push(Fault { act, at });
            pairs.push(plan);
        }
    }
    pairs
}
