//! Stories of changed storage keys. The tenant's own account sends them to the database if
//! possible. Otherwise the object reports this, and nothing is sent.

use oceanbase_sim::fault::{Fault, Moment, Trigger};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use crate::support::world::condition_of;
use crate::support::{World, eventually};

pub(super) const STORE: (&str, &str) = ("backupstorage", "bucket");

/// The password of the tenant's own account.
pub(super) const ACCOUNT_PASSWORD: &str = "tulip-nq3x55w0zk";

/// A tenant with a password, and a bucket that accepts one key.
pub(super) const WITH_A_BUCKET: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
storage: [{path: 's3://ob-backup', accessKey: sesame-first-0b77c1e2}]
tenants:
  - {name: orders, fullBackupSize: 1GiB, password: tulip-nq3x55w0zk}
";

pub(super) const LOG_BACKUP: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: LogBackup
metadata: {name: orders-log}
spec: {clusterRef: {name: prod}, tenantName: orders, storageRef: {name: bucket}}
";

pub(super) const TASK: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {name: now}
spec: {clusterRef: {name: prod}, storageRef: {name: bucket}, tenantName: orders, type: Full}
";

fn keys(key: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: keys}}
stringData: {{accessKeyId: AKID77q03w5510z9, accessKeySecret: {key}}}
"
    )
}

pub(super) fn store(type_: &str) -> String {
    let (kind, region) = match type_ {
        "S3" => ("s3", "region: eu-1, "),
        _ => ("oss", ""),
    };
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: bucket}}
spec:
  type: {type_}
  {kind}: {{endpoint: 'store.example.com', bucket: ob-backup, {region}credentials: {{secretRef: {{name: keys}}}}}}
"
    )
}

const ACCOUNT: &str = "
apiVersion: v1
kind: Secret
metadata: {name: orders-admin}
stringData: {password: tulip-nq3x55w0zk}
";

impl World {
    /// Creates a world with log backup and a full backup in the bucket, with its first key.
    pub(super) fn in_a_bucket(story: &str, scenario: &str, type_: &str) -> Self {
        let world = Self::with_bucket(story, scenario, &store(type_));
        world.backs_up_to_the_bucket();
        world
    }

    /// Creates a world with the bucket alone, with its first key.
    pub(super) fn with_bucket(story: &str, scenario: &str, bucket: &str) -> Self {
        let world = Self::started(story, scenario);
        world.apply(&keys("sesame-first-0b77c1e2"));
        world.apply(bucket);
        world
    }

    pub(super) fn backs_up_to_the_bucket(&self) {
        self.apply(LOG_BACKUP);
        self.phase("logbackup", "orders-log", "InProgress");
        self.apply(TASK);
        self.phase("backuptask", "now", "Completed");
        self.condition(STORE, "CredentialsApplied", "True", "Applied");
    }

    pub(super) fn names_an_account_of_orders(&self) {
        self.apply(ACCOUNT);
        let account = "[{tenantName: orders, secretRef: {name: orders-admin}}]";
        let change = format!("spec: {{tenantCredentials: {account}}}");
        self.edit("oceanbasecluster", "prod", &change);
    }

    /// Changes the key in the storage and in the Secret, and triggers a check of the storage.
    fn rotates(&self, path: &str) {
        self.rotates_to(path, "sesame-second-91fa44d0");
    }

    fn rotates_to(&self, path: &str, key: &str) {
        self.inject(Fault::RotateKey {
            path: path.to_owned(),
            access_key: key.to_owned(),
        });
        self.apply(&keys(key));
        self.looks_at_the_store();
    }

    fn looks_at_the_store(&self) {
        let version = &self.get("secret", "keys")["metadata"]["resourceVersion"];
        let change = format!("metadata: {{annotations: {{looked: 'at {version}'}}}}");
        self.edit(STORE.0, STORE.1, &change);
    }

    fn counts(&self) -> Value {
        let store = self.get(STORE.0, STORE.1);
        let counts = &store["status"]["credentials"];
        serde_json::json!([counts["applied"], counts["total"]])
    }
}

#[test]
fn new_keys_are_given_to_both_places_of_a_tenant_once() {
    let world = World::in_a_bucket("rotation", WITH_A_BUCKET, "S3");
    world.names_an_account_of_orders();
    let round = world.get("logbackup", "orders-log")["status"]["roundID"].clone();
    world.rotates("s3://ob-backup");
    eventually(
        "both places to have the new keys",
        || world.count(Kind::ChangeStorage),
        |count| *count == 2,
    );
    world.condition(STORE, "CredentialsApplied", "True", "Applied");
    assert_eq!(world.counts(), serde_json::json!([1, 1]));
    world.settle();
    assert_eq!(world.count(Kind::ChangeStorage), 2);
    assert_eq!(world.count(Kind::NoArchiveLog), 0);
    let object = world.get("logbackup", "orders-log");
    assert_eq!(object["status"]["roundID"], round);
    // The database does reach the storage.
    world.apply(&TASK.replace("name: now", "name: later"));
    world.phase("backuptask", "later", "Completed");
}

#[test]
fn keys_that_change_again_before_the_database_has_them_are_followed_by_the_last() {
    let world = World::in_a_bucket("rotation-twice", WITH_A_BUCKET, "S3");
    world.names_an_account_of_orders();
    world.inject(Fault::Stall {
        on: Trigger::next(Kind::ChangeStorage),
        when: Moment::AfterCommit,
    });
    world.rotates("s3://ob-backup");
    eventually(
        "a statement that is not answered",
        || world.count(Kind::ChangeStorage),
        |count| *count == 1,
    );
    world.rotates_to("s3://ob-backup", "sesame-third-5c20be71");
    let version = world.get("secret", "keys")["metadata"]["resourceVersion"].clone();
    eventually(
        "the last keys to be given",
        || world.get(STORE.0, STORE.1)["status"]["credentials"].clone(),
        |known| known["secretResourceVersion"] == version && known["applied"] == known["total"],
    );
    world.condition(STORE, "CredentialsApplied", "True", "Applied");
    world.apply(&TASK.replace("name: now", "name: later"));
    world.phase("backuptask", "later", "Completed");
}

#[test]
fn new_keys_are_given_although_the_operator_dies_between_two_places() {
    let mut world = World::in_a_bucket("rotation-kill", WITH_A_BUCKET, "S3");
    world.names_an_account_of_orders();
    world.inject(Fault::Stall {
        on: Trigger::next(Kind::ChangeStorage).nth(2),
        when: Moment::AfterCommit,
    });
    world.rotates("s3://ob-backup");
    eventually(
        "a second statement that is not answered",
        || world.count(Kind::ChangeStorage),
        |count| *count == 2,
    );
    world.kill_operator();
    world.start_operator();
    world.condition(STORE, "CredentialsApplied", "True", "Applied");
    assert_eq!(world.count(Kind::ChangeStorage), 3);
}

#[test]
fn without_an_account_of_the_tenant_nothing_is_sent_until_there_is_one() {
    let world = World::in_a_bucket("rotation-account", WITH_A_BUCKET, "S3");
    world.rotates("s3://ob-backup");
    let store = world.condition(
        STORE,
        "CredentialsApplied",
        "False",
        "RotationWouldInterruptLogs",
    );
    let message = condition_of(&store, "CredentialsApplied")["message"].to_string();
    assert!(message.contains("`tenantCredentials`"), "{message}");
    assert_eq!(world.count(Kind::ChangeStorage), 0);
    assert_eq!(world.counts(), serde_json::json!([0, 1]));
    world.names_an_account_of_orders();
    world.condition(STORE, "CredentialsApplied", "True", "Applied");
    assert_eq!(world.count(Kind::ChangeStorage), 2);
}

#[test]
fn a_database_that_can_not_take_new_keys_is_sent_nothing() {
    let old = WITH_A_BUCKET.replace("4.3.5.2", "4.2.1.0");
    let old = old.replace("s3://", "oss://");
    let world = World::in_a_bucket("rotation-version", &old, "OSS");
    world.names_an_account_of_orders();
    world.apply(&keys("sesame-second-91fa44d0"));
    world.looks_at_the_store();
    let store = world.condition(
        STORE,
        "CredentialsApplied",
        "False",
        "RotationWouldInterruptLogs",
    );
    let message = condition_of(&store, "CredentialsApplied")["message"].to_string();
    assert!(message.contains("4.2.1.0"), "{message}");
    assert_eq!(condition_of(&store, "Ready")["status"], "True");
    assert_eq!(world.count(Kind::ChangeStorage), 0);
    assert_eq!(world.count(Kind::NoArchiveLog), 0);
}

#[test]
fn a_login_that_the_tenant_refuses_is_told() {
    let world = World::in_a_bucket("rotation-login", WITH_A_BUCKET, "S3");
    world.names_an_account_of_orders();
    world.apply(&ACCOUNT.replace("tulip-nq3x55w0zk", "poppy-77x1wwk0z9"));
    world.rotates("s3://ob-backup");
    world.condition(STORE, "CredentialsApplied", "False", "TenantLoginRefused");
    assert_eq!(world.count(Kind::ChangeStorage), 0);
}
