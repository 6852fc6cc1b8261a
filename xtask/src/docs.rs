//! `cargo xtask docs`: pages that are generated from the code, beside the definitions.

mod errors;
mod metrics;
mod releases;

use std::path::Path;

use anyhow::{Context, Result};

use crate::preview;

/// Markers in docs/troubleshooting.md around the table of database errors.
const BEGIN: &str = "<!-- The table is made from the code by `cargo xtask docs`. -->\n";
const END: &str = "<!-- End of the table. -->\n";

/// Markers in docs/releases.md around the capabilities of releases.
const BEGIN_RELEASES: &str = "<!-- The tables are made from the code by `cargo xtask docs`. -->\n";
const END_RELEASES: &str = "<!-- End of the tables. -->\n";

/// Writes all pages.
pub(crate) fn write() -> Result<()> {
    for (name, text) in pages()? {
        let path = crate::root().join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Returns the pages: path below the root, and text.
fn pages() -> Result<[(&'static str, String); 7]> {
    Ok([
        ("docs/images/obbackup-fleet.svg", picture("fleet")?),
        ("docs/images/obbackup-strategy.svg", picture("strategy")?),
        ("docs/images/obbackup-operator.svg", picture("operator")?),
        ("docs/metrics.md", metrics::page()),
        (
            "docs/troubleshooting.md",
            filled(
                &read("docs/troubleshooting.md")?,
                [BEGIN, END],
                &errors::table(),
            )?,
        ),
        (
            "docs/releases.md",
            filled(
                &read("docs/releases.md")?,
                [BEGIN_RELEASES, END_RELEASES],
                &releases::tables(),
            )?,
        ),
        (
            "deploy/monitoring/prometheusrule.yaml",
            resource(&read("deploy/monitoring/rules.yaml")?),
        ),
    ])
}

fn read(name: &str) -> Result<String> {
    let path = crate::root().join(Path::new(name));
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

fn picture(name: &str) -> Result<String> {
    let dashboard = read(&format!(
        "deploy/monitoring/dashboards/obbackup-{name}.json"
    ))?;
    preview::picture(&dashboard, &read("docs/dashboards-sample.md")?)
}

/// Returns the page with the generated text between its two markers.
fn filled(page: &str, [begin, end]: [&str; 2], made: &str) -> Result<String> {
    let marked = || Some((page.split_once(begin)?.0, page.split_once(end)?.1));
    let (before, after) = marked().with_context(|| format!("a page has lost its mark {begin}"))?;
    Ok(format!("{before}{begin}\n{made}\n\n{end}{after}"))
}

/// Returns the rules as an object of the Prometheus Operator.
fn resource(rules: &str) -> String {
    let groups = rules.lines().skip_while(|line| line.starts_with('#'));
    let groups: Vec<String> = groups.map(|line| format!("  {line}")).collect();
    let groups = groups.join("\n");
    format!(
        "# Made of rules.yaml by `cargo xtask docs`.\n\
         apiVersion: monitoring.coreos.com/v1\n\
         kind: PrometheusRule\n\
         metadata:\n  name: oceanbase-backup-operator\n  \
         labels: {{app.kubernetes.io/name: oceanbase-backup-operator}}\n\
         spec:\n{groups}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_committed_as_they_are_made() {
        for (name, text) in pages().unwrap() {
            assert!(
                read(name).unwrap() == text,
                "{name} has drifted: run `cargo xtask docs`"
            );
        }
    }
}
