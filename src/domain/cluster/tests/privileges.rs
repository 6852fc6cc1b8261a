//! The condition PrivilegesSufficient names what the account of a cluster may not do.

use super::*;
use crate::api::cluster::RecoveryPolicy;
use crate::oceanbase::model::Privileges;

const BACKUP: [&str; 2] = [
    "GRANT ALTER SYSTEM ON *.* TO 'backup'",
    "GRANT SELECT ON `oceanbase`.* TO 'backup'",
];

/// Status, reason and message of the condition of an account with these grants.
fn condition(grants: Option<&[&str]>, recovery: RecoveryPolicy) -> (String, String, String) {
    let mut fixture = Fixture::default();
    fixture.spec.recovery.policy = recovery;
    let observed = Observation {
        privileges: grants.map(|grants| Arc::new(Privileges::parse(grants.iter().copied()))),
        ..shows(Vec::new())
    };
    let status = fixture.reconcile(&observed, 0);
    let mut all = status.conditions.iter();
    let known = all.find(|it| it.type_ == "PrivilegesSufficient").unwrap();
    (
        known.status.clone(),
        known.reason.clone(),
        known.message.clone(),
    )
}

#[test]
fn an_account_for_backups_is_enough_where_no_recovery_is_allowed() {
    let (status, reason, _) = condition(Some(&BACKUP), RecoveryPolicy::Forbidden);
    assert_eq!((&*status, &*reason), ("True", "PrivilegesGranted"));
}

#[test]
fn each_operation_that_the_database_would_reject_is_named_with_the_missing_grant() {
    let (status, reason, message) = condition(Some(&BACKUP), RecoveryPolicy::Allowed);
    assert_eq!((&*status, &*reason), ("False", "MissingPrivilege"));
    for grant in [
        "ACTIVATE STANDBY, DROP TENANT and SET DECRYPTION: GRANT SUPER ON *.*",
        "GRANT CREATE RESOURCE UNIT ON *.*",
        "GRANT CREATE RESOURCE POOL ON *.*",
    ] {
        assert!(message.contains(grant), "{grant}: {message}");
    }
    assert!(!message.contains("ALTER SYSTEM"), "{message}");
}

#[test]
fn an_account_that_only_reads_cannot_back_up() {
    let (status, _, message) = condition(Some(&BACKUP[1..]), RecoveryPolicy::Forbidden);
    assert_eq!(status, "False");
    assert!(message.contains("GRANT ALTER SYSTEM ON *.*"), "{message}");
}

#[test]
fn privileges_that_cannot_be_read_or_come_from_a_role_are_unknown() {
    let with_role = [BACKUP[1], "GRANT `dba` TO 'backup'"];
    for grants in [None, Some(&with_role[..])] {
        let (status, reason, _) = condition(grants, RecoveryPolicy::Forbidden);
        assert_eq!((&*status, &*reason), ("Unknown", "PrivilegesUnknown"));
    }
}
