//! Allowed dependencies between the modules of `src/`, checked in the sources.

mod cycles;
mod reasons;
mod sources;

use std::fs;
use std::path::Path;

use sources::sources;

/// Returns whether a path is one of these, or below one.
fn is_below(path: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| {
        path.strip_prefix(stem)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}

/// Returns `file: path` for each path in a module that `is_wrong`.
fn found(room: &str, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.is_in(room)) {
        let paths = source.paths().into_iter().filter(|path| is_wrong(path));
        wrong.extend(paths.map(|path| format!("{}: {path}", source.name)));
    }
    wrong
}

/// Returns every crate that the operator depends on, as spelled in paths.
fn crates() -> Vec<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let (_, after) = manifest.split_once("\n[dependencies]\n").unwrap();
    let block = after.split("\n[").next().unwrap_or_default();
    let names = block
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next());
    names
        .filter(|name| !name.is_empty())
        .map(|name| name.replace('-', "_"))
        .collect()
}

/// Returns paths into other modules or crates that are not on the list.
fn not_allowed(room: &str, allowed: &[&str]) -> Vec<String> {
    let crates = crates();
    let own = format!("crate::{room}");
    found(room, |path| {
        let first = path.split("::").next().unwrap_or_default();
        let leads_out = first == "crate" || crates.iter().any(|name| name == first);
        leads_out && !is_below(path, &[own.as_str()]) && !is_below(path, allowed)
    })
}

fn none() -> Vec<String> {
    Vec::new()
}

const TIME: &str = "k8s_openapi::apimachinery::pkg::apis::meta::v1::Time";
const MICRO_TIME: &str = "k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime";

#[test]
fn the_domain_knows_api_types_the_model_and_time() {
    let allowed = [
        "crate::api",
        "crate::oceanbase::model",
        // Capabilities of releases.
        "crate::oceanbase::capability",
        // Which version restores the backups of which.
        "crate::oceanbase::version",
        // Statements without secrets, which are effects as they are.
        "crate::oceanbase::statement::Cleanup",
        "jiff",
        "thiserror",
        TIME,
        MICRO_TIME,
        // The hash of a schedule's text.
        "sha2",
        "serde_json::to_string",
    ];
    assert_eq!(not_allowed("domain", &allowed), none());
}

#[test]
fn the_domain_is_neither_async_nor_does_it_ask_the_clock() {
    let mut wrong = found("domain", |path| {
        is_below(path, &["std::fs", "std::net", "std::env", "std::thread"])
            || path.ends_with("::now")
    });
    let words = ["async ", ".await;", ".await?", ".await."];
    for source in sources().iter().filter(|source| source.is_in("domain")) {
        let word = words.iter().find(|word| source.shipped.contains(**word));
        wrong.extend(word.map(|word| format!("{}: {word}", source.name)));
    }
    assert_eq!(wrong, none());
}

#[test]
fn what_knows_oceanbase_knows_no_kubernetes() {
    let allowed = [
        "crate::clock",
        "crate::telemetry",
        "futures",
        "jiff",
        "mysql_async",
        "rustls",
        "secrecy",
        // A restore's key is a hash of its request.
        "sha2",
        "thiserror",
        "tokio",
        "tracing",
    ];
    assert_eq!(not_allowed("oceanbase", &allowed), none());
}

#[test]
fn the_api_is_types_and_schemas() {
    let allowed = [
        "k8s_openapi",
        "kube::CustomResource",
        "kube::CustomResourceExt",
        "kube::KubeSchema",
        "schemars",
        "serde",
        "serde_json",
        "serde_saphyr",
    ];
    assert_eq!(not_allowed("api", &allowed), none());
}

#[test]
fn telemetry_and_the_clock_know_no_other_room() {
    for room in ["telemetry", "clock"] {
        let wrong = found(room, |path| {
            is_below(path, &["crate"]) && !is_below(path, &["crate::telemetry", "crate::clock"])
        });
        assert_eq!(wrong, none());
    }
}

#[test]
fn the_controllers_know_neither_the_assembly_nor_the_database_client() {
    let wrong = found("controller", |path| {
        is_below(
            path,
            &[
                "crate::operator",
                "crate::cli",
                "crate::oceanbase::mysql",
                "mysql_async",
            ],
        )
    });
    assert_eq!(wrong, none());
}

/// Returns the modules in the order of the list in `lib.rs`.
fn rooms() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let text = fs::read_to_string(path).unwrap();
    let named = |line: &str| {
        let (name, _) = line.strip_prefix("//! * [`")?.split_once('`')?;
        Some(name.to_owned())
    };
    let rooms: Vec<String> = text.lines().filter_map(named).collect();
    let modules = text.lines().filter(|line| line.starts_with("pub mod "));
    assert_eq!(rooms.len(), modules.count(), "{rooms:?}");
    rooms
}

#[test]
fn imports_point_down_the_list_of_rooms() {
    let rooms = rooms();
    let path = |room: &String| format!("crate::{room}");
    let mut wrong = Vec::new();
    for (position, room) in rooms.iter().enumerate() {
        let above: Vec<String> = rooms[..position].iter().map(path).collect();
        let above: Vec<&str> = above.iter().map(String::as_str).collect();
        wrong.extend(found(room, |path| is_below(path, &above)));
    }
    assert_eq!(wrong, none());
}

/// Returns `file: word` for each shipped file outside `owners` that contains one of the words.
fn elsewhere(owners: &[&str], words: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources() {
        if owners.contains(&source.name.as_str()) {
            continue;
        }
        let held = words.iter().filter(|word| source.shipped.contains(**word));
        wrong.extend(held.map(|word| format!("{}: {word}", source.name)));
    }
    wrong
}

#[test]
fn nobody_but_the_command_line_reads_the_environment() {
    let words = ["std::env", "env::var", "env::args", "env!("];
    assert_eq!(elsewhere(&["main.rs", "cli.rs"], &words), none());
}

#[test]
fn nobody_but_the_clock_asks_what_time_it_is() {
    let words = [
        "Timestamp::now",
        "Zoned::now",
        "SystemTime",
        "std::time::Instant",
    ];
    assert_eq!(elsewhere(&["clock.rs"], &words), none());
}

#[test]
fn no_task_is_detached() {
    let words = [
        "tokio::spawn",
        "task::spawn(",
        "spawn_blocking",
        "thread::spawn",
        "Handle::current",
    ];
    assert_eq!(elsewhere(&[], &words), none());
}

#[test]
fn nobody_but_main_ends_the_process() {
    let words = ["process::exit", "process::abort"];
    assert_eq!(elsewhere(&["main.rs"], &words), none());
}

#[test]
fn nothing_panics_on_purpose() {
    let words = [
        ".unwrap()",
        ".expect(",
        "panic!(",
        "unreachable!(",
        "todo!(",
        "unimplemented!(",
    ];
    assert_eq!(elsewhere(&[], &words), none());
}

#[test]
fn no_room_is_called_after_nothing() {
    let empty = [
        "utils", "util", "helpers", "helper", "common", "manager", "misc",
    ];
    let named = sources().into_iter().map(|source| source.name);
    let wrong: Vec<String> = named
        .filter(|name| {
            name.trim_end_matches(".rs")
                .split('/')
                .any(|part| empty.contains(&part))
        })
        .collect();
    assert_eq!(wrong, none());
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long = sources().into_iter().filter(|source| source.lines > 400);
    let long: Vec<String> = long
        .map(|source| format!("{}: {} lines", source.name, source.lines))
        .collect();
    assert_eq!(long, none());
}

/// Guards against a scanner that finds nothing, with which the tests above would pass.
#[test]
fn what_the_domain_does_import_is_seen() {
    assert!(!found("domain", |path| path.starts_with("crate::api")).is_empty());
}
