//! A cluster on a manual clock, and short ways to query it.

use std::time::Duration;

use oceanbase_sim::clock::ManualClock;
use oceanbase_sim::fault::Fault;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::value::{Backend, End, Outcome, Reply};
use oceanbase_sim::{Session, Simulator};

pub(crate) const DAY: Duration = Duration::from_hours(24);

/// Tenants `orders` and `billing` have been ready for backups for a day, `blank` is not configured.
pub(crate) struct Bench {
    pub(crate) simulator: Simulator,
    pub(crate) clock: ManualClock,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::of(Scenario::new("4.3.5.2"))
    }

    pub(crate) fn of(scenario: Scenario) -> Self {
        let scenario = scenario
            .with(TenantSpec::new("orders").ready(DAY))
            .with(TenantSpec::new("billing").ready(DAY))
            .tenant("blank");
        Self::just(&scenario)
    }

    /// Creates a cluster with only the tenants of the scenario.
    pub(crate) fn just(scenario: &Scenario) -> Self {
        let clock = ManualClock::default();
        Self {
            simulator: Simulator::new(scenario, clock.clone()).unwrap(),
            clock,
        }
    }

    pub(crate) fn session(&self, user: &str) -> Session {
        self.simulator.connect(user, "").unwrap()
    }

    /// Returns the answer to a session of this user.
    pub(crate) fn ask(&self, user: &str, text: &str) -> Reply {
        self.session(user).execute(text)
    }

    /// Returns the error number of a statement of `root@sys`, 0 on success.
    pub(crate) fn sys(&self, text: &str) -> u16 {
        code(&self.ask("root@sys", text).end)
    }

    /// Does the same as `root` of a tenant.
    pub(crate) fn own(&self, tenant: &str, text: &str) -> u16 {
        code(&self.ask(&format!("root@{tenant}"), text).end)
    }

    /// Returns error number and text of a refused statement of `root@sys`.
    pub(crate) fn refused(&self, text: &str) -> (u16, String) {
        match self.ask("root@sys", text).end {
            End::Error(error) => (error.code, error.message),
            other => panic!("{text}: {other:?}"),
        }
    }

    /// Returns rows of a query of `root@sys`, cells joined by `|`.
    pub(crate) fn rows(&self, query: &str) -> Vec<String> {
        self.rows_of("root@sys", query)
    }

    /// Returns rows of a query of this user.
    pub(crate) fn rows_of(&self, user: &str, query: &str) -> Vec<String> {
        let mut reply = self.ask(user, query);
        let Some(Outcome::Rows(set)) = reply.outcomes.pop() else {
            panic!("{query}: {:?}", reply.end);
        };
        let cell = |cell: Option<String>| cell.unwrap_or_else(|| "NULL".to_owned());
        set.rows
            .into_iter()
            .map(|row| row.into_iter().map(cell).collect::<Vec<_>>().join("|"))
            .collect()
    }

    /// Returns columns of the tenant's jobs: the job table first, then history.
    pub(crate) fn jobs(&self, tenant: u64, columns: &str) -> Vec<String> {
        ["CDB_OB_BACKUP_JOBS", "CDB_OB_BACKUP_JOB_HISTORY"]
            .iter()
            .flat_map(|view| {
                self.rows(&format!(
                    "SELECT {columns} FROM oceanbase.{view} WHERE TENANT_ID = {tenant} \
                     ORDER BY JOB_ID"
                ))
            })
            .collect()
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.simulator.inject(fault).unwrap();
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Returns the answers to the query once a second, without repetitions.
    pub(crate) fn watch(&self, query: &str, seconds: u64) -> Vec<String> {
        let mut seen = vec![self.rows(query).join(",")];
        for _ in 0..seconds {
            self.pass(1);
            seen.push(self.rows(query).join(","));
        }
        seen.dedup();
        seen
    }
}

pub(crate) fn code(end: &End) -> u16 {
    match end {
        End::Complete => 0,
        End::Error(error) => error.code,
        End::HangUp => panic!("the session is lost"),
    }
}
