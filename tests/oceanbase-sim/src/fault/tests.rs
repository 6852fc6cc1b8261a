//! Tests of the text form of faults.

use super::*;

#[test]
fn a_fault_reads_as_its_name_and_its_fields() {
    assert_eq!(
        parse("hangUp: {on: {kind: backup, tenant: orders}, when: afterCommit}").unwrap(),
        [Fault::HangUp {
            on: Trigger::next(Kind::Backup).about("orders"),
            when: Moment::AfterCommit,
        }]
    );
}

#[test]
fn every_fault_in_the_readme_is_one() {
    let readme = include_str!("../../README.md");
    let quoted = |line: &'static str| line.split('\'').nth(1);
    let shown: Vec<_> = readme
        .lines()
        .filter(|line| line.starts_with("SIMULATE"))
        .filter_map(quoted)
        .collect();
    assert!(shown.len() > 4);
    for text in shown {
        assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
    }
}

#[test]
fn several_faults_are_a_list() {
    let text = "- killConnections\n- failBackup: {tenant: orders, code: -9082}\n";
    assert_eq!(parse(text).unwrap().len(), 2);
}

#[test]
fn a_misspelt_field_is_an_error() {
    assert!(parse("failBackup: {tenant: orders, cod: -1}").is_err());
}
