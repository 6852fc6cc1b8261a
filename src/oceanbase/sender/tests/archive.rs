//! Log archiving.

use super::*;

/// Returns ARCHIVELOG for the directory with this name.
fn archive(directory: &str) -> Command {
    let destination = Destination::file(&format!("/ob-backup/{directory}/log")).unwrap();
    Command::ArchiveLog {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        location: destination.location().clone(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_so_already_is_done() {
    let mut desk = Desk::new();
    assert_eq!(desk.send(&archive("orders")).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn archiving_does_not_begin_where_somebody_has_pointed_the_logs_elsewhere() {
    let mut desk = Desk::new();
    assert!(matches!(
        desk.send(&archive("elsewhere")).await,
        Answer::Withheld(_)
    ));
    assert_eq!(desk.changing(), 0);
}

/// Returns the command that stops the round to leave the directory with this name.
fn leave(directory: &str) -> Command {
    let destination = Destination::file(&format!("/ob-backup/{directory}/log")).unwrap();
    Command::LeaveLogDest {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        location: destination.location().clone(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_is_left_while_no_backup_of_the_tenant_runs() {
    let mut desk = Desk::new();
    desk.foreign_backup("theirs");
    let before = desk.changing();
    assert!(matches!(
        desk.send(&leave("orders")).await,
        Answer::Withheld(_)
    ));
    assert_eq!(desk.changing(), before);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_not_the_tenants_any_more_is_not_left() {
    let mut desk = Desk::new();
    assert!(matches!(
        desk.send(&leave("elsewhere")).await,
        Answer::Withheld(_)
    ));
    assert_eq!(desk.changing(), 0);
    assert_eq!(desk.send(&leave("orders")).await, Answer::Done);
}
