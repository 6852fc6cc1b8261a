//! Restore: progress, history, table recovery, and where a standby's log comes from.

use super::column::{
    bytes_display, decimal, int, long_text, or_null, scn, scn_display, text, timestamp,
};
use super::{ColumnDef, Definition, Scope, Version};

pub(super) fn definitions(version: Version) -> Vec<Definition> {
    let mut all = Vec::new();
    if version >= Version::V4_1 {
        all.push(Definition::per_tenant(
            "OB_RESTORE_PROGRESS",
            progress(version),
        ));
        all.push(Definition::per_tenant(
            "OB_RESTORE_HISTORY",
            history(version),
        ));
    } else {
        // The first release has one row of each restore, and no TENANT_ID.
        for (name, columns) in [
            ("CDB_OB_RESTORE_PROGRESS", progress(version)),
            ("CDB_OB_RESTORE_HISTORY", history(version)),
        ] {
            all.push(Definition::single(name, Scope::Sys, columns));
        }
        for (name, columns) in [
            ("DBA_OB_RESTORE_PROGRESS", progress(version)),
            ("DBA_OB_RESTORE_HISTORY", history(version)),
        ] {
            all.push(Definition::single(name, Scope::Tenant, columns));
        }
    }
    if version >= Version::V4_2 {
        all.push(Definition::per_tenant(
            "OB_LOG_RESTORE_SOURCE",
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

/// Progress in per cent came to the 4.2 line and to the long term release of 4.3.
const PERCENT: [Version; 2] = [Version::V4_2_5, Version::V4_3_5];

fn progress(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        int("JOB_ID"),
        long_text("RESTORE_TENANT_NAME"),
        or_null(long_text("RESTORE_TENANT_ID")),
        long_text("BACKUP_TENANT_NAME"),
        long_text("BACKUP_TENANT_ID"),
        long_text("BACKUP_CLUSTER_NAME"),
        long_text("BACKUP_DEST"),
        long_text("RESTORE_OPTION"),
    ];
    if version.has(&[Version::V4_3_5]) {
        columns.push(long_text("RESTORE_TYPE"));
    }
    columns.extend([
        long_text("RESTORE_SCN"),
        long_text("RESTORE_SCN_DISPLAY"),
        long_text("STATUS"),
        long_text("START_TIMESTAMP"),
        long_text("BACKUP_SET_LIST"),
        long_text("BACKUP_PIECE_LIST"),
    ]);
    if version.has(&PERCENT) {
        columns.extend([
            or_null(scn("RECOVER_SCN")),
            scn_display("RECOVER_SCN_DISPLAY"),
            or_null(decimal("RECOVER_PROGRESS", 6, 2)),
            or_null(int("TABLET_COUNT")),
            or_null(int("FINISH_TABLET_COUNT")),
            or_null(decimal("RESTORE_PROGRESS", 6, 2)),
        ]);
    }
    columns.extend([
        or_null(int("TOTAL_BYTES")),
        or_null(bytes_display("TOTAL_BYTES_DISPLAY")),
        or_null(int("FINISH_BYTES")),
        or_null(bytes_display("FINISH_BYTES_DISPLAY")),
        or_null(long_text("DESCRIPTION")),
    ]);
    columns
}

fn history(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        int("JOB_ID"),
        text("RESTORE_TENANT_NAME", 128),
        int("RESTORE_TENANT_ID"),
        text("BACKUP_TENANT_NAME", 128),
        int("BACKUP_TENANT_ID"),
        text("BACKUP_CLUSTER_NAME", 128),
        text("BACKUP_DEST", 4096),
        scn("RESTORE_SCN"),
        scn_display("RESTORE_SCN_DISPLAY"),
        text("RESTORE_OPTION", 4096),
    ];
    if version.has(&[Version::V4_3_5]) {
        columns.push(text("RESTORE_TYPE", 8));
    }
    columns.extend([
        timestamp("START_TIMESTAMP"),
        timestamp("FINISH_TIMESTAMP"),
        text("STATUS", 64),
        long_text("BACKUP_PIECE_LIST"),
        long_text("BACKUP_SET_LIST"),
        int("BACKUP_CLUSTER_VERSION"),
        int("LS_COUNT"),
        int("FINISH_LS_COUNT"),
        int("TABLET_COUNT"),
        int("FINISH_TABLET_COUNT"),
        int("TOTAL_BYTES"),
        bytes_display("TOTAL_BYTES_DISPLAY"),
        int("FINISH_BYTES"),
        bytes_display("FINISH_BYTES_DISPLAY"),
        or_null(text("DESCRIPTION", 4096)),
        or_null(long_text("COMMENT")),
    ]);
    columns
}

fn log_source() -> Vec<ColumnDef> {
    vec![
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
    fn the_first_release_knows_no_tenant_of_a_restore() {
        let known = |version| has(version, "CDB_OB_RESTORE_PROGRESS", "TENANT_ID");
        assert_eq!(["4.0.0.0", "4.1.0.0"].map(known), [false, true]);
    }

    #[test]
    fn progress_in_per_cent_is_missing_in_the_early_4_3_line() {
        let known = |version| has(version, "CDB_OB_RESTORE_PROGRESS", "RESTORE_PROGRESS");
        assert_eq!(
            ["4.2.1.8", "4.2.5.1", "4.3.3.0", "4.3.5.2"].map(known),
            [false, true, false, true]
        );
    }

    #[test]
    fn tables_are_recovered_since_4_2_1() {
        let known =
            |version: &str| find(version.parse().unwrap(), "CDB_OB_RECOVER_TABLE_JOBS").is_some();
        assert_eq!(["4.2.0.0", "4.2.1.0"].map(known), [false, true]);
    }
}
