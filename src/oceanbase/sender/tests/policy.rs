//! Delete policies.

use super::*;
use crate::oceanbase::model::Destinations;

const DATA: &str = "file:///ob-backup/orders/data";
const LOGS: &str = "file:///ob-backup/orders/log";

fn add_policy(days: i32) -> Command {
    add_policy_where(Destinations::new(Some(DATA), Some(LOGS)), days)
}

fn add_policy_where(observed: Destinations, days: i32) -> Command {
    Command::AddDeletePolicy {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        observed,
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

#[tokio::test(start_paused = true)]
async fn nothing_is_let_to_be_deleted_where_backups_go_elsewhere_meanwhile() {
    for observed in [
        Destinations::new(None, Some(LOGS)),
        Destinations::new(Some(DATA), Some("file:///ob-backup/orders/other")),
    ] {
        let mut desk = Desk::new();
        let answer = desk.send(&add_policy_where(observed, 7)).await;
        assert!(matches!(answer, Answer::Withheld(_)), "{answer:?}");
        assert_eq!(desk.changing(), 0);
    }
}
