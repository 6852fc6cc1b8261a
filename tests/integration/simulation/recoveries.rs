//! Simulation of recoveries: their faultless results, and that no enumerated fault does harm.

use std::collections::BTreeMap;

use simulation::campaign::Campaign;
use simulation::enumerate::of_recoveries;

use super::faults::assert_harmless;
use super::peace::{NOTHING, wrong};
use crate::support::sample;

pub(super) const WORKLOADS: [&str; 7] = [
    "recover",
    "recover-tables",
    "recover-leader",
    "recover-slowly",
    "recover-slowly-leader",
    "verify",
    "verify-gone",
];

/// Number of kills at statements and writes of recoveries of a long run.
const KILLS: usize = 218;

/// Number of other plans.
const OTHERS: usize = 60;

#[test]
fn a_tenant_is_brought_back_once_and_what_did_not_become_one_is_gone() {
    let (undo, never, broken) = (
        "obr_c68fb57f4b20abea5e8902e95caeda65",
        "obr_e211abae66562a113729900a1cb0176e",
        "obr_f0cbc6370c30076a19a730704c2ddbb2",
    );
    let of_all = [undo, never, broken].into_iter().flat_map(|name| {
        [
            format!("CreateResourceUnit of {name}: 1"),
            format!("CreateResourcePool of {name}: 1"),
        ]
    });
    let of_those_that_failed = [never, broken].into_iter().flat_map(|name| {
        [
            format!("DropResourcePool of {name}: 1"),
            format!("DropResourceUnit of {name}: 1"),
        ]
    });
    let made: Vec<_> = of_all.chain(of_those_that_failed).collect();
    let mut wanted: Vec<_> = made.iter().map(String::as_str).collect();
    wanted.extend([
        "Restore of restore_undo: 1",
        "Restore of restore_never: 1",
        "Restore of restore_broken: 1",
        "ActivateStandby of restore_undo: 1",
        "CancelRestore of restore_never: 1",
        "DropTenant of restore_broken: 1",
        "recoverytasks undo: Completed",
        "recoverytasks taken: TenantExists",
        "recoverytasks never-mind: Canceled",
        "recoverytasks broken: RestoreOfLogStreamFailed",
        "tenant restore_undo: Primary Normal shop.orders shop.items",
        "tenant restore_kept: Primary Normal ",
    ]);
    assert_eq!(wrong("recover", &wanted), NOTHING);
}

#[test]
fn a_table_is_brought_back_once_and_nothing_but_tables_is_left() {
    let keys = [
        "obr_7bc1d7356e549992e9c9456e10780a5d",
        "obr_bea8f138285c0b212b73aaaa2eb2c17e",
        "obr_73a6e31281646024c1df3e4e5bc76124",
    ];
    let made = keys.into_iter().flat_map(|name| {
        ["Create", "Drop"].into_iter().flat_map(move |verb| {
            [
                format!("{verb}ResourceUnit of {name}: 1"),
                format!("{verb}ResourcePool of {name}: 1"),
            ]
        })
    });
    let made: Vec<_> = made.collect();
    let mut wanted: Vec<_> = made.iter().map(String::as_str).collect();
    wanted.extend([
        "RecoverTable of orders: 2",
        "RecoverTable of restore_kept: 1",
        "CancelRecoverTable of restore_kept: 1",
        "DropTenant of AUX_RECOVER$*: 1",
        "recoverytasks undo: Completed",
        "recoverytasks never-mind: Canceled",
        "recoverytasks broken: RestoreOfLogStreamFailed",
        "tenant orders: Primary Normal shop.orders shop.items shop.undo",
        "tenant restore_kept: Primary Normal ",
    ]);
    assert_eq!(wrong("recover-tables", &wanted), NOTHING);
}

#[test]
fn two_operators_bring_a_tenant_back_once() {
    let wanted = [
        "CreateResourceUnit of obr_c68fb57f4b20abea5e8902e95caeda65: 1",
        "CreateResourcePool of obr_c68fb57f4b20abea5e8902e95caeda65: 1",
        "Restore of restore_undo: 1",
        "ActivateStandby of restore_undo: 1",
        "recoverytasks undo: Completed",
    ];
    assert_eq!(wrong("recover-leader", &wanted), NOTHING);
}

/// Returns statements that create and drop the unit and the pool of each of these.
fn made_and_dropped(names: &[&str]) -> Vec<String> {
    let all = names.iter().flat_map(|name| {
        ["Create", "Drop"].into_iter().flat_map(move |verb| {
            [
                format!("{verb}ResourceUnit of {name}: 1"),
                format!("{verb}ResourcePool of {name}: 1"),
            ]
        })
    });
    all.collect()
}

#[test]
fn a_restore_that_reads_for_a_while_comes_through_once_and_can_be_called_off() {
    let kept = [
        "obr_c68fb57f4b20abea5e8902e95caeda65",
        "obr_18699b2f37c8db6675b127d49437e380",
    ];
    let made = made_and_dropped(&kept);
    let made = made.into_iter().filter(|line| line.starts_with("Create"));
    let made: Vec<_> = made
        .chain(made_and_dropped(&["obr_e211abae66562a113729900a1cb0176e"]))
        .collect();
    let mut wanted: Vec<_> = made.iter().map(String::as_str).collect();
    wanted.extend([
        "Restore of restore_undo: 1",
        "Restore of restore_soon: 1",
        "Restore of restore_never: 1",
        "ActivateStandby of restore_undo: 1",
        "ActivateStandby of restore_soon: 1",
        // Once before the tenant exists.
        "CancelRestore of restore_never: 2",
        "recoverytasks undo: Completed",
        "recoverytasks soon: Completed",
        "recoverytasks never-mind: Canceled",
        "tenant restore_undo: Primary Normal shop.orders shop.items",
    ]);
    assert_eq!(wrong("recover-slowly", &wanted), NOTHING);
}

#[test]
fn each_tenant_is_verified_once_and_dropped_whatever_it_answers() {
    let made = made_and_dropped(&[
        "obr_7da82638f92d8e5ef41eb88009516eca",
        "obr_95cdf79847ab0149a9bab19d22cf88b7",
        "obr_c24d09505ad8cc078cf7c5276b235a0c",
    ]);
    let mut wanted: Vec<_> = made.iter().map(String::as_str).collect();
    wanted.extend([
        "Restore of restore_verify_orders_e04b78350a: 1",
        "Restore of restore_verify_billing_a70d93768a: 1",
        "Restore of restore_drill: 1",
        "DropTenant of restore_verify_orders_e04b78350a: 1",
        "DropTenant of restore_verify_billing_a70d93768a: 1",
        "DropTenant of restore_drill: 1",
        "recoverytasks nightly-t1002-verify-202611200200z: Completed",
        "recoverytasks nightly-t1004-verify-202611200200z: CheckFailed",
        "recoverytasks drill: Completed",
        "recoverydrills nightly: RestoreVerified=False/VerificationFailed",
        "tenant orders: Primary Normal shop.orders",
        "tenant billing: Primary Normal shop.orders",
    ]);
    assert_eq!(wrong("verify", &wanted), NOTHING);
}

#[test]
fn a_drill_that_is_deleted_takes_its_verification_with_it() {
    let made = made_and_dropped(&["obr_7da82638f92d8e5ef41eb88009516eca"]);
    let mut wanted: Vec<_> = made.iter().map(String::as_str).collect();
    wanted.extend([
        "Restore of restore_verify_billing_a70d93768a: 1",
        "CancelRestore of restore_verify_billing_a70d93768a: 1",
        "DELETED recoverydrills nightly: 1",
        "DELETED recoverytasks nightly-t1004-verify-202611200200z: 1",
    ]);
    assert_eq!(wrong("verify-gone", &wanted), NOTHING);
}

/// An operator is killed before and after statements and writes of a recovery.
#[test]
fn no_fault_of_the_enumerated_ones_does_harm_to_a_recovery() {
    let campaigns: BTreeMap<_, _> = WORKLOADS.map(|name| (name, Campaign::new(name))).into();
    let singles = campaigns.values().flat_map(|campaign| &campaign.singles);
    let (kills, others) = (sample::count(KILLS), sample::count(OTHERS));
    let plans = of_recoveries(singles.cloned().collect(), kills, others, sample::seed());
    assert_eq!(plans.len(), kills + others);
    println!("{}", assert_harmless(&campaigns, plans));
}
