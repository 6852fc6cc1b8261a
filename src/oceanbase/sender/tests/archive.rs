//! Log archiving.

use super::*;

/// ARCHIVELOG to the directory of this name.
fn archive(directory: &str) -> Command {
    let destination = Destination::file(&format!("/ob-backup/{directory}/log")).unwrap();
    Command::ArchiveLog {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        place: destination.place().clone(),
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
