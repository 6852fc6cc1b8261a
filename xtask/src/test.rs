//! `cargo xtask test`: runs all tests, and prints where their time goes.

mod timing;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use self::timing::{Part, table};
use crate::say;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run all fault plans and kills instead of a third of them.
    #[arg(long)]
    long: bool,
    /// Choose the fault plans that an earlier run chose with this seed.
    #[arg(long)]
    seed: Option<u64>,
}

/// One program with tests.
struct Program {
    name: String,
    path: PathBuf,
    /// Directory of its package, in which cargo runs it.
    directory: PathBuf,
}

/// Builds and runs all tests, and prints the table of their times.
///
/// # Errors
/// A program cannot be built or started.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let began = Instant::now();
    let programs = build()?;
    let mut parts = vec![Part::new("build", began.elapsed())];
    let mut failed = Vec::new();
    for program in &programs {
        say(&format!("\n== {}", program.name));
        let began = Instant::now();
        let (lines, has_passed) = execute(program, arguments)?;
        parts.extend(timing::parts(&program.name, &lines, began.elapsed()));
        if !has_passed {
            failed.push(&*program.name);
        }
    }
    let began = Instant::now();
    if !cargo(&["test", "--workspace", "--locked", "--doc", "--quiet"])
        .status()?
        .success()
    {
        failed.push("examples in the documentation");
    }
    parts.push(Part::new("examples in the documentation", began.elapsed()));
    say(&format!("\n{}", table(&parts)));
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("failed: {}", failed.join(", ")));
    Ok(ExitCode::FAILURE)
}

fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(crate::root()).args(arguments);
    command
}

/// Builds all programs with tests, and returns them: the integration tests last.
fn build() -> Result<Vec<Program>> {
    let format = "--message-format=json-render-diagnostics";
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-run", format]);
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the build failed");
    let mut found = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: Value = serde_json::from_str(line)?;
        if let Some(program) = program(&message) {
            let is_integration = program.name.contains("integration");
            found.insert((is_integration, program.name.clone()), program);
        }
    }
    Ok(found.into_values().collect())
}

/// Returns the program with tests in a message of cargo.
fn program(message: &Value) -> Option<Program> {
    let is_test = message["profile"]["test"] == true;
    let path = message["executable"].as_str().filter(|_| is_test)?;
    let manifest = Path::new(message["manifest_path"].as_str()?);
    let (target, kind) = (&message["target"]["name"], &message["target"]["kind"][0]);
    Some(Program {
        name: format!("{} ({})", target.as_str()?, kind.as_str()?),
        path: path.into(),
        directory: manifest.parent()?.to_owned(),
    })
}

/// Runs a program, shows its output, and returns the lines, and whether all tests passed.
fn execute(program: &Program, arguments: &Arguments) -> Result<(Vec<String>, bool)> {
    let mut command = Command::new(&program.path);
    command
        .current_dir(&program.directory)
        .env("CARGO_MANIFEST_DIR", &program.directory)
        // The time of each test is an unstable option of the test harness.
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["-Z", "unstable-options", "--report-time"])
        .stdout(Stdio::piped());
    if arguments.long {
        command.env("OBBACKUP_TEST_LONG", "1");
    }
    if let Some(seed) = arguments.seed {
        command.env("OBBACKUP_TEST_SEED", seed.to_string());
    }
    let mut child = command
        .spawn()
        .with_context(|| program.path.display().to_string())?;
    let output = child.stdout.take().context("no output")?;
    let mut lines = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line?;
        say(&line);
        lines.push(line);
    }
    Ok((lines, child.wait()?.success()))
}
