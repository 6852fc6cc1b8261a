//! Tests of refused restores.

use std::time::Duration;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Health;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::value::End;

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
fn pools_are_there() {
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
        with("pool_list=p&concurrency=many"),
        (
            1210,
            "Incorrect arguments to restore concurrency".to_owned()
        )
    );
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
    // The tenant does not exist yet, and the job does.
    assert_eq!(bench.sys(&restore("")), 9014);
    bench.pass(60);
    assert_eq!(bench.sys(&restore("")), 4179);
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
    // The piece of the day before yesterday is deleted, the piece that begins yesterday is not.
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
    let taken = [("4.1.0.0", "4.2.1.0"), ("4.2.5.1", "4.3.5.2")];
    assert_eq!(taken.map(answer), [0, 0]);
}

#[test]
fn the_storage_is_read_before_the_name_and_the_name_looked_at_before_the_pools() {
    let bench = shop();
    let restore = |name: &str, from: &str, pool: &str| {
        bench.sys(&format!(
            "ALTER SYSTEM RESTORE {name} FROM '{from}' WITH 'pool_list={pool}'"
        ))
    };
    assert_eq!(restore("orders", "file:///nowhere", "nowhere"), 4018);
    assert_eq!(restore("orders", FROM, "nowhere"), 4179);
    assert_eq!(restore("copy", FROM, "nowhere"), 4650);
}

/// A restore that fails without a tenant has only the row of sys.
const HISTORY: &str = "SELECT STATUS, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY";

/// Returns the answer to a RESTORE into these pools, and the row of the job in history.
fn failed_on(version: &str, pools: &str) -> ((u16, String), String) {
    let bench = with_pool(&Scenario::new(version).with(orders()));
    let second = "CREATE RESOURCE POOL q UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')";
    assert_eq!(bench.sys(second), 0);
    let text = format!("ALTER SYSTEM RESTORE copy FROM '{FROM}' WITH 'pool_list={pools}'");
    let answer = match bench.ask("root@sys", &text).end {
        End::Error(error) => (error.code, error.message),
        _ => (0, String::new()),
    };
    bench.pass(60);
    (answer, bench.rows(HISTORY).join(","))
}

#[test]
fn a_used_pool_fails_the_job_and_each_release_answers_in_its_way() {
    let comment = "(ROOTSERVICE)addr: 127.0.0.1:2882, result: -4626(resource pool has already \
                   been granted to a tenant), trace_id: YB42-000000-0-0";
    let reported = (9099, format!("`copy` restore failed, `{comment}`"));
    for (version, answer) in [
        ("4.0.0.0", (0, String::new())),
        ("4.1.0.0", (5, "Unknown error".to_owned())),
        ("4.2.1.2", (5, "Unknown error".to_owned())),
        ("4.2.1.3", reported.clone()),
        ("4.2.2.0", reported.clone()),
        ("4.3.0.0", reported),
    ] {
        let history = format!("FAIL|{comment}");
        assert_eq!(
            failed_on(version, "pool_orders"),
            (answer, history),
            "{version}"
        );
    }
}

#[test]
fn pools_on_the_same_servers_fail_the_job() {
    let ((code, text), _) = failed_on("4.3.5.2", "p,q");
    assert_eq!(code, 9099);
    assert!(text.contains("result: -4657("), "{text}");
}

#[test]
fn a_restore_that_waits_for_ten_minutes_gives_up_and_its_job_goes_on() {
    for (version, answer) in [("4.0.0.0", 0), ("4.1.0.0", 4012), ("4.3.5.2", 4012)] {
        let bench = with_pool(&Scenario::new(version).with(orders()));
        bench.sys("SIMULATE 'holdRestore: {tenant: copy, at: createTenant}'");
        let reply = bench.ask("root@sys", &restore(""));
        assert_eq!(crate::bench::code(&reply.end), answer, "{version}");
        let waited = if answer == 0 { 0 } else { 600 };
        assert_eq!(reply.delay, Duration::from_secs(waited), "{version}");
        let jobs = "SELECT COUNT(*) FROM oceanbase.CDB_OB_RESTORE_PROGRESS";
        assert_eq!(bench.rows(jobs), ["1"]);
    }
}

#[test]
fn from_and_restore_sources_exclude_each_other_in_the_words_of_each_release() {
    for (version, first) in [
        ("4.2.1.6", "should not have"),
        ("4.2.1.7", "have"),
        ("4.2.2.0", "should not have"),
        ("4.2.3.0", "have"),
        ("4.3.1.0", "should not have"),
        ("4.3.2.0", "have"),
    ] {
        let bench = with_pool(&Scenario::new(version).with(orders()));
        let add = "ALTER SYSTEM ADD RESTORE SOURCE 'file:///ob-backup/orders/data'";
        let text = format!("{add}; {}", restore(""));
        let End::Error(error) = bench.ask("root@sys", &text).end else {
            panic!("{version}: not refused");
        };
        let words = "backup_dest and restore_source at the same time not supported";
        assert_eq!(
            (error.code, error.message),
            (1235, format!("{first} {words}")),
            "{version}"
        );
    }
}

#[test]
fn in_4_0_a_time_is_that_of_the_server() {
    let mut scenario = Scenario::new("4.0.0.0").with(orders());
    scenario.system_time_zone = "+08:00".to_owned();
    let bench = with_pool(&scenario);
    // The clock shows eight in the morning there.
    let scn = "SELECT RESTORE_SCN FROM oceanbase.CDB_OB_RESTORE_PROGRESS";
    assert_eq!(bench.sys(&restore("UNTIL TIME = '2026-11-20 00:00:00'")), 0);
    let expected = jiff::civil::date(2026, 11, 19).at(16, 0, 0, 0);
    let nanos = expected.in_tz("UTC").unwrap().timestamp().as_nanosecond();
    assert_eq!(bench.rows(scn), [nanos.to_string()]);
    assert_eq!(
        bench.refused(&restore("UNTIL TIME = 'noon'").replace("copy", "other")),
        (1525, "Incorrect TIMESTAMP value: 'noon'".to_owned())
    );
}
