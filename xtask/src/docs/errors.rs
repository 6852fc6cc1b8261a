//! Generator of the error table in `docs/troubleshooting.md`.

use std::collections::BTreeSet;

use oceanbase_backup_operator::oceanbase::error::{Explanation, TABLES};

/// Returns the table, sorted by reason.
pub(super) fn table() -> String {
    let rows = TABLES
        .iter()
        .flat_map(|(table, of)| table.iter().map(|known| row(known, of)));
    let rows: BTreeSet<String> = rows.collect();
    let head = "| Reason | Error | What happened | What to do |\n|---|---|---|---|";
    std::iter::once(head.to_owned())
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
}

fn row(known: &Explanation, of: &str) -> String {
    let Explanation {
        number,
        reason,
        what,
        advice,
        ..
    } = known;
    format!("| `{reason}` | {number}{of} | {what} | {advice} |")
}
