//! Counters updated when a task's status is written.

use crate::api::{BackupTask, BackupTaskStatus};
use crate::controller::namespace;
use crate::telemetry::metrics::Work;

/// Returns the type of the backup as a label.
pub(in crate::controller) fn type_label(status: &BackupTaskStatus, task: &BackupTask) -> String {
    let known = status.type_.clone();
    let named = || format!("{:?}", task.spec.type_);
    known.unwrap_or_else(named).to_lowercase()
}

/// Counts further attempts, and the task if it has ended.
pub(super) fn ended(
    task: &BackupTask,
    before: &BackupTaskStatus,
    after: &BackupTaskStatus,
    work: &Work,
) {
    let (namespace, reference) = (namespace(task), task.spec.strategy_ref.as_ref());
    let strategy = reference.map_or("", |reference| &*reference.name);
    let retries = |status: &BackupTaskStatus| {
        let newest = status.attempts.iter().map(|attempt| attempt.number).max();
        u64::try_from(newest.unwrap_or(1).saturating_sub(1)).unwrap_or_default()
    };
    let again = retries(after).saturating_sub(retries(before));
    if again > 0 {
        work.retries.add([&namespace, strategy], again);
    }
    let (None, Some(outcome)) = (&before.outcome, &after.outcome) else {
        return;
    };
    let result = outcome.to_lowercase();
    work.tasks.add_one([&namespace, strategy, &result]);
    if outcome != "Completed" {
        return;
    }
    if let Some(bytes) = after.output_bytes.and_then(|bytes| bytes.try_into().ok()) {
        work.bytes.add([&namespace, strategy], bytes);
    }
    if let (Some(began), Some(ended)) = (&after.start_time, &after.completion_time) {
        let took = began.0.duration_until(ended.0);
        work.duration.took([&type_label(after, task)], took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::backup_task::Attempt;
    use crate::telemetry::Metrics;

    fn task() -> BackupTask {
        let manifest = serde_json::json!({
            "apiVersion": "backup.oceanbase.io/v1alpha1",
            "kind": "BackupTask",
            "metadata": {"name": "now", "namespace": "payments"},
            "spec": {"strategyRef": {"name": "nightly"}, "tenantName": "orders", "type": "Full"},
        });
        serde_json::from_value(manifest).unwrap()
    }

    fn counted(before: &BackupTaskStatus, after: &BackupTaskStatus) -> String {
        let metrics = Metrics::new().unwrap();
        ended(&task(), before, after, &metrics.work);
        metrics.text().unwrap()
    }

    #[test]
    fn a_backup_is_counted_when_it_ends_with_what_it_has_written() {
        let running = BackupTaskStatus::default();
        let complete = BackupTaskStatus {
            outcome: Some("Completed".to_owned()),
            output_bytes: Some(4096),
            ..running.clone()
        };
        let of = "namespace=\"payments\",";
        let text = counted(&running, &complete);
        let tasks = format!(
            "obbackup_backup_tasks_total{{{of}result=\"completed\",strategy=\"nightly\"}} 1"
        );
        assert!(text.contains(&tasks), "{text}");
        let bytes = format!("obbackup_backup_bytes_total{{{of}strategy=\"nightly\"}} 4096");
        assert!(text.contains(&bytes), "{text}");
        assert!(!counted(&complete, &complete).contains("obbackup_backup_tasks_total"));
    }

    #[test]
    fn only_what_is_sent_again_is_a_retry() {
        let sent = |number| BackupTaskStatus {
            attempts: vec![Attempt {
                number,
                ..Attempt::default()
            }],
            ..BackupTaskStatus::default()
        };
        let none = BackupTaskStatus::default();
        assert!(!counted(&none, &sent(1)).contains("obbackup_backup_retries_total"));
        let twice = "obbackup_backup_retries_total{namespace=\"payments\",strategy=\"nightly\"} 1";
        assert!(counted(&sent(1), &sent(2)).contains(twice));
    }
}
