//! Stories of the uses of a connection, and of the hosts that receive its Secrets.

use oceanbase_sim::statement::Kind;

use super::{LOG_BACKUP, NIGHTLY, ONE_TENANT, archiving, task_without_strategy};
use crate::support::World;
use crate::support::world::condition_of;

const LOGS: (&str, &str) = ("logbackup", "orders-log");

const RESTORE: &str = "{apiVersion: v1, kind: Secret, metadata: {name: restore}, \
                       stringData: {password: PLANTED-5f1d}}";

const ONLY_BILLING: &str = "spec: {access: {tenants: [billing]}}";

#[test]
fn a_tenant_that_the_connection_is_not_for_is_neither_archived_nor_backed_up() {
    let world = World::started("access-tenant", ONE_TENANT);
    world.edit("oceanbasecluster", "prod", ONLY_BILLING);
    world.apply(NIGHTLY);
    world.apply(LOG_BACKUP);
    world.apply(&task_without_strategy("now"));
    let strategy = world.condition(
        ("backupstrategy", "nightly"),
        "BackupHealthy",
        "False",
        "TenantNotAllowed",
    );
    let failing = &strategy["status"]["tenants"]["failing"][0];
    assert_eq!(failing["name"], "orders");
    let refused = "TenantNotAllowed";
    world.condition(("logbackup", "orders-log"), "Ready", "False", refused);
    world.condition(("backuptask", "now"), "Succeeded", "Unknown", refused);
    world.settle();
    assert_eq!(world.changing(), Vec::<String>::new());
}

#[test]
fn what_was_not_allowed_begins_as_soon_as_it_is() {
    let world = World::started("access-granted", ONE_TENANT);
    world.edit("oceanbasecluster", "prod", ONLY_BILLING);
    world.apply(LOG_BACKUP);
    world.condition(
        ("logbackup", "orders-log"),
        "Ready",
        "False",
        "TenantNotAllowed",
    );
    let both = "spec: {access: {tenants: [billing, 'ord*']}}";
    world.edit("oceanbasecluster", "prod", both);
    world.phase("logbackup", "orders-log", "InProgress");
}

#[test]
fn a_store_that_the_connection_is_not_for_is_not_used() {
    let world = World::started("access-storage", ONE_TENANT);
    let stores = "spec: {access: {storages: ['s3-*']}}";
    world.edit("oceanbasecluster", "prod", stores);
    world.apply(NIGHTLY);
    world.condition(
        ("backupstrategy", "nightly"),
        "Ready",
        "False",
        "StorageNotAllowed",
    );
    world.settle();
    assert_eq!(world.changing(), Vec::<String>::new());
}

/// Restricts a Secret to these hosts.
fn bind(world: &World, secret: &str, hosts: &str) {
    world
        .kubectl(&[
            "annotate",
            "--overwrite",
            "secret",
            secret,
            &format!("backup.oceanbase.io/endpoints={hosts}"),
        ])
        .unwrap();
}

#[test]
fn a_password_goes_to_no_host_that_its_secret_does_not_list() {
    let mut world = World::new("bound-elsewhere", ONE_TENANT);
    bind(&world, "prod-sys", "ob-1.db:2881");
    world.start_operator();
    world.condition(
        ("oceanbasecluster", "prod"),
        "Reachable",
        "False",
        "SecretNotForEndpoint",
    );
    assert_eq!(world.simulator.connections().logins, 0);
}

#[test]
fn a_password_goes_to_the_host_that_its_secret_lists() {
    let mut world = World::new("bound-here", ONE_TENANT);
    bind(
        &world,
        "prod-sys",
        &format!("ob-1.db, 127.0.0.1:{}", world.port),
    );
    world.start_operator();
    world.condition(("oceanbasecluster", "prod"), "Ready", "True", "Accepted");
}

/// With the operator's setting, a Secret without hosts is used nowhere: no database password, no
/// storage keys, no restore password.
#[test]
fn a_secret_that_lists_no_host_is_sent_nowhere_where_that_is_required() {
    let mut world = World::new("binding-required", ONE_TENANT);
    world.start_operator_with(&["--require-secret-binding"]);
    let cluster = ("oceanbasecluster", "prod");
    let object = world.condition(cluster, "Reachable", "False", "SecretNotBound");
    let known = condition_of(&object, "Reachable");
    let here = format!("127.0.0.1:{}", world.port);
    assert!(
        known["message"].as_str().unwrap().contains(&here),
        "{known}"
    );
    assert_eq!(world.simulator.connections().logins, 0);
    bind(&world, "prod-sys", &here);
    world.condition(cluster, "Ready", "True", "Accepted");

    world.apply(BUCKET);
    world.apply(&LOG_BACKUP.replace("name: nfs", "name: bucket"));
    world.condition(LOGS, "Ready", "False", "SecretNotBound");
    assert_eq!(world.changing(), Vec::<String>::new());
    bind(&world, "keys", &format!("s3.example.com, {here}"));
    world.phase(LOGS.0, LOGS.1, "InProgress");

    world.apply(RESTORE);
    let protected = "type: Full, restorePasswordSecretRef: {name: restore}";
    let task = task_without_strategy("now").replace("type: Full", protected);
    world.apply(&task.replace("name: nfs", "name: bucket"));
    let now = ("backuptask", "now");
    world.condition(now, "Succeeded", "Unknown", "SecretNotBound");
    assert_eq!(world.count(Kind::SetEncryption), 0);
    bind(&world, "restore", &here);
    world.phase(now.0, now.1, "Completed");
}

/// The database keeps a hash of it, so a user with write access to tasks must not send any Secret
/// there.
#[test]
fn a_restore_password_goes_to_no_host_that_its_secret_does_not_list() {
    let world = archiving("bound-restore");
    world.apply(RESTORE);
    bind(&world, "restore", "ob-1.db:2881");
    let protected = "type: Full, restorePasswordSecretRef: {name: restore}";
    world.apply(&task_without_strategy("now").replace("type: Full", protected));
    let now = ("backuptask", "now");
    world.condition(now, "Succeeded", "Unknown", "SecretNotForEndpoint");
    assert_eq!(world.count(Kind::SetEncryption), 0);
    let here = format!("127.0.0.1:{}", world.port);
    bind(&world, "restore", &here);
    world.phase("backuptask", "now", "Completed");
}

const BUCKET: &str = "
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {accessKeyId: AKIDPLANTED, accessKeySecret: SKEYPLANTED}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {name: bucket}
spec:
  type: S3
  s3: {endpoint: 'https://s3.example.com', bucket: ob-backup, region: eu-1, credentials: {secretRef: {name: keys}}}
";

/// The database receives the keys. Without a list of hosts, a user with write access to
/// OceanBaseClusters could send the keys to another server.
#[test]
fn a_stores_keys_go_to_no_database_that_their_secret_does_not_list() {
    let world = World::started("bound-store", ONE_TENANT);
    world.apply(BUCKET);
    bind(&world, "keys", "s3.example.com");
    world.apply(&LOG_BACKUP.replace("name: nfs", "name: bucket"));
    let log = ("logbackup", "orders-log");
    world.condition(log, "Ready", "False", "SecretNotForEndpoint");
    assert_eq!(world.changing(), Vec::<String>::new());
    let here = format!("s3.example.com, 127.0.0.1:{}", world.port);
    bind(&world, "keys", &here);
    world.phase("logbackup", "orders-log", "InProgress");
}
