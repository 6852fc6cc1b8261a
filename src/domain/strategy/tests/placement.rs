//! Destinations: path templates, and edits that would move existing backups.

use super::*;
use crate::api::strategy::StrategyLogBackupMode;

fn paths(data: Option<&str>, log: Option<&str>) -> PathTemplates {
    PathTemplates {
        data: data.map(str::to_owned),
        log: log.map(str::to_owned),
    }
}

/// Returns the path of the log backup that is created for the tenant.
fn path_of_new(story: &mut Story) -> Option<String> {
    story.observed.log_backups.clear();
    match story.reconcile(-30).effect {
        Some(Effect::MakeLogBackups(created)) => created[0].1.path.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_log_backup_has_the_path_that_the_template_makes() {
    let mut story = Story::of(&[1002]);
    let template = "logs/{clusterName}/{clusterId}/{tenantName}.{tenantId}";
    story.spec.paths = Some(paths(None, Some(template)));
    assert_eq!(
        path_of_new(&mut story).as_deref(),
        Some("logs/obprod/7/t1002.1002")
    );
}

#[test]
fn without_a_template_the_log_backup_chooses_its_path() {
    let mut story = Story::of(&[1002]);
    story.spec.paths = Some(paths(Some("data/{tenantId}"), None));
    assert_eq!(path_of_new(&mut story), None);
}

#[test]
fn a_cluster_whose_name_is_no_directory_gets_nothing() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups.clear();
    story.observed.identity.cluster_name = "ob prod{tenantId}".to_owned();
    story.spec.paths = Some(paths(None, Some("{clusterName}/{tenantId}")));
    assert_eq!(story.reconcile(1).effect, None);
    assert_eq!(story.failing(), [("t1002", "InvalidPath")]);
}

#[test]
fn a_template_that_leads_out_of_the_store_gets_nothing() {
    for template in ["../../other/{tenantId}", "a/./{tenantId}", "a//{tenantId}"] {
        let mut story = Story::of(&[1002]);
        story.observed.log_backups.clear();
        story.spec.paths = Some(paths(Some(template), None));
        assert_eq!(story.reconcile(1).effect, None, "{template}");
        assert_eq!(story.failing(), [("t1002", "InvalidPath")], "{template}");
    }
}

#[test]
fn directories_of_data_and_logs_that_turn_out_one_in_the_other_are_refused() {
    let mut story = Story::of(&[1002]);
    story.spec.paths = Some(paths(Some("{tenantId}"), Some("1002/{tenantId}")));
    story.reconcile(1);
    assert_eq!(story.failing(), [("t1002", "InvalidPath")]);
}

#[test]
fn an_edit_that_would_move_logs_is_refused_until_it_is_taken_back() {
    let mut story = Story::of(&[1002]);
    story.create(61);
    story.observed.tasks.clear();
    story.spec.storage_ref = LocalReference::new("other");
    story.generation += 1;
    assert_eq!(story.create(121), [""; 0]);
    assert_eq!(story.failing(), [("t1002", "StorageChangeRefused")]);
    assert_eq!(
        (story.is(types::READY), story.is(types::STALLED)),
        ("False", "True")
    );
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
    assert_eq!(story.status.phase.as_deref(), Some("Abnormal"));
    story.spec.storage_ref = LocalReference::new("s3");
    story.generation += 1;
    story.create(122);
    assert_eq!(
        (story.is(types::READY), story.is(types::STALLED)),
        ("True", "False")
    );
}

#[test]
fn a_template_that_would_move_logs_is_refused() {
    let mut story = Story::of(&[1002]);
    story.spec.paths = Some(paths(None, Some("elsewhere/{tenantId}")));
    story.reconcile(1);
    assert_eq!(story.failing(), [("t1002", "StorageChangeRefused")]);
}

#[test]
fn a_template_that_says_what_is_there_already_moves_nothing() {
    let mut story = Story::of(&[1002]);
    let template = "{clusterName}-{clusterId}/{tenantName}-{tenantId}/log";
    story.spec.paths = Some(paths(None, Some(template)));
    story.reconcile(1);
    assert_eq!(story.failing(), []);
}

/// The cluster was renamed: directories with the old name stay in use.
#[test]
fn a_new_name_of_the_cluster_moves_nothing() {
    let mut story = Story::of(&[1002]);
    story.observed.identity.cluster_name = "renamed".to_owned();
    story.spec.paths = Some(paths(
        None,
        Some("logs/{clusterName}-{clusterId}/{tenantId}"),
    ));
    story.observed.log_backups[0].path = Some("logs/obprod-7/1002".to_owned());
    story.reconcile(1);
    assert_eq!(story.failing(), []);
    story.observed.log_backups[0].path = Some("logs/hand-made/x/1002".to_owned());
    story.reconcile(2);
    assert_eq!(story.failing(), [("t1002", "StorageChangeRefused")]);
}

#[test]
fn a_name_that_is_no_directory_concerns_only_tenants_that_have_none_yet() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.log_backups.clear();
    story.observed.identity.cluster_name = "ob prod".to_owned();
    story.spec.paths = Some(paths(
        Some("{clusterName}/{clusterId}/{tenantId}/data"),
        Some("{clusterName}/{clusterId}/{tenantId}/log"),
    ));
    let directories = Directories {
        data: Some("obprod/7/1002/data".to_owned()),
        log: Some("obprod/7/1002/log".to_owned()),
    };
    story.observed.directories = [(TenantId(1002), directories)].into();
    let created = story.reconcile(1).effect;
    let Some(Effect::MakeLogBackups(created)) = created else {
        panic!("{created:?}");
    };
    let paths: Vec<_> = created
        .iter()
        .map(|(_, spec)| spec.path.as_deref())
        .collect();
    assert_eq!(paths, [Some("obprod/7/1002/log")]);
    assert_eq!(story.failing(), [("t1004", "InvalidPath")]);
}

fn with_data(id: i64, location: &str) -> Arc<Tenant> {
    Arc::new(Tenant {
        data_dest: Some(location.to_owned()),
        ..Tenant::clone(&tenant(id))
    })
}

/// If the user reverts the edit, this tenant would be at the wrong destination.
#[test]
fn while_an_edit_is_refused_a_new_tenant_gets_nothing_at_the_new_place() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.log_backups.remove(1);
    story.spec.storage_ref = LocalReference::new("other");
    assert_eq!(story.create(61), [""; 0]);
    let refused = "StorageChangeRefused";
    assert_eq!(story.failing(), [("t1002", refused), ("t1004", refused)]);

    story.spec.storage_ref = LocalReference::new("s3");
    story.generation += 1;
    assert_eq!(story.create(62), ["prod-t1004"]);
    assert_eq!(story.is(types::STALLED), "False");
    assert_eq!(story.failing(), []);
}

/// The creator of its log backup chose that destination; a first data backup would bind it to the
/// new one.
#[test]
fn while_an_edit_is_refused_a_tenant_without_data_backups_gets_none() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.log_backups[1].inherited = None;
    story.observed.log_backups[1].storage = "other".to_owned();
    story.spec.storage_ref = LocalReference::new("other");
    assert_eq!(story.create(61), [""; 0]);
    assert_eq!(story.failing().len(), 2);
}

#[test]
fn while_an_edit_is_refused_a_tenant_that_is_there_already_goes_on() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.database = Ok(vec![tenant(1002), with_data(1004, "file:///other")]);
    story.observed.log_backups[1].storage = "other".to_owned();
    story.spec.storage_ref = LocalReference::new("other");
    assert_eq!(story.create(61), ["nightly-t1004-incr-202611220100z"]);
    assert_eq!(story.failing(), [("t1002", "StorageChangeRefused")]);
    assert_eq!(
        (story.is(types::STALLED), story.is(types::SCHEDULING)),
        ("True", "True")
    );
}

#[test]
fn slots_that_a_refused_edit_skips_are_not_said_to_be_turned_into_tasks() {
    let mut story = Story::of(&[1002]);
    story.spec.storage_ref = LocalReference::new("other");
    story.create(61);
    assert_eq!(
        story.history()[0],
        "01:00 incr Skipped StorageChangeRefused"
    );
    assert_eq!(story.is(types::SCHEDULING), "False");
    story.spec.storage_ref = LocalReference::new("s3");
    story.generation += 1;
    story.create(62);
    assert_eq!(story.is(types::SCHEDULING), "True");
}

#[test]
fn slots_without_a_tenant_that_can_be_backed_up_are_said_to_be_skipped() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.data_elsewhere = [(TenantId(1002), "file:///dba".to_owned())].into();
    story.reconcile(1);
    assert_eq!(story.is(types::SCHEDULING), "True");
    story.observed.data_elsewhere = [1002, 1004]
        .map(|id| (TenantId(id), "file:///dba".to_owned()))
        .into();
    story.reconcile(2);
    let conditions = story.status.conditions.iter();
    let mut found = conditions.filter(|known| known.type_ == types::SCHEDULING);
    let scheduling = found.next().unwrap();
    assert_eq!(
        (&*scheduling.status, &*scheduling.reason),
        ("False", "DestinationInUse")
    );
}

#[test]
fn a_tenant_of_another_strategy_before_is_not_moved_and_the_strategy_is_not_stalled() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.log_backups[0].inherited = Some(inherited("before"));
    story.observed.log_backups[0].storage = "other".to_owned();
    assert_eq!(story.create(61), ["nightly-t1004-incr-202611220100z"]);
    assert_eq!(story.failing(), [("t1002", "DestinationChangeRefused")]);
    assert_eq!(
        (story.is(types::READY), story.is(types::BACKUP_HEALTHY)),
        ("True", "False")
    );
}

#[test]
fn a_store_of_another_name_at_the_same_place_is_the_same() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].inherited = Some(inherited("before"));
    story.observed.log_backups[0].storage = "other".to_owned();
    story.observed.same_storages.insert("other".to_owned());
    story.reconcile(1);
    assert_eq!(story.failing(), []);
}

#[test]
fn the_path_of_a_log_backup_that_somebody_made_is_that_persons() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].inherited = None;
    story.observed.log_backups[0].path = Some("mine".to_owned());
    assert_eq!(story.create(61).len(), 1);
}

#[test]
fn a_tenant_whose_data_backups_go_elsewhere_gets_no_task_that_could_only_fail() {
    let mut story = Story::of(&[1002]);
    story.observed.data_elsewhere = [(TenantId(1002), "file:///dba".to_owned())].into();
    assert_eq!(story.create(61), [""; 0]);
    assert_eq!(story.failing(), [("t1002", "DestinationInUse")]);
    let message = &story.status.tenants.as_ref().unwrap().failing[0].message;
    assert!(message.contains("file:///dba"), "{message}");
}

/// The tool that creates them archives around them. A log destination of the operator would block
/// its own.
#[test]
fn a_tenant_whose_data_backups_go_elsewhere_gets_no_log_backup() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.log_backups.clear();
    story.observed.data_elsewhere = [(TenantId(1002), "file:///dba".to_owned())].into();
    assert_eq!(story.create(1), ["prod-t1004"]);
    assert_eq!(story.is(types::LOG_BACKUP_HEALTHY), "False");
}

/// Its log backup reports why it does nothing; before its first pass, the running round is foreign.
#[test]
fn a_tenant_whose_logs_go_elsewhere_gets_no_task() {
    let mut story = Story::of(&[1002]);
    story.observed.logs_elsewhere.insert(TenantId(1002));
    assert_eq!(story.create(61), [""; 0]);
    story.spec.log_backup.mode = StrategyLogBackupMode::Unmanaged;
    assert_eq!(story.create(121).len(), 1);
}

/// A BackupStorage, and a directory in it if one is named.
type NewLocation = (String, Option<String>);

/// Returns what the strategy writes into its log backups.
fn edits(story: &mut Story) -> Vec<(String, Option<NewLocation>)> {
    match story.reconcile(1).effect {
        Some(Effect::EditLogBackups(edits)) => edits
            .into_iter()
            .map(|edit| (edit.name, edit.location))
            .collect(),
        _ => Vec::new(),
    }
}

fn that_may_move() -> Story {
    let mut story = Story::of(&[1002]);
    story.spec.storage_change_policy = StorageChangePolicy::StopAndSwitch;
    story.observed.log_backups[0].storage_change_policy = StorageChangePolicy::StopAndSwitch;
    story
}

#[test]
fn a_move_that_is_allowed_is_written_into_the_log_backup() {
    let mut story = that_may_move();
    assert_eq!(edits(&mut story), []);
    story.spec.storage_ref = LocalReference::new("other");
    story.generation += 1;
    let moved = ("prod-t1002".to_owned(), Some(("other".to_owned(), None)));
    assert_eq!(edits(&mut story), [moved]);
    assert_eq!(story.failing(), []);
    assert_eq!(story.is(types::STALLED), "False");
}

#[test]
fn the_policy_is_written_into_a_log_backup_that_is_the_strategys_own() {
    let mut story = Story::of(&[1002]);
    story.spec.storage_change_policy = StorageChangePolicy::StopAndSwitch;
    assert_eq!(edits(&mut story), [("prod-t1002".to_owned(), None)]);
}

#[test]
fn the_log_backup_of_another_strategy_is_not_moved() {
    let mut story = that_may_move();
    story.observed.log_backups[0].inherited = Some(inherited("before"));
    story.observed.log_backups[0].storage = "other".to_owned();
    assert_eq!(edits(&mut story), []);
    assert_eq!(story.failing(), [("t1002", "DestinationChangeRefused")]);
}

#[test]
fn data_that_follows_its_logs_is_not_somebody_elses() {
    let mut story = that_may_move();
    story.observed.data_elsewhere = [(TenantId(1002), "file:///old".to_owned())].into();
    story.reconcile(1);
    assert_eq!(story.failing(), [("t1002", "DestinationInUse")]);
    story.observed.log_backups[0].is_migrating = true;
    story.reconcile(2);
    assert_eq!(story.failing(), []);
    story.observed.log_backups[0].is_migrating = false;
    story.observed.log_backups[0].data_left = Some("file:///old".to_owned());
    story.reconcile(3);
    assert_eq!(story.failing(), []);
}
