//! Stories of invalid schedules.

use super::{NIGHTLY, ONE_TENANT};
use crate::support::World;

const STRATEGY: (&str, &str) = ("backupstrategy", "nightly");

/// Applies a strategy with a bad schedule; then corrects it.
fn refused_and_corrected(story: &str, schedule: &str, reason: &str, named: &str) {
    let world = World::started(story, ONE_TENANT);
    let good = "schedule: {timeZone: UTC, full: {cron: '0 0 1 1 *'}}";
    world.apply(&NIGHTLY.replace(good, schedule));
    let strategy = world.condition(STRATEGY, "Stalled", "True", reason);
    assert_eq!(strategy["status"]["phase"], "Abnormal");
    let conditions = strategy["status"]["conditions"].to_string();
    assert!(conditions.contains(named), "{conditions}");
    assert_eq!(world.changing(), [""; 0]);
    world.apply(NIGHTLY);
    world.condition(STRATEGY, "Ready", "True", "Accepted");
    world.phase("logbackup", "prod-t1002", "InProgress");
}

#[test]
fn a_time_zone_that_nobody_knows_is_refused_by_name() {
    refused_and_corrected(
        "unknown-zone",
        "schedule: {timeZone: Europe/Atlantis, full: {cron: '0 2 * * *'}}",
        "UnknownTimeZone",
        "Europe/Atlantis",
    );
}

#[test]
fn a_day_that_no_month_has_is_refused() {
    refused_and_corrected(
        "impossible-day",
        "schedule: {timeZone: UTC, full: {cron: '0 0 31 2 *'}}",
        "InvalidCron",
        "0 0 31 2 *",
    );
}

#[test]
fn an_expression_that_is_no_cron_is_refused() {
    refused_and_corrected(
        "no-cron",
        "schedule: {timeZone: UTC, full: {cron: '0 2 * * L'}}",
        "InvalidCron",
        "0 2 * * L",
    );
}
