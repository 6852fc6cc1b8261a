//! CANCEL BACKUP affects every running backup. It is sent only if the only one is the operator's.

use super::*;

#[tokio::test(start_paused = true)]
async fn our_running_backup_is_canceled() {
    let mut desk = Desk::new();
    desk.send(&backup()).await;
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(desk.send(&cancel()).await, Answer::Done);
    assert_eq!(desk.changing(), 2);
}

#[tokio::test(start_paused = true)]
async fn somebody_else_s_backup_is_not_canceled() {
    let mut desk = Desk::new();
    desk.foreign_backup("by hand");
    assert!(matches!(desk.send(&cancel()).await, Answer::Withheld(_)));
    assert_eq!(desk.changing(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_backup_that_has_ended_is_not_canceled() {
    let mut desk = Desk::new();
    desk.send(&backup()).await;
    tokio::time::advance(Duration::from_hours(2)).await;
    assert!(matches!(desk.send(&cancel()).await, Answer::Withheld(_)));
    assert_eq!(desk.changing(), 1);
}
