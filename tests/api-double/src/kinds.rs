//! The served kinds: some built-in kinds, and those of definitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube_cel::{CompiledSchema, Validator, compile_schema};
use serde_json::Value;

use crate::refusal::Refusal;
use crate::schema;

/// A kind.
pub struct Kind {
    /// The group, empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind's name.
    pub name: String,
    /// Its plural.
    pub plural: String,
    /// Whether it has the subresource `status`.
    pub has_status: bool,
    /// Whether replacing an object requires its resource version.
    pub needs_version: bool,
    /// The schema of its objects; none accepts anything.
    pub schema: Option<Rules>,
    /// Fields that selectors of a list support.
    pub selectable: Vec<String>,
}

/// Schema and rules of a custom resource.
pub struct Rules {
    schema: Value,
    compiled: CompiledSchema,
    validator: Validator,
}

impl Kind {
    /// Returns `group/version`, or `version` in the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Drops unknown fields and fills in defaults.
    pub(crate) fn complete(&self, object: &mut Value) {
        if let Some(rules) = &self.schema {
            schema::complete(&rules.schema, object);
        }
    }

    /// Checks the schema and, where the spec may have changed, the rules.
    pub(crate) fn check(&self, object: &Value, old: Option<&Value>) -> Result<(), Refusal> {
        let Some(rules) = &self.schema else {
            return Ok(());
        };
        let mut problems = Vec::new();
        schema::check(&rules.schema, object, "", &mut problems);
        if old.is_none_or(|old| old["spec"] != object["spec"])
            && let Err(errors) = rules
                .validator
                .validate_compiled(&rules.compiled, object, old)
        {
            let errors = errors.into_vec().into_iter();
            problems.extend(errors.map(|error| format!("{}: {}", error.field_path, error.message)));
        }
        if problems.is_empty() {
            return Ok(());
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        Err(Refusal::invalid(name, &problems))
    }
}

/// All served kinds.
#[derive(Clone)]
pub struct Kinds(Arc<BTreeMap<(String, String), Kind>>);

impl Default for Kinds {
    /// Serves Secrets, ConfigMaps, Events and Leases.
    fn default() -> Self {
        Self(Arc::new(built_in().collect()))
    }
}

type Entry = ((String, String), Kind);

fn built_in() -> impl Iterator<Item = Entry> {
    let kinds = [
        ("", "v1", "Secret", "secrets"),
        ("", "v1", "ConfigMap", "configmaps"),
        ("events.k8s.io", "v1", "Event", "events"),
        ("coordination.k8s.io", "v1", "Lease", "leases"),
    ];
    kinds.into_iter().map(|(group, version, name, plural)| {
        entry(Kind {
            group: group.to_owned(),
            version: version.to_owned(),
            name: name.to_owned(),
            plural: plural.to_owned(),
            has_status: false,
            needs_version: plural == "leases",
            schema: None,
            selectable: Vec::new(),
        })
    })
}

fn entry(kind: Kind) -> Entry {
    ((kind.group.clone(), kind.plural.clone()), kind)
}

impl Kinds {
    /// Returns the built-in kinds and those of these definitions, each the YAML of one
    /// `CustomResourceDefinition`.
    ///
    /// # Errors
    /// Text that is not YAML, and rules that cannot be compiled.
    pub fn with_definitions<'a>(
        definitions: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, String> {
        let mut kinds: BTreeMap<_, _> = built_in().collect();
        for text in definitions {
            let definition: Value = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
            kinds.extend([entry(defined(&definition)?)]);
        }
        Ok(Self(Arc::new(kinds)))
    }

    pub(crate) fn get(&self, group: &str, plural: &str) -> Result<&Kind, Refusal> {
        let kind = self.0.get(&(group.to_owned(), plural.to_owned()));
        kind.ok_or_else(|| Refusal::new(404, "NotFound", "the server could not find the resource"))
    }

    pub(crate) fn by_name(&self, api_version: &str, name: &str) -> Option<&Kind> {
        let mut kinds = self.0.values();
        kinds.find(|kind| kind.name == name && kind.api_version() == api_version)
    }
}

fn defined(definition: &Value) -> Result<Kind, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let spec = &definition["spec"];
    let version = &spec["versions"][0];
    let schema = version["schema"]["openAPIV3Schema"].clone();
    let compiled = compile_schema(&schema);
    let mut broken = Vec::new();
    uncompiled(&compiled, &mut broken);
    if !broken.is_empty() {
        return Err(broken.join("; "));
    }
    let fields = version["selectableFields"].as_array();
    Ok(Kind {
        group: text(&spec["group"]),
        version: text(&version["name"]),
        name: text(&spec["names"]["kind"]),
        plural: text(&spec["names"]["plural"]),
        has_status: version["subresources"]["status"].is_object(),
        needs_version: true,
        schema: Some(Rules {
            schema,
            compiled,
            validator: Validator::new(),
        }),
        selectable: fields
            .into_iter()
            .flatten()
            .map(|field| text(&field["jsonPath"]))
            .collect(),
    })
}

fn uncompiled(schema: &CompiledSchema, broken: &mut Vec<String>) {
    broken.extend(schema.compilation_errors().iter().map(ToString::to_string));
    for child in schema.properties.values().chain(schema.items.as_deref()) {
        uncompiled(child, broken);
    }
}
