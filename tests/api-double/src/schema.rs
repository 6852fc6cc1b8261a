//! Structural schemas of custom resources, with the features that the definitions use.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use regex::Regex;
use serde_json::{Map, Value};

/// Drops unknown fields and fills in defaults, outermost first: the content of a default gets its
/// own defaults.
pub(crate) fn complete(schema: &Value, object: &mut Value) {
    complete_node(schema, object, true);
}

fn complete_node(schema: &Value, value: &mut Value, is_root: bool) {
    if schema["x-kubernetes-preserve-unknown-fields"] == true {
        return;
    }
    match value {
        Value::Object(fields) => {
            if let Some(each) = schema["additionalProperties"].as_object() {
                let each = Value::Object(each.clone());
                for value in fields.values_mut() {
                    complete_node(&each, value, false);
                }
                return;
            }
            let empty = Map::new();
            let known = schema["properties"].as_object().unwrap_or(&empty);
            let is_meta =
                |name: &str| is_root && matches!(name, "apiVersion" | "kind" | "metadata");
            fields.retain(|name, _| is_meta(name) || known.contains_key(name));
            for (name, schema) in known {
                if is_meta(name) {
                    continue;
                }
                let default = schema.get("default");
                // A null that the schema does not allow counts as missing.
                if fields.get(name).is_some_and(Value::is_null) && schema["nullable"] != true {
                    fields.remove(name);
                }
                if let (None, Some(default)) = (fields.get(name), default) {
                    fields.insert(name.clone(), default.clone());
                }
                if let Some(value) = fields.get_mut(name) {
                    complete_node(schema, value, false);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                complete_node(&schema["items"], item, false);
            }
        }
        _ => {}
    }
}

/// Collects violations of the schema.
pub(crate) fn check(schema: &Value, value: &Value, path: &str, problems: &mut Vec<String>) {
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    let mut wrong = |text: String| problems.push(format!("{path}: {text}"));
    let fits = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        _ => true,
    };
    if !fits {
        wrong(format!("must be of type {}: {value}", schema["type"]));
        return;
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        wrong(format!("unsupported value {value}"));
    }
    match value {
        Value::String(text) => check_text(schema, text, &mut wrong),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            if schema["minimum"]
                .as_f64()
                .is_some_and(|least| number < least)
                || schema["maximum"].as_f64().is_some_and(|most| number > most)
            {
                wrong(format!("{number} is out of range"));
            }
        }
        Value::Array(items) => {
            check_list(schema, items, &mut wrong);
            for (at, item) in items.iter().enumerate() {
                check(&schema["items"], item, &format!("{path}[{at}]"), problems);
            }
        }
        Value::Object(fields) => {
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().unwrap_or_default();
                if !fields.contains_key(name) {
                    wrong(format!("{name} is required"));
                }
            }
            for (name, value) in fields {
                let schema = match &schema["properties"][name] {
                    Value::Null => &schema["additionalProperties"],
                    schema => schema,
                };
                check(schema, value, &format!("{path}.{name}"), problems);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn check_text(schema: &Value, text: &str, wrong: &mut impl FnMut(String)) {
    let length = text.chars().count() as u64;
    if schema["minLength"]
        .as_u64()
        .is_some_and(|least| length < least)
    {
        wrong("is too short".to_owned());
    }
    if schema["maxLength"]
        .as_u64()
        .is_some_and(|most| length > most)
    {
        wrong(format!("is too long: {length} characters"));
    }
    if let Some(pattern) = schema["pattern"].as_str()
        && !matches(pattern, text)
    {
        wrong(format!("should match '{pattern}'"));
    }
    if schema["format"] == "date-time" && text.parse::<jiff::Timestamp>().is_err() {
        wrong("is no RFC 3339 time".to_owned());
    }
}

fn check_list(schema: &Value, items: &[Value], wrong: &mut impl FnMut(String)) {
    let length = items.len() as u64;
    if schema["minItems"]
        .as_u64()
        .is_some_and(|least| length < least)
        || schema["maxItems"]
            .as_u64()
            .is_some_and(|most| length > most)
    {
        wrong(format!("has {length} items"));
    }
    let keys = schema["x-kubernetes-list-map-keys"].as_array();
    let identity = |item: &Value| match keys {
        Some(keys) => keys
            .iter()
            .map(|key| item[key.as_str().unwrap_or_default()].clone())
            .collect(),
        None => item.clone(),
    };
    let is_unique = matches!(
        schema["x-kubernetes-list-type"].as_str(),
        Some("set" | "map")
    );
    let twice = items.iter().enumerate().any(|(at, item)| {
        items[..at]
            .iter()
            .any(|other| identity(other) == identity(item))
    });
    if is_unique && twice {
        wrong("has an item twice".to_owned());
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    static KNOWN: Mutex<Option<HashMap<String, Regex>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(regex) = known.get(pattern) {
        return regex.is_match(text);
    }
    // An invalid pattern rejects everything, and the affected test reports it.
    let Ok(regex) = Regex::new(pattern) else {
        return false;
    };
    let is_match = regex.is_match(text);
    known.insert(pattern.to_owned(), regex);
    is_match
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(schema: &Value, value: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        check(schema, value, "", &mut problems);
        problems
    }

    #[test]
    fn a_default_gets_its_own_defaults() {
        let schema = json!({"type": "object", "properties": {"spec": {
            "type": "object", "default": {}, "properties": {"days": {"type": "integer", "default": 7}},
        }}});
        let mut object = json!({"kind": "Thing"});
        complete(&schema, &mut object);
        assert_eq!(object, json!({"kind": "Thing", "spec": {"days": 7}}));
    }

    #[test]
    fn unknown_fields_are_dropped_and_a_null_counts_as_left_out() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let mut object = json!({"a": null, "b": 1, "metadata": {"name": "x"}});
        complete(&schema, &mut object);
        assert_eq!(object, json!({"metadata": {"name": "x"}}));
    }

    #[test]
    fn what_does_not_fit_is_said_with_its_place() {
        let schema = json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": "string"}, "b": {"type": "array", "maxItems": 1, "items": {"type": "integer"}},
        }});
        assert_eq!(
            problems(&schema, &json!({"b": [1, "x"]})),
            [
                ": a is required",
                ".b: has 2 items",
                ".b[1]: must be of type \"integer\": \"x\"",
            ]
        );
    }

    #[test]
    fn a_map_has_no_key_twice() {
        let schema = json!({"type": "array", "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"]});
        let value = json!([{"type": "Ready", "a": 1}, {"type": "Ready", "a": 2}]);
        assert_eq!(problems(&schema, &value), [": has an item twice"]);
    }

    #[test]
    fn texts_are_measured_in_characters() {
        let schema = json!({"type": "string", "maxLength": 2, "pattern": "^ä+$"});
        assert!(problems(&schema, &json!("ää")).is_empty());
        assert_eq!(problems(&schema, &json!("äää")).len(), 1);
        assert_eq!(problems(&schema, &json!("b")).len(), 1);
    }
}
