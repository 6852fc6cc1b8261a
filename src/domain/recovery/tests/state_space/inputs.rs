//! Possible observations and answers.

use super::super::tables::{
    asked, auxiliary, table_job, tables_spec, with_created, with_job_of_tables, word,
};
use super::super::*;
use crate::oceanbase::model::CheckResult;

/// Possible observations of a recovery of a tenant.
pub(super) fn worlds(base: &Story) -> Vec<Observation> {
    let mut worlds = Vec::new();
    let (absent, holders) = (vec![None], [None, Some(None), Some(Some(TenantId(1010)))]);
    let held = vec![Some(Some(TenantId(1010)))];
    let shown = [
        (None, vec![None, Some("STANDBY")], holders.to_vec()),
        (Some(RestoreStatus::CreateTenant), absent, held.clone()),
        (
            Some(RestoreStatus::Restoring("RESTORING".to_owned())),
            vec![Some("RESTORE")],
            held.clone(),
        ),
        (
            Some(RestoreStatus::Success),
            vec![None, Some("STANDBY"), Some("PRIMARY")],
            held.clone(),
        ),
        (
            Some(RestoreStatus::Fail),
            vec![None, Some("RESTORE")],
            holders.to_vec(),
        ),
        (
            Some(RestoreStatus::Unknown("NEW_WORD".to_owned())),
            vec![Some("RESTORE")],
            held,
        ),
    ];
    for (status, roles, holders) in &shown {
        for role in roles {
            for holder in holders {
                let mut story = base.clone();
                if let Some(holder) = holder {
                    story = story.with_resources(*holder);
                }
                story.target().tenant = role.map(|role| Arc::new(tenant(role)));
                if let Some(status) = status {
                    story.restores().restores = vec![job(status.clone())];
                }
                worlds.push(story.observed);
            }
        }
    }
    let mut others = Vec::new();
    let mut other = |change: &dyn Fn(&mut Story)| {
        let mut story = base.clone();
        change(&mut story);
        others.push(story.observed);
    };
    other(&|story| story.observed.target = Err(Blocker::outage()));
    other(&|story| story.observed.target = Err(Blocker::waiting("Connecting", "soon")));
    other(&|story| story.observed.target = Err(Blocker::permanent(CLUSTER_REPLACED, "other")));
    other(&|story| story.target().restores = None);
    other(&|story| story.restores().servers = None);
    other(&|story| story.restores().servers = Some(vec![capacity::server("zone1", (1, 1, 1))]));
    other(&|story| *story = story.clone().of_older_version());
    other(&|story| story.target().settled = false);
    other(&|story| story.observed.forbidden = Some(Blocker::permanent("RecoveryForbidden", "no")));
    other(&|story| story.observed.source = Err(Blocker::waiting("LogBackupNotFound", "no")));
    other(&|story| story.observed.intent_age = Duration::from_mins(1));
    other(&|story| {
        let mut stranger = tenant("PRIMARY");
        stranger.id = TenantId(1012);
        story.target().tenant = Some(Arc::new(stranger));
    });
    let answers = if base.spec.objects.is_some() {
        answers(table_job)
    } else {
        answers(job)
    };
    for answer in answers.into_iter().map(BackgroundAnswer::Answered) {
        other(&|story| story.observed.handed_over = Some(answer.clone()));
    }
    other(&|story| story.observed.handed_over = Some(BackgroundAnswer::Sending));
    worlds.extend(others);
    worlds
}

/// Further observations of a recovery of tables.
pub(super) fn worlds_of_tables(base: &Story) -> Vec<Observation> {
    let states = [
        None,
        Some(word("PREPARE")),
        Some(word("IMPORTING")),
        Some(word("CANCELING")),
        Some(RestoreStatus::Success),
        Some(RestoreStatus::Fail),
        Some(RestoreStatus::Unknown("NEW_WORD".to_owned())),
    ];
    let mut worlds = worlds(base);
    for status in states {
        for left in [None, Some("NORMAL"), Some("DROPPING")] {
            for holder in [None, Some(None), Some(Some(TenantId(1012)))] {
                let mut story = asked(tables_spec());
                if let Some(holder) = holder {
                    story = with_created(story, holder);
                }
                if let Some(status) = &status {
                    story = with_job_of_tables(story, status.clone());
                }
                story.target().auxiliary = left.map(|status| Arc::new(auxiliary(status)));
                worlds.push(story.observed);
            }
        }
    }
    worlds
}

/// Possible answers.
pub(super) fn answers(job: fn(RestoreStatus) -> Restore) -> Vec<Answer> {
    vec![
        Answer::Done,
        Answer::NotFound,
        Answer::AlreadySent,
        Answer::Restore(Box::new(job(RestoreStatus::CreateTenant))),
        Answer::Restore(Box::new(job(RestoreStatus::Success))),
        Answer::Restore(Box::new(job(RestoreStatus::Fail))),
        Answer::Preview(Vec::new()),
        Answer::HandedOver,
        Answer::Withheld("a tenant of the name exists".to_owned()),
        Answer::Refused(failure(FailureClass::NotYet)),
        Answer::Refused(failure(FailureClass::Permanent)),
        Answer::Checked(Box::new(CheckResult::ExpectedValue)),
        Answer::Checked(Box::new(CheckResult::UnexpectedValue)),
        Answer::NotSent("no connection".to_owned()),
        Answer::Unknown("lost".to_owned()),
    ]
}
