//! Restore jobs: their rows and their stages.

use std::time::Duration;

use serde::Deserialize;

use super::{BackupSet, BackupType, JobId, NewTenant, Pace, Piece, Scn, TenantId, Uri};
use crate::views::Version;

/// A stage of a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RestoreStage {
    /// The job exists, and the tenant does not.
    CreateTenant,
    /// The tenant exists, and is not ready for data.
    CreateShell,
    /// `RESTORE_PRE`.
    Pre,
    /// `RESTORE_CREATE_INIT_LS`.
    CreateInitLs,
    /// `PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN`: data is read.
    ConsistentScn,
    /// `RESTORE_WAIT_LS`: log is replayed.
    WaitLs,
    /// `POST_CHECK`.
    PostCheck,
    /// `UPGRADE`.
    Upgrade,
    /// The tenant succeeded or failed, and the job of sys has not noticed it.
    Ended,
    /// The job of sys is finished and not yet moved to history.
    Closing,
}

impl RestoreStage {
    fn next(self) -> Self {
        match self {
            Self::CreateTenant => Self::CreateShell,
            Self::CreateShell => Self::Pre,
            Self::Pre => Self::CreateInitLs,
            Self::CreateInitLs => Self::ConsistentScn,
            Self::ConsistentScn => Self::WaitLs,
            Self::WaitLs => Self::PostCheck,
            Self::PostCheck => Self::Upgrade,
            Self::Upgrade => Self::Ended,
            Self::Ended | Self::Closing => Self::Closing,
        }
    }

    /// Returns whether the statement still waits.
    #[must_use]
    pub fn is_blocking(self) -> bool {
        self <= Self::CreateShell
    }
}

/// The owner of the restored backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `BACKUP_TENANT_NAME`.
    pub tenant_name: String,
    /// `BACKUP_TENANT_ID`.
    pub tenant: TenantId,
    /// `BACKUP_CLUSTER_NAME`.
    pub cluster_name: String,
    /// `BACKUP_CLUSTER_VERSION`.
    pub cluster_version: Version,
}

/// The tenant that a restore creates.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The tenant.
    pub tenant: NewTenant,
    /// The later source of its log.
    pub log: Option<Uri>,
}

/// An accepted restore.
#[derive(Clone, Debug)]
pub struct RestoreRequest {
    /// `RESTORE_TENANT_NAME`.
    pub tenant_name: String,
    /// The pools of the tenant.
    pub pools: Vec<String>,
    /// `RESTORE_OPTION`.
    pub option: String,
    /// `BACKUP_DEST`, keys included.
    pub backup_dest: String,
    /// `RESTORE_SCN`.
    pub scn: Scn,
    /// `DESCRIPTION`.
    pub description: String,
    /// The owner of the backup.
    pub origin: Origin,
    /// The sets to read.
    pub sets: Vec<BackupSet>,
    /// The pieces to replay.
    pub pieces: Vec<Piece>,
    /// The tenant to create.
    pub seed: Seed,
}

/// A row of `CDB_OB_RESTORE_PROGRESS` or `CDB_OB_RESTORE_HISTORY`.
#[derive(Clone, Debug)]
pub struct RestoreJob {
    /// `JOB_ID`.
    pub id: JobId,
    /// The request.
    pub request: RestoreRequest,
    /// `RESTORE_TENANT_ID`, after the tenant exists.
    pub tenant: Option<TenantId>,
    /// `START_TIMESTAMP`.
    pub started_at: Scn,
    /// `FINISH_TIMESTAMP`.
    pub finished_at: Option<Scn>,
    /// Its stage.
    pub stage: RestoreStage,
    /// When the stage began.
    pub since: Scn,
    /// Its error code, 0 without an error.
    pub result: i64,
    /// `COMMENT`.
    pub comment: String,
    /// When the next stage begins.
    pub(super) due: Scn,
    /// Its future failure, and the stage.
    pub(super) doom: Option<RestoreDoom>,
}

/// A future failure of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreDoom {
    /// At the end of this stage.
    pub stage: RestoreStage,
    /// The negative code.
    pub code: i64,
    /// `COMMENT`.
    pub comment: String,
}

impl RestoreJob {
    pub(super) fn new(id: JobId, request: RestoreRequest, now: Scn) -> Self {
        Self {
            id,
            request,
            tenant: None,
            started_at: now,
            finished_at: None,
            stage: RestoreStage::CreateTenant,
            since: now,
            result: 0,
            comment: String::new(),
            due: Scn::NEVER,
            doom: None,
        }
    }

    /// Returns whether it failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.result != 0
    }

    /// Returns `STATUS` of the row of sys while the restore is in progress.
    #[must_use]
    pub fn sys_status(&self) -> &'static str {
        match self.stage {
            RestoreStage::CreateTenant | RestoreStage::CreateShell => "CREATE_TENANT",
            RestoreStage::Closing if self.has_failed() => "RESTORE_FAIL",
            RestoreStage::Closing => "RESTORE_SUCCESS",
            _ => "WAIT_TENANT_RESTORE_FINISH",
        }
    }

    /// Returns `STATUS` of the tenant's own row while it is in progress; `None` without a row.
    #[must_use]
    pub fn tenant_status(&self, version: Version) -> Option<&'static str> {
        // The view combines these stages since 4.1, and the wait for data since 4.2.1.
        let folded = version >= Version::V4_1;
        let data_folded = version >= Version::V4_2_1;
        Some(match self.stage {
            RestoreStage::CreateTenant | RestoreStage::CreateShell | RestoreStage::Closing => {
                return None;
            }
            RestoreStage::Upgrade => "UPGRADE",
            RestoreStage::Ended if self.has_failed() => "RESTORE_FAIL",
            RestoreStage::Ended => "RESTORE_SUCCESS",
            RestoreStage::ConsistentScn if !data_folded => {
                "PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN"
            }
            _ if folded => "RESTORING",
            RestoreStage::Pre => "RESTORE_PRE",
            RestoreStage::CreateInitLs => "RESTORE_CREATE_INIT_LS",
            RestoreStage::ConsistentScn => "PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN",
            RestoreStage::WaitLs => "RESTORE_WAIT_LS",
            RestoreStage::PostCheck => "POST_CHECK",
        })
    }

    /// Returns `TOTAL_BYTES`.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.request.sets.iter().map(|set| set.bytes).sum()
    }

    /// Returns how much of the data is read, 0 to 1.
    #[must_use]
    pub fn data_share(&self, now: Scn) -> f64 {
        self.share(RestoreStage::ConsistentScn, now)
    }

    /// Returns how much of the log is replayed, 0 to 1.
    #[must_use]
    pub fn log_share(&self, now: Scn) -> f64 {
        self.share(RestoreStage::WaitLs, now)
    }

    /// Returns `RECOVER_SCN`: how far the log is replayed.
    #[must_use]
    pub fn recovered(&self, now: Scn) -> Scn {
        let from = self
            .request
            .sets
            .last()
            .map_or(Scn::ZERO, |set| set.start_replay);
        from.plus(self.log_span().mul_f64(self.log_share(now)))
    }

    fn share(&self, of: RestoreStage, now: Scn) -> f64 {
        if self.stage != of {
            let past = self.stage > of && !self.has_failed();
            return if past { 1.0 } else { 0.0 };
        }
        let whole = self.due.since(self.since).as_secs_f64();
        (now.since(self.since).as_secs_f64() / whole.max(1e-9)).clamp(0.0, 0.99)
    }

    /// Enters a stage.
    pub(super) fn enter(&mut self, stage: RestoreStage, now: Scn, pace: &Pace) {
        self.stage = stage;
        self.since = now;
        self.due = now.plus(pace.scale(self.takes()));
    }

    pub(super) fn enter_next(&mut self, now: Scn, pace: &Pace) {
        self.enter(self.stage.next(), now, pace);
    }

    /// Returns how long the engine stays in the present stage.
    fn takes(&self) -> Duration {
        const STEP: Duration = Duration::from_secs(5);
        if self
            .doom
            .as_ref()
            .is_some_and(|doom| doom.stage == self.stage)
        {
            return STEP;
        }
        match self.stage {
            RestoreStage::CreateShell => STEP * 3,
            RestoreStage::ConsistentScn => {
                let rate = self.request.seed.tenant.backup_bytes_per_second.max(1);
                STEP * 2 + Duration::from_secs(self.bytes() / rate)
            }
            RestoreStage::WaitLs => STEP + self.log_span() / 60,
            _ => STEP,
        }
    }

    fn log_span(&self) -> Duration {
        let from = self
            .request
            .sets
            .last()
            .map_or(Scn::ZERO, |set| set.start_replay);
        self.request.scn.since(from)
    }
}

impl RestoreRequest {
    /// Returns `BACKUP_SET_LIST`.
    #[must_use]
    pub fn set_list(&self) -> String {
        let path = |set: &BackupSet| {
            let kind = match set.backup_type {
                BackupType::Full => "full",
                BackupType::Inc => "inc",
            };
            set.uri
                .stored_below(&format!("backup_set_{}_{kind}", set.id))
        };
        let paths: Vec<_> = self.sets.iter().map(path).collect();
        paths.join(",")
    }

    /// Returns `BACKUP_PIECE_LIST`.
    #[must_use]
    pub fn piece_list(&self) -> String {
        let path = |piece: &Piece| {
            let (dest, round, id) = (piece.dest, piece.round, piece.id);
            piece
                .uri
                .stored_below(&format!("piece_d{dest}r{round}p{id}"))
        };
        let paths: Vec<_> = self.pieces.iter().map(path).collect();
        paths.join(",")
    }
}
