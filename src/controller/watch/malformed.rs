//! Stored objects that cannot be read, for example objects written by a newer operator.
//!
//! Such an object is left unchanged, and the other objects of its kind are processed. References to
//! it are reported as unreadable. An unreadable strategy keeps its tenants: otherwise another
//! strategy would take them over while a user corrects the object.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::api::LocalReference;
use crate::api::PinnedDatabase;
use crate::api::strategy::TenantSelection;
use crate::controller::Context;
use crate::domain::Blocker;

/// Object, or the remains of an unreadable object, which must not break the list.
#[derive(Clone, Debug)]
pub struct Guarded<K>(pub Result<K, MalformedObject>);

impl<K> Guarded<K> {
    /// Builds a deleted object of which only namespace and name are known.
    pub(in crate::controller) fn deleted(namespace: &str, name: &str) -> Self {
        let metadata = ObjectMeta {
            namespace: Some(namespace.to_owned()),
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        };
        Self(Err(MalformedObject {
            error: "it was deleted".to_owned(),
            metadata,
            remnant: PartialObject::default(),
        }))
    }
}

/// Object that cannot be read.
#[derive(Clone, Debug)]
pub struct MalformedObject {
    /// Reason.
    pub error: String,
    pub(in crate::controller) metadata: ObjectMeta,
    remnant: PartialObject,
}

/// Readable parts of an unreadable object that other objects need.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::controller) struct PartialObject {
    pub(in crate::controller) created_at: Timestamp,
    /// Cluster of a strategy.
    pub(in crate::controller) cluster_ref: Option<LocalReference>,
    /// Tenants of a strategy; `None`, which means all, if this part is unreadable.
    pub(in crate::controller) tenants: Option<TenantSelection>,
    /// Database of an OceanBaseCluster.
    pub(in crate::controller) database: Option<PinnedDatabase>,
}

impl PartialObject {
    fn of(object: &Value, metadata: &ObjectMeta) -> Self {
        let created_at = metadata.creation_timestamp.as_ref();
        Self {
            created_at: created_at.map_or(Timestamp::UNIX_EPOCH, |at| at.0),
            cluster_ref: part(&object["spec"]["clusterRef"]),
            tenants: part(&object["spec"]["tenants"]),
            database: part(&object["status"]["database"]),
        }
    }
}

fn part<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Guarded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Value::deserialize(deserializer)?;
        let read = K::deserialize(&object).map(Ok).or_else(|error| {
            let metadata = ObjectMeta::deserialize(&object["metadata"]);
            let metadata = metadata.map_err(D::Error::custom)?;
            Ok(Err(MalformedObject {
                error: error.to_string(),
                remnant: PartialObject::of(&object, &metadata),
                metadata,
            }))
        });
        read.map(Self)
    }
}

impl<K: Resource> Resource for Guarded<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(of: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(of)
    }

    fn group(of: &Self::DynamicType) -> Cow<'_, str> {
        K::group(of)
    }

    fn version(of: &Self::DynamicType) -> Cow<'_, str> {
        K::version(of)
    }

    fn plural(of: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(of)
    }

    fn meta(&self) -> &ObjectMeta {
        self.0
            .as_ref()
            .map_or_else(|unread| &unread.metadata, K::meta)
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        let read = self.0.as_mut();
        read.map_or_else(|unread| &mut unread.metadata, K::meta_mut)
    }
}

/// Kind, namespace and name.
type Key = (String, String, String);

/// All objects that cannot be read.
#[derive(Clone, Default)]
pub struct MalformedObjects(Arc<RwLock<BTreeMap<Key, PartialObject>>>);

impl MalformedObjects {
    /// Records an object; returns whether the record has changed.
    pub(in crate::controller) fn insert<K: Resource<DynamicType = ()>>(
        &self,
        unread: &MalformedObject,
    ) -> bool {
        let remnant = unread.remnant.clone();
        let known = self.write().insert(key_of::<K>(&unread.metadata), remnant);
        known.as_ref() != Some(&unread.remnant)
    }

    /// Drops an object that is readable or deleted; returns whether it was recorded.
    pub(in crate::controller) fn remove<K: Resource<DynamicType = ()>>(
        &self,
        metadata: &ObjectMeta,
    ) -> bool {
        self.write().remove(&key_of::<K>(metadata)).is_some()
    }

    /// Drops the objects of a kind that a new list does not contain.
    pub(in crate::controller) fn keep<K: Resource<DynamicType = ()>>(&self, listed: &[ObjectMeta]) {
        let listed: Vec<Key> = listed.iter().map(key_of::<K>).collect();
        self.write()
            .retain(|key, _| key.0 != K::kind(&()) || listed.contains(key));
    }

    /// Returns the known parts of an object, if it is unreadable.
    pub(in crate::controller) fn find<K: Resource<DynamicType = ()>>(
        &self,
        namespace: &str,
        name: &str,
    ) -> Option<PartialObject> {
        let key = (K::kind(&()).into(), namespace.to_owned(), name.to_owned());
        self.read().get(&key).cloned()
    }

    /// Returns the unreadable objects of a kind: namespace, name and known parts.
    pub(in crate::controller) fn all<K: Resource<DynamicType = ()>>(
        &self,
    ) -> Vec<(String, String, PartialObject)> {
        let known = self.read();
        let of_kind = known.iter().filter(|(key, _)| key.0 == K::kind(&()));
        of_kind
            .map(|((_, namespace, name), remnant)| {
                (namespace.clone(), name.clone(), remnant.clone())
            })
            .collect()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<Key, PartialObject>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<Key, PartialObject>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key_of<K: Resource<DynamicType = ()>>(metadata: &ObjectMeta) -> Key {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    (
        K::kind(&()).into(),
        text(&metadata.namespace),
        text(&metadata.name),
    )
}

/// Returns why the reference field `reference` cannot be resolved: the object does not exist (with
/// this reason) or cannot be read.
pub(in crate::controller) fn missing<K: Resource<DynamicType = ()>>(
    context: &Context,
    reference: &str,
    reason: &'static str,
    namespace: &str,
    name: &str,
) -> Blocker {
    let kind = K::kind(&());
    if context
        .caches
        .unreadable
        .find::<K>(namespace, name)
        .is_some()
    {
        let message = format!(
            "{kind} '{name}' in namespace '{namespace}' exists but cannot be read: it contains \
             something that this version of the operator does not support. Correct it, or update \
             the operator"
        );
        return Blocker::waiting("Unreadable", message);
    }
    let message = format!(
        "there is no {kind} '{name}' in namespace '{namespace}': create it, or correct \
         `{reference}`"
    );
    Blocker::waiting(reason, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{BackupStrategy, LogBackup, OceanBaseCluster};

    fn strategy(tenants: &Value) -> Value {
        json!({
            "metadata": {
                "name": "nightly", "namespace": "shop",
                "creationTimestamp": "2026-11-21T00:00:00Z",
            },
            "spec": {
                "clusterRef": {"name": "prod"},
                "storageRef": {"name": "nfs"},
                "tenants": tenants,
                "firstBackup": "Tomorrow",
                "schedule": {"timeZone": "UTC", "full": {"cron": "0 2 * * *"}},
                "retention": {"policy": "Unmanaged"},
            },
        })
    }

    fn unread(object: Value) -> MalformedObject {
        let read: Guarded<BackupStrategy> = serde_json::from_value(object).unwrap();
        read.0.unwrap_err()
    }

    #[test]
    fn a_strategy_with_one_odd_word_still_says_whose_tenants_it_has() {
        let left = unread(strategy(&json!({"names": ["orders"]}))).remnant;
        assert_eq!(left.cluster_ref, Some(LocalReference::new("prod")));
        assert_eq!(left.tenants.unwrap().names, ["orders"]);
        assert_eq!(left.created_at, "2026-11-21T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn a_strategy_whose_tenants_can_not_be_read_is_for_all_of_them() {
        let left = unread(strategy(&json!({"names": 7}))).remnant;
        assert_eq!(left.tenants, None);
        assert!(left.cluster_ref.is_some());
    }

    #[test]
    fn an_object_that_can_be_read_is_read() {
        let mut object = strategy(&json!({"names": ["orders"]}));
        object["spec"]["firstBackup"] = json!("OnSchedule");
        let read: Guarded<BackupStrategy> = serde_json::from_value(object).unwrap();
        assert!(read.0.is_ok());
    }

    #[test]
    fn what_was_corrected_or_is_not_listed_any_more_is_forgotten() {
        let unreadable = MalformedObjects::default();
        let odd = unread(strategy(&json!({})));
        assert!(
            unreadable.insert::<BackupStrategy>(&odd),
            "the first failure"
        );
        assert!(
            !unreadable.insert::<BackupStrategy>(&odd),
            "the same failure"
        );
        // Lists of other kinds do not affect it.
        unreadable.keep::<LogBackup>(&[]);
        let find = || unreadable.find::<BackupStrategy>("shop", "nightly");
        assert!(find().is_some());
        assert!(
            unreadable
                .find::<OceanBaseCluster>("shop", "nightly")
                .is_none()
        );
        unreadable.keep::<BackupStrategy>(std::slice::from_ref(&odd.metadata));
        assert!(find().is_some());
        assert!(unreadable.remove::<BackupStrategy>(&odd.metadata));
        assert!(find().is_none());
        unreadable.insert::<BackupStrategy>(&odd);
        unreadable.keep::<BackupStrategy>(&[]);
        assert!(find().is_none());
    }
}
