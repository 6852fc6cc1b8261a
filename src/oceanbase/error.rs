//! Error numbers of OceanBase V4 and what they mean to whoever reads a backup's status
//! (`ob_errno.def`). The server's own text is never passed on: it may quote the statement, and
//! with it a key.

mod page;
mod table;

use super::client::ServerError;
use super::model::{Failure, FailureClass, Privilege};

use FailureClass::{NotYet, Permanent, Unknown};

pub use page::page;
use table::{EXPLANATIONS, OF_ARCHIVING, OF_CHECKS, OF_POOLS, OF_RESTORES};
pub use table::{Explanation, TABLES};

/// Numbers of failed jobs that pass by themselves, beside those that [`FailureClass::NotYet`] and
/// [`FailureClass::Unknown`] say so of: a node was lost, log archiving did not run, compaction was
/// slow, a store did not answer. For a statement they are another matter: a destination that the
/// store refuses now is wrong.
const PASSING: [u16; 7] = [4554, 9029, 9086, 9003, 9060, 9105, 9129];

/// Explains an error number: as it is on the wire, or negative as in a RESULT column.
#[must_use]
pub fn explain(code: i32) -> Failure {
    explain_by(&[EXPLANATIONS], code)
}

/// The same, to whoever restores.
#[must_use]
pub fn explain_to_restore(code: i32) -> Failure {
    explain_by(&[OF_RESTORES, EXPLANATIONS], code)
}

/// Explains a number by the first table that has it.
fn explain_by(tables: &[&[Explanation]], code: i32) -> Failure {
    let number = code.unsigned_abs();
    let known = tables
        .iter()
        .copied()
        .flatten()
        .find(|known| u32::from(known.number) == number);
    let code = i32::try_from(number).map_or(i32::MIN, |number| -number);
    match known {
        Some(known) => Failure {
            code,
            reason: known.reason,
            message: format!("{} (error {number}): {}", known.what, known.advice),
            class: known.class,
            passing: matches!(known.class, NotYet | Unknown) || PASSING.contains(&known.number),
        },
        None => Failure {
            code,
            reason: "DatabaseError",
            message: format!(
                "the database reports error {number}: look it up in OceanBase's list of errors"
            ),
            class: NotYet,
            passing: true,
        },
    }
}

/// `OB_ERR_NO_PRIVILEGE`: the account lacks a privilege, or its tenant is not sys.
pub const MISSING_PRIVILEGE: u16 = 1227;

/// Explains 1227 of a statement that needs this privilege. The text names a privilege where one is
/// missing; where only the sys tenant may run the statement, it is `Access denied` alone.
#[must_use]
pub fn explain_missing(privilege: Privilege, error: &ServerError) -> Failure {
    let known = explain(i32::from(error.code));
    if !error.text.contains("privilege") {
        return Failure {
            reason: "NotSysTenant",
            message:
                "only the sys tenant may run the statement (error 1227): use an account of sys in \
                      the cluster's Secret, such as `backup@sys`"
                    .to_owned(),
            ..known
        };
    }
    Failure {
        message: format!(
            "the account lacks a privilege (error 1227): GRANT {privilege} to the account in the \
             cluster's Secret; docs/least-privilege.md lists all grants"
        ),
        ..known
    }
}

/// Explains a refusal by the server.
#[must_use]
pub fn explain_refusal(error: &ServerError) -> Failure {
    let known = explain(i32::from(error.code));
    // One number for a good deal: only this text says that waiting does not help.
    if error.code == 9040 && error.text.contains("cross compatible") {
        return Failure {
            reason: "IncrementalNotPossible",
            message: "the last full backup was made before the tenant was upgraded, and no \
                      incremental one can stand on it (error 9040): make a full backup"
                .to_owned(),
            class: Permanent,
            passing: false,
            ..known
        };
    }
    known
}

/// Explains a refusal of a statement that restores, or of what goes with it.
#[must_use]
pub fn explain_refusal_to_restore(error: &ServerError) -> Failure {
    let known = explain_to_restore(i32::from(error.code));
    // One number for a good deal: only these texts tell what the tenant's state has to do with it.
    if error.code == 4179 && error.text.contains("existed tenant name") {
        return Failure {
            reason: "TenantExists",
            message:
                "there is a tenant of this name already (error 4179): choose another name for \
                      the new tenant"
                    .to_owned(),
            ..known
        };
    }
    let is_version = error.text.contains("restore from") && error.text.contains("version");
    if error.code == 4179 && is_version {
        return Failure {
            reason: "VersionNotRestorable",
            message: "the backups are of a version that the target does not restore: an older target \
                      takes none of a newer version, and none of V4.0 can be restored to a later one \
                      (error 4179): choose another target cluster"
                .to_owned(),
            ..known
        };
    }
    if error.code == 4179 && error.text.contains("different tenants") {
        return Failure {
            reason: "SourcesDoNotMatch",
            message: "the directories of data and of logs hold backups of different tenants \
                      (error 4179): correct `dataPath` and `logPath` in a new RecoveryTask"
                .to_owned(),
            ..known
        };
    }
    if error.code == 4179 && error.text.contains("not in restore") {
        return Failure {
            reason: "NotRestoring",
            message: "the tenant is not being restored (error 4179): nothing; the operator looks \
                      what became of the restore"
                .to_owned(),
            class: NotYet,
            passing: true,
            ..known
        };
    }
    known
}

/// Explains a refusal of CREATE RESOURCE POOL.
#[must_use]
pub fn explain_refusal_of_pool(error: &ServerError) -> Failure {
    explain_by(
        &[OF_POOLS, OF_RESTORES, EXPLANATIONS],
        i32::from(error.code),
    )
}

/// Explains a refusal of ARCHIVELOG or NOARCHIVELOG.
#[must_use]
pub fn explain_refusal_of_archiving(error: &ServerError) -> Failure {
    explain_by(&[OF_ARCHIVING, EXPLANATIONS], i32::from(error.code))
}

/// Explains why a restored tenant refuses a login or a question.
#[must_use]
pub fn explain_check(error: &ServerError) -> Failure {
    explain_by(&[OF_CHECKS, EXPLANATIONS], i32::from(error.code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_explained_alike_from_the_wire_and_from_a_result_column() {
        assert_eq!(explain(9029), explain(-9029));
        assert_eq!(explain(9029).code, -9029);
    }

    #[test]
    fn an_incremental_backup_over_an_upgrade_is_not_tried_again() {
        let said = |text: &str| {
            explain_refusal(&ServerError {
                code: 9040,
                text: text.to_owned(),
            })
        };
        let upgraded = said(
            "cross compatible incremental backup is not supported, previous backup set compatible \
             is 4.2.1.0, current compatible is 4.3.5.2",
        );
        assert_eq!(upgraded.class, Permanent);
        assert!(!upgraded.message.contains("4.2.1.0"), "{upgraded:?}");
        assert_eq!(said("log archive is not doing").class, NotYet);
    }

    #[test]
    fn archiving_that_v4_0_does_not_change_is_looked_at_again() {
        let refused = |code| {
            explain_refusal_of_archiving(&ServerError {
                code,
                text: "not supported".to_owned(),
            })
        };
        let plain = refused(1235);
        assert_eq!(
            (plain.reason, plain.class, plain.passing),
            ("ArchivingNotChanged", NotYet, true)
        );
        assert_eq!(refused(9023), explain(9023));
    }

    #[test]
    fn a_number_is_explained_to_whoever_restores_where_it_means_something_else() {
        assert_ne!(explain_to_restore(-4018).reason, explain(-4018).reason);
        assert_eq!(explain_to_restore(-9047), explain(-9047));
    }

    #[test]
    fn a_restore_is_told_that_its_tenant_exists_without_the_statement() {
        let failure = explain_refusal_to_restore(&ServerError {
            code: 4179,
            text: "restore tenant with existed tenant name is not allowed near 'access_key=x'"
                .to_owned(),
        });
        assert_eq!((failure.reason, failure.class), ("TenantExists", Permanent));
        assert!(!failure.message.contains("access_key"));
    }

    #[test]
    fn backups_that_can_not_be_restored_here_are_told_from_a_tenant_in_another_state() {
        for (text, reason) in [
            (
                "restore from higher cluster version is not allowed",
                "VersionNotRestorable",
            ),
            (
                "restore from backup with unsupported data version is not allowed",
                "VersionNotRestorable",
            ),
            (
                "restoring backup pieces of different tenants not allowed",
                "SourcesDoNotMatch",
            ),
            ("Operation not allowed now", "NotAllowed"),
        ] {
            let failure = explain_refusal_to_restore(&ServerError {
                code: 4179,
                text: text.to_owned(),
            });
            assert_eq!(
                (failure.reason, failure.class),
                (reason, Permanent),
                "{text}"
            );
        }
    }

    #[test]
    fn a_missing_privilege_is_named_and_told_from_the_wrong_tenant() {
        let said = |text: &str| {
            let text = text.to_owned();
            explain_missing(Privilege::Super, &ServerError { code: 1227, text })
        };
        let missing = said(
            "Access denied; you need (at least one of) the SUPER privilege(s) for this operation",
        );
        assert_eq!(missing.reason, "MissingPrivilege");
        assert!(
            missing.message.contains("GRANT SUPER ON *.*"),
            "{missing:?}"
        );
        assert_eq!(said("Access denied").reason, "NotSysTenant");
    }

    #[test]
    fn a_pool_that_does_not_fit_is_waited_for_and_a_unit_that_is_too_small_is_not() {
        for (code, reason, class) in [
            (4733, "ResourcesNotEnough", NotYet),
            (4734, "ServersNotEnough", NotYet),
            (4659, "UnitTooSmall", Permanent),
            (1235, "UnitTooSmall", Permanent),
            (4656, "TooManyUnits", Permanent),
            (4657, "PoolsShareServers", Permanent),
            (4650, "PoolNotFound", Permanent),
            (4626, "PoolInUse", Permanent),
            (4649, "UnitExists", FailureClass::AlreadySo),
            (4651, "PoolExists", FailureClass::AlreadySo),
        ] {
            let failure = explain_refusal_of_pool(&ServerError {
                code,
                text: String::new(),
            });
            assert_eq!((failure.reason, failure.class), (reason, class), "{code}");
        }
    }

    #[test]
    fn to_cancel_what_is_not_restored_any_more_is_no_failure_for_good() {
        let failure = explain_refusal_to_restore(&ServerError {
            code: 4179,
            text: "Cancel tenant not in restore is not allowed".to_owned(),
        });
        assert_eq!((failure.reason, failure.class), ("NotRestoring", NotYet));
    }

    #[test]
    fn every_number_is_explained_once() {
        for (table, _) in TABLES {
            let mut numbers: Vec<_> = table.iter().map(|e| e.number).collect();
            numbers.sort_unstable();
            let count = numbers.len();
            numbers.dedup();
            assert_eq!(numbers.len(), count);
        }
    }

    /// The numbers that a client or a RESULT column can show (`ob_errno.def`), as far as backup,
    /// log archiving, their cleanup and restore can come to them.
    #[rustfmt::skip]
    const DEFINED: [u16; 84] = [
        1045, 1062, 1064, 1146, 1210, 1227, 1235, 1295,
        4012, 4016, 4018, 4023, 4072, 4109, 4143, 4179, 4554, 4624, 4626, 4647, 4648, 4649, 4650,
        4651, 4656, 4657, 4658, 4659, 4733, 4734,
        5099, 5156, 5157, 5160,
        9003, 9011, 9014, 9023, 9024, 9025, 9026, 9027, 9029, 9036, 9040, 9041, 9044, 9045, 9046,
        9047, 9048, 9049, 9053, 9058, 9060, 9064, 9066, 9069, 9070, 9071, 9077, 9078, 9079, 9080,
        9081, 9082, 9086, 9087, 9091, 9092, 9094, 9099, 9105, 9113, 9114, 9116, 9117, 9118, 9119,
        9129, 9132, 9133, 9138, 9140,
    ];
    #[test]
    fn every_number_that_can_reach_a_backup_or_a_restore_is_explained_with_advice() {
        let unexplained: Vec<_> = DEFINED
            .iter()
            .filter(|number| !EXPLANATIONS.iter().any(|known| known.number == **number))
            .collect();
        assert_eq!(unexplained, [&0_u16; 0]);
        for known in TABLES.iter().flat_map(|(table, _)| *table) {
            assert!(
                !known.what.is_empty() && !known.advice.is_empty(),
                "{known:?}"
            );
        }
    }

    #[test]
    fn a_store_that_does_not_answer_passes_and_a_full_one_does_not() {
        assert!(explain(-9070).passing && explain(-9105).passing);
        assert!(!explain(-9082).passing && !explain(-4072).passing);
    }

    #[test]
    fn an_unknown_number_is_named_and_tried_again() {
        let failure = explain(-7777);
        assert!(failure.message.contains("7777"));
        assert_eq!(failure.class, FailureClass::NotYet);
    }

    #[test]
    fn the_smallest_number_does_not_overflow() {
        assert_eq!(explain(i32::MIN).code, i32::MIN);
    }
}
