//! Log archiving of the scratch tenant, on and off.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::destination::{Destination, Location};
use oceanbase_backup_operator::oceanbase::model::{Round, RoundStatus, TenantId};
use oceanbase_backup_operator::oceanbase::query::{self, Query};
use oceanbase_backup_operator::oceanbase::statement::Command;

use super::database::{Database, ReadError};
use super::report::Section;
use super::suite::{Poll, Step, Suite, evidence_of};

/// Days of log in a piece.
const PIECE_SWITCH_DAYS: i32 = 1;

const ROUNDS: &str = "view CDB_OB_ARCHIVELOG";
const CONFIG: &str = "source: ob_backup_config.cpp";

impl Suite {
    /// Sets the destinations and starts archiving.
    pub(super) async fn check_archiving(&mut self) -> Step {
        self.begin(Section::LogArchiving);
        self.effects.changes = true;
        let step = self.start_archiving().await;
        self.close_section(&step);
        step
    }

    async fn start_archiving(&mut self) -> Step {
        self.set_log_destination().await?;
        self.set_data_destination().await?;
        self.check_early_backup().await?;
        let start = self.archive_log();
        self.accepts(&start, "ARCHIVELOG is accepted", CONFIG)
            .await?;
        self.round_is(
            RoundStatus::Doing,
            "A round of log archiving begins and reaches DOING",
        )
        .await?;
        self.check_log_mode(true).await?;
        self.check_round().await?;
        self.check_fixed_destination().await;
        self.check_second_archivelog().await;
        self.check_lag_target().await;
        self.check_pause().await
    }

    async fn check_early_backup(&mut self) -> Step {
        let backup = self.backup(0, false, false)?;
        let assumption = "BACKUP from sys is refused while log archiving is off";
        let evidence = "source: ob_backup_data_scheduler.cpp, start_sys_backup_data_";
        let refused = self.refuses(&backup, &[9040], assumption, evidence);
        if refused.await.is_err() {
            // The job runs and would block the next checks.
            let _ = self.undo_jobs().await;
        }
        Ok(())
    }

    async fn set_log_destination(&mut self) -> Step {
        let command = self.log_destination(self.log.clone());
        self.accepts(&command, "SET LOG_ARCHIVE_DEST is accepted", CONFIG)
            .await?;
        let assumption = "The view shows LOG_ARCHIVE_DEST as it was set";
        let evidence = "view CDB_OB_ARCHIVE_DEST";
        let read = self.database.log_dest(self.tenant_id).await;
        let Some(shown) = self.value(read, assumption, evidence)? else {
            return self.check(false, assumption, "there is no such row", evidence);
        };
        let is_place = is_shown_as(&self.log, &shown.path);
        let is_optional = shown.binding.eq_ignore_ascii_case("optional");
        let observation = format!(
            "{} directory, binding {}, pieces of {}, {}",
            if is_place { "its" } else { "another" },
            shown.binding,
            shown.piece_switch_interval,
            if shown.enabled { "enabled" } else { "disabled" }
        );
        let is_whole = shown.piece_switch_interval == format!("{PIECE_SWITCH_DAYS}d")
            && shown.enabled
            && shown.dest_id.is_some();
        let is_as_expected = is_place && is_optional && is_whole;
        self.check(is_as_expected, assumption, observation, evidence)
    }

    async fn set_data_destination(&mut self) -> Step {
        let command = self.data_destination();
        self.accepts(&command, "SET DATA_BACKUP_DEST is accepted", CONFIG)
            .await?;
        let assumption = "The view shows DATA_BACKUP_DEST as it was set";
        let evidence = "view CDB_OB_BACKUP_PARAMETER";
        let read = self.database.data_dest(self.tenant_id).await;
        let shown = self.value(read, assumption, evidence)?;
        let is_place = shown.is_some_and(|shown| is_shown_as(&self.data, &shown));
        let observation = if is_place {
            "its directory"
        } else {
            "another directory, or none"
        };
        self.check(is_place, assumption, observation, evidence)
    }

    /// Waits until the round is in this state.
    async fn round_is(&mut self, status: RoundStatus, assumption: &str) -> Step {
        let tenant = self.tenant_id;
        let observation = format!("{status:?}").to_uppercase();
        let probe = async |database: &mut Database| round_in(database, tenant, &status).await;
        self.reaches(assumption, &observation, ROUNDS, probe).await
    }

    async fn check_log_mode(&mut self, is_on: bool) -> Step {
        let word = if is_on { "ARCHIVELOG" } else { "NOARCHIVELOG" };
        let assumption = format!("LOG_MODE of the tenant is {word}");
        let evidence = evidence_of(Capability::TenantRole);
        if !self.can(Capability::TenantRole) {
            self.skip(assumption, "the release has no LOG_MODE", evidence);
            return Ok(());
        }
        let name = self.settings.tenant.to_string();
        let read = self.database.tenant(&name).await;
        let tenant = self.value(read, &assumption, &evidence)?;
        let shown = tenant.and_then(|tenant| tenant.archive_log);
        let observation = match shown {
            Some(true) => "ARCHIVELOG",
            Some(false) => "NOARCHIVELOG",
            None => "none",
        };
        self.check(shown == Some(is_on), assumption, observation, evidence)
    }

    async fn check_round(&mut self) -> Step {
        let assumption =
            "The round has a start, a checkpoint, a piece and the directory of the logs";
        let read = self.database.round(self.tenant_id).await;
        let round = self.value(read, assumption, ROUNDS)?;
        let is_whole = |round: &Round| {
            round.start_scn.0 > 0
                && round.checkpoint_scn >= round.start_scn
                && round.piece_id > 0
                && is_shown_as(&self.log, &round.path)
        };
        let is_whole = round.as_ref().is_some_and(is_whole);
        let observation = if is_whole {
            "all of them"
        } else {
            "one of them is missing, or the directory is another one"
        };
        self.check(is_whole, assumption, observation, ROUNDS)
    }

    async fn check_fixed_destination(&mut self) {
        let destination = self.log_destination(self.log.clone());
        let assumption = "SET LOG_ARCHIVE_DEST is refused while a round runs";
        let _ = self
            .refuses(&destination, &[1235], assumption, CONFIG)
            .await;
    }

    async fn check_second_archivelog(&mut self) {
        let again = self.archive_log();
        let evidence = "source: ob_tenant_archive_scheduler.cpp, enable_archive";
        // The next checks do not depend on the result.
        let _ = if self.can(Capability::DeferredArchivelog) {
            let assumption = "A second ARCHIVELOG from sys is accepted and changes nothing";
            self.accepts(&again, assumption, evidence).await
        } else {
            let assumption = "A second ARCHIVELOG is refused with 1235";
            self.refuses(&again, &[1235], assumption, evidence).await
        };
    }

    /// Sets the lag target to its present value.
    async fn check_lag_target(&mut self) {
        let assumption = "The archive lag target of a tenant is read and can be set";
        let evidence = evidence_of(Capability::ArchiveLagTarget);
        if !self.can(Capability::ArchiveLagTarget) {
            self.skip(assumption, "the release has no such parameter", evidence);
            return;
        }
        let present = match self.database.ask(&Query::LagTargets).await {
            Ok(rows) => query::lag_targets(&rows).ok(),
            Err(_) => None,
        };
        let present = present.and_then(|mut targets| targets.remove(&self.tenant_id));
        let seconds = present.and_then(|target| i32::try_from(target.as_secs()).ok());
        let Some(seconds) = seconds else {
            let observation = "the parameter of the tenant cannot be read";
            let _ = self.check(false, assumption, observation, evidence);
            return;
        };
        let command = Command::SetArchiveLagTarget {
            tenant: self.settings.tenant.clone(),
            seconds,
        };
        let _ = self.accepts(&command, assumption, evidence).await;
    }

    /// Pauses archiving and resumes it.
    async fn check_pause(&mut self) -> Step {
        let evidence = evidence_of(Capability::PauseLogBackup);
        let assumption = "LOG_ARCHIVE_DEST_STATE = 'DEFER' holds the round (SUSPEND)";
        if !self.can(Capability::PauseLogBackup) {
            let why = "the operator does not send it to this release";
            self.skip(assumption, why, evidence);
            return Ok(());
        }
        let state = |enable| Command::SetLogArchiveDestState {
            tenant: self.settings.tenant.clone(),
            enable,
        };
        let (hold, go_on) = (state(false), state(true));
        self.accepts(
            &hold,
            "LOG_ARCHIVE_DEST_STATE = 'DEFER' is accepted",
            evidence,
        )
        .await?;
        self.round_is(RoundStatus::Suspend, assumption).await?;
        let evidence = evidence_of(Capability::PauseLogBackup);
        let assumption = "LOG_ARCHIVE_DEST_STATE = 'ENABLE' is accepted";
        self.accepts(&go_on, assumption, evidence).await?;
        let assumption = "LOG_ARCHIVE_DEST_STATE = 'ENABLE' lets the round go on (DOING)";
        self.round_is(RoundStatus::Doing, assumption).await
    }

    /// Stops archiving.
    pub(super) async fn check_stop_of_archiving(&mut self) {
        self.begin(Section::LogArchiving);
        let step = self.stop_archiving().await;
        self.close_section(&step);
    }

    async fn stop_archiving(&mut self) -> Step {
        let stop = Command::NoArchiveLog(self.settings.tenant.clone());
        self.accepts(&stop, "NOARCHIVELOG is accepted", CONFIG)
            .await?;
        self.round_is(
            RoundStatus::Stop,
            "The round reaches STOP after NOARCHIVELOG",
        )
        .await?;
        self.check_log_mode(false).await?;
        self.check_pieces().await?;
        let number = if self.can(Capability::DeferredArchivelog) {
            9092
        } else {
            1235
        };
        self.refuses(
            &stop,
            &[number],
            &format!("A second NOARCHIVELOG is refused with {number}"),
            "source: ob_tenant_archive_scheduler.cpp, disable_archive",
        )
        .await
    }

    async fn check_pieces(&mut self) -> Step {
        let assumption = "The pieces of the round have a start before their end";
        let evidence = "view CDB_OB_ARCHIVELOG_PIECE_FILES";
        let read = self.database.pieces(self.tenant_id).await;
        let pieces = self.value(read, assumption, evidence)?;
        let are_there = !pieces.is_empty();
        let are_in_order = pieces.iter().all(|piece| piece.start_scn < piece.end_scn);
        let observation = match (are_there, are_in_order) {
            (false, _) => "there are no pieces",
            (true, false) => "one of them ends before it starts",
            (true, true) => "all of them",
        };
        self.check(are_there && are_in_order, assumption, observation, evidence)
    }

    fn log_destination(&self, destination: Destination) -> Command {
        Command::SetLogArchiveDest {
            tenant: self.settings.tenant.clone(),
            tenant_id: self.tenant_id,
            destination,
            mandatory: false,
            piece_switch_days: PIECE_SWITCH_DAYS,
            replaces: None,
        }
    }

    pub(super) fn data_destination(&self) -> Command {
        Command::SetDataBackupDest {
            tenant: self.settings.tenant.clone(),
            tenant_id: self.tenant_id,
            destination: self.data.clone(),
            replaces: None,
        }
    }

    fn archive_log(&self) -> Command {
        Command::ArchiveLog {
            tenant: self.settings.tenant.clone(),
            tenant_id: self.tenant_id,
            location: self.log.location().clone(),
        }
    }
}

/// Returns whether the database shows this destination, in the comparison that the operator uses.
pub(super) fn is_shown_as(destination: &Destination, shown: &str) -> bool {
    destination
        .location()
        .is_same_as(&Location::read_back(shown))
}

/// Checks whether the round of a tenant is in a state.
async fn round_in(
    database: &mut Database,
    tenant: TenantId,
    status: &RoundStatus,
) -> Result<Poll<()>, ReadError> {
    let round = database.round(tenant).await?;
    Ok(match round {
        Some(round) if round.status == *status => Poll::Done(()),
        Some(round) => Poll::Pending(format!("the round is {:?}", round.status)),
        None => Poll::Pending("there is no round".to_owned()),
    })
}
