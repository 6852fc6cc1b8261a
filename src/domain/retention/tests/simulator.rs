//! Predicted expiry compared with what the simulated database's own cleanup deletes, on random but
//! fixed histories. They include full and incremental backups, failures, rounds, several
//! destinations, and cleanups that fail midway.

use std::collections::BTreeSet;
use std::time::Duration;

use oceanbase_sim::clock::ManualClock;
use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{self as sim, CleanKind, JobStatus, Stage};
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::value::Backend;
use oceanbase_sim::{Session, Simulator};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use super::*;
use crate::oceanbase::client::Rows;
use crate::oceanbase::model::TenantId;
use crate::oceanbase::query::{self, Query};
use crate::oceanbase::statement::SESSION_SETUP;

/// Number of histories.
const CASES: u32 = 60;
/// Seed of the histories.
const SEED: u64 = 2026;
const HOUR: u64 = 60 * 60;

/// Next event in the history.
#[derive(Clone, Debug)]
enum Act {
    /// A backup: whether it is full, and whether it succeeds.
    Backup(bool, bool),
    /// Archiving stops and resumes, perhaps at another destination.
    Restart(Option<u8>),
    /// Data backups go to this destination from now on.
    Move(u8),
    /// Hours pass.
    Pass(u64),
    /// The next cleanup fails after it has begun.
    FailCleanup,
    /// The window becomes this many days.
    Window(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (proptest::bool::weighted(0.5), proptest::bool::weighted(0.8))
            .prop_map(|(full, well)| Act::Backup(full, well)),
        1 => proptest::option::of(0_u8..3).prop_map(Act::Restart),
        1 => (0_u8..3).prop_map(Act::Move),
        6 => (4_u64..40).prop_map(Act::Pass),
        1 => Just(Act::FailCleanup),
        1 => (1_u64..6).prop_map(Act::Window),
    ]
}

/// A tenant in the simulated database.
struct Life {
    simulator: Simulator,
    session: Session,
    clock: ManualClock,
    version: Version,
    /// Number of compared cleanups, and of items that they deleted.
    compared: usize,
    deleted: usize,
}

type Named = BTreeSet<(bool, i64, i64)>;

impl Life {
    fn new(version: &str) -> Self {
        let mut orders = TenantSpec::new("orders").ready(Duration::from_hours(30));
        orders.full_backup_size = 1 << 20;
        let clock = ManualClock::default();
        let scenario = Scenario::new(version).with(orders);
        let simulator = Simulator::new(&scenario, clock.clone()).unwrap();
        let mut session = simulator.connect("root@sys", "").unwrap();
        session.execute(SESSION_SETUP).last().unwrap();
        Self {
            simulator,
            session,
            clock,
            version: version.parse().unwrap(),
            compared: 0,
            deleted: 0,
        }
    }

    fn say(&mut self, what: &str) {
        // A rejected statement, such as a backup during another one, has no effect.
        drop(
            self.session
                .execute(&format!("ALTER SYSTEM {what} TENANT = orders")),
        );
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.simulator.world(|_| ());
    }

    fn inject(&self, fault: Fault) {
        self.simulator.inject(fault).unwrap();
    }

    fn act(&mut self, act: &Act) {
        let tenant = || "orders".to_owned();
        match *act {
            Act::Backup(full, well) => {
                if !well {
                    self.inject(Fault::FailBackup {
                        tenant: tenant(),
                        code: -9082,
                        comment: None,
                    });
                }
                self.say(if full { "BACKUP" } else { "BACKUP INCREMENTAL" });
                self.pass(HOUR / 2);
            }
            Act::Restart(location) => {
                self.say("NOARCHIVELOG");
                self.pass(300);
                if let Some(location) = location {
                    self.say(&format!(
                        "SET LOG_ARCHIVE_DEST = 'LOCATION=file:///logs-{location}'"
                    ));
                }
                self.say("ARCHIVELOG");
                self.pass(300);
            }
            Act::Move(location) => {
                self.say(&format!("SET DATA_BACKUP_DEST = 'file:///data-{location}'"));
            }
            Act::Pass(hours) => self.pass(hours * HOUR),
            Act::FailCleanup => self.inject(Fault::FailCleanup {
                tenant: tenant(),
                code: -9140,
                comment: None,
            }),
            Act::Window(days) => {
                self.say("DROP DELETE BACKUP POLICY 'default'");
                self.say(&format!(
                    "ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '{days}d'"
                ));
            }
        }
    }

    fn ask(&mut self, query: &Query) -> Rows {
        let reply = self.session.execute(&query.text(self.version));
        let set = reply.last().unwrap();
        Rows {
            columns: set.columns.into_iter().map(|column| column.name).collect(),
            rows: set.rows,
        }
    }

    /// Returns the tenant as the views show it.
    fn tenant(&mut self) -> Tenant {
        let id = TenantId(1002);
        let sets = query::sets(&self.ask(&Query::Sets)).unwrap().remove(&id);
        let pieces = query::pieces(&self.ask(&Query::Pieces))
            .unwrap()
            .remove(&id);
        let policies = query::policies(&self.ask(&Query::Policies)).unwrap();
        Tenant {
            sets: Arc::new(sets.unwrap_or_default()),
            pieces: Arc::new(pieces.unwrap_or_default()),
            policies: policies.get(&id).cloned().unwrap_or_default(),
            data_dest: query::data_dests(&self.ask(&Query::DataDests))
                .unwrap()
                .remove(&id),
            log_dest: query::archive_dests(&self.ask(&Query::ArchiveDests))
                .unwrap()
                .remove(&id),
            ..Tenant::plain(id.0, "orders")
        }
    }

    /// Returns what is deleted so far.
    fn gone(&self) -> Named {
        let number = |number: u64| i64::try_from(number).unwrap();
        self.simulator.world(|world| {
            let tenant = world.tenant("orders").unwrap();
            let is_gone = |status: sim::FileStatus| status == sim::FileStatus::Deleted;
            let sets = tenant.backups.sets.iter();
            let sets = sets
                .filter(|set| is_gone(set.file_status))
                .map(|set| (true, number(set.id.0), number(set.dest.0)));
            let pieces = tenant.archive.pieces.iter();
            let pieces = pieces
                .filter(|piece| is_gone(piece.file_status))
                .map(|piece| (false, number(piece.id.0), number(piece.dest.0)));
            sets.chain(pieces).collect()
        })
    }

    /// Holds the next cleanup back and compares what it then deletes with the earlier prediction.
    fn compare(&mut self) -> Result<(), TestCaseError> {
        let tenant = || "orders".to_owned();
        self.inject(Fault::HoldCleanup {
            tenant: tenant(),
            at: Stage::Init,
        });
        let mut held = None;
        for _ in 0..70 {
            self.pass(60);
            held = self.simulator.world(|world| {
                let jobs = &world.tenant("orders").unwrap().cleanup.jobs;
                let held = jobs.iter().find(|job| job.status == JobStatus::Init)?;
                match held.kind {
                    CleanKind::Obsolete(expired) => Some((held.id, expired)),
                    _ => None,
                }
            });
            if held.is_some() {
                break;
            }
        }
        // No policy is set yet.
        let Some((job, expired)) = held else {
            return Ok(());
        };
        let observed = self.tenant();
        let window = observed.recovery_window().and_then(window).unwrap();
        let now = Scn(expired.0).at() + SignedDuration::try_from(window).unwrap();
        let judged = RetainedItems::of(&observed, self.version, now).judged();
        let goes = judged.iter().filter(|item| item.why.goes());
        let said: Named = goes
            .map(|item| (item.kind == Kind::Set, item.id, item.dest_id))
            .collect();
        let before = self.gone();
        self.inject(Fault::ReleaseCleanup { tenant: tenant() });
        let mut ended = None;
        for _ in 0..50 {
            self.pass(60);
            ended = self.simulator.world(|world| {
                let jobs = &world.tenant("orders").unwrap().cleanup.history;
                let ended = jobs.iter().find(|known| known.id == job)?;
                Some(ended.status)
            });
            if ended.is_some() {
                break;
            }
        }
        let deleted: Named = self.gone().difference(&before).copied().collect();
        match ended {
            Some(JobStatus::Completed) => {
                prop_assert_eq!(&said, &deleted, "{:#?}", judged);
                self.compared += 1;
                self.deleted += deleted.len();
            }
            // It has failed or is not finished.
            _ => prop_assert!(deleted.is_subset(&said), "{:?} {:?}", said, deleted),
        }
        Ok(())
    }
}

fn live(version: &str) -> (usize, usize) {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        rng_seed: RngSeed::Fixed(SEED),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let (compared, deleted) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let lived = runner.run(&proptest::collection::vec(act(), 10..60), |acts| {
        let mut life = Life::new(version);
        life.act(&Act::Window(2));
        for act in &acts {
            life.act(act);
            life.compare()?;
        }
        compared.set(compared.get() + life.compared);
        deleted.set(deleted.get() + life.deleted);
        Ok(())
    });
    lived.unwrap();
    (compared.get(), deleted.get())
}

#[test]
fn what_is_said_to_expire_is_what_the_simulated_database_deletes() {
    for version in ["4.3.5.2", "4.4.2.0"] {
        let (compared, deleted) = live(version);
        // Guards against a test that compares or deletes nothing.
        assert!(compared > 1_000, "{compared}");
        assert!(deleted > 50, "{deleted}");
    }
}
