//! Tests that each simulated release behaves as the operator assumes.

use std::process::ExitCode;

use super::{World, bad, scenario};
use crate::conformance::report::Report;
use crate::conformance::run_suite;

/// Runs the suite on a release.
async fn run_on(version: &str) -> Report {
    let world = World::serve(&scenario(version)).await;
    let report = world.run().await;
    assert_eq!(bad(&report), Vec::<String>::new(), "{version}");
    assert_eq!(report.exit_code(), ExitCode::SUCCESS);
    world.assert_nothing_is_left();
    report
}

macro_rules! releases {
    ($($test:ident $version:literal,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                run_on($version).await;
            }
        )*
    };
}

releases! {
    v4_0_0 "4.0.0.0",
    v4_1_0 "4.1.0.0",
    v4_2_0 "4.2.0.0",
    v4_2_1_0 "4.2.1.0",
    v4_2_1_8 "4.2.1.8",
    v4_2_5 "4.2.5.0",
    v4_3_0 "4.3.0.0",
    v4_3_3 "4.3.3.0",
    v4_4_2 "4.4.2.0",
}

#[tokio::test]
async fn second_run_on_same_tenant_finds_the_same() {
    let world = World::serve(&scenario("4.4.2.0")).await;
    for hour in ["02", "03"] {
        let mut settings = world.settings();
        settings.started_at = format!("2026-11-20T{hour}:00:00Z").parse().unwrap();
        let report = run_suite(settings, std::future::pending()).await.unwrap();
        assert_eq!(bad(&report), Vec::<String>::new(), "{hour}");
        world.assert_nothing_is_left();
    }
}

/// Removes what depends on timing: queries on jobs have rows only while a job runs.
fn without_timing(page: &str) -> String {
    page.replace("answered; there were no rows to read", "rows are read")
}

#[tokio::test]
async fn v4_3_5_2_is_on_the_page() {
    let report = run_on("4.3.5.2").await;
    let markdown = report.to_markdown(&[]);
    let path = crate::root().join("docs/conformance-report.md");
    if std::env::var_os("WRITE_CONFORMANCE_REPORT").is_some() {
        std::fs::write(&path, &markdown).unwrap();
    }
    let shown = std::fs::read_to_string(&path).unwrap();
    assert!(
        without_timing(&shown) == without_timing(&markdown),
        "docs/conformance-report.md is not what a run shows: run this test with \
         WRITE_CONFORMANCE_REPORT=1"
    );
}
