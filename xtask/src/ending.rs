//! Termination of commands together with everything that they have started.

use std::process::ExitCode;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

/// Runs a command that starts programs. Ctrl-C, SIGTERM or SIGHUP drops the command and everything
/// that it started. An unhandled signal would end only this process, and an unattended operator
/// would continue to act on a cluster.
pub(crate) fn until_interrupted(command: impl Future<Output = Result<()>>) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(async {
        let signal = end_signal()?;
        tokio::select! {
            // First, because the command may itself wait for Ctrl-C and finish.
            biased;
            ended = command => ended.map(|()| ExitCode::SUCCESS),
            number = signal => Ok(ExitCode::from(128 + number?)),
        }
    });
    // The command does not wait for a control plane that is still being built.
    runtime.shutdown_background();
    ended
}

/// Handles the signals that end a command from now on. Returns a future that waits for the first
/// signal and returns its number.
pub(crate) fn end_signal() -> Result<impl Future<Output = Result<u8>>> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        let received = tokio::select! {
            _ = hangup.recv() => SignalKind::hangup(),
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = terminate.recv() => SignalKind::terminate(),
        };
        Ok(u8::try_from(received.as_raw_value())?)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::Command;

    use super::*;
    use crate::process::start_and_read_line;

    /// Ends when all started programs are gone, because they hold the pipe open.
    fn interrupted(name: &'static str) -> ExitCode {
        let (mut held, handed_on) = std::io::pipe().unwrap();
        let code = until_interrupted(async move {
            let mut program = tokio::process::Command::new("sh");
            program.args(["-c", "echo up; exec sleep 600"]);
            program.stderr(handed_on);
            let (_child, line) = start_and_read_line(&mut program).await?;
            drop(program);
            assert_eq!(line, "up");
            let kill = format!("kill -s {name} {}", std::process::id());
            Command::new("sh").args(["-c", &kill]).status()?;
            std::future::pending().await
        });
        held.read_to_end(&mut Vec::new()).unwrap();
        code.unwrap()
    }

    #[test]
    fn whatever_tells_a_command_to_end_ends_the_programs_that_it_has_started() {
        for (name, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
            assert_eq!(interrupted(name), ExitCode::from(code), "{name}");
        }
    }

    #[test]
    fn a_command_that_is_done_has_ended_well() {
        let done = until_interrupted(async { Ok(()) }).unwrap();
        assert_eq!(done, ExitCode::SUCCESS);
    }
}
