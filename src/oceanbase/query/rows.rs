//! Parsers of rows.

mod cleanup;
mod cluster;
mod lag;
mod restore;
mod server;
mod storage;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::oceanbase::capability::Capability;
use crate::oceanbase::client::Rows;
use crate::oceanbase::error::explain;
use crate::oceanbase::model::{
    ArchiveDest, BackupSet, BackupSetId, DeletePolicy, Identity, Job, JobId, JobStatus, Piece,
    Round, RoundStatus, Scn, TenantId,
};
use crate::oceanbase::version::Version;

pub use cleanup::{cleaned_items, cleanups};
pub use cluster::{backup_refusals, privileges, upgrade_mode};
pub use lag::lag_targets;
pub use restore::{ParsedRows, data_version, pools, preview, restores, tables, units, zones};
pub use server::servers;
pub use storage::{log_roots, storage_checks, storage_limits};

/// Row that contradicts the documentation of its view.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column} of query '{query}' {problem}")]
pub struct ViewError {
    query: &'static str,
    column: &'static str,
    problem: &'static str,
}

/// Row whose values are read by column name.
struct Row<'a> {
    query: &'static str,
    columns: &'a [String],
    values: &'a [Option<String>],
}

impl Row<'_> {
    fn error(&self, column: &'static str, problem: &'static str) -> ViewError {
        ViewError {
            query: self.query,
            column,
            problem,
        }
    }

    fn has(&self, column: &str) -> bool {
        let mut columns = self.columns.iter();
        columns.any(|name| name.eq_ignore_ascii_case(column))
    }

    fn optional(&self, column: &'static str) -> Result<Option<&str>, ViewError> {
        let position = self
            .columns
            .iter()
            .position(|name| name.eq_ignore_ascii_case(column))
            .ok_or_else(|| self.error(column, "is missing"))?;
        Ok(self.values.get(position).and_then(Option::as_deref))
    }

    /// Returns the text. NULL becomes empty: views that are declared NOT NULL may still return
    /// NULL.
    fn text(&self, column: &'static str) -> Result<&str, ViewError> {
        Ok(self.optional(column)?.unwrap_or_default())
    }

    fn i64(&self, column: &'static str) -> Result<i64, ViewError> {
        match self.optional(column)? {
            None => Ok(0),
            Some(text) => text
                .parse()
                .map_err(|_| self.error(column, "is not a number")),
        }
    }

    fn scn(&self, column: &'static str) -> Result<Scn, ViewError> {
        match self.optional(column)? {
            None => Ok(Scn(0)),
            Some(text) => text
                .parse()
                .map(Scn)
                .map_err(|_| self.error(column, "is not an SCN")),
        }
    }

    /// Parses an instant. The time zone of the session is UTC.
    fn at(&self, column: &'static str) -> Result<Option<Timestamp>, ViewError> {
        // V4.0 shows an unset time as '', later releases as NULL.
        let Some(text) = self.optional(column)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        text.parse::<DateTime>()
            .and_then(|civil| TimeZone::UTC.to_timestamp(civil))
            .map(Some)
            .map_err(|_| self.error(column, "is not a time stamp"))
    }

    fn tenant_id(&self) -> Result<TenantId, ViewError> {
        self.i64("TENANT_ID").map(TenantId)
    }

    fn is(&self, column: &'static str, word: &str) -> Result<bool, ViewError> {
        Ok(self.text(column)?.eq_ignore_ascii_case(word))
    }
}

fn rows<'a>(query: &'static str, rows: &'a Rows) -> impl Iterator<Item = Row<'a>> {
    rows.rows.iter().map(move |values| Row {
        query,
        columns: &rows.columns,
        values,
    })
}

/// Parses [`Query::Version`]: the version, and whether the server is the community edition.
pub fn version(answer: &Rows) -> Result<(Version, bool), ViewError> {
    let row = rows("version", answer).next();
    let row = row.ok_or(ViewError {
        query: "version",
        column: "OB_VERSION",
        problem: "is missing: the query returned no row",
    })?;
    let version = row
        .text("OB_VERSION")?
        .parse()
        .map_err(|_| row.error("OB_VERSION", "is not a version"))?;
    Ok((version, row.text("VERSION")?.contains("OceanBase_CE")))
}

/// Parses [`Query::Identity`] and [`Query::Bootstrap`].
pub fn identity(parameters: &Rows, bootstrap: &Rows) -> Result<Identity, ViewError> {
    let missing = || ViewError {
        query: "bootstrap",
        column: "CREATE_TIME",
        problem: "is missing",
    };
    let row = rows("bootstrap", bootstrap).next().ok_or_else(missing)?;
    let mut identity = Identity {
        cluster_name: String::new(),
        cluster_id: 0,
        created_at: row.at("CREATE_TIME")?.ok_or_else(missing)?,
    };
    for row in rows("identity", parameters) {
        if row.is("NAME", "cluster")? {
            row.text("VALUE")?.clone_into(&mut identity.cluster_name);
        } else if row.is("NAME", "cluster_id")? {
            identity.cluster_id = row.i64("VALUE")?;
        }
    }
    Ok(identity)
}

/// Row of [`Query::Tenants`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRow {
    /// Number of the tenant.
    pub id: TenantId,
    /// Name of the tenant.
    pub name: String,
    /// STATUS of the tenant.
    pub status: String,
    /// Role of the tenant; `PRIMARY` if the version has no such column.
    pub role: String,
    /// SWITCHOVER_STATUS of the tenant; `None` if the version has no such column.
    pub switchover_status: Option<String>,
    /// COMPATIBLE of the tenant; `None` if the version has no such column.
    pub compatible: Option<String>,
    /// Whether the tenant is locked.
    pub locked: bool,
    /// Whether LOG_MODE is ARCHIVELOG; `None` if the version has no such column.
    pub archive_log: Option<bool>,
}

/// Parses [`Query::Tenants`].
pub fn tenants(version: Version, answer: &Rows) -> Result<Vec<TenantRow>, ViewError> {
    rows("tenants", answer)
        .map(|row| {
            let since = |what, column| {
                if !version.can(what) {
                    return Ok(None);
                }
                row.text(column).map(|text| Some(text.to_owned()))
            };
            let role = since(Capability::TenantRole, "TENANT_ROLE")?;
            let log_mode = since(Capability::TenantRole, "LOG_MODE")?;
            Ok(TenantRow {
                id: row.tenant_id()?,
                name: row.text("TENANT_NAME")?.to_owned(),
                status: row.text("STATUS")?.to_owned(),
                role: role.unwrap_or_else(|| "PRIMARY".to_owned()),
                switchover_status: since(Capability::TenantRole, "SWITCHOVER_STATUS")?,
                compatible: since(Capability::TenantCompatible, "COMPATIBLE")?,
                locked: row.is("LOCKED", "YES")?,
                archive_log: log_mode.map(|mode| mode.eq_ignore_ascii_case("ARCHIVELOG")),
            })
        })
        .collect()
}

/// Parses [`Query::Rounds`].
pub fn rounds(answer: &Rows) -> Result<BTreeMap<TenantId, Round>, ViewError> {
    rows("rounds", answer)
        .map(|row| {
            let round = Round {
                id: row.i64("ROUND_ID")?,
                status: RoundStatus::parse(row.text("STATUS")?),
                start_scn: row.scn("START_SCN")?,
                checkpoint_scn: row.scn("CHECKPOINT_SCN")?,
                piece_id: row.i64("USED_PIECE_ID")?,
                input_bytes: row.i64("INPUT_BYTES")?,
                output_bytes: row.i64("OUTPUT_BYTES")?,
                comment: row.text("COMMENT")?.to_owned(),
                path: without_options(row.text("PATH")?),
            };
            Ok((row.tenant_id()?, round))
        })
        .collect()
}

/// Parses [`Query::ArchiveDests`].
pub fn archive_dests(answer: &Rows) -> Result<BTreeMap<TenantId, ArchiveDest>, ViewError> {
    let mut dests = BTreeMap::<_, ArchiveDest>::new();
    for row in rows("archive_dests", answer) {
        let dest = dests.entry(row.tenant_id()?).or_default();
        let value = row.text("VALUE")?;
        match row.text("NAME")?.to_ascii_lowercase().as_str() {
            "path" => value.clone_into(&mut dest.path),
            "binding" => value.clone_into(&mut dest.binding),
            "piece_switch_interval" => value.clone_into(&mut dest.piece_switch_interval),
            "state" => dest.enabled = value.eq_ignore_ascii_case("ENABLE"),
            "dest_id" => dest.dest_id = value.parse().ok(),
            _ => {}
        }
    }
    dests.retain(|_, dest| !dest.path.is_empty());
    Ok(dests)
}

/// Parses [`Query::DataDests`].
pub fn data_dests(answer: &Rows) -> Result<BTreeMap<TenantId, String>, ViewError> {
    let mut dests = BTreeMap::new();
    for row in rows("data_dests", answer) {
        let value = row.text("VALUE")?;
        if !value.is_empty() {
            dests.insert(row.tenant_id()?, value.to_owned());
        }
    }
    Ok(dests)
}

/// Parses [`Query::Policies`].
pub fn policies(answer: &Rows) -> Result<BTreeMap<TenantId, Vec<DeletePolicy>>, ViewError> {
    let mut policies = BTreeMap::<_, Vec<_>>::new();
    for row in rows("policies", answer) {
        let policy = DeletePolicy {
            name: row.text("POLICY_NAME")?.to_owned(),
            recovery_window: row.text("RECOVERY_WINDOW")?.to_owned(),
        };
        policies.entry(row.tenant_id()?).or_default().push(policy);
    }
    Ok(policies)
}

/// Parses the rows of jobs, running or ended.
pub fn jobs(answer: &Rows) -> Result<Vec<Job>, ViewError> {
    rows("jobs", answer)
        .map(|row| {
            let result = i32::try_from(row.i64("RESULT")?).unwrap_or(i32::MIN);
            Ok(Job {
                tenant_id: row.tenant_id()?,
                id: JobId(row.i64("JOB_ID")?),
                set_id: BackupSetId(row.i64("BACKUP_SET_ID")?),
                initiator_tenant_id: TenantId(row.i64("INITIATOR_TENANT_ID")?),
                initiator_job_id: JobId(row.i64("INITIATOR_JOB_ID")?),
                // Older manuals document D for a full backup.
                full: row.is("BACKUP_TYPE", "FULL")? || row.is("BACKUP_TYPE", "D")?,
                status: JobStatus::parse(row.text("STATUS")?),
                started_at: row
                    .at("START_TIMESTAMP")?
                    .ok_or_else(|| row.error("START_TIMESTAMP", "is NULL"))?,
                ended_at: row.at("END_TIMESTAMP")?,
                failure: (result != 0).then(|| explain(result)),
                description: row.text("DESCRIPTION")?.to_owned(),
                path: without_options(row.text("PATH")?),
                percent: None,
            })
        })
        .collect()
}

/// Parses [`Query::Progress`]: the progress in percent, and the errors of rows that cannot be read.
/// These rows are omitted, because no decision depends on progress.
#[must_use]
pub fn progress(version: Version, answer: &Rows) -> ParsedRows<((TenantId, JobId), u8)> {
    ParsedRows::of("progress", answer, |row| percent(version, row))
}

fn percent(version: Version, row: &Row<'_>) -> Result<((TenantId, JobId), u8), ViewError> {
    let percent = if version.can(Capability::BackupProgress) {
        let text = row.text("DATA_PROGRESS")?;
        let whole = text.split('.').next().unwrap_or_default();
        whole
            .parse()
            .map_err(|_| row.error("DATA_PROGRESS", "is not a number"))?
    } else {
        let (total, done) = (
            row.i64("MACRO_BLOCK_COUNT")?,
            row.i64("FINISH_MACRO_BLOCK_COUNT")?,
        );
        if total > 0 {
            done.saturating_mul(100) / total
        } else {
            0
        }
    };
    let percent = u8::try_from(percent.clamp(0, 99)).unwrap_or(99);
    Ok(((row.tenant_id()?, JobId(row.i64("JOB_ID")?)), percent))
}

/// Parses [`Query::Sets`].
pub fn sets(answer: &Rows) -> Result<BTreeMap<TenantId, Vec<BackupSet>>, ViewError> {
    let mut sets = BTreeMap::<_, Vec<_>>::new();
    for row in rows("sets", answer) {
        sets.entry(row.tenant_id()?).or_default().push(BackupSet {
            id: BackupSetId(row.i64("BACKUP_SET_ID")?),
            dest_id: row.i64("DEST_ID")?,
            full: row.is("BACKUP_TYPE", "FULL")? || row.is("BACKUP_TYPE", "D")?,
            prev_full_id: BackupSetId(row.i64("PREV_FULL_BACKUP_SET_ID")?),
            prev_inc_id: BackupSetId(row.i64("PREV_INC_BACKUP_SET_ID")?),
            success: row.is("STATUS", "SUCCESS")?,
            available: row.is("FILE_STATUS", "AVAILABLE")?,
            plus_archivelog: row.is("PLUS_ARCHIVELOG", "ON")?,
            start_replay_scn: row.scn("START_REPLAY_SCN")?,
            min_restore_scn: row.scn("MIN_RESTORE_SCN")?,
            ended_at: row.at("END_TIMESTAMP")?,
            input_bytes: row.i64("INPUT_BYTES")?,
            output_bytes: row.i64("OUTPUT_BYTES")?,
            encryption_mode: row.text("ENCRYPTION_MODE")?.to_owned(),
            tenant_compatible: row.text("TENANT_COMPATIBLE")?.to_owned(),
            path: without_options(row.text("PATH")?),
        });
    }
    Ok(sets)
}

/// Parses [`Query::Pieces`].
pub fn pieces(answer: &Rows) -> Result<BTreeMap<TenantId, Vec<Piece>>, ViewError> {
    let mut pieces = BTreeMap::<_, Vec<_>>::new();
    for row in rows("pieces", answer) {
        pieces.entry(row.tenant_id()?).or_default().push(Piece {
            dest_id: row.i64("DEST_ID")?,
            round_id: row.i64("ROUND_ID")?,
            id: row.i64("PIECE_ID")?,
            start_scn: row.scn("START_SCN")?,
            checkpoint_scn: row.scn("CHECKPOINT_SCN")?,
            end_scn: row.scn("END_SCN")?,
            frozen: row.is("STATUS", "FROZEN")?,
            available: row.is("FILE_STATUS", "AVAILABLE")?,
            output_bytes: row.i64("OUTPUT_BYTES")?,
        });
    }
    Ok(pieces)
}

/// Returns a path without the text after the `?`, which may contain a key.
fn without_options(path: &str) -> String {
    path.split('?').next().unwrap_or_default().to_owned()
}
