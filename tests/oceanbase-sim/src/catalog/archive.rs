//! Views of log archiving.

use super::cell::{bytes_display, decimal2, int, scn, scn_display, text};
use super::{Row, Sight};
use crate::model::{
    ArchiveDest, DestId, FileStatus, Piece, PieceStatus, Round, RoundStatus, Scn, Tenant, TenantId,
};
use crate::value::Value;

impl Sight<'_> {
    pub(super) fn archive_rows(&self, all: bool, stem: &str) -> Option<Vec<Row<'_>>> {
        let tenants = self.tenants(all);
        Some(match stem {
            "OB_ARCHIVE_DEST" => tenants.flat_map(destination).collect(),
            "OB_ARCHIVELOG" => tenants
                .flat_map(|t| t.archive.round.iter().map(round(t)))
                .collect(),
            "OB_ARCHIVELOG_SUMMARY" => tenants.flat_map(summary).collect(),
            "OB_ARCHIVELOG_PIECE_FILES" => tenants
                .flat_map(|t| t.archive.pieces.iter().map(piece(t)))
                .collect(),
            "V$OB_ARCHIVE_DEST_STATUS" => {
                let now = self.world.now();
                tenants
                    .filter_map(|tenant| destination_status(tenant, now))
                    .collect()
            }
            "OB_LS_LOG_ARCHIVE_PROGRESS" => tenants.flat_map(log_streams).collect(),
            _ => return None,
        })
    }
}

fn destination(tenant: &Tenant) -> Vec<Row<'_>> {
    let Some(dest) = &tenant.archive_dest else {
        return Vec::new();
    };
    attributes(dest, tenant.archive_enabled)
        .into_iter()
        .map(|(name, value)| {
            Row::new(tenant.id, move |column| match column {
                "DEST_NO" => int(0),
                "NAME" => text(name),
                "VALUE" => text(value.clone()),
                _ => Value::Null,
            })
        })
        .collect()
}

fn attributes(dest: &ArchiveDest, enabled: bool) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("binding", dest.binding.name().to_owned()),
        ("dest_id", dest.id.to_string()),
        ("path", dest.uri.stored()),
        ("piece_switch_interval", dest.interval_text.clone()),
        ("state", if enabled { "ENABLE" } else { "DEFER" }.to_owned()),
    ];
    if dest.compression {
        attributes.insert(1, ("compression", "enable".to_owned()));
    }
    attributes
}

/// Returns the current round unless it is stopped, and all of history as STOP.
fn summary(tenant: &Tenant) -> Vec<Row<'_>> {
    let running = |round: &&Round| round.status != RoundStatus::Stop;
    let current = tenant.archive.round.iter().filter(running);
    tenant
        .archive
        .history
        .iter()
        .chain(current)
        .map(round(tenant))
        .collect()
}

fn round<'a>(tenant: &'a Tenant) -> impl Fn(&'a Round) -> Row<'a> {
    move |round| {
        let deleted = deleted_bytes(tenant, round);
        Row::new(tenant.id, move |column| match column {
            "DELETED_INPUT_BYTES" | "DELETED_OUTPUT_BYTES" => int(deleted),
            "DELETED_INPUT_BYTES_DISPLAY" | "DELETED_OUTPUT_BYTES_DISPLAY" => {
                bytes_display(deleted)
            }
            _ => round_cell(round, column),
        })
    }
}

/// Returns the bytes that cleanup deleted; `INPUT_BYTES` and `OUTPUT_BYTES` still count them.
fn deleted_bytes(tenant: &Tenant, round: &Round) -> u64 {
    let pieces = tenant
        .archive
        .pieces
        .iter()
        .filter(|piece| piece.round == round.id && piece.file_status == FileStatus::Deleted);
    pieces.map(|piece| piece.bytes).sum()
}

fn round_cell(round: &Round, column: &str) -> Value {
    match column {
        "DEST_ID" => int(round.dest.0),
        "ROUND_ID" => int(round.id.0),
        "STATUS" => text(round.status.name()),
        "START_SCN" => scn(round.start),
        "START_SCN_DISPLAY" => scn_display(round.start),
        "CHECKPOINT_SCN" => scn(round.checkpoint),
        "CHECKPOINT_SCN_DISPLAY" => scn_display(round.checkpoint),
        "BASE_PIECE_ID" => int(round.base_piece.0),
        "USED_PIECE_ID" => int(round.used_piece.0),
        "PIECE_SWITCH_INTERVAL" => {
            int(u64::try_from(round.interval.as_micros()).unwrap_or(u64::MAX))
        }
        "COMPRESSION" => text(if round.compression {
            "zstd_1.3.8"
        } else {
            "none"
        }),
        "INPUT_BYTES" | "OUTPUT_BYTES" => int(round.bytes),
        "INPUT_BYTES_DISPLAY" | "OUTPUT_BYTES_DISPLAY" => bytes_display(round.bytes),
        "COMPRESSION_RATIO" => ratio(round.bytes),
        "COMMENT" => text(round.comment.clone()),
        "PATH" => text(round.uri.path()),
        _ => constant(column),
    }
}

fn piece<'a>(tenant: &'a Tenant) -> impl Fn(&'a Piece) -> Row<'a> {
    let id = tenant.id;
    move |piece| Row::new(id, move |column| piece_cell(piece, column))
}

fn piece_cell(piece: &Piece, column: &str) -> Value {
    match column {
        "DEST_ID" => int(piece.dest.0),
        "ROUND_ID" => int(piece.round.0),
        "PIECE_ID" => int(piece.id.0),
        "STATUS" => text(match piece.status {
            PieceStatus::Active => "ACTIVE",
            PieceStatus::Frozen => "FROZEN",
        }),
        "START_SCN" => scn(piece.start),
        "START_SCN_DISPLAY" => scn_display(piece.start),
        "CHECKPOINT_SCN" | "MAX_SCN" => scn(piece.checkpoint),
        "CHECKPOINT_SCN_DISPLAY" => scn_display(piece.checkpoint),
        "END_SCN" => scn(piece.end),
        "END_SCN_DISPLAY" => scn_display(piece.end),
        "COMPRESSION" => text("none"),
        "INPUT_BYTES" | "OUTPUT_BYTES" => int(piece.bytes),
        "INPUT_BYTES_DISPLAY" | "OUTPUT_BYTES_DISPLAY" => bytes_display(piece.bytes),
        "COMPRESSION_RATIO" => ratio(piece.bytes),
        "FILE_STATUS" => text(piece.file_status.name()),
        "PATH" => text(piece.uri.path()),
        _ => constant(column),
    }
}

/// Returns a column that is the same in every round and piece.
fn constant(column: &str) -> Value {
    match column {
        "INCARNATION" | "COMPATIBLE" | "UNIT_SIZE" => int(1),
        "DEST_NO" => int(0),
        _ => Value::Null,
    }
}

/// Returns a compression ratio of 1: nothing is compressed.
fn ratio(bytes: u64) -> Value {
    decimal2(if bytes == 0 { 0.0 } else { 1.0 })
}

fn destination_status(tenant: &Tenant, now: Scn) -> Option<Row<'_>> {
    let round = tenant.archive.round.as_ref()?;
    let DestId(dest) = round.dest;
    let synchronized = round.status == RoundStatus::Doing
        && now.since(round.checkpoint).as_secs() < SYNCHRONIZED_WITHIN_SECONDS;
    Some(Row::new(tenant.id, move |column| match column {
        "DEST_ID" => int(dest),
        "PATH" => text(round.uri.path()),
        "STATUS" => text(round.status.name()),
        "CHECKPOINT_SCN" => scn(round.checkpoint),
        "SYNCHRONIZED" => super::cell::yes_no(synchronized),
        "COMMENT" => text(round.comment.clone()),
        _ => Value::Null,
    }))
}

/// The default lag target and one loop of the scheduler.
const SYNCHRONIZED_WITHIN_SECONDS: u64 = 170;

/// Every tenant has a log stream for system tables and one for user tables.
const LOG_STREAMS: [u64; 2] = [1, 1001];

fn log_streams(tenant: &Tenant) -> Vec<Row<'_>> {
    let running = |round: &&Round| round.status != RoundStatus::Stop;
    let Some(round) = tenant.archive.round.as_ref().filter(running) else {
        return Vec::new();
    };
    let row = |stream| log_stream(tenant.id, round, stream);
    LOG_STREAMS.into_iter().map(row).collect()
}

fn log_stream(tenant: TenantId, round: &Round, stream: u64) -> Row<'_> {
    const FILE: u64 = 64 << 20;
    let bytes = round.bytes / u64::try_from(LOG_STREAMS.len()).unwrap_or(1);
    Row::new(tenant, move |column| match column {
        "DEST_ID" => int(round.dest.0),
        "LS_ID" => int(stream),
        "ROUND_ID" => int(round.id.0),
        "PIECE_ID" => int(round.used_piece.0),
        "INCARNATION" => int(1),
        "START_SCN" => scn(round.start),
        "MIN_LSN" => int(0),
        "MAX_LSN" | "INPUT_BYTES" | "OUTPUT_BYTES" => int(bytes),
        "CHECKPOINT_SCN" => scn(round.checkpoint),
        "STATUS" => text(round.status.name()),
        "FILE_ID" => int(bytes / FILE + 1),
        "FILE_OFFSET" => int(bytes % FILE),
        _ => Value::Null,
    })
}
