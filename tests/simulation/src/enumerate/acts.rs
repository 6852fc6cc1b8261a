//! Faults that can happen at a point.

use super::meanwhile;
use crate::plan::{Act, Point};
use crate::workload::FIRST_TENANT;

/// The kind of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Write,
    Command,
    List,
    Read,
    Query,
    Login,
    Event,
}

pub(super) fn sort(point: &Point) -> Sort {
    match point.what().split(' ').next().unwrap_or_default() {
        "create" | "update" | "patch" | "delete" => Sort::Write,
        "list" => Sort::List,
        "get" | "watch" => Sort::Read,
        "login" => Sort::Login,
        "event" => Sort::Event,
        "SELECT" | "SHOW" => Sort::Query,
        _ => Sort::Command,
    }
}

/// Returns all faults that can happen at a point of a workload with these tenants, under any
/// leader.
pub(super) fn acts(point: &Point, tenants: &[&str]) -> Vec<Act> {
    let mut acts = match sort(point) {
        Sort::Write => vec![
            Act::KillBefore,
            Act::KillAfter,
            Act::LoseBefore,
            Act::LoseAfter,
            Act::NeverBefore,
            Act::NeverAfter,
            Act::Refuse(409),
            Act::Refuse(429),
            Act::Refuse(500),
            Act::Refuse(503),
            Act::Late(20),
            Act::Compact,
            Act::Jump(3600),
            Act::Jump(-300),
            Act::Jump(-3600),
            Act::Speed(50),
            Act::Speed(200),
            database("[killConnections]"),
            Act::Stop,
        ],
        Sort::Command => vec![
            Act::KillBefore,
            Act::KillAfter,
            Act::LoseBefore,
            Act::LoseAfter,
            Act::Refuse(4012),
            Act::Late(40),
            Act::Jump(3600),
            Act::Jump(-300),
            database("[killConnections]"),
            database("stall: {on: {}, when: beforeExecuting}"),
            database("stall: {on: {}, when: afterCommit}"),
            Act::Stop,
        ],
        Sort::List => vec![
            Act::KillAfter,
            Act::LoseBefore,
            Act::NeverBefore,
            Act::Refuse(429),
            Act::Refuse(500),
            Act::Late(20),
            Act::Stale(3),
        ],
        Sort::Read => vec![
            Act::KillBefore,
            Act::LoseBefore,
            Act::NeverBefore,
            Act::Refuse(429),
            Act::Refuse(500),
            Act::Refuse(503),
            Act::Late(20),
        ],
        Sort::Query => vec![
            Act::KillBefore,
            Act::KillAfter,
            Act::LoseBefore,
            Act::Refuse(4012),
            Act::Late(20),
            database("stall: {on: {}, when: beforeExecuting}"),
        ],
        Sort::Login => vec![Act::KillBefore, Act::LoseBefore, Act::Late(10)],
        Sort::Event => vec![
            Act::KillBefore,
            Act::Drop,
            Act::Twice,
            Act::Late(20),
            Act::Close,
            Act::Expire,
        ],
    };
    if is_check(point) {
        acts.retain(|act| *act != Act::Refuse(4012));
    }
    acts.extend(without_effect(point));
    acts.extend(of_backup(point));
    acts.extend(without_tenant(point, tenants));
    acts.extend(meanwhile::acts(point, tenants));
    acts
}

/// Returns whether the point is a check of a verification. A slow check fails and is not repeated.
/// Queries of views are recognized by the views' names alone.
fn is_check(point: &Point) -> bool {
    sort(point) == Sort::Query && point.what().contains(" FROM ")
}

/// A statement succeeds without an effect. Either sys forwards it to a tenant that rejects it, or a
/// proxy sent it to another session.
fn without_effect(point: &Point) -> Option<Act> {
    const WORDS: [&str; 4] = ["ALTER SYSTEM ", "SET ENCRYPTION ", "CREATE ", "DROP "];
    let what = point.what();
    let is_passed_on = WORDS.iter().any(|word| what.starts_with(word));
    is_passed_on.then(|| database("swallow: {on: {}}"))
}

/// How long after its connection was cut a BACKUP may still begin, in seconds. It is within the
/// statement's limit, and later than a check that does not wait for that limit.
const ARRIVAL: u32 = 12;

/// A backup fails, its rows appear late, its archive breaks, or the statement arrives late.
fn of_backup(point: &Point) -> Vec<Act> {
    if !point.what().starts_with("ALTER SYSTEM BACKUP") {
        return Vec::new();
    }
    let names = named(point).into_iter().flat_map(|name| {
        [
            format!("failBackup: {{tenant: {name}, code: -9082}}"),
            format!("lagSelects: {{tenant: {name}, selects: 6}}"),
            format!("lagTime: {{tenant: {name}, age: 10s}}"),
            // The job's row is visible and its set's row is not: once briefly, once for longer than
            // the operator waits.
            format!("lagTime: {{tenant: {name}, age: 40s, views: CDB_OB_BACKUP_SET}}"),
            format!("lagTime: {{tenant: {name}, age: 240s, views: CDB_OB_BACKUP_SET}}"),
            format!("interruptArchive: {{tenant: {name}}}"),
        ]
    });
    let acts = names.map(|yaml| database(&yaml));
    acts.chain([Act::Arrive(ARRIVAL)]).collect()
}

/// Drops or recreates a tenant where its status is reported or a statement is sent to it.
fn without_tenant(point: &Point, tenants: &[&str]) -> Vec<Act> {
    let acts = concerned(point, tenants).into_iter().flat_map(|name| {
        [
            database(&format!("drop: {{tenant: {name}}}")),
            database(&format!("recreate: {{tenant: {name}}}")),
        ]
    });
    acts.collect()
}

/// Returns the tenants of the workload that a point reports about or sends a statement to.
pub(super) fn concerned<'a>(point: &'a Point, tenants: &[&'a str]) -> Vec<&'a str> {
    const TOLD: [&str; 2] = ["update backuptasks/status ", "update logbackups/status "];
    let what = point.what();
    let is_reported = TOLD.iter().any(|words| what.starts_with(words));
    let names = match sort(point) {
        Sort::Command => named(point),
        Sort::Query if what.ends_with(" by key") => tenants.to_vec(),
        Sort::Write if is_reported => reported_of(what, tenants),
        _ => Vec::new(),
    };
    let names = names.into_iter();
    names.filter(|name| tenants.contains(name)).collect()
}

/// Returns the names in a statement, without destinations and keys.
fn named(point: &Point) -> Vec<&str> {
    let texts = point.name.split('\'').skip(1).step_by(2);
    texts.filter(|text| !text.contains(['/', '='])).collect()
}

/// Returns the tenant whose number is in an object's name, or the first tenant if there is no
/// number.
fn reported_of<'a>(what: &str, tenants: &[&'a str]) -> Vec<&'a str> {
    let numbers = (FIRST_TENANT..).step_by(2);
    let mut known = tenants.iter().zip(numbers);
    let found = known.find(|(_, number)| what.contains(&format!("-t{number}")));
    let first = tenants.first().copied();
    found.map(|(name, _)| *name).or(first).into_iter().collect()
}

pub(super) fn database(yaml: &str) -> Act {
    Act::Database(yaml.to_owned())
}

/// Faults that end a leadership without a kill. The leader freezes for longer than its acting time
/// or its lease, or cannot reach the API server or the Lease.
pub(super) fn ends(point: &Point) -> Vec<Act> {
    let all = [
        Act::Freeze(12),
        Act::Freeze(40),
        Act::Away(40),
        Act::Silent(40),
        Act::Unrenewed(40),
    ];
    match sort(point) {
        Sort::Write | Sort::Command => all.into(),
        Sort::Query | Sort::Event | Sort::Login => all[..2].into(),
        Sort::List | Sort::Read => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the tenants that are dropped at a point.
    fn dropped_at(name: &str) -> Vec<String> {
        let point = Point {
            name: name.to_owned(),
            nth: 1,
        };
        let acts = acts(&point, &["orders", "billing"]).into_iter();
        let texts = acts.map(|act| act.to_string());
        let names = texts.filter_map(|text| {
            let name = text.strip_prefix("database=drop: {tenant: ")?;
            Some(name.trim_end_matches('}').to_owned())
        });
        names.collect()
    }

    #[test]
    fn the_tenant_of_a_statement_is_dropped_there() {
        let text = "ALTER SYSTEM BACKUP TENANT = 'billing' DESCRIPTION = 'obb/*/1'";
        assert_eq!(dropped_at(text), ["billing"]);
        let text = "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///a/orders' TENANT = 'orders'";
        assert_eq!(dropped_at(text), ["orders"]);
    }

    #[test]
    fn the_tenant_whose_task_is_told_of_is_dropped_there() {
        let name = "update backuptasks/status nightly-t1004-full-202611200200z";
        assert_eq!(dropped_at(name), ["billing"]);
        assert_eq!(dropped_at("update logbackups/status orders"), ["orders"]);
        assert_eq!(dropped_at("update backupstorages/status nfs"), [""; 0]);
    }
}
