//! Metrics that are counted while the operator works.

use crate::telemetry::metric::{Count, Gauge, LongTiming, Timing, families};

families! {
    /// Metrics of the operator itself.
    Operator: "The operator",
        "Every process exports these, also one that stands by.";
    leader: Gauge<0> = "leader" []
        "1 in the operator that acts, 0 in one that stands by.";
    build_info: Gauge<1> = "build_info" ["version"]
        "Always 1; the label tells the operator's version.";
    reconciles: Count<2> = "reconciles_total" ["controller", "outcome"]
        "Passes over an object, by controller and outcome (done, busy, conflict, error).";
    reconcile_duration: Timing<1> = "reconcile_duration_seconds" ["controller"]
        "Time of one pass over an object, by controller.";
    last_reconcile: Gauge<1> = "last_reconcile_timestamp_seconds" ["controller"]
        "When a controller last ended a pass.";
    api_writes: Count<2> = "api_writes_total" ["controller", "verb"]
        "Writes to the Kubernetes API, by controller and verb.";
    watch_failures: Count<1> = "watch_failures_total" ["kind"]
        "Watches of the Kubernetes API that broke and were restarted, by kind.";
    malformed: Count<1> = "malformed_objects_total" ["kind"]
        "Stored objects that could not be read, by kind.";
}

families! {
    /// Metrics of queries to databases.
    Database: "Databases",
        "Counted since the process began; names of statements are fixed, their text is nowhere.";
    statements: Count<2> = "sql_statements_total" ["statement", "code"]
        "Statements sent to OceanBase, by fixed name and error number (0: none, lost: no answer).";
    statement_duration: Timing<1> = "sql_statement_duration_seconds" ["statement"]
        "Time until OceanBase answered a statement, by fixed name.";
    unreadable_rows: Count<1> = "unreadable_rows_total" ["query"]
        "Rows of OceanBase's views that could not be read and were left out, by query.";
}

families! {
    /// Metrics of finished work.
    Work: "Work that ended",
        "Counted since the process began. `strategy` is empty for tasks without one. The series of a \
         strategy or a log backup begin at 0 when it is first seen, and go when it is deleted.";
    tasks: Count<3> = "tasks_total" ["namespace", "strategy", "result"]
        "Backup tasks that ended, by result (completed, failed, canceled, overdue).";
    retries: Count<2> = "retries_total" ["namespace", "strategy"]
        "BACKUP statements that were sent for a task after its first.";
    bytes: Count<2> = "bytes_total" ["namespace", "strategy"]
        "Bytes that complete data backups have written to the store.";
    duration: LongTiming<1> = "duration_seconds" ["type"]
        "Time that complete data backups took, by type (full, incremental).";
    slots: Count<3> = "slots_total" ["namespace", "strategy", "outcome"]
        "Slots of schedules that were closed, by outcome (started, missed, skipped).";
    interruptions: Count<3> = "log_backup_interruptions_total" ["namespace", "cluster", "tenant"]
        "Times that log backup was seen interrupted.";
    recoveries: Count<1> = "recoveries_total" ["result"]
        "Recoveries that ended, by result (completed, failed, canceled).";
    cleanups: Count<1> = "cleanups_total" ["result"]
        "Cleanups of databases that were seen to end, by result (completed, failed, canceled; idle: nothing was obsolete).";
    verifications: Count<1> = "verifications_total" ["result"]
        "Verifications by recovery that ended, by result (passed, failed, canceled).";
}
