//! Building and running of programs by the commands.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Builds packages, for this machine or for a target, and returns the directory of their programs.
pub(crate) async fn build(
    packages: &[&str],
    release: bool,
    target: Option<&str>,
) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(crate::root())
        .kill_on_drop(true)
        .args(["build", "--quiet"]);
    if release {
        command.arg("--release");
    }
    if let Some(target) = target {
        command.args(["--target", target]);
    }
    for package in packages {
        command.args(["--package", package]);
    }
    let status = command.status().await.context("cargo cannot be started")?;
    ensure!(status.success(), "the build failed");
    let built = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || crate::root().join("target"),
        |path| crate::root().join(path),
    );
    let built = target.map_or_else(|| built.clone(), |target| built.join(target));
    Ok(built.join(if release { "release" } else { "debug" }))
}

/// Starts a program that ends with this one; its output goes to a file.
pub(crate) fn start(command: &mut Command, log: &std::path::Path) -> Result<Child> {
    let output = std::fs::File::create(log).with_context(|| log.display().to_string())?;
    command
        .stdin(Stdio::null())
        .stderr(output.try_clone()?)
        .stdout(output)
        .kill_on_drop(true)
        .spawn()
        .context("a program cannot be started")
}

/// Starts a program that ends with this one, and reads the first line that it prints.
pub(crate) async fn start_and_read_line(command: &mut Command) -> Result<(Child, String)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("a program cannot be started")?;
    let output = child.stdout.take().context("its output cannot be read")?;
    let mut lines = BufReader::new(output).lines();
    let line = lines
        .next_line()
        .await?
        .context("it ended without a word")?;
    // Keep reading, because the program would block at a full pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, line))
}
