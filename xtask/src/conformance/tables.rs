//! The recovery of a table into the scratch tenant, under new names.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::client::{QueryError, Rows};
use oceanbase_backup_operator::oceanbase::model::{
    RemapQuoting, Renamed, Restore, RestoreKey, RestoreStatus, Scn, TableName, Tables,
};
use oceanbase_backup_operator::oceanbase::statement::{Command, TableRecovery};

use super::database::{Database, ReadError};
use super::report::Section;
use super::suite::{Poll, Step, Stopped, Suite, evidence_of};

const JOBS: &str = "views CDB_OB_RECOVER_TABLE_JOBS and CDB_OB_RECOVER_TABLE_JOB_HISTORY";

impl Suite {
    /// Recovers the table with its names in both forms, each under a new name.
    pub(super) async fn check_tables(&mut self, until: Scn) {
        self.begin(Section::Tables);
        let step = self.recover_tables(until).await;
        self.close_section(&step);
    }

    async fn recover_tables(&mut self, until: Scn) -> Step {
        let evidence = evidence_of(Capability::TableRecovery);
        if !self.can(Capability::TableRecovery) {
            // The parser refuses the statement, whatever its table.
            let table = self.table_or_sample()?;
            let command = self.recover_table(&table, RemapQuoting::Plain, until)?;
            let assumption = "RECOVER TABLE is refused with 1064";
            return self.refuses(&command, &[1064], assumption, evidence).await;
        }
        let Some(table) = self.settings.table.clone() else {
            let why = "no table was named: name one with --table";
            self.skip(
                "RECOVER TABLE recovers a table under a new name",
                why,
                evidence,
            );
            return Ok(());
        };
        self.recover_one(&table, RemapQuoting::Plain, until).await?;
        let evidence = evidence_of(Capability::QuotedRemap);
        if self.can(Capability::QuotedRemap) {
            return self.recover_one(&table, RemapQuoting::Quoted, until).await;
        }
        let command = self.recover_table(&table, RemapQuoting::Quoted, until)?;
        let assumption = "RECOVER TABLE with back quotes in REMAP is refused with 1064";
        let answer = self
            .send_recovery(&table, RemapQuoting::Quoted, &command)
            .await;
        self.is_refused(&answer, Some(&command), &[1064], assumption, evidence)
    }

    /// Sends RECOVER TABLE. A remark says that a recovered table stays, because only a user of the
    /// tenant can drop it. It precedes the answer, which may be lost; a refusal removes it.
    async fn send_recovery(
        &mut self,
        table: &TableName,
        quoting: RemapQuoting,
        command: &Command,
    ) -> Result<Rows, QueryError> {
        self.effects.tables = true;
        let tenant = &self.settings.tenant;
        let to = self.new_name(table, quoting);
        let remark =
            to.map(|to| format!("The recovered table {to} stays in tenant {tenant}: drop it."));
        let count = self.report.remarks.len();
        self.report.remarks.extend(remark);
        let answer = self.database.send(command).await;
        if matches!(answer, Err(QueryError::Server(_))) {
            self.report.remarks.truncate(count);
        }
        answer
    }

    async fn recover_one(&mut self, table: &TableName, quoting: RemapQuoting, until: Scn) -> Step {
        let (how, capability) = match quoting {
            RemapQuoting::Plain => ("without back quotes", Capability::TableRecovery),
            RemapQuoting::Quoted => ("with back quotes", Capability::QuotedRemap),
        };
        let command = self.recover_table(table, quoting, until)?;
        let assumption = format!("RECOVER TABLE is accepted (REMAP {how})");
        let answer = self.send_recovery(table, quoting, &command).await;
        let evidence = evidence_of(capability);
        self.is_accepted(&answer, Some(&command), &assumption, evidence)?;
        self.read_columns().await?;
        let key = self.table_key(quoting);
        let assumption = format!("The recovery is found by its DESCRIPTION and ends well ({how})");
        let probe = async |database: &mut Database| {
            let Some(found) = database.table_recovery(&key).await? else {
                return Ok(Poll::Pending("there is no such row".to_owned()));
            };
            ending_of(found)
        };
        self.reaches(&assumption, "SUCCESS", JOBS, probe).await?;
        let assumption = format!("The pool of the auxiliary tenant is free afterwards ({how})");
        self.pool_gets_free(&assumption).await
    }

    fn recover_table(&self, table: &TableName, quoting: RemapQuoting, until: Scn) -> Step<Command> {
        let renamed = Renamed {
            from: table.clone(),
            to: self.new_name(table, quoting).ok_or(Stopped)?,
        };
        Ok(Command::from(TableRecovery::Recover {
            tenant: self.settings.tenant.clone(),
            tenant_id: self.tenant_id,
            tables: Tables::Single(vec![renamed]),
            sources: vec![self.data.clone(), self.log.clone()],
            until: Some(until),
            pools: vec![self.names.pool.clone()],
            primary_zone: None,
            key: self.table_key(quoting),
            quoting,
            decryption: Vec::new(),
        }))
    }

    /// Returns the new name of a table in its database, different in each run.
    fn new_name(&self, table: &TableName, quoting: RemapQuoting) -> Option<TableName> {
        let shown = table.to_string();
        let database = shown.split('.').next()?.trim_matches('`');
        let at = self.settings.started_at.strftime("%Y%m%d_%H%M%S");
        let suffix = match quoting {
            RemapQuoting::Plain => "plain",
            RemapQuoting::Quoted => "quoted",
        };
        TableName::parse(&format!("{database}.conf_{at}_{suffix}"))
    }

    fn table_or_sample(&self) -> Step<TableName> {
        let named = self.settings.table.clone();
        named
            .or_else(|| TableName::parse("conformance.sample"))
            .ok_or(Stopped)
    }

    pub(super) fn table_key(&self, quoting: RemapQuoting) -> RestoreKey {
        let tables = format!("{quoting:?}");
        let key = format!("{}-{tables}", self.settings.run_name());
        RestoreKey::of_tables(&key, &self.database_id, &tables)
    }
}

/// Checks whether a restore has succeeded. A failed restore is an error.
pub(super) fn ending_of(found: Restore) -> Result<Poll<Restore>, ReadError> {
    match &found.status {
        RestoreStatus::Success => Ok(Poll::Done(found)),
        RestoreStatus::Fail => {
            let failure = found.failure.as_ref();
            let why = failure.map(|failure| format!("{} ({})", failure.code, failure.reason));
            Err(ReadError::of_rows(format!(
                "FAIL: {}",
                why.unwrap_or_default()
            )))
        }
        status => Ok(Poll::Pending(format!("{status:?}"))),
    }
}
