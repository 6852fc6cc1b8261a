//! A cluster on a clock that stands still, and short ways to talk to it.

use std::time::Duration;

use oceanbase_sim::clock::ManualClock;
use oceanbase_sim::fault::Fault;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::value::{Backend, End, Outcome, Reply};
use oceanbase_sim::{Session, Simulator};

pub(crate) const DAY: Duration = Duration::from_hours(24);

/// Tenants `orders` and `billing` are ready for backups since a day, `blank` is not configured.
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

    /// A cluster with the tenants of the scenario and no others.
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

    /// What a session of this user is answered.
    pub(crate) fn ask(&self, user: &str, text: &str) -> Reply {
        self.session(user).execute(text)
    }

    /// The error number of a statement of `root@sys`, 0 if it went well.
    pub(crate) fn sys(&self, text: &str) -> u16 {
        code(&self.ask("root@sys", text).end)
    }

    /// The same as `root` of a tenant.
    pub(crate) fn own(&self, tenant: &str, text: &str) -> u16 {
        code(&self.ask(&format!("root@{tenant}"), text).end)
    }

    /// Error number and text of what `root@sys` is refused.
    pub(crate) fn refused(&self, text: &str) -> (u16, String) {
        match self.ask("root@sys", text).end {
            End::Error(error) => (error.code, error.message),
            other => panic!("{text}: {other:?}"),
        }
    }

    /// Rows of a query of `root@sys`, cells joined by `|`.
    pub(crate) fn rows(&self, query: &str) -> Vec<String> {
        self.rows_of("root@sys", query)
    }

    /// Rows of a query of this user.
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

    /// Columns of the tenant's jobs: those in the job table, then those in history.
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

    /// What the query answers when asked once a second, without repetitions.
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
