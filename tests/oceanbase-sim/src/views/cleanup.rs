//! Cleanup: policy, jobs, tasks. All releases so far have the same columns.

use super::column::{int, or_null, text, timestamp};
use super::{ColumnDef, Definition};

pub(super) fn definitions() -> Vec<Definition> {
    vec![
        Definition::per_tenant(
            "OB_BACKUP_DELETE_POLICY",
            vec![text("POLICY_NAME", 64), text("RECOVERY_WINDOW", 64)],
        ),
        Definition::per_tenant("OB_BACKUP_DELETE_JOBS", jobs()),
        Definition::per_tenant("OB_BACKUP_DELETE_JOB_HISTORY", jobs()),
        Definition::per_tenant("OB_BACKUP_DELETE_TASKS", tasks()),
        Definition::per_tenant("OB_BACKUP_DELETE_TASK_HISTORY", tasks()),
    ]
}

fn jobs() -> Vec<ColumnDef> {
    vec![
        int("JOB_ID"),
        int("INCARNATION"),
        int("INITIATOR_TENANT_ID"),
        int("INITIATOR_JOB_ID"),
        text("EXECUTOR_TENANT_ID", 65_536),
        text("TYPE", 64),
        // A time even if the job is about an id, which then shows as an instant of 1970.
        timestamp("PARAMETER"),
        text("JOB_LEVEL", 64),
        timestamp("START_TIMESTAMP"),
        or_null(timestamp("END_TIMESTAMP")),
        text("STATUS", 64),
        int("TASK_COUNT"),
        int("SUCCESS_TASK_COUNT"),
        int("RESULT"),
        or_null(text("COMMENT", 4096)),
    ]
}

fn tasks() -> Vec<ColumnDef> {
    vec![
        int("TASK_ID"),
        int("INCARNATION"),
        int("JOB_ID"),
        text("TASK_TYPE", 64),
        int("ID"),
        int("ROUND_ID"),
        int("DEST_ID"),
        timestamp("START_TIMESTAMP"),
        or_null(timestamp("END_TIMESTAMP")),
        text("STATUS", 64),
        int("TOTAL_LS_COUNT"),
        int("FINISH_LS_COUNT"),
        int("RESULT"),
        or_null(text("COMMENT", 4096)),
        text("PATH", 4096),
    ]
}
