//! No statement outlives the lease.

use super::*;

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_when_the_lease_has_ended() {
    let mut desk = Desk::new();
    desk.lease_guard.end();
    assert!(matches!(desk.send(&backup()).await, Answer::NotSent(_)));
    assert_eq!(desk.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_when_the_lease_ends_during_the_look() {
    let mut desk = Desk::new();
    let lease = Duration::from_secs(3);
    desk.lease_guard.extend_to(Instant::now() + lease);
    *lock(&desk.node.pause) = Some(("CDB_OB_BACKUP_JOB_HISTORY", lease));
    assert!(matches!(desk.send(&backup()).await, Answer::NotSent(_)));
    assert_eq!(desk.sent(), 0);
}

/// Sets a lease that is valid for this long.
fn lease(desk: &Desk, left: Duration) {
    desk.lease_guard.extend_to(Instant::now() + left);
}

fn slow(desk: &Desk, kind: Kind, delay: Duration) {
    let on = Trigger::next(kind);
    desk.inject(Fault::Slow { on, delay });
}

/// Returns a command that sets the unset data destination. The server takes time to access the
/// storage.
fn destination(desk: &Desk) -> Command {
    desk.node.simulator.world_mut(|world| {
        world.tenant_mut("orders").unwrap().data_dest = None;
    });
    Command::SetDataBackupDest {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        destination: Destination::file("/store/orders").unwrap(),
        replaces: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_statement_that_runs_when_the_lease_ends_is_given_up_at_that_instant() {
    let mut desk = Desk::new();
    slow(&desk, Kind::Backup, Duration::from_secs(8));
    lease(&desk, Duration::from_secs(3));
    let began = Instant::now();
    assert!(matches!(desk.send(&backup()).await, Answer::Unknown(_)));
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn its_session_is_used_no_more() {
    let mut desk = Desk::new();
    slow(&desk, Kind::Backup, Duration::from_secs(8));
    lease(&desk, Duration::from_secs(3));
    desk.send(&backup()).await;
    lease(&desk, Duration::from_secs(10));
    assert_eq!(desk.send(&find()).await, Answer::AlreadySent);
    assert_eq!(desk.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_statement_longer_than_the_lease_is_waited_for_while_that_is_renewed() {
    let mut desk = Desk::new();
    let command = destination(&desk);
    slow(&desk, Kind::SetDataBackupDest, Duration::from_secs(40));
    let ten = Duration::from_secs(10);
    lease(&desk, ten);
    let lease_guard = desk.lease_guard.clone();
    let renewing = async {
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            lease_guard.extend_to(Instant::now() + ten);
        }
    };
    tokio::select! {
        answer = desk.send(&command) => assert_eq!(answer, Answer::Done),
        () = renewing => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_that_takes_longer_than_the_lease_sends_nothing() {
    let mut desk = Desk::new();
    lease(&desk, Duration::from_secs(3));
    *lock(&desk.node.pause) = Some(("CDB_OB_BACKUP_JOB_HISTORY", Duration::from_secs(9)));
    let began = Instant::now();
    assert!(matches!(desk.send(&backup()).await, Answer::NotSent(_)));
    assert_eq!((began.elapsed(), desk.sent()), (Duration::from_secs(3), 0));
}

#[tokio::test(start_paused = true)]
async fn a_login_that_takes_longer_than_the_lease_is_given_up() {
    let mut desk = Desk::new();
    let is = NodeState::Silent;
    desk.inject(Fault::Node { is });
    lease(&desk, Duration::from_secs(3));
    let began = Instant::now();
    assert!(matches!(desk.send(&backup()).await, Answer::NotSent(_)));
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_in_the_last_moment_of_a_lease() {
    let mut desk = Desk::new();
    lease(&desk, Duration::from_millis(499));
    assert!(matches!(desk.send(&find()).await, Answer::NotSent(_)));
    lease(&desk, Duration::from_millis(500));
    assert_eq!(desk.send(&find()).await, Answer::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_statement_whose_lease_has_ended_is_surely_over_when_it_is_looked_for() {
    let mut desk = Desk::new();
    let delay = Duration::from_secs(9);
    slow(&desk, Kind::Backup, delay);
    lease(&desk, Duration::from_secs(1));
    desk.send(&backup()).await;
    // The next holder counts from its first sight of the intent, which is not before now.
    tokio::time::advance(statement_lifetime(Command::BACKUP_TIMEOUT)).await;
    lease(&desk, Duration::from_secs(10));
    assert_eq!(desk.send(&find()).await, Answer::AlreadySent);
}
