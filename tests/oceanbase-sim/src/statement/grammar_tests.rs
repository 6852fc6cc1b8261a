//! Comparison of the grammar with a table of what the parser of each release accepts.

use super::*;
use crate::views::Version;

const TABLE: &str = include_str!("../../../kernel/grammar-v4.tsv");

/// Parses a release: `4.2.1_CE_BP3` is 4.2.1.3, and without a bundle patch the number is 0.
fn release(heading: &str) -> Version {
    let (number, edition) = heading.split_once("_CE").unwrap_or((heading, ""));
    let patch = edition.strip_prefix("_BP").unwrap_or("0");
    let text = if number.matches('.').count() == 3 {
        number.to_owned()
    } else {
        format!("{number}.{patch}")
    };
    text.parse().unwrap()
}

#[test]
fn every_release_accepts_the_statements_that_its_parser_accepts() {
    let mut lines = TABLE.lines();
    let releases: Vec<_> = lines
        .next()
        .unwrap()
        .split('\t')
        .skip(1)
        .map(release)
        .collect();
    let (mut statements, mut differences) = (0, Vec::new());
    for line in lines {
        let mut cells = line.split('\t');
        let text = cells.next().unwrap();
        statements += 1;
        for (version, cell) in releases.iter().zip(cells) {
            let accepted = match parse(text, *version).action {
                Err(error) => {
                    assert_eq!(error.code, 1064, "{text}");
                    false
                }
                Ok(_) => true,
            };
            if accepted != (cell == "yes") {
                differences.push(format!("{version} {cell}: {text}"));
            }
        }
    }
    println!("{statements} statements x {} releases", releases.len());
    assert!(statements > 70 && releases.len() > 15);
    assert_eq!(differences, Vec::<String>::new());
}

#[test]
fn the_old_preview_ends_the_whole_statement() {
    let text = "ALTER SYSTEM RESTORE t FROM 'file:///a' UNTIL SCN = 5 WITH 'pool_list=p' PREVIEW";
    let read = |version: &str| {
        let statement = parse(text, version.parse().unwrap());
        statement.action.map_err(|error| error.code)
    };
    assert_eq!(read("4.2.0.1"), Ok(Action::Unsupported));
    assert_eq!(read("4.2.1.0"), Err(1064));
}

#[test]
fn the_word_tenant_is_optional_where_the_release_says_so() {
    let text = "ALTER SYSTEM RECOVER TABLE *.* TO t FROM 'file:///a' WITH 'pool_list=p'";
    let accepted = |version: &str| parse(text, version.parse().unwrap()).action.is_ok();
    assert_eq!(
        [
            "4.2.1.3", "4.2.1.4", "4.2.2.0", "4.2.3.1", "4.2.4.0", "4.3.0.0", "4.3.1.0"
        ]
        .map(accepted),
        [false, true, false, false, true, false, true]
    );
}
