//! Tests of privileges of users, and of information about the server.

use oceanbase_sim::fault::{Fault, parse};
use oceanbase_sim::model::Privilege;
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::value::End;

use crate::bench::{Bench, code};

const SCENARIO: &str = "\
version: 4.3.5.2
users:
  - {name: idle}
  - {name: backup, alterSystem: true}
  - {name: restore, alterSystem: true}
  - {name: own, tenant: orders, alterSystem: true}
grants:
  - {user: restore, privileges: [super, createResourceUnit, createResourcePool]}
tenants:
  - {name: orders}
";

fn bench() -> Bench {
    Bench::just(&Scenario::parse(SCENARIO).unwrap())
}

fn answer(bench: &Bench, user: &str, text: &str) -> (u16, String) {
    match bench.ask(user, text).end {
        End::Error(error) => (error.code, error.message),
        end => (code(&end), String::new()),
    }
}

fn missing(privilege: &str) -> (u16, String) {
    let text = format!(
        "Access denied; you need (at least one of) the {privilege} privilege(s) for this operation"
    );
    (1227, text)
}

#[test]
fn each_statement_names_the_privilege_that_it_needs() {
    let bench = bench();
    for (text, privilege) in [
        ("ALTER SYSTEM CANCEL BACKUP", "ALTER SYSTEM"),
        (
            "ALTER SYSTEM RESTORE t FROM 'file:///d' WITH 'pool_list=p'",
            "ALTER SYSTEM",
        ),
        ("ALTER SYSTEM ACTIVATE STANDBY TENANT = orders", "SUPER"),
        ("DROP TENANT orders FORCE", "SUPER"),
        ("SET DECRYPTION IDENTIFIED BY 'a'", "SUPER"),
        (
            "CREATE RESOURCE UNIT u MAX_CPU 2, MEMORY_SIZE '8G'",
            "CREATE RESOURCE UNIT",
        ),
        ("DROP RESOURCE UNIT IF EXISTS u", "CREATE RESOURCE UNIT"),
        (
            "CREATE RESOURCE POOL p UNIT = 'u', UNIT_NUM = 1",
            "CREATE RESOURCE POOL",
        ),
        ("DROP RESOURCE POOL IF EXISTS p", "CREATE RESOURCE POOL"),
    ] {
        assert_eq!(
            answer(&bench, "idle@sys", text),
            missing(privilege),
            "{text}"
        );
    }
}

#[test]
fn an_account_for_backups_cannot_create_a_pool() {
    let bench = bench();
    let unit = "CREATE RESOURCE UNIT u MAX_CPU 2, MEMORY_SIZE '8G'";
    assert_eq!(
        answer(&bench, "backup@sys", unit),
        missing("CREATE RESOURCE UNIT")
    );
    assert_eq!(answer(&bench, "restore@sys", unit).0, 0);
}

#[test]
fn the_wrong_tenant_is_denied_without_a_privilege() {
    let bench = bench();
    for text in [
        "ALTER SYSTEM RESTORE t FROM 'file:///d' WITH 'pool_list=p'",
        "DROP TENANT orders FORCE",
        "CREATE RESOURCE POOL p UNIT = 'u', UNIT_NUM = 1",
        "ALTER SYSTEM ARCHIVELOG TENANT = orders",
    ] {
        let denied = (1227, "Access denied".to_owned());
        assert_eq!(answer(&bench, "root@orders", text), denied, "{text}");
    }
}

#[test]
fn the_resolver_refuses_before_a_privilege_is_missed() {
    let bench = bench();
    for (user, text, expected) in [
        ("idle@sys", "ALTER SYSTEM BACKUP TENANT = nowhere", 5160),
        ("idle@sys", "ALTER SYSTEM ARCHIVELOG TENANT = nowhere", 5160),
        (
            "idle@sys",
            "ALTER SYSTEM BACKUP KEY TO 'file:///k' ENCRYPTED BY 'p'",
            1235,
        ),
        ("own@orders", "ALTER SYSTEM BACKUP TENANT = orders", 1235),
        ("own@orders", "SET DECRYPTION IDENTIFIED BY 'a'", 1235),
    ] {
        assert_eq!(answer(&bench, user, text).0, expected, "{text}");
    }
}

#[test]
fn encryption_needs_no_privilege() {
    let set = "SET ENCRYPTION ON IDENTIFIED BY 'a' ONLY";
    assert_eq!(answer(&bench(), "idle@sys", set).0, 0);
}

#[test]
fn show_grants_lists_what_the_user_holds() {
    let bench = bench();
    let grants = |user| bench.rows_of(user, "SHOW GRANTS");
    assert_eq!(
        grants("restore@sys"),
        [
            "GRANT SUPER, ALTER SYSTEM, CREATE RESOURCE POOL, CREATE RESOURCE UNIT ON *.* TO \
             'restore'",
            "GRANT SELECT ON `oceanbase`.* TO 'restore'",
        ]
    );
    assert_eq!(
        grants("root@sys"),
        ["GRANT ALL PRIVILEGES ON *.* TO 'root' WITH GRANT OPTION"]
    );
    assert_eq!(grants("own@orders").len(), 2);
}

#[test]
fn show_grants_is_spelled_in_several_ways() {
    let bench = bench();
    let first = bench.rows_of("idle@sys", "SHOW GRANTS");
    for text in [
        "SHOW GRANTS FOR CURRENT_USER",
        "show grants for current_user()",
        "SHOW GRANTS FOR 'idle'@'%'",
    ] {
        assert_eq!(bench.rows_of("idle@sys", text), first, "{text}");
    }
    assert_eq!(answer(&bench, "idle@sys", "SHOW GRANTS FOR root").0, 1142);
}

#[test]
fn a_privilege_is_granted_and_revoked_by_a_fault() {
    let bench = bench();
    let drop = "DROP RESOURCE POOL IF EXISTS p";
    let fault = "privilege: {user: backup, privilege: createResourcePool, granted: true}";
    bench.inject(parse(fault).unwrap().remove(0));
    assert_eq!(answer(&bench, "backup@sys", drop).0, 0);
    bench.inject(Fault::Privilege {
        tenant: "sys".to_owned(),
        user: "root".to_owned(),
        privilege: Privilege::CreateResourcePool,
        granted: false,
    });
    assert_eq!(
        answer(&bench, "root@sys", drop),
        missing("CREATE RESOURCE POOL")
    );
}

#[test]
fn a_server_may_report_another_version_than_it_plays() {
    let scenario = Scenario::new("4.1.0.0").reported_version("4.2.5.1");
    let bench = Bench::of(scenario);
    assert_eq!(
        bench.rows("SELECT OB_VERSION(), VERSION()"),
        ["4.2.5.1|5.7.25-OceanBase_CE-v4.2.5.1"]
    );
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL RESTORE t"), 1064);
}
