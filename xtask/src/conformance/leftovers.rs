//! Report lines about the leftovers of a run.

use oceanbase_backup_operator::oceanbase::model::RoundStatus;

use super::database::ReadError;
use super::report::Verdict;
use super::resources::is_named;
use super::suite::Suite;

const VIEWS: &str = "the views, after the run";

/// An object with a name of the run, after the clean-up.
enum Found {
    None,
    /// The run has created it.
    Ours,
    /// Another session has created it.
    Foreign,
}

impl Found {
    /// Classifies the objects: each item is whether the run has created the object.
    fn of(mut items: impl Iterator<Item = bool>) -> Self {
        match items.next() {
            None => Self::None,
            Some(first) if first || items.any(|is_ours| is_ours) => Self::Ours,
            Some(_) => Self::Foreign,
        }
    }

    fn none_or_ours(is_none: bool) -> Self {
        if is_none { Self::None } else { Self::Ours }
    }
}

impl Suite {
    /// Adds lines about settings of the scratch tenant that must not remain.
    pub(super) async fn report_scratch(&mut self, failures: &[String]) {
        let tenant = self.tenant_id;
        let name = self.settings.tenant.to_string();
        let log_dest = self.database.log_dest(tenant).await;
        let is_none = log_dest.map(|dest| dest.is_none());
        self.is_gone("LOG_ARCHIVE_DEST", is_none, failures);
        let data_dest = self.database.data_dest(tenant).await;
        let is_none = data_dest.map(|dest| dest.is_none());
        self.is_gone("DATA_BACKUP_DEST", is_none, failures);
        let policies = self.database.policies(tenant).await;
        let is_none = policies.map(|all| all.is_empty());
        self.is_gone("delete policy", is_none, failures);
        let run = self.job_prefix();
        let jobs = self.database.running_jobs().await;
        // 4.0 and 4.1 may leave the job of sys in INIT, without a job of the tenant.
        let is_none = jobs.map(|jobs| {
            let mut jobs = jobs.iter();
            !jobs.any(|job| job.tenant_id == tenant || job.description.starts_with(&run))
        });
        self.is_gone("running backup", is_none, failures);
        let round = self.database.round(tenant).await;
        let row = self.database.tenant(&name).await;
        let is_off = round.and_then(|round| {
            let is_on = row?.is_some_and(|row| row.archive_log == Some(true));
            Ok(!is_on && round.is_none_or(|round| round.status == RoundStatus::Stop))
        });
        self.is_gone("running log archiving", is_off, failures);
    }

    fn is_gone(&mut self, what: &str, read: Result<bool, ReadError>, failures: &[String]) {
        let assumption = format!("Tenant {} has no {what}", self.settings.tenant);
        self.report_found(assumption, read.map(Found::none_or_ours), failures);
    }

    /// Adds lines about objects with names of the run that must not remain.
    pub(super) async fn report_created(&mut self, failures: &[String]) {
        for name in [self.names.restored.clone(), self.names.second.clone()] {
            let read = self.database.tenants().await;
            let ours = self.effects.restored.clone();
            let read = read.map(|tenants| {
                let tenants = tenants.iter();
                let named =
                    tenants.filter(|tenant| tenant.name.eq_ignore_ascii_case(name.as_str()));
                Found::of(named.map(|tenant| ours.contains(&tenant.id)))
            });
            self.report_found(format!("There is no tenant {name}"), read, failures);
        }
        let name = self.names.pool.clone();
        let sent = self.effects.pool;
        let read = self.database.pools().await.map(|pools| {
            let named = pools.iter().filter(|pool| is_named(&pool.name, &name));
            Found::of(named.map(|pool| sent.is_some_and(|sent| sent.is(pool))))
        });
        self.report_found(format!("There is no resource pool {name}"), read, failures);
        for name in [self.names.unit.clone(), self.names.low_unit.clone()] {
            let sent = self.effects.units.clone();
            let read = self.database.units().await.map(|units| {
                let named = units.iter().filter(|unit| is_named(&unit.name, &name));
                Found::of(named.map(|unit| sent.iter().any(|sent| sent.is(unit))))
            });
            self.report_found(format!("There is no resource unit {name}"), read, failures);
        }
    }

    fn report_found(
        &mut self,
        assumption: String,
        read: Result<Found, ReadError>,
        failures: &[String],
    ) {
        let (verdict, observation) = match read {
            Ok(Found::None) => (Verdict::ExpectedValue, "none".to_owned()),
            Ok(Found::Ours) if failures.is_empty() => {
                (Verdict::Mismatch, "left behind: remove it".to_owned())
            }
            Ok(Found::Ours) => {
                let failures = failures.join("; ");
                let observation = format!("left behind ({failures}): remove it");
                (Verdict::Mismatch, observation)
            }
            Ok(Found::Foreign) => {
                let observation = "there is one that is not of this run: left alone";
                (Verdict::Unknown, observation.to_owned())
            }
            Err(why) => (Verdict::Unknown, why.to_string()),
        };
        self.add(verdict, assumption, observation, VIEWS);
    }

    /// Adds a line for each failure that no other line shows.
    pub(super) fn report_failures(&mut self, failures: Vec<String>) {
        for failure in failures {
            let is_shown = self
                .report
                .lines_to_act_on()
                .any(|line| line.observation.contains(&failure));
            if !is_shown {
                self.add(Verdict::Unknown, "The clean-up succeeds", failure, VIEWS);
            }
        }
    }
}
