//! Backups that a restore password protects.

use super::*;
use crate::oceanbase::restore_password::RestorePassword;

fn protected() -> Command {
    let mut command = backup();
    if let Command::Backup { password, .. } = &mut command {
        *password = RestorePassword::new("sesame".into()).ok();
    }
    command
}

#[tokio::test(start_paused = true)]
async fn a_protected_backup_has_a_session_of_its_own() {
    let mut desk = Desk::new();
    desk.send(&find()).await;
    assert_eq!(desk.send(&protected()).await, Answer::Done);
    desk.send(&find()).await;
    assert_eq!(desk.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_its_password_a_backup_is_not_sent() {
    let mut desk = Desk::new();
    let on = Trigger::next(Kind::SetEncryption);
    desk.inject(Fault::Refuse {
        on,
        code: 1227,
        message: "Access denied".to_owned(),
    });
    assert!(matches!(desk.send(&protected()).await, Answer::Refused(_)));
    desk.hang_up(Kind::SetEncryption, Moment::AfterCommit);
    assert!(matches!(desk.send(&protected()).await, Answer::NotSent(_)));
    assert_eq!(desk.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_protected_backup_whose_answer_is_lost_is_found_and_not_sent_again() {
    let mut desk = Desk::new();
    desk.hang_up(Kind::Backup, Moment::AfterCommit);
    assert!(matches!(desk.send(&protected()).await, Answer::Unknown(_)));
    assert_eq!(desk.send(&protected()).await, Answer::AlreadySent);
}

#[tokio::test(start_paused = true)]
async fn it_is_not_sent_to_another_database_than_the_one_that_was_read() {
    let mut desk = Desk::new();
    desk.sender.database = DatabaseId::new(1, jiff::Timestamp::UNIX_EPOCH);
    assert!(matches!(desk.send(&protected()).await, Answer::NotSent(_)));
    assert!(desk.sender.is_shut_out());
}
