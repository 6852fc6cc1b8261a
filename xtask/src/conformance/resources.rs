//! The unit and the pool that a restored tenant runs on.

use oceanbase_backup_operator::oceanbase::client::QueryError;
use oceanbase_backup_operator::oceanbase::command::{Command, Recovery};
use oceanbase_backup_operator::oceanbase::model::{Cpu, Pool, ResourceName, Unit, ZoneName};

use super::database::Database;
use super::suite::{Poll, Step, Stopped, Suite, describe};

const UNITS: &str = "source: ob_unit_resource.cpp";
const POOLS: &str = "source: ob_unit_manager.cpp";

/// Servers that have no room for a unit.
const NO_ROOM: [u16; 2] = [4733, 4734];

impl Suite {
    /// Creates a unit and a pool as large as those of the scratch tenant.
    pub(super) async fn create_resources(&mut self) -> Step {
        let low = self.unit(
            self.names.low_unit.clone(),
            Cpu(1000),
            512 << 20,
            Some(2 << 30),
        );
        self.effects.low_unit = true;
        let assumption = "CREATE RESOURCE UNIT with less memory than 1 GiB is refused with 4659";
        let _ = self.refuses(&low, &[4659], assumption, UNITS).await;
        let (pool, unit) = self.resources_of_scratch().await?;
        let create = self.unit(
            self.names.unit.clone(),
            unit.max_cpu,
            unit.memory,
            Some(unit.log_disk),
        );
        self.effects.unit = true;
        self.accepts(&create, "CREATE RESOURCE UNIT is accepted", UNITS)
            .await?;
        let create = Command::from(Recovery::CreatePool {
            tenant: self.names.restored.clone(),
            pool: self.names.pool.clone(),
            unit: self.names.unit.clone(),
            unit_count: u32::try_from(pool.unit_count).unwrap_or(1),
            zones: pool
                .zones
                .iter()
                .filter_map(|zone| ZoneName::parse(zone))
                .collect(),
        });
        self.effects.pool = true;
        let assumption = "CREATE RESOURCE POOL is accepted";
        let answer = self.database.send(&create).await;
        match &answer {
            Err(QueryError::Server(error)) if NO_ROOM.contains(&error.code) => {
                let why = format!(
                    "{}: the servers have no room for a second tenant of this size",
                    describe(&answer, Some(&create))
                );
                self.skip(assumption, why, POOLS);
                return Err(Stopped);
            }
            _ => self.is_accepted(&answer, Some(&create), assumption, POOLS)?,
        }
        self.check_new_pool(&pool).await
    }

    /// Returns the pool of the scratch tenant and its unit.
    async fn resources_of_scratch(&mut self) -> Step<(Pool, Unit)> {
        let assumption = "The views show the pool and the unit of the scratch tenant";
        let evidence = "views DBA_OB_RESOURCE_POOLS and DBA_OB_UNIT_CONFIGS";
        let read = self.database.pools().await;
        let pools = self.value(read, assumption, evidence)?;
        let read = self.database.units().await;
        let units = self.value(read, assumption, evidence)?;
        let mut pools = pools.into_iter();
        let pool = pools.find(|pool| pool.tenant_id == Some(self.tenant_id));
        let found = pool.and_then(|pool| {
            let unit = units.into_iter().find(|unit| unit.id == pool.unit_id)?;
            Some((pool, unit))
        });
        let is_there = found.is_some();
        let observation = if is_there { "both" } else { "one is missing" };
        self.check(is_there, assumption, observation, evidence)?;
        found.ok_or(Stopped)
    }

    async fn check_new_pool(&mut self, like: &Pool) -> Step {
        let assumption = "The view shows the new pool, free and in its zones";
        let evidence = "view DBA_OB_RESOURCE_POOLS";
        let name = self.names.pool.clone();
        let read = self.database.pools().await;
        let pools = self.value(read, assumption, evidence)?;
        let mut pools = pools.into_iter().filter(|pool| pool.name == name.as_str());
        let pool = pools.next();
        let is_as_expected =
            pool.is_some_and(|pool| pool.tenant_id.is_none() && pool.zones == like.zones);
        let observation = if is_as_expected {
            "free, in its zones"
        } else {
            "missing, held, or in other zones"
        };
        self.check(is_as_expected, assumption, observation, evidence)
    }

    /// Waits until no tenant holds the pool.
    pub(super) async fn pool_gets_free(&mut self, assumption: &str) -> Step {
        let pool = self.names.pool.clone();
        let evidence = "view DBA_OB_RESOURCE_POOLS";
        let look = async |database: &mut Database| {
            let mut pools = database.pools().await?.into_iter();
            let pool = pools.find(|found| found.name == pool.as_str());
            Ok(match pool {
                Some(pool) if pool.tenant_id.is_none() => Poll::Done(()),
                Some(_) => Poll::Pending("a tenant holds it".to_owned()),
                None => Poll::Pending("missing".to_owned()),
            })
        };
        self.reaches(assumption, "free", evidence, look).await
    }

    /// Tries to drop the pool of the restored tenant.
    pub(super) async fn check_resources_in_use(&mut self) {
        let drop = self.drop_pool();
        let assumption = "DROP RESOURCE POOL of a pool that a tenant holds is refused with 4626";
        let _ = self.refuses(&drop, &[4626], assumption, POOLS).await;
    }

    fn unit(
        &self,
        unit: ResourceName,
        max_cpu: Cpu,
        memory: u64,
        log_disk: Option<u64>,
    ) -> Command {
        Command::from(Recovery::CreateUnit {
            tenant: self.names.restored.clone(),
            unit,
            max_cpu,
            memory,
            log_disk,
        })
    }

    pub(super) fn drop_pool(&self) -> Command {
        Command::from(Recovery::DropPool {
            tenant: self.names.restored.clone(),
            pool: self.names.pool.clone(),
        })
    }

    pub(super) fn drop_unit(&self, unit: ResourceName) -> Command {
        Command::from(Recovery::DropUnit {
            tenant: self.names.restored.clone(),
            unit,
        })
    }
}
