//! Log archive: destination, rounds, pieces.

use super::column::{bytes_display, decimal, int, scn, scn_display, text};
use super::{ColumnDef, Definition, Scope, Version};

pub(super) fn definitions(version: Version) -> Vec<Definition> {
    let mut all = vec![
        Definition::per_tenant(
            "OB_ARCHIVE_DEST",
            vec![int("DEST_NO"), text("NAME", 1024), text("VALUE", 4096)],
        ),
        Definition::per_tenant("OB_ARCHIVELOG", round([COMMENT, PATH])),
        // OceanBase's union of current rounds and history has the last two columns swapped.
        Definition::per_tenant("OB_ARCHIVELOG_SUMMARY", round([PATH, COMMENT])),
        Definition::per_tenant("OB_ARCHIVELOG_PIECE_FILES", pieces(version)),
    ];
    if version.has(&[Version::V4_1]) {
        all.push(Definition::single(
            "V$OB_ARCHIVE_DEST_STATUS",
            Scope::Tenant,
            vec![
                int("TENANT_ID"),
                int("DEST_ID"),
                text("PATH", 4096),
                text("STATUS", 64),
                scn("CHECKPOINT_SCN"),
                text("SYNCHRONIZED", 32),
                text("COMMENT", 262_144),
            ],
        ));
        all.push(Definition::per_tenant(
            "OB_LS_LOG_ARCHIVE_PROGRESS",
            log_stream_progress(),
        ));
    }
    all
}

const COMMENT: ColumnDef = text("COMMENT", 262_144);
const PATH: ColumnDef = text("PATH", 2048);

fn round(last: [ColumnDef; 2]) -> Vec<ColumnDef> {
    let mut columns = vec![
        int("DEST_ID"),
        int("ROUND_ID"),
        int("INCARNATION"),
        int("DEST_NO"),
        text("STATUS", 64),
        scn("START_SCN"),
        scn_display("START_SCN_DISPLAY"),
        scn("CHECKPOINT_SCN"),
        scn_display("CHECKPOINT_SCN_DISPLAY"),
        int("COMPATIBLE"),
        int("BASE_PIECE_ID"),
        int("USED_PIECE_ID"),
        int("PIECE_SWITCH_INTERVAL"),
        int("UNIT_SIZE"),
        text("COMPRESSION", 128),
        int("INPUT_BYTES"),
        bytes_display("INPUT_BYTES_DISPLAY"),
        int("OUTPUT_BYTES"),
        bytes_display("OUTPUT_BYTES_DISPLAY"),
        decimal("COMPRESSION_RATIO", 24, 2),
        int("DELETED_INPUT_BYTES"),
        bytes_display("DELETED_INPUT_BYTES_DISPLAY"),
        int("DELETED_OUTPUT_BYTES"),
        bytes_display("DELETED_OUTPUT_BYTES_DISPLAY"),
    ];
    columns.extend(last);
    columns
}

fn pieces(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        int("DEST_ID"),
        int("ROUND_ID"),
        int("PIECE_ID"),
        int("INCARNATION"),
        int("DEST_NO"),
        text("STATUS", 64),
        scn("START_SCN"),
        scn_display("START_SCN_DISPLAY"),
        scn("CHECKPOINT_SCN"),
        scn_display("CHECKPOINT_SCN_DISPLAY"),
        scn("MAX_SCN"),
        scn("END_SCN"),
    ];
    if version.has(&[Version::V4_1]) {
        columns.push(scn_display("END_SCN_DISPLAY"));
    }
    columns.extend([
        int("COMPATIBLE"),
        int("UNIT_SIZE"),
        text("COMPRESSION", 128),
        int("INPUT_BYTES"),
        bytes_display("INPUT_BYTES_DISPLAY"),
        int("OUTPUT_BYTES"),
        bytes_display("OUTPUT_BYTES_DISPLAY"),
        decimal("COMPRESSION_RATIO", 23, 2),
        text("FILE_STATUS", 64),
        text("PATH", 2048),
    ]);
    columns
}

/// Types of log sequence numbers and offsets: as for counters, because the manual names none.
fn log_stream_progress() -> Vec<ColumnDef> {
    vec![
        int("DEST_ID"),
        int("LS_ID"),
        int("ROUND_ID"),
        int("PIECE_ID"),
        int("INCARNATION"),
        scn("START_SCN"),
        int("MIN_LSN"),
        int("MAX_LSN"),
        scn("CHECKPOINT_SCN"),
        text("STATUS", 64),
        int("FILE_ID"),
        int("FILE_OFFSET"),
        int("INPUT_BYTES"),
        int("OUTPUT_BYTES"),
    ]
}
