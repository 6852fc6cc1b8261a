//! Samples of every command, with values of each form.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::destination::Destination;
use oceanbase_backup_operator::oceanbase::model::{
    AuxiliaryTenant, Cpu, Deletion, Destinations, Identifier, JobId, JobKey, Locality, PrimaryZone,
    RemapQuoting, Renamed, ResourceName, RestoreKey, Scn, StorageLimits, TableName, Tables,
    TenantId, TenantName, ZoneName,
};
use oceanbase_backup_operator::oceanbase::restore_password::RestorePassword;
use oceanbase_backup_operator::oceanbase::statement::{
    Cleanup, Command, Recovery, StorageUpdate, StorageUpdateKind, TableRecovery,
};
use oceanbase_backup_operator::oceanbase::version::Version;
use secrecy::SecretString;

fn tenant() -> TenantName {
    TenantName::parse("orders").unwrap()
}

const ID: TenantId = TenantId(1002);

fn directories(count: usize) -> Vec<Destination> {
    let all = ["/backup/data", "/backup/log"];
    all[..count]
        .iter()
        .map(|path| Destination::file(path).unwrap())
        .collect()
}

fn key() -> RestoreKey {
    RestoreKey::parse("obr/00112233445566778899aabbccddeeff").unwrap()
}

pub(super) fn passwords(count: usize) -> Vec<RestorePassword> {
    let all = (0..count).map(|number| RestorePassword::new(format!("pw{number}").into()).unwrap());
    all.collect()
}

fn pools(count: usize) -> Vec<ResourceName> {
    let all = (0..count).map(|number| ResourceName::parse(&format!("p{number}")).unwrap());
    all.collect()
}

/// Returns commands of backups and log archiving.
fn backups() -> Vec<Command> {
    let key = || JobKey::new("8b1d2a3e-7f60-4c1e-9d52-0a6f4f1c2b3d", 1).unwrap();
    let backup = |incremental, plus_archivelog| Command::Backup {
        tenant: tenant(),
        tenant_id: ID,
        incremental,
        plus_archivelog,
        password: None,
        key: key(),
        slots: 2,
    };
    let destination = || directories(1).remove(0);
    let location = || destination().location().clone();
    vec![
        Command::SetLogArchiveDest {
            tenant: tenant(),
            tenant_id: ID,
            destination: destination(),
            mandatory: false,
            piece_switch_days: 1,
            replaces: None,
        },
        Command::SetLogArchiveDestState {
            tenant: tenant(),
            enable: false,
        },
        Command::SetArchiveLagTarget {
            tenant: tenant(),
            seconds: 120,
        },
        Command::ArchiveLog {
            tenant: tenant(),
            tenant_id: ID,
            location: location(),
        },
        Command::NoArchiveLog(tenant()),
        Command::LeaveLogDest {
            tenant: tenant(),
            tenant_id: ID,
            location: location(),
        },
        Command::SetDataBackupDest {
            tenant: tenant(),
            tenant_id: ID,
            destination: destination(),
            replaces: None,
        },
        Command::AddDeletePolicy {
            tenant: tenant(),
            tenant_id: ID,
            observed: Destinations::default(),
            days: 7,
        },
        Command::DropDeletePolicy {
            tenant: tenant(),
            tenant_id: ID,
            recovery_window: "7d".to_owned(),
        },
        backup(false, false),
        backup(true, false),
        backup(false, true),
        backup(true, true),
        Command::FindBackup {
            tenant: tenant(),
            key: key(),
        },
        Command::CancelBackup {
            tenant: tenant(),
            tenant_id: ID,
            key: key(),
        },
    ]
}

pub(super) fn cleanups() -> Vec<Cleanup> {
    let after = JobId(7);
    let delete = |what| Cleanup::Delete {
        tenant: tenant(),
        tenant_id: ID,
        what,
        after,
        again: false,
    };
    vec![
        delete(Deletion::Obsolete),
        delete(Deletion::Sets(vec![3])),
        delete(Deletion::Sets(vec![3, 4])),
        delete(Deletion::Pieces(vec![3])),
        delete(Deletion::Pieces(vec![3, 4])),
        Cleanup::Find {
            tenant: tenant(),
            tenant_id: ID,
            what: Deletion::Obsolete,
            after,
        },
        Cleanup::Cancel {
            tenant: tenant(),
            tenant_id: ID,
            job_id: after,
        },
    ]
}

pub(super) fn recoveries() -> Vec<Recovery> {
    let unit = || ResourceName::parse("u1").unwrap();
    let zones = |names: &[&str]| {
        names
            .iter()
            .map(|name| ZoneName::parse(name).unwrap())
            .collect()
    };
    let create_unit = |max_cpu, log_disk| Recovery::CreateUnit {
        tenant: tenant(),
        unit: unit(),
        max_cpu: Cpu(max_cpu),
        memory: 8 << 30,
        log_disk,
    };
    let create_pool = |names: &[&str]| Recovery::CreatePool {
        tenant: tenant(),
        pool: unit(),
        unit: unit(),
        unit_count: 1,
        zones: zones(names),
    };
    let restore = |directory_count, until, has_options: bool| Recovery::Restore {
        tenant: tenant(),
        sources: directories(directory_count),
        until,
        pools: pools(if has_options { 2 } else { 1 }),
        locality: Locality::parse("FULL{1}@zone1,F@zone2").filter(|_| has_options),
        primary_zone: PrimaryZone::parse("zone1;zone2").filter(|_| has_options),
        concurrency: has_options.then_some(8),
        key: key(),
        decryption: Vec::new(),
    };
    let until = Some(Scn(1_700_000_000_000_000_000));
    vec![
        create_unit(2000, None),
        create_unit(2500, None),
        create_unit(2000, Some(24 << 30)),
        create_unit(2500, Some(24 << 30)),
        create_pool(&["zone1"]),
        create_pool(&["zone1", "zone2"]),
        Recovery::DropPool {
            tenant: tenant(),
            pool: unit(),
        },
        Recovery::DropUnit {
            tenant: tenant(),
            unit: unit(),
        },
        restore(2, until, true),
        restore(2, None, false),
        restore(1, until, false),
        Recovery::FindRestore {
            tenant: tenant(),
            key: key(),
        },
        Recovery::Preview {
            tenant: tenant(),
            sources: directories(2),
            until: Scn(17),
            decryption: Vec::new(),
        },
        Recovery::CancelRestore {
            tenant: tenant(),
            key: key(),
        },
        Recovery::DropTenant {
            verified: false,
            tenant: tenant(),
            tenant_id: ID,
            key: key(),
        },
        Recovery::ActivateStandby {
            tenant: tenant(),
            tenant_id: ID,
        },
        Recovery::UpgradeTenant {
            tenant: tenant(),
            tenant_id: ID,
        },
    ]
}

/// Returns tables and databases, with and without a new name, plain and unusual.
fn objects(version: Version) -> Vec<Tables> {
    let table = |from: &str, to: &str| Renamed {
        from: TableName::parse(from).unwrap(),
        to: TableName::parse(to).unwrap(),
    };
    let database = |from: &str, to: &str| Renamed {
        from: Identifier::parse(from).unwrap(),
        to: Identifier::parse(to).unwrap(),
    };
    // The operator rejects such a `to` before V4.2.1.3.
    let unusual = version.can(Capability::QuotedRemap).then(|| {
        Tables::Single(vec![
            table("my-db.2026", "my-db.order"),
            table("shop.orders", "shop.2026"),
        ])
    });
    vec![
        Tables::Single(vec![table("shop.orders", "shop.orders")]),
        Tables::Single(vec![table("shop.orders", "shop.orders_old")]),
        Tables::Single(vec![
            table("shop.orders", "shop.orders_old"),
            table("shop.items", "old.items"),
        ]),
        Tables::OfDatabases(vec![database("shop", "shop")]),
        Tables::OfDatabases(vec![database("shop", "old")]),
        Tables::Single(vec![table("my-db.2026", "my-db.2026")]),
        Tables::OfDatabases(vec![database("shop", "old"), database("pay", "paid")]),
    ]
    .into_iter()
    .chain(unusual)
    .collect()
}

/// Returns how the release takes new names, as the controller decides it.
fn quoting(version: Version) -> RemapQuoting {
    if version.can(Capability::QuotedRemap) {
        RemapQuoting::Quoted
    } else {
        RemapQuoting::Plain
    }
}

pub(super) fn table_recoveries(version: Version) -> Vec<TableRecovery> {
    let recover = |tables, until: Option<Scn>| TableRecovery::Recover {
        tenant: tenant(),
        tenant_id: ID,
        tables,
        sources: directories(2),
        until,
        pools: pools(1),
        primary_zone: None,
        key: key(),
        quoting: quoting(version),
        decryption: Vec::new(),
    };
    let objects = objects(version).into_iter();
    let mut all: Vec<_> = objects
        .flat_map(|tables| {
            [
                recover(tables.clone(), None),
                recover(tables, Some(Scn(17))),
            ]
        })
        .collect();
    all.extend([
        TableRecovery::Find {
            tenant: tenant(),
            key: key(),
        },
        TableRecovery::Cancel {
            tenant: tenant(),
            key: key(),
        },
        TableRecovery::DropAuxiliary {
            tenant: tenant(),
            auxiliary: AuxiliaryTenant::parse("AUX_RECOVER$17").unwrap(),
            auxiliary_id: TenantId(1012),
            key: key(),
        },
    ]);
    all
}

pub(super) fn every_command(version: Version) -> Vec<Command> {
    let tables = table_recoveries(version);
    let recoveries = recoveries()
        .into_iter()
        .chain(tables.into_iter().map(Recovery::Tables));
    let others = recoveries.map(Command::from);
    backups()
        .into_iter()
        .chain(cleanups().into_iter().map(Command::from))
        .chain(others)
        .collect()
}

pub(super) fn store_changes() -> [StorageUpdate; 2] {
    let kinds = [
        StorageUpdateKind::Keys(
            Destination::bucket(
                "s3",
                "b/p",
                "https://s3.test",
                &[
                    ("access_id", &SecretString::from("a")),
                    ("access_key", &SecretString::from("b")),
                ],
                &[],
            )
            .unwrap(),
        ),
        StorageUpdateKind::Limits(
            directories(1)[0].location().clone(),
            StorageLimits {
                max_iops: 1000,
                max_bandwidth: 1 << 20,
            },
        ),
    ];
    kinds.map(|kind| StorageUpdate {
        tenant: tenant(),
        tenant_id: ID,
        user: "backup".to_owned(),
        password: "pw".into(),
        kind,
    })
}
