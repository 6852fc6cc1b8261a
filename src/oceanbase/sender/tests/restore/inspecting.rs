//! A restored tenant is checked only while it is the standby that was restored.

use super::*;
use crate::oceanbase::model::CheckQuery;

const QUESTION: &str = "SELECT COUNT(*) FROM shop.orders";

fn inspection() -> Inspection {
    Inspection {
        tenant: copy(),
        tenant_id: TenantId(1006),
        user: "reader".to_owned(),
        password: "canary-inspected".into(),
        query: CheckQuery::parse(QUESTION).unwrap(),
        expect: "7".to_owned(),
        timeout: Duration::from_mins(1),
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_standby_that_was_restored_is_asked() {
    for (id, role, expected) in [
        ("1006", "STANDBY", true),
        ("1006", "PRIMARY", false),
        ("1006", "RESTORE", false),
        ("1008", "STANDBY", false),
    ] {
        let mut views = Views::new();
        views.given.tenants(&[(id, "copy", role)]);
        let answer = views
            .sender
            .inspect(&account(), VERSION, &inspection())
            .await;
        assert_eq!(is_withheld(&answer), !expected, "{id} {role}: {answer:?}");
        assert_eq!(views.given.count(QUESTION), usize::from(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_told_to_read_only_before_it_is_asked() {
    let mut views = Views::new();
    views.given.tenants(&[("1006", "copy", "STANDBY")]);
    views
        .sender
        .inspect(&account(), VERSION, &inspection())
        .await;
    let asked = views.given.take_asked();
    let position = |wanted: &str| asked.iter().position(|text| text == wanted);
    let question = position(QUESTION).unwrap();
    for setting in crate::oceanbase::statement::READ_ONLY {
        assert!(
            position(setting).is_some_and(|setting| setting < question),
            "{setting} in {asked:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_nearly_over_after_the_setup_sends_no_check() {
    let mut views = Views::new();
    views.given.tenants(&[("1006", "copy", "STANDBY")]);
    let lease_guard = LeaseGuard::not_yet();
    lease_guard.extend_to(Instant::now() + Duration::from_millis(1400));
    let connect = Arc::new(views.given.clone());
    let metrics = Metrics::new().unwrap();
    views.sender = Sender::new(FixedViews::id(), connect, metrics, lease_guard);
    let setup = StatementFault::Takes(Duration::from_secs(1));
    views.given.next("sql_select_limit", setup);
    let answer = views
        .sender
        .inspect(&account(), VERSION, &inspection())
        .await;
    assert!(matches!(answer, Answer::NotSent(_)), "{answer:?}");
    assert_eq!(views.given.count("sql_select_limit"), 1);
    assert_eq!(views.given.count(QUESTION), 0);
}

#[test]
fn neither_the_password_nor_the_question_stands_in_what_is_shown_of_it() {
    let shown = format!("{:?}", inspection());
    assert!(
        !shown.contains("canary") && !shown.contains("shop"),
        "{shown}"
    );
}
