//! Restores that are refused.

use std::time::Duration;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Health;
use oceanbase_sim::scenario::{Scenario, TenantSpec};

use crate::bench::{Bench, DAY};
use crate::restores::{FROM, orders, restore, shop, with_pool};

fn ago(bench: &Bench, hours: u64) -> String {
    let scn = bench.simulator.now().minus(Duration::from_hours(hours));
    restore(&format!("UNTIL SCN = {scn}"))
}

#[test]
fn only_sys_restores() {
    assert_eq!(shop().own("orders", &restore("")), 1227);
    let decryption = "SET DECRYPTION IDENTIFIED BY 'pw'";
    assert_eq!(shop().own("orders", decryption), 1235);
}

#[test]
fn pools_are_there_and_free() {
    let bench = shop();
    let with = |options: &str| {
        bench.refused(&format!(
            "ALTER SYSTEM RESTORE copy FROM '{FROM}' WITH '{options}'"
        ))
    };
    assert_eq!(with("locality=F@zone1").0, 4647);
    assert_eq!(
        with("pool_list=nowhere"),
        (4650, "resource pool 'nowhere' not exist".to_owned())
    );
    assert_eq!(
        with("pool_list=pool_orders"),
        (
            4626,
            "resource pool 'pool_orders' has already been granted to a tenant".to_owned()
        )
    );
    assert_eq!(with("pool_list=p&concurrency=many").0, 1210);
}

#[test]
fn the_name_is_free() {
    let bench = shop();
    let orders = restore("").replace("RESTORE copy", "RESTORE orders");
    assert_eq!(
        bench.refused(&orders),
        (
            4179,
            "restore tenant with existed tenant name is not allowed".to_owned()
        )
    );
    bench.sys(&restore(""));
    assert_eq!(bench.sys(&restore("")), 9014);
    bench.pass(60);
    assert_eq!(bench.sys(&restore("")), 9014);
}

#[test]
fn an_instant_before_every_set_names_the_earliest() {
    let bench = shop();
    let (code, text) = bench.refused(&ago(&bench, 30));
    assert_eq!(code, 9119);
    // The backup of a day ago took ten minutes.
    assert!(
        text.ends_with("minimum restorable time is 2026-11-19 02:10:00.000000"),
        "{text}"
    );
}

#[test]
fn an_instant_behind_the_log_names_its_end() {
    let bench = shop();
    let scn = bench.simulator.now().plus(Duration::from_hours(1));
    let (code, text) = bench.refused(&restore(&format!("UNTIL SCN = {scn}")));
    assert_eq!(code, 9119);
    assert!(
        text.contains("no enough log, maximum restorable time is"),
        "{text}"
    );
}

#[test]
fn an_instant_in_a_hole_between_rounds_is_refused() {
    let scenario = Scenario::parse(include_str!("../../scenarios/demo.yaml")).unwrap();
    let bench = Bench::just(&Scenario {
        sys_password: String::new(),
        ..scenario
    });
    bench.sys(crate::restores::POOL);
    // The demo has a tenant of the usual name already.
    let text = ago(&bench, 9 * 24 - 10).replace("RESTORE copy", "RESTORE other");
    assert_eq!(bench.sys(&text), 9077);
}

#[test]
fn older_releases_say_less() {
    let bench = with_pool(&Scenario::new("4.1.0.0").with(orders()));
    assert_eq!(
        bench.refused(&ago(&bench, 30)),
        (
            4018,
            "no backup set path or log piece can be used to restore".to_owned()
        )
    );
}

#[test]
fn an_scn_is_a_positive_number() {
    assert_eq!(
        shop().refused(&restore("UNTIL SCN = 0")),
        (
            1210,
            "Incorrect arguments to until scn, it should be positive integer".to_owned()
        )
    );
}

#[test]
fn log_that_does_not_reach_back_to_the_set_is_no_use() {
    let mut tenant = orders();
    tenant.backups[0].ago = Duration::from_hours(30);
    tenant.archive.as_mut().unwrap().deleted_before = Some(DAY / 2);
    let bench = with_pool(&Scenario::new("4.3.5.2").with(tenant));
    // The piece of the day before yesterday is deleted, the one that begins yesterday is not.
    let (code, _) = bench.refused(&ago(&bench, 1));
    assert_eq!(code, 9064);
}

#[test]
fn places_where_nothing_lies_or_that_are_none_are_refused() {
    let bench = shop();
    let from = |from: &str| {
        bench.sys(&format!(
            "ALTER SYSTEM RESTORE copy FROM '{from}' WITH 'pool_list=p'"
        ))
    };
    let data = "file:///ob-backup/orders/data";
    assert_eq!(from("file:///nowhere"), 4018);
    assert_eq!(from("here"), 9026);
    assert_eq!(from("file:///ob-backup/orders/log"), 4018);
    assert_eq!(from(data), 4018);
    bench.inject(Fault::Path {
        path: data.to_owned(),
        health: Health::PermissionDenied,
    });
    assert_eq!(from(FROM), 9071);
}

#[test]
fn wrong_keys_open_no_store() {
    let keys = "host=h&access_id=i&access_key=k";
    let mut tenant = orders();
    tenant.data_dest = Some(format!("oss://b/data?{keys}"));
    tenant.archive.as_mut().unwrap().dest = format!("LOCATION=oss://b/log?{keys}");
    let bench = with_pool(&Scenario::new("4.3.5.2").with(tenant));
    let wrong = "host=h&access_id=i&access_key=other";
    let from = format!("oss://b/data?{wrong},oss://b/log?{keys}");
    let text = format!("ALTER SYSTEM RESTORE copy FROM '{from}' WITH 'pool_list=p'");
    assert_eq!(bench.sys(&text), 9116);
}

#[test]
fn backups_of_two_tenants_do_not_make_one() {
    let scenario = Scenario::new("4.3.5.2").with(orders());
    let bench = with_pool(&scenario.with(TenantSpec::new("billing").ready(DAY)));
    let from = "file:///ob-backup/orders/data,file:///ob-backup/billing/log";
    let text = format!("ALTER SYSTEM RESTORE copy FROM '{from}' WITH 'pool_list=p'");
    assert_eq!(bench.sys(&text), 4179);
}

#[test]
fn versions_go_forward_and_not_from_the_first_release() {
    let answer = |(from, to): (&str, &str)| {
        let mut here = Scenario::new(to);
        here.elsewhere.push(Scenario::new(from).with(orders()));
        let bench = with_pool(&here);
        bench.sys(&restore(""))
    };
    let refused = [
        ("4.3.5.2", "4.2.5.1"),
        ("4.0.0.0", "4.1.0.0"),
        ("4.2.5.1", "4.3.1.0"),
    ];
    assert_eq!(refused.map(answer), [4179, 4179, 1210]);
    // These are accepted; the default timeout is shorter than the wait.
    let taken = [("4.1.0.0", "4.2.1.0"), ("4.2.5.1", "4.3.5.2")];
    assert_eq!(taken.map(answer), [4012, 4012]);
}
