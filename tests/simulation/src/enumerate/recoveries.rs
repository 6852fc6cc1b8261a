//! Faults of a recovery. Its job fails, another tool drops or recreates the tenant, its rows appear
//! late, or its statement arrives late.

use super::acts::{Sort, database, sort};
use super::meanwhile::to_recovered;
use crate::plan::{Act, Point};

/// How long after its connection was cut a statement may still begin, in seconds. It is within the
/// operator's wait before it checks the outcome.
const ARRIVAL: u32 = 12;

/// The stages in which the job of a restore and of a table recovery fails.
const STAGES: [&str; 4] = ["createTenant", "createInitLs", "waitLs", "upgrade"];
const STAGES_OF_TABLES: [&str; 4] = [
    "prepare",
    "restoreAuxTenant",
    "activeAuxTenant",
    "importing",
];

/// Returns whether a point is a write or a statement of a recovery.
pub(super) fn concerns(point: &Point) -> bool {
    let what = point.what();
    match sort(point) {
        Sort::Write => what.contains(" recoverytasks"),
        Sort::Command => !what.starts_with("SET ob_query_timeout"),
        _ => false,
    }
}

/// Rows of the job appear late: in all views for less than the operator's wait, in the views of all
/// tenants for longer. Or the statement arrives late.
fn late(views: &str) -> [Act; 3] {
    [
        database("lagTime: {tenant: sys, age: 10s}"),
        database(&format!(
            "lagTime: {{tenant: sys, age: 40s, views: {views}}}"
        )),
        Act::Arrive(ARRIVAL),
    ]
}

/// Returns whether a query reads all recoveries, or all of their resources.
fn is_read(what: &str) -> bool {
    const ALL: [&str; 3] = [
        "SELECT CDB_OB_RESTORE_PROGRESS",
        "SELECT CDB_OB_RECOVER_TABLE_JOBS",
        "SELECT DBA_OB_RESOURCE_POOLS",
    ];
    ALL.contains(&what)
}

/// The recoveries that have begun so far.
#[derive(Default)]
pub(super) struct Recoveries {
    /// The tenants that restores create.
    made: Vec<String>,
}

impl Recoveries {
    /// Returns the faults that can happen at the next point of a run.
    pub(super) fn acts(&mut self, point: &Point) -> Vec<Act> {
        let what = point.what();
        if is_read(what) {
            // This applies at every step: a row that is not shown must not count as deleted.
            return vec![Act::Refuse(4023)];
        }
        if let Some(rest) = what.strip_prefix("ALTER SYSTEM RESTORE `") {
            let tenant = rest.split('`').next().unwrap_or_default();
            self.made.push(tenant.to_owned());
            let fails = STAGES.map(|at| {
                database(&format!(
                    "failRestore: {{tenant: {tenant}, at: {at}, code: -9094}}"
                ))
            });
            return fails.into_iter().chain(late("CDB_OB_RESTORE")).collect();
        }
        if what.starts_with("ALTER SYSTEM RECOVER TABLE ") {
            let tenant = what.split(" TO TENANT = `").nth(1).unwrap_or_default();
            let tenant = tenant.split('`').next().unwrap_or_default();
            let fails = STAGES_OF_TABLES.map(|at| {
                database(&format!(
                    "failRecoverTable: {{tenant: {tenant}, at: {at}, code: -9094}}"
                ))
            });
            return fails
                .into_iter()
                .chain(late("CDB_OB_RECOVER_TABLE"))
                .collect();
        }
        if let Some(rest) = what.strip_prefix("ALTER SYSTEM ACTIVATE STANDBY TENANT = '") {
            let tenant = rest.split('\'').next().unwrap_or_default();
            return vec![database(&format!("failActivation: {{tenant: {tenant}}}"))];
        }
        self.of_what_is_made(what)
    }

    /// Drops or recreates the newest created tenant where its status is reported.
    fn of_what_is_made(&self, what: &str) -> Vec<Act> {
        let newest = self.made.last();
        let tenant = newest.filter(|_| what.starts_with("update recoverytasks/status "));
        let acts = tenant.into_iter().flat_map(|tenant| {
            let mut acts = vec![
                database(&format!("drop: {{tenant: {tenant}}}")),
                database(&format!("recreate: {{tenant: {tenant}}}")),
            ];
            acts.extend(to_recovered(tenant));
            acts
        });
        acts.collect()
    }
}
