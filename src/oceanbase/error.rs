//! Error numbers of OceanBase V4 and their meaning for the status of a backup (`ob_errno.def`). The
//! server's text is never shown: it may quote the statement, and with it a key.

mod table;
#[cfg(test)]
mod tests;

use super::client::ServerError;
use super::model::{Failure, FailureClass, Privilege};

use FailureClass::{NotYet, Permanent, Unknown};

use table::{EXPLANATIONS, OF_ARCHIVING, OF_CHECKS, OF_POOLS, OF_RESTORES};
pub use table::{Explanation, TABLES};

/// Numbers of failed jobs that may succeed when they are retried, in addition to
/// [`FailureClass::NotYet`] and [`FailureClass::Unknown`]. Examples are a lost node, stopped log
/// archiving, slow compaction or an unresponsive storage. For a statement they differ: a
/// destination that the storage rejects now is wrong.
const TRANSIENT_JOB_ERRORS: [u16; 7] = [4554, 9029, 9086, 9003, 9060, 9105, 9129];

/// Explains an error number, in the form of the wire or negative as in a RESULT column.
#[must_use]
pub fn explain(code: i32) -> Failure {
    explain_by(&[EXPLANATIONS], code)
}

/// Explains an error number of a restore.
#[must_use]
pub fn explain_to_restore(code: i32) -> Failure {
    explain_by(&[OF_RESTORES, EXPLANATIONS], code)
}

/// Explains a number by the first table that contains it.
fn explain_by(tables: &[&[Explanation]], code: i32) -> Failure {
    let number = code.unsigned_abs();
    let entry = tables
        .iter()
        .copied()
        .flatten()
        .find(|entry| u32::from(entry.number) == number);
    let code = i32::try_from(number).map_or(i32::MIN, |number| -number);
    match entry {
        Some(entry) => Failure {
            code,
            reason: entry.reason,
            message: format!("{} (error {number}): {}", entry.what, entry.advice),
            class: entry.class,
            passing: matches!(entry.class, NotYet | Unknown)
                || TRANSIENT_JOB_ERRORS.contains(&entry.number),
        },
        None => Failure {
            code,
            reason: "DatabaseError",
            message: format!(
                "the database reports error {number}: find the number in OceanBase's list of errors"
            ),
            class: NotYet,
            passing: true,
        },
    }
}

/// `OB_ERR_NO_PRIVILEGE`: the account lacks a privilege, or does not belong to the sys tenant.
pub const MISSING_PRIVILEGE: u16 = 1227;

/// Explains error 1227 of a statement that needs this privilege. The text names a missing
/// privilege. If only the sys tenant may run the statement, the text is just `Access denied`.
#[must_use]
pub fn explain_missing(privilege: Privilege, error: &ServerError) -> Failure {
    let failure = explain(i32::from(error.code));
    if !error.text.contains("privilege") {
        return Failure {
            reason: "NotSysTenant",
            message:
                "only the sys tenant may run the statement (error 1227): use an account of sys in \
                 the cluster's Secret, such as `backup@sys`"
                    .to_owned(),
            ..failure
        };
    }
    Failure {
        message: format!(
            "the account lacks a privilege (error 1227): GRANT {privilege} to the account in the \
             cluster's Secret; docs/least-privilege.md lists all grants"
        ),
        ..failure
    }
}

/// Explains why the server rejected a statement.
#[must_use]
pub fn explain_refusal(error: &ServerError) -> Failure {
    let failure = explain(i32::from(error.code));
    // This number has many meanings. Only this text shows that waiting does not help.
    if error.code == 9040 && error.text.contains("cross compatible") {
        return Failure {
            reason: "IncrementalNotPossible",
            message: "the last full backup is from before the upgrade of the tenant, so no \
                      incremental backup can follow it (error 9040): create a full backup"
                .to_owned(),
            class: Permanent,
            passing: false,
            ..failure
        };
    }
    failure
}

/// Explains why the server rejected a statement of a restore, or a statement that accompanies it.
#[must_use]
pub fn explain_refusal_to_restore(error: &ServerError) -> Failure {
    let failure = explain_to_restore(i32::from(error.code));
    // This number has many meanings. Only these texts relate it to the state of the tenant.
    if error.code == 4179 && error.text.contains("existed tenant name") {
        return Failure {
            reason: "TenantExists",
            message:
                "a tenant of this name exists already (error 4179): choose another name for the \
                 new tenant"
                    .to_owned(),
            ..failure
        };
    }
    let is_version = error.text.contains("restore from") && error.text.contains("version");
    if error.code == 4179 && is_version {
        return Failure {
            reason: "VersionNotRestorable",
            message: "the target cannot restore backups of this version (error 4179): it is older \
                      than the backups, or the backups are of V4.0. Choose another target cluster"
                .to_owned(),
            ..failure
        };
    }
    if error.code == 4179 && error.text.contains("different tenants") {
        return Failure {
            reason: "SourceMismatch",
            message: "the directories of data and of logs contain backups of different tenants \
                      (error 4179): correct `dataPath` and `logPath` in a new RecoveryTask"
                .to_owned(),
            ..failure
        };
    }
    // The upgrade began after the operator's check. RESTORE and RECOVER TABLE of all releases
    // return this text.
    if error.code == 4179 && error.text.contains("upgrade mode") {
        return Failure {
            reason: "ClusterUpgrading",
            message: "the cluster is being upgraded (error 4179): no action is needed; the \
                      operator sends the statement again after the upgrade"
                .to_owned(),
            class: NotYet,
            passing: true,
            ..failure
        };
    }
    if error.code == 4179 && error.text.contains("not in restore") {
        return Failure {
            reason: "NotRestoring",
            message: "the tenant is not being restored (error 4179): no action is needed; the \
                      operator checks the outcome of the restore"
                .to_owned(),
            class: NotYet,
            passing: true,
            ..failure
        };
    }
    failure
}

/// Explains why the server rejected CREATE RESOURCE POOL.
#[must_use]
pub fn explain_refusal_of_pool(error: &ServerError) -> Failure {
    explain_by(
        &[OF_POOLS, OF_RESTORES, EXPLANATIONS],
        i32::from(error.code),
    )
}

/// Explains why the server rejected ARCHIVELOG or NOARCHIVELOG.
#[must_use]
pub fn explain_refusal_of_archiving(error: &ServerError) -> Failure {
    explain_by(&[OF_ARCHIVING, EXPLANATIONS], i32::from(error.code))
}

/// Explains why a restored tenant rejects a login or a query.
#[must_use]
pub fn explain_check(error: &ServerError) -> Failure {
    explain_by(&[OF_CHECKS, EXPLANATIONS], i32::from(error.code))
}
