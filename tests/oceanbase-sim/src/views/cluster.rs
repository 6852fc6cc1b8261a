//! Tenants, resources, parameters and the root service's event log.

use super::column::{decimal, int, or_null, scn, text, timestamp};
use super::{ColumnDef, Definition, Scope, Version};

pub(super) fn definitions(version: Version) -> Vec<Definition> {
    let mut all = vec![
        Definition::single("DBA_OB_TENANTS", Scope::Tenant, tenants(version)),
        Definition::single("DBA_OB_RESOURCE_POOLS", Scope::Sys, resource_pools()),
        Definition::single("DBA_OB_UNIT_CONFIGS", Scope::Sys, unit_configs(version)),
        Definition::single("DBA_OB_UNITS", Scope::Sys, units(version)),
        Definition::single("DBA_OB_SERVERS", Scope::Sys, servers(version)),
        Definition::single("GV$OB_SERVERS", Scope::Sys, capacities(version)),
        Definition::single("DBA_OB_ROOTSERVICE_EVENT_HISTORY", Scope::Sys, events()),
        Definition::single("DBA_OB_CLUSTER_EVENT_HISTORY", Scope::Sys, cluster_events()),
        Definition::single("GV$OB_PARAMETERS", Scope::Tenant, parameters(version)),
    ];
    if version.has(&[Version::V4_2]) {
        // The same columns in both forms: a client finds a tenant by name.
        all.push(Definition::apart(
            "OB_ACCESS_POINT",
            access_point(),
            access_point(),
        ));
    }
    all
}

fn tenants(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        int("TENANT_ID"),
        text("TENANT_NAME", 128),
        text("TENANT_TYPE", 4),
        timestamp("CREATE_TIME"),
        timestamp("MODIFY_TIME"),
        text("PRIMARY_ZONE", 128),
        text("LOCALITY", 4096),
        or_null(text("PREVIOUS_LOCALITY", 4096)),
        text("COMPATIBILITY_MODE", 6),
        text("STATUS", 64),
        text("IN_RECYCLEBIN", 3),
        text("LOCKED", 3),
    ];
    if version.has(&[Version::V4_1]) {
        columns.extend([
            text("TENANT_ROLE", 64),
            text("SWITCHOVER_STATUS", 64),
            int("SWITCHOVER_EPOCH"),
            // Set for user tenants only.
            or_null(scn("SYNC_SCN")),
            or_null(scn("REPLAYABLE_SCN")),
            or_null(scn("READABLE_SCN")),
            or_null(scn("RECOVERY_UNTIL_SCN")),
            text("LOG_MODE", 64),
            text("ARBITRATION_SERVICE_STATUS", 64),
        ]);
    }
    if version.has(&[Version::V4_2]) {
        columns.extend([
            or_null(int("UNIT_NUM")),
            or_null(text("COMPATIBLE", 79)),
            or_null(int("MAX_LS_ID")),
        ]);
    }
    if version.has(&[Version([4, 3, 2, 0])]) {
        columns.push(text("RESTORE_DATA_MODE", 64));
    }
    columns
}

fn resource_pools() -> Vec<ColumnDef> {
    vec![
        int("RESOURCE_POOL_ID"),
        text("NAME", 128),
        or_null(int("TENANT_ID")),
        timestamp("CREATE_TIME"),
        timestamp("MODIFY_TIME"),
        int("UNIT_COUNT"),
        int("UNIT_CONFIG_ID"),
        text("ZONE_LIST", 8192),
        or_null(text("REPLICA_TYPE", 18)),
    ]
}

/// Returns a number of processors. A `double` in the server; a decimal prints the same digits.
const fn cpu(name: &'static str) -> ColumnDef {
    decimal(name, 20, 2)
}

fn unit_configs(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        int("UNIT_CONFIG_ID"),
        text("NAME", 128),
        timestamp("CREATE_TIME"),
        timestamp("MODIFY_TIME"),
    ];
    columns.extend(unit_sizes(version));
    columns
}

/// Returns the sizes. The data disk and the bandwidths came with shared storage.
fn unit_sizes(version: Version) -> Vec<ColumnDef> {
    let shared_storage = version.has(&[Version([4, 3, 3, 0])]);
    let mut columns = vec![
        cpu("MAX_CPU"),
        cpu("MIN_CPU"),
        int("MEMORY_SIZE"),
        int("LOG_DISK_SIZE"),
    ];
    if shared_storage {
        columns.push(or_null(int("DATA_DISK_SIZE")));
    }
    columns.extend([int("MAX_IOPS"), int("MIN_IOPS"), int("IOPS_WEIGHT")]);
    if shared_storage {
        columns.extend([
            or_null(int("MAX_NET_BANDWIDTH")),
            or_null(int("NET_BANDWIDTH_WEIGHT")),
        ]);
    }
    columns
}

fn units(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        int("UNIT_ID"),
        or_null(int("TENANT_ID")),
        text("STATUS", 64),
        int("RESOURCE_POOL_ID"),
        int("UNIT_GROUP_ID"),
        timestamp("CREATE_TIME"),
        timestamp("MODIFY_TIME"),
        text("ZONE", 128),
        text("SVR_IP", 46),
        int("SVR_PORT"),
        or_null(text("MIGRATE_FROM_SVR_IP", 46)),
        or_null(int("MIGRATE_FROM_SVR_PORT")),
        or_null(text("MANUAL_MIGRATE", 3)),
        int("UNIT_CONFIG_ID"),
    ];
    columns.extend(unit_sizes(version));
    columns
}

fn servers(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        text("SVR_IP", 46),
        int("SVR_PORT"),
        int("ID"),
        text("ZONE", 128),
        int("SQL_PORT"),
        text("WITH_ROOTSERVER", 3),
        text("STATUS", 64),
        or_null(timestamp("START_SERVICE_TIME")),
        or_null(timestamp("STOP_TIME")),
        or_null(timestamp("BLOCK_MIGRATE_IN_TIME")),
        timestamp("CREATE_TIME"),
        timestamp("MODIFY_TIME"),
        text("BUILD_VERSION", 256),
    ];
    if version.has(&[Version::V4_2]) {
        columns.push(or_null(timestamp("LAST_OFFLINE_TIME")));
    }
    columns
}

/// Returns `__all_virtual_server`, which each server answers for itself.
fn capacities(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        text("SVR_IP", 46),
        int("SVR_PORT"),
        text("ZONE", 128),
        int("SQL_PORT"),
        int("CPU_CAPACITY"),
        cpu("CPU_CAPACITY_MAX"),
        cpu("CPU_ASSIGNED"),
        cpu("CPU_ASSIGNED_MAX"),
        int("MEM_CAPACITY"),
        int("MEM_ASSIGNED"),
        int("LOG_DISK_CAPACITY"),
        int("LOG_DISK_ASSIGNED"),
        or_null(int("LOG_DISK_IN_USE")),
        or_null(int("DATA_DISK_CAPACITY")),
    ];
    if version.has(&[Version([4, 3, 3, 0])]) {
        columns.push(or_null(int("DATA_DISK_ASSIGNED")));
    }
    columns.extend([
        or_null(int("DATA_DISK_IN_USE")),
        text("DATA_DISK_HEALTH_STATUS", 20),
        int("MEMORY_LIMIT"),
    ]);
    if version.has(&[Version::V4_2]) {
        columns.push(or_null(int("DATA_DISK_ALLOCATED")));
    }
    columns.extend([
        or_null(timestamp("DATA_DISK_ABNORMAL_TIME")),
        or_null(timestamp("SSL_CERT_EXPIRED_TIME")),
    ]);
    columns
}

fn access_point() -> Vec<ColumnDef> {
    vec![
        int("TENANT_ID"),
        text("TENANT_NAME", 128),
        text("SVR_IP", 46),
        int("SQL_PORT"),
    ]
}

fn events() -> Vec<ColumnDef> {
    let mut columns = vec![
        timestamp("TIMESTAMP"),
        text("MODULE", 32),
        text("EVENT", 64),
    ];
    columns.extend(pairs());
    columns.extend([
        or_null(text("EXTRA_INFO", 512)),
        or_null(text("RS_SVR_IP", 46)),
        or_null(int("RS_SVR_PORT")),
    ]);
    columns
}

fn cluster_events() -> Vec<ColumnDef> {
    let mut columns = vec![
        timestamp("EVENT_TIMESTAMP"),
        text("MODULE", 256),
        text("EVENT", 256),
    ];
    columns.extend(pairs());
    columns.extend([
        or_null(text("EXTRA_INFO", 512)),
        or_null(text("SVR_IP", 46)),
        or_null(int("SVR_PORT")),
    ]);
    columns
}

/// Returns `NAME1`, `VALUE1` to `NAME6`, `VALUE6`.
fn pairs() -> impl Iterator<Item = ColumnDef> {
    const NAMES: [&str; 12] = [
        "NAME1", "VALUE1", "NAME2", "VALUE2", "NAME3", "VALUE3", "NAME4", "VALUE4", "NAME5",
        "VALUE5", "NAME6", "VALUE6",
    ];
    NAMES.into_iter().map(|name| or_null(text(name, 256)))
}

fn parameters(version: Version) -> Vec<ColumnDef> {
    let mut columns = vec![
        text("SVR_IP", 46),
        int("SVR_PORT"),
        text("ZONE", 128),
        text("SCOPE", 64),
        or_null(int("TENANT_ID")),
        text("NAME", 128),
        or_null(text("DATA_TYPE", 128)),
        text("VALUE", 65_536),
        text("INFO", 4096),
        text("SECTION", 128),
        text("EDIT_LEVEL", 128),
    ];
    if version.has(&[Version([4, 2, 2, 0]), Version::V4_3_1]) {
        columns.extend([text("DEFAULT_VALUE", 65_536), text("ISDEFAULT", 3)]);
    }
    columns
}
