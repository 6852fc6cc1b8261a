//! Checks before tables are recovered into an existing tenant.

use std::collections::HashSet;
use std::hash::Hash;

use crate::api::RecoveryTaskSpec;
use crate::api::recovery_task::{Objects, TargetRole, TargetType};
use crate::domain::Blocker;
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::{
    Identifier, Renamed, Restore, RestoreKey, Restores, TableName, Tables, Tenant,
};

use super::ObservedTarget;

/// Limits of RECOVER TABLE, shown before the recovery.
pub(super) const WARNINGS: [&str; 2] = [
    "foreign keys, triggers and statistics of the tables are not recovered",
    "the database checks for tables of the same names only when it imports; if it finds any, the \
     job fails without a change to them",
];

/// Returns the tables in the form that the statement needs; `None` if the whole tenant is
/// recovered.
///
/// # Errors
/// A name cannot be used in the statement, or two names are equal.
pub fn parse_tables(spec: &RecoveryTaskSpec) -> Result<Option<Tables>, Blocker> {
    match (spec.target.type_, &spec.objects) {
        (TargetType::NewTenant, None) => Ok(None),
        (TargetType::NewTenant, Some(_)) => Err(invalid(
            "`objects` are recovered into an existing tenant: `target.type` must be ExistingTenant",
        )),
        (TargetType::ExistingTenant, None) => Err(invalid(
            "`objects` must name the tables to recover into an existing tenant",
        )),
        (TargetType::ExistingTenant, Some(objects)) => parse_objects(objects).map(Some),
    }
}

fn parse_objects(objects: &Objects) -> Result<Tables, Blocker> {
    match (&objects.tables[..], &objects.databases[..]) {
        ([_, ..], []) => {
            let names = objects.tables.iter().map(|table| {
                let to = table.to.as_ref().unwrap_or(&table.from);
                parse_renamed("objects.tables", TableName::parse, &table.from, to)
            });
            let tables: Vec<_> = names.collect::<Result<_, _>>()?;
            check_distinct(&tables).map(|()| Tables::Single(tables))
        }
        ([], [_, ..]) => {
            let names = objects.databases.iter().map(|database| {
                let to = database.to.as_ref().unwrap_or(&database.from);
                parse_renamed("objects.databases", Identifier::parse, &database.from, to)
            });
            let databases: Vec<_> = names.collect::<Result<_, _>>()?;
            check_distinct(&databases).map(|()| Tables::OfDatabases(databases))
        }
        _ => Err(invalid(
            "`objects` must have either `tables` or `databases`",
        )),
    }
}

fn parse_renamed<T>(
    field: &str,
    parse: fn(&str) -> Option<T>,
    from: &str,
    to: &str,
) -> Result<Renamed<T>, Blocker> {
    let names = parse(from).zip(parse(to));
    let names = names.map(|(from, to)| Renamed { from, to });
    names.ok_or_else(|| {
        invalid(&format!(
            "`{field}`: '{from}' or '{to}' is not allowed in a statement"
        ))
    })
}

/// Checks that no name occurs twice, neither in the backup nor in the target.
fn check_distinct<T: Eq + Hash + ToString>(all: &[Renamed<T>]) -> Result<(), Blocker> {
    let (mut from, mut to) = (HashSet::new(), HashSet::new());
    let twice = all
        .iter()
        .find_map(|one| match (from.insert(&one.from), to.insert(&one.to)) {
            (true, true) => None,
            (false, _) => Some(&one.from),
            (true, false) => Some(&one.to),
        });
    match twice {
        None => Ok(()),
        Some(name) => Err(Blocker::permanent(
            "DuplicateName",
            format!(
                "`objects` names {} twice, in the backup or in the target: name it only once in a \
                 new RecoveryTask",
                name.to_string()
            ),
        )),
    }
}

/// Checks that the fields of a recovery of tables are consistent. An object may be older than the
/// rules of its schema.
pub(super) fn check_fields(spec: &RecoveryTaskSpec) -> Result<(), Blocker> {
    if parse_tables(spec)?.is_none() {
        return Ok(());
    }
    if spec.target.role == TargetRole::Standby {
        return Err(invalid(
            "tables are recovered into a primary tenant: `target.role` must be Primary",
        ));
    }
    let target = &spec.target;
    if target.locality.is_some() || target.concurrency.is_some() {
        return Err(invalid(
            "`target.locality` and `target.concurrency` apply only to new tenants",
        ));
    }
    Ok(())
}

/// Checks whether the tenant can receive tables.
pub(super) fn check_target(
    spec: &RecoveryTaskSpec,
    target: &ObservedTarget,
    key: Option<&RestoreKey>,
    restores: &Restores,
) -> Result<(), Blocker> {
    if !target.version.can(Capability::TableRecovery) {
        return Err(Blocker::permanent(
            "UnsupportedServerVersion",
            format!(
                "the target is OceanBase {}, but tables can be recovered only from 4.2.1 on: upgrade \
                 it, or recover the whole tenant as a new one",
                target.version
            ),
        ));
    }
    if !target.version.can(Capability::QuotedRemap)
        && let Some(name) = parse_tables(spec)?.and_then(|tables| tables.name_that_needs_quotes())
    {
        return Err(Blocker::permanent(
            "TableNameNotSupported",
            format!(
                "the target is OceanBase {}, whose REMAP cannot contain {name}: it accepts only \
                 letters, digits, `_` and `$`, and no name of digits only. Remove `to` to keep the \
                 name, choose another `to`, or upgrade the target to 4.2.1.3 or later. Then create \
                 a new RecoveryTask",
                target.version
            ),
        ));
    }
    let name = &spec.target.tenant_name;
    let Some(tenant) = &target.tenant else {
        return Err(Blocker::permanent(
            "TenantNotFound",
            format!(
                "the target has no tenant '{name}' for the tables: name an existing tenant in a \
                 new RecoveryTask"
            ),
        ));
    };
    check_normal(tenant)?;
    let is_other = |job: &&Restore| {
        job.tenant_name == *name
            && !job.status.is_terminal()
            && key.is_none_or(|key| !job.has_key(key))
    };
    match restores.tables.iter().find(is_other) {
        None => Ok(()),
        // If two run at once, neither can be canceled alone.
        Some(job) => Err(Blocker::waiting(
            "WaitingForRunningRecovery",
            format!(
                "job {} is recovering tables into tenant '{name}'; this recovery starts after it",
                job.job_id
            ),
        )),
    }
}

fn check_normal(tenant: &Tenant) -> Result<(), Blocker> {
    let name = &tenant.name;
    if tenant.role != "PRIMARY" {
        return Err(Blocker::permanent(
            "TenantNotPrimary",
            format!(
                "tenant '{name}' is {}, but tables need a primary tenant: create a new \
                 RecoveryTask when it is one, or name another tenant",
                tenant.role
            ),
        ));
    }
    if tenant.status != "NORMAL" {
        return Err(Blocker::waiting(
            "TenantNotNormal",
            format!(
                "the status of tenant '{name}' is {}; the recovery begins when it is NORMAL",
                tenant.status
            ),
        ));
    }
    if tenant.locked {
        return Err(Blocker::waiting(
            "TenantLocked",
            format!("tenant '{name}' is locked: unlock it, and the recovery begins"),
        ));
    }
    Ok(())
}

fn invalid(message: &str) -> Blocker {
    Blocker::permanent(
        "InvalidSpec",
        format!("{message}; create a new RecoveryTask"),
    )
}
