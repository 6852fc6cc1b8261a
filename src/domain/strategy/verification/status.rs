//! Status of verifications: their results, and whether one is overdue.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};

use super::{ObservedVerification, is_wanted};
use crate::api::BackupStrategySpec;
use crate::api::condition::types::RESTORE_VERIFIED;
use crate::api::verification::{VerificationSettings, VerificationStatus, VerifiedTenant};
use crate::domain::condition::{DesiredCondition, Status, desired_condition};
use crate::domain::strategy::{Evaluation, MatchedTenants};
use crate::domain::{shortened, time};

/// Maximum number of tenants that the status names.
const MAX_VERIFICATIONS: usize = 100;
/// Longest message for each tenant, in bytes.
const TENANT_MESSAGE_LIMIT: usize = 256;
/// Hours per day.
const DAY: i64 = 24;
const PASSED: &str = "Passed";
const FAILED: &str = "Failed";

impl Evaluation<'_> {
    /// Records the results of the RecoveryTasks, which are deleted later.
    pub(super) fn record_verification(
        &mut self,
        settings: &VerificationSettings,
        matched: &MatchedTenants,
    ) {
        let verification = self.status.verification.get_or_insert_default();
        let running = self.observed.verifications.iter();
        let running = running.filter(|observed| observed.outcome.is_none());
        verification.running_task = running.map(|observed| observed.name.clone()).min();
        let mut ended: Vec<&ObservedVerification> = self.observed.verifications.iter().collect();
        ended.retain(|observed| observed.outcome.is_some() && observed.completed_at.is_some());
        ended.sort_by_key(|observed| observed.completed_at);
        for observed in ended {
            record(verification, observed);
        }
        // Without this, the results of a tenant that is no longer verified here would stay forever.
        let is_matched = |name: &str| {
            let mut eligible = matched.eligible.iter().map(|tenant| &tenant.name);
            let mut failing = matched.failing.iter().map(|tenant| &tenant.name);
            eligible.any(|covered| covered == name) || failing.any(|covered| covered == name)
        };
        verification
            .tenants
            .retain(|tenant| is_wanted(settings, &tenant.name) && is_matched(&tenant.name));
        verification.tenants.truncate(MAX_VERIFICATIONS);
    }

    /// Returns the condition RestoreVerified; `None` if verification is not configured.
    pub(in crate::domain::strategy) fn restore_verified(&self) -> Option<DesiredCondition> {
        let verification = self.status.verification.as_ref()?;
        if let Some(refused) = &self.verification_refused {
            let message = format!("`verification`: {}", refused.message);
            return Some(desired_condition(
                RESTORE_VERIFIED,
                false,
                refused.reason,
                message,
            ));
        }
        if let Some(message) = overdue(self.strategy.spec, verification, self.now)
            .ok()
            .flatten()
        {
            return Some(desired_condition(
                RESTORE_VERIFIED,
                false,
                "VerificationOverdue",
                message,
            ));
        }
        if let Some((tenant, message)) = failed(verification).next() {
            let message = format!("tenant {}: {message}", tenant.name);
            return Some(desired_condition(
                RESTORE_VERIFIED,
                false,
                "VerificationFailed",
                message,
            ));
        }
        let good = verification
            .tenants
            .iter()
            .find(|tenant| tenant.result == PASSED);
        Some(match good {
            Some(tenant) => desired_condition(
                RESTORE_VERIFIED,
                true,
                "Verified",
                format!(
                    "tenant {} was restored as of {} within {} s and has passed its checks",
                    tenant.name,
                    tenant.restore_time.as_deref().unwrap_or("its latest point"),
                    tenant.rto_seconds.unwrap_or_default()
                ),
            ),
            None => desired_condition(
                RESTORE_VERIFIED,
                Status::Unknown,
                "NotVerified",
                "no tenant has been verified yet",
            ),
        })
    }
}

/// Returns tenants whose last verification failed, and why.
pub(in crate::domain::strategy) fn failed(
    verification: &VerificationStatus,
) -> impl Iterator<Item = (&VerifiedTenant, String)> {
    let failed = verification
        .tenants
        .iter()
        .filter(|tenant| tenant.result == FAILED);
    failed.map(|tenant| {
        let why = tenant.message.as_deref().unwrap_or("see the task");
        let message = format!("RecoveryTask '{}' did not succeed: {why}", tenant.task_name);
        (tenant, message)
    })
}

/// Returns the message if no verification has succeeded for too long; otherwise when that becomes
/// true.
pub(in crate::domain::strategy) fn overdue(
    spec: &BackupStrategySpec,
    verification: &VerificationStatus,
    now: Timestamp,
) -> Result<Option<String>, Timestamp> {
    let Some(settings) = &spec.verification else {
        return Ok(None);
    };
    let last = verification.last_success_time.as_ref();
    let Some(since) = last.max(verification.since_time.as_ref()).map(|at| at.0) else {
        return Ok(None);
    };
    let days = settings.overdue_days;
    let limit = SignedDuration::from_hours(i64::from(days) * DAY);
    let due = since.saturating_add(limit).unwrap_or(Timestamp::MAX);
    if due > now {
        return Err(due);
    }
    let what = if last.is_some() {
        "no verification has succeeded since"
    } else {
        "no verification has ever succeeded, although tenants have been verified since"
    };
    Ok(Some(format!(
        "{what} {since}, for more than {days} days: see `status.verification` and the RecoveryTasks of \
         this strategy"
    )))
}

fn record(verification: &mut VerificationStatus, observed: &ObservedVerification) {
    let (Some(outcome), Some(ended_at)) = (&observed.outcome, observed.completed_at) else {
        return;
    };
    let why = observed.cause.as_ref().map(|cause| cause.reason.as_str());
    let result = match outcome.as_str() {
        "Completed" => PASSED,
        "Canceled" => "Canceled",
        // Other verifications ran for too long. That says nothing about the backups, and may become
        // overdue.
        _ if why == Some("NotAfterTimePassed") => "Missed",
        _ => FAILED,
    };
    let ended = time(ended_at);
    if verification
        .last_time
        .as_ref()
        .is_none_or(|last| *last <= ended)
    {
        verification.last_time = Some(ended.clone());
        verification.result = Some(result.to_owned());
        verification.tenant_name = Some(observed.tenant_name.clone());
        verification.task_name = Some(observed.name.clone());
        verification.rto_seconds = observed.rto_seconds;
        verification.restore_time.clone_from(&observed.restore_time);
    }
    if result == PASSED {
        verification.last_success_time = verification
            .last_success_time
            .take()
            .max(Some(ended.clone()));
    }
    if result != PASSED && result != FAILED {
        // The earlier result stays.
        return;
    }
    let message = observed.cause.as_ref().filter(|_| result != PASSED);
    let verified = VerifiedTenant {
        name: observed.tenant_name.clone(),
        task_name: observed.name.clone(),
        last_time: Some(ended.clone()),
        result: result.to_owned(),
        rto_seconds: observed.rto_seconds,
        restore_time: observed.restore_time.clone(),
        message: message.map(|cause| shortened(cause.message.clone(), TENANT_MESSAGE_LIMIT)),
    };
    let before = verification
        .tenants
        .iter()
        .find(|tenant| tenant.name == verified.name);
    if before.is_some_and(|before| before.last_time > verified.last_time) {
        return;
    }
    verification
        .tenants
        .retain(|tenant| tenant.name != verified.name);
    verification.tenants.push(verified);
    verification
        .tenants
        .sort_by_key(|tenant| Reverse(tenant.last_time.clone()));
}
