//! The program's bill of materials from cargo-cyclonedx: every crate in the program, with version,
//! licence and checksum.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Name of the files of cargo-cyclonedx, which writes one beside each manifest of the workspace.
const FILE: &str = "bill-of-materials";

/// Writes the program's bill for a target to a file, and returns the number of components.
pub(super) fn write(to: &Path, target: &str) -> Result<usize> {
    let made = cargo(&[
        "cyclonedx",
        "--format",
        "json",
        "--spec-version",
        "1.5",
        "--no-build-deps",
        "--target",
        target,
        "--override-filename",
        FILE,
    ]);
    let root = crate::root().canonicalize()?;
    let mut bill = None;
    for directory in members()? {
        let file = directory.join(format!("{FILE}.json"));
        if directory.canonicalize()? == root {
            bill = std::fs::read_to_string(&file).ok();
        }
        // The bills of the tests and commands are not used.
        let _ = std::fs::remove_file(file);
    }
    made.context(
        "no bill of materials: `cargo install --locked cargo-cyclonedx`, or say --without-sbom",
    )?;
    let bill = bill.context("cargo-cyclonedx wrote no bill of materials")?;
    std::fs::write(to, &bill).with_context(|| format!("cannot write {}", to.display()))?;
    let bill: Value = serde_json::from_str(&bill)?;
    let components = bill["components"].as_array().map_or(0, Vec::len);
    ensure!(components > 0, "the bill of materials lists nothing");
    Ok(components)
}

/// Returns the directories of the workspace members.
fn members() -> Result<Vec<PathBuf>> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata: Value = serde_json::from_slice(&metadata)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let manifests = packages.filter_map(|package| package["manifest_path"].as_str());
    Ok(manifests
        .filter_map(|manifest| Path::new(manifest).parent())
        .map(Path::to_owned)
        .collect())
}

fn cargo(arguments: &[&str]) -> Result<Vec<u8>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(crate::root())
        .args(arguments)
        // Makes the bill reproducible.
        .env("SOURCE_DATE_EPOCH", "0")
        .output()
        .context("cargo cannot be started")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", complaint.trim());
    Ok(output.stdout)
}
