//! Names for the points of a full backup at which an operator can be killed.
//!
//! Two concurrent changes may produce one write or two, so the n-th write differs between runs. A
//! status is therefore named after the fact that it is the first to show, among facts that every
//! run shows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use oceanbase_sim::fault::{self, Fault, Trigger};
use oceanbase_sim::log::{Entry, StatementLog};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::stage::Stage;
use crate::support::proxy::{Moment, Write};

/// A fact that a status shows at some time in every run.
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
    /// The n-th statement of a session with this text.
    Statement {
        session: u64,
        containing: String,
        nth: u32,
    },
    /// The first statement like this of the session that reads the views, from its beginning or
    /// while the backup works.
    Reading {
        session: u64,
        containing: String,
        is_of_work: bool,
    },
    /// The creation of an object of this kind.
    Creation(&'static str),
    /// The event with this reason.
    Event(&'static str),
    /// The first status that shows a fact.
    Fact(Fact),
    /// The first status of this kind that shows no new fact.
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
            Self::Reading {
                session,
                containing,
                is_of_work,
            } => {
                let when = if *is_of_work { "during the backup" } else { "" };
                write!(f, "reading of session {session} {when}: {containing}")
            }
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

/// In chronological order. [`Stage::drive`] holds the database until they are shown.
const FACTS: [Fact; 24] = [
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
    fact(STRATEGIES, "the open slot", |s| {
        !s["bookkeeping"]["openSlot"].is_null()
    }),
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
    fact(LOGS, "the round", |s| !s["roundID"].is_null()),
    fact(LOGS, "the running round", |s| s["phase"] == "InProgress"),
    fact(LOGS, "the wish that was applied", |s| {
        !s["appliedGeneration"].is_null()
    }),
    fact(LOGS, "a recovery window", |s| {
        !s["recoveryWindows"][0].is_null()
    }),
    fact(TASKS, "anything", |_| true),
    fact(TASKS, "the setting of the destination", |s| {
        s["cause"]["reason"] == "SettingDestination"
    }),
    fact(TASKS, "the intent", |s| attempt(s) == "Sending"),
    fact(TASKS, "the taken statement", |s| attempt(s) == "Accepted"),
    fact(TASKS, "the job", |s| !s["jobID"].is_null()),
    fact(TASKS, "the work", |s| s["phase"] == "InProgress"),
    fact(TASKS, "the end", |s| !s["outcome"].is_null()),
];

const CREATIONS: [&str; 2] = [LOGS, TASKS];

const EVENTS: [&str; 6] = [
    "ClusterReachable",
    "StorageReachable",
    "LogBackupStarted",
    "StrategyInProgress",
    "BackupStarted",
    "BackupSucceeded",
];

/// Fields of a status that a restarted operator relies on: they change only in named writes.
const MEMORY: [&str; 9] = [
    "/bookkeeping/anchorTime",
    "/appliedGeneration",
    "/attempts",
    "/jobID",
    "/lastScheduleTime",
    "/bookkeeping/openSlot",
    "/outcome",
    "/phase",
    "/scheduleHistory",
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
    /// Returns the writes of a full backup.
    pub(super) fn writes() -> impl Iterator<Item = Self> {
        let creations = CREATIONS.map(Self::Creation).into_iter();
        creations
            .chain(EVENTS.map(Self::Event))
            .chain(FACTS.map(Self::Fact))
            .chain([Self::Refresh(TASKS)])
    }

    /// Returns the statements of a finished run. Of sessions with commands it returns all. Of
    /// reading sessions, which repeat their queries, it returns the first of each text, and the
    /// first after BACKUP was sent.
    pub(super) fn statements(log: &StatementLog) -> Vec<Self> {
        let mut sessions = BTreeMap::<u64, Vec<&Entry>>::new();
        for entry in log.entries() {
            sessions.entry(entry.session).or_default().push(entry);
        }
        let is_backup = |entry: &&Entry| entry.kind == Kind::Backup;
        let sent = log.entries().find(is_backup).unwrap().number;
        let mut points = Vec::new();
        for (session, entries) in sessions {
            let texts: Vec<_> = entries.iter().map(|entry| entry.text.as_str()).collect();
            if texts.iter().any(|text| text.contains("ob_query_timeout")) {
                points.extend(Self::commands(session, &texts));
            } else {
                let after = entries.partition_point(|entry| entry.number < sent);
                points.extend(Self::readings(session, &texts, false));
                points.extend(Self::readings(session, &texts[after..], true));
            }
        }
        points
    }

    fn commands(session: u64, texts: &[&str]) -> impl Iterator<Item = Self> {
        let nth = |at: usize, containing: &str| {
            let alike = texts[..=at].iter().filter(|text| text.contains(containing));
            u32::try_from(alike.count()).unwrap()
        };
        texts.iter().enumerate().map(move |(at, text)| {
            let containing = standing(text).to_owned();
            Self::Statement {
                session,
                nth: nth(at, &containing),
                containing,
            }
        })
    }

    fn readings(session: u64, texts: &[&str], is_of_work: bool) -> impl Iterator<Item = Self> {
        let texts: BTreeSet<_> = texts.iter().map(|text| standing(text).to_owned()).collect();
        texts.into_iter().map(move |containing| Self::Reading {
            session,
            containing,
            is_of_work,
        })
    }

    /// Returns whether the point belongs to a working backup.
    pub(super) fn is_of_work(&self) -> bool {
        matches!(self, Self::Reading { is_of_work, .. } if *is_of_work)
    }

    /// Returns whether this write is the point.
    fn is_at(&self, before: &[Write], write: &Write) -> bool {
        let is = |operation: String| write.operation == operation;
        match self {
            Self::Statement { .. } | Self::Reading { .. } => false,
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

    /// Freezes the operator at this point.
    pub(super) fn arm(&self, stage: &Stage, moment: Moment) {
        let any = Trigger::any();
        let on = match self {
            Self::Statement {
                session,
                containing,
                nth,
            } => Some(any.containing(containing).in_session(*session).nth(*nth)),
            Self::Reading {
                session,
                containing,
                ..
            } => Some(any.containing(containing).in_session(*session)),
            _ => None,
        };
        if let Some(on) = on {
            let when = match moment {
                Moment::Before => fault::Moment::BeforeExecuting,
                Moment::After => fault::Moment::AfterCommit,
            };
            return stage.world.inject(Fault::Stall { on, when });
        }
        let point = self.clone();
        let which = move |before: &[Write], write: &Write| point.is_at(before, write);
        stage.proxy.hold(Box::new(which), moment);
    }
}

/// Returns the constant start of a statement, before a uid in a key or a time.
fn standing(text: &str) -> &str {
    let varying = ["obb/", ">= '"];
    let ends = varying.iter().filter_map(|varying| text.find(varying));
    &text[..ends.min().unwrap_or(text.len())]
}

fn shows_new_fact(before: &[Write], write: &Write) -> bool {
    let mut facts = FACTS.iter();
    facts.any(|fact| fact.is_first_shown_by(before, write))
}

/// Checks that the writes of a run are complete: each point occurs, and persistent state changes at
/// points only.
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
        let moves = MEMORY
            .iter()
            .any(|field| known.pointer(field) != status.pointer(field));
        let is_named = Point::writes()
            .filter(|point| !matches!(point, Point::Refresh(_)))
            .any(|point| point.is_at(before, write));
        assert!(is_named || !moves, "has no name: {write:#?}\n{known:#}");
    }
    let points = Point::writes().zip(passed);
    let missing: Vec<_> = points.filter(|(_, passed)| !passed).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
