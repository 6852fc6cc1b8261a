//! Tests of each statement with every form of its values.

use std::time::Duration;

use oceanbase_backup_operator::oceanbase::destination::Destination;
use oceanbase_backup_operator::oceanbase::model::{
    Destinations, JobId, JobKey, StorageLimits, TenantId, TenantName,
};
use oceanbase_backup_operator::oceanbase::restore_password::RestorePassword;
use oceanbase_backup_operator::oceanbase::statement::{
    Cleanup, Command, Recovery, SESSION_SETUP, limit,
};
use secrecy::{ExposeSecret, SecretString};

use super::engine::engine;
use super::kinds_of_commands;

/// Unchecked statements, and the reasons.
const EXCEPTIONS: [(&str, &str); 4] = [
    (
        "attributes of oss:// and cos://",
        "this engine is built without these stores and refuses them before it reads on; the \
         attributes they share with s3:// are read by the same code (ObStorageInfo)",
    ),
    (
        "s3_region and appid",
        "free text: no value of them is wrong before the store is reached",
    ),
    (
        "names of the three parameters",
        "SET with an unknown name is a configuration item's grammar: 5099, not 1064",
    ),
    (
        "FindBackup",
        "sends no statement; its queries are in `queries`",
    ),
];

/// The engine's answer to a statement with valid attributes.
const UNSUPPORTED: (u16, &str) = (1235, "Not supported feature or function");

const NO_SUCH_TENANT: u16 = 5160;

pub(super) fn tenant() -> TenantName {
    TenantName::parse("orders").unwrap()
}

/// Returns all combinations of options, each with each of its words, or omitted.
fn options(choices: &[(&'static str, &[&'static str])]) -> Vec<Vec<(&'static str, &'static str)>> {
    let mut all = vec![Vec::new()];
    for (name, words) in choices {
        let with = all.clone().into_iter().flat_map(|chosen: Vec<_>| {
            words.iter().map(move |word| {
                let mut chosen = chosen.clone();
                chosen.push((*name, *word));
                chosen
            })
        });
        let with: Vec<_> = with.collect();
        all.extend(with);
    }
    all
}

pub(super) fn s3(options: &[(&'static str, &'static str)]) -> Destination {
    let (id, key) = (SecretString::from("AKID"), SecretString::from("s3cr3t/+="));
    let keys = [("access_id", &id), ("access_key", &key)];
    Destination::bucket(
        "s3",
        "bucket/prod/x",
        "https://s3.test:9000",
        &keys,
        options,
    )
    .unwrap()
}

fn s3_destinations() -> Vec<Destination> {
    let choices: [(_, &[_]); 4] = [
        ("s3_region", &["eu-1"]),
        ("addressing_model", &["virtual_hosted_style", "path_style"]),
        ("delete_mode", &["delete", "tagging"]),
        ("checksum_type", &["md5", "crc32"]),
    ];
    let slow = StorageLimits {
        max_iops: 1000,
        max_bandwidth: 100 << 20,
    };
    let all = options(&choices);
    let unlimited = all.iter().map(|options| s3(options));
    unlimited.chain([s3(&[]).limited(slow)]).collect()
}

fn other_buckets() -> Vec<Destination> {
    let id = SecretString::from("AKID");
    let choices: [(_, &[_]); 1] = [("delete_mode", &["delete", "tagging"])];
    let mut all = Vec::new();
    for options in options(&choices) {
        let keys = [("access_id", &id), ("access_key", &id)];
        all.push(Destination::bucket("oss", "b/d", "oss.test", &keys, &options).unwrap());
        let keys = [("access_id", &id), ("access_key", &id), ("appid", &id)];
        all.push(Destination::bucket("cos", "b/d", "cos.test", &keys, &options).unwrap());
    }
    all
}

pub(super) fn file_destinations() -> Vec<Destination> {
    ["/ob", "/ob-backup/prod_1/orders/data.d"]
        .map(|directory| Destination::file(directory).unwrap())
        .to_vec()
}

/// Returns everything that can be sent for one destination.
pub(super) fn with_destination(destination: &Destination) -> Vec<Command> {
    let mut all = vec![Command::SetDataBackupDest {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        destination: destination.clone(),
        replaces: None,
    }];
    for mandatory in [false, true] {
        for piece_switch_days in 1..=7 {
            all.push(Command::SetLogArchiveDest {
                tenant: tenant(),
                tenant_id: TenantId(1002),
                destination: destination.clone(),
                mandatory,
                piece_switch_days,
                replaces: None,
            });
        }
    }
    all
}

/// Returns everything that can be sent about a tenant, without destinations.
pub(super) fn plain(tenant: &TenantName) -> Vec<Command> {
    let key = |uid: &str, attempt| JobKey::new(uid, attempt).unwrap();
    let uid = "8b1d2a3e-7f60-4c1e-9d52-0a6f4f1c2b3d";
    let tenant = || tenant.clone();
    let set_state = |enable| Command::SetLogArchiveDestState {
        tenant: tenant(),
        enable,
    };
    let backup = |incremental, key| Command::Backup {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        incremental,
        plus_archivelog: false,
        password: None,
        key,
        slots: 2,
    };
    let lag_target = |seconds| Command::SetArchiveLagTarget {
        tenant: tenant(),
        seconds,
    };
    let window = |days| Command::AddDeletePolicy {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        observed: Destinations::default(),
        days,
    };
    vec![
        set_state(true),
        set_state(false),
        Command::ArchiveLog {
            tenant: tenant(),
            tenant_id: TenantId(1002),
            location: Destination::file("/ob/log").unwrap().location().clone(),
        },
        Command::NoArchiveLog(tenant()),
        Command::LeaveLogDest {
            tenant: tenant(),
            tenant_id: TenantId(1002),
            location: Destination::file("/ob/log").unwrap().location().clone(),
        },
        backup(false, key(uid, 1)),
        backup(true, key(uid, 1)),
        backup(false, key(&"f".repeat(40), i32::MAX)),
        backup(true, key("0", 0)),
        with_logs(backup(false, key(uid, 1))),
        with_logs(backup(true, key(uid, 1))),
        Command::FindBackup {
            tenant: tenant(),
            key: key(uid, 1),
        },
        Command::CancelBackup {
            tenant: tenant(),
            tenant_id: TenantId(1002),
            key: key(uid, 1),
        },
        window(1),
        window(3650),
        Command::DropDeletePolicy {
            tenant: tenant(),
            tenant_id: TenantId(1002),
            recovery_window: "7d".to_owned(),
        },
        // The others are in `recovery`.
        Command::from(Recovery::UpgradeTenant {
            tenant: tenant(),
            tenant_id: TenantId(1002),
        }),
        // The others are in `cleanups`.
        Command::from(Cleanup::Cancel {
            tenant: tenant(),
            tenant_id: TenantId(1002),
            job_id: JobId(7),
        }),
        lag_target(0),
        lag_target(7200),
    ]
}

fn with_logs(mut backup: Command) -> Command {
    if let Command::Backup {
        plus_archivelog, ..
    } = &mut backup
    {
        *plus_archivelog = true;
    }
    backup
}

fn every_command() -> Vec<Command> {
    let names = ["orders", "_", "Select", "tenant", &"t".repeat(63)];
    let tenants = names.map(|name| TenantName::parse(name).unwrap());
    let destinations = [file_destinations(), s3_destinations(), other_buckets()].concat();
    destinations
        .iter()
        .flat_map(with_destination)
        .chain(tenants.iter().flat_map(plain))
        .collect()
}

/// Returns one statement of each form.
fn forms() -> Vec<String> {
    let destination = &file_destinations()[0];
    let mut commands = with_destination(destination)[..2].to_vec();
    commands.extend(plain(&tenant()));
    commands.iter().filter_map(Command::text).collect()
}

/// Returns the same statement for the engine's only tenant, for which it reads the attributes.
pub(super) fn of_sys(text: &str) -> String {
    text.replace("TENANT = 'orders'", "TENANT = 'sys'")
}

#[tokio::test]
async fn every_statement_is_in_the_grammar() {
    let mut session = engine().session().await;
    let commands = every_command();
    let texts: Vec<_> = commands.iter().filter_map(Command::text).collect();
    let mut names: Vec<_> = commands.iter().map(Command::name).collect();
    names.sort_unstable();
    names.dedup();
    let mut wrong = Vec::new();
    for text in &texts {
        let code = session.code(text).await;
        // A misspelt statement answers 1064, even for an unknown tenant: see below.
        if code != NO_SUCH_TENANT {
            wrong.push((code, text));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(
        names.len(),
        kinds_of_commands(),
        "only {names:?} were asked"
    );
    println!("{} statements of {} commands", texts.len(), names.len());
    for (what, why) in EXCEPTIONS {
        println!("exception: {what}: {why}");
    }
}

#[tokio::test]
async fn a_misspelt_word_of_any_statement_is_found() {
    let mut session = engine().session().await;
    let parameters = [
        "LOG_ARCHIVE_DEST",
        "LOG_ARCHIVE_DEST_STATE",
        "DATA_BACKUP_DEST",
    ];
    let mut tried = 0;
    for text in forms() {
        let words = text.split(' ').collect::<Vec<_>>();
        for (position, word) in words.iter().enumerate() {
            // Grammar words are in capitals and outside of quotes.
            let quoted = words[..position].concat().matches('\'').count() % 2 == 1;
            let is_word = word.bytes().all(|c| c.is_ascii_uppercase() || c == b'_');
            if quoted || !is_word {
                continue;
            }
            let misspelt = format!("{}{word}", &word[..1]);
            let mut words = words.clone();
            words[position] = &misspelt;
            let spoilt = words.join(" ");
            let expected = if parameters.contains(word) {
                5099
            } else {
                1064
            };
            assert_eq!(session.code(&spoilt).await, expected, "{spoilt}");
            tried += 1;
        }
    }
    assert!(tried > 40, "only {tried} words");
    println!("{tried} misspelt statements");
}

#[tokio::test]
async fn the_engine_reads_all_attributes_of_a_destination_and_finds_them_good() {
    let mut session = engine().session().await;
    let mut commands: Vec<_> = [file_destinations(), s3_destinations()]
        .concat()
        .iter()
        .flat_map(with_destination)
        .collect();
    commands.extend(plain(&tenant()).into_iter().take(2));
    let texts: Vec<_> = commands.iter().filter_map(Command::text).collect();
    for text in &texts {
        let text = of_sys(text);
        let error = session.ask(&text).await.unwrap_err();
        assert_eq!((error.code, error.text.as_str()), UNSUPPORTED, "{text}");
    }
    println!("{} statements read to their last attribute", texts.len());
}

#[tokio::test]
async fn stores_that_this_engine_was_built_without_are_named_as_such() {
    let mut session = engine().session().await;
    for destination in other_buckets() {
        let text = of_sys(&with_destination(&destination)[0].text().unwrap());
        let error = session.ask(&text).await.unwrap_err();
        assert!(
            error.text.ends_with("storage not supported"),
            "{}: is the exception above still true?",
            error.text
        );
    }
}

#[tokio::test]
async fn a_session_takes_a_restore_password_and_no_misspelt_one() {
    let mut session = engine().session().await;
    let password = RestorePassword::new("s3same; open --# /*".into()).unwrap();
    let statement = password.statement();
    let text = statement.expose_secret();
    session.run(text).await;
    for (good, bad) in [
        ("SET ", "SEET "),
        ("ENCRYPTION", "ENCRIPTION"),
        ("IDENTIFIED", "IDENTIFYED"),
        ("ONLY", "ONNLY"),
    ] {
        let spoilt = text.replacen(good, bad, 1);
        assert_eq!(session.code(&spoilt).await, 1064, "{spoilt}");
    }
}

#[tokio::test]
async fn the_statements_of_a_session_take_effect() {
    let mut session = engine().session().await;
    session.run(SESSION_SETUP).await;
    session.run(&limit(Duration::from_mins(1))).await;
    let set = session
        .run("SELECT @@session.time_zone, @@session.ob_query_timeout")
        .await;
    let expected = ["+00:00", "60000000"].map(|text| Some(text.to_owned()));
    assert_eq!(set.rows, [expected]);
}
