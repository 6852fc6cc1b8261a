//! The final state of a world, reduced to what must be the same after every fault that the operator
//! compensates for.

use std::collections::BTreeMap;

use oceanbase_sim::model::{FileStatus, Job, Tenant, Uri, World as Cluster};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use crate::engine::without_instants;
use crate::world::World;

/// RESULT of a job that an upgrade has ended.
const UPGRADE_RESULTS: [i64; 2] = [-4109, -4143];

/// Suffix to the status of such a job.
const INTERRUPTED: &str = " by an upgrade";

/// The final state of a world, by subject.
pub type Digest = BTreeMap<String, String>;

/// Collects objects, their counts of creations and deletions, jobs, sent statements and the final
/// configuration of the database.
#[must_use]
pub fn digest(world: &World) -> Digest {
    let mut digest = Digest::new();
    for plural in [
        "backupstorages",
        "backupstrategies",
        "backuptasks",
        "cleanuptasks",
        "logbackups",
        "oceanbaseclusters",
        "recoverytasks",
    ] {
        for object in world.double.list(plural) {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            digest.insert(format!("{plural} {name}"), shown(&object));
        }
    }
    let mut counts = BTreeMap::<_, u32>::new();
    for change in world.double.history() {
        if change.event() != "MODIFIED" && change.key.plural != "events" {
            let what = (
                change.event(),
                change.key.plural.clone(),
                change.key.name.clone(),
            );
            *counts.entry(what).or_default() += 1;
        }
    }
    for ((event, plural, name), count) in counts {
        digest.insert(format!("{event} {plural} {name}"), count.to_string());
    }
    let names: Vec<String> = world
        .simulator
        .world(|cluster| cluster.tenants.iter().map(|t| t.name.clone()).collect());
    for name in names {
        let sent = world.simulator.log(|log| log.effects(Kind::Backup, &name));
        digest.insert(format!("BACKUP of {name}"), sent.to_string());
        let jobs = world.simulator.world(|cluster| {
            let backups = &cluster.tenant(&name).unwrap().backups;
            let jobs = backups.jobs.iter().chain(&backups.history);
            let mut jobs: Vec<_> = jobs
                .map(|job| {
                    (
                        job.id,
                        format!(
                            "{:?} {}{}",
                            job.backup_type,
                            job.status.name(),
                            interruption(job)
                        ),
                    )
                })
                .collect();
            jobs.sort();
            let texts: Vec<_> = jobs.into_iter().map(|(_, text)| text).collect();
            texts.join(", ")
        });
        digest.insert(format!("jobs of {name}"), jobs);
        let deleted = world
            .simulator
            .world(|cluster| cluster.tenant(&name).map(deleted));
        digest.insert(format!("deleted of {name}"), deleted.unwrap_or_default());
        let kept = world
            .simulator
            .world(|cluster| cluster.tenant(&name).map(kept));
        digest.insert(format!("database of {name}"), kept.unwrap_or_default());
    }
    digest.extend(world.simulator.world(recovered));
    digest
}

/// Marks a job that an upgrade of the cluster has ended.
fn interruption(job: &Job) -> &'static str {
    if UPGRADE_RESULTS.contains(&job.result) {
        INTERRUPTED
    } else {
        ""
    }
}

/// Lists the deleted sets and pieces of a tenant.
fn deleted(tenant: &Tenant) -> String {
    let is_gone = |status: &FileStatus| *status == FileStatus::Deleted;
    let sets = tenant.backups.sets.iter();
    let sets = sets.filter(|set| is_gone(&set.file_status));
    let pieces = tenant.archive.pieces.iter();
    let pieces = pieces.filter(|piece| is_gone(&piece.file_status));
    let sets = sets.map(|set| format!("set {}", set.id.0));
    let pieces = pieces.map(|piece| format!("piece {}", piece.id.0));
    sets.chain(pieces).collect::<Vec<_>>().join(" ")
}

/// Lists what recoveries created in the database: tenants, tables, resources and jobs.
fn recovered(world: &Cluster) -> Digest {
    let mut digest = Digest::new();
    for tenant in &world.tenants {
        let tables = tenant.tables.iter();
        let tables = tables.map(|table| format!("{}.{}", table.name.database, table.name.table));
        let tables: Vec<_> = tables.collect();
        let what = format!("{:?} {:?} {}", tenant.role, tenant.status, tables.join(" "));
        digest.insert(format!("tenant {}", tenant.name), what);
    }
    let resources = &world.resources;
    for pool in &resources.pools {
        let holder = pool.tenant.and_then(|id| world.tenant_by_id(id));
        let holder = holder.map_or("nobody", |tenant| tenant.name.as_str());
        digest.insert(format!("pool {}", pool.name), holder.to_owned());
    }
    for unit in &resources.configs {
        digest.insert(format!("unit {}", unit.name), "there".to_owned());
    }
    // A restore that creates no tenant has no lasting effect.
    let restores = world.restores.jobs.iter().chain(&world.restores.history);
    for job in restores.filter(|job| job.tenant.is_some()) {
        let tenant = without_instants(job.request.tenant_name.clone());
        let of_tenant = digest.entry(format!("restores of {tenant}"));
        let ending = if job.has_failed() {
            " failed"
        } else {
            " went well"
        };
        of_tenant.or_default().push_str(ending);
    }
    for job in world
        .recoveries
        .jobs
        .iter()
        .chain(&world.recoveries.history)
    {
        let of_target = digest.entry(format!("tables for {}", job.request.target_name));
        let ending = format!(" {}", job.end_status());
        of_target.or_default().push_str(&ending);
    }
    digest
}

/// Describes what a tenant's database continues to do without an operator. It covers destinations,
/// log archiving with its round, and deletion.
fn kept(tenant: &Tenant) -> String {
    let logs = tenant.archive_dest.as_ref();
    let logs = logs.map(|dest| format!("logs to {} {}", place(&dest.uri), dest.binding.name()));
    let data = tenant.data_dest.as_ref();
    let data = data.map(|dest| format!("data to {}", place(&dest.uri)));
    let round = tenant.archive.round.as_ref();
    let round = round.map(|round| format!("round {} {}", round.id.0, round.status.name()));
    let policies = tenant.policies.iter();
    let policies = policies.map(|policy| format!("{} {}", policy.name, policy.recovery_window));
    let disabled = (!tenant.archive_enabled).then(|| "not enabled".to_owned());
    let parts = [logs, disabled, round, data].into_iter().flatten();
    parts.chain(policies).collect::<Vec<_>>().join(" | ")
}

/// Describes a destination: its location, its key and its limits.
fn place(uri: &Uri) -> String {
    let entered = [
        uri.access_key(),
        uri.limit("max_iops"),
        uri.limit("max_bandwidth"),
    ];
    let parts = entered.into_iter().flatten().map(|part| format!(" {part}"));
    uri.path() + &parts.collect::<String>()
}

/// Returns the status of an object without times and numbers that may differ.
fn shown(object: &Value) -> String {
    let status = &object["status"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut parts = vec![
        text(&status["phase"]),
        text(&status["outcome"]),
        text(&status["cause"]["reason"]),
    ];
    let list = |field: &str| status[field].as_array().cloned().unwrap_or_default();
    for condition in list("conditions") {
        let (kind, status) = (text(&condition["type"]), text(&condition["status"]));
        parts.push(format!("{kind}={status}/{}", text(&condition["reason"])));
    }
    let cleanup = &status["cleanup"];
    if !cleanup.is_null() {
        parts.push(without_instants(format!("dropped {cleanup}")));
    }
    for attempt in list("attempts") {
        parts.push(text(&attempt["outcome"]));
    }
    for slot in list("scheduleHistory") {
        let (at, kind) = (text(&slot["scheduledTime"]), text(&slot["type"]));
        let (outcome, started) = (text(&slot["outcome"]), &slot["started"]);
        parts.push(format!("{at} {kind} {outcome} {started}"));
    }
    if !status["bookkeeping"]["openSlot"].is_null() {
        parts.push("open slot".to_owned());
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" | ")
}

/// Returns the part of a digest that lasts after a temporary fault is over. It holds the
/// configuration of the database and the results of tasks.
#[must_use]
pub fn lasting(digest: &Digest) -> Digest {
    const TASKS: [&str; 3] = ["backuptasks ", "cleanuptasks ", "recoverytasks "];
    const OTHERS: [&str; 7] = [
        "ADDED ",
        // If sys accepts a statement and does not forward it, only the jobs of the tenant show
        // this.
        "BACKUP of ",
        "DELETED ",
        "backupstorages ",
        "backupstrategies ",
        "logbackups ",
        "oceanbaseclusters ",
    ];
    let is_any = |subject: &str, of: &[&str]| of.iter().any(|word| subject.starts_with(word));
    let subjects = digest.iter();
    let subjects = subjects.filter(|(subject, _)| !is_any(subject, &OTHERS));
    let mut lasting = Digest::new();
    for (subject, text) in subjects {
        if is_any(subject, &TASKS) {
            let phase = text.split(" | ").next().unwrap_or_default();
            let phases = lasting.entry(without_slot(subject)).or_default();
            phases.push_str(phase);
            phases.push(' ');
        } else {
            lasting.insert(subject.clone(), text.clone());
        }
    }
    for (subject, text) in &mut lasting {
        if subject.starts_with("jobs of ") {
            // The operator restarted jobs that an upgrade ended, after other backups. A canceled
            // job leaves nothing, like a job that never began.
            let jobs = text.split(", ");
            let jobs = jobs.filter(|job| !job.ends_with(INTERRUPTED) && !job.ends_with("CANCELED"));
            let mut jobs: Vec<_> = jobs.collect();
            jobs.sort_unstable();
            *text = jobs.join(", ");
        }
    }
    // A failed restore leaves nothing, like a restore that never began.
    lasting.retain(|subject, text| {
        let is_failed = |text: &str| text.split(" failed").all(str::is_empty);
        !(subject.starts_with("restores of ") && is_failed(text))
    });
    lasting
}

/// Removes the slot from the name of a task: a task after a repair is named after its time.
fn without_slot(subject: &str) -> String {
    let (name, last) = subject.rsplit_once('-').unwrap_or((subject, ""));
    let is_slot = last.len() > 10 && last.starts_with(|sign: char| sign.is_ascii_digit());
    if is_slot { name } else { subject }.to_owned()
}

/// Returns the differences between two digests.
#[must_use]
pub fn differences(peace: &Digest, found: &Digest) -> Vec<String> {
    let mut subjects: Vec<_> = peace.keys().chain(found.keys()).collect();
    subjects.sort();
    subjects.dedup();
    let nothing = String::from("nothing");
    let differing = subjects.into_iter().filter_map(|subject| {
        let wanted = peace.get(subject).unwrap_or(&nothing);
        let found = found.get(subject).unwrap_or(&nothing);
        (wanted != found).then(|| format!("I14: {subject}: {found}, in peace {wanted}"))
    });
    differing.collect()
}
