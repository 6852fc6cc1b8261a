//! Rules for every field of every definition, in the spec and the status.

use oceanbase_backup_operator::api;
use serde_json::Value;

use super::coverage::schema;

/// A path in a schema, and the schema there.
struct Place {
    path: String,
    schema: Value,
    /// Whether it is the entry of a list; the description belongs to the list.
    is_entry: bool,
}

fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for crd in api::crds() {
        let plural = crd.spec.names.plural;
        let root = schema(&plural);
        for part in ["spec", "status"] {
            let path = format!("{plural}.{part}");
            walk(path, &root["properties"][part], false, &mut places);
        }
    }
    places
}

fn walk(path: String, schema: &Value, is_entry: bool, places: &mut Vec<Place>) {
    if schema["items"].is_object() {
        walk(format!("{path}[]"), &schema["items"], true, places);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(format!("{path}.{name}"), property, false, places);
    }
    places.push(Place {
        path,
        schema: schema.clone(),
        is_entry,
    });
}

/// Returns the paths that violate a rule.
fn where_not(holds: impl Fn(&Place) -> bool) -> Vec<String> {
    let broken = places().into_iter().filter(|place| !holds(place));
    broken.map(|place| place.path).collect()
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn the_walk_reaches_the_depths_of_each_kind() {
    let paths: Vec<String> = places().into_iter().map(|place| place.path).collect();
    for deep in [
        "oceanbaseclusters.spec.tls.ca.secretRef.name",
        "backupstorages.spec.cos.credentials.secretRef.name",
        "backupstrategies.status.tenants.failing[].message",
        "backuptasks.status.attempts[].cause.reason",
        "logbackups.status.recoveryWindows[].startSCN",
    ] {
        assert!(paths.iter().any(|path| path == deep), "{deep}");
    }
}

#[test]
fn every_field_has_a_description_that_is_a_sentence() {
    let undescribed = where_not(|place| {
        let text = place.schema["description"].as_str().unwrap_or_default();
        place.is_entry || text.trim_end().ends_with(['.', '?'])
    });
    assert_eq!(undescribed, none());
}

/// Setting one field of a block must give the others the same defaults as omitting the block.
#[test]
fn a_block_that_is_left_out_becomes_what_its_fields_become() {
    let unlike = where_not(|Place { path, schema, .. }| {
        let block = schema["default"].as_object();
        let mut fields = block.into_iter().flatten();
        // The initial status applies only to new objects.
        path.ends_with(".status")
            || fields.all(|(name, value)| schema["properties"][name]["default"] == *value)
    });
    assert_eq!(unlike, none());
}

#[test]
fn every_string_is_bounded() {
    let unbounded = where_not(|Place { schema, .. }| {
        schema["type"] != "string"
            || ["maxLength", "enum"]
                .iter()
                .any(|keyword| !schema[keyword].is_null())
            || schema["format"] == "date-time"
    });
    assert_eq!(unbounded, none());
}

#[test]
fn every_list_is_bounded_and_says_how_it_is_merged() {
    let loose = where_not(|Place { schema, .. }| {
        schema["type"] != "array"
            || (schema["maxItems"].is_u64() && schema["x-kubernetes-list-type"].is_string())
    });
    assert_eq!(loose, none());
}

#[test]
fn no_field_takes_what_it_does_not_know() {
    let open = where_not(|Place { schema, .. }| {
        [
            "additionalProperties",
            "x-kubernetes-preserve-unknown-fields",
        ]
        .iter()
        .all(|keyword| schema[keyword].is_null())
    });
    assert_eq!(open, none());
}

#[test]
fn no_field_can_be_null() {
    assert_eq!(
        where_not(|place| place.schema["nullable"].is_null()),
        none()
    );
}

/// Argo CD with server-side apply compares a list as a whole: a default in an entry, which Git
/// lacks, would be a difference for ever.
#[test]
fn no_field_in_a_list_has_a_default() {
    let with = where_not(|place| !place.path.contains("[]") || place.schema["default"].is_null());
    assert_eq!(with, none());
}

#[test]
fn a_status_has_no_default_but_its_initial_one() {
    let with = where_not(|Place { path, schema, .. }| {
        path.ends_with(".status") || !path.contains(".status") || schema["default"].is_null()
    });
    assert_eq!(with, none());
}

#[test]
fn every_field_has_a_type() {
    let is_typed =
        |schema: &Value| schema["type"].is_string() || schema["x-kubernetes-int-or-string"] == true;
    assert_eq!(where_not(|place| is_typed(&place.schema)), none());
}

#[test]
fn no_number_is_a_float() {
    assert_eq!(where_not(|place| place.schema["type"] != "number"), none());
}

#[test]
fn no_status_refuses_a_word_that_is_new() {
    // Conditions have three fixed values. All else stays open, so that a newer operator can write
    // its status.
    let closed = where_not(|Place { path, schema, .. }| {
        !path.contains(".status") || schema["enum"].is_null() || path.contains(".conditions[]")
    });
    assert_eq!(closed, none());
}

#[test]
fn every_rule_says_what_must_be() {
    let silent = where_not(|Place { schema, .. }| {
        let rules = schema["x-kubernetes-validations"].as_array();
        rules.into_iter().flatten().all(|rule| {
            let message = rule["message"].as_str().unwrap_or_default();
            ["must ", "immutable", "cannot"]
                .iter()
                .any(|word| message.contains(word))
        })
    });
    assert_eq!(silent, none());
}
