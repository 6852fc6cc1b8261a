//! Reading: one object, and lists in pages.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::call::Call;
use crate::kinds::Kind;
use crate::refusal::Refusal;
use crate::store::{Double, Key, State};

/// The objects of a list or a watch.
pub(crate) struct Selection {
    plural: String,
    namespace: Option<String>,
    /// Paths and the required or excluded values there.
    wanted: Vec<(Vec<String>, String, bool)>,
}

impl Selection {
    pub(crate) fn new(kind: &Kind, call: &Call) -> Result<Self, Refusal> {
        let mut wanted = Vec::new();
        for term in terms(call.query("labelSelector")) {
            let (key, value, is_wanted) = split(term)?;
            let path = ["metadata", "labels", key].map(str::to_owned).to_vec();
            wanted.push((path, value, is_wanted));
        }
        for term in terms(call.query("fieldSelector")) {
            let (key, value, is_wanted) = split(term)?;
            let is_known = matches!(key, "metadata.name" | "metadata.namespace")
                || kind
                    .selectable
                    .iter()
                    .any(|path| path.trim_start_matches('.') == key);
            if !is_known {
                let text = format!("field label not supported: {key}");
                return Err(Refusal::bad_request(text));
            }
            let path = key.split('.').map(str::to_owned).collect();
            wanted.push((path, value, is_wanted));
        }
        Ok(Self {
            plural: kind.plural.clone(),
            namespace: call.namespace.clone(),
            wanted,
        })
    }

    pub(crate) fn has(&self, key: &Key, object: &Value) -> bool {
        key.plural == self.plural
            && self.namespace.as_ref().is_none_or(|n| *n == key.namespace)
            && self.wanted.iter().all(|(path, value, is_wanted)| {
                let found = path.iter().fold(object, |at, part| &at[part.as_str()]);
                let found = match found {
                    Value::String(text) => text.clone(),
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
                (found == *value) == *is_wanted
            })
    }
}

fn terms(selector: &str) -> impl Iterator<Item = &str> {
    selector.split(',').filter(|term| !term.is_empty())
}

fn split(term: &str) -> Result<(&str, String, bool), Refusal> {
    let (key, value, is_wanted) = match term.split_once("!=") {
        Some((key, value)) => (key, value, false),
        None => match term.split_once('=') {
            Some((key, value)) => (key, value.trim_start_matches('='), true),
            None => return Err(Refusal::bad_request(format!("unable to parse: {term}"))),
        },
    };
    Ok((key, value.to_owned(), is_wanted))
}

impl Double {
    pub(crate) fn read(&self, kind: &Kind, call: &Call) -> Result<Value, Refusal> {
        let key = key(call)?;
        let state = self.lock();
        let object = state.objects.get(&key);
        let missing = || Refusal::not_found(&kind.plural, &call.name);
        object
            .map(|object| Value::clone(object))
            .ok_or_else(missing)
    }

    /// Returns a list in its state of this many changes ago.
    pub(crate) fn pages(&self, kind: &Kind, call: &Call, behind: u64) -> Result<Value, Refusal> {
        let state = self.lock();
        let (version, after) = from(&state, call, behind)?;
        let selection = Selection::new(kind, call)?;
        let limit = call.query("limit").parse::<usize>().ok().filter(|n| *n > 0);
        let objects = if version == state.version {
            state.objects.clone()
        } else {
            state.at(version)
        };
        drop(state);
        let name = |key: &Key| format!("{}/{}", key.namespace, key.name);
        let mut chosen: Vec<_> = objects
            .into_iter()
            .filter(|(key, object)| selection.has(key, object))
            .filter(|(key, _)| after.as_ref().is_none_or(|after| name(key) > *after))
            .collect();
        let rest = limit.map_or(0, |limit| chosen.len().saturating_sub(limit));
        chosen.truncate(chosen.len() - rest);
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if let (1.., Some((last, _))) = (rest, chosen.last()) {
            metadata["continue"] = format!("{version}:{}", name(last)).into();
            metadata["remainingItemCount"] = rest.into();
        }
        let items: Vec<Value> = chosen
            .into_iter()
            .map(|(_, object)| Arc::unwrap_or_clone(object))
            .collect();
        Ok(json!({
            "kind": format!("{}List", kind.name), "apiVersion": kind.api_version(),
            "metadata": metadata, "items": items,
        }))
    }
}

/// Returns the version of a page, and the name after which it begins.
fn from(state: &State, call: &Call, behind: u64) -> Result<(u64, Option<String>), Refusal> {
    let token = call.query("continue");
    if !token.is_empty() {
        let parts = token.split_once(':');
        let parts = parts.and_then(|(version, after)| Some((version.parse().ok()?, after)));
        let invalid = || Refusal::bad_request("continue key is not valid");
        let (version, after) = parts.ok_or_else(invalid)?;
        return if version < state.compacted {
            Err(Refusal::expired())
        } else {
            Ok((version, Some(after.to_owned())))
        };
    }
    let wanted = call.query("resourceVersion").parse::<u64>().ok();
    let version = match wanted.filter(|_| call.query("resourceVersionMatch") == "Exact") {
        Some(exact) if exact < state.compacted => return Err(Refusal::expired()),
        Some(exact) => exact,
        None => state.version.saturating_sub(behind).max(1),
    };
    Ok((version, None))
}

/// Returns the object of a request.
pub(crate) fn key(call: &Call) -> Result<Key, Refusal> {
    let namespace = call.namespace.clone();
    let namespace = namespace
        .ok_or_else(|| Refusal::bad_request("namespaced objects have a namespace in their path"))?;
    Ok(Key {
        plural: call.plural.clone(),
        namespace,
        name: call.name.clone(),
    })
}
