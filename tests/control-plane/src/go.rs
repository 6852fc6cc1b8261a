//! Go programs of the tests, each built once for each state of its source.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::error::{At, Error};
use crate::lock;

/// A Go program that is built into a directory of its own inside Cargo's target directory.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name of the program and of its directory, such as `helm`.
    pub name: &'static str,
    /// The directory of its `go.mod`.
    pub source_dir: &'static str,
    /// The package to build: `.`, or the path of one that `go.mod` requires.
    pub package: &'static str,
    /// Build tags, with commas between them; mostly none.
    pub tags: &'static str,
    /// Options for the linker, through which many programs receive their version.
    pub linker_flags: &'static str,
    /// The alternative for a user without Go, at the end of a sentence.
    pub without_go: &'static str,
}

impl Program {
    /// Returns the path of the program, after building it if its source has changed since the last
    /// build.
    ///
    /// Callers in other threads and processes wait for a running build.
    pub fn binary(&self) -> Result<PathBuf, Error> {
        let home = self.home()?;
        let program = home.join(self.name);
        let built_from = home.join("built-from");

        let _only_builder = lock::exclusive(&home.join("build.lock"))?;
        let wanted = self.fingerprint()?;
        let up_to_date = fs::read_to_string(&built_from).is_ok_and(|built| built == wanted);
        if up_to_date && program.is_file() {
            return Ok(program);
        }

        let unfinished = home.join("unfinished");
        self.build(&unfinished)?;
        // In this order: a crash in between costs a build, and never leaves a program of another
        // source.
        if built_from.exists() {
            fs::remove_file(&built_from).at("remove", &built_from)?;
        }
        fs::rename(&unfinished, &program).at("rename", &unfinished)?;
        fs::write(&built_from, wanted).at("write", &built_from)?;
        Ok(program)
    }

    /// Returns the directory of the program, inside Cargo's target directory.
    pub(crate) fn home(&self) -> Result<PathBuf, Error> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        #[allow(
            clippy::disallowed_methods,
            reason = "cargo says by it where it builds"
        )]
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
        let home = workspace.join(target).join(self.name);
        fs::create_dir_all(&home).at("create", &home)?;
        home.canonicalize().at("resolve", &home)
    }

    fn build(&self, output: &Path) -> Result<(), Error> {
        // Bypasses the test harness, which would hide this: four silent minutes look like a hang.
        let _ = writeln!(
            io::stderr(),
            "building {} with Go: minutes the first time, seconds with a warm cache",
            self.name
        );
        let finished = Command::new("go")
            .args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false"])
            .args(["-tags", self.tags])
            .args(["-ldflags", self.linker_flags, "-o"])
            .arg(output)
            .arg(self.package)
            .current_dir(self.source_dir)
            .env("CGO_ENABLED", "0")
            .env("GOWORK", "off")
            .stdin(Stdio::null())
            .output()
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => Error::GoMissing {
                    program: self.name,
                    source_dir: self.source_dir.into(),
                    without_go: self.without_go,
                },
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
            source_dir: self.source_dir.into(),
            status: finished.status,
            output: String::from_utf8_lossy(&finished.stderr).into_owned(),
        })
    }

    fn fingerprint(&self) -> Result<String, Error> {
        let flags = format!("{}{}", self.linker_flags, self.tags);
        fingerprint(Path::new(self.source_dir), &flags)
    }
}

/// Returns a hash of everything the build reads, by content: a checkout changes every timestamp.
fn fingerprint(source_dir: &Path, linker_flags: &str) -> Result<String, Error> {
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
    linker_flags.hash(&mut hasher);
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
            fingerprint(&self.0, "-s -w").unwrap()
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
