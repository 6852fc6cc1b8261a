//! Capabilities of the table that a run does not check.

use oceanbase_backup_operator::oceanbase::capability::{CAPABILITIES, Capability};

use super::report::Section;
use super::suite::{Suite, evidence_of};

impl Suite {
    /// Adds a line for each capability that the run does not check.
    pub(super) fn report_capabilities(&mut self) {
        self.begin(Section::Capabilities);
        for row in CAPABILITIES {
            if let Some(why) = why_not(row.capability) {
                let summary = row.summary;
                let has = if self.can(row.capability) {
                    format!("The release can do this: {summary}")
                } else {
                    format!("The release cannot do this: {summary}")
                };
                self.skip(has, why, evidence_of(row.capability));
            }
        }
    }
}

/// Returns why a run does not check a capability, or `None` if it does.
fn why_not(capability: Capability) -> Option<&'static str> {
    match capability {
        Capability::UpgradeModeCheck
        | Capability::IncrementalCompatibilityCheck
        | Capability::IncrementalBecomesFull => Some("it needs an upgrade of the cluster"),
        Capability::TenantUpgradeJob => Some("it needs backups of an older release"),
        Capability::SkippedTenantEndsJob => Some("it needs a tenant that cannot be backed up"),
        Capability::CosStorage | Capability::S3Storage | Capability::AddressingModel => {
            Some("only the storage of the run is used")
        }
        Capability::UpdateStorageKeys | Capability::StorageLimits => {
            Some("it needs an account of the tenant itself")
        }
        Capability::TenantBackup
        | Capability::TenantRole
        | Capability::PauseLogBackup
        | Capability::DeferredArchivelog
        | Capability::RestoreFailureReported
        | Capability::RestoreWaitsForTenant
        | Capability::PlusArchivelog
        | Capability::ArchiveLagTarget
        | Capability::TenantCompatible
        | Capability::CancelRestore
        | Capability::TableRecovery
        | Capability::QuotedRemap
        | Capability::BackupProgress
        | Capability::RestorePreview
        | Capability::RestoreProgress
        | Capability::ManualCleanup => None,
    }
}
