//! Checks of rules, runbooks and dashboards. Each rule has a runbook, a test in which it fires and
//! a silent test. Every named metric exists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use oceanbase_backup_operator::telemetry::metric::Family;
use oceanbase_backup_operator::telemetry::metrics::GROUPS;
use serde_json::Value;

const RUNBOOKS: &str =
    "https://github.com/oceanbase-backup/oceanbase-backup-operator/blob/main/docs/runbooks/";

/// Returns the path of a file of the repository.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// Returns the alerts of the rules file.
pub(crate) fn rules() -> Vec<Value> {
    let groups: Value = serde_saphyr::from_str(&read("deploy/monitoring/rules.yaml")).unwrap();
    let groups = groups["groups"].as_array().unwrap().clone();
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap());
    rules.cloned().collect()
}

fn names() -> BTreeSet<String> {
    let name = |rule: &Value| rule["alert"].as_str().unwrap().to_owned();
    rules().iter().map(name).collect()
}

/// One panel of a dashboard.
pub(crate) struct Panel {
    /// The dashboard's title.
    pub(crate) dashboard: String,
    title: String,
    kind: String,
    /// Grafana's name for the unit of its values.
    pub(crate) unit: String,
    /// Its queries in Grafana's form, each with the name of a series.
    pub(crate) targets: Vec<(String, String)>,
}

impl Panel {
    fn of(dashboard: &Value, panel: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let targets = panel["targets"].as_array().unwrap().iter();
        Self {
            dashboard: text(&dashboard["title"]),
            title: text(&panel["title"]),
            kind: text(&panel["type"]),
            unit: text(&panel["fieldConfig"]["defaults"]["unit"]),
            targets: targets
                .map(|target| (text(&target["expr"]), text(&target["legendFormat"])))
                .collect(),
        }
    }

    /// Returns its heading on a page.
    pub(crate) fn heading(&self) -> String {
        format!("### {} ({})\n", self.title, self.kind)
    }
}

/// Returns each panel of each dashboard.
pub(crate) fn panels() -> Vec<Panel> {
    let files = std::fs::read_dir(file("deploy/monitoring/dashboards")).unwrap();
    let files: BTreeSet<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    let mut panels = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let dashboard: Value = serde_json::from_str(&text).unwrap();
        let all = dashboard["panels"].as_array().unwrap().iter();
        panels.extend(all.map(|panel| Panel::of(&dashboard, panel)));
    }
    panels
}

/// Replaces the variables of a query by "all".
pub(crate) fn answerable(query: &str) -> String {
    let query = query.replace("$__rate_interval", "1m");
    let query = ["namespace", "strategy", "tenant"]
        .iter()
        .fold(query, |query, name| {
            query.replace(&format!("${name}"), ".*")
        });
    assert!(!query.contains('$'), "{query}");
    query
}

/// Returns each query of each dashboard, with its panel.
pub(crate) fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for panel in panels() {
        for (query, _) in &panel.targets {
            let name = format!("{}: {}", panel.dashboard, panel.title);
            queries.push((name, answerable(query)));
        }
    }
    queries
}

fn promtool(arguments: &[&str]) {
    let mut command = Command::new(prometheus_server::promtool().unwrap());
    let output = command.args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

#[test]
fn prometheus_takes_the_rules() {
    let rules = file("deploy/monitoring/rules.yaml");
    promtool(&["check", "rules", rules.to_str().unwrap()]);
}

#[test]
fn the_rules_fire_and_are_silent_as_their_tests_say() {
    let tests = file("tests/prometheus/rules_test.yaml");
    promtool(&["test", "rules", tests.to_str().unwrap()]);
}

#[test]
fn each_rule_is_tested_firing_and_silent() {
    let tests: Value = serde_saphyr::from_str(&read("tests/prometheus/rules_test.yaml")).unwrap();
    let mut cases: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for test in tests["tests"].as_array().unwrap() {
        for case in test["promql_expr_test"].as_array().unwrap() {
            let query = case["expr"].as_str().unwrap();
            let name = query.split('"').nth(1).unwrap().to_owned();
            let firing = format!("ALERTS{{alertname=\"{name}\", alertstate=\"firing\"}}");
            assert_eq!(query, firing);
            let fires = !case["exp_samples"].as_array().unwrap().is_empty();
            cases.entry(name).or_default().insert(fires);
        }
    }
    let both = BTreeSet::from([false, true]);
    let complete = names().into_iter().map(|name| (name, both.clone()));
    assert_eq!(cases, complete.collect());
    #[allow(clippy::print_stdout, reason = "a number that is asked for")]
    {
        println!(
            "{} rules, each with a firing and a silent case",
            cases.len()
        );
    }
}

#[test]
fn each_rule_says_what_whoever_is_called_must_know() {
    for rule in rules() {
        let name = rule["alert"].as_str().unwrap();
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(
            ["critical", "warning", "info"].contains(&severity),
            "{name}"
        );
        for annotation in ["summary", "description"] {
            assert!(rule["annotations"][annotation].is_string(), "{name}");
        }
        let page = format!("{RUNBOOKS}{name}.md");
        assert_eq!(rule["annotations"]["runbook_url"], page);
    }
}

#[test]
fn each_rule_has_its_runbook_and_each_runbook_its_rule() {
    let pages = std::fs::read_dir(file("docs/runbooks")).unwrap();
    let pages = pages.map(|page| page.unwrap().path());
    let stem = |page: PathBuf| page.file_stem().unwrap().to_str().unwrap().to_owned();
    let pages: BTreeSet<String> = pages.map(stem).filter(|page| page != "README").collect();
    assert_eq!(pages, names());
    let list = read("docs/runbooks/README.md");
    for name in names() {
        let text = read(&format!("docs/runbooks/{name}.md"));
        for part in ["What it means", "Confirm it", "What to do", "Silence it"] {
            assert!(text.contains(&format!("\n## {part}\n")), "{name}: {part}");
        }
        assert!(list.contains(&format!("[{name}]({name}.md)")), "{name}");
    }
}

#[test]
fn rules_and_dashboards_name_metrics_that_there_are() {
    let families = GROUPS.iter().flat_map(|group| group.families);
    let families: BTreeSet<String> = families.map(Family::full_name).collect();
    let rules = rules();
    let rules = rules
        .iter()
        .map(|rule| rule["expr"].as_str().unwrap().to_owned());
    let queries = queries().into_iter().map(|(_, query)| query).chain(rules);
    let mut unknown = BTreeSet::new();
    for query in queries {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        for word in query.split(|c| !is_name(c)) {
            let name = word.trim_end_matches("_bucket");
            if name.starts_with("obbackup_") && !families.contains(name) {
                unknown.insert(name.to_owned());
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_sample_of_the_dashboards_shows_each_panel_and_query() {
    let page = read("docs/dashboards-sample.md");
    let mut left = page.as_str();
    for panel in panels() {
        let again = "run `cargo test --test integration stories::metrics` and copy \
                     target/tmp/dashboards-sample.md to docs";
        let mut parts = vec![panel.heading()];
        parts.extend(
            panel
                .targets
                .iter()
                .map(|(query, _)| format!("```promql\n{query}\n```\n")),
        );
        for part in parts {
            let (_, rest) = left
                .split_once(&part)
                .unwrap_or_else(|| panic!("no {part} in its place: {again}"));
            left = rest;
        }
    }
}
