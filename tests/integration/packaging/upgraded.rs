//! Tests of an update of the chart while a backup runs: nothing is lost, and nothing is sent again.

use std::fs;
use std::path::{Path, PathBuf};

use super::{CHART, HeldBackup, RELEASE};
use crate::support::installation::{Installation, SYSTEM, empty_installation};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Returns the chart of an imaginary earlier version, with another version and another definition.
fn chart_before(here: &Installation) -> PathBuf {
    let chart = here.directory().join("chart-before");
    copy(Path::new(CHART), &chart);
    for (file, now, before) in [
        ("Chart.yaml", env!("CARGO_PKG_VERSION"), "0.0.9"),
        (
            "files/crds/backuptasks.yaml",
            "    shortNames:\n    - obbt\n",
            "",
        ),
    ] {
        let file = chart.join(file);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(now), "{}", file.display());
        fs::write(&file, text.replace(now, before)).unwrap();
    }
    chart
}

fn short_names(here: &Installation) -> serde_json::Value {
    let definition = here.get(&["crd", "backuptasks.backup.oceanbase.io"]);
    definition["spec"]["names"]["shortNames"].clone()
}

#[test]
fn an_update_while_a_backup_runs_brings_new_definitions_and_loses_nothing() {
    let here = empty_installation();
    let before = chart_before(&here);
    let before = before.to_str().unwrap();
    let install = ["install", RELEASE, before, "--namespace", SYSTEM];
    here.helm(&[&install[..], &["--create-namespace"]].concat())
        .unwrap();
    here.await_definitions();
    assert_eq!(short_names(&here), serde_json::Value::Null);
    let (held, operator) = HeldBackup::start(&here);

    let upgrade = ["upgrade", RELEASE, CHART, "--namespace", SYSTEM];
    here.helm(&[&upgrade[..], &["--set=log.format=text"]].concat())
        .unwrap();
    assert_eq!(short_names(&here), serde_json::json!(["obbt"]));
    // As in the Deployment, the new operator starts before the old one ends.
    let _next = here.start_operator();
    assert!(operator.terminate().success());
    held.release();

    held.has_gone_through_once(&here);
    let log_backups = here.get(&["logbackups", "--namespace", "shop"]);
    assert_eq!(log_backups["items"][0]["status"]["phase"], "InProgress");
}
