//! Checks that the definitions under `crds/` match the types.

use std::path::Path;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray,
};
use oceanbase_backup_operator::api;
use serde_json::{Map, Value};

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

/// Limit on a status in bytes. Half a mebibyte is left for the spec and the metadata: etcd accepts
/// requests up to 1.5 MiB.
const MAX_STATUS_BYTES: usize = 1 << 20;
const MAX_SPEC_BYTES: usize = 1 << 19;

/// A status that does not fit into etcd cannot be written, and neither can an intent: the operator
/// could not act on the object any more.
#[test]
fn the_largest_status_that_each_definition_accepts_fits_into_etcd() {
    for crd in api::crds() {
        let kind = &crd.spec.names.kind;
        let schema = crd.spec.versions[0].schema.as_ref().unwrap();
        let schema = schema.open_api_v3_schema.as_ref().unwrap();
        let properties = schema.properties.as_ref().unwrap();
        for (part, limit) in [("spec", MAX_SPEC_BYTES), ("status", MAX_STATUS_BYTES)] {
            let path = format!("{kind}.{part}");
            let bytes = largest(&properties[part], &path).to_string().len();
            assert!(bytes < limit, "{path} can have {bytes} bytes");
        }
    }
}

/// Returns the largest value that a schema accepts. Fails for a schema without a bound.
fn largest(schema: &JSONSchemaProps, path: &str) -> Value {
    if schema.x_kubernetes_int_or_string == Some(true) {
        return "9".repeat(bound(schema.max_length, path)).into();
    }
    match schema.type_.as_deref() {
        Some("object") => {
            assert!(
                schema.additional_properties.is_none(),
                "{path} is not bounded"
            );
            let properties = schema.properties.iter().flatten();
            let members = properties.map(|(name, property)| {
                (name.clone(), largest(property, &format!("{path}.{name}")))
            });
            members.collect::<Map<_, _>>().into()
        }
        Some("array") => {
            let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items else {
                panic!("{path} has no items");
            };
            let item = largest(items, &format!("{path}[]"));
            vec![item; bound(schema.max_items, path)].into()
        }
        Some("string") if schema.format.as_deref() == Some("date-time") => {
            "2026-11-22T02:00:00.000000+08:00".into()
        }
        Some("string") => {
            let words = schema.enum_.iter().flatten();
            let words = words.filter_map(|word| word.0.as_str());
            let longest = words.max_by_key(|word| word.len());
            longest
                .map_or_else(|| "x".repeat(bound(schema.max_length, path)), str::to_owned)
                .into()
        }
        Some("integer") => i64::MIN.into(),
        Some("boolean") => false.into(),
        other => panic!("{path} has the type {other:?}"),
    }
}

fn bound(bound: Option<i64>, path: &str) -> usize {
    let bound = bound.unwrap_or_else(|| panic!("{path} is not bounded"));
    usize::try_from(bound).unwrap()
}
