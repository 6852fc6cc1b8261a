//! Generator of `docs/metrics.md` from the declarations of all families.

use std::fmt::Write;

use oceanbase_backup_operator::telemetry::metric::Family;
use oceanbase_backup_operator::telemetry::metrics::GROUPS;

const HEAD: &str = "# Metrics

The operator serves these metrics on `/metrics` (flag `--http-address`). Every name starts with `obbackup_`. Times are
seconds since 1970, durations are seconds, sizes are bytes. A missing series means that the value is not known yet, or that
the object does not exist: 0 never stands for \"never\". Labels are bounded: no label holds the name of a task, a uid, a path
or the text of an error.

A strategy with one tenant and its log backup has at most 40 series while it is healthy and nothing runs. A running backup,
alerts, failures and verifications add some series. Of several replicas, only the leader exports the state of strategies,
tenants, clusters and storages.

The alert rules for these metrics are in [deploy/monitoring](../deploy/monitoring), with [a runbook for each](runbooks/README.md).
[Dashboards](dashboards.md) show the metrics.

This page is generated from the code by `cargo xtask docs`.
";

/// Returns the text of the document.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    for group in GROUPS {
        let _ = write!(page, "\n## {}\n\n{}\n\n", group.title, group.about);
        page.push_str("| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n");
        for family in group.families {
            let _ = writeln!(page, "{}", row(family));
        }
    }
    page
}

fn row(family: &Family) -> String {
    let labels: Vec<String> = family.labels.iter().map(|l| format!("`{l}`")).collect();
    format!(
        "| `{}` | {} | {} | {} |",
        family.full_name(),
        family.kind,
        labels.join(", "),
        family.help
    )
}
