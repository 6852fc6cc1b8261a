//! RESTORE takes minutes, and no reconcile waits for it.

use tokio::time::Instant;

use super::*;
use crate::oceanbase::model::RestoreKey;

const SENT: &str = "ALTER SYSTEM RESTORE";
/// Time that the database takes for a restore here.
const LONG: Duration = Duration::from_mins(5);

fn key(number: u8) -> RestoreKey {
    RestoreKey::parse(&format!("obr/{number:032x}")).unwrap()
}

fn restore(number: u8) -> Command {
    Command::from(Recovery::Restore {
        tenant: TenantName::parse("copy").unwrap(),
        sources: vec![Destination::file("/ob/data").unwrap()],
        until: None,
        pools: vec![ResourceName::parse("p1").unwrap()],
        locality: None,
        primary_zone: None,
        concurrency: None,
        key: key(number),
        decryption: Vec::new(),
    })
}

impl Desk {
    async fn hand_over(&self, number: u8) -> Answer {
        let mut permit = self.clusters.permit(&self.key, &Lane::Recovery).unwrap();
        permit.send(&restore(number)).await
    }

    fn handed_over(&self, number: u8) -> Option<BackgroundAnswer> {
        self.clusters.handed_over(&self.key, &key(number))
    }
}

fn answered(answer: Answer) -> BackgroundAnswer {
    BackgroundAnswer::Answered(answer)
}

#[tokio::test(start_paused = true)]
async fn whoever_hands_a_restore_over_goes_on_at_once() {
    let desk = Desk::new().await;
    desk.given.next(SENT, StatementFault::Takes(LONG));
    let began = Instant::now();
    assert_eq!(desk.hand_over(1).await, Answer::HandedOver);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(desk.handed_over(1), Some(BackgroundAnswer::Sending));
}

#[tokio::test(start_paused = true)]
async fn its_answer_is_kept_and_wakes_the_tenant_that_it_makes() {
    let mut desk = Desk::new().await;
    desk.given.next(SENT, StatementFault::Takes(LONG));
    desk.hand_over(1).await;
    sleep(LONG.saturating_sub(Duration::from_secs(1))).await;
    assert_eq!(desk.handed_over(1), Some(BackgroundAnswer::Sending));
    desk.triggers();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(desk.handed_over(1), Some(answered(Answer::Done)));
    assert!(desk.triggers().contains(&Some(vec!["copy".to_owned()])));
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_is_under_way_is_not_handed_over_twice() {
    let desk = Desk::new().await;
    desk.given.next(SENT, StatementFault::Takes(LONG));
    desk.hand_over(1).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(desk.hand_over(1).await, Answer::HandedOver);
    sleep(LONG).await;
    assert_eq!(desk.given.count(SENT), 1);
}

#[tokio::test(start_paused = true)]
async fn other_statements_go_on_meanwhile() {
    let desk = Desk::new().await;
    desk.given.next(SENT, StatementFault::Takes(LONG));
    desk.hand_over(1).await;
    sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    let mut permit = desk.clusters.permit(&desk.key, &Lane::Serial).unwrap();
    let command = Command::NoArchiveLog(TenantName::parse("orders").unwrap());
    assert_eq!(permit.send(&command).await, Answer::Done);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn four_restores_are_under_way_and_the_fifth_waits_for_its_turn() {
    let desk = Desk::new().await;
    for number in 1..=4 {
        desk.given.next(SENT, StatementFault::Takes(LONG));
        assert_eq!(desk.hand_over(number).await, Answer::HandedOver);
    }
    sleep(Duration::from_secs(1)).await;
    assert!(desk.clusters.permit(&desk.key, &Lane::Recovery).is_none());
    sleep(LONG).await;
    assert!(desk.clusters.permit(&desk.key, &Lane::Recovery).is_some());
}

#[tokio::test(start_paused = true)]
async fn nothing_that_takes_minutes_is_sent_where_others_wait_behind_it() {
    let desk = Desk::new().await;
    let mut permit = desk.clusters.permit(&desk.key, &Lane::Serial).unwrap();
    assert!(matches!(permit.send(&restore(1)).await, Answer::NotSent(_)));
    assert_eq!(desk.handed_over(1), None);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ends_while_the_answer_is_away_ends_the_waiting_at_that_instant() {
    let desk = Desk::new().await;
    desk.given.next(SENT, StatementFault::Takes(LONG));
    desk.hand_over(1).await;
    sleep(Duration::from_mins(1)).await;
    desk.lease_guard.end();
    tokio::task::yield_now().await;
    sleep(Duration::from_millis(1)).await;
    let known = desk.handed_over(1);
    assert!(
        matches!(known, Some(BackgroundAnswer::Answered(Answer::Unknown(_)))),
        "{known:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn no_restore_outlives_those_who_read() {
    let mut desk = Desk::new().await;
    desk.given.next(SENT, StatementFault::Takes(LONG));
    desk.hand_over(1).await;
    sleep(Duration::from_secs(1)).await;
    desk.running.shutdown().await;
    let known = desk.handed_over(1);
    assert!(
        matches!(known, Some(BackgroundAnswer::Answered(Answer::Unknown(_)))),
        "{known:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn no_restore_outlives_the_last_object_of_its_database() {
    let desk = Desk::new().await;
    desk.given.next(SENT, StatementFault::Takes(LONG));
    let permit = desk.clusters.permit(&desk.key, &Lane::Recovery).unwrap();
    let database = desk.clusters.get(&desk.key).unwrap().database().unwrap();
    let mut sent = permit;
    sent.send(&restore(1)).await;
    sleep(Duration::from_secs(1)).await;
    desk.clusters.forget(&desk.key);
    sleep(Duration::from_secs(1)).await;
    let known = database.handed_over(&key(1));
    assert!(
        matches!(known, Some(BackgroundAnswer::Answered(Answer::Unknown(_)))),
        "{known:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_database_is_waited_for_as_long_as_it_was_given_and_no_longer() {
    let desk = Desk::new().await;
    desk.given
        .next(SENT, StatementFault::Takes(Duration::from_hours(1)));
    desk.hand_over(1).await;
    sleep(Duration::from_secs(604)).await;
    assert_eq!(desk.handed_over(1), Some(BackgroundAnswer::Sending));
    sleep(Duration::from_secs(2)).await;
    let known = desk.handed_over(1);
    assert!(
        matches!(known, Some(BackgroundAnswer::Answered(Answer::Unknown(_)))),
        "{known:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_loses_only_the_answer() {
    let desk = Desk::new().await;
    desk.given.next(SENT, StatementFault::Lost);
    desk.hand_over(1).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        desk.handed_over(1),
        Some(answered(Answer::Unknown("cut".to_owned())))
    );
}

#[tokio::test(start_paused = true)]
async fn what_became_of_one_before_is_forgotten_when_it_is_handed_over_again() {
    let desk = Desk::new().await;
    desk.given.next(SENT, StatementFault::Lost);
    desk.hand_over(1).await;
    sleep(Duration::from_secs(1)).await;
    desk.given.next(SENT, StatementFault::Takes(LONG));
    desk.hand_over(1).await;
    assert_eq!(desk.handed_over(1), Some(BackgroundAnswer::Sending));
}

#[tokio::test(start_paused = true)]
async fn answers_of_long_ago_are_forgotten() {
    let desk = Desk::new().await;
    for number in 1..=65 {
        desk.hand_over(number).await;
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(desk.handed_over(1), None);
    assert_eq!(desk.handed_over(65), Some(answered(Answer::Done)));
}

#[tokio::test(start_paused = true)]
async fn the_database_is_read_at_once_when_it_is_answered() {
    let desk = Desk::new().await;
    desk.given.next(SENT, StatementFault::Takes(LONG));
    desk.hand_over(1).await;
    sleep(LONG.saturating_sub(Duration::from_millis(1))).await;
    let before = desk.snapshot().sequence;
    sleep(Duration::from_millis(100)).await;
    assert!(desk.snapshot().sequence > before);
}
