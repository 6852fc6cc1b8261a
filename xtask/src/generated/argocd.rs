//! Argo CD's settings for all kinds, from the scripts beside them. The scripts have the layout of
//! Argo CD's `resource_customizations`; a ConfigMap contains them as texts.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};
use oceanbase_backup_operator::api;

use super::read;

/// The generated file.
pub(super) const FILE: &str = "deploy/argocd/argocd-cm.yaml";
/// The directory of the scripts.
const SCRIPTS: &str = "deploy/argocd/resource_customizations/backup.oceanbase.io";

/// Returns the ConfigMap.
pub(super) fn settings() -> Result<String> {
    let mut text = String::from(
        "# Health and actions of all kinds, to be laid over Argo CD's own ConfigMap; see docs/gitops-argo.md. Made \
         of\n# resource_customizations/ by `cargo xtask crds`.\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\ndata:\n",
    );
    // One script evaluates all kinds: the directory `_` is Argo CD's own wildcard.
    let health = read(&format!("{SCRIPTS}/_/health.lua"))?;
    for definition in api::crds() {
        let kind = definition.spec.names.kind;
        let key = |what: &str| format!("resource.customizations.{what}.backup.oceanbase.io_{kind}");
        writeln!(text, "  {}: |", key("health"))?;
        text += &indented(&health, 4);
        let names = actions(&kind)?;
        if names.is_empty() {
            continue;
        }
        writeln!(text, "  {}: |\n    discovery.lua: |", key("actions"))?;
        text += &indented(
            &read(&format!("{SCRIPTS}/{kind}/actions/discovery.lua"))?,
            6,
        );
        text += "    definitions:\n";
        for name in names {
            writeln!(text, "    - name: {name}\n      action.lua: |")?;
            let script = format!("{SCRIPTS}/{kind}/actions/{name}/action.lua");
            text += &indented(&read(&script)?, 8);
        }
    }
    Ok(text)
}

/// Returns the names of a kind's actions.
fn actions(kind: &str) -> Result<Vec<String>> {
    let directory = crate::root().join(SCRIPTS).join(kind).join("actions");
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    let list = || format!("cannot list {}", directory.display());
    for entry in fs::read_dir(&directory).with_context(list)? {
        let entry = entry.with_context(list)?;
        if entry.file_type().with_context(list)?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn indented(script: &str, spaces: usize) -> String {
    let mut text = String::new();
    for line in script.lines() {
        if line.is_empty() {
            text.push('\n');
        } else {
            let _ = writeln!(text, "{:spaces$}{line}", "");
        }
    }
    text
}
