//! Annotations in which a log backup records what its strategy wrote into it.

use kube::ResourceExt;
use kube::core::ObjectMeta;

use super::labels::label_strategy;
use crate::api::LogBackup;
use crate::api::strategy::{FOLLOWED, Followed, INHERITED, Inherited};

/// Returns the settings that a strategy last wrote into a log backup.
pub(super) fn inherited(object: &LogBackup) -> Option<Inherited> {
    let text = object.annotations().get(INHERITED)?;
    serde_json::from_str(text).ok()
}

/// Returns the generations of a log backup that its strategy made.
pub(super) fn followed(object: &LogBackup) -> Option<Followed> {
    let text = object.annotations().get(FOLLOWED)?;
    serde_json::from_str(text).ok()
}

/// Records the strategy and the settings from it in a log backup's metadata.
pub(super) fn record_inherited(metadata: &mut ObjectMeta, inherited: &Inherited) {
    label_strategy(metadata, &inherited.strategy);
    if let Ok(text) = serde_json::to_string(inherited) {
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.insert(INHERITED.to_owned(), text);
    }
}

/// Records the strategy's generations in a log backup's metadata.
pub(super) fn record_propagation(metadata: &mut ObjectMeta, followed: Option<Followed>) {
    let text = followed.and_then(|followed| serde_json::to_string(&followed).ok());
    let annotations = metadata.annotations.get_or_insert_default();
    match text {
        Some(text) => drop(annotations.insert(FOLLOWED.to_owned(), text)),
        None => drop(annotations.remove(FOLLOWED)),
    }
}
