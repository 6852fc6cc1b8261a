//! Metrics that describe the state at the time of a scrape.

use crate::telemetry::metric::{Gauge, Ratio, families};

families! {
    /// Metrics of clusters, storages and recoveries.
    Infrastructure: "Clusters, stores and recoveries",
        "Computed for each scrape, by the operator that acts alone.";
    cluster_up: Gauge<2> = "cluster_up" ["namespace", "cluster"]
        "1 while the OceanBase cluster answers, 0 while it does not.";
    storage_reachable: Gauge<2> = "storage_reachable" ["namespace", "storage"]
        "1 while the store answers OceanBase, 0 while it does not; none while no backup uses it.";
    storage_bytes: Gauge<3> = "storage_bytes" ["namespace", "storage", "kind"]
        "Bytes of backups in the store, of data and of log, as its status has them: to a hundredth.";
    storage_capacity: Gauge<2> = "storage_capacity_bytes" ["namespace", "storage"]
        "How much there is room for in the store, where `capacity` says so.";
    storage_capacity_alert: Gauge<2> = "storage_capacity_alert_percent" ["namespace", "storage"]
        "Percent of it from which on the store is nearly full (`capacityAlertPercent`).";
    running_recoveries: Gauge<1> = "running_recoveries" ["namespace"]
        "RecoveryTasks that have begun and not ended.";
    recovery_success: Gauge<1> = "recovery_last_success_timestamp_seconds" ["namespace"]
        "When a recovery of the namespace last went well; verifications do not count.";
    recovery_failure: Gauge<1> = "recovery_last_failure_timestamp_seconds" ["namespace"]
        "When a recovery of the namespace last failed; verifications do not count.";
}

families! {
    /// Metrics of strategies.
    Strategies: "Strategies",
        "Computed for each scrape, by the operator that acts alone. None for what is not known yet.";
    suspended: Gauge<2> = "strategy_suspended" ["namespace", "strategy"]
        "1 while the strategy makes no backups (`spec.suspend`), else 0.";
    tenants: Gauge<3> = "strategy_tenants" ["namespace", "strategy", "state"]
        "Tenants of the strategy: all it is for (matched), those without trouble (healthy).";
    last_success: Gauge<2> = "last_success_timestamp_seconds" ["namespace", "strategy"]
        "When a data backup of the strategy last went well, of whichever tenant.";
    last_failure: Gauge<2> = "last_failure_timestamp_seconds" ["namespace", "strategy"]
        "When a data backup of the strategy last failed or did not start in time.";
    last_schedule: Gauge<2> = "last_schedule_timestamp_seconds" ["namespace", "strategy"]
        "The newest slot that was closed.";
    last_missed: Gauge<2> = "last_missed_slot_timestamp_seconds" ["namespace", "strategy"]
        "The newest of the last 20 slots that was missed.";
    next_schedule: Gauge<3> = "next_schedule_timestamp_seconds" ["namespace", "strategy", "type"]
        "The next slot, by type (full, incremental); none while the strategy is suspended.";
    schedule_start: Gauge<2> = "schedule_start_timestamp_seconds" ["namespace", "strategy"]
        "Since when the schedule holds: the strategy was created, changed or resumed.";
    expected_interval: Gauge<2> = "schedule_expected_interval_seconds" ["namespace", "strategy"]
        "The longest time between two days with slots; none while the strategy is suspended.";
    running_tasks: Gauge<2> = "running_tasks" ["namespace", "strategy"]
        "Backup tasks whose backup was sent and has not ended.";
    queued_tasks: Gauge<2> = "queued_tasks" ["namespace", "strategy"]
        "Backup tasks that wait for their start.";
    alerts: Gauge<3> = "alerts" ["namespace", "strategy", "type"]
        "Active alerts of the strategy, by the console's name; the strategy's status tells which.";
    retention_applied: Gauge<2> = "retention_applied" ["namespace", "strategy"]
        "1 while each tenant's delete policy is as `retention` says, 0 while one is not.";
    verified: Gauge<2> = "verification_last_success_timestamp_seconds" ["namespace", "strategy"]
        "When a tenant of the strategy last was restored and passed its checks.";
    rto: Gauge<2> = "verification_rto_seconds" ["namespace", "strategy"]
        "Time that the last verification took until its tenant could be read again.";
}

families! {
    /// Metrics of tenants.
    Tenants: "Tenants",
        "Computed for each scrape, by the operator that acts alone. None for what is not known yet. Of \
         data backups the newest that ended, while its BackupTask is there.";
    progress: Ratio<4> = "progress_ratio" ["namespace", "strategy", "tenant", "type"]
        "How far a data backup that runs has come, from 0 to 1.";
    duration: Gauge<4> = "last_duration_seconds" ["namespace", "strategy", "tenant", "type"]
        "Time that the newest complete data backup took.";
    size: Gauge<4> = "last_size_bytes" ["namespace", "strategy", "tenant", "type"]
        "Bytes that the newest complete data backup has written to the store.";
    usual_duration: Gauge<4> = "usual_duration_seconds" ["namespace", "strategy", "tenant", "type"]
        "Median time of the seven complete ones before it; none where fewer than three are there (`history`).";
    usual_size: Gauge<4> = "usual_size_bytes" ["namespace", "strategy", "tenant", "type"]
        "Median bytes of the seven complete full ones before it; none for incremental ones, and where fewer than three are there.";
    throughput: Gauge<4> = "last_throughput_bytes_per_second" ["namespace", "strategy", "tenant", "type"]
        "Bytes of the newest complete data backup by the time that it took.";
    succeeded: Gauge<4> = "last_success" ["namespace", "strategy", "tenant", "type"]
        "1 where the newest data backup that ended is complete, else 0.";
    last_backup: Gauge<3> = "tenant_last_success_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "End of the tenant's newest data backup that succeeded, even if another tool started it.";
    delay: Gauge<3> = "log_backup_delay_seconds" ["namespace", "cluster", "tenant"]
        "How far log backup is behind; of one that was stopped there is none.";
    checkpoint: Gauge<3> = "log_backup_checkpoint_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "Up to where logs are archived.";
    state: Gauge<4> = "log_backup_state" ["namespace", "cluster", "tenant", "state"]
        "1 for the state that log backup is in (InProgress, Interrupted, Paused, ...); none for others.";
    window_start: Gauge<3> = "recovery_window_start_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "First instant of the newest time without a hole that the tenant can be recovered to.";
    window_end: Gauge<3> = "recovery_window_end_timestamp_seconds" ["namespace", "cluster", "tenant"]
        "Last instant of it when that was last written; the checkpoint is newer.";
    window_required: Gauge<3> = "recovery_window_required_seconds" ["namespace", "cluster", "tenant"]
        "How far back recovery must reach by the strategy's `retention`; none until log backup is older than that by the longest time between two days with slots, and a day.";
}
