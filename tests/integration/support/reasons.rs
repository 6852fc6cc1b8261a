//! Reasons in `docs/troubleshooting.md`, and reasons in objects and events.

use std::collections::BTreeSet;

use serde_json::Value;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/troubleshooting.md");

/// Returns the reasons in the first cells of the page's tables.
pub(crate) fn explained() -> BTreeSet<String> {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let reasons = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    reasons.map(str::to_owned).collect()
}

/// Returns a reason that is shown and that the page does not explain.
pub(crate) fn unexplained(shown: &[Value]) -> Option<String> {
    let explained = explained();
    let mut reasons = BTreeSet::new();
    for object in shown {
        collect(object, &mut reasons);
    }
    reasons
        .into_iter()
        .find(|reason| !explained.contains(reason))
}

/// Collects the values of the key `reason`, at any depth.
fn collect(value: &Value, reasons: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(reason) if name == "reason" => {
                        reasons.insert(reason.clone());
                    }
                    other => collect(other, reasons),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, reasons)),
        _ => {}
    }
}
