//! Views of tenants, their resources, and parameters.

use super::cell::{int, scn, text, time, yes_no};
use super::{NOBODY, Row, Sight};
use crate::model::{Mode, PARAMETERS, Parameter, Role, Tenant, TenantId, TenantStatus};
use crate::value::Value;

const ZONE: &str = "zone1";
const RPC_PORT: u64 = 2882;

impl Sight<'_> {
    pub(super) fn tenant_rows(&self, stem: &str) -> Option<Vec<Row<'_>>> {
        Some(match stem {
            "OB_TENANTS" => self.all_tenants(),
            "OB_ACCESS_POINT" => self.access_points(),
            "GV$OB_PARAMETERS" => self.parameters(),
            _ => return None,
        })
    }

    fn all_tenants(&self) -> Vec<Row<'_>> {
        let mut rows = Vec::new();
        if self.tenant == TenantId::SYS {
            rows.push(self.inner_tenant(TenantId::SYS, "sys".to_owned(), "SYS"));
        }
        for tenant in self.tenants(true) {
            if self.tenant == TenantId::SYS {
                let name = format!("META${}", tenant.id);
                rows.push(self.inner_tenant(tenant.id.meta(), name, "META"));
            }
            rows.push(self.user_tenant(tenant));
        }
        rows
    }

    /// Returns the sys or a meta tenant: always primary, always NOARCHIVELOG, no SCNs.
    fn inner_tenant(&self, id: TenantId, name: String, kind: &'static str) -> Row<'_> {
        let world = self.world;
        Row::new(id, move |column| match column {
            "TENANT_NAME" => text(name.clone()),
            "TENANT_TYPE" => text(kind),
            "CREATE_TIME" | "MODIFY_TIME" => time(world.created_at),
            "COMPATIBILITY_MODE" => text("MYSQL"),
            "STATUS" => text("NORMAL"),
            "LOCKED" => yes_no(false),
            "TENANT_ROLE" => text("PRIMARY"),
            "LOG_MODE" => text("NOARCHIVELOG"),
            "COMPATIBLE" => text(world.version.to_string()),
            "MAX_LS_ID" => int(1),
            _ => tenant_constant(column),
        })
    }

    fn user_tenant<'a>(&'a self, tenant: &'a Tenant) -> Row<'a> {
        let sync = self.world.sync_scn(tenant);
        Row::new(tenant.id, move |column| match column {
            "TENANT_NAME" => text(tenant.name.clone()),
            "TENANT_TYPE" => text("USER"),
            "CREATE_TIME" | "MODIFY_TIME" => time(tenant.created_at),
            "COMPATIBILITY_MODE" => text(match tenant.mode {
                Mode::Mysql => "MYSQL",
                Mode::Oracle => "ORACLE",
            }),
            "STATUS" => text(match tenant.status {
                TenantStatus::Normal => "NORMAL",
                TenantStatus::Creating => "CREATING",
                TenantStatus::Dropping => "DROPPING",
                TenantStatus::Restore => "RESTORE",
            }),
            "LOCKED" => yes_no(tenant.locked),
            "TENANT_ROLE" => text(match tenant.role {
                Role::Primary => "PRIMARY",
                Role::Standby => "STANDBY",
                Role::Restore => "RESTORE",
            }),
            "SYNC_SCN" | "REPLAYABLE_SCN" | "READABLE_SCN" => scn(sync),
            "RECOVERY_UNTIL_SCN" => scn(tenant.standby.until),
            "SWITCHOVER_STATUS" => text(tenant.standby.status.name()),
            "SWITCHOVER_EPOCH" => int(tenant.standby.epoch),
            "LOG_MODE" => text(if tenant.archive.log_mode {
                "ARCHIVELOG"
            } else {
                "NOARCHIVELOG"
            }),
            "COMPATIBLE" => text(tenant.compatible.to_string()),
            "MAX_LS_ID" => int(1001),
            _ => tenant_constant(column),
        })
    }

    fn access_points(&self) -> Vec<Row<'_>> {
        let (host, port) = &self.world.address;
        let row = |id: TenantId, name: String| {
            Row::new(id, move |column| match column {
                "TENANT_NAME" => text(name.clone()),
                "SVR_IP" => text(host.clone()),
                "SQL_PORT" => int(u64::from(*port)),
                _ => Value::Null,
            })
        };
        let sys = (self.tenant == TenantId::SYS).then(|| row(TenantId::SYS, "sys".to_owned()));
        let users = self
            .tenants(true)
            .map(|tenant| row(tenant.id, tenant.name.clone()));
        sys.into_iter().chain(users).collect()
    }

    fn parameters(&self) -> Vec<Row<'_>> {
        let known = || PARAMETERS.iter().filter(|p| p.since <= self.world.version);
        let mut rows = Vec::new();
        if self.tenant == TenantId::SYS {
            for parameter in known() {
                let value = self.world.parameter(parameter);
                let tenant = if parameter.per_tenant {
                    TenantId::SYS
                } else {
                    NOBODY
                };
                rows.push(self.parameter_row(tenant, parameter, value));
            }
        }
        for tenant in self.tenants(true) {
            for parameter in known().filter(|parameter| parameter.per_tenant) {
                let set = tenant.parameters.get(parameter.name).cloned();
                let value = set.unwrap_or_else(|| parameter.default.to_owned());
                rows.push(self.parameter_row(tenant.id, parameter, value));
            }
        }
        rows
    }

    fn parameter_row<'a>(
        &'a self,
        tenant: TenantId,
        parameter: &'static Parameter,
        value: String,
    ) -> Row<'a> {
        let host = &self.world.address.0;
        Row::new(tenant, move |column| match column {
            "SVR_IP" => text(host.clone()),
            "SVR_PORT" => int(RPC_PORT),
            "ZONE" => text(ZONE),
            "SCOPE" => text(if parameter.per_tenant {
                "TENANT"
            } else {
                "CLUSTER"
            }),
            "NAME" => text(parameter.name),
            "DATA_TYPE" => text(parameter.data_type),
            "VALUE" => text(value.clone()),
            "INFO" => text(parameter.info),
            "SECTION" => text("OBSERVER"),
            "EDIT_LEVEL" => text("DYNAMIC_EFFECTIVE"),
            "DEFAULT_VALUE" => text(parameter.default),
            "ISDEFAULT" => yes_no(value == parameter.default),
            _ => Value::Null,
        })
    }
}

fn tenant_constant(column: &str) -> Value {
    match column {
        "PRIMARY_ZONE" => text(ZONE),
        "LOCALITY" => text(format!("FULL{{1}}@{ZONE}")),
        "IN_RECYCLEBIN" => yes_no(false),
        "SWITCHOVER_STATUS" | "RESTORE_DATA_MODE" => text("NORMAL"),
        "SWITCHOVER_EPOCH" => int(0),
        "ARBITRATION_SERVICE_STATUS" => text("DISABLED"),
        "UNIT_NUM" => int(1),
        _ => Value::Null,
    }
}
