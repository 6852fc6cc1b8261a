//! The views of a session: rows that are made from the [`World`] for each query.

mod archive;
mod backup;
mod cell;
mod cleanup;
mod recover;
mod resources;
mod restore;
mod root_events;
mod tenants;
mod variables;

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::model::{Scn, Tenant, TenantId, World};
use crate::select::{Catalog, Table, VariableScope};
use crate::value::{ColumnType, Value};
use crate::views::{Scope, Version, View};

pub(crate) use variables::{Variables, parse_time_zone};

/// The visible state for one session at one instant.
pub(crate) struct Sight<'a> {
    pub(crate) world: &'a World,
    pub(crate) views: &'a [View],
    pub(crate) tenant: TenantId,
    pub(crate) user: &'a str,
    pub(crate) database: Option<&'a str>,
    pub(crate) variables: &'a Variables,
    pub(crate) server_time_zone: &'a TimeZone,
    /// Views that left out rows because of a lag.
    pub(crate) late: RefCell<BTreeSet<String>>,
}

/// Tenant of rows that belong to no tenant.
const NOBODY: TenantId = TenantId(0);

/// A row, whose columns are filled by name.
struct Row<'a> {
    tenant: TenantId,
    cell: Box<dyn Fn(&str) -> Value + 'a>,
}

impl<'a> Row<'a> {
    fn new(tenant: TenantId, cell: impl Fn(&str) -> Value + 'a) -> Self {
        Self {
            tenant,
            cell: Box::new(cell),
        }
    }
}

impl Sight<'_> {
    fn view(&self, name: &str) -> Option<&View> {
        let view = self.views.iter().find(|view| view.name == name)?;
        (view.scope == Scope::Tenant || self.tenant == TenantId::SYS).then_some(view)
    }

    /// Returns the user tenants of a view: all of them in `CDB_` and `V$` views of sys.
    fn tenants(&self, all: bool) -> impl Iterator<Item = &Tenant> {
        let own = self.tenant;
        let all = all && own == TenantId::SYS;
        self.world
            .tenants
            .iter()
            .filter(move |tenant| all || tenant.id == own)
    }

    /// Returns whether a row of this age is shown; late rows are counted at the end of the SELECT.
    fn shows(&self, tenant: TenantId, view: &str, born_at: Scn) -> bool {
        let now = self.world.now();
        let hidden = self
            .world
            .lags
            .iter()
            .any(|lag| lag.hides(tenant, view, born_at, now));
        if hidden {
            self.late.borrow_mut().insert(view.to_owned());
        }
        !hidden
    }

    /// Returns a time of a text column, as in 4.0: `''` if it is unknown.
    fn as_text(&self, ty: ColumnType, value: Value) -> Value {
        if !matches!(ty, ColumnType::Varchar(_)) {
            return value;
        }
        let (micros, zone) = match value {
            Value::Null => return cell::text(""),
            Value::Timestamp(micros) => (micros, self.session_time_zone()),
            Value::DateTime(micros) => (micros, self.server_time_zone),
            other => return other,
        };
        let scn = u64::try_from(micros).map_or(Scn::ZERO, |micros| Scn(micros * 1000));
        cell::time_text(scn, zone)
    }

    fn rows(&self, view: &View) -> Vec<Row<'_>> {
        let name = view.name.as_str();
        let (all, stem) = match name.split_once('_') {
            Some(("CDB", stem)) => (true, stem),
            Some(("DBA", stem)) => (false, stem),
            _ => (true, name),
        };
        self.archive_rows(all, stem)
            .or_else(|| self.backup_rows(all, stem, name))
            .or_else(|| self.cleanup_rows(all, stem, name))
            .or_else(|| self.restore_rows(all, stem, name))
            .or_else(|| self.recover_rows(all, stem, name))
            .or_else(|| self.resource_rows(stem))
            .or_else(|| self.root_event_rows(stem))
            .or_else(|| self.tenant_rows(stem))
            .unwrap_or_default()
    }
}

impl Catalog for Sight<'_> {
    fn table(&self, name: &str) -> Option<Table> {
        let view = self.view(name)?;
        let fill = |row: Row<'_>| {
            let value = |column: &str| match column {
                "TENANT_ID" if row.tenant == NOBODY => Value::Null,
                "TENANT_ID" => cell::int(row.tenant.0),
                _ => (row.cell)(column),
            };
            let cells = view.columns.iter().map(|column| {
                let value = value(column.name);
                if self.world.version < Version::V4_1 && !column.nullable {
                    self.as_text(column.ty, value)
                } else {
                    value
                }
            });
            cells.collect()
        };
        let rows = self.rows(view).into_iter().map(fill).collect();
        Some(Table {
            columns: view.columns.clone(),
            rows,
        })
    }

    fn table_names(&self) -> Vec<String> {
        let visible = |view: &&View| self.view(&view.name).is_some();
        self.views
            .iter()
            .filter(visible)
            .map(|view| view.name.clone())
            .collect()
    }

    fn variable(&self, name: &str, scope: VariableScope) -> Option<Value> {
        self.variables
            .get(name, scope, self.world, self.server_time_zone)
    }

    fn variables(&self, scope: VariableScope) -> Vec<(String, Value)> {
        let value = |name: &&str| {
            let value = self.variable(name, scope)?;
            Some(((*name).to_owned(), value))
        };
        variables::NAMES.iter().filter_map(value).collect()
    }

    fn now_micros(&self) -> i64 {
        self.world.now().micros()
    }

    fn version(&self) -> Version {
        self.world.shown_version()
    }

    fn tenant_id(&self) -> u64 {
        self.tenant.0
    }

    fn database(&self) -> Option<String> {
        self.database.map(str::to_owned)
    }

    fn user(&self) -> String {
        format!("{}@127.0.0.1", self.user)
    }

    fn session_time_zone(&self) -> &TimeZone {
        self.variables.time_zone(self.server_time_zone)
    }

    fn server_time_zone(&self) -> &TimeZone {
        self.server_time_zone
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
