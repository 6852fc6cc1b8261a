use super::super::{Tenants, newest as parse};
use super::*;

fn named(names: &[&str]) -> Tenants {
    Tenants::Named(names.iter().map(|name| (*name).to_owned()).collect())
}

fn refused(text: &str) -> Option<u16> {
    parse(text).action.err().map(|error| error.code)
}

#[test]
fn a_tenant_name_may_be_quoted_in_any_way() {
    for text in [
        "alter system archivelog tenant = t1",
        "ALTER SYSTEM ARCHIVELOG TENANT `t1`",
        "ALTER SYSTEM ARCHIVELOG TENANT='t1'",
    ] {
        assert_eq!(
            parse(text).action,
            Ok(Action::LogMode(true, named(&["t1"]))),
            "{text}"
        );
    }
}

#[test]
fn a_backup_of_tenants_has_no_word_database() {
    assert_eq!(
        refused("ALTER SYSTEM BACKUP TENANT = t1 DATABASE"),
        Some(1064)
    );
}

#[test]
fn the_description_comes_last() {
    let text = "ALTER SYSTEM BACKUP TENANT = t1 DESCRIPTION = 'x' PLUS ARCHIVELOG";
    assert_eq!(refused(text), Some(1064));
    let text = "ALTER SYSTEM BACKUP INCREMENTAL TENANT = t1, t2 PLUS ARCHIVELOG DESCRIPTION = 'x'";
    assert_eq!(
        parse(text).action,
        Ok(Action::Backup(Backup {
            incremental: true,
            tenants: named(&["t1", "t2"]),
            to: None,
            plus_archivelog: true,
            description: "x".to_owned(),
        }))
    );
}

#[test]
fn a_misspelt_statement_names_the_place() {
    let error = parse("ALTER SYSTEM BAKCUP DATABASE").action.unwrap_err();
    assert!(
        error.message.contains("near 'DATABASE' at line 1"),
        "{error}"
    );
}

#[test]
fn a_placeholder_is_a_syntax_error() {
    assert_eq!(refused("ALTER SYSTEM SET DATA_BACKUP_DEST = ?"), Some(1064));
}

#[test]
fn an_equals_sign_is_needed_in_set_only() {
    assert_eq!(
        refused("ALTER SYSTEM SET DATA_BACKUP_DEST 'file:///x'"),
        Some(1064)
    );
    assert_eq!(
        refused("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT t1"),
        None
    );
}

#[test]
fn set_is_optional() {
    assert_eq!(
        parse("ALTER SYSTEM log_archive_dest='LOCATION=file:///x' TENANT=t1").action,
        parse("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///x' TENANT = t1").action
    );
}

#[test]
fn statements_that_never_work_are_still_in_the_grammar() {
    for text in [
        "ALTER SYSTEM START BACKUP ARCHIVELOG",
        "ALTER SYSTEM BACKUP BACKUPSET 1",
        "ALTER SYSTEM SWITCHOVER TO STANDBY TENANT = t1",
    ] {
        assert_eq!(parse(text).action, Ok(Action::Unsupported), "{text}");
    }
}

#[test]
fn the_log_learns_the_tenants_of_statements_that_answer_1235() {
    let statement = parse("ALTER SYSTEM DELETE BACKUPPIECE 5 TENANT = t1");
    assert_eq!(
        (statement.kind, statement.tenants),
        (Kind::DeleteBackup, named(&["t1"]))
    );
}

#[test]
fn a_policy_has_its_clauses_in_order() {
    let text = "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d' TENANT t1";
    assert_eq!(
        parse(text).action,
        Ok(Action::AddPolicy(AddPolicy {
            name: "default".to_owned(),
            recovery_window: Some("7d".to_owned()),
            redundancy: None,
            tenants: named(&["t1"]),
        }))
    );
}
