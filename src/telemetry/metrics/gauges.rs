//! Metrics that describe the state at the time of a scrape.

use crate::telemetry::metric::{Gauge, Ratio, families};

families! {
    /// Metrics of clusters, storages and recoveries.
    Infrastructure: "Clusters, storages and recoveries",
        "Computed for each scrape, by the leader only.";
    cluster_up: Gauge<2> = "cluster_up" ["namespace", "cluster"]
        "1 if the OceanBase cluster answers, otherwise 0.";
    storage_reachable: Gauge<2> = "storage_reachable" ["namespace", "storage"]
        "1 if OceanBase can reach the storage, otherwise 0. None if no backup uses the storage.";
    storage_bytes: Gauge<3> = "storage_bytes" ["namespace", "storage", "kind"]
        "Bytes of backups in the storage, by kind (data, log). Precise to one percent.";
    storage_capacity: Gauge<2> = "storage_capacity_bytes" ["namespace", "storage"]
        "Capacity of the storage in bytes (`capacity`). None if the field is not set.";
    storage_capacity_alert: Gauge<2> = "storage_capacity_alert_percent" ["namespace", "storage"]
        "Percentage of the capacity at which the storage is nearly full (`capacityAlertPercent`).";
    running_recoveries: Gauge<1> = "running_recoveries" ["namespace"]
        "RecoveryTasks that have started and have not ended.";
    recovery_success: Gauge<1> = "recovery_last_success_timestamp_seconds" ["namespace"]
        "Time of the last successful recovery in the namespace. Verifications do not count.";
    recovery_failure: Gauge<1> = "recovery_last_failure_timestamp_seconds" ["namespace"]
        "Time of the last failed recovery in the namespace. Verifications do not count.";
}

families! {
    /// Metrics of strategies.
    Strategies: "Strategies",
        "Computed for each scrape, by the leader only. A series does not exist until its value is known.";
    suspended: Gauge<2> = "strategy_suspended" ["namespace", "strategy"]
        "1 if the strategy is suspended (`spec.suspend`), otherwise 0.";
    tenants: Gauge<3> = "strategy_tenants" ["namespace", "strategy", "state"]
        "Tenants of the strategy, by state: all (matched), and those without a problem (healthy).";
    last_success: Gauge<2> = "last_success_timestamp_seconds" ["namespace", "strategy"]
        "Time of the last successful data backup of any tenant of the strategy.";
    last_failure: Gauge<2> = "last_failure_timestamp_seconds" ["namespace", "strategy"]
        "Time at which a data backup of the strategy last failed or missed its start deadline.";
    last_schedule: Gauge<2> = "last_schedule_timestamp_seconds" ["namespace", "strategy"]
        "Time of the newest closed slot.";
    last_missed: Gauge<2> = "last_missed_slot_timestamp_seconds" ["namespace", "strategy"]
        "Time of the newest missed slot among the last 20 slots.";
    next_schedule: Gauge<3> = "next_schedule_timestamp_seconds" ["namespace", "strategy", "type"]
        "Time of the next slot, by type (full, incremental). None while the strategy is suspended.";
    schedule_start: Gauge<2> = "schedule_start_timestamp_seconds" ["namespace", "strategy"]
        "Time since which the schedule applies: the strategy was created, changed or resumed.";
    expected_interval: Gauge<2> = "schedule_expected_interval_seconds" ["namespace", "strategy"]
        "Longest time between two days with slots. None while the strategy is suspended.";
    active_tasks: Gauge<3> = "active_backup_tasks" ["namespace", "strategy", "state"]
        "Backup tasks that have not ended, by state: BACKUP was sent (running), or not yet (queued).";
    alerts: Gauge<3> = "alert_active" ["namespace", "strategy", "type"]
        "Number of active alerts of the strategy, by the console's name. The strategy's status has their details; for `sampling_restore_fail` and `sampling_restore_overdue`, the status of its RecoveryDrill.";
    retention_applied: Gauge<2> = "retention_applied" ["namespace", "strategy"]
        "1 if the delete policy of every tenant matches `retention`, otherwise 0.";
    verified: Gauge<3> = "verification_last_success_timestamp_seconds" ["namespace", "strategy", "drill"]
        "Time of the last verification of the drill in which a tenant was restored and passed its checks.";
    rto: Gauge<3> = "verification_rto_seconds" ["namespace", "strategy", "drill"]
        "Duration of the last verification of the drill until its tenant was readable.";
}

families! {
    /// Metrics of tenants.
    Tenants: "Tenants",
        "Computed for each scrape, by the leader only. A series does not exist until its value is known. \
         Series of data backups describe the newest one that ended, while its BackupTask exists.";
    progress: Ratio<4> = "progress_ratio" ["namespace", "strategy", "tenant", "type"]
        "Progress of the running data backup, from 0 to 1.";
    duration: Gauge<4> = "last_duration_seconds" ["namespace", "strategy", "tenant", "type"]
        "Duration of the newest completed data backup.";
    size: Gauge<4> = "last_size_bytes" ["namespace", "strategy", "tenant", "type"]
        "Bytes that the newest completed data backup wrote to the storage.";
    baseline_duration: Gauge<4> = "backup_baseline_duration_seconds" ["namespace", "strategy", "tenant", "type"]
        "Median duration of the seven completed data backups before the newest. None with fewer than three (`taskHistoryLimits`).";
    baseline_size: Gauge<4> = "backup_baseline_size_bytes" ["namespace", "strategy", "tenant", "type"]
        "Median bytes of the seven completed full backups before the newest. None for incremental backups, and with fewer than three.";
    throughput: Gauge<4> = "last_throughput_bytes_per_second" ["namespace", "strategy", "tenant", "type"]
        "Throughput of the newest completed data backup: its bytes divided by its duration.";
    succeeded: Gauge<4> = "last_backup_succeeded" ["namespace", "strategy", "tenant", "type"]
        "1 if the newest data backup that ended was successful, otherwise 0.";
    last_backup: Gauge<3> = "tenant_last_success_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "End of the tenant's newest data backup that succeeded, even if another tool started it.";
    delay: Gauge<3> = "log_backup_delay_seconds" ["namespace", "cluster", "tenant"]
        "Delay of log backup. None if log backup is stopped.";
    checkpoint: Gauge<3> = "log_backup_checkpoint_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "Time up to which logs are archived.";
    state: Gauge<4> = "log_backup_state" ["namespace", "cluster", "tenant", "state"]
        "1 for the current state of log backup (InProgress, Interrupted, Paused, ...). None for other states.";
    window_start: Gauge<3> = "recovery_window_start_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "Start of the newest recovery window of the tenant. A window has no gaps.";
    window_end: Gauge<3> = "recovery_window_end_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "End of the newest recovery window when it was last recorded. The checkpoint is newer.";
    window_required: Gauge<3> = "recovery_window_required_seconds" ["namespace", "cluster", "tenant"]
        "Length of the recovery window that the strategy's `retention` requires. None until log backup is older than this, the longest time between two days with slots, and one day together.";
}
