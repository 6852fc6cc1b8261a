//! Checks that every column of a query is in the view of each release that receives the query.

use std::collections::BTreeSet;

use super::is_sent_to;
use super::queries::every_query;
use super::table::Columns;

/// Words of a query that are not columns.
const KEYWORDS: [&str; 11] = [
    "SELECT", "DISTINCT", "FROM", "WHERE", "AND", "OR", "IN", "LIKE", "AS", "NOT", "NULL",
];

/// Returns the view of a query and its columns; `None` for a query without a view.
fn view_and_columns(text: &str) -> Option<(String, BTreeSet<String>)> {
    let (_, view) = text.split_once("FROM oceanbase.")?;
    let view = view.split(' ').next().unwrap().to_owned();
    let outside_of_strings = text.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
    let words = outside_of_strings
        .split(|c: char| !(c.is_ascii_alphanumeric() || "_$".contains(c)))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()))
        .filter(|word| !KEYWORDS.contains(word) && *word != view)
        .map(str::to_owned)
        .collect();
    Some((view, words))
}

#[test]
fn every_column_that_a_query_names_is_in_the_view_of_each_release() {
    let table = Columns::read();
    let (mut missing, mut checked, mut statements) = (Vec::new(), 0, 0);
    for (index, version) in table.releases.iter().enumerate() {
        for query in every_query() {
            if !is_sent_to(*version, query.needs()) {
                continue;
            }
            let Some((view, columns)) = view_and_columns(&query.text(*version)) else {
                continue;
            };
            statements += 1;
            assert!(!columns.is_empty(), "{} names no column", query.name());
            for column in columns {
                checked += 1;
                if !table.has(&view, &column, index) {
                    missing.push(format!("{version}: {}: {view}.{column}", query.name()));
                }
            }
        }
    }
    println!(
        "{} releases, {statements} queries, {checked} columns, {} unknown",
        table.releases.len(),
        missing.len()
    );
    assert!(
        missing.is_empty(),
        "1054 on a real server:\n{}",
        missing.join("\n")
    );
}

#[test]
fn columns_are_told_from_keywords_and_strings() {
    let text = "SELECT DISTINCT A, B FROM oceanbase.V$X WHERE C = 'D E' AND F > 7";
    let (view, columns) = view_and_columns(text).unwrap();
    assert_eq!(view, "V$X");
    assert_eq!(
        columns.into_iter().collect::<Vec<_>>(),
        ["A", "B", "C", "F"]
    );
}
