//! Pictures of the dashboards: their panels in Grafana's layout, with the values of
//! docs/dashboards-sample.md.

use std::collections::HashMap;
use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

/// Pixels of a column, of which Grafana's grid has 24, and of a row.
const COLUMN: i64 = 50;
const ROW: i64 = 30;
/// Pixels above the panels, for the title.
const HEAD: i64 = 44;
/// Pixels between the lines of a list.
const LINE: i64 = 19;
/// Colours that distinguish lines.
const COLOURS: [&str; 6] = [
    "#73bf69", "#5794f2", "#f2cc0c", "#ff9830", "#b877d9", "#f2495c",
];

/// Name and value of each series of a panel.
type Rows = Vec<(String, String)>;

/// Renders one picture as SVG from a dashboard as JSON and the page with the samples.
pub(crate) fn picture(dashboard: &str, samples: &str) -> Result<String> {
    let dashboard: Value = serde_json::from_str(dashboard)?;
    let title = text(&dashboard["title"]);
    let section = samples.split(&format!("\n## {title}\n")).nth(1);
    let section = section.with_context(|| format!("docs/dashboards-sample.md has no {title}"))?;
    let values = values(section.split("\n## ").next().unwrap_or_default());
    let panels = dashboard["panels"].as_array().context("no panels")?;
    let bottom = panels
        .iter()
        .map(|panel| number(panel, "y") + number(panel, "h"));
    let (width, height) = (24 * COLUMN, HEAD + bottom.max().unwrap_or(0) * ROW);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"Inter, Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#ccccdc\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#111217\"/>\n"
    );
    put(&mut svg, (14, 28), "font-size=\"18\"", &title);
    for panel in panels {
        let none = Rows::new();
        let rows = values.get(&*text(&panel["title"])).unwrap_or(&none);
        draw(&mut svg, panel, rows);
    }
    Ok(svg + "</svg>\n")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(panel: &Value, name: &str) -> i64 {
    panel["gridPos"][name].as_i64().unwrap_or(0)
}

/// Returns the values in the tables of one dashboard, by the panel's title.
fn values(section: &str) -> HashMap<&str, Rows> {
    let panels = section.split("\n### ").skip(1);
    panels
        .filter_map(|panel| {
            let (title, _) = panel.lines().next()?.rsplit_once(" (")?;
            let rows = panel
                .lines()
                .skip_while(|line| *line != "|---|---|")
                .skip(1);
            let cells = rows.filter_map(|row| {
                let (name, value) = row.strip_prefix('|')?.strip_suffix('|')?.split_once('|')?;
                Some((name.trim().to_owned(), value.trim().to_owned()))
            });
            Some((title, cells.collect()))
        })
        .collect()
}

fn draw(svg: &mut String, panel: &Value, rows: &Rows) {
    let (x, y) = (
        number(panel, "x") * COLUMN + 4,
        HEAD + number(panel, "y") * ROW + 4,
    );
    let (width, height) = (
        number(panel, "w") * COLUMN - 8,
        number(panel, "h") * ROW - 8,
    );
    let _ = writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\" fill=\"#181b1f\" stroke=\"#2c3035\"/>"
    );
    let title = text(&panel["title"]);
    for (line, at) in wrapped(&title, width - 20).iter().zip([18, 34]) {
        put(svg, (x + 10, y + at), "font-weight=\"bold\"", line);
    }
    let kind = text(&panel["type"]);
    if rows.is_empty() {
        let middle = (x + width / 2, y + height / 2 + 8);
        put(
            svg,
            middle,
            "text-anchor=\"middle\" fill=\"#8e8e99\"",
            "nothing yet",
        );
    } else if kind == "stat" {
        let (name, value) = &rows[0];
        let middle = x + width / 2;
        let how = "text-anchor=\"middle\" font-size=\"30\" fill=\"#73bf69\"";
        put(svg, (middle, y + height / 2 + 20), how, value);
        let how = "text-anchor=\"middle\" fill=\"#8e8e99\"";
        put(svg, (middle, y + height - 8), how, &cut(name, width - 20));
    } else {
        list(svg, (x, y + 24), (width, height - 24), &kind, rows);
    }
}

/// Renders the series with their values: rows of a table, or the legend below lines.
fn list(
    svg: &mut String,
    (x, y): (i64, i64),
    (width, height): (i64, i64),
    kind: &str,
    rows: &Rows,
) {
    let fitting = rows.len().min(usize::try_from(height / LINE).unwrap_or(0));
    let lines = rows.iter().take(fitting).zip(1_i64..);
    for ((row, line), colour) in lines.zip(COLOURS.iter().cycle()) {
        let at = y + LINE * line - 4;
        let mut left = x + 10;
        if kind == "timeseries" {
            let _ = writeln!(
                svg,
                "<rect x=\"{left}\" y=\"{}\" width=\"14\" height=\"4\" fill=\"{colour}\"/>",
                at - 6
            );
            left += 20;
        } else {
            let _ = writeln!(
                svg,
                "<path d=\"M{left} {}H{}\" stroke=\"#2c3035\"/>",
                at + 5,
                x + width - 10
            );
        }
        let (name, value) = row;
        let name = cut(
            name,
            width - 40 - 8 * i64::try_from(value.len()).unwrap_or(0),
        );
        put(svg, (left, at), "", &name);
        put(svg, (x + width - 10, at), "text-anchor=\"end\"", value);
    }
}

/// Wraps a text to this width.
fn wrapped(text: &str, pixels: i64) -> Vec<String> {
    let most = usize::try_from(pixels / 7).unwrap_or(0);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines
            .last_mut()
            .filter(|line| line.is_empty() || line.len() + word.len() < most);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Cuts a text to this width.
fn cut(text: &str, pixels: i64) -> String {
    let most = usize::try_from(pixels / 7).unwrap_or(0).max(3);
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    kept + "…"
}

fn put(svg: &mut String, (x, y): (i64, i64), how: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" {how}>{text}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    const DASHBOARD: &str = r#"{"title": "Fleet", "panels": [
        {"title": "Tenants", "type": "stat", "gridPos": {"x": 0, "y": 0, "w": 4, "h": 4}},
        {"title": "Delay (s)", "type": "timeseries", "gridPos": {"x": 4, "y": 0, "w": 8, "h": 8}},
        {"title": "Alerts", "type": "table", "gridPos": {"x": 12, "y": 0, "w": 12, "h": 8}}]}"#;

    const SAMPLES: &str = "# Page\n\n## Fleet\n\n### Tenants (stat)\n\n| Series | Value |\n|---|---|\n|  | 7 |\n\
        \n### Delay (s) (timeseries)\n\n| Series | Value |\n|---|---|\n| prod/<orders> | 1.0 s |\n\
        \n### Alerts (table)\n\nNothing yet.\n\n## Other\n\n### Tenants (stat)\n\n|---|---|\n|  | 9 |\n";

    #[test]
    fn each_panel_is_drawn_with_its_values() {
        let svg = picture(DASHBOARD, SAMPLES).unwrap();
        for part in [
            ">Fleet<",
            ">Tenants<",
            ">7<",
            ">Delay (s)<",
            "prod/&lt;orders>",
            ">1.0 s<",
            ">Alerts<",
            "nothing yet",
        ] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        assert!(!svg.contains(">9<"), "{svg}");
    }

    #[test]
    fn a_dashboard_without_samples_is_an_error() {
        assert!(picture(DASHBOARD, "# Page\n").is_err());
    }
}
