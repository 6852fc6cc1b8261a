//! The directory of one running control plane.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{At, Error};
use crate::lock;

const PREFIX: &str = "run-";
const CLAIM: &str = "claim";

static CREATED: AtomicU32 = AtomicU32::new(0);

/// A directory that is removed on drop, or by the next creation if its owner was killed.
pub(crate) struct Scratch {
    path: PathBuf,
    /// Locked while the owner lives. A pid would be ambiguous between containers.
    _claim: File,
}

impl Scratch {
    pub(crate) fn create(parent: &Path) -> Result<Self, Error> {
        // A directory that is created and not yet claimed looks abandoned.
        let _only_creator = lock::exclusive(&parent.join("scratch.lock"))?;
        remove_abandoned(parent);
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{PREFIX}{}-{number}", process::id()));
        fs::create_dir(&path).at("create", &path)?;
        let claim = lock::exclusive(&path.join(CLAIM))?;
        Ok(Self {
            path,
            _claim: claim,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Errors are left to the next run: a server that is being killed may still write a file.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let is_scratch = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_scratch && is_abandoned(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// An interrupted removal leaves no claim at all.
fn is_abandoned(path: &Path) -> bool {
    File::open(path.join(CLAIM)).is_ok_and(|claim| claim.try_lock().is_ok())
        || !path.join(CLAIM).exists()
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    fn parent(test: &str) -> PathBuf {
        let path = env::temp_dir().join(format!("control-plane-{test}-{}", process::id()));
        fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn a_dropped_directory_is_gone() {
        let parent = parent("dropped");
        let path = Scratch::create(&parent).unwrap().path().to_owned();
        assert!(!path.exists());
        fs::remove_dir_all(parent).unwrap();
    }

    #[test]
    fn a_directory_in_use_survives_the_creation_of_another() {
        let parent = parent("in-use");
        let first = Scratch::create(&parent).unwrap();
        let _second = Scratch::create(&parent).unwrap();
        assert!(first.path().exists());
        fs::remove_dir_all(parent).unwrap();
    }

    #[test]
    fn the_directory_of_a_dead_owner_is_removed_by_the_next_creation() {
        let parent = parent("dead-owner");
        let abandoned = parent.join("run-1-0");
        fs::create_dir(&abandoned).unwrap();
        File::create(abandoned.join(CLAIM)).unwrap();
        let _next = Scratch::create(&parent).unwrap();
        assert!(!abandoned.exists());
        fs::remove_dir_all(parent).unwrap();
    }

    #[test]
    fn what_an_interrupted_removal_left_is_removed_by_the_next_creation() {
        let parent = parent("interrupted");
        let left_over = parent.join("run-1-0");
        fs::create_dir(&left_over).unwrap();
        let _next = Scratch::create(&parent).unwrap();
        assert!(!left_over.exists());
        fs::remove_dir_all(parent).unwrap();
    }

    #[test]
    fn other_directories_are_left_alone() {
        let parent = parent("others");
        let other = parent.join("kept");
        fs::create_dir(&other).unwrap();
        let _next = Scratch::create(&parent).unwrap();
        assert!(other.exists());
        fs::remove_dir_all(parent).unwrap();
    }
}
