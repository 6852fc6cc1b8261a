//! Backups that sys starts, both ways, and several initiators at once.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::ChildRows;
use oceanbase_sim::scenario::Scenario;

use crate::bench::Bench;

const SYS: u64 = 1;
const ORDERS: u64 = 1002;
const BACKUP: &str = "ALTER SYSTEM BACKUP TENANT = orders DESCRIPTION = 'key-1'";

fn later() -> Bench {
    Bench::of(Scenario::new("4.3.5.2").child_rows(ChildRows::Later))
}

#[test]
fn at_once_means_that_the_child_is_there_with_the_answer() {
    let bench = Bench::new();
    assert_eq!(bench.sys(BACKUP), 0);
    let facts = "JOB_ID, BACKUP_SET_ID, INITIATOR_TENANT_ID, INITIATOR_JOB_ID, JOB_LEVEL, \
                 EXECUTOR_TENANT_ID, DESCRIPTION";
    assert_eq!(bench.jobs(SYS, facts), ["1|0|1|1|SYS_TENANT|1002|key-1"]);
    assert_eq!(
        bench.jobs(ORDERS, facts),
        ["1|1|1|1|USER_TENANT|1002|key-1"]
    );
}

#[test]
fn at_once_means_that_refusals_are_answers() {
    let bench = Bench::new();
    assert_eq!(bench.sys("ALTER SYSTEM BACKUP TENANT = blank"), 9040);
    assert_eq!([bench.sys(BACKUP), bench.sys(BACKUP)], [0, 9036]);
}

#[test]
fn later_means_that_the_child_follows_with_the_description() {
    let bench = later();
    assert_eq!(bench.sys(BACKUP), 0);
    assert_eq!(bench.jobs(ORDERS, "DESCRIPTION"), Vec::<String>::new());
    bench.pass(15);
    assert_eq!(
        bench.jobs(ORDERS, "DESCRIPTION, INITIATOR_JOB_ID"),
        ["key-1|1"]
    );
}

#[test]
fn later_means_that_a_parent_may_complete_without_a_child() {
    let bench = later();
    assert_eq!(bench.sys("ALTER SYSTEM BACKUP TENANT = blank"), 0);
    bench.pass(60);
    assert_eq!(bench.jobs(SYS, "STATUS, RESULT"), ["COMPLETED|0"]);
    assert_eq!(bench.jobs(1006, "STATUS"), Vec::<String>::new());
}

#[test]
fn a_cancel_before_the_child_is_there_hits_nothing() {
    let bench = later();
    bench.sys(BACKUP);
    bench.sys("ALTER SYSTEM CANCEL BACKUP TENANT = orders");
    bench.pass(600);
    assert_eq!(bench.jobs(ORDERS, "STATUS"), ["COMPLETED"]);
}

#[test]
fn a_parent_ends_after_its_children() {
    let bench = Bench::new();
    bench.sys("ALTER SYSTEM BACKUP DATABASE");
    let status = "SELECT TENANT_ID, STATUS FROM oceanbase.CDB_OB_BACKUP_JOBS ORDER BY TENANT_ID";
    let seen = bench.watch(status, 300);
    assert_eq!(
        seen.first().map(String::as_str),
        Some("1|INIT,1002|INIT,1004|INIT")
    );
    assert!(seen.contains(&"1|COMPLETED".to_owned()), "{seen:?}");
    assert_eq!(
        bench.jobs(SYS, "EXECUTOR_TENANT_ID, JOB_LEVEL"),
        ["1002,1004|CLUSTER"]
    );
}

#[test]
fn a_parent_fails_with_the_first_result_of_a_child() {
    let bench = Bench::new();
    bench.sys("ALTER SYSTEM BACKUP TENANT = orders, billing");
    bench.pass(10);
    bench.sys("ALTER SYSTEM CANCEL BACKUP TENANT = billing");
    bench.pass(600);
    assert_eq!(bench.jobs(SYS, "STATUS, RESULT"), ["FAILED|-4072"]);
    assert_eq!(bench.jobs(ORDERS, "STATUS"), ["COMPLETED"]);
}

#[test]
fn a_cancel_without_a_list_cancels_the_parent_too() {
    let bench = Bench::new();
    bench.sys("ALTER SYSTEM BACKUP DATABASE");
    bench.pass(10);
    bench.sys("ALTER SYSTEM CANCEL BACKUP");
    bench.pass(600);
    assert_eq!(bench.jobs(SYS, "STATUS, RESULT"), ["CANCELED|-4072"]);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["CANCELED|-4072"]);
}

#[test]
fn a_second_initiator_is_told_only_in_its_row() {
    let bench = Bench::new();
    assert_eq!(bench.own("orders", "ALTER SYSTEM BACKUP DATABASE"), 0);
    bench.pass(10);
    assert_eq!(bench.sys(BACKUP), 0);
    bench.pass(600);
    let mut ended = bench.jobs(ORDERS, "INITIATOR_TENANT_ID, STATUS, RESULT");
    ended.sort();
    assert_eq!(ended, ["1002|COMPLETED|0", "1|FAILED|-9036"]);
}

#[test]
fn no_tenant_that_can_is_a_refusal_of_the_whole() {
    let bench = Bench::new();
    bench.sys("ALTER SYSTEM NOARCHIVELOG");
    assert_eq!(bench.sys("ALTER SYSTEM BACKUP DATABASE"), 9040);
}

#[test]
fn a_console_starts_a_backup_without_our_key() {
    let bench = Bench::new();
    bench.inject(Fault::ForeignBackup {
        tenant: "orders".to_owned(),
        description: String::new(),
        incremental: false,
        from_sys: false,
    });
    assert_eq!(bench.jobs(ORDERS, "STATUS, DESCRIPTION"), ["INIT|"]);
    assert_eq!(
        bench.simulator.log(oceanbase_sim::log::StatementLog::total),
        2
    );
}
