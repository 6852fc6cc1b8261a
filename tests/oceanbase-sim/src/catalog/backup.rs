//! Views of data backup and storage.

use jiff::tz::TimeZone;

use super::cell::{
    bytes_display, compact_time, decimal2, int, on_off, scn, scn_display, signed, text, time,
    time_or_null, time_text,
};
use super::{Row, Sight};
use crate::model::{
    BackupSet, Job, JobStatus, Scn, SetStatus, StorageCheck, Task, Tenant, TenantId, data_progress,
    phase,
};
use crate::value::Value;
use crate::views::Version;

const MACRO_BLOCK: u64 = 2 << 20;

impl Sight<'_> {
    pub(super) fn backup_rows(&self, all: bool, stem: &str, view: &str) -> Option<Vec<Row<'_>>> {
        let (now, version) = (self.world.now(), self.world.version);
        let zone = self.server_time_zone;
        Some(match stem {
            "OB_BACKUP_JOBS" => self.jobs(all, view, false).map(job_row).collect(),
            "OB_BACKUP_JOB_HISTORY" => self.jobs(all, view, true).map(job_row).collect(),
            "OB_BACKUP_TASKS" => self
                .jobs(all, view, false)
                .filter_map(|(tenant, job)| task_row(tenant, job, now, version))
                .collect(),
            "OB_BACKUP_TASK_HISTORY" => self
                .jobs(all, view, true)
                .filter_map(|(tenant, job)| task_row(tenant, job, now, version))
                .collect(),
            "OB_BACKUP_SET_FILES" => {
                let shown: Vec<_> = self
                    .tenants(all)
                    .flat_map(|t| t.backups.sets.iter().map(move |set| (t.id, set)))
                    .filter(|(tenant, set)| self.shows(*tenant, view, set.started_at))
                    .collect();
                shown
                    .into_iter()
                    .map(|(tenant, set)| self.set_row(tenant, set))
                    .collect()
            }
            "OB_BACKUP_PARAMETER" => self.tenants(all).filter_map(parameter_row).collect(),
            "OB_BACKUP_STORAGE_INFO" => self
                .tenants(all)
                .flat_map(|tenant| tenant.checks.iter().map(storage_row(tenant.id, zone)))
                .collect(),
            "OB_BACKUP_STORAGE_INFO_HISTORY" => self
                .tenants(all)
                .flat_map(|tenant| tenant.past_checks.iter().map(storage_row(tenant.id, zone)))
                .collect(),
            _ => return None,
        })
    }

    /// Returns the jobs: in `CDB_` views sys first, in `DBA_` views of sys only sys.
    fn jobs(&self, all: bool, view: &str, history: bool) -> impl Iterator<Item = (TenantId, &Job)> {
        let sys = (self.tenant == TenantId::SYS).then_some(&self.world.parents);
        let parents = sys
            .into_iter()
            .flat_map(move |parents| {
                if history {
                    &parents.history
                } else {
                    &parents.jobs
                }
            })
            .map(|job| (TenantId::SYS, job));
        let children = self.tenants(all).flat_map(move |tenant| {
            let backups = &tenant.backups;
            let jobs = if history {
                &backups.history
            } else {
                &backups.jobs
            };
            jobs.iter().map(move |job| (tenant.id, job))
        });
        let view = view.to_owned();
        parents
            .chain(children)
            .filter(move |(tenant, job)| self.shows(*tenant, &view, job.started_at))
    }

    fn set_row<'a>(&'a self, tenant: TenantId, set: &'a BackupSet) -> Row<'a> {
        Row::new(tenant, move |column| match column {
            "BACKUP_SET_ID" => int(set.id.0),
            "DEST_ID" => int(set.dest.0),
            "BACKUP_TYPE" => text(set.backup_type.name()),
            "PREV_FULL_BACKUP_SET_ID" => int(set.prev_full.0),
            "PREV_INC_BACKUP_SET_ID" => int(set.prev_inc.0),
            "START_TIMESTAMP" => time(set.started_at),
            "END_TIMESTAMP" => time_or_null(set.ended_at),
            "STATUS" => text(set.status.name()),
            "FILE_STATUS" => text(set.file_status.name()),
            "ELAPSED_SECONDES" => Value::Decimal(elapsed(set).to_string()),
            "PLUS_ARCHIVELOG" => on_off(set.plus_archivelog),
            "START_REPLAY_SCN" => scn(set.start_replay),
            "START_REPLAY_SCN_DISPLAY" => scn_display(set.start_replay),
            "MIN_RESTORE_SCN" => scn(set.min_restore),
            "MIN_RESTORE_SCN_DISPLAY" => time_text(set.min_restore, self.server_time_zone),
            "CONSISTENT_SCN" => scn(if set.min_restore == Scn::ZERO {
                Scn::ZERO
            } else {
                set.started_at
            }),
            "RESULT" => signed(set.result),
            "COMMENT" => text(set.comment.clone()),
            "ENCRYPTION_MODE" => encryption_mode(&set.passwd),
            "PASSWD" => text(set.passwd.clone()),
            "TENANT_COMPATIBLE" => text(set.compatible.to_string()),
            "BACKUP_COMPATIBLE" => int(3),
            "PATH" => text(set.uri.path()),
            "CLUSTER_VERSION" => text(set.version.to_string()),
            _ => {
                let share = if set.status == SetStatus::Success {
                    1.0
                } else {
                    0.0
                };
                work_cell(
                    set.bytes,
                    share,
                    set.ended_at.map(|end| (set.started_at, end)),
                    column,
                )
            }
        })
    }
}

fn elapsed(set: &BackupSet) -> u64 {
    set.ended_at
        .map_or(0, |end| end.since(set.started_at).as_secs())
}

fn encryption_mode(passwd: &str) -> Value {
    text(if passwd.is_empty() {
        "NONE"
    } else {
        "PASSWORD"
    })
}

fn job_row((tenant, job): (TenantId, &Job)) -> Row<'_> {
    Row::new(tenant, move |column| match column {
        "JOB_ID" => int(job.id.0),
        "INCARNATION" => int(1),
        "BACKUP_SET_ID" => int(job.set.0),
        "INITIATOR_TENANT_ID" => int(job.initiator.0),
        "INITIATOR_JOB_ID" => int(job.initiator_job.0),
        "EXECUTOR_TENANT_ID" => {
            let ids: Vec<_> = job.executors.iter().map(ToString::to_string).collect();
            text(ids.join(","))
        }
        "PLUS_ARCHIVELOG" => on_off(job.plus_archivelog),
        "BACKUP_TYPE" => text(job.backup_type.name()),
        "JOB_LEVEL" => text(job.level.name()),
        "ENCRYPTION_MODE" => encryption_mode(&job.passwd),
        "PASSWD" => text(job.passwd.clone()),
        "START_TIMESTAMP" => time(job.started_at),
        "END_TIMESTAMP" => time_or_null(job.ended_at),
        "STATUS" => text(job.status.name()),
        "RESULT" => signed(job.result),
        "COMMENT" => text(job.comment.clone()),
        "DESCRIPTION" => text(job.description.clone()),
        "PATH" => text(job.path()),
        _ => Value::Null,
    })
}

fn task_row(tenant: TenantId, job: &Job, now: Scn, version: Version) -> Option<Row<'_>> {
    let task: &Task = job.task.as_ref()?;
    let progress = job.progress(now);
    let share = if job.status == JobStatus::Completed {
        1.0
    } else {
        data_progress(progress)
    };
    Some(Row::new(tenant, move |column| match column {
        "TASK_ID" => int(task.id.0),
        "JOB_ID" => int(job.id.0),
        "BACKUP_SET_ID" => int(job.set.0),
        "START_TIMESTAMP" => time(job.started_at),
        "END_TIMESTAMP" => time_or_null(job.ended_at),
        "STATUS" => text(match job.status {
            JobStatus::Doing => phase(version, progress),
            other => other.name(),
        }),
        "START_SCN" => scn(task.began_at),
        "END_SCN" => {
            let completed = job.ended_at.filter(|_| job.status == JobStatus::Completed);
            scn(completed.unwrap_or_default())
        }
        "USER_LS_START_SCN" => scn(if share > 0.0 {
            task.began_at
        } else {
            Scn::ZERO
        }),
        "ENCRYPTION_MODE" => encryption_mode(&job.passwd),
        "PASSWD" => text(job.passwd.clone()),
        "RESULT" => signed(job.result),
        "COMMENT" => text(job.comment.clone()),
        "PATH" => text(job.path()),
        "DATA_PROGRESS" => {
            #[allow(clippy::cast_precision_loss)] // two decimals are shown
            let (done, total) = (
                part(macro_blocks(task.bytes), share) as f64,
                macro_blocks(task.bytes) as f64,
            );
            decimal2(done / total * 100.0)
        }
        "LOG_PROGRESS" => decimal2(0.0),
        "LOG_FILE_COUNT" | "FINISH_LOG_FILE_COUNT" => int(0),
        _ => work_cell(
            task.bytes,
            share,
            job.ended_at.map(|end| (task.began_at, end)),
            column,
        ),
    }))
}

/// Returns a column about progress and size, common to tasks and sets.
fn work_cell(bytes: u64, share: f64, span: Option<(Scn, Scn)>, column: &str) -> Value {
    let tablets = 500 + bytes / (256 << 20);
    let blocks = macro_blocks(bytes);
    match column {
        "INCARNATION" | "META_TURN_ID" | "DATA_TURN_ID" | "MINOR_TURN_ID" | "MAJOR_TURN_ID" => {
            int(1)
        }
        "INPUT_BYTES" | "OUTPUT_BYTES" => int(part(bytes, share)),
        "OUTPUT_RATE_BYTES" => {
            let rate = span.map_or(0.0, |(from, to)| {
                #[allow(clippy::cast_precision_loss)] // four decimals are shown
                let bytes = part(bytes, share) as f64;
                bytes / to.since(from).as_secs_f64().max(0.001)
            });
            Value::Decimal(format!("{rate:.4}"))
        }
        "EXTRA_META_BYTES" => int(tablets * 4096),
        "TABLET_COUNT" => int(tablets),
        "FINISH_TABLET_COUNT" => int(part(tablets, share)),
        "MACRO_BLOCK_COUNT" => int(blocks),
        "FINISH_MACRO_BLOCK_COUNT" => int(part(blocks, share)),
        "FILE_COUNT" => int(part(bytes / (4 << 30) + 12, share)),
        _ => Value::Null,
    }
}

fn macro_blocks(bytes: u64) -> u64 {
    (bytes / MACRO_BLOCK).max(1)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)] // a share of a count, 0 to 1
fn part(whole: u64, share: f64) -> u64 {
    if share >= 1.0 {
        whole
    } else {
        (whole as f64 * share) as u64
    }
}

fn parameter_row(tenant: &Tenant) -> Option<Row<'_>> {
    let dest = tenant.data_dest.as_ref()?;
    Some(Row::new(tenant.id, move |column| match column {
        "NAME" => text("data_backup_dest"),
        "VALUE" => text(dest.uri.stored()),
        _ => Value::Null,
    }))
}

/// `PATH` is the root; the endpoint is a column of its own.
fn storage_row<'a>(tenant: TenantId, zone: &'a TimeZone) -> impl Fn(&'a StorageCheck) -> Row<'a> {
    move |check| {
        let uri = &check.uri;
        Row::new(tenant, move |column| match column {
            "PATH" => text(uri.root.clone()),
            "ENDPOINT" => text(uri.host()),
            "DEST_ID" => int(check.id.0),
            "DEST_TYPE" => text(check.purpose.name()),
            "AUTHORIZATION" => text(uri.authorization()),
            "EXTENSION" => text(uri.extension()),
            "CHECK_FILE_NAME" => {
                let at = compact_time(check.checked_at, zone);
                text(format!("{tenant}_connect_file_{at}.obbak"))
            }
            "LAST_CHECK_TIMESTAMP" => time(check.checked_at),
            "MAX_IOPS" => int(uri.limit("max_iops").map_or(0, amount)),
            "MAX_BANDWIDTH" => int(uri.limit("max_bandwidth").map_or(0, amount)),
            "MAX_BANDWIDTH_DISPLAY" => match uri.limit("max_bandwidth").map_or(0, amount) {
                0 => text("UNLIMITED"),
                bytes => bandwidth(bytes),
            },
            _ => Value::Null,
        })
    }
}

/// `20`, `10M`, `10MB`, `1G`; 0 is no limit.
fn amount(limit: &str) -> u64 {
    let unit = limit.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let digits = limit.strip_suffix(unit).unwrap_or_default();
    let shift = match unit
        .chars()
        .next()
        .map(|letter| letter.to_ascii_uppercase())
    {
        Some('K') => 10,
        Some('M') => 20,
        Some('G') => 30,
        Some('T') => 40,
        _ => 0,
    };
    digits.parse::<u64>().unwrap_or_default() << shift
}

fn bandwidth(bytes: u64) -> Value {
    match bytes_display(bytes) {
        Value::Text(shown) => text(format!("{shown}/s")),
        other => other,
    }
}
