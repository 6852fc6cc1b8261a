//! Tests that the API server accepts `deploy/samples`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::kubectl;

fn samples() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/samples");
    let entries = std::fs::read_dir(directory).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn the_api_server_accepts_every_sample_as_it_stands() {
    kubectl(&["create", "namespace", "samples"]).unwrap();
    for path in samples() {
        let path = path.to_str().unwrap();
        let arguments = [
            "apply",
            "--namespace=samples",
            "--dry-run=server",
            "-f",
            path,
        ];
        let answer = kubectl(&[&arguments[..], &["--validate=strict"]].concat());
        assert_eq!(answer.as_ref().err(), None, "{path}");
    }
}

#[test]
fn every_kind_and_every_calendar_has_a_sample() {
    let mut seen = BTreeSet::new();
    for path in samples() {
        let text = std::fs::read_to_string(path).unwrap();
        let objects: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        for object in objects {
            seen.insert(object["kind"].as_str().unwrap().to_owned());
            let schedule = &object["spec"]["schedule"];
            let calendars = [&schedule["full"], &schedule["incremental"]];
            let calendars = calendars.into_iter().filter_map(Value::as_object);
            seen.extend(calendars.flat_map(|calendar| calendar.keys().cloned()));
            let store = object["spec"]["type"].as_str();
            seen.extend(store.map(str::to_owned));
        }
    }
    for wanted in [
        "OceanBaseCluster",
        "BackupStorage",
        "BackupStrategy",
        "BackupTask",
        "LogBackup",
        "weekly",
        "monthly",
        "cron",
        "S3",
        "OSS",
        "NFS",
    ] {
        assert!(seen.contains(wanted), "{wanted} in {seen:?}");
    }
}

#[test]
fn a_sample_holds_no_password_that_somebody_could_have() {
    for path in samples() {
        let text = std::fs::read_to_string(&path).unwrap();
        let objects: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        let secrets = objects.iter().filter(|object| object["kind"] == "Secret");
        for (key, value) in secrets.flat_map(|secret| secret["stringData"].as_object().unwrap()) {
            assert!(
                value == "change-me" || key == "username",
                "{key} in {}",
                path.display()
            );
        }
    }
}
