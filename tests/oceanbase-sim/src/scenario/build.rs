//! Construction of a cluster with a past from a scenario.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{ArchiveSpec, BackupSpec, Scenario, ScenarioError, TableSpec, TenantSpec};
use crate::model::{
    Account, ArchiveDest, BackupType, Identity, NewTenant, Pace, PastBackup, Policy, Privilege,
    Resources, RoundStatus, Scn, Table, TenantId, Uri, World, password_hash,
};
use crate::statement::TableName;
use crate::value::SqlError;
use crate::views::Version;

impl Scenario {
    /// Builds the cluster as of `now`.
    pub(crate) fn build(&self, now: Scn) -> Result<World, ScenarioError> {
        let version = self.version.parse::<Version>();
        let version = version
            .ok()
            .filter(|Version(numbers)| numbers[0] == 4)
            .ok_or_else(|| ScenarioError::Version(self.version.clone()))?;
        let identity = Identity {
            name: self.cluster.name.clone(),
            id: self.cluster.id,
            edition: self.cluster.edition,
        };
        let mut world = World::new(identity, version, now, &self.sys_password);
        if let Some(reported) = &self.reported_version {
            let parsed = reported.parse::<Version>();
            let parsed = parsed.map_err(|_| ScenarioError::Version(reported.clone()))?;
            world.reported_version = Some(parsed);
        }
        let oldest = self.tenants.iter().map(|tenant| tenant.age).max();
        world.zone = self.server_time_zone()?;
        world.resources = Resources::new(self.zones.clone(), now);
        if let Some(server) = self.server {
            world.resources.server = server.into();
        }
        if let Some(memory) = self.min_full_resource_pool_memory {
            world.resources.min_full_pool_memory = memory;
        }
        world.created_at = now.minus(oldest.unwrap_or(Duration::ZERO));
        world.child_rows = self.child_rows;
        world.pace = Pace {
            speed: self.speed,
            piece_interval: self.piece_interval,
            ..Pace::default()
        };
        if let Some(backup_loop) = self.backup_loop {
            world.pace.backup_loop = backup_loop;
        }
        for other in &self.elsewhere {
            let other = other.build(now)?;
            world.storage.adopt(&other.storage);
            world.elsewhere.push(other);
        }
        for tenant in &self.tenants {
            tenant
                .place(&mut world, now)
                .map_err(|problem| ScenarioError::Tenant {
                    tenant: tenant.name.clone(),
                    problem,
                })?;
        }
        self.add_users(&mut world)?;
        for place in &self.storage {
            if place.litter {
                world.storage.litter(&place.path);
            }
            world.storage.set_health(&place.path, place.health);
            if let Some(key) = &place.access_key {
                world.storage.rotate_key(&place.path, key);
            }
        }
        world.advance(now);
        Ok(world)
    }

    fn add_users(&self, world: &mut World) -> Result<(), ScenarioError> {
        for user in &self.users {
            let tenant = match user.tenant.as_str() {
                "sys" => Some(TenantId::SYS),
                name => world.tenant(name).map(|tenant| tenant.id),
            };
            let tenant = tenant.ok_or_else(|| ScenarioError::Tenant {
                tenant: user.tenant.clone(),
                problem: format!("user `{}` belongs to it, and it is not there", user.name),
            })?;
            let mut account = Account {
                tenant,
                name: user.name.clone(),
                password: user.password.clone(),
                privileges: BTreeSet::new(),
            };
            account.set(Privilege::AlterSystem, user.alter_system);
            account.set(Privilege::Select, user.select);
            world
                .accounts
                .retain(|known| (known.tenant, &known.name) != (tenant, &user.name));
            world.accounts.push(account);
        }
        for grant in &self.grants {
            let problem = |problem: &str| ScenarioError::Tenant {
                tenant: grant.tenant.clone(),
                problem: format!("user `{}` of a grant {problem}", grant.user),
            };
            let tenant = match grant.tenant.as_str() {
                "sys" => Some(TenantId::SYS),
                name => world.tenant(name).map(|tenant| tenant.id),
            };
            let tenant = tenant.ok_or_else(|| problem("belongs to no tenant"))?;
            let mut accounts = world.accounts.iter_mut();
            let account = accounts
                .find(|account| account.tenant == tenant && account.name == grant.user)
                .ok_or_else(|| problem("does not exist"))?;
            account.privileges.extend(&grant.privileges);
        }
        Ok(())
    }
}

impl TenantSpec {
    fn new_tenant(&self, now: Scn) -> Result<NewTenant, String> {
        let tables = self.tables.iter().map(|table| table.placed(self.age, now));
        Ok(NewTenant {
            name: self.name.clone(),
            id: self.id.map(TenantId),
            role: self.role,
            status: self.status,
            locked: self.locked,
            mode: self.mode,
            created_at: now.minus(self.age),
            compatible: self
                .compatible
                .as_deref()
                .and_then(|version| version.parse().ok()),
            root_password: self.password.clone(),
            log_bytes_per_second: self.log_per_second,
            full_bytes: self.full_backup_size,
            backup_bytes_per_second: self.backup_per_second,
            tables: tables.collect::<Result<_, _>>()?,
            pools: Vec::new(),
        })
    }

    /// Adds the tenant to a world, with all its state.
    pub(crate) fn place(&self, world: &mut World, now: Scn) -> Result<(), String> {
        if world.tenant(&self.name).is_some() || self.name == "sys" {
            return Err("there is one of this name already".to_owned());
        }
        if let Some(compatible) = &self.compatible {
            compatible
                .parse::<Version>()
                .map_err(|error| error.to_string())?;
        }
        let id = world.create_tenant(self.new_tenant(now)?);
        if self
            .id
            .is_some_and(|wanted| wanted != id.0 || wanted % 2 != 0)
        {
            return Err("ids are even, from 1002, and ascend from tenant to tenant".to_owned());
        }
        if let Some(archive) = &self.archive {
            archive.place(world, id, now)?;
        }
        if let Some(dest) = &self.data_dest {
            let uri = Uri::parse(dest, world.version).map_err(text)?;
            world.set_data_dest(id, Some(uri)).map_err(text)?;
        }
        for backup in &self.backups {
            backup.place(world, id, self.full_backup_size, now)?;
        }
        if let Some(window) = &self.recovery_window {
            let policy = Policy {
                name: "default".to_owned(),
                recovery_window: window.clone(),
            };
            world.add_policy(id, policy);
        }
        Ok(())
    }
}

impl TableSpec {
    fn placed(&self, age: Duration, now: Scn) -> Result<Table, String> {
        let (database, table) = self
            .name
            .split_once('.')
            .ok_or_else(|| format!("table `{}` has no database before a point", self.name))?;
        Ok(Table {
            name: TableName {
                database: database.to_owned(),
                table: table.to_owned(),
            },
            created_at: now.minus(age),
            dropped_at: self.dropped.map(|ago| now.minus(ago)),
            rows: self.rows,
            counted_at: now,
            rows_per_hour: self.rows_per_hour,
        })
    }
}

impl ArchiveSpec {
    fn place(&self, world: &mut World, id: TenantId, now: Scn) -> Result<(), String> {
        let dest = ArchiveDest::parse(&self.dest, world.version).map_err(text)?;
        world.set_archive_dest(id, Some(dest)).map_err(text)?;
        let mut earliest = Scn::ZERO;
        for (index, round) in self.rounds.iter().enumerate() {
            let from = now.minus(round.from);
            let until = now.minus(round.until.unwrap_or(Duration::ZERO));
            let last = index + 1 == self.rounds.len();
            if from < earliest || until < from || (round.until.is_none() && !last) {
                return Err("rounds overlap, or one that runs is not the last".to_owned());
            }
            earliest = until;
            let then = match (round.interrupted && last, round.until) {
                (true, _) => RoundStatus::Interrupted,
                (false, None) => RoundStatus::Doing,
                (false, Some(_)) => RoundStatus::Stop,
            };
            world.place_round(id, from, until, then);
        }
        if let Some(before) = self.deleted_before {
            world.mark_pieces_deleted(id, now.minus(before));
        }
        Ok(())
    }
}

impl BackupSpec {
    fn place(
        &self,
        world: &mut World,
        id: TenantId,
        full_size: u64,
        now: Scn,
    ) -> Result<(), String> {
        let started_at = now.minus(self.ago);
        let usual = match self.backup_type {
            BackupType::Full => full_size,
            BackupType::Inc => full_size / 10,
        };
        let past = PastBackup {
            backup_type: self.backup_type,
            started_at,
            ended_at: started_at.plus(self.took),
            bytes: self.size.unwrap_or(usual),
            result: self.result,
            deleted: self.deleted,
            description: self.description.clone(),
            passwd: match self.password.as_str() {
                "" => String::new(),
                password => password_hash(password),
            },
            plus_archivelog: self.plus_archivelog,
        };
        if past.ended_at > now {
            return Err("a backup of the past ends in the future".to_owned());
        }
        if world.place_backup(id, past) {
            Ok(())
        } else {
            Err("a backup of the past needs a dataDest, and the backups to be in order".to_owned())
        }
    }
}

fn text(error: SqlError) -> String {
    error.message
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
