//! Two objects that describe one database.

use super::*;

/// Adds a second object with the same database, in another namespace.
async fn second(desk: &Desk) -> ClusterKey {
    a_moment().await;
    *lock(&desk.credentials.1) = Some(Ok(account()));
    let key = ClusterKey::new("elsewhere", "second");
    desk.clusters.watch(&key);
    a_moment().await;
    key
}

fn reason(desk: &Desk, key: &ClusterKey) -> Result<(), &'static str> {
    match desk.clusters.state(key) {
        ClusterState::Up(_) => Ok(()),
        ClusterState::Down(problem) => Err(problem.reason),
        ClusterState::Connecting => Err("Connecting"),
    }
}

fn shown(desk: &Desk, key: &ClusterKey) -> Arc<Snapshot> {
    match desk.clusters.state(key) {
        ClusterState::Up(snapshot) => snapshot,
        state => panic!("{state:?}"),
    }
}

fn wrong() -> Account {
    Account {
        password: "wrong".into(),
        ..account()
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_two_objects_describe_is_read_once() {
    let desk = Desk::new();
    let second = second(&desk).await;
    assert_eq!(reason(&desk, &second), Ok(()));
    assert_eq!(desk.reads_in(60).await, 4);
}

#[tokio::test(start_paused = true)]
async fn both_objects_show_the_same_read() {
    let desk = Desk::new();
    let second = second(&desk).await;
    assert!(Arc::ptr_eq(
        &shown(&desk, &desk.key),
        &shown(&desk, &second)
    ));
}

#[tokio::test(start_paused = true)]
async fn a_change_wakes_what_refers_to_either_object() {
    let mut desk = Desk::new();
    let second = second(&desk).await;
    desk.triggers();
    desk.inject(Fault::Lock {
        tenant: "billing".to_owned(),
        locked: true,
    });
    sleep(Duration::from_secs(15)).await;
    let requeued: Vec<_> = std::iter::from_fn(|| desk.triggers.try_recv().ok())
        .map(|trigger| trigger.cluster)
        .collect();
    assert_eq!(requeued, [desk.key, second]);
}

#[tokio::test(start_paused = true)]
async fn the_right_to_send_is_one_database_s_whatever_object_is_asked() {
    let desk = Desk::new();
    let second = second(&desk).await;
    let _held: Vec<_> =
        std::iter::from_fn(|| desk.clusters.permit(&desk.key, &Lane::Serial)).collect();
    assert!(desk.clusters.permit(&second, &Lane::Serial).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_command_goes_out_under_the_account_of_the_object_that_asks() {
    let desk = Desk::new();
    let second = second(&desk).await;
    desk.backup().await;
    // The password of the first object is no longer valid. Its session continues to read.
    change_password(&desk, "new");
    let other = Account {
        password: "new".into(),
        ..account()
    };
    *lock(&desk.credentials.1) = Some(Ok(other));
    desk.clusters.reload(&second);
    a_moment().await;
    let command = Command::NoArchiveLog(TenantName::parse("billing").unwrap());
    let mut permit = desk.clusters.permit(&second, &Lane::Serial).unwrap();
    assert_eq!(permit.send(&command).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn a_command_through_one_object_unsettles_what_the_other_shows() {
    let desk = Desk::new();
    let second = second(&desk).await;
    let before = shown(&desk, &second);
    desk.backup().await;
    assert!(!desk.clusters.is_settled(&second, "orders", &before));
}

#[tokio::test(start_paused = true)]
async fn when_the_object_whose_session_reads_is_deleted_the_other_one_reads_on() {
    let desk = Desk::new();
    let second = second(&desk).await;
    *lock(&desk.credentials.0) = Err(CredentialsError::Gone);
    desk.clusters.reload(&desk.key);
    a_moment().await;
    assert_eq!(desk.reads_in(60).await, 4);
    assert_eq!(reason(&desk, &second), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn when_the_account_of_the_object_that_reads_goes_bad_the_other_one_reads_on() {
    let desk = Desk::new();
    let second = second(&desk).await;
    *lock(&desk.credentials.0) = Ok(wrong());
    desk.clusters.reload(&desk.key);
    a_moment().await;
    assert_eq!(reason(&desk, &desk.key), Err("AccessDenied"));
    assert_eq!(desk.reads_in(60).await, 4);
    assert_eq!(reason(&desk, &second), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_can_not_log_in_says_so_though_the_other_one_can() {
    let desk = Desk::new();
    let second = second(&desk).await;
    *lock(&desk.credentials.1) = Some(Ok(wrong()));
    desk.clusters.reload(&second);
    a_moment().await;
    assert_eq!(reason(&desk, &second), Err("AccessDenied"));
    assert_eq!(reason(&desk, &desk.key), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_only_follows_is_tried_now_and_then() {
    let desk = Desk::new();
    let second = second(&desk).await;
    *lock(&desk.credentials.1) = Some(Ok(wrong()));
    sleep(Duration::from_mins(5)).await;
    assert_eq!(reason(&desk, &second), Err("AccessDenied"));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_shown_an_old_read_when_the_database_answers_again() {
    let desk = Desk::new();
    let second = second(&desk).await;
    desk.node(NodeState::Refusing);
    sleep(Duration::from_mins(10)).await;
    assert_eq!(reason(&desk, &second), Err("Unreachable"));
    desk.node(NodeState::Serving);
    sleep(Duration::from_mins(2)).await;
    let age = shown(&desk, &second)
        .read_at
        .duration_until(desk.node.time.clock().now());
    assert!(age <= jiff::SignedDuration::from_secs(15), "{age}");
    assert_eq!(reason(&desk, &desk.key), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn two_objects_hold_the_connections_of_one() {
    let desk = Desk::new();
    second(&desk).await;
    desk.backup().await;
    assert_eq!(desk.node.simulator.connections().current, 2);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_the_sender_is_refused_is_the_object_s_trouble_soon() {
    let desk = Desk::new();
    a_moment().await;
    // The reading session continues.
    change_password(&desk, "new");
    let command = Command::NoArchiveLog(TenantName::parse("billing").unwrap());
    let mut permit = desk.clusters.permit(&desk.key, &Lane::Serial).unwrap();
    assert!(matches!(permit.send(&command).await, Answer::NotSent(_)));
    drop(permit);
    a_moment().await;
    assert_eq!(desk.state(), Err("AccessDenied"));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_reads_goes_on_while_no_other_can_be_opened() {
    let desk = Desk::new();
    a_moment().await;
    desk.node
        .is_full
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let command = Command::NoArchiveLog(TenantName::parse("billing").unwrap());
    let mut permit = desk.clusters.permit(&desk.key, &Lane::Serial).unwrap();
    assert!(matches!(permit.send(&command).await, Answer::NotSent(_)));
    drop(permit);
    assert_eq!(desk.reads_in(60).await, 4);
    assert_eq!(desk.state(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_made_anew_is_not_taken_for_the_one_before() {
    let desk = Desk::new();
    a_moment().await;
    desk.clusters.forget(&desk.key);
    desk.clusters.watch(&desk.key);
    let state = desk.clusters.state(&desk.key);
    assert!(matches!(state, ClusterState::Connecting), "{state:?}");
    sleep(Duration::from_mins(1)).await;
    assert_eq!(desk.state(), Ok(()));
    let current = desk.node.simulator.connections().current;
    assert_eq!(current, 1, "the reader of the one before has ended");
}
