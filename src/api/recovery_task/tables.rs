//! Tables to recover, and their target names.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tables, or all tables of databases, to recover into an existing tenant: at most 200, optionally
/// renamed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("(has(self.tables) && size(self.tables) > 0) != (has(self.databases) && size(self.databases) > 0)", "must have either `tables` or `databases`"))]
pub struct Objects {
    /// Single tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 200),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["from"])
    )]
    pub tables: Vec<RecoveredTable>,
    /// Databases of which all tables are recovered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 200),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["from"])
    )]
    pub databases: Vec<RecoveredDatabase>,
}

/// Table to recover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveredTable {
    /// Name `<database>.<table>` in the backup, as the database stores it.
    #[schemars(
        length(min = 3, max = 129),
        regex(pattern = r"^[A-Za-z0-9_$\-]{1,64}[.][A-Za-z0-9_$\-]{1,64}$")
    )]
    pub from: String,
    /// Name `<database>.<table>` in the target. The target must have the database and must not have
    /// the table. Default: the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 3, max = 129),
        regex(pattern = r"^[A-Za-z0-9_$\-]{1,64}[.][A-Za-z0-9_$\-]{1,64}$")
    )]
    pub to: Option<String>,
}

/// Database whose tables are recovered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveredDatabase {
    /// Name of the database in the backup, as the database stores it.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_$\-]+$"))]
    pub from: String,
    /// Database in the target. It must exist and must not have tables of the same names. Default:
    /// the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_$\-]+$"))]
    pub to: Option<String>,
}
