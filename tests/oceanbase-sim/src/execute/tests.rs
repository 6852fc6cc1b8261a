use std::time::Duration;

use crate::clock::ManualClock;
use crate::scenario::{Scenario, TenantSpec, UserSpec};
use crate::value::{Backend, End, SqlError};
use crate::{Session, Simulator};

const DAY: Duration = Duration::from_hours(24);

/// Tenants `orders` (archiving, with a data destination) and `blank` (nothing configured).
struct Cluster {
    simulator: Simulator,
    clock: ManualClock,
}

impl Cluster {
    fn of(scenario: Scenario) -> Self {
        let clock = ManualClock::default();
        let scenario = scenario
            .with(TenantSpec::new("orders").ready(DAY))
            .tenant("blank");
        Self {
            simulator: Simulator::new(&scenario, clock.clone()).unwrap(),
            clock,
        }
    }

    fn new() -> Self {
        Self::of(Scenario::new("4.3.5.2"))
    }

    fn session(&self, user: &str) -> Session {
        self.simulator.connect(user, "").unwrap()
    }

    fn run_as(&self, user: &str, text: &str) -> Result<(), SqlError> {
        match self.session(user).execute(text).end {
            End::Complete => Ok(()),
            End::Error(error) => Err(error),
            End::HangUp => panic!("the session is lost"),
        }
    }

    fn sys(&self, text: &str) -> Result<(), SqlError> {
        self.run_as("root@sys", text)
    }

    /// Returns error number and text of a statement that `root@sys` sends.
    fn refused(&self, text: &str) -> (u16, String) {
        let error = self.sys(text).unwrap_err();
        (error.code, error.message)
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

fn code(result: Result<(), SqlError>) -> u16 {
    result.err().map_or(0, |error| error.code)
}

mod destinations {
    use super::*;

    const SET: &str = "ALTER SYSTEM SET LOG_ARCHIVE_DEST =";

    #[test]
    fn sys_names_exactly_one_tenant_and_a_tenant_none() {
        let cluster = Cluster::new();
        let set = "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///new'";
        assert_eq!(code(cluster.sys(set)), 1235);
        assert_eq!(
            code(cluster.sys(&format!("{set} TENANT = orders, blank"))),
            1235
        );
        assert_eq!(
            code(cluster.run_as("root@blank", &format!("{set} TENANT = blank"))),
            1227
        );
        assert_eq!(
            code(cluster.sys(&format!("{set} TENANT = META$1002"))),
            1235
        );
        assert_eq!(code(cluster.sys(&format!("{set} TENANT = nobody"))), 5160);
        assert_eq!(code(cluster.run_as("root@blank", set)), 0);
    }

    #[test]
    fn attributes_are_read_before_the_tenant_is_judged() {
        let cluster = Cluster::new();
        let set = format!("{SET} 'LOCATION=file:///x BINDING=Maybe' TENANT = sys");
        assert_eq!(code(cluster.sys(&set)), 1210);
    }

    #[test]
    fn a_log_destination_can_not_be_changed_while_archiving() {
        let cluster = Cluster::new();
        let set = format!("{SET} 'LOCATION=file:///x' TENANT = orders");
        assert_eq!(
            cluster.refused(&set),
            (
                1235,
                "change archive dest when archive is running is not supported".to_owned()
            )
        );
        cluster
            .sys("ALTER SYSTEM NOARCHIVELOG TENANT = orders")
            .unwrap();
        cluster.pass(30);
        assert_eq!(code(cluster.sys(&set)), 0);
    }

    #[test]
    fn two_tenants_do_not_share_a_directory() {
        let cluster = Cluster::new();
        let data = "file:///ob-backup/orders/data";
        let set = format!("ALTER SYSTEM SET DATA_BACKUP_DEST = '{data}' TENANT = blank");
        assert_eq!(code(cluster.sys(&set)), 9081);
        let parent = "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///ob-backup' TENANT = blank";
        assert_eq!(code(cluster.sys(parent)), 9080);
    }

    #[test]
    fn backup_items_and_parameters_do_not_mix() {
        let cluster = Cluster::new();
        let text = "ALTER SYSTEM SET data_backup_dest='file:///x', ha_low_thread_score=5 \
                    TENANT=blank";
        assert_eq!(code(cluster.sys(text)), 1235);
    }

    #[test]
    fn a_state_is_enable_or_defer() {
        let cluster = Cluster::new();
        let set = |state| {
            let text = format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE='{state}' TENANT=orders");
            code(cluster.sys(&text))
        };
        assert_eq!(["ENABLE", "DEFER", "PAUSE"].map(set), [0, 0, 1210]);
    }

    #[test]
    fn a_data_destination_waits_for_the_job_table_to_be_empty() {
        let cluster = Cluster::new();
        cluster
            .run_as("root@orders", "ALTER SYSTEM BACKUP DATABASE")
            .unwrap();
        let set = "ALTER SYSTEM SET DATA_BACKUP_DEST='file:///other' TENANT=orders";
        assert_eq!(code(cluster.sys(set)), 9036);
        cluster.pass(600);
        assert_eq!(code(cluster.sys(set)), 0);
    }
}

mod parameters {
    use super::*;

    #[test]
    fn a_lag_target_needs_a_log_destination() {
        let cluster = Cluster::new();
        let set = |tenant| {
            code(cluster.sys(&format!(
                "ALTER SYSTEM SET archive_lag_target='60s' TENANT={tenant}"
            )))
        };
        assert_eq!([set("blank"), set("orders")], [4179, 0]);
    }

    #[test]
    fn s3_and_a_short_lag_target_exclude_each_other() {
        let cluster = Cluster::new();
        let s3 = "LOCATION=s3://b/l?host=h&access_id=i&access_key=k";
        let dest = format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST='{s3}' TENANT=blank");
        let file = "ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=file:///b/l' TENANT=blank";
        let lag = "ALTER SYSTEM SET archive_lag_target='10s' TENANT=blank";
        cluster.sys(file).unwrap();
        cluster.sys(lag).unwrap();
        assert_eq!(
            cluster.refused(&dest).1,
            "archive_lag_target is smaller than 60s, set log_archive_dest to S3 is not allowed"
        );
    }

    #[test]
    fn an_unknown_parameter_answers_5099() {
        assert_eq!(code(Cluster::new().sys("ALTER SYSTEM SET wings = 2")), 5099);
    }
}

mod log_mode {
    use super::*;

    #[test]
    fn a_tenant_hears_that_it_archives_already_and_sys_does_not() {
        let cluster = Cluster::new();
        assert_eq!(
            code(cluster.run_as("root@orders", "ALTER SYSTEM ARCHIVELOG")),
            9091
        );
        assert_eq!(
            code(cluster.sys("ALTER SYSTEM ARCHIVELOG TENANT = orders")),
            0
        );
    }

    #[test]
    fn closing_from_sys_answers_what_the_last_tenant_answered() {
        let cluster = Cluster::new();
        let close = "ALTER SYSTEM NOARCHIVELOG TENANT =";
        assert_eq!(code(cluster.sys(&format!("{close} orders, blank"))), 9092);
        assert_eq!(code(cluster.sys(&format!("{close} orders"))), 9092);
    }

    #[test]
    fn archiving_without_a_destination_is_ok_and_never_begins() {
        let cluster = Cluster::new();
        cluster
            .run_as("root@blank", "ALTER SYSTEM ARCHIVELOG")
            .unwrap();
        cluster.pass(3600);
        let (mode, round) = cluster.simulator.world(|world| {
            let archive = &world.tenant("blank").unwrap().archive;
            (archive.log_mode, archive.round.is_some())
        });
        assert_eq!((mode, round), (true, false));
    }

    #[test]
    fn all_user_is_no_word_here() {
        assert_eq!(
            code(Cluster::new().sys("ALTER SYSTEM ARCHIVELOG TENANT = ALL_USER")),
            1235
        );
        assert_eq!(
            code(Cluster::new().sys("ALTER SYSTEM ARCHIVELOG TENANT = ALL")),
            0
        );
    }
}

#[path = "tests_backup.rs"]
mod backup;

#[test]
fn manual_deletion_is_refused_by_name_until_it_works() {
    let refused = |version: &str, what: &str| {
        let delete = format!("ALTER SYSTEM DELETE {what} TENANT = orders");
        code(Cluster::of(Scenario::new(version)).sys(&delete))
    };
    for (what, before, since) in [
        ("BACKUPSET 1", 1235, 0),
        ("OBSOLETE BACKUP", 1235, 4018),
        ("BACKUPPIECE 1", 1235, 1235),
        ("ARCHIVELOG_PIECE 1", 1064, 0),
    ] {
        assert_eq!(refused("4.2.1.0", what), before, "{what}");
        assert_eq!(refused("4.3.5.2", what), before, "{what}");
        assert_eq!(refused("4.4.2.0", what), since, "{what}");
    }
    let cluster = Cluster::new();
    let text = cluster.refused("ALTER SYSTEM DELETE BACKUPSET 1 TENANT = orders");
    assert_eq!(text.1, "need to specify a tenant name not supported");
    let own = cluster.run_as("root@orders", "ALTER SYSTEM DELETE BACKUPSET 1");
    assert_eq!(own.unwrap_err().message, "function is not supported");
}
