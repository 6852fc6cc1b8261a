//! Delete policies.

use super::*;

fn add_policy(days: i32) -> Command {
    Command::AddDeletePolicy {
        tenant: tenant(),
        days,
    }
}

fn drop_policy(recovery_window: &str) -> Command {
    Command::DropDeletePolicy {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        recovery_window: recovery_window.to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_as_it_was_seen_is_dropped() {
    let mut desk = Desk::new();
    desk.send(&add_policy(7)).await;
    assert_eq!(desk.send(&drop_policy("7d")).await, Answer::Done);
    assert_eq!(desk.changing(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_somebody_replaced_meanwhile_is_not_dropped() {
    let mut desk = Desk::new();
    desk.send(&add_policy(30)).await;
    assert!(matches!(
        desk.send(&drop_policy("7d")).await,
        Answer::Withheld(_)
    ));
    assert_eq!(desk.changing(), 1);
}
