//! Checks with kubeconform that shipped and rendered objects have no duplicate or unknown field.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use super::values::{CHOICES, chosen};
use super::{objects, plane};
use crate::support::cluster::run;
use crate::support::eventually;

/// Returns the schemas of all kinds of the control plane, including those of the definitions.
fn schemas() -> &'static Path {
    static WRITTEN: LazyLock<PathBuf> = LazyLock::new(|| {
        let directory = plane().directory().join("schemas");
        // The schema of a kind appears some seconds after its definition is established.
        eventually(
            "schemas of our kinds and of the Prometheus operator's",
            || {
                let openapi = plane().kubectl(&["get", "--raw", "/openapi/v2"]).unwrap();
                let openapi: Value = serde_json::from_str(&openapi).unwrap();
                kubeconform::write(&openapi, &directory).unwrap();
            },
            |()| {
                let ours = api_kinds().map(|kind| format!("backup.oceanbase.io_{kind}_v1alpha1"));
                let theirs = ["servicemonitor", "podmonitor", "prometheusrule"];
                let theirs = theirs.map(|kind| format!("monitoring.coreos.com_{kind}_v1"));
                ours.chain(theirs)
                    .all(|name| directory.join(format!("{name}.json")).is_file())
            },
        );
        directory
    });
    &WRITTEN
}

fn api_kinds() -> impl Iterator<Item = String> {
    let crds = oceanbase_backup_operator::api::crds().into_iter();
    crds.map(|crd| crd.spec.names.kind.to_lowercase())
}

/// Returns how many objects of a manifest are valid; the error describes the others.
fn conforming(manifest: &str) -> Result<usize, String> {
    let mut kubeconform = kubeconform::strict(schemas()).unwrap();
    let found = run(&mut kubeconform, Some(manifest))?;
    let found: Value = serde_json::from_str(&found).unwrap();
    let valid = &found["summary"]["valid"];
    Ok(valid.as_u64().unwrap().try_into().unwrap())
}

fn conforms(name: &str, manifest: &str) {
    let all = objects(manifest).len();
    assert!(all > 0, "{name} holds nothing");
    assert_eq!(conforming(manifest), Ok(all), "{name}");
}

fn path(file: &str) -> String {
    format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn what_every_choice_of_values_renders_conforms() {
    for ((values, _), manifest) in CHOICES.into_iter().zip(chosen()) {
        conforms(values, manifest);
    }
}

#[test]
fn what_every_kustomization_makes_conforms() {
    for overlay in [
        "crds",
        "deploy",
        "deploy/namespaced",
        "deploy/admission",
        "deploy/monitoring",
        "deploy/gitops/backups",
        "deploy/gitops/tasks",
    ] {
        let manifest = plane().kubectl(&["kustomize", &path(overlay)]).unwrap();
        conforms(overlay, &manifest);
    }
}

#[test]
fn every_manifest_that_is_applied_as_it_is_conforms() {
    let single = [
        "install.yaml",
        "crds.yaml",
        "gitops/hooks/argo-presync.yaml",
    ];
    let mut files: Vec<_> = single.map(|file| format!("deploy/{file}")).into();
    for entry in fs::read_dir(path("deploy/samples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        files.push(format!("deploy/samples/{name}"));
    }
    for file in files {
        conforms(&file, &fs::read_to_string(path(&file)).unwrap());
    }
}

#[test]
fn a_misspelt_field_is_found() {
    let install = fs::read_to_string(path("deploy/install.yaml")).unwrap();
    let strategy = fs::read_to_string(path("deploy/samples/backupstrategy-weekly.yaml")).unwrap();
    for (manifest, right, wrong) in [
        (&install, "readinessProbe:", "readynessProbe:"),
        (
            &install,
            "automountServiceAccountToken: false",
            "automountToken: false",
        ),
        (
            &install,
            "    shortNames:\n",
            "    shortNames: []\n    shortnames:\n",
        ),
        (
            &strategy,
            "  schedule:\n",
            "  suspended: true\n  schedule:\n",
        ),
    ] {
        assert!(manifest.contains(right), "{right}");
        let refusal = conforming(&manifest.replacen(right, wrong, 1)).unwrap_err();
        assert!(
            refusal.contains("additional properties"),
            "{wrong}: {refusal}"
        );
    }
}
