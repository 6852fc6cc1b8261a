//! Tests of backups, restores and the upgrade of a cluster, by release.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::scenario::Scenario;

use crate::bench::Bench;

const SYS: u64 = 1;
const ORDERS: u64 = 1002;
const FROM_SYS: &str = "ALTER SYSTEM BACKUP TENANT = orders";
const OWN: &str = "ALTER SYSTEM BACKUP DATABASE";
const INCREMENT_FROM_SYS: &str = "ALTER SYSTEM BACKUP INCREMENTAL TENANT = orders";
const OWN_INCREMENT: &str = "ALTER SYSTEM BACKUP INCREMENTAL DATABASE";

fn of(version: &str) -> Bench {
    Bench::of(Scenario::new(version))
}

fn upgrading(bench: &Bench, on: bool) {
    bench.inject(Fault::Upgrading { on });
}

fn upgrade_to(bench: &Bench, version: &str) {
    let version = version.to_owned();
    bench.inject(Fault::UpgradeTo { version });
}

/// Creates a cluster whose tenant has a full backup and was upgraded since.
fn upgraded_since_the_full(version: &str) -> Bench {
    let bench = of(version);
    bench.own("orders", OWN);
    bench.pass(600);
    let version = Some("4.9.9.9".to_owned());
    let tenant = "orders".to_owned();
    bench.inject(Fault::UpgradeTenant { tenant, version });
    bench
}

/// Returns events of the root service: the name, then `NAME=VALUE` pairs without the trace.
pub(crate) fn events(bench: &Bench) -> Vec<String> {
    let shown = |event: &oceanbase_sim::model::RootEvent| {
        let pairs = event.pairs.iter().filter(|(name, _)| *name != "trace_id");
        let pairs: Vec<_> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{}/{} {}", event.module, event.event, pairs.join(" "))
    };
    bench
        .simulator
        .world(|world| world.root_events.iter().map(shown).collect())
}

#[test]
fn upgrade_mode_is_a_parameter_that_clients_read_and_set() {
    let bench = of("4.2.5.0");
    let mode = "SELECT VALUE FROM oceanbase.GV$OB_PARAMETERS WHERE NAME = 'enable_upgrade_mode'";
    assert_eq!(bench.rows(mode), ["False"]);
    upgrading(&bench, true);
    assert_eq!(bench.rows(mode), ["True"]);
    assert_eq!(
        bench.sys("ALTER SYSTEM SET enable_upgrade_mode = 'false'"),
        0
    );
    assert_eq!(bench.rows(mode), ["False"]);
    assert_eq!(
        bench.sys("ALTER SYSTEM SET enable_upgrade_mode = 'maybe'"),
        1210
    );
}

#[test]
fn the_end_of_an_upgrade_changes_every_version_that_clients_read() {
    let bench = of("4.1.0.0");
    upgrading(&bench, true);
    upgrade_to(&bench, "4.2.5.1");
    let parameters = "SELECT VALUE FROM oceanbase.GV$OB_PARAMETERS \
                      WHERE NAME IN ('enable_upgrade_mode', 'min_observer_version') ORDER BY NAME";
    assert_eq!(bench.rows(parameters), ["False", "4.2.5.1"]);
    assert_eq!(bench.rows("SELECT OB_VERSION()"), ["4.2.5.1"]);
    let compatible = "SELECT COMPATIBLE FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_ID = 1002";
    assert_eq!(bench.rows(compatible), ["4.2.5.1"]);
}

#[test]
fn a_cluster_is_not_upgraded_to_an_older_version() {
    let bench = of("4.2.5.0");
    let version = "4.2.1.0".to_owned();
    let refused = bench.simulator.inject(Fault::UpgradeTo { version });
    assert_eq!(
        refused.unwrap_err().to_string(),
        "version 4.2.1.0 is not newer than 4.2.5.0; name a newer one"
    );
}

#[test]
fn a_tenant_s_own_backup_is_refused_in_upgrade_mode_from_4_1_on() {
    for (version, answer) in [("4.0.0.0", 0), ("4.1.0.0", 9040), ("4.3.5.2", 9040)] {
        let bench = of(version);
        upgrading(&bench, true);
        assert_eq!(bench.own("orders", OWN), answer, "{version}");
    }
}

#[test]
fn a_backup_of_sys_in_upgrade_mode_completes_without_the_tenant() {
    for version in ["4.2.0.0", "4.2.5.0", "4.3.5.2"] {
        let bench = of(version);
        upgrading(&bench, true);
        assert_eq!(bench.sys(FROM_SYS), 0);
        bench.pass(60);
        assert_eq!(
            bench.jobs(SYS, "STATUS, RESULT"),
            ["COMPLETED|0"],
            "{version}"
        );
        assert_eq!(bench.jobs(ORDERS, "JOB_ID"), [""; 0]);
        assert_eq!(
            events(&bench),
            [
                "backup_data/start_backup_data tenant_id=1 result=0",
                "backup_data/start_backup_data tenant_id=1002 result=-9040",
                "backup_data/handle_user_tenant_backup_failed user_tenant_id=1002 ret=-9040",
            ]
        );
    }
}

#[test]
fn in_4_1_a_backup_of_sys_waits_in_init_until_the_upgrade_is_over() {
    let bench = of("4.1.0.0");
    upgrading(&bench, true);
    bench.sys(FROM_SYS);
    bench.pass(86_400);
    assert_eq!(bench.jobs(SYS, "STATUS"), ["INIT"]);
    upgrading(&bench, false);
    bench.pass(600);
    assert_eq!(bench.jobs(SYS, "STATUS"), ["COMPLETED"]);
    assert_eq!(bench.jobs(ORDERS, "STATUS"), ["COMPLETED"]);
}

#[test]
fn in_4_1_a_cancel_ends_a_backup_of_sys_that_cannot_start() {
    let bench = of("4.1.0.0");
    upgrading(&bench, true);
    bench.sys(FROM_SYS);
    bench.pass(3600);
    bench.sys("ALTER SYSTEM CANCEL BACKUP");
    bench.pass(60);
    assert_eq!(bench.jobs(SYS, "STATUS, RESULT"), ["CANCELED|-4072"]);
}

#[test]
fn a_running_backup_tries_three_times_more_in_upgrade_mode() {
    let bench = of("4.2.5.0");
    bench.own("orders", OWN);
    bench.pass(10);
    upgrading(&bench, true);
    let status = "SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_JOBS WHERE TENANT_ID = 1002";
    bench.pass(19);
    assert_eq!(bench.rows(status), ["DOING"]);
    bench.pass(1);
    assert_eq!(bench.rows(status), ["FAILED"]);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["FAILED|-4109"]);
}

#[test]
fn a_running_backup_survives_an_upgrade_mode_of_some_seconds() {
    let bench = of("4.2.5.0");
    bench.own("orders", OWN);
    bench.pass(10);
    upgrading(&bench, true);
    bench.pass(12);
    upgrading(&bench, false);
    bench.pass(600);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["COMPLETED|0"]);
}

#[test]
fn a_running_backup_fails_at_once_when_a_version_changed() {
    let bench = of("4.2.5.0");
    bench.own("orders", OWN);
    bench.pass(10);
    upgrade_to(&bench, "4.3.5.1");
    bench.pass(5);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["FAILED|-4143"]);
}

#[test]
fn in_4_0_a_running_backup_does_not_mind_an_upgrade() {
    let bench = of("4.0.0.0");
    bench.own("orders", OWN);
    bench.pass(10);
    upgrading(&bench, true);
    bench.pass(600);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["COMPLETED|0"]);
}

#[test]
fn a_backup_that_is_being_canceled_ends_canceled_in_upgrade_mode() {
    let bench = of("4.2.5.0");
    bench.own("orders", OWN);
    bench.pass(10);
    bench.own("orders", "ALTER SYSTEM CANCEL BACKUP");
    upgrading(&bench, true);
    bench.pass(60);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["CANCELED|-4072"]);
}

#[test]
fn log_archiving_goes_on_in_upgrade_mode() {
    let bench = of("4.2.5.0");
    upgrading(&bench, true);
    let scn = "SELECT CHECKPOINT_SCN FROM oceanbase.CDB_OB_ARCHIVELOG WHERE TENANT_ID = 1002";
    let before = bench.rows(scn);
    bench.pass(600);
    assert_ne!(bench.rows(scn), before);
}

#[test]
fn restore_and_table_recovery_are_refused_in_upgrade_mode_by_their_texts() {
    let bench = of("4.2.5.0");
    upgrading(&bench, true);
    let from = "FROM 'file:///ob-backup/orders/data,file:///ob-backup/orders/log'";
    let restore = format!("ALTER SYSTEM RESTORE again {from} WITH 'pool_list=p'");
    assert_eq!(
        bench.refused(&restore),
        (4179, "in upgrade mode not allowed".to_owned())
    );
    let recover =
        format!("ALTER SYSTEM RECOVER TABLE a.b TO TENANT = billing {from} WITH 'pool_list=p'");
    assert_eq!(
        bench.refused(&recover),
        (
            4179,
            "Cluster is in upgrade mode, recover table is not allowed".to_owned()
        )
    );
}

#[test]
fn before_4_2_0_an_increment_across_an_upgrade_is_made() {
    let bench = upgraded_since_the_full("4.1.0.0");
    assert_eq!(bench.own("orders", OWN_INCREMENT), 0);
    assert_eq!(bench.jobs(ORDERS, "BACKUP_TYPE"), ["INC", "FULL"]);
}

#[test]
fn until_4_3_2_an_increment_across_an_upgrade_is_refused() {
    for version in ["4.2.0.0", "4.2.5.0", "4.3.2.0"] {
        let bench = upgraded_since_the_full(version);
        assert_eq!(bench.own("orders", OWN_INCREMENT), 9040, "{version}");
        assert_eq!(bench.jobs(ORDERS, "BACKUP_TYPE"), ["FULL"]);
    }
}

#[test]
fn the_refusal_across_an_upgrade_names_both_versions() {
    let bench = upgraded_since_the_full("4.2.5.0");
    let reply = bench.ask("root@orders", OWN_INCREMENT);
    let oceanbase_sim::value::End::Error(error) = reply.end else {
        panic!("{:?}", reply.end);
    };
    assert_eq!(
        error.message,
        "backup can not start, because cross compatible incremental backup is not supported, \
         previous backup set compatible is 4.2.5.0, current compatible is 4.9.9.9"
    );
}

#[test]
fn the_event_of_a_tenant_that_is_left_out_can_be_read() {
    let bench = upgraded_since_the_full("4.2.5.0");
    bench.sys(INCREMENT_FROM_SYS);
    bench.pass(60);
    let event = "SELECT NAME1, VALUE1, NAME2, VALUE2, NAME3 \
                 FROM oceanbase.DBA_OB_ROOTSERVICE_EVENT_HISTORY WHERE MODULE = 'backup_data' \
                 AND EVENT = 'handle_user_tenant_backup_failed'";
    assert_eq!(
        bench.rows(event),
        ["user_tenant_id|1002|ret|-9040|trace_id"]
    );
}

#[test]
fn sys_swallows_the_refusal_across_an_upgrade() {
    let bench = upgraded_since_the_full("4.2.5.0");
    assert_eq!(bench.sys(INCREMENT_FROM_SYS), 0);
    bench.pass(60);
    assert_eq!(bench.jobs(SYS, "STATUS, RESULT"), ["COMPLETED|0"]);
    assert_eq!(bench.jobs(ORDERS, "INITIATOR_TENANT_ID"), ["1002"]);
    let last = events(&bench).pop();
    assert_eq!(
        last.as_deref(),
        Some("backup_data/handle_user_tenant_backup_failed user_tenant_id=1002 ret=-9040")
    );
}

#[test]
fn from_4_3_3_on_a_full_is_taken_instead_and_an_event_says_so() {
    let bench = upgraded_since_the_full("4.3.3.0");
    assert_eq!(bench.own("orders", OWN_INCREMENT), 0);
    assert_eq!(bench.jobs(ORDERS, "BACKUP_TYPE"), ["FULL", "FULL"]);
    let full = "backup_data/compatible_not_match tenant_id=1002 previous_compatible=4.3.3.0 \
                current_compatible=4.9.9.9";
    assert!(events(&bench).iter().any(|event| event == full));
}
