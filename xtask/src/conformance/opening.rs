//! The start of a run: the identity of the cluster, and checks that the tenant is a scratch tenant.

use anyhow::{Context, Result, bail, ensure};
use oceanbase_backup_operator::oceanbase::model::{ResourceName, RoundStatus, TenantId};
use oceanbase_backup_operator::oceanbase::query::{self, Query, TenantRow};
use oceanbase_backup_operator::oceanbase::version::Version;

use super::columns::Columns;
use super::database::{Database, ReadError};
use super::names::Names;
use super::report::{Report, Section, Verdict};
use super::restoring::is_tenant;
use super::settings::Settings;
use super::suite::{Effects, Suite};

impl Suite {
    /// Logs in and checks that the run may begin. It changes nothing.
    pub(super) async fn open(settings: Settings) -> Result<Self> {
        let mut database = Database::open(settings.account.clone()).await?;
        let version = database.version;
        ensure!(
            version >= Version::OLDEST,
            "the cluster has version {version}: the operator supports 4.0.0.0 and later"
        );
        let parameters = read(&mut database, &Query::Identity).await?;
        let bootstrap = read(&mut database, &Query::Bootstrap).await?;
        let identity = query::identity(&parameters, &bootstrap)?;
        let names = Names::of(&settings.tenant)?;
        let tenant = scratch(&mut database, settings.tenant.as_str()).await?;
        if settings.allows_recovery {
            refuse_leftovers(&mut database, &names).await?;
        }
        let run = settings.run_name();
        let mut suite = Self {
            data: settings.storage.directory(&format!("{run}/data"))?,
            log: settings.storage.directory(&format!("{run}/log"))?,
            tenant_id: tenant.id,
            database_id: identity.database(),
            report: Report::default(),
            columns: Columns::default(),
            effects: Effects::default(),
            section: Section::Identity,
            settings,
            database,
            names,
        };
        let edition = if suite.database.is_community {
            "community"
        } else {
            "enterprise"
        };
        suite.report.facts = vec![
            ("Release", version.to_string()),
            ("Edition", edition.to_owned()),
            (
                "Cluster",
                format!("{}, number {}", identity.cluster_name, identity.cluster_id),
            ),
            ("Scratch tenant", suite.settings.tenant.to_string()),
            (
                "Time",
                suite
                    .settings
                    .started_at
                    .strftime("%Y-%m-%dT%H:%M:%SZ")
                    .to_string(),
            ),
            ("Backups of the run", suite.settings.storage.address(&run)?),
        ];
        suite.add(
            Verdict::ExpectedValue,
            "The server says which release it is",
            format!("{version}, {edition} edition"),
            "functions OB_VERSION() and VERSION()",
        );
        suite.add(
            Verdict::ExpectedValue,
            "The cluster has a name, a number and a time of its bootstrap",
            format!("{}, number {}", identity.cluster_name, identity.cluster_id),
            "views GV$OB_PARAMETERS and DBA_OB_TENANTS",
        );
        Ok(suite)
    }
}

async fn read(
    database: &mut Database,
    query: &Query,
) -> Result<oceanbase_backup_operator::oceanbase::client::Rows> {
    let answer = database.ask(query).await;
    answer.map_err(|error| anyhow::anyhow!("query `{}`: {error}", query.name()))
}

/// Returns the scratch tenant, or an error if another tool or a user backs it up.
async fn scratch(database: &mut Database, name: &str) -> Result<TenantRow> {
    let found = database.tenant(name).await?;
    let tenant = found.with_context(|| {
        format!("there is no tenant '{name}': create it, or name another one with --tenant")
    })?;
    ensure!(
        tenant.status == "NORMAL" && tenant.role == "PRIMARY" && !tenant.locked,
        "tenant '{name}' has status {}, role {}{}: name a primary tenant in status NORMAL that is not \
         locked",
        tenant.status,
        tenant.role,
        if tenant.locked { " and is locked" } else { "" }
    );
    if let Some(what) = occupied(database, &tenant).await? {
        bail!(
            "tenant '{name}' is no scratch tenant, because {what}: name a tenant without backups"
        );
    }
    ensure!(
        !database.is_upgrading().await?,
        "the cluster is being upgraded (enable_upgrade_mode): run the suite after the upgrade"
    );
    Ok(tenant)
}

/// Returns the backup configuration of a tenant.
async fn occupied(
    database: &mut Database,
    tenant: &TenantRow,
) -> Result<Option<&'static str>, ReadError> {
    let id = tenant.id;
    if tenant.archive_log == Some(true) {
        return Ok(Some("its log archiving is on"));
    }
    let round = database.round(id).await?;
    if round.is_some_and(|round| round.status != RoundStatus::Stop) {
        return Ok(Some("a round of its log archiving has not stopped"));
    }
    if database.log_dest(id).await?.is_some() {
        return Ok(Some("it has a LOG_ARCHIVE_DEST"));
    }
    if database.data_dest(id).await?.is_some() {
        return Ok(Some("it has a DATA_BACKUP_DEST"));
    }
    if !database.policies(id).await?.is_empty() {
        return Ok(Some("it has a delete policy"));
    }
    Ok(is_busy(database, id)
        .await?
        .then_some("a backup or a cleanup of it runs"))
}

async fn is_busy(database: &mut Database, id: TenantId) -> Result<bool, ReadError> {
    let backups = database.running_jobs().await?;
    let is_backed_up = backups.iter().any(|job| job.tenant_id == id);
    Ok(is_backed_up || !database.cleanups_of(id).await?.is_empty())
}

/// Refuses to run if an object has a name of the run: the run would drop that object.
async fn refuse_leftovers(database: &mut Database, names: &Names) -> Result<()> {
    for tenant in [&names.restored, &names.second] {
        ensure!(
            !is_tenant(database, tenant.as_str()).await?,
            "there is a tenant '{tenant}', which the run would create: drop it if it is from an earlier \
             run"
        );
    }
    let pools = database.pools().await?;
    let pools: Vec<_> = pools.iter().map(|pool| pool.name.as_str()).collect();
    refuse_names("resource pool", &[&names.pool, &names.missing_pool], &pools)?;
    let units = database.units().await?;
    let units: Vec<_> = units.iter().map(|unit| unit.name.as_str()).collect();
    refuse_names("resource unit", &[&names.unit, &names.low_unit], &units)
}

/// Fails if one of the names is taken, in any case of its letters.
fn refuse_names(kind: &str, names: &[&ResourceName], taken: &[&str]) -> Result<()> {
    for name in names {
        ensure!(
            !taken
                .iter()
                .any(|taken| taken.eq_ignore_ascii_case(name.as_str())),
            "there is a {kind} '{name}', whose name the run uses: drop it if it is from an earlier run"
        );
    }
    Ok(())
}
