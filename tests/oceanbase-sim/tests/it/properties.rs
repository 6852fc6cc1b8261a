//! Properties that must hold for any order of statements and faults.

use std::collections::BTreeMap;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{ChildRows, Health, JobId, JobStatus, Stage, Tenant, World};
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::value::{Backend, End};
use proptest::prelude::*;

use crate::bench::Bench;

#[derive(Clone, Debug)]
enum Act {
    Say(&'static str, String),
    Wait(u64),
    Wrong(Fault),
}

const TENANTS: [&str; 3] = ["orders", "billing", "blank"];

fn statement() -> impl Strategy<Value = (&'static str, String)> {
    let forms = prop::sample::select(vec![
        "ARCHIVELOG",
        "NOARCHIVELOG",
        "BACKUP",
        "BACKUP",
        "BACKUP INCREMENTAL",
        "CANCEL BACKUP",
        "SET LOG_ARCHIVE_DEST_STATE = 'DEFER'",
        "SET LOG_ARCHIVE_DEST_STATE = 'ENABLE'",
        "SET DATA_BACKUP_DEST = 'file:///other/$'",
        "SET DATA_BACKUP_DEST = 'file:///ob-backup/$/data'",
        "SET LOG_ARCHIVE_DEST = 'LOCATION=file:///ob-backup/$/log'",
        "SET LOG_ARCHIVE_DEST = 'LOCATION=file:///other-log/$ BINDING=Mandatory'",
        "ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d'",
        "DROP DELETE BACKUP POLICY 'default'",
    ]);
    (forms, prop::sample::select(TENANTS.to_vec()), any::<bool>()).prop_map(
        |(form, tenant, from_sys)| {
            let form = form.replace('$', tenant);
            if from_sys {
                ("root@sys", format!("ALTER SYSTEM {form} TENANT = {tenant}"))
            } else {
                let user = match tenant {
                    "orders" => "root@orders",
                    "billing" => "root@billing",
                    _ => "root@blank",
                };
                let form = match form.as_str() {
                    "BACKUP" | "BACKUP INCREMENTAL" => format!("{form} DATABASE"),
                    _ => form,
                };
                (user, format!("ALTER SYSTEM {form}"))
            }
        },
    )
}

fn fault() -> impl Strategy<Value = Fault> {
    let tenant = || prop::sample::select(TENANTS.to_vec()).prop_map(str::to_owned);
    prop_oneof![
        tenant().prop_map(|tenant| Fault::FailBackup {
            tenant,
            code: -4016,
            comment: None
        }),
        tenant().prop_map(|tenant| Fault::InterruptArchive {
            tenant,
            comment: None
        }),
        tenant().prop_map(|tenant| Fault::Hold {
            tenant,
            at: Stage::Doing
        }),
        tenant().prop_map(|tenant| Fault::Release { tenant }),
        tenant().prop_map(|tenant| Fault::FinishBackup { tenant }),
        prop::sample::select(vec![Health::Ok, Health::Unreachable, Health::OutOfSpace]).prop_map(
            |health| Fault::Path {
                path: "file:///ob-backup/orders".to_owned(),
                health
            }
        ),
    ]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        5 => statement().prop_map(|(user, text)| Act::Say(user, text)),
        4 => (1_u64..90).prop_map(Act::Wait),
        1 => (1_u64..4).prop_map(|days| Act::Wait(days * 86_400)),
        2 => fault().prop_map(Act::Wrong),
    ];
    prop::collection::vec(act, 1..60)
}

/// The jobs so far, of which none may disappear.
type Seen = BTreeMap<(u64, JobId), JobStatus>;

fn check(world: &World, seen: &mut Seen) {
    for tenant in &world.tenants {
        check_jobs(tenant, seen);
        check_archive(tenant);
        let running = |job: &&oceanbase_sim::model::Job| {
            matches!(job.status, JobStatus::Doing | JobStatus::Canceling) && job.task.is_some()
        };
        let at_work = tenant.backups.jobs.iter().filter(running).count();
        // One of the tenant itself, one of sys.
        assert!(at_work <= 2, "{at_work} backups of {} at once", tenant.name);
        let ascending = tenant
            .backups
            .sets
            .windows(2)
            .all(|pair| pair[0].id < pair[1].id);
        assert!(ascending, "set ids of {} do not ascend", tenant.name);
    }
}

fn check_jobs(tenant: &Tenant, seen: &mut Seen) {
    let backups = &tenant.backups;
    let rows = || backups.jobs.iter().chain(&backups.history);
    for ((id, job), before) in seen.iter().filter(|((id, _), _)| *id == tenant.id.0) {
        let now = rows().find(|row| row.id == *job).map(|row| row.status);
        assert!(now.is_some(), "job {job} of {id} vanished");
        assert!(
            !before.is_terminal() || now == Some(*before),
            "job {job} of {id} was {before:?} and is {now:?}"
        );
    }
    for row in rows() {
        let twice = rows().filter(|other| other.id == row.id).count();
        assert_eq!(twice, 1, "job {} stands in table and history", row.id);
        assert_eq!(row.ended_at.is_some(), row.status.is_terminal());
        seen.insert((tenant.id.0, row.id), row.status);
    }
    assert!(backups.history.iter().all(|job| job.status.is_terminal()));
}

fn check_archive(tenant: &Tenant) {
    let archive = &tenant.archive;
    for pair in archive.pieces.windows(2) {
        assert!(pair[0].id < pair[1].id, "piece ids do not ascend");
        assert!(pair[0].checkpoint <= pair[1].start, "pieces overlap");
        if pair[0].round == pair[1].round {
            assert_eq!(pair[0].checkpoint, pair[1].start, "a gap within a round");
        }
    }
    for pair in archive.history.windows(2) {
        assert_eq!(
            pair[0].id.next(),
            pair[1].id,
            "a round is missing in history"
        );
    }
    if let (Some(round), Some(piece)) = (&archive.round, archive.pieces.last()) {
        assert!(round.id != piece.round || round.checkpoint == piece.checkpoint);
    }
}

fn play(acts: Vec<Act>, child_rows: ChildRows) {
    let bench = Bench::of(Scenario::new("4.3.5.2").child_rows(child_rows));
    let mut seen = Seen::new();
    for act in acts {
        match act {
            Act::Say(user, text) => {
                let reply = bench.session(user).execute(&text);
                if let End::Error(error) = reply.end {
                    assert_ne!(error.code, 1064, "{text}");
                }
            }
            Act::Wait(seconds) => bench.pass(seconds),
            // A break of an archive that does not run is refused, which is correct.
            Act::Wrong(fault) => drop(bench.simulator.inject(fault)),
        }
        bench.simulator.world(|world| check(world, &mut seen));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_breaks_the_books_when_children_come_at_once(acts in acts()) {
        play(acts, ChildRows::AtOnce);
    }

    #[test]
    fn no_sequence_breaks_the_books_when_children_come_later(acts in acts()) {
        play(acts, ChildRows::Later);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,80}") {
        let bench = Bench::new();
        bench.session("root@sys").execute(&text);
    }

    #[test]
    fn no_cut_statement_makes_the_parser_panic(cut in 0_usize..120) {
        let text = "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///é BINDING=Optional' \
                    COMMENT 'x' SCOPE = BOTH TENANT = `orders`; SELECT 'ü'";
        let end = (0..=cut.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        Bench::new().session("root@sys").execute(&text[..end.unwrap_or(0)]);
    }
}
