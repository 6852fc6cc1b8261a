//! Checks that the database answers every query of the operator with readable rows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use oceanbase_backup_operator::oceanbase::client::Rows;
use oceanbase_backup_operator::oceanbase::model::RemapQuoting;
use oceanbase_backup_operator::oceanbase::query::{
    self, CleanupQuery, Query, RestoreQuery, Sample, StorageQuery,
};
use oceanbase_backup_operator::oceanbase::version::Version;

use super::database::{ReadError, legible};
use super::report::{Section, Verdict};
use super::suite::{Step, Suite, evidence_of};

/// Results of the queries so far, by the names of the queries.
#[derive(Debug, Default)]
pub(super) struct Columns(BTreeMap<&'static str, QueryResult>);

#[derive(Debug, Default)]
struct QueryResult {
    /// The largest number of rows in an answer.
    rows: usize,
    /// The first unexpected answer.
    problem: Option<ReadError>,
}

impl Suite {
    /// Sends every query of the operator that the release has. It runs several times, because some
    /// views have rows only while a job runs.
    pub(super) async fn read_columns(&mut self) -> Step {
        for query in self.queries()? {
            if query.needs().is_some_and(|needed| !self.can(needed)) {
                continue;
            }
            let answer = self.database.ask(&query).await;
            let read = match &answer {
                Ok(rows) => read(self.database.version, &query, rows),
                Err(error) => Err(ReadError::new(&query, error)),
            };
            let result = self.columns.0.entry(query.name()).or_default();
            match read {
                Ok(rows) => result.rows = result.rows.max(rows),
                Err(problem) => result.problem = result.problem.take().or(Some(problem)),
            }
        }
        self.read_servers().await;
        Ok(())
    }

    /// Reads the servers and their free capacity, which three queries return in parts.
    async fn read_servers(&mut self) {
        let queries = [
            RestoreQuery::Servers,
            RestoreQuery::Capacities,
            RestoreQuery::PlacedUnits,
        ];
        let mut answers = Vec::new();
        for query in queries.map(Query::from) {
            answers.extend(self.database.ask(&query).await);
        }
        if let [servers, capacities, units] = &answers[..]
            && query::servers(servers, capacities, units).is_empty()
        {
            let result = self.columns.0.entry("servers").or_default();
            let problem = ReadError::of_rows("the three queries on servers show no server");
            result.problem = result.problem.take().or(Some(problem));
        }
    }

    /// Adds a line for each query.
    pub(super) fn report_columns(&mut self) -> Step {
        self.begin(Section::Views);
        let columns = std::mem::take(&mut self.columns);
        let mut queries = self.queries()?;
        queries.dedup_by_key(|query| query.name());
        for query in queries {
            let assumption = format!("Query `{}` is answered and its rows are read", query.name());
            if let Some(needed) = query.needs().filter(|needed| !self.can(*needed)) {
                self.skip(
                    assumption,
                    "the operator does not send it to this release",
                    evidence_of(needed),
                );
                continue;
            }
            let text = query.text(self.database.version);
            let evidence = text
                .split_once("FROM oceanbase.")
                .map(|(_, view)| view.split(' ').next().unwrap_or_default())
                .map_or_else(
                    || format!("statement {text}"),
                    |view| format!("view {view}"),
                );
            let result = columns.0.get(query.name());
            let (verdict, observation) = match result {
                Some(QueryResult {
                    problem: Some(problem),
                    ..
                }) if problem.is_passing => (Verdict::Unknown, problem.to_string()),
                Some(QueryResult {
                    problem: Some(problem),
                    ..
                }) => (Verdict::Mismatch, problem.to_string()),
                Some(result) if result.rows > 0 => {
                    (Verdict::ExpectedValue, "rows are read".to_owned())
                }
                Some(_) => (
                    Verdict::ExpectedValue,
                    "answered; there were no rows to read".to_owned(),
                ),
                None => (Verdict::NotChecked, "the run did not come to it".to_owned()),
            };
            self.add(verdict, assumption, observation, evidence);
        }
        Ok(())
    }

    /// Returns every query of the operator but SHOW RESTORE PREVIEW, which follows a PREVIEW.
    fn queries(&self) -> Step<Vec<Query>> {
        let job = self.job_key(1)?;
        let with = |restore| {
            Query::samples(&Sample {
                tenant: self.tenant_id,
                since: Timestamp::UNIX_EPOCH,
                job: job.clone(),
                restore,
            })
        };
        let preview = Query::from(RestoreQuery::Preview);
        let queries = with(self.restore_key()).into_iter();
        let is_of_tables = |query: &Query| query.name().contains("table");
        let others = queries.filter(|query| *query != preview && !is_of_tables(query));
        let of_tables = with(self.table_key(RemapQuoting::Plain)).into_iter();
        Ok(others.chain(of_tables.filter(is_of_tables)).collect())
    }
}

/// Reads an answer as the operator does. Returns the number of rows.
fn read(version: Version, query: &Query, rows: &Rows) -> Result<usize, ReadError> {
    match query {
        Query::Version => drop(query::version(rows)?),
        // The run reads these two together at its beginning.
        Query::Identity | Query::Bootstrap => (),
        Query::Tenants => drop(query::tenants(version, rows)?),
        Query::Rounds => drop(query::rounds(rows)?),
        Query::ArchiveDests | Query::ArchiveDestOf(_) => drop(query::archive_dests(rows)?),
        Query::DataDests | Query::DataDestOf(_) => drop(query::data_dests(rows)?),
        Query::RunningJobs
        | Query::JobHistory(_)
        | Query::RunningJobsByKey(_)
        | Query::JobHistoryByKey(_) => drop(query::jobs(rows)?),
        Query::OwnJobsByKey(_) | Query::OwnJobHistoryByKey(_) => read_numbers(query, rows)?,
        Query::Progress => drop(legible(query::progress(version, rows))?),
        Query::Sets => drop(query::sets(rows)?),
        Query::Pieces => drop(query::pieces(rows)?),
        Query::Policies => drop(query::policies(rows)?),
        Query::LagTargets => drop(query::lag_targets(rows)?),
        Query::UpgradeMode => drop(query::upgrade_mode(rows)?),
        Query::BackupRefusals(_) => drop(legible(query::backup_refusals(rows))?),
        Query::Grants => drop(query::privileges(rows)),
        Query::Restore(query) => read_restores(query, rows)?,
        Query::Cleanup(CleanupQuery::Items(_) | CleanupQuery::ItemHistory(_)) => {
            drop(legible(query::cleaned_items(rows))?);
        }
        Query::Cleanup(_) => drop(legible(query::cleanups(rows))?),
        Query::Store(StorageQuery::LogRoots) => drop(legible(query::log_roots(rows))?),
        Query::Store(StorageQuery::Checks) => drop(legible(query::storage_checks(rows))?),
        Query::Store(StorageQuery::Limits) => drop(legible(query::storage_limits(rows))?),
    }
    Ok(rows.rows.len())
}

/// Reads numbers of jobs.
fn read_numbers(query: &Query, rows: &Rows) -> Result<(), ReadError> {
    let mut numbers = rows.rows.iter().filter_map(|row| row.first()?.as_deref());
    if numbers.all(|number| number.parse::<i64>().is_ok()) {
        return Ok(());
    }
    let problem = format!("column JOB_ID of query '{}' is not a number", query.name());
    Err(ReadError::of_rows(problem))
}

fn read_restores(query: &RestoreQuery, rows: &Rows) -> Result<(), ReadError> {
    match query {
        RestoreQuery::Progress
        | RestoreQuery::ProgressByKey(_)
        | RestoreQuery::OwnProgressByKey(_) => drop(legible(query::restores(rows, false))?),
        RestoreQuery::History(_)
        | RestoreQuery::HistoryByKey(_)
        | RestoreQuery::OwnHistoryByKey(_) => drop(legible(query::restores(rows, true))?),
        RestoreQuery::TableJobs
        | RestoreQuery::TableJobsByKey(_)
        | RestoreQuery::OwnTableJobsByKey(_) => drop(legible(query::tables(rows, false))?),
        RestoreQuery::TableHistory(_)
        | RestoreQuery::TableHistoryByKey(_)
        | RestoreQuery::OwnTableHistoryByKey(_) => drop(legible(query::tables(rows, true))?),
        RestoreQuery::Preview => drop(query::preview(rows)?),
        RestoreQuery::Pools => drop(legible(query::pools(rows))?),
        RestoreQuery::Units => drop(legible(query::units(rows))?),
        RestoreQuery::Zones => drop(legible(query::zones(rows))?),
        // `read_servers` reads these together.
        RestoreQuery::Servers | RestoreQuery::Capacities | RestoreQuery::PlacedUnits => (),
        RestoreQuery::DataVersion => drop(legible(query::data_version(rows))?),
    }
    Ok(())
}
