//! Log archives that advance while the database is read every two seconds.

use super::*;

const ROUNDS: &str = "CDB_OB_ARCHIVELOG";
const COLUMNS: &str = "TENANT_ID, ROUND_ID, STATUS, START_SCN, CHECKPOINT_SCN, USED_PIECE_ID, \
    INPUT_BYTES, OUTPUT_BYTES, COMMENT, PATH";

impl Desk {
    /// Returns a desk in which `orders` archives and `billing` starts to. The latter keeps the
    /// reads at the busy pace.
    async fn archiving() -> Self {
        let mut desk = Self::new().await;
        let tenants = [
            ("1002", "orders", "PRIMARY"),
            ("1004", "billing", "PRIMARY"),
        ];
        desk.given.tenants(&tenants);
        desk.archived("DOING", "20");
        sleep(Duration::from_secs(16)).await;
        desk.archived("DOING", "21");
        // Until the trigger for this.
        sleep(Duration::from_secs(3)).await;
        desk.triggers();
        desk
    }

    /// Sets the status and the checkpoint of the archive of `orders`.
    fn archived(&self, status: &str, checkpoint: &str) {
        let row = |tenant, status, checkpoint| {
            let row = [
                tenant,
                "1",
                status,
                "10",
                checkpoint,
                "1",
                "2",
                "1",
                "",
                "file:///log",
            ];
            row.map(Some)
        };
        let orders = row("1002", status, checkpoint);
        let billing = row("1004", "BEGINNING", "10");
        self.given.set(ROUNDS, COLUMNS, &[&orders, &billing]);
    }
}

/// Returns the trigger for `orders` alone.
fn orders() -> Vec<Option<Vec<String>>> {
    vec![Some(vec!["orders".to_owned()])]
}

#[tokio::test(start_paused = true)]
async fn it_is_told_once_in_fifteen_seconds_how_far_they_are() {
    let mut desk = Desk::archiving().await;
    for second in 0..70 {
        desk.archived("DOING", &(100 + second).to_string());
        sleep(Duration::from_secs(1)).await;
    }
    // Reads occur every two seconds, which makes it every sixteen.
    assert_eq!(
        desk.triggers(),
        [orders(), orders(), orders(), orders()].concat()
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_stands_still_was_told_of_as_far_as_it_came() {
    let mut desk = Desk::archiving().await;
    desk.archived("DOING", "100");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(desk.triggers(), []);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(desk.triggers(), orders());
}

#[tokio::test(start_paused = true)]
async fn one_whose_state_changes_is_told_of_at_once() {
    let mut desk = Desk::archiving().await;
    desk.archived("INTERRUPTED", "100");
    sleep(Duration::from_secs(3)).await;
    assert_eq!(desk.triggers(), orders());
}

#[tokio::test(start_paused = true)]
async fn the_first_step_of_one_beyond_its_start_is_told_at_once() {
    let mut desk = Desk::archiving().await;
    desk.archived("DOING", "10");
    sleep(Duration::from_secs(20)).await;
    desk.archived("DOING", "100");
    desk.triggers();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(desk.triggers(), orders());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_backup_of_sys_is_told_though_no_tenant_shows_it() {
    let mut desk = Desk::archiving().await;
    let columns = "TENANT_ID, JOB_ID, BACKUP_SET_ID, INITIATOR_TENANT_ID, INITIATOR_JOB_ID, \
        BACKUP_TYPE, STATUS, START_TIMESTAMP, END_TIMESTAMP, RESULT, DESCRIPTION, PATH";
    let job = |status, ended| {
        let job = ["1", "7", "0", "1", "0", "FULL", status];
        let mut job = job.map(Some).to_vec();
        let start = Some("2026-01-01 00:00:00");
        job.extend([start, ended, Some("0"), Some("obb/x/1"), Some("")]);
        job
    };
    let running = job("DOING", None);
    desk.given.set("CDB_OB_BACKUP_JOBS", columns, &[&running]);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(desk.triggers(), [Some(Vec::new())]);

    let ended = job("COMPLETED", Some("2026-01-01 00:01:00"));
    desk.given.set("CDB_OB_BACKUP_JOBS", columns, &[]);
    let history = "CDB_OB_BACKUP_JOB_HISTORY";
    desk.given.set(history, columns, &[&ended]);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(desk.triggers(), [Some(Vec::new())]);
}
