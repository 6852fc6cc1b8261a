//! Tables of manifests that the API server must accept or refuse: the files in `tables/`.
//!
//! A row changes the table's base by a merge patch: `null` removes a field. In a patch the text
//! `<a*254>` expands to 254 times `a`. A list with the one entry `<17> host{}:2881`, or `{from:
//! '<17> db{}'}`, expands to 17 entries, numbered at the braces.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use kube::core::response::Status;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::{Body, collection, object, send};
use super::coverage::Coverage;

/// A file of tables about one kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: String,
    plural: String,
    tables: Vec<Table>,
}

/// Rows that change the same base: a description and the patch; for refusals also a part of the API
/// server's message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Table {
    base: Value,
    #[serde(default)]
    accepted: BTreeMap<String, Value>,
    /// The patch, and the defaults of the API server.
    #[serde(default)]
    defaulted: BTreeMap<String, (Value, Value)>,
    #[serde(default)]
    refused: BTreeMap<String, (Value, String)>,
    #[serde(default)]
    accepted_edits: BTreeMap<String, Value>,
    #[serde(default)]
    refused_edits: BTreeMap<String, (Value, String)>,
}

/// Sends each row to the API server. Fails with every difference from the rows, and with every
/// untested constraint of the spec's schema.
fn check(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/integration/api_server/tables")
        .join(file);
    let File {
        kind,
        plural,
        tables,
    } = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut check = Check {
        coverage: Coverage::of(&plural),
        failures: Vec::new(),
        kind,
        plural,
    };
    for table in &tables {
        check.table(table);
    }
    let mut failures = check.failures;
    failures.extend(check.coverage.missing());
    assert!(failures.is_empty(), "{file}:\n  {}", failures.join("\n  "));
}

struct Check {
    kind: String,
    plural: String,
    coverage: Coverage,
    failures: Vec<String>,
}

impl Check {
    fn table(&mut self, table: &Table) {
        let base = expanded(&table.base);
        for (what, patch) in &table.accepted {
            match self.create(&merged(&base, &expanded(patch)), Some("All")) {
                Ok(stored) => self.coverage.accepted(&stored["spec"]),
                Err(status) => self.fail(what, &format!("was refused: {}", status.message)),
            }
        }
        for (what, (patch, filled)) in &table.defaulted {
            match self.create(&merged(&base, &expanded(patch)), Some("All")) {
                Ok(stored) if merged(&stored["spec"], filled) == stored["spec"] => {}
                Ok(stored) => self.fail(what, &format!("became {}", stored["spec"])),
                Err(status) => self.fail(what, &format!("was refused: {}", status.message)),
            }
        }
        for (what, (patch, words)) in &table.refused {
            let answer = self.create(&merged(&base, &expanded(patch)), Some("All"));
            self.must_be_refused(what, answer, words);
        }
        if table.accepted_edits.is_empty() && table.refused_edits.is_empty() {
            return;
        }
        let stored = self.create(&base, None).unwrap();
        let name = stored["metadata"]["name"].as_str().unwrap();
        let path = format!("{}/{name}", collection(&self.plural));
        for (what, patch) in &table.accepted_edits {
            if let Err(status) = edit(&path, patch) {
                self.fail(what, &format!("was refused: {}", status.message));
            }
        }
        for (what, (patch, words)) in &table.refused_edits {
            self.must_be_refused(what, edit(&path, patch), words);
        }
    }

    fn create(&self, spec: &Value, dry_run: Option<&str>) -> Result<Value, Box<Status>> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("row-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut path = collection(&self.plural) + "?fieldValidation=Strict";
        if let Some(dry_run) = dry_run {
            path = format!("{path}&dryRun={dry_run}");
        }
        send(&path, Body::Object(&object(&self.kind, &name, spec)))
    }

    fn must_be_refused(&mut self, what: &str, answer: Result<Value, Box<Status>>, words: &str) {
        match answer {
            Ok(_) => self.fail(what, "was accepted"),
            Err(status) => {
                self.coverage.refused(&status);
                if !status.message.contains(words) {
                    self.fail(what, &format!("expected {words:?} in: {}", status.message));
                }
            }
        }
    }

    fn fail(&mut self, what: &str, how: &str) {
        self.failures.push(format!("{what}: {how}"));
    }
}

fn edit(object: &str, patch: &Value) -> Result<Value, Box<Status>> {
    let address = format!("{object}?fieldValidation=Strict&dryRun=All");
    send(&address, Body::Merge(&json!({"spec": expanded(patch)})))
}

/// Applies a JSON merge patch, RFC 7396.
fn merged(base: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut result = base.as_object().cloned().unwrap_or_else(Map::new);
    for (key, value) in patch {
        if value.is_null() {
            result.remove(key);
        } else {
            let merged = merged(result.get(key).unwrap_or(&Value::Null), value);
            result.insert(key.clone(), merged);
        }
    }
    Value::Object(result)
}

fn expanded(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(repeated(text).unwrap_or_else(|| text.clone())),
        Value::Array(entries) => {
            if let [Value::String(only)] = entries.as_slice()
                && let Some(entries) = numbered(only)
            {
                return Value::Array(entries);
            }
            if let [Value::Object(only)] = entries.as_slice()
                && let Some(entries) = numbered_objects(only)
            {
                return Value::Array(entries);
            }
            Value::Array(entries.iter().map(expanded).collect())
        }
        Value::Object(fields) => {
            let fields = fields.iter();
            Value::Object(
                fields
                    .map(|(name, v)| (name.clone(), expanded(v)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

/// Expands `x<a*3>y` to `xaaay`.
fn repeated(text: &str) -> Option<String> {
    let (before, rest) = text.split_once('<')?;
    let (inside, after) = rest.split_once('>')?;
    let (letter, times) = inside.split_once('*')?;
    let letters = letter.repeat(times.parse().ok()?);
    let after = repeated(after).unwrap_or_else(|| after.to_owned());
    Some(format!("{before}{letters}{after}"))
}

/// Expands `<2> t{}` to `t0` and `t1`.
fn numbered(text: &str) -> Option<Vec<Value>> {
    let (times, pattern) = text.strip_prefix('<')?.split_once("> ")?;
    let times: usize = times.parse().ok()?;
    let entry = |number: usize| Value::String(pattern.replace("{}", &number.to_string()));
    Some((0..times).map(entry).collect())
}

/// Expands objects in the same way, by the field with the pattern.
fn numbered_objects(only: &Map<String, Value>) -> Option<Vec<Value>> {
    let says_so = |(name, value): (&String, &Value)| {
        let values = numbered(value.as_str()?)?;
        Some((name.clone(), values))
    };
    let (name, values) = only.iter().find_map(says_so)?;
    let object = |value| {
        let mut object = only.clone();
        object.insert(name.clone(), value);
        Value::Object(object)
    };
    Some(values.into_iter().map(object).collect())
}

#[test]
fn clusters_are_accepted_and_refused_as_their_table_says() {
    check("oceanbaseclusters.yaml");
}

#[test]
fn storages_are_accepted_and_refused_as_their_table_says() {
    check("backupstorages.yaml");
}

#[test]
fn strategies_are_accepted_and_refused_as_their_table_says() {
    check("backupstrategies.yaml");
}

#[test]
fn tasks_are_accepted_and_refused_as_their_table_says() {
    check("backuptasks.yaml");
}

#[test]
fn log_backups_are_accepted_and_refused_as_their_table_says() {
    check("logbackups.yaml");
}

#[test]
fn recoveries_are_accepted_and_refused_as_their_table_says() {
    check("recoverytasks.yaml");
}

#[test]
fn cleanups_are_accepted_and_refused_as_their_table_says() {
    check("cleanuptasks.yaml");
}

#[test]
fn drills_are_accepted_and_refused_as_their_table_says() {
    check("recoverydrills.yaml");
}
