//! Metrics that are counted while the operator works.

use crate::telemetry::metric::{Count, Gauge, LongTiming, Timing, families};

families! {
    /// Metrics of the operator itself.
    Operator: "The operator",
        "Every replica exports these, including replicas on standby.";
    leader: Gauge<0> = "leader" []
        "1 in the replica that is the leader, 0 in a replica on standby.";
    build_info: Gauge<1> = "build_info" ["version"]
        "Always 1; the label holds the operator's version.";
    reconciles: Count<2> = "reconciles_total" ["controller", "outcome"]
        "Reconciles of an object, by controller and outcome (done, busy, conflict, error).";
    reconcile_duration: Timing<1> = "reconcile_duration_seconds" ["controller"]
        "Duration of one reconcile of an object, by controller.";
    last_reconcile: Gauge<1> = "last_reconcile_timestamp_seconds" ["controller"]
        "Time at which a controller last finished a reconcile.";
    api_writes: Count<2> = "api_writes_total" ["controller", "verb"]
        "Writes to the Kubernetes API, by controller and verb.";
    watch_failures: Count<1> = "watch_failures_total" ["kind"]
        "Watches of the Kubernetes API that failed and were restarted, by kind.";
    malformed: Count<1> = "malformed_objects_total" ["kind"]
        "Stored objects that could not be read, by kind.";
}

families! {
    /// Metrics of queries to databases.
    Database: "Databases",
        "Counted since the process started; statements appear by fixed name, never by text.";
    statements: Count<2> = "sql_statements_total" ["statement", "code"]
        "Statements sent to OceanBase, by fixed name and error number (0: none, lost: no answer).";
    statement_duration: Timing<1> = "sql_statement_duration_seconds" ["statement"]
        "Time until OceanBase answered a statement, by fixed name.";
    unreadable_rows: Count<1> = "unreadable_rows_total" ["query"]
        "Rows of OceanBase's views that could not be read and were skipped, by query.";
}

families! {
    /// Metrics of finished work.
    Work: "Finished work",
        "Counted since the process started. `strategy` is empty for tasks without a strategy. The \
         series of a strategy or log backup start at 0 when the operator first observes it, and \
         are removed when it is deleted.";
    tasks: Count<3> = "tasks_total" ["namespace", "strategy", "result"]
        "Backup tasks that ended, by result (completed, failed, canceled, overdue).";
    retries: Count<2> = "retries_total" ["namespace", "strategy"]
        "BACKUP statements that were sent for a task after the first one.";
    bytes: Count<2> = "bytes_total" ["namespace", "strategy"]
        "Bytes that completed data backups have written to the storage.";
    duration: LongTiming<1> = "duration_seconds" ["type"]
        "Duration of completed data backups, by type (full, incremental).";
    slots: Count<3> = "slots_total" ["namespace", "strategy", "outcome"]
        "Schedule slots that were closed, by outcome (started, missed, skipped).";
    interruptions: Count<3> = "log_backup_interruptions_total" ["namespace", "cluster", "tenant"]
        "Observed interruptions of log backup.";
    recoveries: Count<1> = "recoveries_total" ["result"]
        "Recoveries that ended, by result (completed, failed, canceled).";
    cleanups: Count<1> = "cleanups_total" ["result"]
        "Observed ends of cleanups, by result (completed, failed, canceled; idle: nothing was \
         obsolete).";
    verifications: Count<1> = "verifications_total" ["result"]
        "Verifications by recovery that ended, by result (passed, failed, canceled).";
}
