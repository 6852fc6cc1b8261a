//! Checks that each release parses every changing statement that it receives.

use std::time::Duration;

use oceanbase_backup_operator::oceanbase::restore_password::decryption;
use oceanbase_backup_operator::oceanbase::statement::{
    Command, READ_ONLY, SESSION_SETUP, StorageUpdate, limit,
};
use oceanbase_backup_operator::oceanbase::version::Version;
use secrecy::ExposeSecret;

use super::commands::{
    cleanups, every_command, passwords, recoveries, store_changes, table_recoveries,
};
use super::is_sent_to;
use super::queries::every_query;
use super::table::Grammar;
use crate::engine_grammar::{
    kinds_of_cleanups, kinds_of_commands, kinds_of_recoveries, kinds_of_tables,
};

/// Returns everything that the operator sends to a release: the text, and its kind.
fn every_text(version: Version) -> Vec<(String, &'static str)> {
    let mut all: Vec<(String, &'static str)> = vec![
        (SESSION_SETUP.to_owned(), "session_setup"),
        (limit(Duration::from_mins(1)), "limit"),
    ];
    all.extend(READ_ONLY.map(|text| (text.to_owned(), "read_only")));
    for password in passwords(1) {
        all.push((
            password.statement().expose_secret().to_owned(),
            "set_encryption",
        ));
    }
    for count in [1, 2] {
        let text = decryption(&passwords(count)).unwrap();
        all.push((text.expose_secret().to_owned(), "set_decryption"));
    }
    for command in every_command(version) {
        if is_sent_to(version, command.needs())
            && let Some(text) = command.text()
        {
            all.push((text, command.name()));
        }
    }
    for change in store_changes() {
        if version.can(change.needs()) {
            all.push((
                change.text().expose_secret().to_owned(),
                StorageUpdate::NAME,
            ));
        }
    }
    for query in every_query() {
        if is_sent_to(version, query.needs()) {
            all.push((query.text(version), query.name()));
        }
    }
    all
}

#[test]
fn every_statement_is_a_sentence_of_each_release_that_it_is_sent_to() {
    let grammar = Grammar::read();
    let (mut unknown, mut rejected, mut checked) = (Vec::new(), Vec::new(), 0);
    for (index, version) in grammar.releases.iter().enumerate() {
        for (text, name) in every_text(*version) {
            checked += 1;
            match grammar.accepts(&text, index) {
                Some(true) => (),
                Some(false) => rejected.push(format!("{version}: {name}: {text}")),
                None => unknown.push(text),
            }
        }
    }
    unknown.sort_unstable();
    unknown.dedup();
    println!(
        "{} releases, {checked} statements, {} unknown",
        grammar.releases.len(),
        unknown.len()
    );
    assert!(
        unknown.is_empty(),
        "tests/kernel/grammar-v4.tsv has no row for these statements; add them as \
         tests/kernel/README.md describes:\n{}",
        unknown.join("\n")
    );
    assert!(
        rejected.is_empty(),
        "1064 on a real server:\n{}",
        rejected.join("\n")
    );
}

/// A variant without a sample above would not be checked.
#[test]
fn every_kind_of_statement_is_checked() {
    let version = "4.2.1.0".parse().unwrap();
    let commands = every_command(version);
    let count = |of: &dyn Fn(&Command) -> bool| {
        let kinds = commands
            .iter()
            .filter(|it| of(it))
            .map(std::mem::discriminant);
        kinds.collect::<std::collections::HashSet<_>>().len()
    };
    assert_eq!(count(&|_| true), kinds_of_commands());
    let distinct = |all: Vec<String>| {
        all.into_iter()
            .collect::<std::collections::HashSet<_>>()
            .len()
    };
    let kind = |text: String| text.split([' ', '(']).next().unwrap_or_default().to_owned();
    let cleanups = cleanups()
        .iter()
        .map(|it| kind(format!("{it:?}")))
        .collect();
    assert_eq!(distinct(cleanups), kinds_of_cleanups());
    let tables = table_recoveries(version);
    let tables = tables.iter().map(|it| kind(format!("{it:?}"))).collect();
    assert_eq!(distinct(tables), kinds_of_tables());
    let recoveries = recoveries()
        .iter()
        .map(|it| kind(format!("{it:?}")))
        .collect();
    assert_eq!(
        distinct(recoveries) + 1,
        kinds_of_recoveries(),
        "all but Tables"
    );
}
