//! Stories of objects from before the schema's rules: the code refuses them with a reason, and
//! sends nothing of them.
//!
//! The definitions of the other stories have these rules, so this story has another control plane.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::Client;
use kube::config::Kubeconfig;
use oceanbase_backup_operator::api::crds;
use serde_json::{Value, json};

use super::super::LOG_BACKUP;
use super::fields::{Field, fields};
use super::roomy;
use super::shapes::{sent, shapes, usual};
use crate::support::api::{self, client_of};
use crate::support::cluster::lenient_control_plane;
use crate::support::world::{NFS, PASSWORD, cluster, condition_of, secret};
use crate::support::{Node, Operator, eventually, within};

const NAMESPACE: &str = "before-schema";

/// Values that every rule rejects; a tenant has each of these names.
const VALUES: [&str; 6] = [
    "'; DROP TENANT orders; -- ",
    "x\\",
    "x?host=evil.example.com&access_key=AKEVIL",
    "x\n\0/*",
    "../../other",
    "ä\u{202e}' BINDING=Mandatory",
];

/// Each field, and the condition that reports its problem.
const REFUSALS: &str = "
oceanbaseclusters.spec.endpoints[]: [Reachable, Unreachable]
oceanbaseclusters.spec.clusterName: [Reachable, InvalidClusterName]
oceanbaseclusters.spec.credentials.secretRef.name: [Reachable, InvalidReference]
oceanbaseclusters.spec.tls.ca.secretRef.name: [Reachable, InvalidReference]
# Only compared with names, and read when a store has new keys: here the cluster does not answer.
oceanbaseclusters.spec.tenantCredentials[].tenantName: [Reachable, Unreachable]
oceanbaseclusters.spec.tenantCredentials[].secretRef.name: [Reachable, Unreachable]
# Only compared with names: here with none, because the cluster does not answer.
oceanbaseclusters.spec.access.tenants[]: [Reachable, Unreachable]
oceanbaseclusters.spec.access.storages[]: [Reachable, Unreachable]
oceanbaseclusters.spec.recovery.sourceTenants[]: [Reachable, Unreachable]
oceanbaseclusters.spec.recovery.targetNamePrefixes[]: [Reachable, Unreachable]
oceanbaseclusters.spec.recovery.targetTenants[]: [Reachable, Unreachable]
backupstorages.spec.s3.endpoint: [Ready, InvalidDestination]
backupstorages.spec.s3.bucket: [Ready, InvalidDestination]
backupstorages.spec.s3.prefix: [Ready, InvalidDestination]
backupstorages.spec.s3.region: [Ready, InvalidDestination]
backupstorages.spec.s3.credentials.secretRef.name: [Ready, InvalidReference]
backupstorages.spec.oss.endpoint: [Ready, InvalidDestination]
backupstorages.spec.oss.bucket: [Ready, InvalidDestination]
backupstorages.spec.oss.prefix: [Ready, InvalidDestination]
backupstorages.spec.oss.credentials.secretRef.name: [Ready, InvalidReference]
backupstorages.spec.cos.endpoint: [Ready, InvalidDestination]
backupstorages.spec.cos.bucket: [Ready, InvalidDestination]
backupstorages.spec.cos.prefix: [Ready, InvalidDestination]
backupstorages.spec.cos.credentials.secretRef.name: [Ready, InvalidReference]
backupstorages.spec.nfs.path: [Ready, InvalidDestination]
backupstorages.spec.limits.maxBytesPerSecond: [Ready, InvalidDestination]
backupstorages.spec.capacity: [WithinCapacity, CapacityUnreadable]
backupstrategies.spec.clusterRef.name: [Ready, ClusterNotFound]
backupstrategies.spec.storageRef.name: [Ready, StorageNotFound]
backupstrategies.spec.tenants.names[]: [BackupHealthy, UnsafeTenantName]
# Only compared with names of tenants: that it is none leaves nobody out. The strategies on cluster
# level of the rows above are older, and keep all of them.
backupstrategies.spec.tenants.exclude[]: [Ready, TenantAlreadyManaged]
backupstrategies.spec.paths.data: [BackupHealthy, InvalidPath]
backupstrategies.spec.paths.log: [BackupHealthy, InvalidPath]
# Passed on to tasks, which say so.
backupstrategies.spec.dataBackup.restorePasswordSecretRef.name: [Ready, Accepted]
backupstrategies.spec.schedule.blackoutWindows[].start: [Ready, InvalidBlackoutWindow]
backupstrategies.spec.schedule.blackoutWindows[].end: [Ready, InvalidBlackoutWindow]
backupstrategies.spec.schedule.timeZone: [Ready, UnknownTimeZone]
backupstrategies.spec.schedule.full.cron: [Ready, InvalidCron]
backupstrategies.spec.schedule.incremental.cron: [Ready, InvalidCron]
backupstrategies.spec.schedule.full.weekly.time: [Ready, InvalidCalendar]
backupstrategies.spec.schedule.incremental.weekly.time: [Ready, InvalidCalendar]
backupstrategies.spec.schedule.full.monthly.time: [Ready, InvalidCalendar]
backupstrategies.spec.schedule.incremental.monthly.time: [Ready, InvalidCalendar]
backuptasks.spec.strategyRef.name: [Succeeded, StrategyNotFound]
backuptasks.spec.clusterRef.name: [Succeeded, ClusterNotFound]
backuptasks.spec.storageRef.name: [Succeeded, StorageNotFound]
backuptasks.spec.tenantName: [Succeeded, UnsafeTenantName]
# It cannot be read at all, is counted and left alone.
backuptasks.spec.scheduledTime: [Succeeded, ~]
backuptasks.spec.notBeforeTime: [Succeeded, ~]
backuptasks.spec.externalJob.startTime: [Succeeded, ~]
backuptasks.spec.restorePasswordSecretRef.name: [Succeeded, InvalidReference]
logbackups.spec.clusterRef.name: [Ready, ClusterNotFound]
logbackups.spec.storageRef.name: [Ready, StorageNotFound]
logbackups.spec.tenantName: [Ready, UnsafeTenantName]
logbackups.spec.path: [Ready, InvalidDestination]
cleanuptasks.spec.clusterRef.name: [Succeeded, ClusterNotFound]
cleanuptasks.spec.tenantName: [Succeeded, UnsafeTenantName]
cleanuptasks.spec.notAfterTime: [Succeeded, ~]
cleanuptasks.spec.externalJob.startTime: [Succeeded, ~]
recoverydrills.spec.strategyRef.name: [Ready, StrategyNotFound]
recoverydrills.spec.schedule.timeZone: [Ready, UnknownTimeZone]
recoverydrills.spec.schedule.cron: [Ready, InvalidCron]
recoverydrills.spec.schedule.dailyRange.start: [Ready, InvalidCalendar]
recoverydrills.spec.schedule.dailyRange.end: [Ready, InvalidCalendar]
recoverydrills.spec.checks[].sql: [Ready, InvalidCheck]
# Only compared with names of tenants: here with none, because there is no strategy.
recoverydrills.spec.tenants[]: [Ready, StrategyNotFound]
recoverydrills.spec.tenantCredentials[].tenantName: [Ready, StrategyNotFound]
# Only told.
recoverydrills.spec.checks[].name: [Ready, StrategyNotFound]
# Only compared with answers.
recoverydrills.spec.checks[].expectedValue: [Ready, StrategyNotFound]
# Passed on to RecoveryTasks, which say so.
recoverydrills.spec.target.clusterRef.name: [Ready, StrategyNotFound]
recoverydrills.spec.target.tenantNamePrefix: [Ready, StrategyNotFound]
recoverydrills.spec.target.resources.pools[]: [Ready, StrategyNotFound]
recoverydrills.spec.target.resources.create.unit.maxCPU: [Ready, StrategyNotFound]
recoverydrills.spec.target.resources.create.unit.memory: [Ready, StrategyNotFound]
recoverydrills.spec.target.resources.create.unit.logDisk: [Ready, StrategyNotFound]
recoverydrills.spec.target.resources.create.zones[]: [Ready, StrategyNotFound]
recoverydrills.spec.tenantCredentials[].secretRef.name: [Ready, StrategyNotFound]
recoverydrills.spec.decryptionSecretRefs[].name: [Ready, StrategyNotFound]
recoverytasks.spec.source.tenant.clusterRef.name: [Succeeded, ClusterNotFound]
# Only compared with tenants of LogBackups, and those of the rows above have archived nothing.
recoverytasks.spec.source.tenant.tenantName: [Succeeded, NothingToRecover]
recoverytasks.spec.source.storage.storageRef.name: [Succeeded, StorageNotFound]
recoverytasks.spec.source.storage.dataPath: [Succeeded, InvalidDestination]
recoverytasks.spec.source.storage.logPath: [Succeeded, InvalidDestination]
# Only compared with what a job reads.
recoverytasks.spec.source.storage.clusterName: [Succeeded, NoRestoreSource]
# Only compared with what may be recovered, here everything, and with what a job reads.
recoverytasks.spec.source.storage.tenantName: [Succeeded, NoRestoreSource]
recoverytasks.spec.until.time: [Succeeded, InvalidUntil]
recoverytasks.spec.until.scn: [Succeeded, InvalidUntil]
recoverytasks.spec.target.clusterRef.name: [Succeeded, ClusterNotFound]
recoverytasks.spec.target.tenantName: [Succeeded, InvalidSpec]
recoverytasks.spec.target.resources.pools[]: [Succeeded, InvalidSpec]
recoverytasks.spec.target.resources.create.unit.maxCPU: [Succeeded, InvalidSpec]
recoverytasks.spec.target.resources.create.unit.memory: [Succeeded, InvalidSpec]
recoverytasks.spec.target.resources.create.unit.logDisk: [Succeeded, InvalidSpec]
recoverytasks.spec.target.resources.create.zones[]: [Succeeded, InvalidSpec]
recoverytasks.spec.target.primaryZone: [Succeeded, InvalidSpec]
recoverytasks.spec.target.locality: [Succeeded, InvalidSpec]
recoverytasks.spec.objects.tables[].from: [Succeeded, InvalidSpec]
recoverytasks.spec.objects.tables[].to: [Succeeded, InvalidSpec]
recoverytasks.spec.objects.databases[].from: [Succeeded, InvalidSpec]
recoverytasks.spec.objects.databases[].to: [Succeeded, InvalidSpec]
recoverytasks.spec.decryptionSecretRefs[].name: [Succeeded, InvalidReference]
recoverytasks.spec.verification.checks[].sql: [Succeeded, InvalidCheck]
# Only told, and compared with what the tenant answers: here there is nothing to restore.
recoverytasks.spec.verification.checks[].name: [Succeeded, NoRestoreSource]
recoverytasks.spec.verification.checks[].expectedValue: [Succeeded, NoRestoreSource]
recoverytasks.spec.verification.credentials.secretRef.name: [Succeeded, InvalidReference]
# Only hashed.
recoverytasks.spec.idempotencyKey: [Succeeded, NoRestoreSource]
recoverytasks.spec.notAfterTime: [Succeeded, ~]
";

/// Returns objects with these values in the field, by their names.
fn objects(number: usize, field: &Field) -> Vec<(String, Value)> {
    let each = VALUES.iter().enumerate().map(|(which, value)| {
        let name = format!("f{number}-{which}");
        let mut object = field.with(&name, value);
        // Of two log backups of one tenant only the older reports more than that.
        if object["kind"] == "LogBackup" && object["spec"]["tenantName"] == "orders" {
            object["spec"]["tenantName"] = tenant(number, which).into();
        }
        // The same applies to two strategies.
        if has_strategy_of_its_own(field) {
            object["spec"]["tenants"]["names"] = json!([tenant(number, which)]);
        }
        (name, object)
    });
    each.collect()
}

/// Returns whether only a strategy with a tenant checks the field.
fn has_strategy_of_its_own(field: &Field) -> bool {
    let parts = [".paths.", ".dataBackup."];
    parts.iter().any(|part| field.path.contains(part))
}

fn tenant(number: usize, which: usize) -> String {
    format!("t{number}_{which}")
}

fn database(fields: &[Field]) -> Node {
    let mut names: Vec<String> = VALUES.map(str::to_owned).into();
    names.push("orders".to_owned());
    for (number, field) in fields.iter().enumerate() {
        if field.path.starts_with("logbackups.") || has_strategy_of_its_own(field) {
            names.extend((0..VALUES.len()).map(|which| tenant(number, which)));
        }
    }
    let tenants = names.iter().map(|name| json!({"name": name}));
    let scenario = json!({
        "version": "4.3.5.2", "speed": 200, "cluster": {"name": "obprod", "id": 7},
        "server": roomy(), "tenants": tenants.collect::<Vec<_>>(),
    });
    Node::start(&scenario.to_string())
}

/// Creates the other objects that the checks of the fields need.
fn surroundings(client: &Client, port: u16) {
    api::create_namespace(client, NAMESPACE);
    let keys = "
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {accessKeyId: canary-before-id, accessKeySecret: canary-before-key, appId: canary-before-app}
---
apiVersion: v1
kind: Secret
metadata: {name: prod-ca}
stringData: {ca.crt: none}
";
    for manifest in [&secret(PASSWORD), keys, &cluster("prod", port), NFS] {
        api::apply(client, NAMESPACE, manifest).unwrap();
    }
    let allowed = json!({"spec": {"recovery": {
        "policy": "Allowed",
        "verification": "Allowed",
        "sourceTenants": ["*"],
    }}});
    let prod = ("oceanbasecluster", "prod");
    api::patch(client, NAMESPACE, prod, &allowed).unwrap();
}

#[test]
fn what_the_schema_would_refuse_is_refused_by_the_code_too() {
    let refusals: BTreeMap<String, (String, Option<String>)> =
        serde_saphyr::from_str(REFUSALS).unwrap();
    let fields = fields();
    let usual = usual();
    let plane = lenient_control_plane();
    let client = client_of(&Kubeconfig::read_from(plane.kubeconfig()).unwrap());
    let node = database(&fields);
    surroundings(&client, node.port);
    let mut waiting = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        let refusal = refusals.get(&field.path);
        let (condition, reason) = refusal.unwrap_or_else(|| panic!("no row for {}", field.path));
        for (name, object) in objects(number, field) {
            // The new definition is served some time after it was accepted.
            eventually(
                "the object to be taken",
                || {
                    api::create(&client, NAMESPACE, &object, false)
                        .map_err(|error| error.to_string())
                },
                Result::is_ok,
            )
            .unwrap();
            let kind = object["kind"].as_str().unwrap().to_owned();
            waiting.push((field, kind, name, condition, reason));
        }
    }
    assert_eq!(refusals.len(), fields.len(), "a row is about no field");

    let operator = Operator::start(plane.kubeconfig(), NAMESPACE, 0);
    api::apply(&client, NAMESPACE, LOG_BACKUP).unwrap();
    within(
        Duration::from_mins(8),
        "every object says why it is refused",
        || {
            let mut known = BTreeMap::new();
            for crd in crds() {
                let kind = crd.spec.names.kind;
                for object in api::list(&client, NAMESPACE, &kind) {
                    let name = object["metadata"]["name"].as_str().unwrap().to_owned();
                    known.insert((kind.clone(), name), object);
                }
            }
            let open = waiting
                .iter()
                .filter_map(|(field, kind, name, condition, reason)| {
                    let object = &known[&(kind.clone(), name.clone())];
                    let said = condition_of(object, condition);
                    (said["reason"].as_str() != reason.as_deref())
                        .then(|| format!("{} {name}: {said}", field.path))
                });
            open.collect::<Vec<_>>()
        },
        Vec::is_empty,
    );
    // None of this blocks other objects.
    eventually(
        "the plain log backup runs",
        || api::get(&client, NAMESPACE, "logbackup", "orders-log"),
        |object| object["status"]["phase"] == "InProgress",
    );
    drop(operator);
    let reported: Vec<_> = sent(&node.simulator)
        .into_iter()
        .flat_map(|sent| sent.literals)
        .filter(|literal| VALUES.iter().any(|value| literal.contains(value)))
        .collect();
    assert_eq!(reported, Vec::<String>::new());
    let unusual: Vec<_> = shapes(&node.simulator)
        .difference(&usual)
        .cloned()
        .collect();
    assert_eq!(unusual, Vec::<String>::new());
}
