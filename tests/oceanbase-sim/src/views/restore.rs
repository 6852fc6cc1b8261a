//! Restore: progress, history, table recovery, and the log source of a standby.

use super::column::{
    bytes_display, decimal, int, long_text, or_null, scn, scn_display, text, timestamp,
};
use super::{ColumnDef, Definition, Version};

pub(super) fn definitions(version: Version) -> Vec<Definition> {
    let mut all = vec![
        Definition::apart(
            "OB_RESTORE_PROGRESS",
            progress_of_all(version),
            progress(version),
        ),
        Definition::apart(
            "OB_RESTORE_HISTORY",
            history_of_all(version),
            history(version),
        ),
    ];
    if version >= Version::V4_2 {
        all.push(Definition::apart(
            "OB_LOG_RESTORE_SOURCE",
            log_source(),
            log_source(),
        ));
    }
    if version >= Version::V4_2_1 {
        all.push(Definition::per_tenant("OB_RECOVER_TABLE_JOBS", tables()));
        all.push(Definition::per_tenant(
            "OB_RECOVER_TABLE_JOB_HISTORY",
            tables(),
        ));
    }
    all
}

/// Progress in per cent.
const PERCENT: [Version; 3] = [
    Version([4, 2, 1, 7]),
    Version([4, 2, 3, 0]),
    Version([4, 3, 3, 0]),
];

/// `RESTORE_TYPE`.
const TYPE: [Version; 1] = [Version([4, 3, 2, 0])];

/// Returns the columns of a view in a release. An empty list of releases stands for all.
fn since(version: Version, columns: &[(&[Version], &[ColumnDef])]) -> Vec<ColumnDef> {
    let known = columns
        .iter()
        .filter(|(releases, _)| releases.is_empty() || version.has(releases));
    known
        .flat_map(|(_, columns)| columns.iter().copied())
        .collect()
}

const RECOVERED: [ColumnDef; 3] = [
    or_null(scn("RECOVER_SCN")),
    scn_display("RECOVER_SCN_DISPLAY"),
    or_null(decimal("RECOVER_PROGRESS", 6, 2)),
];

/// Values pivoted from a table of keys and values are `''` before their key is written.
const SCN: [ColumnDef; 4] = [
    long_text("RESTORE_SCN"),
    scn_display("RESTORE_SCN_DISPLAY"),
    long_text("STATUS"),
    timestamp("START_TIMESTAMP"),
];

const BYTES: [ColumnDef; 5] = [
    or_null(int("TOTAL_BYTES")),
    or_null(bytes_display("TOTAL_BYTES_DISPLAY")),
    or_null(int("FINISH_BYTES")),
    or_null(bytes_display("FINISH_BYTES_DISPLAY")),
    long_text("DESCRIPTION"),
];

fn progress(version: Version) -> Vec<ColumnDef> {
    let head = [
        int("JOB_ID"),
        long_text("RESTORE_TENANT_NAME"),
        long_text("RESTORE_TENANT_ID"),
        long_text("BACKUP_TENANT_NAME"),
        long_text("BACKUP_TENANT_ID"),
        long_text("BACKUP_CLUSTER_NAME"),
        long_text("BACKUP_DEST"),
        long_text("RESTORE_OPTION"),
    ];
    let lists = [long_text("BACKUP_SET_LIST"), long_text("BACKUP_PIECE_LIST")];
    let tablets = [
        or_null(int("TABLET_COUNT")),
        or_null(int("FINISH_TABLET_COUNT")),
        or_null(decimal("RESTORE_PROGRESS", 6, 2)),
    ];
    since(
        version,
        &[
            (&[], &head),
            (&TYPE, &[long_text("RESTORE_TYPE")]),
            (&[], &SCN),
            (&[], &lists),
            (&PERCENT, &RECOVERED),
            (&PERCENT, &tablets),
            (&[], &BYTES),
        ],
    )
}

/// Returns the view of sys, which has another order of columns.
fn progress_of_all(version: Version) -> Vec<ColumnDef> {
    let head = [
        int("JOB_ID"),
        int("TENANT_ID"),
        long_text("RESTORE_TENANT_NAME"),
        long_text("RESTORE_TENANT_ID"),
        long_text("BACKUP_TENANT_ID"),
        long_text("BACKUP_TENANT_NAME"),
        long_text("BACKUP_CLUSTER_NAME"),
        long_text("BACKUP_DEST"),
        long_text("RESTORE_OPTION"),
    ];
    let done = [
        or_null(int("FINISH_TABLET_COUNT")),
        or_null(decimal("RESTORE_PROGRESS", 6, 2)),
    ];
    since(
        version,
        &[
            (&[], &head),
            (&TYPE, &[long_text("RESTORE_TYPE")]),
            (&[], &SCN),
            (&PERCENT, &RECOVERED),
            (&[], &[long_text("BACKUP_SET_LIST")]),
            (&PERCENT, &[or_null(int("TABLET_COUNT"))]),
            (&[], &[long_text("BACKUP_PIECE_LIST")]),
            (&PERCENT, &done),
            (&[], &BYTES),
        ],
    )
}

const HISTORY_OPTION: [ColumnDef; 4] = [
    text("BACKUP_DEST", 4096),
    scn("RESTORE_SCN"),
    scn_display("RESTORE_SCN_DISPLAY"),
    text("RESTORE_OPTION", 4096),
];

const HISTORY_STATUS: [ColumnDef; 3] = [
    timestamp("START_TIMESTAMP"),
    timestamp("FINISH_TIMESTAMP"),
    text("STATUS", 64),
];

const HISTORY_AMOUNT: [ColumnDef; 8] = [
    int("TABLET_COUNT"),
    int("FINISH_TABLET_COUNT"),
    int("TOTAL_BYTES"),
    bytes_display("TOTAL_BYTES_DISPLAY"),
    int("FINISH_BYTES"),
    bytes_display("FINISH_BYTES_DISPLAY"),
    or_null(text("DESCRIPTION", 4096)),
    or_null(long_text("COMMENT")),
];

fn history(version: Version) -> Vec<ColumnDef> {
    let head = [
        int("JOB_ID"),
        text("RESTORE_TENANT_NAME", 128),
        int("RESTORE_TENANT_ID"),
        text("BACKUP_TENANT_NAME", 128),
        int("BACKUP_TENANT_ID"),
        text("BACKUP_CLUSTER_NAME", 128),
    ];
    let lists = [
        long_text("BACKUP_PIECE_LIST"),
        long_text("BACKUP_SET_LIST"),
        int("BACKUP_CLUSTER_VERSION"),
        int("LS_COUNT"),
        int("FINISH_LS_COUNT"),
    ];
    since(
        version,
        &[
            (&[], &head),
            (&[], &HISTORY_OPTION),
            (&TYPE, &[text("RESTORE_TYPE", 8)]),
            (&[], &HISTORY_STATUS),
            (&[], &lists),
            (&[], &HISTORY_AMOUNT),
        ],
    )
}

/// Returns the view of sys, which has another order of columns.
fn history_of_all(version: Version) -> Vec<ColumnDef> {
    let head = [
        int("JOB_ID"),
        int("TENANT_ID"),
        text("RESTORE_TENANT_NAME", 128),
        int("RESTORE_TENANT_ID"),
        int("BACKUP_TENANT_ID"),
        text("BACKUP_TENANT_NAME", 128),
        text("BACKUP_CLUSTER_NAME", 128),
    ];
    let lists = [
        int("BACKUP_CLUSTER_VERSION"),
        int("LS_COUNT"),
        long_text("BACKUP_SET_LIST"),
        int("FINISH_LS_COUNT"),
        long_text("BACKUP_PIECE_LIST"),
    ];
    since(
        version,
        &[
            (&[], &head),
            (&[], &HISTORY_OPTION),
            (&TYPE, &[text("RESTORE_TYPE", 8)]),
            (&[], &HISTORY_STATUS),
            (&[], &lists),
            (&[], &HISTORY_AMOUNT),
        ],
    )
}

/// Returns the columns; the view of a tenant has the tenant as well.
fn log_source() -> Vec<ColumnDef> {
    vec![
        int("TENANT_ID"),
        int("ID"),
        text("TYPE", 32),
        long_text("VALUE"),
        scn("RECOVERY_UNTIL_SCN"),
    ]
}

fn tables() -> Vec<ColumnDef> {
    vec![
        int("JOB_ID"),
        int("INITIATOR_TENANT_ID"),
        int("INITIATOR_JOB_ID"),
        timestamp("START_TIMESTAMP"),
        or_null(timestamp("FINISH_TIMESTAMP")),
        text("STATUS", 64),
        text("AUX_TENANT_NAME", 128),
        text("TARGET_TENANT_NAME", 128),
        int("IMPORT_ALL"),
        or_null(long_text("DB_LIST")),
        or_null(long_text("TABLE_LIST")),
        scn("RESTORE_SCN"),
        scn_display("RESTORE_SCN_DISPLAY"),
        text("RESTORE_OPTION", 4096),
        text("BACKUP_DEST", 4096),
        long_text("BACKUP_SET_LIST"),
        long_text("BACKUP_PIECE_LIST"),
        or_null(text("BACKUP_PASSWD", 4096)),
        or_null(text("EXTERNAL_KMS_INFO", 4096)),
        or_null(long_text("REMAP_DB_LIST")),
        or_null(long_text("REMAP_TABLE_LIST")),
        or_null(long_text("REMAP_TABLEGROUP_LIST")),
        or_null(long_text("REMAP_TABLESPACE_LIST")),
        or_null(text("RESULT", 4096)),
        or_null(long_text("COMMENT")),
        or_null(text("DESCRIPTION", 4096)),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::find;

    fn has(version: &str, view: &str, column: &str) -> bool {
        let view = find(version.parse().unwrap(), view);
        view.is_some_and(|view| view.position(column).is_some())
    }

    #[test]
    fn progress_in_per_cent_is_missing_in_the_early_4_3_line() {
        let known = |version| has(version, "CDB_OB_RESTORE_PROGRESS", "RESTORE_PROGRESS");
        assert_eq!(
            [
                "4.2.1.6", "4.2.1.8", "4.2.2.0", "4.2.5.1", "4.3.2.0", "4.3.3.0"
            ]
            .map(known),
            [false, true, false, true, false, true]
        );
    }

    #[test]
    fn tables_are_recovered_since_4_2_1() {
        let known =
            |version: &str| find(version.parse().unwrap(), "CDB_OB_RECOVER_TABLE_JOBS").is_some();
        assert_eq!(["4.2.0.0", "4.2.1.0"].map(known), [false, true]);
    }
}
