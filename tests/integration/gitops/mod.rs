//! Tests of Argo CD, Flux and Helm with the operator's objects: their own code evaluates, applies
//! and compares.

mod actions;
mod drift;
mod flux;
mod health;
mod hooks;
mod recorder;
mod sync;

use std::path::Path;

use argo_cd::{Application, ArgoCd};
use oceanbase_sim::model::RoundStatus;
use serde_json::Value;

use crate::support::{World, control_plane};

/// Returns Argo CD with the shipped settings.
fn argo() -> ArgoCd {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ArgoCd::new(&root.join("deploy/argocd/argocd-cm.yaml"))
}

/// Returns an Application with manifests for a world's namespace.
fn application(world: &World) -> Application {
    argo().application(control_plane().kubeconfig(), "backups", &world.namespace)
}

/// Returns a file of the repository.
fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Returns the example of one kind with the simulator's endpoint and password.
fn example(world: &World, name: &str) -> String {
    let text = file(&format!("deploy/gitops/{name}"));
    let endpoints = r#"["observer-1.db:2881", "observer-2.db:2881", "observer-3.db:2881"]"#;
    text.replace(endpoints, &format!("['127.0.0.1:{}']", world.port))
}

/// Returns the parts of an object that only its user writes.
fn spec_and_metadata(object: &Value) -> [Value; 4] {
    let metadata = &object["metadata"];
    [
        object["spec"].clone(),
        metadata["generation"].clone(),
        metadata["labels"].clone(),
        metadata["annotations"].clone(),
    ]
}

/// Returns whether logs of tenant `orders` are archived.
fn archives(world: &World) -> bool {
    world.simulator.world(|cluster| {
        let tenant = cluster.tenant("orders").unwrap();
        let round = tenant.archive.round.as_ref();
        round.is_some_and(|round| round.status == RoundStatus::Doing)
    })
}

#[test]
fn the_examples_name_directories_that_are_there() {
    let mut named = Vec::new();
    for (path, pointer) in [
        ("deploy/argocd/applications.yaml", "/spec/source/path"),
        ("deploy/flux/kustomizations.yaml", "/spec/path"),
    ] {
        let objects: Vec<Value> = serde_saphyr::from_multiple(&file(path)).unwrap();
        let paths = objects.iter().filter_map(|object| object.pointer(pointer));
        named.extend(paths.map(|path| path.as_str().unwrap().to_owned()));
    }
    assert_eq!(named.len(), 5);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let missing = named.iter().filter(|path| !root.join(path).is_dir());
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&String>::new());
}
