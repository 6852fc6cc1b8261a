//! A page with each panel of the dashboards: its queries, and the answers of Prometheus. Grafana
//! does not run here; its numbers are the same.

use std::fmt::Write as _;

use prometheus_server::Prometheus;
use serde_json::Value;

use crate::monitoring::{Panel, answerable, panels};

/// Number of series of a panel that are shown; for more, only their count.
const MOST: usize = 6;

const INTRODUCTION: &str = "# A sample of the dashboards

What each panel of the [dashboards](dashboards.md) asks, and what a real Prometheus answered that scraped a real operator,
some seconds after a strategy for one tenant of a simulated OceanBase was applied: its first full backup is complete, its logs are
archived. Grafana draws the same numbers over time. A panel without a value is about what had not happened there.

The test `stories::metrics` writes this page to `target/tmp/dashboards-sample.md`, with the values of its run; it is committed now
and then. Another test asserts that each panel and each query of the dashboards stands here as it is.
";

/// Returns the page.
pub(super) fn page(prometheus: &Prometheus) -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut dashboard = String::new();
    for panel in panels() {
        if panel.dashboard != dashboard {
            dashboard.clone_from(&panel.dashboard);
            let _ = write!(page, "\n## {dashboard}\n");
        }
        page += &section(&panel, prometheus);
    }
    page
}

fn section(panel: &Panel, prometheus: &Prometheus) -> String {
    let mut text = format!("\n{}", panel.heading());
    let mut rows = Vec::new();
    for (query, legend) in &panel.targets {
        let _ = write!(text, "\n```promql\n{query}\n```\n");
        let series = super::scraped(prometheus, &answerable(query));
        rows.extend(series.iter().map(|one| row(one, legend, &panel.unit)));
    }
    if rows.is_empty() {
        return text + "\nNothing yet.\n";
    }
    text += "\n| Series | Value |\n|---|---|\n";
    text += &rows[..rows.len().min(MOST)].concat();
    if let Some(more @ 1..) = rows.len().checked_sub(MOST) {
        let _ = writeln!(text, "\nAnd {more} more.");
    }
    text
}

fn row(series: &Value, legend: &str, unit: &str) -> String {
    let labels = series["metric"].as_object().unwrap();
    let mut name = legend.to_owned();
    for (label, value) in labels {
        name = name.replace(&format!("{{{{{label}}}}}"), value.as_str().unwrap());
    }
    if name.is_empty() {
        let labels = labels.values().map(|value| value.as_str().unwrap());
        name = labels.collect::<Vec<_>>().join(" ");
    }
    let value: f64 = series["value"][1].as_str().unwrap().parse().unwrap();
    format!("| {name} | {} |\n", shown(value, unit))
}

/// Formats a value in a panel's unit.
fn shown(value: f64, unit: &str) -> String {
    let scaled = |value: f64, units: &[(&str, f64)]| {
        let fitting = units.iter().rev().find(|(_, size)| value.abs() >= *size);
        let (name, size) = fitting.unwrap_or(&units[0]);
        format!("{:.1} {name}", value / size)
    };
    let bytes = [
        ("B", 1.0),
        ("KiB", 1024.0),
        ("MiB", 1024.0 * 1024.0),
        ("GiB", 1024.0 * 1024.0 * 1024.0),
    ];
    match unit {
        _ if value.is_nan() => "not a number yet".to_owned(),
        "s" => scaled(
            value,
            &[("ms", 0.001), ("s", 1.0), ("min", 60.0), ("h", 3600.0)],
        ),
        "bytes" => scaled(value, &bytes),
        "Bps" => scaled(value, &bytes) + "/s",
        "percentunit" => format!("{:.0} %", value * 100.0),
        "bool_yes_no" => (if value > 0.0 { "Yes" } else { "No" }).to_owned(),
        "ops" => format!("{value:.2} a second"),
        _ => format!("{}", (value * 100.0).round() / 100.0),
    }
}
