//! A command that the release does not support, or not at present, is not sent.

use super::*;
use crate::oceanbase::model::Scn;
use crate::oceanbase::statement::Recovery;

/// Sends the command as to a server of this version.
async fn sent_to(version: &str, command: &Command) -> (Answer, usize) {
    let mut desk = Desk::new();
    let version = version.parse().unwrap();
    let answer = desk.sender.send(&account(), version, command).await;
    let count = desk.node.simulator.log(|log| log.changing().count());
    (answer, count)
}

#[tokio::test(start_paused = true)]
async fn a_statement_that_the_release_does_not_support_is_not_sent() {
    let preview = Command::from(Recovery::Preview {
        tenant: TenantName::parse("again").unwrap(),
        sources: vec![Destination::file("/ob/data").unwrap()],
        until: Scn(17),
        decryption: Vec::new(),
    });
    let (answer, count) = sent_to("4.2.1.6", &preview).await;
    let Answer::Refused(failure) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((failure.reason, count), ("NotSupportedByVersion", 0));
    assert!(failure.message.contains("4.2.1.6"), "{}", failure.message);
}

#[tokio::test(start_paused = true)]
async fn a_backup_is_not_sent_while_the_cluster_is_upgraded() {
    let mut desk = Desk::new();
    desk.inject(Fault::Upgrading { on: true });
    let Answer::Refused(failure) = desk.send(&backup()).await else {
        panic!("it was sent");
    };
    assert_eq!((failure.reason, desk.sent()), ("ClusterUpgrading", 0));
    desk.inject(Fault::Upgrading { on: false });
    assert_eq!(desk.send(&backup()).await, Answer::Done);
}
