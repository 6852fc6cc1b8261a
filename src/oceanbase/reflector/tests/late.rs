//! Rows that come up late.

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
