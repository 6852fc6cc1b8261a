//! Tests of each documented way to install the definitions.

use std::path::{Path, PathBuf};
use std::process::Command;

use oceanbase_backup_operator::api;

use crate::support::{control_plane, kubectl};

fn crds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crds")
}

/// Returns the output of `kubectl apply` of the definitions, one line for each.
fn applied(flags: &[&str]) -> String {
    let mut apply: Command = control_plane().kubectl();
    apply.arg("apply").args(flags).arg("--filename").arg(crds());
    let output = apply.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// A client-side apply installed them on the shared control plane.
#[test]
fn applying_again_changes_nothing_neither_by_the_client_nor_by_the_server() {
    let printed = applied(&[]);
    assert_eq!(printed.matches(" unchanged").count(), 8, "{printed}");
    // In the same test, because the server records the second writer, which the client reports as a
    // change.
    let by_server = [
        "--server-side",
        "--force-conflicts",
        "--field-manager=second",
    ];
    applied(&by_server);
    let versions = || {
        let path = "--output=jsonpath={.items[*].metadata.resourceVersion}";
        kubectl(&["get", "crd", path]).unwrap()
    };
    let before = versions();
    applied(&by_server);
    assert_eq!(versions(), before);
}

#[test]
fn every_definition_is_established_under_its_name() {
    for crd in api::crds() {
        let name = crd.metadata.name.unwrap();
        let path = r#"--output=jsonpath={.status.conditions[?(@.type=="Established")].status}"#;
        assert_eq!(
            kubectl(&["get", "crd", &name, path]).unwrap(),
            "True",
            "{name}"
        );
    }
}

#[test]
fn no_schema_breaks_a_rule_of_structural_schemas() {
    let path = "--output=jsonpath={range .items[*]}{.status.conditions[?(@.type==\"NonStructuralSchema\")].message}{end}";
    assert_eq!(kubectl(&["get", "crd", path]).unwrap(), "");
}

#[test]
fn one_version_is_served_and_stored() {
    let path = "--output=jsonpath={range .items[*]}{.spec.versions[*].name}={.status.storedVersions} {end}";
    let expected = r#"v1alpha1=["v1alpha1"] "#.repeat(8);
    assert_eq!(kubectl(&["get", "crd", path]).unwrap(), expected);
}

#[test]
fn the_eight_kinds_are_served() {
    let mut names: Vec<String> = kubectl(&[
        "api-resources",
        "--api-group=backup.oceanbase.io",
        "--no-headers",
    ])
    .unwrap()
    .lines()
    .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
    .collect();
    names.sort();
    let group = "backup.oceanbase.io/v1alpha1 true";
    assert_eq!(
        names,
        [
            format!("backupstorages obbst {group} BackupStorage"),
            format!("backupstrategies obbs {group} BackupStrategy"),
            format!("backuptasks obbt {group} BackupTask"),
            format!("cleanuptasks obct {group} CleanupTask"),
            format!("logbackups oblb {group} LogBackup"),
            format!("oceanbaseclusters obcl {group} OceanBaseCluster"),
            format!("recoverydrills obrd {group} RecoveryDrill"),
            format!("recoverytasks obrt {group} RecoveryTask"),
        ]
    );
}
