//! The initial history of a scenario.

use super::{
    BackupSet, BackupType, FileStatus, Job, JobId, JobLevel, JobStatus, RoundStatus, Scn, SetId,
    SetStatus, Task, TenantId, World,
};

/// A finished backup.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the fields of [`Job`] and [`BackupSet`]
pub struct PastBackup {
    pub backup_type: BackupType,
    pub started_at: Scn,
    pub ended_at: Scn,
    pub bytes: u64,
    pub result: i64,
    pub deleted: bool,
    pub description: String,
    pub passwd: String,
    pub plus_archivelog: bool,
}

impl World {
    /// Simulates a round of the past at the tenant's destination.
    pub(crate) fn place_round(&mut self, id: TenantId, from: Scn, until: Scn, then: RoundStatus) {
        for tenant in self.tenants.iter_mut().filter(|tenant| tenant.id == id) {
            if let Some(dest) = &tenant.archive_dest {
                tenant
                    .archive
                    .replay(dest, from, until, then, tenant.log_bytes_per_second);
            }
        }
    }

    /// Deletes the files of pieces that ended before this instant.
    pub(crate) fn mark_pieces_deleted(&mut self, id: TenantId, before: Scn) {
        for tenant in self.tenants.iter_mut().filter(|tenant| tenant.id == id) {
            let old = tenant
                .archive
                .pieces
                .iter_mut()
                .filter(|piece| piece.end <= before);
            old.for_each(|piece| piece.file_status = FileStatus::Deleted);
        }
    }

    /// Adds job, task and set of a finished backup. Returns false without a destination, or if it
    /// began before the previous one.
    pub(crate) fn place_backup(&mut self, id: TenantId, past: PastBackup) -> bool {
        let version = self.version;
        let Some(tenant) = self.tenants.iter_mut().find(|tenant| tenant.id == id) else {
            return false;
        };
        let Some(dest) = tenant.data_dest.clone() else {
            return false;
        };
        let backups = &mut tenant.backups;
        if backups
            .sets
            .last()
            .is_some_and(|last| last.started_at > past.started_at)
        {
            return false;
        }
        backups.last_job = backups.last_job.next();
        backups.last_set = backups.last_set.next();
        backups.last_task = backups.last_task.next();
        let base = match past.backup_type {
            BackupType::Full => None,
            BackupType::Inc => backups.base(&dest).cloned(),
        };
        let succeeded = past.result == 0;
        let set = BackupSet {
            id: backups.last_set,
            dest: dest.id,
            backup_type: if base.is_some() {
                BackupType::Inc
            } else {
                BackupType::Full
            },
            prev_full: base.as_ref().map_or(SetId(0), BackupSet::full),
            prev_inc: base.as_ref().map_or(SetId(0), |base| base.id),
            started_at: past.started_at,
            ended_at: Some(past.ended_at),
            status: if succeeded {
                SetStatus::Success
            } else {
                SetStatus::Failed
            },
            file_status: match (past.deleted, succeeded) {
                (true, _) => FileStatus::Deleted,
                (false, true) => FileStatus::Available,
                (false, false) => FileStatus::Incomplete,
            },
            plus_archivelog: past.plus_archivelog,
            start_replay: if succeeded {
                past.started_at
            } else {
                Scn::ZERO
            },
            min_restore: if succeeded { past.ended_at } else { Scn::ZERO },
            bytes: past.bytes,
            result: past.result,
            comment: String::new(),
            passwd: past.passwd.clone(),
            compatible: tenant.compatible,
            version,
            uri: dest.uri.clone(),
        };
        backups.history.push(Job {
            id: backups.last_job,
            set: set.id,
            initiator: id,
            initiator_job: JobId(0),
            executors: vec![id],
            plus_archivelog: past.plus_archivelog,
            backup_type: set.backup_type,
            level: JobLevel::UserTenant,
            passwd: past.passwd,
            started_at: past.started_at,
            ended_at: Some(past.ended_at),
            status: if succeeded {
                JobStatus::Completed
            } else {
                JobStatus::Failed
            },
            result: past.result,
            comment: String::new(),
            description: past.description,
            dest: Some(dest),
            task: Some(Task {
                id: backups.last_task,
                began_at: past.started_at,
                work: past.ended_at.since(past.started_at),
                replay_from: past.started_at,
                bytes: past.bytes,
            }),
            due: Scn::NEVER,
            held_at: None,
            failure: None,
            retries: 0,
            versions: None,
        });
        backups.sets.push(set);
        true
    }
}
