//! Stories about the stories' final search for Secrets in TRACE logs, objects, events and metrics:
//! the search finds leaks, and hard cases do not leak.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use k8s_openapi::ByteString;
use oceanbase_backup_operator::telemetry::logging::{self, Format};

use super::ONE_TENANT;
use crate::support::proxy::Proxy;
use crate::support::world::PASSWORD;
use crate::support::{World, canary, scratch};

const CLUSTER: (&str, &str) = ("oceanbasecluster", "prod");

/// Returns the message of a panic, or that there was none.
fn failure_of(ends: impl FnOnce()) -> String {
    match catch_unwind(AssertUnwindSafe(ends)) {
        Ok(()) => "nothing was found".to_owned(),
        Err(text) => text.downcast_ref::<String>().unwrap().clone(),
    }
}

#[test]
fn a_value_is_found_in_every_form() {
    let value = "canary-/every form+of it=";
    canary::plant(value);
    let numbers = value.bytes().map(|byte| byte.to_string());
    let base64 = |text: String| {
        let encoded = serde_json::to_string(&ByteString(text.into_bytes())).unwrap();
        encoded.trim_matches('"').to_owned()
    };
    let forms = [
        value.to_owned(),
        "canary-%2Fevery%20form%2Bof%20it%3D".to_owned(),
        "canary-%2fevery%20form%2bof%20it%3d".to_owned(),
        "63616e6172792d2f657665727920666f726d2b6f662069743d".to_owned(),
        format!("{:?}", value.as_bytes()),
        format!("[{}]", numbers.collect::<Vec<_>>().join(",")),
        base64(value.to_owned()),
        base64(format!("root:{value}")),
        base64(format!("a:{value}\n")),
        base64(format!("abc:{value}"))
            .replace('+', "-")
            .replace('/', "_"),
        "canary-/ever".to_owned() + "y…",
        "…".to_owned() + "y form+of it=",
    ];
    let missed: Vec<_> = forms
        .iter()
        .filter(|form| canary::leak("a text", &format!("before {form} after")).is_none())
        .collect();
    assert_eq!(missed, Vec::<&String>::new());
}

#[test]
fn a_text_without_a_value_passes() {
    canary::plant("canary-not here 81d3");
    assert_eq!(canary::leak("a text", "canary-elsewhere 81d4"), None);
}

#[test]
fn a_secret_with_a_value_too_short_to_be_looked_for_is_no_secret_for_a_story() {
    let secret = serde_json::json!({"stringData": {"username": "root", "password": "short"}});
    let failure = failure_of(|| canary::record("Secret", &secret));
    assert!(failure.contains("take a longer one"), "{failure}");
}

#[test]
fn a_value_in_a_log_is_found_when_its_operator_ends() {
    let mut world = World::started("canary-log", ONE_TENANT);
    world.condition(CLUSTER, "Ready", "True", "Accepted");
    let operator = world.operator.take().unwrap();
    let mut log = std::fs::File::options()
        .append(true)
        .open(operator.log_file())
        .unwrap();
    writeln!(log, "{:?}", PASSWORD.as_bytes()).unwrap();
    let failure = failure_of(|| operator.kill());
    assert!(
        failure.contains("the operator's log, as numbers"),
        "{failure}"
    );
}

#[test]
fn a_value_in_an_object_is_found_when_its_story_ends() {
    let world = World::new("canary-object", ONE_TENANT);
    world.edit(
        CLUSTER.0,
        CLUSTER.1,
        &format!("metadata: {{annotations: {{note: 'it is {PASSWORD}'}}}}"),
    );
    let failure = failure_of(|| drop(world));
    assert!(failure.contains("oceanbaseclusters, as it is"), "{failure}");
}

#[test]
fn at_trace_the_operator_speaks_and_no_other_crate_below_its_ceiling() {
    let world = World::started("canary-trace", ONE_TENANT);
    world.condition(CLUSTER, "Ready", "True", "Accepted");
    let log = world.operator.as_ref().unwrap().log();
    let low: Vec<&str> = log
        .lines()
        .filter(|line| {
            ["INFO", "DEBUG", "TRACE"]
                .iter()
                .any(|level| line.contains(level))
        })
        .collect();
    assert!(
        low.iter()
            .any(|line| line.contains("oceanbase_backup_operator"))
    );
    let others: Vec<_> = low
        .iter()
        .filter(|line| {
            !line.contains("oceanbase_backup_operator") && !line.contains("kube_runtime")
        })
        .collect();
    assert_eq!(others, Vec::<&&str>::new());
}

/// The client logs the body of an unreadable answer as a warning.
#[test]
fn a_secret_that_can_not_be_read_is_not_printed() {
    let mut world = World::new("canary-unreadable", ONE_TENANT);
    let gate = Proxy::start();
    gate.spoil_secrets();
    world.kubeconfig = gate.kubeconfig(scratch());
    world.start_operator();
    world.condition(CLUSTER, "Reachable", "False", "KubernetesUnavailable");
    // Searched for in its log, and in the objects of the story.
    drop(world);
}

/// Runs a test of this program in a process of its own, and returns its output.
fn output_of(test: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args(["--exact", test, "--include-ignored", "--nocapture"])
        .output()
        .unwrap();
    let written = [output.stdout, output.stderr].concat();
    let written = String::from_utf8_lossy(&written).into_owned();
    assert!(
        output.status.success() && written.contains("1 passed"),
        "{written}"
    );
    written
}

fn panic_with_a_secret() {
    let refused: Result<(), _> = "no number".parse::<u8>().map(drop);
    let panics = move || refused.expect(PASSWORD);
    std::thread::spawn(panics).join().unwrap_err();
}

#[test]
#[ignore = "`a_panic_does_not_print_the_secret_that_it_quotes` runs it in a process of its own"]
fn panicking_while_the_operators_log_is_on() {
    logging::start(Format::Json, "trace").unwrap();
    panic_with_a_secret();
}

#[test]
#[ignore = "`a_panic_does_not_print_the_secret_that_it_quotes` runs it in a process of its own"]
fn panicking_without_the_operators_log() {
    panic_with_a_secret();
}

#[test]
fn a_panic_does_not_print_the_secret_that_it_quotes() {
    canary::plant(PASSWORD);
    let quiet = output_of("stories::canary::panicking_while_the_operators_log_is_on");
    assert!(quiet.contains(r#""message":"panicked""#), "{quiet}");
    assert!(quiet.contains("canary.rs:"), "{quiet}");
    assert_eq!(canary::leak("the output", &quiet), None);
    let loud = output_of("stories::canary::panicking_without_the_operators_log");
    assert!(canary::leak("the output", &loud).is_some(), "{loud}");
}
