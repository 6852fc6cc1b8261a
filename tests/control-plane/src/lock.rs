//! A lock between processes and threads.

use std::fs::File;
use std::path::Path;

use crate::error::{At, Error};

/// Waits for the lock on a file, which is created if needed. Dropping the file unlocks it, as does
/// the end of the process.
pub(crate) fn exclusive(path: &Path) -> Result<File, Error> {
    let file = File::create(path).at("create", path)?;
    file.lock().at("lock", path)?;
    Ok(file)
}
