//! How the program is linked.

#![allow(
    clippy::disallowed_methods,
    reason = "cargo says in the environment what it builds for"
)]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is_linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if is_linux {
        // Forty thousand relocations take 1 MiB of memory as a plain table, and a few KiB packed.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
