use super::*;

#[test]
fn a_number_is_explained_alike_from_the_wire_and_from_a_result_column() {
    assert_eq!(explain(9029), explain(-9029));
    assert_eq!(explain(9029).code, -9029);
}

#[test]
fn a_recovery_that_an_upgrade_was_faster_than_is_tried_again() {
    for text in [
        "in upgrade mode not allowed",
        "Cluster is in upgrade mode, recover table is not allowed",
    ] {
        let failure = explain_refusal_to_restore(&ServerError {
            code: 4179,
            text: text.to_owned(),
        });
        assert_eq!(
            (failure.reason, failure.class),
            ("ClusterUpgrading", FailureClass::NotYet)
        );
    }
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
            "SourceMismatch",
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
    let missing =
        said("Access denied; you need (at least one of) the SUPER privilege(s) for this operation");
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

/// Numbers that a client or a RESULT column can show (`ob_errno.def`) for backup, log archiving,
/// cleanup and restore.
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
