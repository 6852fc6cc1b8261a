//! Coverage of schema constraints by a table, because an untested limit can be wrong.

use std::collections::BTreeSet;

use kube::core::response::Status;
use oceanbase_backup_operator::api;
use serde_json::Value;

/// The constraints of a spec that have not been tested yet.
pub(super) struct Coverage {
    /// `field: message of the API server for a violation`.
    unbroken: BTreeSet<(String, String)>,
    /// `field: value at the edge of the allowed range`.
    unmet: BTreeSet<(String, String)>,
}

impl Coverage {
    /// Returns all constraints in the schema of this kind's spec.
    pub(super) fn of(plural: &str) -> Self {
        let mut coverage = Self {
            unbroken: BTreeSet::new(),
            unmet: BTreeSet::new(),
        };
        coverage.collect("spec", &schema(plural)["properties"]["spec"]);
        coverage
    }

    fn collect(&mut self, path: &str, schema: &Value) {
        let mut broken = |field: &str, words: &str| {
            self.unbroken.insert((field.to_owned(), words.to_owned()));
        };
        for name in strings(&schema["required"]) {
            broken(&format!("{path}.{name}"), "Required value");
        }
        for rule in entries(&schema["x-kubernetes-validations"]) {
            let field = rule["fieldPath"].as_str().unwrap_or_default();
            let message = rule["message"].as_str().unwrap_or("no message");
            broken(&format!("{path}{field}"), message);
        }
        let words = [
            ("enum", "Unsupported value"),
            ("pattern", "should match"),
            ("maxLength", "Too long"),
            ("minLength", "at least"),
            ("maxItems", "Too many"),
            ("minItems", "should have at least"),
            ("minimum", "should be greater than or equal"),
            ("maximum", "should be less than or equal"),
        ];
        for (keyword, words) in words {
            // At least one character: the pattern requires it too.
            let implied = keyword == "minLength" && schema[keyword] == 1;
            if !schema[keyword].is_null() && !implied {
                broken(path, words);
            }
        }
        if schema["format"] == "date-time" {
            broken(path, "date-time");
        }
        if schema["x-kubernetes-list-type"] == "set" {
            broken(&format!("{path}[]"), "Duplicate value");
        }
        for value in strings(&schema["enum"]) {
            self.unmet.insert((path.to_owned(), value.to_owned()));
        }
        for keyword in ["minimum", "maximum", "minItems", "maxItems", "maxLength"] {
            // With a pattern, the pattern determines the longest text.
            let fixed = keyword == "maxLength" && schema["maxLength"] == 5;
            if let Some(limit) = schema[keyword].as_f64()
                && !fixed
            {
                self.unmet.insert((path.to_owned(), limit.to_string()));
            }
        }
        if let Some(items) = schema["items"].as_object() {
            self.collect(&format!("{path}[]"), &Value::Object(items.clone()));
        }
        if let Some(properties) = schema["properties"].as_object() {
            for (name, property) in properties {
                self.collect(&format!("{path}.{name}"), property);
            }
        }
    }

    /// Records the violations of a rejected object.
    pub(super) fn refused(&mut self, status: &Status) {
        let Some(details) = &status.details else {
            return;
        };
        for cause in &details.causes {
            let field = without_indexes(&cause.field);
            self.unbroken
                .retain(|(path, words)| !(*path == field && cause.message.contains(words)));
        }
    }

    /// Records the values of an accepted spec.
    pub(super) fn accepted(&mut self, spec: &Value) {
        self.meet("spec", spec);
    }

    fn meet(&mut self, path: &str, value: &Value) {
        let mut met = |what: String| self.unmet.remove(&(path.to_owned(), what));
        match value {
            Value::String(text) => {
                met(text.clone());
                met(text.len().to_string());
            }
            Value::Number(number) => {
                met(number.as_f64().unwrap_or_default().to_string());
            }
            Value::Array(values) => {
                met(values.len().to_string());
                for value in values {
                    self.meet(&format!("{path}[]"), value);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.meet(&format!("{path}.{name}"), value);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Returns the constraints that no row has tested.
    pub(super) fn missing(self) -> Vec<String> {
        let unbroken = self.unbroken.into_iter();
        let unmet = self.unmet.into_iter();
        unbroken
            .map(|(field, words)| format!("no row is refused for {field}: {words}"))
            .chain(unmet.map(|(field, what)| format!("no accepted row has {what} at {field}")))
            .collect()
    }
}

/// Returns the OpenAPI schema of a kind.
pub(super) fn schema(plural: &str) -> Value {
    let crd = api::crds()
        .into_iter()
        .find(|crd| crd.spec.names.plural == plural)
        .unwrap();
    let schema = crd.spec.versions[0].schema.as_ref();
    serde_json::to_value(&schema.unwrap().open_api_v3_schema).unwrap()
}

fn entries(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    entries(value).iter().filter_map(Value::as_str)
}

/// Replaces the index: `spec.endpoints[3]` becomes `spec.endpoints[]`.
fn without_indexes(field: &str) -> String {
    let mut parts = field.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| {
        let after = part.split_once(']').map_or("", |(_, after)| after);
        format!("{path}[]{after}")
    })
}
