use oceanbase_sim::fault::{Fault, Moment, NodeState, Trigger};
use oceanbase_sim::model::TenantStatus;
use oceanbase_sim::statement::Kind;

use super::*;
use crate::oceanbase::destination::Destination;
use crate::oceanbase::model::{JobKey, JobStatus, TenantId, TenantName};
use crate::oceanbase::testing::{InProcess, account, lock};

mod archive;
mod cancel;
mod cleanup;
mod late;
mod lease;
mod policy;
mod release;
mod restore;
mod restore_password;

const VERSION: Version = Version([4, 3, 5, 2]);

struct Desk {
    node: InProcess,
    sender: Sender,
    metrics: Metrics,
    lease_guard: LeaseGuard,
}

impl Desk {
    fn new() -> Self {
        Self::at(InProcess::new())
    }

    /// Returns a desk at a database of another version.
    fn of(version: &str) -> Self {
        Self::at(InProcess::of(version))
    }

    fn at(node: InProcess) -> Self {
        let lease_guard = LeaseGuard::always();
        let metrics = Metrics::new().unwrap();
        let sender = Sender::new(
            node.database(),
            Arc::new(node.clone()),
            metrics.clone(),
            lease_guard.clone(),
        );
        Self {
            node,
            sender,
            metrics,
            lease_guard,
        }
    }

    async fn send(&mut self, command: &Command) -> Answer {
        self.sender.send(&account(), VERSION, command).await
    }

    fn inject(&self, fault: Fault) {
        self.node.simulator.inject(fault).unwrap();
    }

    fn hang_up(&self, kind: Kind, when: Moment) {
        let on = Trigger::next(kind);
        self.inject(Fault::HangUp { on, when });
    }

    /// Returns the number of received BACKUP statements, run or not.
    fn sent(&self) -> usize {
        self.node
            .simulator
            .log(|log| log.of_kind(Kind::Backup).count())
    }

    /// Returns the number of statements that change something, run or not.
    fn changing(&self) -> usize {
        self.node.simulator.log(|log| log.changing().count())
    }

    fn logins(&self) -> u64 {
        self.node.simulator.connections().logins
    }

    fn foreign_backup(&self, description: &str) {
        self.inject(Fault::ForeignBackup {
            tenant: "orders".to_owned(),
            description: description.to_owned(),
            incremental: false,
            from_sys: false,
        });
    }
}

fn tenant() -> TenantName {
    TenantName::parse("orders").unwrap()
}

fn key() -> JobKey {
    JobKey::new("8b1d", 1).unwrap()
}

fn backup() -> Command {
    Command::Backup {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        incremental: false,
        key: key(),
        plus_archivelog: false,
        password: None,
        slots: 2,
    }
}

fn find() -> Command {
    Command::FindBackup {
        tenant: tenant(),
        key: key(),
    }
}

fn cancel() -> Command {
    Command::CancelBackup {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        key: key(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_backup_is_sent_once_however_often_it_is_asked_for() {
    let mut desk = Desk::new();
    let answers = [desk.send(&backup()).await, desk.send(&backup()).await];
    assert_eq!(answers, [Answer::Done, Answer::AlreadySent]);
    assert_eq!(desk.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_backup_that_has_ended_is_not_sent_again() {
    let mut desk = Desk::new();
    desk.send(&backup()).await;
    tokio::time::advance(Duration::from_hours(2)).await;
    assert_eq!(desk.send(&backup()).await, Answer::AlreadySent);
    assert_eq!(desk.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_look_by_key_tells_how_the_tenants_own_job_has_ended() {
    let mut desk = Desk::new();
    desk.send(&backup()).await;
    tokio::time::advance(Duration::from_hours(2)).await;
    let Answer::Ended(job) = desk.send(&find()).await else {
        panic!("not found");
    };
    assert_eq!(
        (job.tenant_id, job.status),
        (TenantId(1002), JobStatus::Completed)
    );
}

#[tokio::test(start_paused = true)]
async fn a_backup_is_not_sent_while_as_many_of_ours_run_as_may() {
    let mut desk = Desk::new();
    let mut of_another_tenant = backup();
    if let Command::Backup {
        tenant_id, slots, ..
    } = &mut of_another_tenant
    {
        (*tenant_id, *slots) = (TenantId(1004), 1);
    }
    desk.foreign_backup("obb/another/1");
    let expected = Answer::Withheld("1 of 1 running".to_owned());
    assert_eq!(desk.send(&of_another_tenant).await, expected);
    assert_eq!(desk.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_backup_is_not_sent_while_one_of_ours_of_the_tenant_runs() {
    let mut desk = Desk::new();
    desk.foreign_backup("obb/another/1");
    let expected = Answer::Withheld("another backup of the tenant is running".to_owned());
    assert_eq!(desk.send(&backup()).await, expected);
    assert_eq!(desk.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_backup_of_somebody_else_takes_no_place() {
    let mut desk = Desk::new();
    desk.foreign_backup("by hand");
    desk.send(&backup()).await;
    assert_eq!(desk.sent(), 1, "the database refuses it, not we");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_unknown_and_the_next_look_finds_the_job() {
    let mut desk = Desk::new();
    desk.hang_up(Kind::Backup, Moment::AfterCommit);
    assert!(matches!(desk.send(&backup()).await, Answer::Unknown(_)));
    assert_eq!(desk.send(&backup()).await, Answer::AlreadySent);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_not_counted_as_a_good_one() {
    let mut desk = Desk::new();
    desk.hang_up(Kind::Backup, Moment::AfterCommit);
    desk.send(&backup()).await;
    let text = desk.metrics.text().unwrap();
    let counted = text
        .lines()
        .filter(|line| line.contains("statements_total") && line.contains("\"backup\""));
    assert_eq!(
        counted.collect::<Vec<_>>(),
        ["obbackup_sql_statements_total{code=\"lost\",statement=\"backup\"} 1"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_statement_lost_before_it_was_run_is_unknown_and_can_be_sent_again() {
    let mut desk = Desk::new();
    desk.hang_up(Kind::Backup, Moment::BeforeExecuting);
    assert!(matches!(desk.send(&backup()).await, Answer::Unknown(_)));
    assert_eq!(desk.send(&backup()).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_lost_an_answer_is_not_used_again() {
    let mut desk = Desk::new();
    desk.hang_up(Kind::Backup, Moment::AfterCommit);
    desk.send(&backup()).await;
    desk.send(&find()).await;
    assert_eq!(desk.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_kept_between_commands() {
    let mut desk = Desk::new();
    for _ in 0..3 {
        desk.send(&find()).await;
    }
    assert_eq!(desk.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_account_gets_a_session_of_its_own() {
    let mut desk = Desk::new();
    desk.send(&find()).await;
    let mut other = account();
    other.endpoints.push(("second".to_owned(), 2881));
    desk.sender.send(&other, VERSION, &find()).await;
    assert_eq!(desk.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_statement_longer_than_the_database_allows_is_unknown() {
    let mut desk = Desk::new();
    let (on, delay) = (Trigger::next(Kind::Backup), Duration::from_secs(12));
    desk.inject(Fault::Slow { on, delay });
    let began = Instant::now();
    assert!(matches!(desk.send(&backup()).await, Answer::Unknown(_)));
    assert_eq!(began.elapsed(), Command::BACKUP_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_is_lost_sends_nothing() {
    let mut desk = Desk::new();
    desk.hang_up(Kind::Select, Moment::BeforeExecuting);
    assert!(matches!(desk.send(&backup()).await, Answer::NotSent(_)));
    assert_eq!(desk.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_look_at_ended_jobs_that_is_lost_sends_nothing() {
    let mut desk = Desk::new();
    let on = Trigger::next(Kind::Select).containing("BACKUP_JOB_HISTORY");
    let when = Moment::AfterCommit;
    desk.inject(Fault::HangUp { on, when });
    assert!(matches!(desk.send(&backup()).await, Answer::NotSent(_)));
    assert_eq!(desk.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_is_refused_sends_nothing() {
    let mut desk = Desk::new();
    desk.inject(Fault::Refuse {
        on: Trigger::next(Kind::Select).containing("BACKUP_JOBS"),
        code: 1142,
        message: "SELECT command denied".to_owned(),
    });
    let Answer::Refused(failure) = desk.send(&backup()).await else {
        panic!("not refused");
    };
    assert_eq!((failure.reason, desk.sent()), ("MissingPrivilege", 0));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_refuses_connections_was_sent_nothing() {
    let mut desk = Desk::new();
    let is = NodeState::Refusing;
    desk.inject(Fault::Node { is });
    assert!(matches!(desk.send(&backup()).await, Answer::NotSent(_)));
}

#[tokio::test(start_paused = true)]
async fn a_silent_node_was_sent_nothing_once_the_look_timed_out() {
    let mut desk = Desk::new();
    desk.send(&find()).await;
    let is = NodeState::Silent;
    desk.inject(Fault::Node { is });
    assert!(matches!(desk.send(&backup()).await, Answer::NotSent(_)));
    assert_eq!(desk.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_died_while_idle_was_sent_nothing() {
    let mut desk = Desk::new();
    desk.send(&find()).await;
    desk.inject(Fault::KillConnections);
    assert!(matches!(desk.send(&backup()).await, Answer::NotSent(_)));
    assert_eq!(desk.send(&backup()).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_given_up_leaves_no_session_behind() {
    let mut desk = Desk::new();
    let (on, delay) = (Trigger::next(Kind::Backup), Duration::from_secs(8));
    desk.inject(Fault::Slow { on, delay });
    let given_up = tokio::time::timeout(Duration::from_secs(1), desk.send(&backup())).await;
    assert!(given_up.is_err());
    assert_eq!(desk.send(&backup()).await, Answer::AlreadySent);
    assert_eq!(desk.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_explained_and_the_session_goes_on() {
    let mut desk = Desk::new();
    desk.inject(Fault::Status {
        tenant: "orders".to_owned(),
        status: TenantStatus::Restore,
    });
    assert!(matches!(desk.send(&backup()).await, Answer::Refused(_)));
    desk.send(&find()).await;
    assert_eq!(desk.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn looking_for_a_backup_changes_nothing() {
    let mut desk = Desk::new();
    assert_eq!(desk.send(&find()).await, Answer::NotFound);
    desk.send(&backup()).await;
    assert_eq!(desk.send(&find()).await, Answer::AlreadySent);
    assert_eq!(desk.changing(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_to_another_database_than_the_one_that_was_read() {
    let mut desk = Desk::new();
    desk.sender.database = DatabaseId::new(1, jiff::Timestamp::UNIX_EPOCH);
    let answer = desk.send(&backup()).await;
    let Answer::NotSent(why) = answer else {
        panic!("{answer:?}");
    };
    assert!(why.contains("another database"), "{why}");
    assert!(desk.sender.is_shut_out());
}

/// Sets the log destination of `orders` again, with other attributes.
fn longer_pieces(directory: &str) -> Command {
    Command::SetLogArchiveDest {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        destination: Destination::file(directory).unwrap(),
        mandatory: false,
        piece_switch_days: 7,
        replaces: Some(Destination::file(directory).unwrap().location().clone()),
    }
}

#[tokio::test(start_paused = true)]
async fn attributes_of_a_destination_are_set_only_where_it_is_the_same_place() {
    let mut desk = Desk::new();
    let path = desk.node.simulator.world(|world| {
        let orders = world.tenant("orders").unwrap();
        orders.archive_dest.as_ref().unwrap().uri.root.clone()
    });
    let directory = path.strip_prefix("file://").unwrap();
    let elsewhere = desk.send(&longer_pieces("/other/tool")).await;
    assert!(matches!(elsewhere, Answer::Withheld(_)));
    assert_eq!(desk.changing(), 0);
    // The round runs, so that the database rejects the statement. It was sent nevertheless.
    let same = desk.send(&longer_pieces(directory)).await;
    assert!(matches!(same, Answer::Refused(_)), "{same:?}");
    assert_eq!(desk.changing(), 1);
}
