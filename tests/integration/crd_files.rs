//! Checks that the definitions under `crds/` match the types.

use std::path::Path;

use oceanbase_backup_operator::api;

fn committed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("crds")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_default()
}

#[test]
fn crds_are_committed_as_generated() {
    for (name, text) in api::crd_files().unwrap() {
        assert!(
            committed(&name) == text,
            "{name} has drifted: run `cargo xtask crds`"
        );
    }
}

#[test]
fn no_definition_is_committed_that_no_kind_makes() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    let committed = std::fs::read_dir(directory).unwrap().filter(|entry| {
        // The base for `kubectl apply -k` in this directory is written by hand.
        entry.as_ref().unwrap().file_name() != "Kustomization"
    });
    assert_eq!(committed.count(), api::crd_files().unwrap().len());
}

#[test]
fn each_definition_is_small_enough_for_client_side_apply() {
    for (name, text) in api::crd_files().unwrap() {
        assert!(text.len() < 250_000, "{name} has {} bytes", text.len());
    }
}
