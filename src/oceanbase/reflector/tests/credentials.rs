//! Credentials that change while a cluster is being read.

use super::*;

#[tokio::test(start_paused = true)]
async fn new_credentials_are_used_within_a_minute_of_a_refusal() {
    let desk = Desk::new();
    a_moment().await;
    change_password(&desk, "new");
    desk.inject(Fault::KillConnections);
    sleep(Duration::from_hours(1)).await;
    lock(&desk.credentials.0).as_mut().unwrap().password = "new".into();
    sleep(Duration::from_secs(61)).await;
    assert_eq!(desk.state(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn changed_credentials_make_a_new_session_without_a_gap() {
    let mut desk = Desk::new();
    a_moment().await;
    desk.triggers();
    let endpoint = ("second".to_owned(), 2881);
    let changed = |account: &mut Account| account.endpoints.push(endpoint);
    lock(&desk.credentials.0).as_mut().map(changed).unwrap();
    desk.clusters.reload(&desk.key);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(desk.node.simulator.connections().logins, 2);
    assert!(!desk.triggers().contains(&None));
}

#[tokio::test(start_paused = true)]
async fn credentials_are_looked_at_anew_every_five_minutes() {
    let desk = Desk::new();
    a_moment().await;
    lock(&desk.credentials.0).as_mut().unwrap().password = "wrong".into();
    sleep(Duration::from_secs(280)).await;
    assert_eq!(desk.state(), Ok(()));
    sleep(Duration::from_secs(40)).await;
    assert_eq!(desk.state(), Err("AccessDenied"));
}

#[tokio::test(start_paused = true)]
async fn credentials_that_can_not_be_looked_up_now_end_no_session() {
    let desk = Desk::new();
    a_moment().await;
    *lock(&desk.credentials.0) = Err(CredentialsError::Unavailable("busy".to_owned()));
    sleep(Duration::from_mins(20)).await;
    assert_eq!(desk.state(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_is_by_the_old_credentials_until_the_new_ones_are_looked_at() {
    let mut desk = Desk::new();
    a_moment().await;
    let good = lock(&desk.credentials.0).clone();
    *lock(&desk.credentials.0) = Err(CredentialsError::Unavailable("busy".to_owned()));
    desk.clusters.reload(&desk.key);
    sleep(Duration::from_mins(1)).await;
    assert!(desk.clusters.is_reloading(&desk.key));
    *lock(&desk.credentials.0) = good;
    desk.triggers();
    sleep(Duration::from_mins(1)).await;
    assert!(!desk.clusters.is_reloading(&desk.key));
    assert!(desk.triggers().contains(&Some(Vec::new())));
}

#[tokio::test(start_paused = true)]
async fn what_leads_nowhere_was_looked_at_too() {
    let desk = Desk::new();
    a_moment().await;
    lock(&desk.credentials.0).as_mut().unwrap().password = "wrong".into();
    desk.clusters.reload(&desk.key);
    a_moment().await;
    assert_eq!(desk.state(), Err("AccessDenied"));
    assert!(!desk.clusters.is_reloading(&desk.key));
}
