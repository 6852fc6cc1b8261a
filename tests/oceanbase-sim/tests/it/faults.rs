//! Tests of faults, and of their log entries.

use std::time::Duration;

use oceanbase_sim::fault::{Fault, Moment, NodeState, Trigger};
use oceanbase_sim::log::Ending;
use oceanbase_sim::model::TenantStatus;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::statement::Kind;
use oceanbase_sim::value::{Backend, End, Outcome};

use crate::bench::{Bench, code};

const BACKUP: &str = "ALTER SYSTEM BACKUP TENANT = orders";

fn hang_up(bench: &Bench, when: Moment) {
    bench.inject(Fault::HangUp {
        on: Trigger::next(Kind::Backup).about("orders"),
        when,
    });
}

#[test]
fn a_connection_lost_before_leaves_no_job() {
    let bench = Bench::new();
    hang_up(&bench, Moment::BeforeExecuting);
    assert_eq!(bench.ask("root@sys", BACKUP).end, End::HangUp);
    assert_eq!(bench.jobs(1002, "JOB_ID"), Vec::<String>::new());
    assert_eq!(
        bench
            .simulator
            .log(|log| log.effects(Kind::Backup, "orders")),
        0
    );
}

#[test]
fn a_connection_lost_after_leaves_a_job() {
    let bench = Bench::new();
    hang_up(&bench, Moment::AfterCommit);
    assert_eq!(bench.ask("root@sys", BACKUP).end, End::HangUp);
    assert_eq!(bench.jobs(1, "JOB_ID"), ["1"]);
    assert_eq!(
        bench
            .simulator
            .log(|log| log.effects(Kind::Backup, "orders")),
        1
    );
}

#[test]
fn a_statement_that_takes_too_long_was_run_all_the_same() {
    let bench = Bench::new();
    let delay = Duration::from_mins(1);
    bench.inject(Fault::Slow {
        on: Trigger::next(Kind::Backup),
        delay,
    });
    let reply = bench.ask("root@sys", BACKUP);
    assert_eq!(
        (code(&reply.end), reply.delay),
        (4012, Duration::from_secs(10))
    );
    assert_eq!(bench.jobs(1, "JOB_ID"), ["1"]);
}

#[test]
fn a_longer_query_timeout_waits_for_a_slow_statement() {
    let bench = Bench::new();
    let delay = Duration::from_mins(1);
    bench.inject(Fault::Slow {
        on: Trigger::next(Kind::Backup),
        delay,
    });
    let text = format!("SET ob_query_timeout = 600000000; {BACKUP}");
    let reply = bench.ask("root@sys", &text);
    assert_eq!((code(&reply.end), reply.delay), (0, delay));
}

#[test]
fn a_refused_statement_is_not_run() {
    let bench = Bench::new();
    let on = Trigger::next(Kind::Backup);
    bench.inject(Fault::Refuse {
        on,
        code: 4023,
        message: "Try again".to_owned(),
    });
    assert_eq!([bench.sys(BACKUP), bench.sys(BACKUP)], [4023, 0]);
}

#[test]
fn statements_after_the_first_error_are_not_run() {
    let bench = Bench::new();
    let reply = bench.ask("root@sys", "SELECT 1; ALTER SYSTEM BAKCUP X; SELECT 2");
    assert_eq!((reply.outcomes.len(), code(&reply.end)), (1, 1064));
}

#[test]
fn a_silent_node_says_nothing_for_longer_than_anybody_waits() {
    let bench = Bench::new();
    let mut session = bench.session("root@sys");
    bench.inject(Fault::Node {
        is: NodeState::Silent,
    });
    let reply = session.execute("SELECT 1");
    assert!(reply.end == End::HangUp && reply.delay > Duration::from_hours(1));
    bench.inject(Fault::Node {
        is: NodeState::Serving,
    });
    assert_eq!(session.execute("SELECT 1").end, End::Complete);
}

#[test]
fn sessions_of_a_dropped_tenant_break() {
    let bench = Bench::new();
    let mut session = bench.session("root@orders");
    bench.inject(Fault::Drop {
        tenant: "orders".to_owned(),
    });
    assert_eq!(session.execute("SELECT 1").end, End::HangUp);
    assert_eq!(
        bench
            .simulator
            .connect("root@orders", "")
            .err()
            .unwrap()
            .code,
        1045
    );
}

#[test]
fn a_tenant_created_anew_is_another_one() {
    let bench = Bench::new();
    bench.own("orders", "ALTER SYSTEM BACKUP DATABASE");
    bench.inject(Fault::Recreate {
        tenant: "orders".to_owned(),
    });
    let id = "SELECT TENANT_ID, LOG_MODE FROM oceanbase.DBA_OB_TENANTS \
              WHERE TENANT_NAME = 'orders'";
    assert_eq!(bench.rows(id), ["1008|NOARCHIVELOG"]);
    let set = "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///ob-backup/orders/data'";
    assert_eq!(bench.own("orders", set), 9081);
    assert_eq!(bench.jobs(1002, "JOB_ID"), Vec::<String>::new());
}

#[test]
fn a_tenant_that_is_created_has_what_it_is_created_with() {
    let bench = Bench::new();
    let mut wages = TenantSpec::new("wages");
    wages.data_dest = Some("file:///elsewhere/wages/data".to_owned());
    bench.inject(Fault::Create(Box::new(wages)));
    let dest = bench.simulator.world(|world| {
        let tenant = world.tenant("wages").unwrap();
        tenant.data_dest.as_ref().map(|dest| dest.uri.path())
    });
    assert_eq!(dest.as_deref(), Some("file:///elsewhere/wages/data"));
}

#[test]
fn a_locked_tenant_can_be_backed_up_from_sys_only() {
    let bench = Bench::new();
    bench.inject(Fault::Lock {
        tenant: "orders".to_owned(),
        locked: true,
    });
    assert!(bench.simulator.connect("root@orders", "").is_err());
    assert_eq!(bench.sys(BACKUP), 0);
}

#[test]
fn a_tenant_that_is_not_normal_is_neither_archived_nor_backed_up() {
    let bench = Bench::new();
    for tenant in ["orders", "blank"] {
        let status = TenantStatus::Restore;
        bench.inject(Fault::Status {
            tenant: tenant.to_owned(),
            status,
        });
    }
    assert_eq!(bench.own("blank", "ALTER SYSTEM ARCHIVELOG"), 9023);
    let reply = bench.ask("root@sys", BACKUP);
    let End::Error(error) = reply.end else {
        panic!("not refused")
    };
    assert_eq!(
        error.message,
        "backup can not start, because tenant status is not normal."
    );
}

#[test]
fn snapshots_of_a_tenant_keep_its_archiving_from_being_opened() {
    let bench = Bench::new();
    let held = |held| Fault::Snapshots {
        tenant: "blank".to_owned(),
        held,
    };
    bench.inject(held(true));
    assert_eq!(bench.own("blank", "ALTER SYSTEM ARCHIVELOG"), 4179);
    // Sys receives no error, as for all errors in a tenant.
    assert_eq!(bench.sys("ALTER SYSTEM ARCHIVELOG TENANT = blank"), 0);
    let mode = "SELECT LOG_MODE FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'blank'";
    assert_eq!(bench.rows(mode), ["NOARCHIVELOG"]);
    bench.inject(held(false));
    assert_eq!(bench.own("blank", "ALTER SYSTEM ARCHIVELOG"), 0);
}

#[test]
fn a_clock_can_jump_both_ways() {
    let bench = Bench::new();
    let before = bench.simulator.now();
    bench.inject(Fault::TimeJump { seconds: 3600 });
    assert_eq!(bench.simulator.now().since(before), Duration::from_hours(1));
    bench.inject(Fault::TimeJump { seconds: -7200 });
    assert_eq!(before.since(bench.simulator.now()), Duration::from_hours(1));
    assert_eq!(bench.sys(BACKUP), 0);
}

#[test]
fn a_changed_password_locks_new_sessions_out() {
    let bench = Bench::new();
    bench.inject(Fault::Password {
        tenant: "sys".to_owned(),
        user: "root".to_owned(),
        password: "new".to_owned(),
    });
    let error = bench.simulator.connect("root@sys", "old").err().unwrap();
    assert_eq!(
        error.message,
        "Access denied for user 'root'@'xxx.xxx.xxx.xxx' (using password: YES)"
    );
    assert!(bench.simulator.connect("root@sys", "new").is_ok());
}

#[test]
fn a_right_can_be_taken_from_a_running_session() {
    let bench = Bench::new();
    let mut session = bench.session("root@sys");
    bench.inject(Fault::AlterSystem {
        tenant: "sys".to_owned(),
        user: "root".to_owned(),
        granted: false,
    });
    assert_eq!(code(&session.execute(BACKUP).end), 1227);
}

#[test]
fn only_root_of_sys_may_simulate() {
    let bench = Bench::new();
    assert_eq!(bench.own("orders", "SIMULATE 'killConnections'"), 1227);
    assert_eq!(bench.sys("SIMULATE 'hold: {tenant: orders, at: doing}'"), 0);
    assert_eq!(
        bench.sys("SIMULATE 'hold: {tenant: nobody, at: doing}'"),
        1210
    );
}

#[test]
fn the_log_knows_who_said_what_and_hides_keys_when_shown() {
    let bench = Bench::new();
    let uri = "s3://b/d?host=h&access_id=i&access_key=hush";
    bench.own(
        "blank",
        &format!("ALTER SYSTEM SET DATA_BACKUP_DEST = '{uri}'"),
    );
    let entry = bench
        .simulator
        .log(|log| log.changing().last().cloned())
        .unwrap();
    assert_eq!(
        (entry.user.as_str(), entry.tenant.as_str()),
        ("root", "blank")
    );
    assert_eq!(
        (entry.kind, entry.ending.clone()),
        (Kind::SetDataBackupDest, Ending::Done)
    );
    assert!(entry.text.contains("hush") && !entry.to_string().contains("hush"));
}

#[test]
fn behind_a_proxy_the_cluster_is_part_of_the_name() {
    let mut scenario = Scenario::new("4.3.5.2");
    scenario.behind_proxy = true;
    let proxied = Bench::of(scenario);
    assert!(proxied.simulator.connect("root@sys#obcluster", "").is_ok());
    assert!(proxied.simulator.connect("root@sys#other", "").is_err());
    assert!(
        Bench::new()
            .simulator
            .connect("root@sys#obcluster", "")
            .is_err()
    );
}

#[test]
fn a_thousand_tenants_are_read_in_a_moment() {
    let mut scenario = Scenario::new("4.3.5.2");
    for number in 0..1000 {
        let name = format!("t{number}");
        scenario = scenario.with(TenantSpec::new(&name).ready(Duration::from_hours(24)));
    }
    let bench = Bench::of(scenario);
    let mut session = bench.session("root@sys");
    let started = std::time::Instant::now();
    for _ in 0..5 {
        bench.pass(2);
        for view in [
            "ARCHIVELOG",
            "ARCHIVELOG_PIECE_FILES",
            "BACKUP_JOBS",
            "BACKUP_SET_FILES",
        ] {
            let reply = session.execute(&format!("SELECT * FROM oceanbase.CDB_OB_{view}"));
            assert!(
                matches!(reply.outcomes[..], [Outcome::Rows(_)]),
                "{:?}",
                reply.end
            );
        }
    }
    // Five polls that stand for ten seconds; unoptimised, on a busy machine.
    assert!(
        started.elapsed() < Duration::from_mins(1),
        "{:?}",
        started.elapsed()
    );
    eprintln!("five polls of 1,002 tenants: {:?}", started.elapsed());
}
