//! Status of which the API server keeps less than was written, because its definitions are older.

use super::*;

impl Desk {
    /// Makes the API server drop a field of the status, as older definitions do.
    fn knows_no(&self, field: &'static str) {
        lock(&self.server.object)["status"] = json!({});
        *lock(&self.server.unknown) = Some(field);
    }
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_must_not_happen_twice_is_not_performed_where_its_intent_is_not_kept() {
    let desk = Desk::new(true, false).await;
    desk.knows_no("shown");
    for expected in [vec!["write sending"], vec![]] {
        let result = desk.pass_over(desk.object()).await;
        assert!(matches!(result, Err(Error::IntentNotStored)), "{result:?}");
        assert_eq!(*lock(&desk.server.asked), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_api_server_does_not_keep_is_written_once_in_five_minutes() {
    let desk = Desk::new(false, false).await;
    desk.knows_no("shown");
    let expected = ["write sending", "effect", "write done"];
    assert_eq!(desk.pass().await, expected);
    let _others = desk.others();
    assert_eq!(desk.pass().await, ["write sending"]);
    assert_eq!(desk.pass().await, [""; 0]);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(desk.pass().await, ["write sending"]);
}

#[tokio::test(start_paused = true)]
async fn an_intent_is_written_again_when_the_api_server_may_know_it() {
    let desk = Desk::new(true, false).await;
    desk.knows_no("shown");
    desk.pass_over(desk.object()).await.unwrap_err();
    *lock(&desk.server.unknown) = None;
    sleep(Duration::from_mins(5)).await;
    let expected = ["write sending", "effect", "write done"];
    assert_eq!(desk.pass().await, expected);
}
