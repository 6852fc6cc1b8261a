//! Rows of restores and of the resources of tenants.
//!
//! Most columns of restores are texts, even those that contain numbers: the views turn rows of
//! names and values into columns. They are parsed leniently, and an empty value is not known.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Row, ViewError, rows, without_options};
use crate::oceanbase::client::Rows;
use crate::oceanbase::error::explain_to_restore;
use crate::oceanbase::model::{
    Cpu, Failure, JobId, Pool, PreviewRow, Restore, RestoreStatus, Scn, TenantId, Unit,
};

/// Rows that could be read, and the errors of those that could not. The latter are omitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedRows<T> {
    /// Rows that could be read.
    pub rows: Vec<T>,
    /// One error for each row that could not be read.
    pub unreadable: Vec<ViewError>,
}

impl<T> ParsedRows<T> {
    pub(super) fn of(
        query: &'static str,
        answer: &Rows,
        read: impl Fn(&Row<'_>) -> Result<T, ViewError>,
    ) -> Self {
        let (mut good, mut unreadable) = (Vec::new(), Vec::new());
        for row in rows(query, answer) {
            match read(&row) {
                Ok(value) => good.push(value),
                Err(error) => unreadable.push(error),
            }
        }
        Self {
            rows: good,
            unreadable,
        }
    }
}

/// One of the two rows of a restore.
struct RestoreRow {
    /// `STATUS`.
    word: String,
    /// Whether the row belongs to sys.
    is_of_sys: bool,
    /// Tenant of the row, if the view shows it.
    of: Option<TenantId>,
    /// `COMMENT` of an ended restore.
    comment: String,
    /// All values except the status.
    restore: Restore,
}

/// Parses restores: ended ones if `ended` is set, otherwise running ones.
#[must_use]
pub fn restores(answer: &Rows, ended: bool) -> ParsedRows<Restore> {
    let query = if ended {
        "restore_history"
    } else {
        "restore_progress"
    };
    let halves = ParsedRows::of(query, answer, half);
    let mut jobs = BTreeMap::<JobId, Vec<RestoreRow>>::new();
    for half in halves.rows {
        jobs.entry(half.restore.job_id).or_default().push(half);
    }
    let joined = jobs.into_values().filter_map(|halves| join(halves, ended));
    ParsedRows {
        rows: joined.collect(),
        unreadable: halves.unreadable,
    }
}

fn half(row: &Row<'_>) -> Result<RestoreRow, ViewError> {
    let word = row.text("STATUS")?.to_owned();
    let of = if row.has("TENANT_ID") {
        Some(row.tenant_id()?)
    } else {
        None
    };
    let is_ended = row.has("FINISH_TIMESTAMP");
    // Without TENANT_ID, the word must show this: the row of sys has words of its own.
    let is_word_of_sys = is_ended || RestoreStatus::running(&word, None).is_known();
    let optional = |column| {
        if row.has(column) {
            row.text(column)
        } else {
            Ok("")
        }
    };
    let tenant_id = number(row.text("RESTORE_TENANT_ID")?).map(TenantId);
    let bytes = |column| row.text(column).map(number);
    let (total_bytes, finished_bytes) = (bytes("TOTAL_BYTES")?, bytes("FINISH_BYTES")?);
    let scn = row.text("RESTORE_SCN")?;
    let restore = Restore {
        job_id: JobId(row.i64("JOB_ID")?),
        tenant_name: row.text("RESTORE_TENANT_NAME")?.to_owned(),
        // 0 and -1 mean no tenant.
        tenant_id: tenant_id.filter(|id| *id > TenantId::SYS),
        auxiliary_tenant: None,
        source_tenant: row.text("BACKUP_TENANT_NAME")?.to_owned(),
        source_cluster: row.text("BACKUP_CLUSTER_NAME")?.to_owned(),
        scn: Scn(scn.parse().unwrap_or_default()),
        status: RestoreStatus::Unknown(String::new()),
        started_at: instant(row, "START_TIMESTAMP")?,
        ended_at: if is_ended {
            instant(row, "FINISH_TIMESTAMP")?
        } else {
            None
        },
        description: row.text("DESCRIPTION")?.to_owned(),
        percent: percent(optional("RESTORE_PROGRESS")?),
        recover_percent: percent(optional("RECOVER_PROGRESS")?),
        total_bytes,
        finished_bytes,
        sets: paths(row.text("BACKUP_SET_LIST")?),
        pieces: paths(row.text("BACKUP_PIECE_LIST")?),
        failure: None,
    };
    Ok(RestoreRow {
        is_of_sys: of.map_or(is_word_of_sys, |of| of == TenantId::SYS),
        of,
        word,
        comment: optional("COMMENT")?.to_owned(),
        restore,
    })
}

/// Joins the rows of one restore. The row of sys takes precedence. If the view shows whose rows
/// they are, there is no restore without the row of sys.
fn join(halves: Vec<RestoreRow>, ended: bool) -> Option<Restore> {
    let (mut of_sys, mut of_tenant) = (None::<RestoreRow>, None);
    for half in halves {
        if !half.is_of_sys {
            of_tenant = Some(half);
        } else if of_sys.is_none() || RestoreStatus::ended(&half.word) == RestoreStatus::Fail {
            // If the view does not show whose rows they are, the restore has failed when one row
            // shows a failure.
            of_sys = Some(half);
        }
    }
    let Some(of_sys) = of_sys else {
        let alone = of_tenant.filter(|half| half.of.is_none())?;
        return Some(Restore {
            status: RestoreStatus::Restoring(alone.word),
            ..alone.restore
        });
    };
    let of_tenant = of_tenant.filter(|half| {
        let known = of_sys.restore.tenant_id.zip(half.of);
        known.is_none_or(|(one, other)| one == other)
    });
    let mut restore = of_sys.restore;
    restore.status = if ended {
        RestoreStatus::ended(&of_sys.word)
    } else {
        let word = of_tenant.as_ref().map(|half| half.word.as_str());
        RestoreStatus::running(&of_sys.word, word)
    };
    if restore.status == RestoreStatus::Fail {
        restore.failure = Some(failure(&of_sys.comment));
    }
    if let Some(RestoreRow { restore: own, .. }) = of_tenant {
        restore.tenant_id = restore.tenant_id.or(own.tenant_id);
        restore.total_bytes = own.total_bytes.or(restore.total_bytes);
        restore.finished_bytes = own.finished_bytes.or(restore.finished_bytes);
        restore.percent = own.percent.or(restore.percent);
        restore.recover_percent = own.recover_percent.or(restore.recover_percent);
        if restore.sets.is_empty() {
            restore.sets = own.sets;
        }
        if restore.pieces.is_empty() {
            restore.pieces = own.pieces;
        }
    }
    if ended {
        (restore.percent, restore.recover_percent) = (None, None);
    } else {
        restore.percent = restore.percent.or_else(|| bytes_percent(&restore));
    }
    Some(restore)
}

/// Returns why a restore failed: `…, result: -9071(…), trace_id: …`. The rest of a comment is never
/// shown, because it may contain paths with keys.
fn failure(comment: &str) -> Failure {
    explain_to_restore(code_in(comment).unwrap_or(RESTORE_FAILED))
}

/// Returns the error number of a comment. If a server failed, the form is `…, result: -9071(…), …`.
/// If the root service could not create the tenant, the form is
/// `ROOTSERVICE : OB_RESOURCE_POOL_ALREADY_GRANTED(-4626) on "…" with traceid …`
/// (`ob_physical_restore_table_operator.cpp`).
fn code_in(comment: &str) -> Option<i32> {
    let number = |text: &str| {
        let end = text.find(|c: char| c != '-' && !c.is_ascii_digit());
        text[..end.unwrap_or(text.len())].parse::<i32>().ok()
    };
    let of_server = comment.split("result: ").nth(1).and_then(number);
    let of_root_service = || {
        let (before, _) = comment.split_once(") on ")?;
        let (_, code) = before.rsplit_once('(')?;
        number(code)
    };
    of_server.or_else(of_root_service).filter(|code| *code != 0)
}

/// `OB_RESTORE_TENANT_FAILED`.
const RESTORE_FAILED: i32 = -9099;

fn bytes_percent(restore: &Restore) -> Option<u8> {
    let total = restore.total_bytes.filter(|total| *total > 0)?;
    let finished = restore.finished_bytes?;
    let percent = i128::from(finished.max(0)) * 100 / i128::from(total);
    Some(u8::try_from(percent.min(99)).unwrap_or(99))
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Parses a percentage such as `42.50`.
fn percent(text: &str) -> Option<u8> {
    let whole = number(text.split('.').next().unwrap_or_default())?;
    u8::try_from(whole.clamp(0, 99)).ok()
}

/// Parses a time stamp, or microseconds as text; `None` for anything else.
fn instant(row: &Row<'_>, column: &'static str) -> Result<Option<Timestamp>, ViewError> {
    let text = row.text(column)?;
    if let Some(micros) = number(text) {
        return Ok(Timestamp::from_microsecond(micros)
            .ok()
            .filter(|_| micros > 0));
    }
    Ok(row.at(column).unwrap_or_default())
}

/// Returns the paths of a list, without text that may contain a key.
fn paths(list: &str) -> Vec<String> {
    let paths = list.split(',').map(|path| without_options(path.trim()));
    paths.filter(|path| !path.is_empty()).collect()
}

/// Parses [`RestoreQuery::Preview`](super::super::RestoreQuery::Preview).
pub fn preview(answer: &Rows) -> Result<Vec<PreviewRow>, ViewError> {
    rows("restore_preview", answer)
        .map(|row| {
            Ok(PreviewRow {
                is_set: row.is("BACKUP_TYPE", "BACKUP_SET")?,
                id: row.i64("BACKUP_ID")?,
                path: without_options(row.text("PREVIEW_PATH")?),
            })
        })
        .collect()
}

/// Parses [`RestoreQuery::Pools`](super::super::RestoreQuery::Pools), which lacks the names of the
/// units.
#[must_use]
pub fn pools(answer: &Rows) -> ParsedRows<Pool> {
    ParsedRows::of("pools", answer, |row| {
        let tenant_id = row.optional("TENANT_ID")?.map(|_| row.tenant_id());
        let zones = row.text("ZONE_LIST")?.split(';').map(str::trim);
        let zones = zones.filter(|zone| !zone.is_empty());
        Ok(Pool {
            id: row.i64("RESOURCE_POOL_ID")?,
            name: row.text("NAME")?.to_owned(),
            tenant_id: tenant_id.transpose()?,
            unit_count: row.i64("UNIT_COUNT")?,
            unit_id: row.i64("UNIT_CONFIG_ID")?,
            unit: String::new(),
            zones: zones.map(str::to_owned).collect(),
        })
    })
}

/// Parses [`RestoreQuery::Units`](super::super::RestoreQuery::Units).
#[must_use]
pub fn units(answer: &Rows) -> ParsedRows<Unit> {
    ParsedRows::of("units", answer, |row| {
        let bytes =
            |column| u64::try_from(row.i64(column)?).map_err(|_| row.error(column, "is negative"));
        let max_cpu = Cpu::parse(row.text("MAX_CPU")?);
        Ok(Unit {
            id: row.i64("UNIT_CONFIG_ID")?,
            name: row.text("NAME")?.to_owned(),
            max_cpu: max_cpu.ok_or_else(|| row.error("MAX_CPU", "is not a number"))?,
            memory: bytes("MEMORY_SIZE")?,
            log_disk: bytes("LOG_DISK_SIZE")?,
        })
    })
}

/// Parses [`RestoreQuery::Zones`](super::super::RestoreQuery::Zones).
#[must_use]
pub fn zones(answer: &Rows) -> ParsedRows<String> {
    ParsedRows::of("zones", answer, |row| row.text("ZONE").map(str::to_owned))
}

/// Parses [`RestoreQuery::DataVersion`](super::super::RestoreQuery::DataVersion).
#[must_use]
pub fn data_version(answer: &Rows) -> ParsedRows<String> {
    ParsedRows::of("data_version", answer, |row| {
        row.text("COMPATIBLE").map(str::to_owned)
    })
}
mod tables;
pub use tables::tables;

#[cfg(test)]
mod tests;
