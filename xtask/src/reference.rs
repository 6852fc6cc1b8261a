//! `cargo xtask reference`: a field reference for each kind, from its definition.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps,
    JSONSchemaPropsOrArray,
};
use oceanbase_backup_operator::api;

pub(crate) fn write() -> Result<()> {
    for (path, text) in pages() {
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn directory() -> PathBuf {
    crate::root().join("docs/reference")
}

fn pages() -> Vec<(PathBuf, String)> {
    let pages = api::crds().into_iter().map(|crd| {
        let name = format!(
            "{}.md",
            crd.spec.names.singular.as_deref().unwrap_or_default()
        );
        (directory().join(name), page(&crd))
    });
    pages.collect()
}

/// Renders the reference of a kind.
fn page(crd: &CustomResourceDefinition) -> String {
    let names = &crd.spec.names;
    let mut page = format!("# {}\n", names.kind);
    for version in &crd.spec.versions {
        let schema = version.schema.as_ref();
        let Some(schema) = schema.and_then(|schema| schema.open_api_v3_schema.as_ref()) else {
            continue;
        };
        let short = names.short_names.iter().flatten();
        let short: Vec<_> = short.map(|name| format!("`{name}`")).collect();
        let _ = write!(
            page,
            "\n`apiVersion: {}/{}`, short name {}. Made from the definition by `cargo xtask reference`.\n",
            crd.spec.group,
            version.name,
            short.join(", ")
        );
        for part in ["spec", "status"] {
            if let Some(schema) = schema.properties.as_ref().and_then(|all| all.get(part)) {
                section(&mut page, part, schema);
            }
        }
        columns(&mut page, version);
    }
    page
}

/// Renders the fields of `spec` or `status`.
fn section(page: &mut String, name: &str, schema: &JSONSchemaProps) {
    let _ = write!(page, "\n## {name}\n\n");
    if let Some(description) = &schema.description {
        let _ = write!(page, "{}\n\n", one_line(description));
    }
    page.push_str("| Field | Type | Meaning |\n|---|---|---|\n");
    let mut rules = own_rules("", schema);
    fields(page, "", schema, &mut rules);
    if !rules.is_empty() {
        page.push_str("\nRules over several fields, each with the message of a refusal:\n\n");
        for rule in rules {
            let _ = writeln!(page, "* {rule}");
        }
    }
}

/// Adds the rows of an object's fields, required ones first, and of their nested fields.
fn fields(page: &mut String, prefix: &str, schema: &JSONSchemaProps, rules: &mut Vec<String>) {
    let required = schema.required.as_deref().unwrap_or_default();
    let mut all: Vec<_> = schema.properties.iter().flatten().collect();
    all.sort_by_key(|(name, _)| !required.contains(name));
    for (name, field) in all {
        let path = format!("{prefix}{name}");
        let description = field.description.as_deref().unwrap_or_default();
        let _ = writeln!(
            page,
            "| `{path}` | {} | {} |",
            cell(&kind(field, required.contains(name))),
            cell(&one_line(description))
        );
        let (inner, below) = match items(field) {
            Some(item) => (item, format!("{path}[].")),
            None => (field, format!("{path}.")),
        };
        rules.extend(own_rules(&path, field));
        if !std::ptr::eq(inner, field) {
            rules.extend(own_rules(&path, inner));
        }
        fields(page, &below, inner, rules);
    }
}

/// Returns type, bounds, default, and whether the field is required.
fn kind(field: &JSONSchemaProps, is_required: bool) -> String {
    let mut parts = vec![type_of(field)];
    let inner = items(field).unwrap_or(field);
    if let Some(values) = &inner.enum_ {
        // An optional value is null in the schema.
        let values = values.iter().filter(|value| !value.0.is_null());
        let values: Vec<_> = values
            .map(|value| format!("`{}`", plain(&value.0)))
            .collect();
        parts.push(values.join(" | "));
    }
    match (inner.minimum, inner.maximum) {
        (Some(least), Some(most)) => parts.push(format!("{least} to {most}")),
        (Some(least), None) => parts.push(format!("at least {least}")),
        (None, Some(most)) => parts.push(format!("at most {most}")),
        (None, None) => {}
    }
    if let Some(most) = field.max_items {
        parts.push(format!("at most {most}"));
    }
    if let Some(default) = &field.default {
        parts.push(format!("default `{}`", plain(&default.0)));
    }
    if is_required {
        parts.push("**required**".to_owned());
    }
    parts.join(", ")
}

fn type_of(field: &JSONSchemaProps) -> String {
    if field.x_kubernetes_int_or_string == Some(true) {
        return "integer or string".to_owned();
    }
    match (items(field), field.format.as_deref()) {
        (Some(item), _) => format!("list of {}", type_of(item)),
        (None, Some("date-time")) => "time".to_owned(),
        (None, _) => field.type_.clone().unwrap_or_else(|| "any".to_owned()),
    }
}

fn items(field: &JSONSchemaProps) -> Option<&JSONSchemaProps> {
    match field.items.as_ref()? {
        JSONSchemaPropsOrArray::Schema(item) => Some(item),
        JSONSchemaPropsOrArray::Schemas(_) => None,
    }
}

/// Returns the messages of the validation rules of an object.
fn own_rules(path: &str, schema: &JSONSchemaProps) -> Vec<String> {
    let rules = schema.x_kubernetes_validations.iter().flatten();
    let messages = rules.filter_map(|rule| rule.message.as_deref());
    messages
        .map(|message| match path {
            "" => one_line(message),
            path => format!("`{path}`: {}", one_line(message)),
        })
        .collect()
}

fn columns(page: &mut String, version: &CustomResourceDefinitionVersion) {
    let columns = version
        .additional_printer_columns
        .as_deref()
        .unwrap_or_default();
    let (narrow, wide): (Vec<_>, Vec<_>) = columns
        .iter()
        .partition(|column| column.priority.unwrap_or_default() == 0);
    page.push_str("\n## Columns\n\n| Column | Shows |\n|---|---|\n");
    for (columns, note) in [(narrow, ""), (wide, ", with `--output wide`")] {
        for column in columns {
            let _ = writeln!(
                page,
                "| {} | `{}`{note} |",
                column.name,
                cell(&column.json_path)
            );
        }
    }
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_committed_as_generated() {
        for (path, text) in pages() {
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            let name = path.display();
            assert!(
                committed == text,
                "{name} has drifted: run `cargo xtask reference`"
            );
        }
    }

    #[test]
    fn each_field_is_described() {
        for (path, text) in pages() {
            let empty: Vec<_> = text.lines().filter(|line| line.ends_with("|  |")).collect();
            assert!(empty.is_empty(), "{}: {empty:#?}", path.display());
        }
    }
}
