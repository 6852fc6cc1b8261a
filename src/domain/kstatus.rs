//! Test helper that judges an object as Flux and Argo CD do (kstatus, in its order).

use crate::api::Condition;

/// Result of kstatus for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kstatus {
    InProgress,
    Failed,
    Current,
}

/// Returns the result of kstatus for an object that is not being deleted.
pub(crate) fn kstatus(
    generation: i64,
    observed_generation: Option<i64>,
    conditions: &[Condition],
) -> Kstatus {
    if observed_generation.is_some_and(|observed| observed != generation) {
        return Kstatus::InProgress;
    }
    for condition in conditions {
        match (condition.type_.as_str(), condition.status.as_str()) {
            ("Reconciling", "True") => return Kstatus::InProgress,
            ("Stalled", "True") => return Kstatus::Failed,
            _ => {}
        }
    }
    let ready = conditions.iter().find(|c| c.type_ == "Ready");
    match ready.map(|ready| ready.status.as_str()) {
        Some("False" | "Unknown") => Kstatus::InProgress,
        _ => Kstatus::Current,
    }
}

/// Returns the status of one condition, or `None` if it does not exist.
pub(crate) fn status_of<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a str> {
    let condition = conditions.iter().find(|c| c.type_ == kind)?;
    Some(&condition.status)
}

/// Asserts what holds for every written list of conditions.
pub(crate) fn assert_sound(conditions: &[Condition], generation: i64) {
    let is_true = |kind| status_of(conditions, kind) == Some("True");
    let summary = ["Ready", "Reconciling", "Stalled"].map(is_true);
    let holding = summary.iter().filter(|holds| **holds).count();
    assert_eq!(holding, 1, "exactly one of the three: {conditions:?}");
    for condition in conditions {
        assert_eq!(condition.observed_generation, Some(generation));
        assert!(is_camel_case(&condition.reason), "{}", condition.reason);
        assert!(!condition.message.is_empty() && condition.message.len() <= 1024);
        let at = condition.last_transition_time.0;
        assert_eq!(at.subsec_nanosecond(), 0, "read back it would differ");
    }
}

pub(crate) fn is_camel_case(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_alphanumeric())
}
