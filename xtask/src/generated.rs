//! `cargo xtask crds`: all generated files that are committed. The definitions come from the types.
//! Files with copies of the definitions or of the operator's rights are copied or rendered.

mod argocd;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use oceanbase_backup_operator::api;

const CHART: &str = "charts/oceanbase-backup-operator";

/// Files that are copied into the chart: rendering a chart reads no file outside of it.
const COPIES: [(&str, &str); 8] = [
    ("deploy/rbac/operator.yaml", "files/rbac/operator.yaml"),
    ("deploy/rbac/users.yaml", "files/rbac/users.yaml"),
    (
        "deploy/monitoring/prometheusrule.yaml",
        "files/prometheusrule.yaml",
    ),
    (
        "deploy/monitoring/dashboards/obbackup-fleet.json",
        "files/dashboards/obbackup-fleet.json",
    ),
    (
        "deploy/monitoring/dashboards/obbackup-operator.json",
        "files/dashboards/obbackup-operator.json",
    ),
    (
        "deploy/monitoring/dashboards/obbackup-strategy.json",
        "files/dashboards/obbackup-strategy.json",
    ),
    (
        "deploy/admission/referenced-secrets.yaml",
        "files/admission/referenced-secrets.yaml",
    ),
    (
        "deploy/admission/restricted-tasks.yaml",
        "files/admission/restricted-tasks.yaml",
    ),
];

/// Writes all files.
pub(crate) fn write() -> Result<()> {
    for (name, text) in definitions()? {
        write_file(&name, &text)?;
    }
    // Rendered from the files that were just written.
    for (name, text) in derived()? {
        write_file(&name, &text)?;
    }
    Ok(())
}

/// Returns the definitions: path below the root, and text.
fn definitions() -> Result<BTreeMap<String, String>> {
    let files = api::crd_files()?.into_iter();
    Ok(files
        .map(|(name, text)| (format!("crds/{name}"), text))
        .collect())
}

/// Returns the files that are derived from the definitions and other files.
fn derived() -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut all = String::from(
        "# The definitions of all kinds: `kubectl apply --filename crds.yaml`. Made of crds/ by `cargo xtask crds`.\n",
    );
    for (name, text) in api::crd_files()? {
        all += "---\n";
        all += &text;
        files.insert(format!("{CHART}/files/crds/{name}"), text);
    }
    files.insert("deploy/crds.yaml".to_owned(), all);
    files.insert("deploy/install.yaml".to_owned(), install()?);
    for (from, to) in COPIES {
        files.insert(format!("{CHART}/{to}"), read(from)?);
    }
    files.insert(argocd::FILE.to_owned(), argocd::settings()?);
    let readme = format!("{CHART}/README.md");
    let table = values::table(&read(&format!("{CHART}/values.yaml"))?)?;
    files.insert(readme.clone(), values::put(&table, &read(&readme)?)?);
    Ok(files)
}

/// Returns the output of `kubectl apply -k deploy` as one file.
fn install() -> Result<String> {
    let output = Command::new(control_plane::binary()?)
        .args(["kubectl", "kustomize"])
        .arg(crate::root().join("deploy"))
        .output()
        .context("kubectl cannot be started")?;
    if !output.status.success() {
        bail!(
            "kubectl kustomize deploy: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let rendered = String::from_utf8(output.stdout)?;
    Ok(format!(
        "# Everything for all namespaces: `kubectl apply --filename install.yaml`. Made of deploy/ by `cargo xtask \
         crds`.\n{rendered}"
    ))
}

fn read(name: &str) -> Result<String> {
    fs::read_to_string(crate::root().join(name)).with_context(|| format!("cannot read {name}"))
}

fn write_file(name: &str, text: &str) -> Result<()> {
    let path = crate::root().join(name);
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(&path, text))
        .with_context(|| format!("cannot write {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_generated_is_committed_as_it_is_made() {
        for (name, text) in derived().unwrap() {
            assert!(
                read(&name).unwrap_or_default() == text,
                "{name} has drifted: run `cargo xtask crds`"
            );
        }
    }

    #[test]
    fn the_chart_holds_no_definition_that_no_kind_makes() {
        let directory = crate::root().join(CHART).join("files/crds");
        let held = fs::read_dir(directory).unwrap().count();
        assert_eq!(held, api::crd_files().unwrap().len());
    }

    #[test]
    fn the_chart_has_the_version_of_the_operator() {
        let chart = read(&format!("{CHART}/Chart.yaml")).unwrap();
        for field in ["version", "appVersion"] {
            let line = format!("\n{field}: {}\n", env!("CARGO_PKG_VERSION"));
            assert!(chart.contains(&line), "{line}");
        }
    }
}
