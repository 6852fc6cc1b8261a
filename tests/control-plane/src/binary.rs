//! Builds the Go program, once for each state of its source.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::error::{At, Error};
use crate::lock;

const SOURCE_DIR: &str = env!("CARGO_MANIFEST_DIR");

/// Unstamped, the server calls itself `v0.0.0-master+$Format:%H$`: kubectl then prints a parse
/// error and Helm refuses every chart that states a `kubeVersion`.
const LINKER_FLAGS: &str = "-s -w \
    -X k8s.io/component-base/version.gitVersion=v1.34.4 \
    -X k8s.io/component-base/version.gitMajor=1 \
    -X k8s.io/component-base/version.gitMinor=34 \
    -X k8s.io/component-base/version.gitCommit=unknown \
    -X k8s.io/component-base/version.gitTreeState=clean";

/// The path of the Go program, after building it if its source has changed since the last build.
///
/// Callers in other threads and processes wait for the one that builds.
pub fn binary() -> Result<PathBuf, Error> {
    let home = home()?;
    let program = home.join("control-plane");
    let built_from = home.join("built-from");

    let _only_builder = lock::exclusive(&home.join("build.lock"))?;
    let wanted = fingerprint(Path::new(SOURCE_DIR))?;
    let up_to_date = fs::read_to_string(&built_from).is_ok_and(|built| built == wanted);
    if up_to_date && program.is_file() {
        return Ok(program);
    }

    let unfinished = home.join("unfinished");
    build(&unfinished)?;
    // In this order: a crash in between costs a build, and never leaves a program that passes for
    // another one.
    if built_from.exists() {
        fs::remove_file(&built_from).at("remove", &built_from)?;
    }
    fs::rename(&unfinished, &program).at("rename", &unfinished)?;
    fs::write(&built_from, wanted).at("write", &built_from)?;
    Ok(program)
}

/// The directory of the program and of the running control planes, inside Cargo's target directory.
pub(crate) fn home() -> Result<PathBuf, Error> {
    let workspace = Path::new(SOURCE_DIR).join("../..");
    #[allow(
        clippy::disallowed_methods,
        reason = "cargo says by it where it builds"
    )]
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let home = workspace.join(target).join("control-plane");
    fs::create_dir_all(&home).at("create", &home)?;
    home.canonicalize().at("resolve", &home)
}

fn build(output: &Path) -> Result<(), Error> {
    // Past the test harness, which would hold this back: four silent minutes look like a hang.
    let _ = writeln!(
        io::stderr(),
        "building the control plane with Go: minutes the first time, seconds with a warm cache"
    );
    let finished = Command::new("go")
        .args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false"])
        .args(["-ldflags", LINKER_FLAGS, "-o"])
        .arg(output)
        .arg(".")
        .current_dir(SOURCE_DIR)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .stdin(Stdio::null())
        .output()
        .map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::GoMissing,
            _ => Error::Io {
                action: "run",
                path: "go".into(),
                source,
            },
        })?;
    if finished.status.success() {
        return Ok(());
    }
    Err(Error::Build {
        source_dir: SOURCE_DIR.into(),
        status: finished.status,
        output: String::from_utf8_lossy(&finished.stderr).into_owned(),
    })
}

/// A hash of everything the build reads, by content: a checkout changes every time stamp.
fn fingerprint(source_dir: &Path) -> Result<String, Error> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(source_dir).at("list", source_dir)? {
        let path = entry.at("list", source_dir)?.path();
        let is_go = path.extension().is_some_and(|extension| extension == "go");
        if is_go || path.ends_with("go.mod") || path.ends_with("go.sum") {
            inputs.push(path);
        }
    }
    inputs.sort();

    let mut hasher = DefaultHasher::new();
    LINKER_FLAGS.hash(&mut hasher);
    for path in inputs {
        path.file_name().hash(&mut hasher);
        fs::read(&path).at("read", &path)?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Go module on disk, removed at the end of the test.
    struct Module(PathBuf);

    impl Module {
        fn new(test: &str) -> Self {
            let dir = env::temp_dir().join(format!("control-plane-{test}-{}", std::process::id()));
            fs::create_dir(&dir).unwrap();
            let module = Self(dir);
            module.write("go.mod", "module example");
            module.write("main.go", "package main");
            module
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.0.join(name), text).unwrap();
        }

        fn fingerprint(&self) -> String {
            fingerprint(&self.0).unwrap()
        }
    }

    impl Drop for Module {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_changed_go_file_asks_for_a_new_build() {
        let module = Module::new("changed");
        let before = module.fingerprint();
        module.write("main.go", "package other");
        assert_ne!(module.fingerprint(), before);
    }

    #[test]
    fn a_new_checksum_file_asks_for_a_new_build() {
        let module = Module::new("checksum");
        let before = module.fingerprint();
        module.write("go.sum", "");
        assert_ne!(module.fingerprint(), before);
    }

    #[test]
    fn a_file_go_does_not_read_asks_for_nothing() {
        let module = Module::new("other-file");
        let before = module.fingerprint();
        module.write("lib.rs", "//! Rust.");
        assert_eq!(module.fingerprint(), before);
    }

    #[test]
    fn the_same_text_written_again_asks_for_nothing() {
        let module = Module::new("rewritten");
        let before = module.fingerprint();
        module.write("main.go", "package main");
        assert_eq!(module.fingerprint(), before);
    }
}
