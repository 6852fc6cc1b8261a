//! Names for the points of a full backup at which an operator can be killed.
//!
//! Which of two changes that are seen at once or one after the other make one write or two is a
//! race, so that the n-th write of one run is another one in the next. A status is therefore named
//! by what it is the first to show, and only by what every run shows at some time.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use oceanbase_sim::fault::{self, Fault, Trigger};
use oceanbase_sim::log::StatementLog;
use serde_json::Value;

use super::stage::Stage;
use crate::support::proxy::{Moment, Write};

/// Something that a status shows at some time in every run.
#[derive(Clone, Copy)]
pub(super) struct Fact {
    /// The kind, as in a path.
    plural: &'static str,
    name: &'static str,
    holds: fn(&Value) -> bool,
}

/// Where the operator is killed.
#[derive(Clone)]
pub(super) enum Point {
    /// The n-th statement of a session with this in its text.
    Statement {
        session: u64,
        containing: String,
        nth: u32,
    },
    /// The creation of an object of this kind.
    Creation(&'static str),
    /// The event with this reason.
    Event(&'static str),
    /// The first status that shows a fact.
    Fact(Fact),
    /// The first status of this kind that shows no fact for the first time.
    Refresh(&'static str),
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statement {
                session,
                containing,
                nth,
            } => write!(f, "statement {nth} of session {session} like: {containing}"),
            Self::Creation(plural) => write!(f, "creation in {plural}"),
            Self::Event(reason) => write!(f, "event {reason}"),
            Self::Fact(fact) => write!(f, "status of {} that shows: {}", fact.plural, fact.name),
            Self::Refresh(plural) => write!(f, "status of {plural} that shows no new fact"),
        }
    }
}

const fn fact(plural: &'static str, name: &'static str, holds: fn(&Value) -> bool) -> Fact {
    Fact {
        plural,
        name,
        holds,
    }
}

const TASKS: &str = "backuptasks";
const LOGS: &str = "logbackups";
const STRATEGIES: &str = "backupstrategies";
const CLUSTERS: &str = "oceanbaseclusters";
const STORES: &str = "backupstorages";

/// In the order of a life. [`Stage::drive`] holds the database back until they are shown.
const FACTS: [Fact; 23] = [
    fact(CLUSTERS, "anything", |_| true),
    fact(CLUSTERS, "its answer", |s| is_true(s, "Reachable")),
    fact(CLUSTERS, "a running backup", |s| {
        s["backup"]["runningTasks"] == 1
    }),
    fact(CLUSTERS, "the backup", |s| {
        !s["backup"]["lastDataBackupTime"].is_null()
    }),
    fact(STORES, "anything", |_| true),
    fact(STORES, "its use", |s| is_true(s, "Reachable")),
    fact(STRATEGIES, "the open slot", |s| !s["openSlot"].is_null()),
    fact(STRATEGIES, "its tenant", |s| s["tenants"]["matched"] == 1),
    fact(STRATEGIES, "the closed slot", |s| {
        !s["scheduleHistory"][0].is_null()
    }),
    fact(STRATEGIES, "running log backup", |s| {
        is_true(s, "LogBackupHealthy")
    }),
    fact(STRATEGIES, "a running task", |s| s["runningTasks"] == 1),
    fact(STRATEGIES, "the success", |s| {
        !s["lastSuccessTime"].is_null()
    }),
    fact(LOGS, "anything", |_| true),
    fact(LOGS, "the round", |s| !s["roundId"].is_null()),
    fact(LOGS, "the running round", |s| s["phase"] == "InProgress"),
    fact(LOGS, "a recovery window", |s| {
        !s["recoveryWindows"][0].is_null()
    }),
    fact(TASKS, "anything", |_| true),
    fact(TASKS, "the setting of the destination", |s| {
        s["cause"]["reason"] == "SettingDestination"
    }),
    fact(TASKS, "the intent", |s| attempt(s) == "Sending"),
    fact(TASKS, "the taken statement", |s| attempt(s) == "Accepted"),
    fact(TASKS, "the job", |s| !s["jobId"].is_null()),
    fact(TASKS, "the work", |s| s["phase"] == "InProgress"),
    fact(TASKS, "the end", |s| !s["outcome"].is_null()),
];

const CREATIONS: [&str; 2] = [LOGS, TASKS];

const EVENTS: [&str; 6] = [
    "ClusterReachable",
    "StoreReachable",
    "LogBackupStarted",
    "StrategyInProgress",
    "BackupStarted",
    "BackupSucceeded",
];

/// What an operator remembers by: it moves only in writes that have a name.
const MEMORY: [&str; 9] = [
    "anchorTime",
    "appliedGeneration",
    "attempts",
    "jobId",
    "lastScheduleTime",
    "openSlot",
    "outcome",
    "phase",
    "scheduleHistory",
];

fn is_true(status: &Value, condition: &str) -> bool {
    let conditions = status["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|known| known["type"] == condition && known["status"] == "True")
}

fn attempt(status: &Value) -> &Value {
    &status["attempts"][0]["outcome"]
}

impl Fact {
    fn is_shown_by(&self, write: &Write) -> bool {
        write.operation == format!("PUT {}/status", self.plural)
            && (self.holds)(&write.object["status"])
    }

    fn is_first_shown_by(&self, before: &[Write], write: &Write) -> bool {
        self.is_shown_by(write) && !before.iter().any(|other| self.is_shown_by(other))
    }
}

impl Point {
    /// The writes of a full backup.
    pub(super) fn writes() -> impl Iterator<Item = Self> {
        let creations = CREATIONS.map(Self::Creation).into_iter();
        creations
            .chain(EVENTS.map(Self::Event))
            .chain(FACTS.map(Self::Fact))
            .chain([Self::Refresh(TASKS)])
    }

    /// The statements of the sessions in which commands are sent, of a run that is over.
    pub(super) fn statements(log: &StatementLog) -> Vec<Self> {
        let commands: BTreeSet<u64> = log
            .entries()
            .filter(|entry| entry.text.contains("ob_query_timeout"))
            .map(|entry| entry.session)
            .collect();
        let mut points = Vec::new();
        for session in commands {
            let texts: Vec<_> = log
                .entries()
                .filter(|entry| entry.session == session)
                .map(|entry| entry.text.as_str())
                .collect();
            for (at, text) in texts.iter().enumerate() {
                // Up to the key: it holds the task's uid, which is another one in each run.
                let containing = text.split("obb/").next().unwrap_or(text);
                let alike = texts[..=at].iter().filter(|t| t.contains(containing));
                points.push(Self::Statement {
                    session,
                    containing: containing.to_owned(),
                    nth: u32::try_from(alike.count()).unwrap(),
                });
            }
        }
        points
    }

    /// Whether this write is the point.
    fn is_at(&self, before: &[Write], write: &Write) -> bool {
        let is = |operation: String| write.operation == operation;
        match self {
            Self::Statement { .. } => false,
            Self::Creation(plural) => is(format!("POST {plural}")),
            Self::Event(reason) => {
                is("POST events".to_owned()) && write.object["reason"] == *reason
            }
            Self::Fact(fact) => fact.is_first_shown_by(before, write),
            Self::Refresh(plural) => {
                is(format!("PUT {plural}/status")) && !shows_new_fact(before, write)
            }
        }
    }

    /// Makes the operator stand still at this point.
    pub(super) fn arm(&self, stage: &Stage, moment: Moment) {
        if let Self::Statement {
            session,
            containing,
            nth,
        } = self
        {
            let on = Trigger::any().containing(containing);
            return stage.world.inject(Fault::Stall {
                on: on.in_session(*session).nth(*nth),
                when: match moment {
                    Moment::Before => fault::Moment::BeforeExecuting,
                    Moment::After => fault::Moment::AfterCommit,
                },
            });
        }
        let point = self.clone();
        let which = move |before: &[Write], write: &Write| point.is_at(before, write);
        stage.proxy.hold(Box::new(which), moment);
    }
}

fn shows_new_fact(before: &[Write], write: &Write) -> bool {
    let mut facts = FACTS.iter();
    facts.any(|fact| fact.is_first_shown_by(before, write))
}

/// Asserts of the writes of a run that none is left out: each point is there, and what the
/// operator remembers by moved at points only.
pub(super) fn assert_complete(writes: &[Write]) {
    let mut last: HashMap<&str, &Value> = HashMap::new();
    let mut passed = vec![false; Point::writes().count()];
    for (at, write) in writes.iter().enumerate() {
        let before = &writes[..at];
        for (point, passed) in Point::writes().zip(&mut passed) {
            *passed |= point.is_at(before, write);
        }
        let status = &write.object["status"];
        let known = last
            .insert(&write.operation, status)
            .unwrap_or(&Value::Null);
        let moves = MEMORY.iter().any(|field| known[field] != status[field]);
        let is_named = Point::writes()
            .filter(|point| !matches!(point, Point::Refresh(_)))
            .any(|point| point.is_at(before, write));
        assert!(is_named || !moves, "has no name: {write:#?}\n{known:#}");
    }
    let points = Point::writes().zip(passed);
    let missing: Vec<_> = points.filter(|(_, passed)| !passed).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
