//! The garbage collector of Kubernetes, which deletes objects without owners.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::store::Double;

impl Double {
    /// Deletes the objects all of whose owners are gone; returns `true` if there were any. Like the
    /// real collector it runs later than the deletion of an owner, and handles one generation at a
    /// time. The caller chooses the time.
    #[must_use]
    pub fn collect_garbage(&self) -> bool {
        let kinds = self.0.kinds.clone();
        self.change(|state| {
            let uid = |object: &Arc<Value>| object["metadata"]["uid"].as_str().map(str::to_owned);
            let living: BTreeSet<String> = state.objects.values().filter_map(uid).collect();
            let is_gone = |owner: &Value| {
                let text = |field: &str| owner[field].as_str().unwrap_or_default();
                // A kind that is not served here may have the object.
                kinds.by_name(text("apiVersion"), text("kind")).is_some()
                    && !living.contains(text("uid"))
            };
            let orphans: Vec<_> = state
                .objects
                .iter()
                .filter(|(_, object)| {
                    let owners = object["metadata"]["ownerReferences"].as_array();
                    owners.is_some_and(|all| !all.is_empty() && all.iter().all(is_gone))
                })
                .filter(|(_, object)| object["metadata"]["deletionTimestamp"].is_null())
                .map(|(key, object)| (key.clone(), Value::clone(object)))
                .collect();
            let found = !orphans.is_empty();
            let now = self.now().to_string();
            for (key, mut object) in orphans {
                let finalizers = object["metadata"]["finalizers"].as_array();
                let is_held = finalizers.is_some_and(|finalizers| !finalizers.is_empty());
                let call = format!("delete {} {}", key.plural, key.name);
                object["metadata"]["deletionTimestamp"] = now.clone().into();
                let after = is_held.then_some(object);
                state.commit(key, after, ("garbage collector", &call));
            }
            found
        })
    }
}
