//! The table of values in the chart's README, from the comments in values.yaml.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Marker of the table in the README.
const BEGIN: &str = "<!-- values: `cargo xtask crds` writes them -->\n";
const END: &str = "<!-- end of values -->";

/// Returns a table with a line for each value: its path, its default, and its comment. A comment
/// above a group of values applies to all of them.
pub(super) fn table(text: &str) -> Result<String> {
    let defaults: Value = serde_saphyr::from_str(text).context("values.yaml is no YAML")?;
    let mut rows = vec!["| Value | Default | Meaning |\n|---|---|---|\n".to_owned()];
    let mut comment: Vec<&str> = Vec::new();
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut told_at: Option<usize> = None;
    for line in text.lines() {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        if words.is_empty() {
            comment.clear();
            continue;
        }
        if told_at.is_some_and(|told| indent > told) {
            continue;
        }
        told_at = None;
        if let Some(said) = words.strip_prefix('#') {
            comment.push(said.trim());
            continue;
        }
        let (key, rest) = words
            .split_once(':')
            .with_context(|| format!("no value: {line}"))?;
        path.retain(|(of, _)| *of < indent);
        path.push((indent, key));
        let keys: Vec<&str> = path.iter().map(|(_, key)| *key).collect();
        if comment.is_empty() {
            ensure!(
                rest.is_empty(),
                "the value {} has no comment above it",
                keys.join(".")
            );
            continue;
        }
        let default = defaults.pointer(&format!("/{}", keys.join("/")));
        let default = default.with_context(|| format!("no value {}", keys.join(".")))?;
        let (path, comment_text) = (keys.join("."), comment.join(" "));
        rows.push(format!("| `{path}` | `{default}` | {comment_text} |\n"));
        comment.clear();
        told_at = Some(indent);
    }
    Ok(rows.concat())
}

/// Returns the README with this table instead of the previous one.
pub(super) fn put(table: &str, readme: &str) -> Result<String> {
    let found = readme
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = found else {
        bail!("the chart's README has no place for its values: it needs the lines {BEGIN}{END}");
    };
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_a_line_with_its_path_default_and_comment() {
        let table = table(
            "
# Of all values.

# How many.
replicas: 2
log:
  # json or
  # text.
  format: json
# Who the Pod
# runs as.
context:
  user: 5
  groups: [6]
",
        )
        .unwrap();
        let (_, lines) = table.split_once("|---|---|---|\n").unwrap();
        assert_eq!(
            lines,
            "| `replicas` | `2` | How many. |\n\
             | `log.format` | `\"json\"` | json or text. |\n\
             | `context` | `{\"groups\":[6],\"user\":5}` | Who the Pod runs as. |\n"
        );
    }

    #[test]
    fn a_value_without_a_comment_is_refused() {
        let refusal = table("log:\n  format: json\n").unwrap_err();
        assert!(refusal.to_string().contains("log.format"), "{refusal}");
    }
}
