//! Metrics that are counted while the operator works.

use crate::telemetry::metric::{Count, Gauge, LongTiming, Timing, families};

families! {
    /// Metrics of the operator itself.
    Operator: "The operator",
        "Every process exports these, including a standby.";
    leader: Gauge<0> = "leader" []
        "1 in the leader, 0 in a standby.";
    build_info: Gauge<1> = "build_info" ["version"]
        "Always 1. The label is the version of the operator.";
    reconciles: Count<2> = "reconciles_total" ["controller", "outcome"]
        "Reconciles of an object, by controller and outcome (success, throttled, conflict, error).";
    reconcile_duration: Timing<1> = "reconcile_duration_seconds" ["controller"]
        "Duration of one reconcile, by controller.";
    last_reconcile: Gauge<1> = "last_reconcile_timestamp_seconds" ["controller"]
        "Time at which a controller last finished a reconcile.";
    api_writes: Count<2> = "kubernetes_api_writes_total" ["controller", "verb"]
        "Writes to the Kubernetes API, by controller and verb.";
    watch_failures: Count<1> = "watch_failures_total" ["kind"]
        "Watches of the Kubernetes API that failed and were restarted, by kind.";
    malformed: Count<1> = "object_decode_errors_total" ["kind"]
        "Stored objects that could not be decoded, by kind.";
}

families! {
    /// Metrics of queries to databases.
    Database: "Databases",
        "Counted since the process started. Names of statements are fixed; no label contains their text.";
    statements: Count<2> = "sql_statements_total" ["statement", "code"]
        "Statements sent to OceanBase, by fixed name and error number (0: no error, lost: no response).";
    statement_duration: Timing<1> = "sql_statement_duration_seconds" ["statement"]
        "Time until OceanBase responded to a statement, by fixed name.";
    unreadable_rows: Count<1> = "row_decode_errors_total" ["query"]
        "Rows of OceanBase's views that could not be decoded and were omitted, by query.";
}

families! {
    /// Metrics of finished work.
    Work: "Finished work",
        "Counted since the process started. `strategy` is empty for tasks without one. The series of a \
         strategy or a log backup start at 0 when the operator first reads it, and end when it is deleted.";
    tasks: Count<3> = "backup_tasks_total" ["namespace", "strategy", "result"]
        "Backup tasks that ended, by result (completed, failed, canceled, overdue).";
    retries: Count<2> = "backup_retries_total" ["namespace", "strategy"]
        "BACKUP statements that were sent for a task after its first one.";
    bytes: Count<2> = "backup_bytes_total" ["namespace", "strategy"]
        "Bytes that completed data backups wrote to the storage.";
    duration: LongTiming<1> = "backup_duration_seconds" ["type"]
        "Duration of completed data backups, by type (full, incremental).";
    slots: Count<3> = "slots_total" ["namespace", "strategy", "outcome"]
        "Closed slots of schedules, by outcome (started, missed, skipped).";
    interruptions: Count<3> = "log_backup_interruptions_total" ["namespace", "cluster", "tenant"]
        "Number of observed interruptions of log backup.";
    recoveries: Count<1> = "recoveries_total" ["result"]
        "Recoveries that ended, by result (completed, failed, canceled).";
    cleanups: Count<1> = "cleanups_total" ["result"]
        "Cleanups that ended, by result (completed, failed, canceled; idle: nothing was obsolete).";
    verifications: Count<1> = "verifications_total" ["result"]
        "Verifications by recovery that ended, by result (passed, failed, canceled).";
}
