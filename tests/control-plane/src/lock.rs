//! One process, and one thread, at a time.

use std::fs::File;
use std::path::Path;

use crate::error::{At, Error};

/// Waits for the lock on a file, which is made if need be. Dropping the file, or dying, unlocks it.
pub(crate) fn exclusive(path: &Path) -> Result<File, Error> {
    let file = File::create(path).at("create", path)?;
    file.lock().at("lock", path)?;
    Ok(file)
}
