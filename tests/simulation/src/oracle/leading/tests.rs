//! Tests that the oracle reports an operator that acts without the Lease, and not the holder.

use std::sync::Arc;

use api_double::{Change, Key};
use serde_json::json;

use crate::oracle::Oracle;
use crate::oracle::tests::without_times;
use crate::time::Time;
use crate::workload::Workload;

/// Returns the oracle's report about `actor` when it acts `after` seconds after `holder` wrote the
/// Lease.
fn said_of_an_act(after: u64, holder: &str, actor: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let workload = Workload::find("leader").unwrap();
        let oracle = Oracle::new(Time::begin(), &workload, &[]);
        let lease = json!({"spec": {"holderIdentity": holder}});
        oracle.lock().change(&Change {
            version: 2,
            key: Key {
                plural: "leases".to_owned(),
                ..Key::default()
            },
            before: None,
            after: Some(Arc::new(lease)),
            actor: "operator/first-1".to_owned(),
            call: "update leases a".to_owned(),
        });
        tokio::time::sleep(std::time::Duration::from_secs(after)).await;
        oracle.acts(actor, "BACKUP");
        without_times(&oracle)
    })
}

#[test]
fn the_holder_of_a_lease_acts_for_two_thirds_of_it() {
    let first = "operator/first-1";
    assert_eq!(said_of_an_act(10, first, first), Vec::<String>::new());
    assert_eq!(
        said_of_an_act(11, first, first),
        ["one leader: operator/first-1 sends BACKUP, but its lease was renewed 11s ago"]
    );
}

#[test]
fn an_operator_that_acts_beside_the_leader_is_seen() {
    assert_eq!(
        said_of_an_act(1, "operator/first-1", "operator/second-1"),
        ["one leader: operator/second-1 sends BACKUP, but operator/first-1 leads"]
    );
}

#[test]
fn an_operator_that_acts_after_it_gave_the_lease_back_is_seen() {
    assert_eq!(
        said_of_an_act(1, "", "operator/first-1"),
        ["one leader: operator/first-1 sends BACKUP, but the lease was given back"]
    );
}
