//! Tests of backups that sys starts, and of several simultaneous initiators.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{ChildRows, TenantStatus};
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::value::End;

use crate::bench::Bench;
use crate::upgrades::events;

const SYS: u64 = 1;
const ORDERS: u64 = 1002;
const BACKUP: &str = "ALTER SYSTEM BACKUP TENANT = orders DESCRIPTION = 'key-1'";

#[test]
fn at_once_means_that_the_child_is_there_with_the_answer() {
    let bench = Bench::of(Scenario::new("4.3.5.2").child_rows(ChildRows::AtOnce));
    assert_eq!(bench.sys(BACKUP), 0);
    let facts = "JOB_ID, BACKUP_SET_ID, INITIATOR_TENANT_ID, INITIATOR_JOB_ID, JOB_LEVEL, \
                 EXECUTOR_TENANT_ID, DESCRIPTION";
    assert_eq!(bench.jobs(SYS, facts), ["1|0|1|1|CLUSTER|1002|key-1"]);
    assert_eq!(
        bench.jobs(ORDERS, facts),
        ["1|1|1|1|USER_TENANT|1002|key-1"]
    );
}

#[test]
fn the_child_follows_the_row_of_sys_with_its_description() {
    let bench = Bench::new();
    assert_eq!(bench.sys(BACKUP), 0);
    assert_eq!(bench.jobs(ORDERS, "DESCRIPTION"), Vec::<String>::new());
    bench.pass(5);
    assert_eq!(
        bench.jobs(ORDERS, "DESCRIPTION, INITIATOR_JOB_ID"),
        ["key-1|1"]
    );
}

#[test]
fn a_list_is_refused_with_what_its_first_failing_tenant_lacks() {
    let bench = Bench::new();
    bench.sys("ALTER SYSTEM NOARCHIVELOG TENANT = billing");
    bench.inject(Fault::Status {
        tenant: "blank".to_owned(),
        status: TenantStatus::Creating,
    });
    let because = |list: &str| {
        let (code, text) = bench.refused(&format!("ALTER SYSTEM BACKUP TENANT = {list}"));
        assert_eq!(code, 9040);
        text.replace("backup can not start, because ", "")
    };
    assert_eq!(
        because("orders, billing, blank"),
        "log archive status is not doing."
    );
    assert_eq!(
        because("orders, blank, billing"),
        "tenant status is not normal."
    );
    bench.pass(60);
    assert_eq!(bench.jobs(SYS, "JOB_ID"), Vec::<String>::new());
}

#[test]
fn sys_looks_at_status_then_archiving_then_jobs_then_the_destination() {
    let bench = Bench::new();
    bench.sys(BACKUP);
    bench.pass(5);
    bench.simulator.world_mut(|world| {
        world.tenant_mut("orders").unwrap().data_dest = None;
    });
    assert_eq!(bench.sys(BACKUP), 9036);
    bench.inject(Fault::InterruptArchive {
        tenant: "orders".to_owned(),
        comment: None,
    });
    let because = || {
        bench
            .refused(BACKUP)
            .1
            .replace("backup can not start, because ", "")
    };
    assert_eq!(because(), "log archive status is not doing.");
    bench.inject(Fault::Status {
        tenant: "orders".to_owned(),
        status: TenantStatus::Creating,
    });
    assert_eq!(because(), "tenant status is not normal.");
}

#[test]
fn a_tenant_looks_at_its_destination_then_status_then_jobs_then_archiving() {
    let bench = Bench::new();
    let own = "ALTER SYSTEM BACKUP DATABASE";
    let because = || match bench.ask("root@orders", own).end {
        End::Error(error) => error.message.replace("backup can not start, because ", ""),
        other => panic!("{other:?}"),
    };
    bench.own("orders", own);
    bench.inject(Fault::InterruptArchive {
        tenant: "orders".to_owned(),
        comment: None,
    });
    assert_eq!(because(), "Backup is in progress");
    bench.inject(Fault::Status {
        tenant: "orders".to_owned(),
        status: TenantStatus::Creating,
    });
    assert_eq!(because(), "tenant status is not normal.");
    bench.simulator.world_mut(|world| {
        world.tenant_mut("orders").unwrap().data_dest = None;
    });
    assert_eq!(because(), "backup can not start");
}

#[test]
fn a_second_statement_before_the_child_is_there_is_accepted_and_makes_nothing() {
    let bench = Bench::new();
    assert_eq!([bench.sys(BACKUP), bench.sys(BACKUP)], [0, 0]);
    bench.pass(600);
    assert_eq!(bench.jobs(SYS, "STATUS, RESULT"), ["COMPLETED|0"; 2]);
    assert_eq!(
        bench.jobs(ORDERS, "INITIATOR_JOB_ID, STATUS"),
        ["1|COMPLETED"]
    );
    let skipped = "backup_data/handle_user_tenant_backup_failed user_tenant_id=1002 ret=-9036";
    assert!(events(&bench).iter().any(|event| event == skipped));
}

#[test]
fn a_tenant_that_lost_its_archive_before_its_job_is_left_out() {
    let bench = Bench::new();
    bench.sys("ALTER SYSTEM BACKUP TENANT = orders, billing");
    bench.inject(Fault::InterruptArchive {
        tenant: "billing".to_owned(),
        comment: None,
    });
    bench.pass(600);
    assert_eq!(bench.jobs(SYS, "STATUS, RESULT"), ["COMPLETED|0"]);
    assert_eq!(bench.jobs(ORDERS, "STATUS"), ["COMPLETED"]);
    assert_eq!(bench.jobs(1004, "STATUS"), Vec::<String>::new());
}

#[test]
fn three_running_jobs_of_sys_are_not_canceled_by_one_statement() {
    let bench = Bench::new();
    for _ in 0..3 {
        assert_eq!(bench.sys(BACKUP), 0);
    }
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL BACKUP"), 4016);
}

#[test]
fn a_cancel_before_the_child_is_there_hits_nothing() {
    let bench = Bench::new();
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
        seen.get(..2).unwrap(),
        ["1|INIT", "1|DOING,1002|INIT,1004|INIT"].map(str::to_owned)
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
    assert_eq!(
        bench.jobs(SYS, "STATUS, RESULT, COMMENT"),
        ["FAILED|-4072|"]
    );
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
fn a_tenant_and_sys_may_each_back_it_up_at_the_same_time() {
    let bench = Bench::new();
    assert_eq!(bench.own("orders", "ALTER SYSTEM BACKUP DATABASE"), 0);
    bench.pass(10);
    assert_eq!(bench.sys(BACKUP), 0);
    bench.pass(600);
    let mut ended = bench.jobs(ORDERS, "INITIATOR_TENANT_ID, STATUS, RESULT");
    ended.sort();
    assert_eq!(ended, ["1002|COMPLETED|0", "1|COMPLETED|0"]);
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

#[test]
fn in_4_1_a_list_waits_for_the_tenant_that_cannot_start() {
    let bench = Bench::of(Scenario::new("4.1.0.0"));
    bench.sys("ALTER SYSTEM BACKUP TENANT = orders, billing");
    bench.inject(Fault::Status {
        tenant: "billing".to_owned(),
        status: TenantStatus::Creating,
    });
    bench.pass(3600);
    assert_eq!(bench.jobs(SYS, "STATUS"), ["INIT"]);
    assert_eq!(bench.jobs(ORDERS, "STATUS"), ["COMPLETED"]);
    bench.inject(Fault::Status {
        tenant: "billing".to_owned(),
        status: TenantStatus::Normal,
    });
    bench.pass(600);
    assert_eq!(bench.jobs(SYS, "STATUS"), ["COMPLETED"]);
    // Finished work is not repeated.
    assert_eq!(bench.jobs(ORDERS, "STATUS"), ["COMPLETED"]);
    assert_eq!(bench.jobs(1004, "STATUS"), ["COMPLETED"]);
}

#[test]
fn in_4_1_a_second_job_of_sys_begins_when_the_first_one_s_is_over() {
    let bench = Bench::of(Scenario::new("4.1.0.0"));
    assert_eq!([bench.sys(BACKUP), bench.sys(BACKUP)], [0, 0]);
    bench.pass(10);
    assert_eq!(bench.jobs(SYS, "STATUS"), ["DOING", "INIT"]);
    bench.pass(600);
    assert_eq!(
        bench.jobs(ORDERS, "INITIATOR_JOB_ID, STATUS"),
        ["1|COMPLETED", "2|COMPLETED"]
    );
}

#[test]
fn the_child_that_fails_first_gives_sys_its_result() {
    let bench = Bench::new();
    bench.sys("ALTER SYSTEM BACKUP TENANT = orders, billing");
    bench.pass(16);
    // The second tenant of the list, earlier in time, and both between two checks of sys.
    for (tenant, code) in [("billing", -9086), ("orders", -9140)] {
        bench.inject(Fault::FailBackup {
            tenant: tenant.to_owned(),
            code,
            comment: None,
        });
        bench.pass(1);
    }
    bench.pass(60);
    assert_eq!(bench.jobs(SYS, "STATUS, RESULT"), ["FAILED|-9086"]);
    assert_eq!(bench.jobs(ORDERS, "RESULT"), ["-9140"]);
}

#[test]
fn a_tenant_that_is_dropped_keeps_no_job_of_sys_from_its_end() {
    let bench = Bench::new();
    bench.sys("ALTER SYSTEM BACKUP TENANT = orders, billing");
    bench.pass(15);
    bench.inject(Fault::Drop {
        tenant: "billing".to_owned(),
    });
    bench.pass(600);
    assert_eq!(bench.jobs(SYS, "STATUS, RESULT"), ["COMPLETED|0"]);
}
