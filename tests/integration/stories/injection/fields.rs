//! All user-written texts in objects, found in the schemas.

use oceanbase_backup_operator::api;
use serde_json::Value;

/// Objects that together have every field.
const OBJECTS: &str = "
kind: OceanBaseCluster
spec:
  endpoints: ['127.0.0.1:1']
  clusterName: obprod
  credentials: {secretRef: {name: prod-sys}}
  tenantCredentials: [{tenantName: orders, secretRef: {name: prod-sys}}]
  tls: {mode: VerifyCA, ca: {secretRef: {name: prod-ca}}}
  access: {tenants: ['*'], storages: ['*']}
  recovery: {sourceTenants: ['*'], targetNamePrefixes: [restore_], targetTenants: ['*']}
---
kind: BackupStorage
spec: {type: S3, s3: {endpoint: s3.example.com, bucket: ob-backup, prefix: prod, region: eu-1, credentials: {secretRef: {name: keys}}}, limits: {maxBytesPerSecond: 100Mi}}
---
kind: BackupStorage
spec: {type: OSS, oss: {endpoint: oss.example.com, bucket: ob-backup, prefix: prod, credentials: {secretRef: {name: keys}}}}
---
kind: BackupStorage
spec: {type: COS, cos: {endpoint: cos.example.com, bucket: ob-backup-125, prefix: prod, credentials: {secretRef: {name: keys}}}}
---
kind: BackupStorage
spec: {type: NFS, nfs: {path: /ob-backup}, capacity: 10Ti}
---
kind: BackupStrategy
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  tenants: {names: [orders]}
  paths: {data: 'a/{tenantId}/data', log: 'a/{tenantId}/log'}
  dataBackup: {restorePasswordSecretRef: {name: prod-sys}}
  schedule:
    timeZone: UTC
    full: {cron: '0 0 1 1 *'}
    incremental: {cron: '0 0 2 1 *'}
    blackoutWindows: [{start: '08:00', end: '09:00', action: Postpone}]
  retention: {policy: Unmanaged}
---
kind: RecoveryDrill
spec:
  strategyRef: {name: nightly}
  schedule: {timeZone: UTC, cron: '0 0 1 1 *'}
  tenants: [orders]
  target:
    clusterRef: {name: prod}
    tenantNamePrefix: restore_verify_
    resources: {create: {unit: {maxCPU: '2', memory: 8Gi, logDisk: 24Gi}, zones: [zone1]}}
  checks: [{name: all-orders, sql: SELECT COUNT(*) FROM shop.orders, expectedValue: '1000'}]
  tenantCredentials: [{tenantName: orders, secretRef: {name: prod-sys}}]
  decryptionSecretRefs: [{name: prod-sys}]
---
kind: RecoveryDrill
spec:
  strategyRef: {name: nightly}
  schedule: {timeZone: UTC, dailyRange: {start: '01:00', end: '02:00'}}
  target: {clusterRef: {name: prod}, resources: {pools: [spare]}}
---
kind: BackupStrategy
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  tenants: {exclude: [orders]}
  schedule: {timeZone: UTC, full: {weekly: {days: [Sunday], time: '02:00'}}, incremental: {weekly: {days: [Monday], time: '02:00'}}}
  retention: {policy: Unmanaged}
---
kind: BackupStrategy
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  tenants: {names: [orders]}
  schedule: {timeZone: UTC, full: {monthly: {days: [1], time: '02:00'}}, incremental: {monthly: {days: [2], time: '02:00'}}}
  retention: {policy: Unmanaged}
---
kind: BackupTask
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, tenantName: orders, type: Full}
---
kind: BackupTask
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, tenantName: orders, type: Full, scheduledTime: '2100-01-01T00:00:00Z', notBeforeTime: '2100-01-01T00:00:00Z'}
---
kind: BackupTask
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, tenantName: orders, type: Full, restorePasswordSecretRef: {name: prod-sys}}
---
kind: BackupTask
spec: {strategyRef: {name: nightly}, tenantName: orders, type: Full}
---
kind: BackupTask
spec: {strategyRef: {name: nightly}, tenantName: orders, type: Full, externalJob: {jobID: 1, startTime: '2100-01-01T00:00:00Z'}}
---
kind: LogBackup
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, tenantName: orders, path: a/b}
---
kind: CleanupTask
spec: {clusterRef: {name: prod}, tenantName: orders, mode: Delete, target: {type: Obsolete}, notAfterTime: '2100-01-01T00:00:00Z'}
---
kind: CleanupTask
spec: {clusterRef: {name: prod}, tenantName: orders, externalJob: {jobID: 1, startTime: '2100-01-01T00:00:00Z'}}
---
kind: RecoveryTask
spec:
  source: {tenant: {clusterRef: {name: prod}, tenantName: orders}}
  until: {type: Time, time: '2100-01-01T00:00:00Z'}
  target: {type: NewTenant, clusterRef: {name: prod}, tenantName: restore_orders, resources: {pools: [spare]}}
  decryptionSecretRefs: [{name: prod-sys}]
---
kind: RecoveryTask
spec:
  source: {storage: {storageRef: {name: nfs}, dataPath: a/data, logPath: a/log, clusterName: obprod, tenantName: orders}}
  until: {type: SCN, scn: '1700000000000000000'}
  target: {type: NewTenant, clusterRef: {name: prod}, tenantName: restore_orders, resources: {create: {unit: {maxCPU: '2', memory: 8Gi}}}}
  mode: Preview
  idempotencyKey: once
---
kind: RecoveryTask
spec:
  source: {storage: {storageRef: {name: nfs}, dataPath: a/data, logPath: a/log, tenantName: orders}}
  until: {type: SCN, scn: '1700000000000000000'}
  target:
    type: NewTenant
    clusterRef: {name: prod}
    tenantName: restore_orders
    resources: {create: {unit: {maxCPU: '2', memory: 8Gi, logDisk: 24Gi}, zones: [zone1]}}
    primaryZone: zone1
    locality: F@zone1
  mode: Preview
  notAfterTime: '2100-01-01T00:00:00Z'
---
kind: RecoveryTask
spec:
  source: {storage: {storageRef: {name: nfs}, dataPath: a/data, logPath: a/log, tenantName: orders}}
  until: {type: SCN, scn: '1700000000000000000'}
  target: {type: ExistingTenant, clusterRef: {name: prod}, tenantName: orders, resources: {create: {unit: {maxCPU: '2', memory: 8Gi}}}}
  objects: {tables: [{from: shop.orders, to: shop.orders_restored}]}
  mode: Preview
---
kind: RecoveryTask
spec:
  source: {storage: {storageRef: {name: nfs}, dataPath: a/data, logPath: a/log, tenantName: orders}}
  until: {type: SCN, scn: '1700000000000000000'}
  target: {type: ExistingTenant, clusterRef: {name: prod}, tenantName: orders, resources: {create: {unit: {maxCPU: '2', memory: 8Gi}}}}
  objects: {databases: [{from: shop, to: shop_restored}]}
  mode: Preview
---
kind: RecoveryTask
spec:
  source: {storage: {storageRef: {name: nfs}, dataPath: a/data, logPath: a/log, tenantName: orders}}
  until: {type: SCN, scn: '1700000000000000000'}
  target: {type: NewTenant, clusterRef: {name: prod}, tenantName: restore_drill, role: Standby, resources: {create: {unit: {maxCPU: '2', memory: 8Gi}}}}
  verification:
    checks: [{name: all-orders, sql: SELECT COUNT(*) FROM shop.orders, expectedValue: '1000'}]
    credentials: {secretRef: {name: prod-sys}}
";

/// A text in the spec of a kind.
pub(super) struct Field {
    /// Such as `backupstorages.spec.s3.endpoint`.
    pub(super) path: String,
    /// Its schema.
    pub(super) schema: Value,
    /// An object with the field.
    object: Value,
    /// The path of the field in it.
    pointer: String,
}

impl Field {
    /// Returns the plain value.
    pub(super) fn plain(&self) -> &str {
        self.object
            .pointer(&self.pointer)
            .unwrap()
            .as_str()
            .unwrap()
    }

    /// Returns an object of this name with this value in the field.
    pub(super) fn with(&self, name: &str, value: &str) -> Value {
        let mut object = self.object.clone();
        object["apiVersion"] = "backup.oceanbase.io/v1alpha1".into();
        object["metadata"]["name"] = name.into();
        *object.pointer_mut(&self.pointer).unwrap() = value.into();
        object
    }
}

/// Returns every text in the spec of every kind, except enums.
pub(super) fn fields() -> Vec<Field> {
    let objects: Vec<Value> = serde_saphyr::from_multiple(OBJECTS).unwrap();
    let mut fields = Vec::new();
    for crd in api::crds() {
        let schema = crd.spec.versions[0].schema.as_ref().unwrap();
        let schema = serde_json::to_value(&schema.open_api_v3_schema).unwrap();
        let mut found = Vec::new();
        walk("/spec", &schema["properties"]["spec"], &mut found);
        for (pointer, schema) in found {
            let path = pointer.replace("/0", "[]").replace('/', ".");
            let path = format!("{}{path}", crd.spec.names.plural);
            let has_it = |object: &&Value| {
                object["kind"] == crd.spec.names.kind.as_str() && object.pointer(&pointer).is_some()
            };
            let object = objects.iter().find(has_it);
            let object = object.unwrap_or_else(|| panic!("no object above has {path}"));
            fields.push(Field {
                path,
                schema,
                object: object.clone(),
                pointer,
            });
        }
    }
    fields
}

fn walk(pointer: &str, schema: &Value, found: &mut Vec<(String, Value)>) {
    let is_text = schema["type"] == "string" || schema["x-kubernetes-int-or-string"] == true;
    if is_text && schema["enum"].is_null() {
        found.push((pointer.to_owned(), schema.clone()));
    }
    if schema["items"].is_object() {
        walk(&format!("{pointer}/0"), &schema["items"], found);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{pointer}/{name}"), property, found);
    }
}

#[test]
fn the_walk_finds_texts_in_lists_and_in_the_depths() {
    let paths: Vec<String> = fields().into_iter().map(|field| field.path).collect();
    for deep in [
        "oceanbaseclusters.spec.endpoints[]",
        "backupstorages.spec.cos.credentials.secretRef.name",
        "backupstrategies.spec.tenants.exclude[]",
        "backupstrategies.spec.schedule.full.monthly.time",
        "backuptasks.spec.scheduledTime",
        "logbackups.spec.path",
        "recoverytasks.spec.target.resources.create.zones[]",
        "recoverytasks.spec.objects.tables[].to",
    ] {
        assert!(paths.iter().any(|path| path == deep), "{deep} in {paths:?}");
    }
}
