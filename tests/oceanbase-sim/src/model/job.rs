//! Rows of data backup: jobs, their tasks, and their sets.

use std::time::Duration;

use serde::Deserialize;

use super::release::{has_fused_phases, has_meta_finish, has_prepare_log};
use super::{DataDest, DestId, FileStatus, JobId, Scn, SetId, TaskId, TenantId, Uri};
use crate::views::Version;

/// `BACKUP_TYPE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum BackupType {
    /// Everything.
    Full,
    /// What changed since the previous set.
    Inc,
}

impl BackupType {
    /// Returns the name in the views (manuals before 4.2 print D and I, the source has these).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Inc => "INC",
        }
    }
}

/// `STATUS` of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)] // the engine's own words
pub enum JobStatus {
    Init,
    Doing,
    Completed,
    Failed,
    Canceling,
    Canceled,
}

impl JobStatus {
    /// Returns the name in the views.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Doing => "DOING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Canceling => "CANCELING",
            Self::Canceled => "CANCELED",
        }
    }

    /// Returns whether the job is over.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }

    /// Returns where a hold can stop a job in this state.
    #[must_use]
    pub fn stage(self) -> Stage {
        match self {
            Self::Init => Stage::Init,
            Self::Doing => Stage::Doing,
            Self::Canceling => Stage::Canceling,
            Self::Completed | Self::Failed | Self::Canceled => Stage::Finished,
        }
    }
}

/// A point at which a backup can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Not yet processed by the scheduler.
    Init,
    /// Working.
    Doing,
    /// Being canceled.
    Canceling,
    /// Finished, and not yet moved to history.
    Finished,
}

/// `JOB_LEVEL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the engine's own words
pub enum JobLevel {
    Cluster,
    SysTenant,
    UserTenant,
}

impl JobLevel {
    /// Returns the name in the views.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cluster => "CLUSTER",
            Self::SysTenant => "SYS_TENANT",
            Self::UserTenant => "USER_TENANT",
        }
    }
}

/// A row of `CDB_OB_BACKUP_JOBS` or `CDB_OB_BACKUP_JOB_HISTORY`.
#[derive(Clone, Debug)]
pub struct Job {
    /// `JOB_ID`.
    pub id: JobId,
    /// `BACKUP_SET_ID`, taken when the row is inserted; 0 in sys.
    pub set: SetId,
    /// `INITIATOR_TENANT_ID`.
    pub initiator: TenantId,
    /// `INITIATOR_JOB_ID`: 0 when the tenant started it itself.
    pub initiator_job: JobId,
    /// `EXECUTOR_TENANT_ID`.
    pub executors: Vec<TenantId>,
    /// `PLUS_ARCHIVELOG`.
    pub plus_archivelog: bool,
    /// `BACKUP_TYPE`.
    pub backup_type: BackupType,
    /// `JOB_LEVEL`.
    pub level: JobLevel,
    /// `PASSWD`; empty means that `ENCRYPTION_MODE` is NONE.
    pub passwd: String,
    /// `START_TIMESTAMP`.
    pub started_at: Scn,
    /// `END_TIMESTAMP`.
    pub ended_at: Option<Scn>,
    /// `STATUS`.
    pub status: JobStatus,
    /// `RESULT`.
    pub result: i64,
    /// `COMMENT`.
    pub comment: String,
    /// `DESCRIPTION`.
    pub description: String,
    /// The destination of the set; none in sys.
    pub dest: Option<DataDest>,
    /// The task, from DOING on.
    pub task: Option<Task>,
    /// The next run of the scheduler for it.
    pub(super) due: Scn,
    /// Since when it is held.
    pub(super) held_at: Option<Scn>,
    /// Its failure at the next step.
    pub(super) failure: Option<(i64, String)>,
    /// How often its present step failed in a row.
    pub(super) retries: u32,
    /// The cluster version and the tenant's data version when it was recorded; none in sys.
    pub(super) versions: Option<(Version, Version)>,
}

impl Job {
    /// Returns the `PATH` column.
    #[must_use]
    pub fn path(&self) -> String {
        self.dest
            .as_ref()
            .map(|dest| dest.uri.path())
            .unwrap_or_default()
    }

    /// Returns how much of the work is done, 0 to 1.
    #[must_use]
    pub fn progress(&self, now: Scn) -> f64 {
        let Some(task) = &self.task else { return 0.0 };
        if self.status == JobStatus::Completed {
            return 1.0;
        }
        let until = self.ended_at.or(self.held_at).unwrap_or(now);
        let done = until.since(task.began_at).as_secs_f64() / task.work.as_secs_f64().max(1e-9);
        done.min(0.99)
    }

    /// Returns whether it runs or will run.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.status.is_terminal()
    }
}

/// Columns of a task row beyond those of its job.
#[derive(Clone, Debug)]
pub struct Task {
    /// `TASK_ID`.
    pub id: TaskId,
    /// When the work began; `START_SCN`.
    pub began_at: Scn,
    /// How long the work takes.
    pub work: Duration,
    /// The archive's checkpoint when the work began: logs from here are needed.
    pub replay_from: Scn,
    /// `INPUT_BYTES` and `OUTPUT_BYTES` at the end.
    pub bytes: u64,
}

/// Phases of a task, the share of the work at which each ends, and whether a release has it.
type Phases = &'static [(&'static str, f64, fn(Version) -> bool)];

const ALWAYS: fn(Version) -> bool = |_| true;

/// 4.3.3 and later.
const FUSED: Phases = &[
    ("BACKUP_SYS_META", 0.03, ALWAYS),
    ("BACKUP_USER_META", 0.08, ALWAYS),
    ("BACKUP_META_FINISH", 0.10, ALWAYS),
    ("BACKUP_SYS_DATA", 0.15, ALWAYS),
    ("BACKUP_USER_DATA", DATA_ENDS, ALWAYS),
    ("BACKUP_FUSE_TABLET_META", 0.90, ALWAYS),
    ("PREPARE_BACKUP_LOG", 0.93, has_prepare_log),
    ("BEFORE_BACKUP_LOG", 0.96, ALWAYS),
    ("BACKUP_LOG", 1.0, ALWAYS),
];

/// Before 4.3.3; the whole 4.2 line has them.
const MINOR_MAJOR: Phases = &[
    ("DOING", 0.02, ALWAYS),
    ("BACKUP_SYS_META", 0.05, ALWAYS),
    ("BACKUP_USER_META", 0.08, ALWAYS),
    ("BACKUP_META_FINISH", 0.10, has_meta_finish),
    ("BACKUP_DATA_SYS", 0.15, ALWAYS),
    ("BACKUP_DATA_MINOR", 0.40, ALWAYS),
    ("BACKUP_DATA_MAJOR", DATA_ENDS, ALWAYS),
    ("BEFORE_BACKUP_LOG", 0.95, ALWAYS),
    ("BACKUP_LOG", 1.0, ALWAYS),
];

const DATA_BEGINS: f64 = 0.10;
const DATA_ENDS: f64 = 0.85;

/// Returns `STATUS` of the task of a running job.
#[must_use]
pub fn phase(version: Version, progress: f64) -> &'static str {
    let phases = if has_fused_phases(version) {
        FUSED
    } else {
        MINOR_MAJOR
    };
    phases
        .iter()
        .find(|(_, end, is_in)| progress < *end && is_in(version))
        .map_or("BACKUP_LOG", |(name, _, _)| name)
}

/// Returns the finished share of the macro blocks.
#[must_use]
pub fn data_progress(progress: f64) -> f64 {
    ((progress - DATA_BEGINS) / (DATA_ENDS - DATA_BEGINS)).clamp(0.0, 1.0)
}

/// `STATUS` of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the engine's own words
pub enum SetStatus {
    Doing,
    Success,
    Failed,
}

impl SetStatus {
    /// Returns the name in the view.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Doing => "DOING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
        }
    }
}

/// A row of `CDB_OB_BACKUP_SET_FILES`, kept after the files are deleted.
#[derive(Clone, Debug)]
pub struct BackupSet {
    /// `BACKUP_SET_ID`.
    pub id: SetId,
    /// `DEST_ID`.
    pub dest: DestId,
    /// `BACKUP_TYPE`.
    pub backup_type: BackupType,
    /// `PREV_FULL_BACKUP_SET_ID`, 0 for a full.
    pub prev_full: SetId,
    /// `PREV_INC_BACKUP_SET_ID`: the set just before, full or incremental; 0 for a full.
    pub prev_inc: SetId,
    /// `START_TIMESTAMP`.
    pub started_at: Scn,
    /// `END_TIMESTAMP`.
    pub ended_at: Option<Scn>,
    /// `STATUS`.
    pub status: SetStatus,
    /// `FILE_STATUS`.
    pub file_status: FileStatus,
    /// `PLUS_ARCHIVELOG`.
    pub plus_archivelog: bool,
    /// `START_REPLAY_SCN`, zero until it is known.
    pub start_replay: Scn,
    /// `MIN_RESTORE_SCN`, zero until the set is complete.
    pub min_restore: Scn,
    /// `INPUT_BYTES` and `OUTPUT_BYTES`.
    pub bytes: u64,
    /// `RESULT`.
    pub result: i64,
    /// `COMMENT`.
    pub comment: String,
    /// `PASSWD`.
    pub passwd: String,
    /// `TENANT_COMPATIBLE`.
    pub compatible: Version,
    /// `CLUSTER_VERSION`.
    pub version: Version,
    /// Its location.
    pub uri: Uri,
}

impl BackupSet {
    /// Returns the full set that it depends on, or itself if it is full.
    #[must_use]
    pub fn full(&self) -> SetId {
        match self.backup_type {
            BackupType::Full => self.id,
            BackupType::Inc => self.prev_full,
        }
    }

    /// Returns whether it can be the base of an incremental.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.status == SetStatus::Success && self.file_status == FileStatus::Available
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phases<const N: usize>(versions: [&str; N], progress: f64) -> [&'static str; N] {
        versions.map(|version| phase(version.parse().unwrap(), progress))
    }

    #[test]
    fn phase_names_changed_with_4_3_3_and_never_in_the_4_2_line() {
        assert_eq!(
            phases(
                ["4.2.1.10", "4.2.5.1", "4.3.2.0", "4.3.3.0", "4.3.5.2"],
                0.5
            ),
            [
                "BACKUP_DATA_MAJOR",
                "BACKUP_DATA_MAJOR",
                "BACKUP_DATA_MAJOR",
                "BACKUP_USER_DATA",
                "BACKUP_USER_DATA"
            ]
        );
    }

    #[test]
    fn the_end_of_meta_is_a_phase_from_4_2_1_3_on() {
        assert_eq!(
            phases(
                ["4.1.0.0", "4.2.1.2", "4.2.1.3", "4.2.2.0", "4.3.0.0"],
                0.09
            ),
            [
                "BACKUP_DATA_SYS",
                "BACKUP_DATA_SYS",
                "BACKUP_META_FINISH",
                "BACKUP_META_FINISH",
                "BACKUP_META_FINISH"
            ]
        );
    }

    #[test]
    fn log_is_prepared_after_4_3_3() {
        assert_eq!(
            phases(["4.3.3.0", "4.3.5.1"], 0.92),
            ["BEFORE_BACKUP_LOG", "PREPARE_BACKUP_LOG"]
        );
    }

    #[test]
    fn data_progress_runs_from_zero_to_one_within_the_work() {
        let percent = |progress| (data_progress(progress) * 100.0).round().to_string();
        assert_eq!([0.05, 0.85, 1.0].map(percent), ["0", "100", "100"]);
    }
}
