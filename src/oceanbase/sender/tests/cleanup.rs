//! Manual deletion of backups, and the checks before it.

use oceanbase_sim::model::Stage;

use super::*;
use crate::oceanbase::model::{Deletion, JobId};
use crate::oceanbase::statement::Cleanup;

const WITH_DELETION: Version = Version([4, 4, 2, 0]);

impl Desk {
    async fn delete(&mut self, set: i64, after: i64, again: bool) -> Answer {
        let delete = Cleanup::Delete {
            tenant: tenant(),
            tenant_id: TenantId(1002),
            what: Deletion::Sets(vec![set]),
            after: JobId(after),
            again,
        };
        let delete = Command::from(delete);
        self.sender.send(&account(), WITH_DELETION, &delete).await
    }

    async fn cancel_deletion(&mut self, job_id: i64) -> Answer {
        let cancel = Command::from(Cleanup::Cancel {
            tenant: tenant(),
            tenant_id: TenantId(1002),
            job_id: JobId(job_id),
        });
        self.sender.send(&account(), WITH_DELETION, &cancel).await
    }

    /// Returns the number of statements that delete, run or not.
    fn deletions(&self) -> usize {
        let kind = Kind::DeleteBackup;
        self.node.simulator.log(|log| log.of_kind(kind).count())
    }
}

fn is_withheld(answer: &Answer) -> bool {
    matches!(answer, Answer::Withheld(_))
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_not_sent_while_one_is_on_its_way_from_sys_to_the_tenant() {
    let mut desk = Desk::of("4.4.2.0");
    assert_eq!(desk.delete(1, 0, false).await, Answer::Done);
    // A new decision knows the first cleanup. The row of the tenant does not exist yet.
    let second = desk.delete(2, i64::MAX, false).await;
    assert!(is_withheld(&second), "{second:?}");
    assert_eq!(desk.deletions(), 1);
    tokio::time::advance(Duration::from_hours(1)).await;
    assert_eq!(desk.delete(2, i64::MAX, false).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_not_sent_when_sys_has_started_another_since() {
    let mut desk = Desk::of("4.4.2.0");
    desk.delete(1, 0, false).await;
    tokio::time::advance(Duration::from_hours(1)).await;
    let second = desk.delete(2, 0, false).await;
    assert!(is_withheld(&second), "{second:?}");
    assert_eq!(desk.delete(2, 0, true).await, Answer::AlreadySent);
    assert_eq!(desk.deletions(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_not_sent_when_a_backup_of_the_tenant_has_begun_since() {
    let mut desk = Desk::of("4.4.2.0");
    desk.foreign_backup("theirs");
    let meanwhile = desk.delete(1, 0, false).await;
    assert!(is_withheld(&meanwhile), "{meanwhile:?}");
    assert_eq!(desk.deletions(), 0);
    tokio::time::advance(Duration::from_hours(1)).await;
    assert_eq!(desk.delete(1, 0, false).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_canceled_only_while_it_runs_and_no_other() {
    let mut desk = Desk::of("4.4.2.0");
    let tenant = || "orders".to_owned();
    desk.inject(Fault::HoldCleanup {
        tenant: tenant(),
        at: Stage::Init,
    });
    desk.delete(1, 0, false).await;
    let before = desk.changing();
    tokio::time::advance(Duration::from_hours(1)).await;
    let of_another = desk.cancel_deletion(99).await;
    assert!(is_withheld(&of_another), "{of_another:?}");
    assert_eq!(desk.changing(), before);
    let job = desk.node.simulator.world(|world| {
        let jobs = &world.tenant("orders").unwrap().cleanup.jobs;
        i64::try_from(jobs[0].id.0).unwrap()
    });
    assert_eq!(desk.cancel_deletion(job).await, Answer::Done);
    desk.inject(Fault::ReleaseCleanup { tenant: tenant() });
    tokio::time::advance(Duration::from_hours(1)).await;
    let over = desk.cancel_deletion(job).await;
    assert!(is_withheld(&over), "{over:?}");
}
