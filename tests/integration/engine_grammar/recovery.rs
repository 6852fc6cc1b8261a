//! Statements of restores. This engine, one database of one tenant, has no grammar for most of
//! them.

use oceanbase_backup_operator::oceanbase::destination::Destination;
use oceanbase_backup_operator::oceanbase::model::{
    Cpu, Locality, PrimaryZone, ResourceName, RestoreKey, Scn, TenantId, TenantName, ZoneName,
};
use oceanbase_backup_operator::oceanbase::restore_password::RestorePassword;
use oceanbase_backup_operator::oceanbase::statement::{Command, Recovery};
use secrecy::ExposeSecret;

use super::engine::{Client, engine};
use super::kinds_of_recoveries;
use super::statements::{file_destinations, s3, tenant};

/// Statements that this engine's parser does not know, and the source of their form.
const EXCEPTIONS: [(&str, &str); 8] = [
    (
        "create_unit",
        "no RESOURCE: oceanbase-v4.md 5.1, from the kernel's grammar and ob-operator",
    ),
    (
        "create_pool",
        "no RESOURCE: oceanbase-v4.md 5.1, from the kernel's grammar and ob-operator",
    ),
    (
        "drop_pool",
        "no RESOURCE: oceanbase-v4.md 5.4, from obshell",
    ),
    (
        "drop_unit",
        "no RESOURCE: oceanbase-v4.md 5.4, from obshell",
    ),
    (
        "restore",
        "no RESTORE: oceanbase-v4.md 1.5, from the kernel's grammar",
    ),
    (
        "preview",
        "no RESTORE: oceanbase-v4.md 1.5, from the kernel's grammar",
    ),
    (
        "drop_tenant",
        "no TENANT: oceanbase-v4.md 5.4, from the manual",
    ),
    (
        "activate_standby",
        "no STANDBY: oceanbase-v4.md 1.5, from the kernel's grammar",
    ),
];

/// The engine's answers to statements that it knows and cannot execute.
const KNOWN: [(&str, u16); 2] = [("cancel_restore", 1235), ("upgrade_tenant", 5160)];

fn restores(tenant: &TenantName) -> Vec<Recovery> {
    let pools = || {
        ["p1", "Select"]
            .map(|name| ResourceName::parse(name).unwrap())
            .into()
    };
    let restore = |sources, until, full: bool| Recovery::Restore {
        tenant: tenant.clone(),
        sources,
        until,
        pools: pools(),
        locality: Locality::parse("FULL{1}@zone-1,F@z2").filter(|_| full),
        primary_zone: PrimaryZone::parse("zone-1;z2").filter(|_| full),
        concurrency: full.then_some(100),
        key: key(),
        decryption: Vec::new(),
    };
    let both = || [file_destinations(), vec![s3(&[("s3_region", "eu-1")])]].concat();
    let scn = Scn(4_611_686_018_427_387_903);
    vec![
        restore(both(), Some(scn), true),
        restore(file_destinations(), None, false),
        Recovery::Preview {
            tenant: tenant.clone(),
            sources: both(),
            until: scn,
            decryption: Vec::new(),
        },
    ]
}

fn key() -> RestoreKey {
    RestoreKey::parse("obr/00112233445566778899aabbccddeeff").unwrap()
}

/// Returns everything that can be sent for this tenant.
fn every(tenant: &TenantName) -> Vec<Recovery> {
    let name = |text| ResourceName::parse(text).unwrap();
    let unit = |log_disk| Recovery::CreateUnit {
        tenant: tenant.clone(),
        unit: name("u1"),
        max_cpu: Cpu(2500),
        memory: 8 << 30,
        log_disk,
    };
    let (tenant_id, tenant) = (TenantId(1006), || tenant.clone());
    let mut all = restores(&tenant());
    all.extend([
        unit(None),
        unit(Some(24 << 30)),
        Recovery::CreatePool {
            tenant: tenant(),
            pool: name("p1"),
            unit: name("u1"),
            unit_count: 1,
            zones: ["zone-1", "z2"]
                .map(|zone| ZoneName::parse(zone).unwrap())
                .into(),
        },
        Recovery::DropPool {
            tenant: tenant(),
            pool: name("p1"),
        },
        Recovery::DropUnit {
            tenant: tenant(),
            unit: name("u1"),
        },
        Recovery::FindRestore {
            tenant: tenant(),
            key: key(),
        },
        Recovery::CancelRestore {
            tenant: tenant(),
            key: key(),
        },
        Recovery::DropTenant {
            verified: false,
            tenant: tenant(),
            tenant_id,
            key: key(),
        },
        Recovery::ActivateStandby {
            tenant: tenant(),
            tenant_id,
        },
        Recovery::UpgradeTenant {
            tenant: tenant(),
            tenant_id,
        },
    ]);
    all
}

#[tokio::test]
#[allow(clippy::print_stdout, reason = "says what was shown")]
async fn statements_of_restores_are_known_to_the_engine_or_named_as_unknown_to_it() {
    let mut session = engine().session().await;
    let mut names = std::collections::BTreeSet::new();
    for tenant in ["orders", "Select", &"t".repeat(63)] {
        for recovery in every(&TenantName::parse(tenant).unwrap()) {
            names.insert(recovery.name());
            let known = KNOWN.iter().find(|(name, _)| *name == recovery.name());
            let is_exception = EXCEPTIONS.iter().any(|(name, _)| *name == recovery.name());
            let Some(text) = Command::from(recovery).text() else {
                continue;
            };
            assert!(is_exception != known.is_some(), "{text}");
            let expected = known.map_or(1064, |(_, code)| *code);
            assert_eq!(session.code(&text).await, expected, "{text}");
            literals_stay_in_their_quotes(&mut session, &text).await;
        }
    }
    // Those of tables are in `tables`.
    assert_eq!(names.len() + 1, kinds_of_recoveries(), "only {names:?}");
    for (what, why) in EXCEPTIONS {
        println!("exception: {what}: {why}");
    }
}

/// Checks literals in statements that the engine cannot parse: its error shows where each literal
/// ends.
async fn literals_stay_in_their_quotes(session: &mut Client, text: &str) {
    let parts: Vec<_> = text.split('\'').collect();
    assert!(parts.len() % 2 == 1, "{text}");
    for literal in parts.iter().skip(1).step_by(2) {
        let answer = session.run(&format!("SELECT '{literal}'")).await;
        assert_eq!(answer.rows, [[Some((*literal).to_owned())]]);
    }
}

#[tokio::test]
async fn a_misspelt_statement_of_a_restore_is_found_where_the_engine_knows_it() {
    let mut session = engine().session().await;
    let cancel = Command::from(Recovery::CancelRestore {
        tenant: tenant(),
        key: key(),
    });
    let text = cancel.text().unwrap();
    for (good, bad) in [
        ("CANCEL", "CANCELL"),
        ("RESTORE", "RESTORRE"),
        ("`orders`", ""),
    ] {
        let spoilt = text.replacen(good, bad, 1);
        assert_eq!(session.code(&spoilt).await, 1064, "{spoilt}");
    }
}

#[tokio::test]
async fn a_session_takes_the_passwords_of_backups_and_no_misspelt_ones() {
    let mut session = engine().session().await;
    let password = |text: &str| RestorePassword::new(text.to_owned().into()).unwrap();
    let command = Command::from(Recovery::Restore {
        tenant: tenant(),
        sources: vec![Destination::file("/ob/data").unwrap()],
        until: None,
        pools: Vec::new(),
        locality: None,
        primary_zone: None,
        concurrency: None,
        key: key(),
        decryption: vec![password("s3same; open --# /*"), password("second")],
    });
    let preface = command.preface().unwrap();
    let text = preface.text.expose_secret();
    session.run(text).await;
    for (good, bad) in [("DECRYPTION", "DECRIPTION"), ("IDENTIFIED", "IDENTIFYED")] {
        let spoilt = text.replacen(good, bad, 1);
        assert_eq!(session.code(&spoilt).await, 1064, "{spoilt}");
    }
}
