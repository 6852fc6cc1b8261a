//! Views of restores: each has a row in sys and a row in the tenant.

use super::cell::{bytes_display, decimal2, int, scn, scn_display, text, time, time_or_null};
use super::{Row, Sight};
use crate::model::{RestoreJob, RestoreStage, TenantId};
use crate::value::Value;
use crate::views::Version;

impl Sight<'_> {
    pub(super) fn restore_rows(&self, all: bool, stem: &str, view: &str) -> Option<Vec<Row<'_>>> {
        Some(match stem {
            "OB_RESTORE_PROGRESS" => {
                let jobs = self.world.restores.jobs.iter();
                let pairs = jobs.flat_map(|job| self.progress_pairs(job));
                pairs
                    .filter(|(tenant, job, _)| self.sees(all, *tenant, view, job.started_at))
                    .map(|(tenant, job, status)| self.progress_row(tenant, job, status))
                    .collect()
            }
            "OB_RESTORE_HISTORY" => self
                .history_pairs()
                .filter(|(tenant, job)| {
                    let born_at = job.finished_at.unwrap_or(job.started_at);
                    self.sees(all, *tenant, view, born_at)
                })
                .map(|(tenant, job)| history_row(tenant, job))
                .collect(),
            "OB_LOG_RESTORE_SOURCE" => self
                .tenants(all)
                .filter_map(|tenant| {
                    let source = tenant.restore_source.as_ref()?;
                    Some(Row::new(tenant.id, move |column| match column {
                        "ID" => int(1),
                        "TYPE" if source.starts_with("SERVICE") => text("SERVICE"),
                        "TYPE" => text("LOCATION"),
                        "VALUE" => text(source.clone()),
                        "RECOVERY_UNTIL_SCN" => scn(tenant.standby.until),
                        _ => Value::Null,
                    }))
                })
                .collect(),
            _ => return None,
        })
    }

    /// Returns whether the session may read a row of the tenant, and whether it is shown yet.
    pub(super) fn sees(
        &self,
        all: bool,
        tenant: TenantId,
        view: &str,
        born_at: crate::model::Scn,
    ) -> bool {
        (all || tenant == self.tenant) && self.shows(tenant, view, born_at)
    }

    /// Returns the row of sys, then the tenant's own. The first release has only the row of sys,
    /// with the tenant's state in it.
    fn progress_pairs<'a>(
        &self,
        job: &'a RestoreJob,
    ) -> Vec<(TenantId, &'a RestoreJob, &'static str)> {
        let version = self.world.version;
        let own = job.tenant_status(version);
        if version < Version::V4_1 {
            let status = own.unwrap_or_else(|| job.sys_status());
            return vec![(TenantId::SYS, job, status)];
        }
        let mut pairs = vec![(TenantId::SYS, job, job.sys_status())];
        if let (Some(tenant), Some(status)) = (job.tenant, own) {
            pairs.push((tenant, job, status));
        }
        pairs
    }

    /// Returns finished jobs. The tenant's own row enters its history one step before that of sys,
    /// and is dropped with the tenant.
    fn history_pairs(&self) -> impl Iterator<Item = (TenantId, &RestoreJob)> {
        let restores = &self.world.restores;
        let since_4_1 = self.world.version >= Version::V4_1;
        let sys = restores.history.iter().map(|job| (TenantId::SYS, job));
        let closing = |job: &&RestoreJob| job.stage == RestoreStage::Closing;
        let ended = restores.history.iter();
        let ended = ended.chain(restores.jobs.iter().filter(closing));
        let own = ended
            .filter_map(|job| job.tenant.map(|tenant| (tenant, job)))
            .filter(move |(tenant, _)| since_4_1 && self.world.tenant_by_id(*tenant).is_some());
        sys.chain(own)
    }

    fn progress_row<'a>(
        &'a self,
        tenant: TenantId,
        job: &'a RestoreJob,
        status: &'static str,
    ) -> Row<'a> {
        let now = self.world.now();
        // Figures are in the tenant's own row; the first release has only the row of sys for them.
        let counts = tenant != TenantId::SYS || self.world.version < Version::V4_1;
        let request = &job.request;
        Row::new(tenant, move |column| match column {
            "RESTORE_TENANT_ID" => text(
                job.tenant
                    .map_or_else(String::new, |tenant| tenant.to_string()),
            ),
            "BACKUP_TENANT_ID" => text(request.origin.tenant.to_string()),
            "RESTORE_SCN" => text(request.scn.to_string()),
            "RESTORE_SCN_DISPLAY" => scn_display(request.scn),
            "STATUS" => text(status),
            "START_TIMESTAMP" => time(job.started_at),
            // The job writes them after its tenant exists.
            "BACKUP_SET_LIST" | "BACKUP_PIECE_LIST" if job.tenant.is_none() => text(""),
            "BACKUP_SET_LIST" => text(request.set_list()),
            "BACKUP_PIECE_LIST" => text(request.piece_list()),
            _ if !counts && is_figure(column) => Value::Null,
            "RECOVER_SCN" => scn(job.recovered(now)),
            "RECOVER_SCN_DISPLAY" => scn_display(job.recovered(now)),
            "RECOVER_PROGRESS" => decimal2(job.log_share(now) * 100.0),
            "RESTORE_PROGRESS" => decimal2(job.data_share(now) * 100.0),
            _ => amount(job, job.data_share(now), column).unwrap_or_else(|| common(job, column)),
        })
    }
}

fn is_figure(column: &str) -> bool {
    column.starts_with("RECOVER_")
        || column.starts_with("TOTAL_")
        || column.starts_with("FINISH_")
        || matches!(column, "TABLET_COUNT" | "RESTORE_PROGRESS")
}

fn history_row(tenant: TenantId, job: &RestoreJob) -> Row<'_> {
    let share = if job.has_failed() { 0.0 } else { 1.0 };
    let request = &job.request;
    Row::new(tenant, move |column| match column {
        "RESTORE_TENANT_ID" => int(job.tenant.unwrap_or(TenantId(0)).0),
        "BACKUP_TENANT_ID" => int(request.origin.tenant.0),
        "RESTORE_SCN" => scn(request.scn),
        "RESTORE_SCN_DISPLAY" => scn_display(request.scn),
        "START_TIMESTAMP" => time(job.started_at),
        "FINISH_TIMESTAMP" => time_or_null(job.finished_at),
        "STATUS" => text(if job.has_failed() { "FAIL" } else { "SUCCESS" }),
        "BACKUP_PIECE_LIST" => text(request.piece_list()),
        "BACKUP_SET_LIST" => text(request.set_list()),
        "BACKUP_CLUSTER_VERSION" => int(number(request.origin.cluster_version)),
        "LS_COUNT" => int(2),
        "FINISH_LS_COUNT" => int(if job.has_failed() { 0 } else { 2 }),
        "COMMENT" => text(job.comment.clone()),
        _ => amount(job, share, column).unwrap_or_else(|| common(job, column)),
    })
}

fn common(job: &RestoreJob, column: &str) -> Value {
    let request = &job.request;
    match column {
        "JOB_ID" => int(job.id.0),
        "RESTORE_TENANT_NAME" => text(request.tenant_name.clone()),
        "BACKUP_TENANT_NAME" => text(request.origin.tenant_name.clone()),
        "BACKUP_CLUSTER_NAME" => text(request.origin.cluster_name.clone()),
        "BACKUP_DEST" => text(request.backup_dest.clone()),
        "RESTORE_OPTION" => text(request.option.clone()),
        "RESTORE_TYPE" if request.option.contains("method=quick") => text("QUICK"),
        "RESTORE_TYPE" => text("FULL"),
        "DESCRIPTION" => text(request.description.clone()),
        _ => Value::Null,
    }
}

/// Returns the total amount, and how much of it is done.
fn amount(job: &RestoreJob, share: f64, column: &str) -> Option<Value> {
    let bytes = job.bytes();
    let tablets = 500 + bytes / (256 << 20);
    let done = |whole: u64| {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a share of a count, 0 to 1"
        )]
        let part = (whole as f64 * share) as u64;
        if share >= 1.0 { whole } else { part }
    };
    Some(match column {
        "TABLET_COUNT" => int(tablets),
        "FINISH_TABLET_COUNT" => int(done(tablets)),
        "TOTAL_BYTES" => int(bytes),
        "TOTAL_BYTES_DISPLAY" => bytes_display(bytes),
        "FINISH_BYTES" => int(done(bytes)),
        "FINISH_BYTES_DISPLAY" => bytes_display(done(bytes)),
        _ => return None,
    })
}

/// Returns a version as the engine packs it into a number.
fn number(Version([major, minor, patch, build]): Version) -> u64 {
    u64::from(major) << 32 | u64::from(minor) << 16 | u64::from(patch) << 8 | u64::from(build)
}
