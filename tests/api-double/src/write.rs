//! Writing: creating, replacing, patching and deleting one object.
//!
//! The owners of fields are not recorded. An apply is a merge that may also create the object.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::call::{Call, Verb};
use crate::kinds::Kind;
use crate::read::key;
use crate::refusal::Refusal;
use crate::store::{Double, Key, State};

impl Double {
    /// Returns the answer, and whether the object was created.
    pub(crate) fn write(
        &self,
        kind: &Kind,
        call: &Call,
        actor: &str,
    ) -> Result<(Value, bool), Refusal> {
        let work = Work {
            kind,
            call,
            actor,
            label: call.to_string(),
            now: whole_seconds(self.now()).to_string(),
        };
        self.change(|state| match call.verb {
            Verb::Create => work.create(state).map(|object| (object, true)),
            Verb::Update => work.update(state).map(|object| (object, false)),
            Verb::Patch => work.patch(state),
            Verb::Delete => work.delete(state).map(|object| (object, false)),
            Verb::Get | Verb::List | Verb::Watch => {
                Err(Refusal::bad_request("this is no writing request"))
            }
        })
    }
}

struct Work<'a> {
    kind: &'a Kind,
    call: &'a Call,
    actor: &'a str,
    label: String,
    now: String,
}

impl Work<'_> {
    fn commit(&self, state: &mut State, key: Key, after: Option<Value>) -> Value {
        let change = state.commit(key, after, (self.actor, &self.label));
        let object = change.after.as_ref().or(change.before.as_ref());
        object.map_or(Value::Null, |object| Value::clone(object))
    }

    fn create(&self, state: &mut State) -> Result<Value, Refusal> {
        let mut key = key(self.call)?;
        let mut object = self.identified(self.call.body.clone())?;
        if key.name.is_empty() {
            let prefix = object["metadata"]["generateName"].as_str();
            let prefix = prefix.ok_or_else(|| {
                Refusal::invalid(
                    "",
                    &["metadata.name: name or generateName is required".into()],
                )
            })?;
            key.name = format!("{prefix}{:05x}", state.number());
        }
        if !is_name(&key.name) {
            let problem = "metadata.name: must be a lowercase RFC 1123 subdomain".to_owned();
            return Err(Refusal::invalid(&key.name, &[problem]));
        }
        if state.objects.contains_key(&key) {
            let text = format!("{} \"{}\" already exists", self.call.plural, key.name);
            return Err(Refusal::new(409, "AlreadyExists", text));
        }
        if let (true, Some(fields)) = (self.kind.has_status, object.as_object_mut()) {
            fields.remove("status");
        }
        let number = state.number();
        let meta = &mut object["metadata"];
        meta["name"] = key.name.clone().into();
        meta["namespace"] = key.namespace.clone().into();
        meta["uid"] = format!("00000000-0000-4000-8000-{number:012x}").into();
        meta["creationTimestamp"] = self.now.clone().into();
        if self.kind.has_status {
            meta["generation"] = 1.into();
        }
        self.kind.complete(&mut object);
        self.kind.check(&object, None)?;
        Ok(self.commit(state, key, Some(object)))
    }

    /// Returns the body as an object of its kind.
    fn identified(&self, mut object: Value) -> Result<Value, Refusal> {
        if !object.is_object() {
            return Err(Refusal::bad_request("the body is no object"));
        }
        let (api_version, kind) = (self.kind.api_version(), &self.kind.name);
        for (field, wanted) in [("apiVersion", &api_version), ("kind", kind)] {
            let given = object[field].as_str().unwrap_or(wanted);
            if given != wanted {
                let text = format!("{field} {given} does not match the path: {wanted}");
                return Err(Refusal::bad_request(text));
            }
            object[field] = wanted.clone().into();
        }
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        // The write-only fields of a Secret.
        if let Some(plain) = object.as_object_mut().and_then(|o| o.remove("stringData")) {
            for (key, value) in plain.as_object().into_iter().flatten() {
                let bytes = value.as_str().unwrap_or_default().as_bytes().to_vec();
                let bytes = k8s_openapi::ByteString(bytes);
                object["data"][key] = serde_json::to_value(bytes).unwrap_or_default();
            }
        }
        Ok(object)
    }

    fn update(&self, state: &mut State) -> Result<Value, Refusal> {
        let key = key(self.call)?;
        let object = self.identified(self.call.body.clone())?;
        let version = object["metadata"]["resourceVersion"].as_str();
        if self.kind.needs_version && version.is_none_or(str::is_empty) {
            let problem = "metadata.resourceVersion: must be specified for an update".to_owned();
            return Err(Refusal::invalid(&key.name, &[problem]));
        }
        self.replace(state, key, object)
    }

    /// Replaces an existing object.
    fn replace(&self, state: &mut State, key: Key, mut new: Value) -> Result<Value, Refusal> {
        let missing = || Refusal::not_found(&self.call.plural, &key.name);
        let old = state.objects.get(&key).cloned().ok_or_else(missing)?;
        for field in ["resourceVersion", "uid"] {
            let given = new["metadata"][field].as_str().filter(|v| !v.is_empty());
            if given.is_some_and(|given| old["metadata"][field] != given) {
                return Err(Refusal::conflict(&self.call.plural, &key.name));
            }
        }
        if self.call.subresource == "status" {
            let status = new["status"].take();
            new = Value::clone(&old);
            set(&mut new, "status", status);
        } else {
            if self.kind.has_status {
                set(&mut new, "status", old["status"].clone());
            }
            let kept = [
                "name",
                "namespace",
                "uid",
                "creationTimestamp",
                "generation",
                "resourceVersion",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
            ];
            for field in kept {
                set(&mut new["metadata"], field, old["metadata"][field].clone());
            }
        }
        self.kind.complete(&mut new);
        if self.kind.has_status && new["spec"] != old["spec"] {
            let generation = old["metadata"]["generation"].as_i64().unwrap_or_default();
            new["metadata"]["generation"] = (generation + 1).into();
        }
        self.kind.check(&new, Some(&old))?;
        if new == *old {
            return Ok(new);
        }
        let is_going = !new["metadata"]["deletionTimestamp"].is_null();
        if is_going && !has_finalizers(&new) {
            self.commit(state, key, None);
            return Ok(new);
        }
        Ok(self.commit(state, key, Some(new)))
    }

    fn patch(&self, state: &mut State) -> Result<(Value, bool), Refusal> {
        let key = key(self.call)?;
        let is_apply = self.call.content_type.contains("apply-patch");
        if !is_apply && !self.call.content_type.contains("merge-patch") {
            let text = "only merge patches and applied objects are understood";
            return Err(Refusal::new(415, "UnsupportedMediaType", text));
        }
        let Some(old) = state.objects.get(&key) else {
            if is_apply && self.call.subresource.is_empty() {
                let mut call = self.call.clone();
                call.verb = Verb::Create;
                let work = Work {
                    kind: self.kind,
                    call: &call,
                    actor: self.actor,
                    label: self.label.clone(),
                    now: self.now.clone(),
                };
                return work.create(state).map(|object| (object, true));
            }
            return Err(Refusal::not_found(&self.call.plural, &key.name));
        };
        let mut new = Value::clone(old);
        set(&mut new["metadata"], "resourceVersion", Value::Null);
        merge(&mut new, &self.call.body);
        let new = self.identified(new)?;
        self.replace(state, key, new).map(|object| (object, false))
    }

    fn delete(&self, state: &mut State) -> Result<Value, Refusal> {
        let key = key(self.call)?;
        let missing = || Refusal::not_found(&self.call.plural, &key.name);
        let old = state.objects.get(&key).cloned().ok_or_else(missing)?;
        let wanted = &self.call.body["preconditions"];
        for field in ["resourceVersion", "uid"] {
            if !wanted[field].is_null() && wanted[field] != old["metadata"][field] {
                return Err(Refusal::conflict(&self.call.plural, &key.name));
            }
        }
        if has_finalizers(&old) {
            let mut going = Value::clone(&old);
            if going["metadata"]["deletionTimestamp"].is_null() {
                let generation = old["metadata"]["generation"].as_i64();
                let meta = &mut going["metadata"];
                meta["deletionTimestamp"] = self.now.clone().into();
                meta["deletionGracePeriodSeconds"] = 0.into();
                if let Some(generation) = generation {
                    meta["generation"] = (generation + 1).into();
                }
                return Ok(self.commit(state, key, Some(going)));
            }
            return Ok(going);
        }
        let policy = self.call.body["propagationPolicy"].as_str();
        let policy = policy.unwrap_or(self.call.query("propagationPolicy"));
        if policy == "Orphan" {
            self.orphan(state, &old);
        }
        let (name, uid) = (key.name.clone(), old["metadata"]["uid"].clone());
        self.commit(state, key, None);
        Ok(json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {"name": name, "kind": self.call.plural, "uid": uid},
        }))
    }

    /// Removes the owner from its dependents.
    fn orphan(&self, state: &mut State, owner: &Value) {
        let uid = &owner["metadata"]["uid"];
        let children: Vec<_> = state
            .objects
            .iter()
            .filter(|(_, object)| {
                let owners = object["metadata"]["ownerReferences"].as_array();
                owners.is_some_and(|owners| owners.iter().any(|owner| owner["uid"] == *uid))
            })
            .map(|(key, object)| (key.clone(), Value::clone(object)))
            .collect();
        for (key, mut object) in children {
            if let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() {
                owners.retain(|owner| owner["uid"] != *uid);
            }
            self.commit(state, key, Some(object));
        }
    }
}

/// Drops fractions of a second, as the API server does.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn has_finalizers(object: &Value) -> bool {
    let finalizers = object["metadata"]["finalizers"].as_array();
    finalizers.is_some_and(|finalizers| !finalizers.is_empty())
}

/// Sets a field, or removes it for a null value.
fn set(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        if value.is_null() {
            fields.remove(field);
        } else {
            fields.insert(field.to_owned(), value);
        }
    }
}

/// Applies a merge patch: RFC 7386.
fn merge(object: &mut Value, patch: &Value) {
    let Some(changes) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    if let Some(fields) = object.as_object_mut() {
        for (name, change) in changes {
            if change.is_null() {
                fields.remove(name);
            } else {
                merge(fields.entry(name).or_insert(Value::Null), change);
            }
        }
    }
}

/// Returns whether a name is a lowercase RFC 1123 subdomain.
fn is_name(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 253
        && name.split('.').all(|label| {
            label.starts_with(is_word)
                && label.ends_with(is_word)
                && label.chars().all(|c| is_word(c) || c == '-')
        })
}
