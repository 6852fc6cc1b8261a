//! Rows that appear late.

use oceanbase_sim::model::ChildRows;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_backup_that_begins_and_ends_between_two_reads_is_seen_soon_after_our_command() {
    let desk = Desk::new();
    sleep(Duration::from_secs(20)).await;
    desk.inject(Fault::LagTime {
        tenant: "orders".to_owned(),
        age: Duration::from_secs(50),
        views: String::new(),
    });
    desk.node
        .simulator
        .world_mut(|world| world.child_rows = ChildRows::AtOnce);
    desk.backup().await;
    sleep(Duration::from_secs(10)).await;
    desk.inject(Fault::FinishBackup {
        tenant: "orders".to_owned(),
    });
    sleep(Duration::from_secs(45)).await;
    let ClusterState::Up(snapshot) = desk.clusters.state(&desk.key) else {
        panic!("not up");
    };
    let orders = snapshot.tenant("orders").unwrap();
    let job = orders.job_by_key("obb/8b1d/1");
    assert!(job.is_some_and(|job| job.status.is_terminal()));
}

/// Behind OBProxy, a session outlives an upgrade of the servers, and no new login would happen.
#[tokio::test(start_paused = true)]
async fn another_version_is_noticed_though_the_session_lives() {
    let desk = Desk::new();
    sleep(Duration::from_secs(20)).await;
    let version = || match desk.clusters.state(&desk.key) {
        ClusterState::Up(snapshot) => snapshot.version.to_string(),
        _ => panic!("not up"),
    };
    assert_ne!(version(), "4.4.2.0");
    let node = &desk.node.simulator;
    node.world_mut(|world| world.version = "4.4.2.0".parse().unwrap());
    sleep(Intervals::default().full + Intervals::default().idle).await;
    assert_eq!(version(), "4.4.2.0");
    assert_eq!(desk.state(), Ok(()));
}
