//! Strategies with options for obstacles.

use std::time::Duration;

use oceanbase_sim::statement::Kind;

use super::everyday::STRATEGY;
use super::{Action, Workload, edit, minutes};
use crate::oracle::RESTORE_PASSWORD;

/// The strategy with these lines in its spec.
pub(super) fn strategy(lines: &[&str]) -> Action {
    let has_retention = lines.iter().any(|line| line.starts_with("retention:"));
    let base = if has_retention {
        STRATEGY.replace("  retention: {policy: Unmanaged}\n", "")
    } else {
        STRATEGY.to_owned()
    };
    let spec = lines
        .iter()
        .fold(base, |spec, line| spec + "  " + line + "\n");
    Action::Apply(spec)
}

const SLOTS: [&str; 2] = ["2026-11-20T02:00:00Z", "2026-11-20T02:10:00Z"];

impl Workload {
    /// A backup fails for a temporary reason and is retried.
    pub(super) fn retry() -> Self {
        let mut retry = Self::new("retry", &["orders"]);
        retry.slots = SLOTS.to_vec();
        let limit = "dataBackup: {retry: {limit: 2, backoffSeconds: 60}}";
        retry
            .at(Duration::ZERO, strategy(&[limit]))
            .at(minutes(4), Action::Database("failBackup: {tenant: orders}"))
    }

    /// Sys forwards a backup to the tenant some time after its answer, and ignores a refusal there.
    pub(super) fn later() -> Self {
        let mut later = Self::new("later", &["orders"]);
        later.slots = SLOTS.to_vec();
        later.scenario.push_str("childRows: Later\n");
        // Time for the row of the tenant to appear, and for a retry.
        later.patience = minutes(6);
        let limit = "dataBackup: {retry: {limit: 2, backoffSeconds: 60}}";
        later.at(Duration::ZERO, strategy(&[limit]))
    }

    /// Archiving breaks between two slots: a new round and a full backup follow.
    pub(super) fn heal() -> Self {
        let mut heal = Self::new("heal", &["orders"]);
        heal.slots = SLOTS.to_vec();
        heal.at(Duration::ZERO, strategy(&[])).at(
            minutes(8),
            Action::Database("interruptArchive: {tenant: orders}"),
        )
    }

    /// One blackout window postpones the full slot, and another skips the incremental slot.
    pub(super) fn blackout() -> Self {
        let mut blackout = Self::new("blackout", &["orders"]);
        blackout.slots = SLOTS.to_vec();
        let windows = "'10 2 * * *'}, blackoutWindows: [\
                       {start: '01:58', end: '02:04', action: Postpone}, \
                       {start: '02:09', end: '02:12', action: Skip}]}";
        let with_windows = STRATEGY.replace("'10 2 * * *'}}", windows);
        blackout.at(Duration::ZERO, Action::Apply(with_windows))
    }

    /// Logs are archived around data backups only.
    pub(super) fn around() -> Self {
        let mut around = Self::new("around", &["orders"]);
        around.slots = SLOTS.to_vec();
        around.is_around = true;
        around.allowed.push(Kind::NoArchiveLog);
        let mode = "logBackup: {mode: AroundDataBackup}";
        around.at(Duration::ZERO, strategy(&[mode]))
    }

    /// A strategy with a recovery window, which is edited. At its deletion the strategy ends what
    /// it began.
    pub(super) fn farewell() -> Self {
        let mut farewell = Self::new("farewell", &["orders", "billing"]);
        farewell.allowed.extend([
            Kind::NoArchiveLog,
            Kind::AddDeletePolicy,
            Kind::DropDeletePolicy,
        ]);
        let keeps = "retention: {policy: RecoveryWindow, recoveryWindowDays: 7}";
        let stops = "deletionPolicy: Stop";
        farewell
            .at(Duration::ZERO, strategy(&[keeps, stops]))
            .at(
                minutes(2),
                edit(
                    "backupstrategies",
                    "nightly",
                    "spec: {retention: {recoveryWindowDays: 30}}",
                ),
            )
            .at(
                // A backup that an upgrade ended was retried by then.
                minutes(14),
                Action::Delete {
                    plural: "backupstrategies",
                    name: "nightly",
                },
            )
    }

    /// Backups that can only be restored with a password.
    pub(super) fn sealed() -> Self {
        let mut sealed = Self::new("sealed", &["orders"]);
        sealed.slots = SLOTS.to_vec();
        let secret = format!(
            "
apiVersion: v1
kind: Secret
metadata: {{name: restore}}
stringData: {{password: {RESTORE_PASSWORD}}}
"
        );
        let password = "dataBackup: {restorePasswordSecretRef: {name: restore}}";
        sealed
            .at(Duration::ZERO, Action::Apply(secret))
            .at(Duration::ZERO, strategy(&[password]))
    }
}
