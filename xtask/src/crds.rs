//! `cargo xtask crds`: the definitions as files, one per kind.

use anyhow::{Context, Result};
use oceanbase_backup_operator::api;

pub(crate) fn write() -> Result<()> {
    let directory = crate::root().join("crds");
    for (name, text) in api::crd_files()? {
        let path = directory.join(name);
        std::fs::write(&path, text).with_context(|| format!("can not write {}", path.display()))?;
    }
    Ok(())
}
