//! Metrics that describe the state at the time of a scrape.

use crate::telemetry::metric::{Gauge, Ratio, families};

families! {
    /// Metrics of clusters, storages and recoveries.
    Infrastructure: "Clusters, storages and recoveries",
        "Computed for each scrape, only by the leader.";
    cluster_up: Gauge<2> = "cluster_up" ["namespace", "cluster"]
        "1 while the OceanBase cluster answers, otherwise 0.";
    storage_reachable: Gauge<2> = "storage_reachable" ["namespace", "storage"]
        "1 while the storage answers OceanBase, otherwise 0; no series while no backup uses it.";
    storage_bytes: Gauge<3> = "storage_bytes" ["namespace", "storage", "kind"]
        "Bytes of data and log backups in the storage, as shown in its status, accurate to 1 %.";
    storage_capacity: Gauge<2> = "storage_capacity_bytes" ["namespace", "storage"]
        "Capacity of the storage, if `capacity` is set.";
    storage_capacity_alert: Gauge<2> = "storage_capacity_alert_percent" ["namespace", "storage"]
        "Percentage of the capacity from which the storage is nearly full \
         (`capacityAlertPercent`).";
    running_recoveries: Gauge<1> = "running_recoveries" ["namespace"]
        "RecoveryTasks that have started and not ended.";
    recovery_success: Gauge<1> = "recovery_last_success_timestamp_seconds" ["namespace"]
        "Time of the last successful recovery in the namespace; verifications do not count.";
    recovery_failure: Gauge<1> = "recovery_last_failure_timestamp_seconds" ["namespace"]
        "Time of the last failed recovery in the namespace; verifications do not count.";
}

families! {
    /// Metrics of strategies.
    Strategies: "Strategies",
        "Computed for each scrape, only by the leader. Unknown values have no series.";
    suspended: Gauge<2> = "strategy_suspended" ["namespace", "strategy"]
        "1 while the strategy is suspended (`spec.suspend`), otherwise 0.";
    tenants: Gauge<3> = "strategy_tenants" ["namespace", "strategy", "state"]
        "Tenants of the strategy: all that it covers (matched), and those without problems \
         (healthy).";
    last_success: Gauge<2> = "last_success_timestamp_seconds" ["namespace", "strategy"]
        "Time of the last successful data backup of the strategy, for any of its tenants.";
    last_failure: Gauge<2> = "last_failure_timestamp_seconds" ["namespace", "strategy"]
        "Time at which a data backup of the strategy last failed or did not start in time.";
    last_schedule: Gauge<2> = "last_schedule_timestamp_seconds" ["namespace", "strategy"]
        "The newest closed slot.";
    last_missed: Gauge<2> = "last_missed_slot_timestamp_seconds" ["namespace", "strategy"]
        "The newest missed slot among the last 20 slots.";
    next_schedule: Gauge<3> = "next_schedule_timestamp_seconds" ["namespace", "strategy", "type"]
        "The next slot, by type (full, incremental); no series while the strategy is suspended.";
    schedule_start: Gauge<2> = "schedule_start_timestamp_seconds" ["namespace", "strategy"]
        "Time since which the schedule applies: the strategy was created, changed or resumed.";
    expected_interval: Gauge<2> = "schedule_expected_interval_seconds" ["namespace", "strategy"]
        "The longest time between two days with slots; no series while the strategy is suspended.";
    running_tasks: Gauge<2> = "running_tasks" ["namespace", "strategy"]
        "Backup tasks whose backup was sent and has not ended.";
    queued_tasks: Gauge<2> = "queued_tasks" ["namespace", "strategy"]
        "Backup tasks that wait to start.";
    alerts: Gauge<3> = "alerts" ["namespace", "strategy", "type"]
        "Active alerts of the strategy, by the console's name; the status of the strategy lists \
         them.";
    retention_applied: Gauge<2> = "retention_applied" ["namespace", "strategy"]
        "1 while the delete policy of each tenant matches `retention`, otherwise 0.";
    verified: Gauge<2> = "verification_last_success_timestamp_seconds" ["namespace", "strategy"]
        "Time at which a tenant of the strategy was last restored and passed its checks.";
    rto: Gauge<2> = "verification_rto_seconds" ["namespace", "strategy"]
        "Time that the last verification took until its tenant could be read.";
}

families! {
    /// Metrics of tenants.
    Tenants: "Tenants",
        "Computed for each scrape, only by the leader. Unknown values have no series. Data backups \
         are represented by the newest one that ended, while its BackupTask exists.";
    progress: Ratio<4> = "progress_ratio" ["namespace", "strategy", "tenant", "type"]
        "Progress of a running data backup, from 0 to 1.";
    duration: Gauge<4> = "last_duration_seconds" ["namespace", "strategy", "tenant", "type"]
        "Duration of the newest completed data backup.";
    size: Gauge<4> = "last_size_bytes" ["namespace", "strategy", "tenant", "type"]
        "Bytes that the newest completed data backup has written to the storage.";
    usual_duration: Gauge<4> = "usual_duration_seconds" ["namespace", "strategy", "tenant", "type"]
        "Median duration of the seven completed backups before it; no series if fewer than three \
         exist (`history`).";
    usual_size: Gauge<4> = "usual_size_bytes" ["namespace", "strategy", "tenant", "type"]
        "Median bytes of the seven completed full backups before it; no series for incremental \
         backups, or if fewer than three exist.";
    throughput: Gauge<4> = "last_throughput_bytes_per_second" ["namespace", "strategy", "tenant", "type"]
        "Bytes of the newest completed data backup divided by its duration.";
    succeeded: Gauge<4> = "last_success" ["namespace", "strategy", "tenant", "type"]
        "1 if the newest data backup that ended is complete, otherwise 0.";
    last_backup: Gauge<3> = "tenant_last_success_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "End of the tenant's newest successful data backup, even if another tool started it.";
    delay: Gauge<3> = "log_backup_delay_seconds" ["namespace", "cluster", "tenant"]
        "Delay of log backup; no series while log backup is stopped.";
    checkpoint: Gauge<3> = "log_backup_checkpoint_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "Time up to which logs are archived.";
    state: Gauge<4> = "log_backup_state" ["namespace", "cluster", "tenant", "state"]
        "1 for the current state of log backup (InProgress, Interrupted, Paused, ...); no series \
         for other states.";
    window_start: Gauge<3> = "recovery_window_start_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "Start of the newest recovery window without a gap.";
    window_end: Gauge<3> = "recovery_window_end_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "End of that window when it was last recorded; the checkpoint is newer.";
    window_required: Gauge<3> = "recovery_window_required_seconds" ["namespace", "cluster", "tenant"]
        "How far back recovery must reach according to the strategy's `retention`. No series until \
         log backup is older than this by a day plus the longest time between two days with slots.";
}
