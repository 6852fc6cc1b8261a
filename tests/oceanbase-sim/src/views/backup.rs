//! Data backup: jobs, tasks, sets, destination.

use super::column::{decimal, int, or_null, scn, scn_display, text, timestamp};
use super::{ColumnDef, Definition, Version};

pub(super) fn definitions(version: Version) -> Vec<Definition> {
    let running = |data_progress: &[Version]| {
        let mut columns = tasks(version);
        columns.extend(progress(version, data_progress));
        columns
    };
    vec![
        Definition::per_tenant("OB_BACKUP_JOBS", jobs()),
        Definition::per_tenant("OB_BACKUP_JOB_HISTORY", jobs()),
        Definition::apart(
            "OB_BACKUP_TASKS",
            with_tenant(running(&CDB_DATA_PROGRESS)),
            running(&[Version::V4_3_1]),
        ),
        Definition::per_tenant("OB_BACKUP_TASK_HISTORY", tasks(version)),
        Definition::per_tenant("OB_BACKUP_SET_FILES", sets(version)),
        Definition::per_tenant(
            "OB_BACKUP_PARAMETER",
            vec![text("NAME", 1024), text("VALUE", 4096)],
        ),
        storage("OB_BACKUP_STORAGE_INFO", version),
        storage("OB_BACKUP_STORAGE_INFO_HISTORY", version),
    ]
}

/// `DATA_PROGRESS` of the view of sys. Tenants have it since 4.3.1, and never in the 4.2 line.
const CDB_DATA_PROGRESS: [Version; 3] =
    [Version([4, 2, 1, 3]), Version([4, 2, 2, 0]), Version::V4_3];

fn with_tenant(columns: Vec<ColumnDef>) -> Vec<ColumnDef> {
    let mut all = vec![int("TENANT_ID")];
    all.extend(columns);
    all
}

fn jobs() -> Vec<ColumnDef> {
    vec![
        int("JOB_ID"),
        int("INCARNATION"),
        int("BACKUP_SET_ID"),
        int("INITIATOR_TENANT_ID"),
        int("INITIATOR_JOB_ID"),
        text("EXECUTOR_TENANT_ID", 65_536),
        text("PLUS_ARCHIVELOG", 4096),
        text("BACKUP_TYPE", 4096),
        text("JOB_LEVEL", 4096),
        text("ENCRYPTION_MODE", 4096),
        text("PASSWD", 4096),
        timestamp("START_TIMESTAMP"),
        or_null(timestamp("END_TIMESTAMP")),
        text("STATUS", 4096),
        int("RESULT"),
        or_null(text("COMMENT", 4096)),
        or_null(text("DESCRIPTION", 4096)),
        text("PATH", 4096),
    ]
}

fn tasks(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        int("TASK_ID"),
        int("JOB_ID"),
        int("INCARNATION"),
        int("BACKUP_SET_ID"),
        timestamp("START_TIMESTAMP"),
        or_null(timestamp("END_TIMESTAMP")),
        text("STATUS", 4096),
        scn("START_SCN"),
        scn("END_SCN"),
        scn("USER_LS_START_SCN"),
        text("ENCRYPTION_MODE", 4096),
        text("PASSWD", 4096),
    ];
    columns.extend(work());
    columns.extend([
        int("RESULT"),
        or_null(text("COMMENT", 4096)),
        text("PATH", 4096),
    ]);
    if version.has(&[Version::V4_2]) {
        columns.extend([int("MINOR_TURN_ID"), int("MAJOR_TURN_ID")]);
    }
    columns
}

/// Returns the common counters of tasks and sets.
fn work() -> [ColumnDef; 11] {
    [
        int("INPUT_BYTES"),
        int("OUTPUT_BYTES"),
        decimal("OUTPUT_RATE_BYTES", 28, 4),
        int("EXTRA_META_BYTES"),
        int("TABLET_COUNT"),
        int("FINISH_TABLET_COUNT"),
        int("MACRO_BLOCK_COUNT"),
        int("FINISH_MACRO_BLOCK_COUNT"),
        int("FILE_COUNT"),
        int("META_TURN_ID"),
        int("DATA_TURN_ID"),
    ]
}

/// Returns the last columns, which only running tasks have.
fn progress(version: Version, data_progress: &[Version]) -> Vec<ColumnDef> {
    let mut columns = Vec::new();
    if version.has(data_progress) {
        columns.push(decimal("DATA_PROGRESS", 26, 2));
    }
    if version.has(&[Version::V4_3_1]) {
        columns.extend([
            int("LOG_FILE_COUNT"),
            int("FINISH_LOG_FILE_COUNT"),
            decimal("LOG_PROGRESS", 26, 2),
        ]);
    }
    columns
}

fn sets(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        int("BACKUP_SET_ID"),
        int("DEST_ID"),
        int("INCARNATION"),
        text("BACKUP_TYPE", 4096),
        int("PREV_FULL_BACKUP_SET_ID"),
        int("PREV_INC_BACKUP_SET_ID"),
        timestamp("START_TIMESTAMP"),
        or_null(timestamp("END_TIMESTAMP")),
        text("STATUS", 64),
        text("FILE_STATUS", 64),
        // The precision that the engine gives `ROUND((END_TS - START_TS)/1000/1000, 0)`.
        decimal("ELAPSED_SECONDES", 22, 0),
        text("PLUS_ARCHIVELOG", 4096),
        scn("START_REPLAY_SCN"),
        scn_display("START_REPLAY_SCN_DISPLAY"),
        scn("MIN_RESTORE_SCN"),
        // A stored text if it exists, else the SCN as a time: the type is text.
        or_null(text("MIN_RESTORE_SCN_DISPLAY", 64)),
    ];
    columns.extend(work());
    columns.extend([
        int("RESULT"),
        or_null(text("COMMENT", 4096)),
        text("ENCRYPTION_MODE", 4096),
        text("PASSWD", 4096),
        text("TENANT_COMPATIBLE", 64),
        int("BACKUP_COMPATIBLE"),
        text("PATH", 4096),
    ]);
    if version.has(&[Version::V4_1]) {
        columns.push(text("CLUSTER_VERSION", 64));
    }
    if version.has(&[Version::V4_2]) {
        columns.extend([
            scn("CONSISTENT_SCN"),
            int("MINOR_TURN_ID"),
            int("MAJOR_TURN_ID"),
        ]);
    }
    columns
}

/// Both views have the tenant. The limits of a destination came to the view of sys first. That the
/// bundle patches of 4.2.5 have them is inferred from the statement that sets them.
fn storage(stem: &'static str, version: Version) -> Definition {
    let columns = |limits: &[Version]| {
        let mut columns = vec![
            int("TENANT_ID"),
            text("PATH", 2048),
            text("ENDPOINT", 2048),
            int("DEST_ID"),
            text("DEST_TYPE", 64),
            text("AUTHORIZATION", 1024),
            text("EXTENSION", 1024),
            text("CHECK_FILE_NAME", 2048),
            timestamp("LAST_CHECK_TIMESTAMP"),
        ];
        if version.has(limits) {
            columns.extend([
                int("MAX_IOPS"),
                int("MAX_BANDWIDTH"),
                text("MAX_BANDWIDTH_DISPLAY", 64),
            ]);
        }
        columns
    };
    let patched = Version([4, 2, 5, 1]);
    Definition::apart(
        stem,
        columns(&[patched, Version([4, 3, 3, 0])]),
        columns(&[patched, Version::V4_3_5]),
    )
}
