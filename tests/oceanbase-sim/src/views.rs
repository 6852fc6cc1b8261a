//! Names, columns and types of the views of backup, log archive and cleanup.
//!
//! Column order and names follow the view definitions in OceanBase's inner table schema. If the
//! manual lists other columns, the view definition takes precedence.
//!
//! * [`version`] server versions and their additions
//! * `archive`, `backup`, `cleanup`, `restore`, `cluster` the definitions by subject

mod archive;
mod backup;
mod cleanup;
mod cluster;
mod column;
mod restore;
pub mod version;

use crate::value::ColumnType;
pub use version::Version;

/// A column of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnDef {
    /// The name in the view's own spelling.
    pub name: &'static str,
    /// Its type.
    pub ty: ColumnType,
    /// Whether `NULL` is possible.
    pub nullable: bool,
}

/// Which tenants can read a view; for the others it does not exist (1146).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The sys tenant only.
    Sys,
    /// Every tenant, each with its own rows (sys only its own, not those of all tenants).
    Tenant,
}

/// A view of the schema `oceanbase`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The name without the schema, in upper case.
    pub name: String,
    /// Which tenants can read it.
    pub scope: Scope,
    /// Its columns, in order.
    pub columns: Vec<ColumnDef>,
}

impl View {
    /// Returns the position of a column, in any case of `name`.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))
    }
}

/// The names of the views of one definition.
enum Naming {
    /// `CDB_x` with a leading `TENANT_ID` for sys, `DBA_x` without it for all tenants.
    PerTenant(&'static str),
    /// `CDB_x` with columns of its own for sys, `DBA_x` for all tenants.
    Apart(&'static str, Vec<ColumnDef>),
    /// One name, one list of columns.
    Single(&'static str, Scope),
}

struct Definition {
    naming: Naming,
    columns: Vec<ColumnDef>,
}

impl Definition {
    fn per_tenant(stem: &'static str, columns: Vec<ColumnDef>) -> Self {
        Self {
            naming: Naming::PerTenant(stem),
            columns,
        }
    }

    /// Creates a definition whose two views differ.
    fn apart(stem: &'static str, cdb: Vec<ColumnDef>, dba: Vec<ColumnDef>) -> Self {
        Self {
            naming: Naming::Apart(stem, cdb),
            columns: dba,
        }
    }

    fn single(name: &'static str, scope: Scope, columns: Vec<ColumnDef>) -> Self {
        Self {
            naming: Naming::Single(name, scope),
            columns,
        }
    }

    fn into_views(self) -> Vec<View> {
        match self.naming {
            Naming::Single(name, scope) => {
                vec![View {
                    name: name.to_owned(),
                    scope,
                    columns: self.columns,
                }]
            }
            Naming::PerTenant(stem) => {
                let mut with_tenant = vec![column::int("TENANT_ID")];
                with_tenant.extend(&self.columns);
                both(stem, with_tenant, self.columns)
            }
            Naming::Apart(stem, cdb) => both(stem, cdb, self.columns),
        }
    }
}

fn both(stem: &str, cdb: Vec<ColumnDef>, dba: Vec<ColumnDef>) -> Vec<View> {
    vec![
        View {
            name: format!("CDB_{stem}"),
            scope: Scope::Sys,
            columns: cdb,
        },
        View {
            name: format!("DBA_{stem}"),
            scope: Scope::Tenant,
            columns: dba,
        },
    ]
}

/// Times that 4.0 shows as text, `''` while they are unknown.
const TEXT_TIMES: [&str; 6] = [
    "END_TIMESTAMP",
    "START_SCN_DISPLAY",
    "CHECKPOINT_SCN_DISPLAY",
    "START_REPLAY_SCN_DISPLAY",
    "MIN_RESTORE_SCN_DISPLAY",
    "RESTORE_SCN_DISPLAY",
];

/// Returns the view of 4.0: a `CASE` with `''` in it makes a time a text.
fn with_text_times(mut view: View) -> View {
    let of_restore = view.name.ends_with("OB_RESTORE_PROGRESS");
    for column in &mut view.columns {
        let is_text =
            TEXT_TIMES.contains(&column.name) || (of_restore && column.name == "START_TIMESTAMP");
        if is_text {
            *column = column::text(column.name, 64);
        }
    }
    view
}

/// Returns every view that a server of this version has.
#[must_use]
pub fn views(version: Version) -> Vec<View> {
    [
        archive::definitions(version),
        backup::definitions(version),
        cleanup::definitions(),
        restore::definitions(version),
        cluster::definitions(version),
    ]
    .into_iter()
    .flatten()
    .flat_map(Definition::into_views)
    .map(|view| {
        if version < Version::V4_1 {
            with_text_times(view)
        } else {
            view
        }
    })
    .collect()
}

/// Returns the view of this name, in any case, without the schema.
#[must_use]
pub fn find(version: Version, name: &str) -> Option<View> {
    views(version)
        .into_iter()
        .find(|view| view.name.eq_ignore_ascii_case(name))
}

/// Returns the type as `DESC` and `CREATE TABLE` spell it.
#[must_use]
pub fn type_name(ty: ColumnType) -> String {
    match ty {
        ColumnType::BigInt => "bigint(20)".to_owned(),
        ColumnType::BigIntUnsigned => "bigint(20) unsigned".to_owned(),
        ColumnType::Decimal(precision, scale) => format!("decimal({precision},{scale})"),
        ColumnType::Varchar(length) => format!("varchar({length})"),
        ColumnType::LongText => "longtext".to_owned(),
        ColumnType::Timestamp => "timestamp(6)".to_owned(),
        ColumnType::DateTime => "datetime(6)".to_owned(),
    }
}

/// Returns a `CREATE TABLE` with the view's columns, to rebuild it in a real OceanBase engine.
#[must_use]
pub fn create_table(view: &View) -> String {
    let columns: Vec<String> = view
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "NULL" } else { "NOT NULL" };
            format!("`{}` {} {null}", column.name, type_name(column.ty))
        })
        .collect();
    format!(
        "CREATE TABLE oceanbase.`{}` ({})",
        view.name,
        columns.join(", ")
    )
}

#[cfg(test)]
mod columns_tests;
#[cfg(test)]
mod tests {
    use super::*;

    fn names(version: &str, view: &str) -> Vec<&'static str> {
        let version = version.parse().unwrap();
        find(version, view)
            .unwrap()
            .columns
            .iter()
            .map(|column| column.name)
            .collect()
    }

    #[test]
    fn a_cdb_view_is_the_dba_view_with_the_tenant_in_front() {
        let dba = names("4.2.5.0", "DBA_OB_BACKUP_JOBS");
        let cdb = names("4.2.5.0", "CDB_OB_BACKUP_JOBS");
        assert_eq!((cdb[0], &cdb[1..]), ("TENANT_ID", &dba[..]));
    }

    #[test]
    fn the_round_comes_with_path_and_comment_swapped_in_the_summary() {
        let round = names("4.2.1.0", "DBA_OB_ARCHIVELOG");
        let summary = names("4.2.1.0", "DBA_OB_ARCHIVELOG_SUMMARY");
        assert_eq!(
            (&round[24..], &summary[24..]),
            (&["COMMENT", "PATH"][..], &["PATH", "COMMENT"][..])
        );
    }

    #[test]
    fn log_mode_of_a_tenant_is_not_known_before_4_1() {
        assert!(!names("4.0.0.0", "DBA_OB_TENANTS").contains(&"LOG_MODE"));
        assert!(names("4.1.0.0", "DBA_OB_TENANTS").contains(&"LOG_MODE"));
    }

    #[test]
    fn data_progress_is_seen_from_sys_where_a_tenant_does_not_see_it() {
        let has = |view: &str, version| names(version, view).contains(&"DATA_PROGRESS");
        let versions = [
            "4.2.1.2", "4.2.1.4", "4.2.5.1", "4.3.0.1", "4.3.1.0", "4.4.2.0",
        ];
        assert_eq!(
            versions.map(|version| has("CDB_OB_BACKUP_TASKS", version)),
            [false, true, true, true, true, true]
        );
        assert_eq!(
            versions.map(|version| has("DBA_OB_BACKUP_TASKS", version)),
            [false, false, false, false, true, true]
        );
    }

    #[test]
    fn times_of_the_first_release_are_texts() {
        let ty = |version: &str| {
            let view = find(version.parse().unwrap(), "CDB_OB_BACKUP_JOBS").unwrap();
            let column = view.columns[view.position("END_TIMESTAMP").unwrap()];
            (column.ty, column.nullable)
        };
        assert_eq!(ty("4.0.0.3"), (ColumnType::Varchar(64), false));
        assert_eq!(ty("4.1.0.0"), (ColumnType::Timestamp, true));
    }

    #[test]
    fn log_progress_came_with_4_3_1_and_never_to_4_2() {
        let has = |version| names(version, "DBA_OB_BACKUP_TASKS").contains(&"LOG_PROGRESS");
        assert_eq!(["4.2.5.7", "4.3.1.0"].map(has), [false, true]);
    }

    #[test]
    fn progress_is_not_kept_in_the_history_of_tasks() {
        assert!(!names("4.4.2.0", "DBA_OB_BACKUP_TASK_HISTORY").contains(&"DATA_PROGRESS"));
    }

    #[test]
    fn no_view_is_defined_twice() {
        let mut all: Vec<String> = views(Version::V4_4_2)
            .into_iter()
            .map(|view| view.name)
            .collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn no_view_names_a_column_twice() {
        for view in views(Version::V4_4_2) {
            let mut columns: Vec<_> = view.columns.iter().map(|column| column.name).collect();
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), view.columns.len(), "{}", view.name);
        }
    }

    #[test]
    fn a_table_is_created_with_the_columns_of_the_view() {
        let view = find(Version::V4_2_1, "dba_ob_backup_delete_policy").unwrap();
        assert_eq!(
            create_table(&view),
            "CREATE TABLE oceanbase.`DBA_OB_BACKUP_DELETE_POLICY` \
             (`POLICY_NAME` varchar(64) NOT NULL, `RECOVERY_WINDOW` varchar(64) NOT NULL)"
        );
    }
}
