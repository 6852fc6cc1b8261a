//! The tables of docs/releases.md: supported features of each release of OceanBase.

use oceanbase_backup_operator::oceanbase::capability::{CAPABILITIES, CapabilityRow};
use oceanbase_backup_operator::oceanbase::version::Version;

/// Releases of the matrix: the first of each line, and each release that introduced a feature.
const RELEASES: [Version; 15] = [
    Version([4, 0, 0, 0]),
    Version([4, 1, 0, 0]),
    Version([4, 2, 0, 0]),
    Version([4, 2, 1, 0]),
    Version([4, 2, 1, 3]),
    Version([4, 2, 1, 7]),
    Version([4, 2, 2, 0]),
    Version([4, 2, 3, 0]),
    Version([4, 2, 5, 0]),
    Version([4, 3, 0, 0]),
    Version([4, 3, 2, 0]),
    Version([4, 3, 3, 0]),
    Version([4, 3, 5, 1]),
    Version([4, 3, 5, 2]),
    Version([4, 4, 2, 0]),
];

/// Returns both tables.
pub(super) fn tables() -> String {
    format!("{}\n\n{}", matrix(), evidence())
}

/// Returns the matrix of releases and capabilities.
fn matrix() -> String {
    let releases = RELEASES.map(short).join(" | ");
    let head = format!("| | {releases} |\n|---{}|", "|:-:".repeat(RELEASES.len()));
    let rows = CAPABILITIES.iter().map(|row| {
        let cells = RELEASES.map(|release| if row.is_in(release) { "✓" } else { "–" });
        format!("| {} | {} |", row.summary, cells.join(" | "))
    });
    lines(head, rows)
}

/// Returns the first release of each capability, and the evidence.
fn evidence() -> String {
    let head =
        "| | Since | In `status.capabilities` | Evidence | |\n|---|---|---|---|---|".to_owned();
    let rows = CAPABILITIES.iter().map(|row| {
        format!(
            "| {} | {} | {} | {} | {} |",
            row.summary,
            since(row),
            row.word.map_or(String::new(), |word| format!("`{word}`")),
            row.evidence.word(),
            row.note,
        )
    });
    lines(head, rows)
}

fn since(row: &CapabilityRow) -> String {
    let releases: Vec<_> = row.since.iter().map(|release| short(*release)).collect();
    releases.join(", ")
}

/// Returns a version without a fourth number of 0.
fn short(version: Version) -> String {
    let text = version.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn lines(head: String, rows: impl Iterator<Item = String>) -> String {
    std::iter::once(head)
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
}
