//! A run: its session, its scratch tenant, its report, and the kinds of checks.

use anyhow::Result;
use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::client::{QueryError, Rows};
use oceanbase_backup_operator::oceanbase::destination::Destination;
use oceanbase_backup_operator::oceanbase::model::{DatabaseId, JobKey, TenantId};
use oceanbase_backup_operator::oceanbase::statement::Command;
use tokio::time::Instant;

use super::columns::Columns;
use super::database::{Database, ReadError};
use super::names::Names;
use super::report::{Line, Report, Section, Verdict};
use super::resources::{SentPool, SentUnit};
use super::restoring::SentRestore;
use super::settings::Settings;

/// A line of the report that ends its section.
#[derive(Debug)]
pub(super) struct Stopped;

/// The outcome of a check.
pub(super) type Step<T = ()> = Result<T, Stopped>;

/// The result of a poll.
pub(super) enum Poll<T> {
    /// The state that the run waits for.
    Done(T),
    /// Another state, in words.
    Pending(String),
}

/// Statements that a run has sent and must undo.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Anything that changes the scratch tenant.
    pub(super) changes: bool,
    /// The names of the run may be in use: the section on recovery has begun.
    pub(super) names: bool,
    /// CREATE RESOURCE UNIT, accepted or without an answer.
    pub(super) units: Vec<SentUnit>,
    /// CREATE RESOURCE POOL, accepted or without an answer.
    pub(super) pool: Option<SentPool>,
    /// RESTORE. A refused one may still record a job.
    pub(super) restores: Vec<SentRestore>,
    /// Tenants that restores of the run have created.
    pub(super) restored: Vec<TenantId>,
    /// RECOVER TABLE.
    pub(super) tables: bool,
}

/// A run.
pub(super) struct Suite {
    pub(super) settings: Settings,
    pub(super) database: Database,
    /// Number of the scratch tenant.
    pub(super) tenant_id: TenantId,
    /// The unique id of the database.
    pub(super) database_id: DatabaseId,
    pub(super) names: Names,
    pub(super) data: Destination,
    pub(super) log: Destination,
    pub(super) report: Report,
    pub(super) columns: Columns,
    pub(super) effects: Effects,
    /// The section of the next lines.
    pub(super) section: Section,
}

impl Suite {
    /// Begins another section.
    pub(super) fn begin(&mut self, section: Section) {
        self.section = section;
    }

    /// Adds a line.
    pub(super) fn add(
        &mut self,
        verdict: Verdict,
        assumption: impl Into<String>,
        observation: impl Into<String>,
        evidence: impl Into<String>,
    ) {
        let line = Line {
            section: self.section,
            assumption: assumption.into(),
            observation: observation.into(),
            evidence: evidence.into(),
            verdict,
        };
        let text = format!(
            "{}: {}: {}",
            line.verdict, line.assumption, line.observation
        );
        super::progress(&super::report::mask(text, &self.settings.secrets()));
        self.report.lines.push(line);
    }

    /// Adds a line on an observation that is as expected or not.
    pub(super) fn check(
        &mut self,
        is_as_expected: bool,
        assumption: impl Into<String>,
        observation: impl Into<String>,
        evidence: impl Into<String>,
    ) -> Step {
        let verdict = Verdict::of(is_as_expected);
        self.add(verdict, assumption, observation, evidence);
        is_as_expected.then_some(()).ok_or(Stopped)
    }

    /// Adds a line on an assumption that the run does not check.
    pub(super) fn skip(
        &mut self,
        assumption: impl Into<String>,
        why: impl Into<String>,
        evidence: impl Into<String>,
    ) {
        self.add(Verdict::NotChecked, assumption, why, evidence);
    }

    /// Adds a line if a section ended early.
    pub(super) fn close_section<T>(&mut self, step: &Step<T>) {
        if step.is_err() {
            self.skip(
                "The rest of this section",
                "the line above ends the section",
                "",
            );
        }
    }

    /// Returns a value, or adds a line that the value cannot be read.
    pub(super) fn value<T>(
        &mut self,
        read: Result<T, ReadError>,
        assumption: &str,
        evidence: &str,
    ) -> Step<T> {
        read.map_err(|why| {
            let verdict = if why.is_passing {
                Verdict::Unknown
            } else {
                Verdict::Mismatch
            };
            self.add(verdict, assumption, why.to_string(), evidence);
            Stopped
        })
    }

    /// Sends a command that the database must accept.
    pub(super) async fn accepts(
        &mut self,
        command: &Command,
        assumption: &str,
        evidence: impl Into<String>,
    ) -> Step {
        let answer = self.database.send(command).await;
        self.is_accepted(&answer, Some(command), assumption, evidence)
    }

    /// Adds a line on a statement that must be accepted.
    pub(super) fn is_accepted(
        &mut self,
        answer: &Result<Rows, QueryError>,
        command: Option<&Command>,
        assumption: &str,
        evidence: impl Into<String>,
    ) -> Step {
        let verdict = match answer {
            Ok(_) => Verdict::ExpectedValue,
            Err(QueryError::Server(_)) => Verdict::Mismatch,
            Err(QueryError::Lost(_)) => Verdict::Unknown,
        };
        self.add(verdict, assumption, describe(answer, command), evidence);
        answer.as_ref().map(|_| ()).map_err(|_| Stopped)
    }

    /// Sends a command that the database must refuse with one of these numbers. The command must be
    /// harmless if the database accepts it.
    pub(super) async fn refuses(
        &mut self,
        command: &Command,
        numbers: &[u16],
        assumption: &str,
        evidence: impl Into<String>,
    ) -> Step {
        let answer = self.database.send(command).await;
        self.is_refused(&answer, Some(command), numbers, assumption, evidence)
    }

    /// Adds a line on a statement that must be refused with one of these numbers.
    pub(super) fn is_refused(
        &mut self,
        answer: &Result<Rows, QueryError>,
        command: Option<&Command>,
        numbers: &[u16],
        assumption: &str,
        evidence: impl Into<String>,
    ) -> Step {
        let verdict = match answer {
            Err(QueryError::Lost(_)) => Verdict::Unknown,
            Err(QueryError::Server(error)) => Verdict::of(numbers.contains(&error.code)),
            Ok(_) => Verdict::Mismatch,
        };
        self.add(verdict, assumption, describe(answer, command), evidence);
        let is_as_expected = verdict == Verdict::ExpectedValue;
        is_as_expected.then_some(()).ok_or(Stopped)
    }

    /// Polls until a state is reached. Returns the last state, in words, at the timeout or if the
    /// state cannot be read.
    pub(super) async fn poll<T>(
        &mut self,
        mut probe: impl AsyncFnMut(&mut Database) -> Result<Poll<T>, ReadError>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + self.settings.timeout;
        loop {
            let state = match probe(&mut self.database).await {
                Ok(Poll::Done(found)) => return Ok(found),
                Ok(Poll::Pending(state)) => state,
                Err(why) if why.is_passing => why.to_string(),
                Err(why) => return Err(why.to_string()),
            };
            if Instant::now() >= deadline {
                let timeout = self.settings.timeout.as_secs();
                return Err(format!("after {timeout} s: {state}"));
            }
            tokio::time::sleep(self.settings.poll_interval).await;
        }
    }

    /// Polls as [`Self::poll`] does, and adds a line with the result.
    pub(super) async fn reaches<T>(
        &mut self,
        assumption: &str,
        observation: &str,
        evidence: &str,
        probe: impl AsyncFnMut(&mut Database) -> Result<Poll<T>, ReadError>,
    ) -> Step<T> {
        match self.poll(probe).await {
            Ok(found) => {
                self.add(Verdict::ExpectedValue, assumption, observation, evidence);
                Ok(found)
            }
            Err(state) => {
                self.add(Verdict::Mismatch, assumption, state, evidence);
                Err(Stopped)
            }
        }
    }

    /// Returns whether the reported release has a capability.
    pub(super) fn can(&self, capability: Capability) -> bool {
        self.database.version.can(capability)
    }

    /// Returns the common prefix of the keys of the run's backups.
    pub(super) fn job_prefix(&self) -> String {
        format!("{}{}/", JobKey::PREFIX, self.settings.run_name())
    }

    /// Returns the key of the run's backup of this number.
    pub(super) fn job_key(&self, number: i32) -> Step<JobKey> {
        JobKey::new(&self.settings.run_name(), number).ok_or(Stopped)
    }
}

/// Returns the evidence for a capability in the capability table.
pub(super) fn evidence_of(capability: Capability) -> String {
    capability.row().map_or_else(String::new, |row| {
        format!("{}: {}", row.evidence.word(), row.note)
    })
}

/// Describes an answer. The server's own text may quote the statement and is not shown.
pub(super) fn describe(answer: &Result<Rows, QueryError>, command: Option<&Command>) -> String {
    match answer {
        Ok(_) => "accepted".to_owned(),
        Err(QueryError::Server(error)) => {
            let reason = command.map(|command| command.refusal(error).reason);
            let reason = reason.map(|reason| format!(" ({reason})"));
            format!("error {}{}", error.code, reason.unwrap_or_default())
        }
        Err(QueryError::Lost(why)) => format!("no answer: {why}"),
    }
}
