//! `cargo xtask image`: the operator's image as an OCI layout in one file, without a container
//! engine, and its bill of materials.

mod layout;
mod sbom;
mod trial;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use oci_spec::image::Arch;

use crate::process::build;
use crate::say;

/// The program, which is also the image's name.
const NAME: &str = "oceanbase-backup-operator";

/// What is built.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Targets to build the program for. With several targets the image supports each of their
    /// processors. Add a target with `rustup target add`; another processor needs its C compiler.
    #[arg(long, default_value = "x86_64-unknown-linux-musl")]
    target: Vec<String>,
    /// Skip the bill of materials, which requires cargo-cyclonedx.
    #[arg(long)]
    without_sbom: bool,
    /// Run the program of the first target as its Pod would: as the image's user, on a read-only
    /// root, against a real API server. Requires root.
    #[arg(long = "try")]
    tried: bool,
}

/// Limit on the bytes of a pulled image, for one processor.
const MOST: usize = 12 * 1024 * 1024;

/// A program for one processor.
struct Program {
    architecture: Arch,
    text: Vec<u8>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let mut programs = Vec::new();
    for target in &arguments.target {
        say(&format!("Building {NAME} for {target} ..."));
        let built = build(&[NAME], true, Some(target)).await?.join(NAME);
        programs.push(Program {
            architecture: architecture(target)?,
            text: read(&built)?,
        });
    }
    let directory = directory()?;
    let version = env!("CARGO_PKG_VERSION");
    let image = directory.join(format!("{NAME}-{version}.oci.tar"));
    let layout = layout::layout(&programs, version)?;
    ensure!(
        layout.len() <= MOST * programs.len(),
        "the image has {} KiB: it is to have at most {} KiB for each processor",
        layout.len() / 1024,
        MOST / 1024
    );
    std::fs::write(&image, &layout).with_context(|| format!("cannot write {}", image.display()))?;
    for program in &programs {
        say(&format!(
            "{}: the program has {} KiB",
            program.architecture,
            program.text.len() / 1024
        ));
    }
    say(&format!("{}: {} KiB", image.display(), layout.len() / 1024));
    if !arguments.without_sbom {
        let bill = directory.join(format!("{NAME}-{version}.cdx.json"));
        let components = sbom::write(&bill, &arguments.target[0])?;
        say(&format!("{}: {components} components", bill.display()));
    }
    if arguments.tried {
        trial::run(&image).await?;
    }
    Ok(())
}

/// Returns the name in images of the processor at the front of a Rust target.
fn architecture(target: &str) -> Result<Arch> {
    match target.split('-').next() {
        Some("x86_64") => Ok(Arch::Amd64),
        Some("aarch64") => Ok(Arch::ARM64),
        _ => bail!("no image can be made for {target}: name a target for x86_64 or aarch64"),
    }
}

/// Returns the output directory of the image.
fn directory() -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let directory = crate::root().join(target).join("image");
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot create {}", directory.display()))?;
    Ok(directory.canonicalize()?)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
