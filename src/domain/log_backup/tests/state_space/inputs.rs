//! What a log backup can observe, and what the database can answer.

use super::super::*;

pub(super) fn worlds() -> Vec<Observation> {
    [
        in_each_state_of_a_round(),
        of_each_tenant(),
        in_each_surrounding(),
    ]
    .concat()
}

fn in_each_state_of_a_round() -> Vec<Observation> {
    let mut worlds: Vec<Observation> = [
        RoundStatus::Prepare,
        RoundStatus::Beginning,
        RoundStatus::Doing,
        RoundStatus::Suspending,
        RoundStatus::Suspend,
        RoundStatus::Interrupted,
        RoundStatus::Stopping,
        RoundStatus::Stop,
        RoundStatus::Unknown("NAPPING".to_owned()),
    ]
    .into_iter()
    .map(|status| observed(tenant(Some(status))))
    .collect();
    worlds.extend([
        observed(in_round(2, RoundStatus::Doing)),
        Observation {
            page: Some(RelatedObjects::default()),
            ..observed(Tenant {
                sets: Arc::new(vec![full_set(-60)]),
                ..doing()
            })
        },
        observed(in_round(2, RoundStatus::Interrupted)),
        Observation {
            may_heal_at: Some(at(50)),
            ..observed(tenant(Some(RoundStatus::Interrupted)))
        },
    ]);
    worlds
}

fn of_each_tenant() -> Vec<Observation> {
    vec![
        observed(bare()),
        observed(Tenant {
            archive_log: Some(false),
            ..doing()
        }),
        observed(Tenant {
            log_dest: Some(ArchiveDest {
                binding: "MANDATORY".to_owned(),
                ..dest(true)
            }),
            ..tenant(None)
        }),
        observed(tenant(None)),
        observed(Tenant {
            archive_log: None,
            ..tenant(None)
        }),
        observed(Tenant {
            log_dest: Some(dest(false)),
            ..tenant(Some(RoundStatus::Suspend))
        }),
        observed(Tenant {
            lag_target: Some(Duration::from_secs(30)),
            ..doing()
        }),
        observed(Tenant {
            role: "STANDBY".to_owned(),
            ..bare()
        }),
        observed(Tenant {
            locked: true,
            ..doing()
        }),
        observed(Tenant {
            id: TenantId(1010),
            ..doing()
        }),
        Observation {
            renamed: Some(Renamed {
                name: "purchases".to_owned(),
                path: "orders/log".to_owned(),
            }),
            ..without_tenant()
        },
    ]
}

fn in_each_surrounding() -> Vec<Observation> {
    vec![
        Observation {
            conflict: Some(Blocker::permanent("DestinationOwnedByOther", "move")),
            ..observed(bare())
        },
        Observation {
            has_open_tasks: true,
            ..observed(doing())
        },
        Observation {
            has_open_tasks: true,
            ..observed(tenant(None))
        },
        elsewhere(doing()),
        elsewhere(tenant(None)),
        unsettled(observed(doing())),
        unsettled(observed(bare())),
        without_tenant(),
        unreachable(),
        without_database(Blocker::waiting("Connecting", "soon")),
        Observation {
            can_pause: false,
            can_set_lag_target: false,
            ..observed(doing())
        },
        Observation {
            target: Err(Blocker::waiting("StorageNotFound", "no such store")),
            ..observed(doing())
        },
        Observation {
            target: Err(Blocker::permanent("LogBackupExists", "another is older")),
            ..observed(doing())
        },
    ]
}

pub(super) fn answers() -> Vec<Answer> {
    vec![
        Answer::Done,
        Answer::Withheld("busy".to_owned()),
        refused(FailureClass::NotYet),
        refused(FailureClass::Permanent),
        Answer::NotSent("no route".to_owned()),
        Answer::Unknown("reset".to_owned()),
    ]
}
