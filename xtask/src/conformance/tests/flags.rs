//! Exit codes of a command that cannot run.

use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;

use clap::Parser;

use crate::conformance::{Arguments, run};

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    arguments: Arguments,
}

/// Runs the command with an account file of this content and these additional flags.
fn run_with(name: &str, account: &str, flags: &[&str]) -> ExitCode {
    let name = format!("conformance-{name}-{}", std::process::id());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, account).unwrap();
    let owner_only = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&file, owner_only).unwrap();
    let account_file = file.display().to_string();
    let given = ["conformance", "--account-file", &account_file];
    let flags = Flags::parse_from(given.iter().chain(flags));
    let code = run(&flags.arguments).unwrap();
    std::fs::remove_file(&file).unwrap();
    code
}

const ACCOUNT: &str = "{user: root@sys, password: open-sesame}";

#[test]
fn unreachable_database_ends_with_2() {
    let flags = [
        "--endpoint=127.0.0.1:1",
        "--storage=file:///backup",
        "--tenant=scratch",
    ];
    assert_eq!(run_with("away", ACCOUNT, &flags), ExitCode::from(2));
}

#[test]
fn sys_as_scratch_tenant_ends_with_2() {
    let flags = [
        "--endpoint=127.0.0.1:1",
        "--storage=file:///backup",
        "--tenant=sys",
    ];
    assert_eq!(run_with("sys", ACCOUNT, &flags), ExitCode::from(2));
}

#[test]
fn table_without_allow_recovery_is_refused() {
    let flags = [
        "conformance",
        "--endpoint=127.0.0.1:1",
        "--account-file=/account",
        "--storage=file:///backup",
        "--tenant=scratch",
        "--table=shop.orders",
    ];
    let error = Flags::try_parse_from(flags).err().unwrap().to_string();
    assert!(error.contains("--allow-recovery"), "{error}");
}
