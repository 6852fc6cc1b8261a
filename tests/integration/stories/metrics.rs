//! A story in which a real Prometheus scrapes the operator.

mod samples;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use prometheus_server::Prometheus;
use serde_json::Value;

use super::{NIGHTLY, ONE_TENANT};
use crate::monitoring::{file, queries, rules};
use crate::support::{World, eventually, scratch};

/// Limit on the series of a strategy with one tenant and its log backup.
const MOST_SERIES: usize = 40;

/// Parts of names of metrics that do not occur in this story. It has no alerts, failures,
/// recoveries, verifications, `retention`, storage capacity, or waiting and running tasks. A backup
/// of less than a second has no throughput.
const NOT_HERE: [&str; 12] = [
    "obbackup_alert_active",
    "_failure",
    "running_recoveries",
    "verification_",
    "retention_applied",
    "progress_ratio",
    "missed_slot",
    "window_required",
    "storage_reachable",
    "storage_capacity",
    "throughput",
    "code!=\"0\"",
];

fn scraped(prometheus: &Prometheus, query: &str) -> Vec<Value> {
    let answer = prometheus.query(query).expect("an answer");
    assert_eq!(answer["status"], "success", "{query}: {answer}");
    answer["data"]["result"].as_array().unwrap().clone()
}

/// Returns whether this story has everything that a query needs.
fn must_answer(query: &str) -> bool {
    !NOT_HERE.iter().any(|part| query.contains(part))
}

#[test]
fn prometheus_scrapes_what_rules_and_dashboards_ask_for() {
    let world = World::started("scraped", ONE_TENANT);
    world.apply(NIGHTLY);
    eventually(
        "a first backup",
        || world.get("backupstrategy", "nightly"),
        |object| object["status"]["lastSuccessTime"].is_string(),
    );
    eventually(
        "a recovery window",
        || world.get("logbackup", "prod-t1002"),
        |object| object["status"]["recoveryWindows"].is_array(),
    );
    let operator = world.operator.as_ref().unwrap();
    let directory = scratch().join(format!("prometheus-{}", world.namespace));
    let written = file("deploy/monitoring/rules.yaml");
    let prometheus = Prometheus::start(&directory, operator.address(), &written).unwrap();

    let rate = "rate(obbackup_reconciles_total[1m])";
    eventually(
        "some scrapes",
        || prometheus.query(rate),
        |answer| {
            let result = answer.as_ref().map(|answer| &answer["data"]["result"]);
            let result = result.and_then(Value::as_array);
            result.is_some_and(|series| !series.is_empty())
        },
    );
    for (panel, query) in queries() {
        if must_answer(&query) {
            let what = format!("{panel}: {query}");
            eventually(
                &what,
                || scraped(&prometheus, &query),
                |found| !found.is_empty(),
            );
        } else {
            scraped(&prometheus, &query);
        }
    }
    for rule in rules() {
        scraped(&prometheus, rule["expr"].as_str().unwrap());
    }
    assert_rules_are_healthy(&prometheus);
    assert_few_series(&prometheus);
    assert_well_formed(&operator.get("/metrics").1);
    let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dashboards-sample.md");
    std::fs::write(page, samples::page(&prometheus)).unwrap();
}

fn assert_rules_are_healthy(prometheus: &Prometheus) {
    let evaluated = eventually(
        "an evaluation of all rules",
        || prometheus.get("/api/v1/rules").unwrap_or_default(),
        |answer| !answer.to_string().contains("\"health\":\"unknown\""),
    );
    let groups = evaluated["data"]["groups"].as_array().unwrap();
    let evaluated = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap());
    let mut count = 0;
    for rule in evaluated {
        assert_eq!(rule["health"], "ok", "{rule}");
        assert!(!rule.to_string().contains("<error"), "{rule}");
        count += 1;
    }
    assert_eq!(count, rules().len());
}

fn assert_few_series(prometheus: &Prometheus) {
    let all = "{__name__=~\"obbackup_.+\", strategy=\"nightly\"} \
               or {__name__=~\"obbackup_.+\", tenant=\"orders\"}";
    let series = scraped(prometheus, all);
    #[allow(clippy::print_stdout, reason = "a number that is asked for")]
    {
        println!("{} series of a strategy with one tenant", series.len());
    }
    assert!(series.len() <= MOST_SERIES, "{series:#?}");
    assert!(series.len() > 20, "{series:#?}");
}

/// Checks names and texts with promtool.
fn assert_well_formed(metrics: &str) {
    let mut promtool = Command::new(prometheus_server::promtool().unwrap())
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(metrics.as_bytes()).unwrap();
    drop(input);
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_series_of_what_is_deleted_go_with_it() {
    let world = World::started("unscraped", ONE_TENANT);
    world.apply(NIGHTLY);
    world.phase("logbackup", "prod-t1002", "InProgress");
    let metrics = || world.operator.as_ref().unwrap().get("/metrics").1;
    let here = format!("namespace=\"{}\"", world.namespace);
    let steps = [
        (("backupstrategy", "nightly"), "strategy=\"nightly\""),
        (("logbackup", "prod-t1002"), "tenant=\"orders\""),
        (("backupstorage", "nfs"), "storage=\"nfs\""),
        // Nothing remains of the namespace.
        (("oceanbasecluster", "prod"), &*here),
    ];
    for ((kind, name), series) in steps {
        let of = |text: &String| text.contains(series);
        eventually(&format!("series with {series}"), metrics, of);
        world.kubectl(&["delete", kind, name]).unwrap();
        let none = |text: &String| !of(text);
        eventually(&format!("no series with {series}"), metrics, none);
    }
}
