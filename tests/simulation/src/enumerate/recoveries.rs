//! What can go wrong with a recovery: its job fails, the tenant that it makes is dropped or made anew
//! by somebody else, its rows show up late, its statement arrives late.

use super::acts::{Sort, database, sort};
use super::meanwhile::to_recovered;
use crate::plan::{Act, Point};

/// How long after its connection was cut a statement may still be begun, in seconds: within what the
/// operator waits before it looks for what became of it.
const ARRIVAL: u32 = 12;

/// In which stages of its job a restore fails, and a recovery of tables.
const STAGES: [&str; 4] = ["createTenant", "createInitLs", "waitLs", "upgrade"];
const STAGES_OF_TABLES: [&str; 4] = [
    "prepare",
    "restoreAuxTenant",
    "activeAuxTenant",
    "importing",
];

/// Whether a point is a write or a statement of a recovery.
pub(super) fn concerns(point: &Point) -> bool {
    let what = point.what();
    match sort(point) {
        Sort::Write => what.contains(" recoverytasks"),
        Sort::Command => !what.starts_with("SET ob_query_timeout"),
        _ => false,
    }
}

/// Rows of the job show up late: in all views for less time than anybody waits, in those of all tenants
/// for longer. Or the statement does.
fn late(views: &str) -> [Act; 3] {
    [
        database("lagTime: {tenant: sys, age: 10s}"),
        database(&format!(
            "lagTime: {{tenant: sys, age: 40s, views: {views}}}"
        )),
        Act::Arrive(ARRIVAL),
    ]
}

/// Whether all recoveries, or all that they run on, are read.
fn is_read(what: &str) -> bool {
    const ALL: [&str; 3] = [
        "SELECT CDB_OB_RESTORE_PROGRESS",
        "SELECT CDB_OB_RECOVER_TABLE_JOBS",
        "SELECT DBA_OB_RESOURCE_POOLS",
    ];
    ALL.contains(&what)
}

/// What has been begun so far.
#[derive(Default)]
pub(super) struct Recoveries {
    /// The tenants that restores make.
    made: Vec<String>,
}

impl Recoveries {
    /// What can go wrong at the next point of a run.
    pub(super) fn acts(&mut self, point: &Point) -> Vec<Act> {
        let what = point.what();
        if is_read(what) {
            // At whatever step: what is not shown is not gone.
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

    /// Somebody drops the newest tenant that was made, or makes it anew, where it is told of it.
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
