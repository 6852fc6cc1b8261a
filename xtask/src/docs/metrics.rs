//! Generator of `docs/metrics.md` from the declarations of all families.

use std::fmt::Write;

use oceanbase_backup_operator::telemetry::metric::Family;
use oceanbase_backup_operator::telemetry::metrics::GROUPS;

const HEAD: &str = "# Metrics

The operator serves them on `/metrics` (flag `--http-address`). Every name starts with `obbackup_`; times are seconds
since 1970, lengths of time seconds, sizes bytes. A series that is not there is not known yet, or is about something
that does not exist: 0 never stands for \"never\". Labels are bounded: none holds the name of a task, a uid, a path or the
text of an error.

A strategy with one tenant and its log backup has at most 40 series while all is well and nothing runs; a backup that runs,
alerts, failures and verifications add some. Of several replicas only the one that acts exports
what is true of strategies, tenants, clusters and stores.

Rules that alert on them are in [deploy/monitoring](../deploy/monitoring), with [a runbook for each](runbooks/README.md);
[dashboards](dashboards.md) show them.

This page is made from the code by `cargo xtask docs`.
";

/// Returns the text of the document.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    for group in GROUPS {
        let _ = write!(page, "\n## {}\n\n{}\n\n", group.title, group.about);
        page.push_str("| Metric | Type | Labels | What it tells |\n|---|---|---|---|\n");
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
