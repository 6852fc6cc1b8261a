//! Texts of statements.

use super::*;

mod recovery;
mod tables;

fn tenant() -> TenantName {
    TenantName::parse("orders").unwrap()
}

#[test]
fn a_backup_is_sent_with_its_key_last() {
    let key = JobKey::new("0a1b-2c", 3).unwrap();
    let command = Command::Backup {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        incremental: true,
        key,
        plus_archivelog: false,
        password: None,
        slots: 2,
    };
    assert_eq!(
        command.text().unwrap(),
        "ALTER SYSTEM BACKUP INCREMENTAL TENANT = 'orders' DESCRIPTION = 'obb/0a1b-2c/3'"
    );
}

#[test]
fn a_backup_with_its_logs_says_so_before_its_key() {
    let command = Command::Backup {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        incremental: false,
        plus_archivelog: true,
        password: None,
        key: JobKey::new("u", 1).unwrap(),
        slots: 2,
    };
    assert_eq!(
        command.text().unwrap(),
        "ALTER SYSTEM BACKUP TENANT = 'orders' PLUS ARCHIVELOG DESCRIPTION = 'obb/u/1'"
    );
}

#[test]
fn a_log_destination_is_one_quoted_text_of_blank_separated_pairs() {
    let command = Command::SetLogArchiveDest {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        destination: Destination::file("/ob/log").unwrap(),
        mandatory: false,
        piece_switch_days: 2,
        replaces: None,
    };
    assert_eq!(
        command.text().unwrap(),
        "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///ob/log BINDING=Optional PIECE_SWITCH_INTERVAL=2d' TENANT = 'orders'"
    );
}

#[test]
fn only_statements_that_must_not_be_sent_twice_are_guarded() {
    let key = JobKey::new("u", 1).unwrap();
    let backup = Command::Backup {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        incremental: false,
        key: key.clone(),
        plus_archivelog: false,
        password: None,
        slots: 2,
    };
    let precondition = Precondition::ConcurrencySlot {
        tenant_id: TenantId(1002),
        key,
        slots: 2,
    };
    assert_eq!(backup.precondition(), precondition);
    assert_eq!(
        Command::NoArchiveLog(tenant()).precondition(),
        Precondition::None
    );
}

#[test]
fn names_that_could_leave_their_quotes_are_no_tenant_names() {
    for bad in [
        "", "a'b", "a b", "a;b", "1a", "ä", "sys", "ALL", "a`", "a\\",
    ] {
        assert_eq!(TenantName::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_key_is_made_of_a_uid_only() {
    assert_eq!(JobKey::new("x'y", 1), None);
    assert_eq!(JobKey::new("", 1), None);
}

#[test]
fn a_lag_target_is_set_for_one_tenant_in_seconds() {
    let command = Command::SetArchiveLagTarget {
        tenant: tenant(),
        seconds: 90,
    };
    assert_eq!(
        command.text().unwrap(),
        "ALTER SYSTEM SET archive_lag_target = '90s' TENANT = 'orders'"
    );
}
