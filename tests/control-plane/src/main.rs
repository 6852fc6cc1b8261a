//! `cargo run -p control-plane`: a control plane for experiments, until stdin ends or Ctrl-C.

use std::io::{self, Write};
use std::process::ExitCode;

use control_plane::ControlPlane;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let control_plane = ControlPlane::start()?;
    writeln!(
        io::stdout(),
        "export KUBECONFIG={}",
        control_plane.kubeconfig().display()
    )?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
