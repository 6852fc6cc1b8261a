//! Views that show rows late.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_backup_whose_rows_are_late_in_the_views_of_all_tenants_is_not_sent_again() {
    let mut desk = Desk::new();
    for tenant in ["sys", "orders"] {
        desk.inject(Fault::LagTime {
            tenant: tenant.to_owned(),
            age: Duration::from_hours(3),
            views: "CDB_".to_owned(),
        });
    }
    desk.send(&backup()).await;
    assert_eq!(desk.send(&find()).await, Answer::AlreadySent);
    assert_eq!(desk.send(&backup()).await, Answer::AlreadySent);
    tokio::time::advance(Duration::from_hours(2)).await;
    assert_eq!(desk.send(&backup()).await, Answer::AlreadySent);
    assert_eq!(desk.sent(), 1);
}
