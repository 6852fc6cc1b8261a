//! Which tables are recovered, and as what.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tables, or all tables of databases, that are recovered into a tenant that exists (console 3.3:
/// at most 200 of them, renamed or not).
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
    /// All tables of these databases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 200),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["from"])
    )]
    pub databases: Vec<RecoveredDatabase>,
}

/// A table that is recovered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveredTable {
    /// `<database>.<table>` in the backup, as the database stores the names.
    #[schemars(
        length(min = 3, max = 129),
        regex(pattern = r"^[A-Za-z0-9_$\-]{1,64}[.][A-Za-z0-9_$\-]{1,64}$")
    )]
    pub from: String,
    /// `<database>.<table>` in the target, which must not have such a table, and must have such a
    /// database. Left out the same names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 3, max = 129),
        regex(pattern = r"^[A-Za-z0-9_$\-]{1,64}[.][A-Za-z0-9_$\-]{1,64}$")
    )]
    pub to: Option<String>,
}

/// A database whose tables are recovered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveredDatabase {
    /// Its name in the backup, as the database stores it.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_$\-]+$"))]
    pub from: String,
    /// The database in the target, which must exist and must not have tables of the same names. Left
    /// out the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_$\-]+$"))]
    pub to: Option<String>,
}
