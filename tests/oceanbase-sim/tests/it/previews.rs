//! Tests of RESTORE … PREVIEW and SHOW RESTORE PREVIEW, by release.

use oceanbase_sim::Session;
use oceanbase_sim::model::BackupType;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::value::{Backend, End, Outcome};

use crate::bench::{Bench, DAY, code};
use crate::restores::{FROM, STATUS, hours_ago, orders, shop, with_pool};

const SHOW: &str = "SHOW RESTORE PREVIEW";

fn preview(until: &str) -> String {
    format!("ALTER SYSTEM RESTORE FROM '{FROM}' {until} PREVIEW")
}

fn answer(session: &mut Session, text: &str) -> (u16, String) {
    match session.execute(text).end {
        End::Error(error) => (error.code, error.message),
        end => (code(&end), String::new()),
    }
}

fn cluster(version: &str) -> Bench {
    with_pool(&Scenario::new(version).with(orders()))
}

#[test]
fn a_preview_shows_once_what_a_restore_would_read() {
    let bench = shop();
    let mut session = bench.session("root@sys");
    let until = hours_ago(&bench, 5);
    assert_eq!(answer(&mut session, &preview(&until)).0, 0);
    let Some(Outcome::Rows(set)) = session.execute(SHOW).outcomes.pop() else {
        panic!("no rows");
    };
    let kinds: Vec<_> = set.rows.iter().map(|row| row[0].clone().unwrap()).collect();
    assert_eq!(kinds, ["BACKUP_SET", "BACKUP_PIECE"]);
    let twice = "show restore preview before ALTER SYSTEM RESTORE PREVIEW is not supported";
    assert_eq!(answer(&mut session, SHOW), (1235, twice.to_owned()));
    assert_eq!(bench.rows(STATUS), Vec::<String>::new());
}

#[test]
fn what_is_missing_for_a_preview_is_an_error_of_show() {
    let bench = shop();
    let mut session = bench.session("root@sys");
    let until = hours_ago(&bench, 30);
    assert_eq!(answer(&mut session, &preview(&until)).0, 0);
    assert_eq!(answer(&mut session, SHOW).0, 9119);
    let from = preview(&until).replace("ob-backup", "nowhere");
    assert_eq!(answer(&mut session, &from).0, 0);
    assert_ne!(answer(&mut session, SHOW).0, 0);
}

#[test]
fn a_preview_needs_an_instant() {
    let bench = shop();
    let mut session = bench.session("root@sys");
    let text = "restore preview must have a scn or timestamp, otherwise not allowed";
    assert_eq!(answer(&mut session, &preview("")), (4179, text.to_owned()));
    let text = "Incorrect arguments to until scn, it should be positive integer";
    for scn in ["0", "-5"] {
        let refused = answer(&mut session, &preview(&format!("UNTIL SCN = {scn}")));
        assert_eq!(refused, (1210, text.to_owned()));
    }
}

#[test]
fn the_releases_in_which_a_preview_never_shows_anything() {
    for version in ["4.2.1.0", "4.2.1.6", "4.2.2.0", "4.3.0.1", "4.3.1.0"] {
        let bench = cluster(version);
        let mut session = bench.session("root@sys");
        for until in [hours_ago(&bench, 5), String::new()] {
            assert_eq!(answer(&mut session, &preview(&until)).0, 0, "{version}");
            let refused = (1210, "Invalid argument".to_owned());
            assert_eq!(answer(&mut session, SHOW), refused, "{version}");
        }
    }
}

#[test]
fn the_releases_in_which_a_preview_works() {
    for version in [
        "4.2.1.7", "4.2.3.0", "4.2.5.1", "4.3.2.0", "4.3.5.1", "4.4.2.0",
    ] {
        let bench = cluster(version);
        let mut session = bench.session("root@sys");
        let until = hours_ago(&bench, 5);
        answer(&mut session, &preview(&until));
        assert_eq!(answer(&mut session, SHOW).0, 0, "{version}");
    }
}

#[test]
fn the_first_releases_refuse_each_form_in_its_own_way() {
    for version in ["4.0.0.0", "4.1.0.0", "4.2.0.1"] {
        let bench = cluster(version);
        let mut session = bench.session("root@sys");
        let until = hours_ago(&bench, 5);
        assert_eq!(answer(&mut session, &preview(&until)).0, 1064, "{version}");
        let old =
            format!("ALTER SYSTEM RESTORE copy FROM '{FROM}' {until} WITH 'pool_list=p' PREVIEW");
        let text = "Not supported feature or function".to_owned();
        assert_eq!(answer(&mut session, &old), (1235, text), "{version}");
        let text = "show restore preview is not supported".to_owned();
        assert_eq!(answer(&mut session, SHOW), (1235, text), "{version}");
    }
}

#[test]
fn a_user_tenant_sees_no_preview() {
    let bench = shop();
    assert_eq!(bench.own("orders", SHOW), 4179);
}

#[test]
fn showing_a_preview_forgets_the_passwords_of_the_session() {
    let mut tenant = TenantSpec::new("orders").ready(DAY * 2);
    tenant = tenant.backup(BackupType::Full, DAY);
    for backup in &mut tenant.backups {
        "pw".clone_into(&mut backup.password);
    }
    let bench = with_pool(&Scenario::new("4.3.5.2").with(tenant));
    let mut session = bench.session("root@sys");
    let until = hours_ago(&bench, 5);
    answer(&mut session, "SET DECRYPTION IDENTIFIED BY 'pw'");
    answer(&mut session, &preview(&until));
    assert_eq!(answer(&mut session, SHOW).0, 0);
    answer(&mut session, &preview(&until));
    assert_eq!(answer(&mut session, SHOW).0, 9047);
}
