//! Send permits.

use super::*;

#[tokio::test(start_paused = true)]
async fn only_few_have_the_right_to_send_at_a_time() {
    let desk = Desk::new();
    a_moment().await;
    let permits: Vec<_> =
        std::iter::from_fn(|| desk.clusters.permit(&desk.key, &Lane::Serial)).collect();
    assert_eq!(permits.len(), 4);
    drop(permits);
    assert!(desk.clusters.permit(&desk.key, &Lane::Serial).is_some());
}

#[tokio::test(start_paused = true)]
async fn commands_run_one_after_the_other_whoever_has_the_right_to_send_them() {
    let desk = Desk::new();
    a_moment().await;
    let send = async |tenant: &str| {
        let mut permit = desk.clusters.permit(&desk.key, &Lane::Serial).unwrap();
        let command = Command::NoArchiveLog(TenantName::parse(tenant).unwrap());
        permit.send(&command).await;
    };
    *lock(&desk.node.pause) = Some(("TENANT = 'orders'", Duration::from_secs(5)));
    let began = tokio::time::Instant::now();
    tokio::join!(send("orders"), async {
        send("billing").await;
        assert!(began.elapsed() >= Duration::from_secs(5));
    });
}

#[tokio::test(start_paused = true)]
async fn those_who_find_no_right_left_come_back_in_their_order() {
    let desk = Desk::new();
    a_moment().await;
    let turns: Vec<_> = (0..500)
        .map(|_| desk.clusters.retry_after(&desk.key, &Lane::Serial))
        .collect();
    assert!(turns.is_sorted_by(|one, next| one < next));
    assert!(turns[0] >= Duration::from_millis(100) && turns[499] < Duration::from_secs(3));
}
