//! Conformance suite, which checks on a user's cluster what the operator assumes about OceanBase.
//!
//! * `settings` flags and the account; `storage` the directory of the run; `names` names of what it
//!   creates
//! * `opening` checks before any change
//! * `suite` a run and its kinds of checks; `database` its session
//! * `privileges`, `columns`, `archiving`, `backups`, `policy`, `preview`, `recovery`, `resources`,
//!   `failure`, `tables`, `deletion`, `capabilities` the sections of the report
//! * `restoring` sends RESTORE; `clean_up`, `removal` undo what the run did; `leftovers` reports
//!   what remains; `report` the results

mod archiving;
mod backups;
mod capabilities;
mod clean_up;
mod columns;
mod database;
mod deletion;
mod failure;
mod leftovers;
mod names;
mod opening;
mod policy;
mod preview;
mod privileges;
mod recovery;
mod removal;
mod report;
mod resources;
mod restoring;
mod settings;
mod storage;
mod suite;
mod tables;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use jiff::Timestamp;
use oceanbase_backup_operator::oceanbase::capability::Capability;

use crate::ending;
use backups::Sets;
use privileges::Abilities;
use report::{Report, Section, Verdict};
pub(crate) use settings::Arguments;
use settings::Settings;
use suite::Suite;

/// Exit code of a command that could not run.
const COULD_NOT_RUN: u8 = 2;

/// Runs the suite and prints its report. Returns 0 if all is as expected, 1 if something is not,
/// and 2 if the suite could not run.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(run_and_report(arguments));
    // The command does not wait for a statement without an answer.
    runtime.shutdown_background();
    Ok(ended.unwrap_or_else(|error| {
        progress(&format!("the suite could not run: {error:#}"));
        ExitCode::from(COULD_NOT_RUN)
    }))
}

async fn run_and_report(arguments: &Arguments) -> Result<ExitCode> {
    let settings = Settings::read(arguments, Timestamp::now())?;
    let secrets = settings.secrets();
    // Opened before the run, so that an unwritable file is reported in time.
    let mut file = arguments.report.as_deref().map(open_report).transpose()?;
    let report = run_suite(settings, ending::end_signal()?).await?;
    let text = report.to_markdown(&secrets);
    crate::say(text.trim_end());
    let written = file
        .as_mut()
        .map_or(Ok(()), |file| write_report(file, &text));
    if let Err(error) = written {
        progress(&format!("--report cannot be written: {error}"));
        return Ok(ExitCode::FAILURE);
    }
    Ok(report.exit_code())
}

/// Opens the file of the report. Its content stays until the run has ended.
fn open_report(path: &Path) -> Result<File> {
    let mut options = File::options();
    let file = options.create(true).truncate(false).write(true).open(path);
    file.with_context(|| format!("--report {}", path.display()))
}

fn write_report(file: &mut File, text: &str) -> std::io::Result<()> {
    // A pipe or a terminal has no length.
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    file.write_all(text.as_bytes())
}

/// Runs the suite until it ends or a signal arrives, and undoes its changes.
async fn run_suite(
    settings: Settings,
    end_signal: impl Future<Output = Result<u8>>,
) -> Result<Report> {
    let mut suite = Suite::open(settings).await?;
    tokio::select! {
        biased;
        () = suite.check_all() => {}
        signal = end_signal => {
            let number = signal.unwrap_or_default();
            let _ = suite.report_columns();
            suite.begin(Section::CleaningUp);
            suite.add(
                Verdict::Unknown,
                "The run comes to its end",
                format!("interrupted by signal {number}"),
                "",
            );
        }
    }
    progress("cleaning up");
    suite.clean_up().await;
    Ok(suite.report)
}

impl Suite {
    /// Checks everything, in an order that creates what each part needs.
    async fn check_all(&mut self) {
        // A section that ends early adds a line to the report.
        let _ = self.read_columns().await;
        if let Ok(abilities) = self.check_privileges().await {
            self.check_with(abilities).await;
        }
        let _ = self.read_columns().await;
        let _ = self.report_columns();
        self.report_capabilities();
    }

    async fn check_with(&mut self, abilities: Abilities) {
        let after_archiving = [
            Section::Backups,
            Section::DeletePolicy,
            Section::Preview,
            Section::Recovery,
            Section::Tables,
            Section::Cleanup,
        ];
        if !abilities.backs_up {
            self.skip_sections(&[Section::LogArchiving], "the account lacks a privilege");
            self.skip_sections(&after_archiving, "the account lacks a privilege");
            return;
        }
        if self.check_archiving().await.is_err() {
            self.skip_sections(&after_archiving, "log archiving does not run");
            return;
        }
        let sets = self.check_backups().await;
        self.check_policy().await;
        match sets {
            Ok(sets) => self.check_with_sets(&sets, abilities).await,
            Err(_) => self.skip_sections(&after_archiving[2..], "there are no backups"),
        }
        self.check_stop_of_archiving().await;
    }

    async fn check_with_sets(&mut self, sets: &Sets, abilities: Abilities) {
        self.begin(Section::LogArchiving);
        let Ok(until) = self.point_beyond(sets.newest()).await else {
            let sections = [Section::Preview, Section::Recovery, Section::Tables];
            self.skip_sections(&sections, "the logs do not reach beyond the sets");
            self.check_deletion(sets).await;
            return;
        };
        self.check_preview(until).await;
        let why_not = match (self.settings.allows_recovery, abilities.restores) {
            (false, _) => Some("run the suite with --allow-recovery"),
            (true, false) => Some("the account lacks a privilege"),
            (true, true) => None,
        };
        let has_pool = if let Some(why) = why_not {
            self.skip_sections(&[Section::Recovery], why);
            false
        } else {
            self.check_recovery(until).await.is_ok()
        };
        if has_pool || !self.can(Capability::TableRecovery) {
            self.check_tables(until).await;
        } else {
            let why = why_not.unwrap_or("there is no free pool");
            self.skip_sections(&[Section::Tables], why);
        }
        self.check_deletion(sets).await;
    }

    fn skip_sections(&mut self, sections: &[Section], why: &str) {
        for section in sections {
            self.begin(*section);
            self.skip("All of this section", why, "");
        }
    }
}

/// Prints a progress line.
fn progress(line: &str) {
    // A closed standard error does not stop the run.
    let _ = writeln!(std::io::stderr(), "{line}");
}
