//! The unit and the pool of a restored tenant.

use oceanbase_backup_operator::oceanbase::client::{QueryError, Rows};
use oceanbase_backup_operator::oceanbase::model::{Cpu, Pool, ResourceName, Unit, ZoneName};
use oceanbase_backup_operator::oceanbase::statement::{Command, Recovery};

use super::database::Database;
use super::suite::{Poll, Step, Stopped, Suite, describe};

const UNITS: &str = "source: ob_unit_resource.cpp";
const POOLS: &str = "source: ob_unit_manager.cpp";

/// Errors of servers without room for a unit.
const NO_ROOM: [u16; 2] = [4733, 4734];

/// A CREATE RESOURCE UNIT that was not refused.
#[derive(Clone, Debug)]
pub(super) struct SentUnit {
    pub(super) name: ResourceName,
    /// Processors, memory and log disk.
    size: (Cpu, u64, u64),
    /// Its number, after it was read.
    id: Option<i64>,
}

impl SentUnit {
    /// Returns whether a unit is the created one. Sizes are sent in whole MiB.
    pub(super) fn is(&self, unit: &Unit) -> bool {
        let (max_cpu, memory, log_disk) = self.size;
        is_named(&unit.name, &self.name)
            && match self.id {
                Some(id) => unit.id == id,
                None => {
                    unit.max_cpu == max_cpu
                        && unit.memory >> 20 == memory >> 20
                        && unit.log_disk >> 20 == log_disk >> 20
                }
            }
    }
}

/// A CREATE RESOURCE POOL that was not refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct SentPool {
    /// Number of the run's unit.
    unit_id: i64,
    /// Its number, after it was read.
    id: Option<i64>,
}

impl SentPool {
    /// Returns whether a pool with the run's name is the created one.
    pub(super) fn is(self, pool: &Pool) -> bool {
        pool.unit_id == self.unit_id && self.id.is_none_or(|id| pool.id == id)
    }
}

/// Returns whether a name is the name of a resource, in any case of its letters.
pub(super) fn is_named(found: &str, name: &ResourceName) -> bool {
    found.eq_ignore_ascii_case(name.as_str())
}

impl Suite {
    /// Creates a unit and a pool as large as those of the scratch tenant.
    pub(super) async fn create_resources(&mut self) -> Step {
        let low = self.unit(
            self.names.low_unit.clone(),
            Cpu(1000),
            512 << 20,
            Some(2 << 30),
        );
        let assumption = "CREATE RESOURCE UNIT with less memory than 1 GiB is refused with 4659";
        let answer = self.create_unit(&low).await?;
        let _ = self.is_refused(&answer, Some(&low), &[4659], assumption, UNITS);
        let (pool, unit) = self.resources_of_scratch().await?;
        let create = self.unit(
            self.names.unit.clone(),
            unit.max_cpu,
            unit.memory,
            Some(unit.log_disk),
        );
        let answer = self.create_unit(&create).await?;
        let assumption = "CREATE RESOURCE UNIT is accepted";
        self.is_accepted(&answer, Some(&create), assumption, UNITS)?;
        let unit_id = self.created_unit().await?;
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
        let name = self.names.pool.clone();
        self.has_no_pool(&name).await?;
        let assumption = "CREATE RESOURCE POOL is accepted";
        self.effects.pool = Some(SentPool { unit_id, id: None });
        let answer = self.database.send(&create).await;
        if matches!(answer, Err(QueryError::Server(_))) {
            self.effects.pool = None;
        }
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
        self.check_new_pool(&pool, unit_id).await
    }

    /// Adds a line and ends the section if a pool has this name. CREATE is IF NOT EXISTS: it would
    /// take the pool of another session.
    pub(super) async fn has_no_pool(&mut self, name: &ResourceName) -> Step {
        let assumption = format!("No other session uses the name {name}");
        let evidence = "view DBA_OB_RESOURCE_POOLS";
        let read = self.database.pools().await;
        let pools = self.value(read, &assumption, evidence)?;
        if pools.iter().any(|pool| is_named(&pool.name, name)) {
            let observation = "a pool that is not of this run has it: left alone";
            return self.check(false, assumption, observation, evidence);
        }
        Ok(())
    }

    /// Sends CREATE RESOURCE UNIT if a query just before finds no unit with the name.
    async fn create_unit(&mut self, create: &Command) -> Step<Result<Rows, QueryError>> {
        let Command::Recovery(Recovery::CreateUnit {
            unit: name,
            max_cpu,
            memory,
            log_disk,
            ..
        }) = create
        else {
            return Err(Stopped);
        };
        let assumption = format!("No other session uses the name {name}");
        let evidence = "view DBA_OB_UNIT_CONFIGS";
        let read = self.database.units().await;
        let units = self.value(read, &assumption, evidence)?;
        if units.iter().any(|unit| is_named(&unit.name, name)) {
            let observation = "a unit that is not of this run has it: left alone";
            self.check(false, assumption, observation, evidence)?;
        }
        self.effects.units.push(SentUnit {
            name: name.clone(),
            size: (*max_cpu, *memory, log_disk.unwrap_or_default()),
            id: None,
        });
        let answer = self.database.send(create).await;
        if matches!(answer, Err(QueryError::Server(_))) {
            self.effects.units.pop();
        }
        Ok(answer)
    }

    /// Records the number of the created unit, and returns it.
    async fn created_unit(&mut self) -> Step<i64> {
        let assumption = "The view shows the new unit, of the size that was asked for";
        let evidence = "view DBA_OB_UNIT_CONFIGS";
        let read = self.database.units().await;
        let units = self.value(read, assumption, evidence)?;
        let sent = self.effects.units.last_mut().ok_or(Stopped)?;
        if let Some(unit) = units.iter().find(|unit| sent.is(unit)) {
            sent.id = Some(unit.id);
            return Ok(unit.id);
        }
        let observation = "missing, or of another size";
        self.check(false, assumption, observation, evidence)?;
        Err(Stopped)
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

    async fn check_new_pool(&mut self, like: &Pool, unit_id: i64) -> Step {
        let assumption = "The view shows the new pool, free, of its unit and in its zones";
        let evidence = "view DBA_OB_RESOURCE_POOLS";
        let name = self.names.pool.clone();
        let read = self.database.pools().await;
        let pools = self.value(read, assumption, evidence)?;
        let mut pools = pools.into_iter();
        let pool = pools.find(|pool| is_named(&pool.name, &name) && pool.unit_id == unit_id);
        let id = pool.as_ref().map(|pool| pool.id);
        // A pool with another unit belongs to another session.
        self.effects.pool = id.map(|id| SentPool {
            unit_id,
            id: Some(id),
        });
        let is_as_expected =
            pool.is_some_and(|pool| pool.tenant_id.is_none() && pool.zones == like.zones);
        let observation = if is_as_expected {
            "free, of its unit, in its zones"
        } else {
            "missing, held, of another unit, or in other zones"
        };
        self.check(is_as_expected, assumption, observation, evidence)
    }

    /// Waits until no tenant holds the pool.
    pub(super) async fn pool_gets_free(&mut self, assumption: &str) -> Step {
        let pool = self.names.pool.clone();
        let evidence = "view DBA_OB_RESOURCE_POOLS";
        let probe = async |database: &mut Database| {
            let mut pools = database.pools().await?.into_iter();
            let pool = pools.find(|found| found.name == pool.as_str());
            Ok(match pool {
                Some(pool) if pool.tenant_id.is_none() => Poll::Done(()),
                Some(_) => Poll::Pending("a tenant holds it".to_owned()),
                None => Poll::Pending("missing".to_owned()),
            })
        };
        self.reaches(assumption, "free", evidence, probe).await
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
