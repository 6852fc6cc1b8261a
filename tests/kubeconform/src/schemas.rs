//! Schemas in kubeconform's form, from the document in which an API server describes all its kinds,
//! including custom ones.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use serde_json::{Map, Value, json};

/// Names of the files. For a kind without a group, kubeconform uses the version as the group.
pub(crate) const NAMES: &str = "{{ .Group }}_{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json";

/// The field of a schema that names its kind.
const KINDS: &str = "x-kubernetes-group-version-kind";

/// Writes a file for each kind of an API server's `/openapi/v2` into this directory, and returns
/// the number of files.
pub fn write(openapi: &Value, directory: &Path) -> io::Result<usize> {
    fs::create_dir_all(directory)?;
    let empty = Map::new();
    let definitions = openapi["definitions"].as_object().unwrap_or(&empty);
    let mut written = 0;
    for (name, definition) in definitions {
        // Definitions that all kinds share have several, such as the options of a deletion.
        let Some([kind]) = definition[KINDS].as_array().map(Vec::as_slice) else {
            continue;
        };
        let text = |part: &str| kind[part].as_str().unwrap_or_default();
        let (group, version) = (text("group"), text("version"));
        let group = if group.is_empty() { version } else { group };
        let file = format!("{group}_{}_{version}.json", text("kind").to_lowercase());
        let mut needed = BTreeMap::new();
        collect(name, definitions, &mut needed);
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$ref": format!("#/definitions/{name}"),
            "definitions": needed,
        });
        fs::write(directory.join(file), schema.to_string())?;
        written += 1;
    }
    Ok(written)
}

/// Adds a definition, and all that it refers to, to `needed`.
fn collect(name: &str, definitions: &Map<String, Value>, needed: &mut BTreeMap<String, Value>) {
    let Some(definition) = definitions.get(name) else {
        return;
    };
    if needed.contains_key(name) {
        return;
    }
    needed.insert(name.to_owned(), strict(definition));
    refer(definition, &mut |other| collect(other, definitions, needed));
}

/// Visits every definition that a schema refers to. A property may be named `$ref`; its value is
/// not text.
fn refer(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            let to = fields.get("$ref").and_then(Value::as_str);
            if let Some(name) = to.and_then(|to| to.strip_prefix("#/definitions/")) {
                visit(name);
            }
            fields.values().for_each(|field| refer(field, visit));
        }
        Value::Array(items) => items.iter().for_each(|item| refer(item, visit)),
        _ => {}
    }
}

/// Returns a schema that rejects unknown fields, without Kubernetes' extensions. The content of
/// `properties` is a map of names, in which a field may be named like a schema keyword.
fn strict(schema: &Value) -> Value {
    let Value::Object(fields) = schema else {
        return schema.clone();
    };
    let is = |word: &str| fields.get(word) == Some(&json!(true));
    let is_either = fields.get("format") == Some(&json!("int-or-string"));
    let is_either = is_either || is("x-kubernetes-int-or-string");
    let mut strict_fields = Map::new();
    for (word, value) in fields {
        let value = match (word.as_str(), value) {
            ("type" | "format", _) if is_either => continue,
            (own, _) if own.starts_with("x-kubernetes-") => continue,
            ("properties", Value::Object(properties)) => properties
                .iter()
                .map(|(name, property)| (name.clone(), strict(property)))
                .collect(),
            ("items" | "additionalProperties", schema) => strict(schema),
            _ => value.clone(),
        };
        strict_fields.insert(word.clone(), value);
    }
    if is_either {
        let either = json!([{"type": "string"}, {"type": "integer"}]);
        strict_fields.insert("oneOf".to_owned(), either);
    }
    if fields.contains_key("properties") && !is("x-kubernetes-preserve-unknown-fields") {
        strict_fields
            .entry("additionalProperties")
            .or_insert(json!(false));
    }
    Value::Object(strict_fields)
}
