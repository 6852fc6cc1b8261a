//! The event history of the root service, for backups.

use super::{Scn, TenantId};
use crate::value::SqlError;
use crate::views::Version;

/// A row of `DBA_OB_ROOTSERVICE_EVENT_HISTORY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootEvent {
    /// `TIMESTAMP`.
    pub at: Scn,
    /// `MODULE`.
    pub module: &'static str,
    /// `EVENT`.
    pub event: &'static str,
    /// `NAME1` and `VALUE1` to `NAME6` and `VALUE6`.
    pub pairs: Vec<(&'static str, String)>,
}

/// Number of kept events; the oldest are removed first. The kernel keeps some days.
pub const MAX_ROOT_EVENTS: usize = 500;

/// Records the result of a start of a backup.
pub(super) fn record_start(
    events: &mut Vec<RootEvent>,
    at: Scn,
    tenant: TenantId,
    outcome: &Result<(), SqlError>,
) {
    let result = outcome.as_ref().err().map_or(0, result_of);
    let pairs = vec![
        ("tenant_id", tenant.to_string()),
        ("result", result.to_string()),
        trace_id(tenant),
    ];
    record(events, at, "start_backup_data", pairs);
}

/// Records a tenant that a backup of sys leaves out because its job cannot start.
pub(super) fn record_left_out(
    events: &mut Vec<RootEvent>,
    at: Scn,
    tenant: TenantId,
    error: &SqlError,
) {
    let pairs = vec![
        ("user_tenant_id", tenant.to_string()),
        ("ret", result_of(error).to_string()),
        trace_id(tenant),
    ];
    record(events, at, "handle_user_tenant_backup_failed", pairs);
}

/// Records a full backup that replaces an incremental.
pub(super) fn record_full_instead(
    events: &mut Vec<RootEvent>,
    at: Scn,
    tenant: TenantId,
    previous: Version,
    current: Version,
) {
    let pairs = vec![
        ("tenant_id", tenant.to_string()),
        ("previous_compatible", previous.to_string()),
        ("current_compatible", current.to_string()),
        trace_id(tenant),
    ];
    record(events, at, "compatible_not_match", pairs);
}

fn record(
    events: &mut Vec<RootEvent>,
    at: Scn,
    event: &'static str,
    pairs: Vec<(&'static str, String)>,
) {
    if events.len() >= MAX_ROOT_EVENTS {
        events.remove(0);
    }
    events.push(RootEvent {
        at,
        module: "backup_data",
        event,
        pairs,
    });
}

/// Refusals of a start have no MySQL number: the number on the wire is the kernel's.
fn result_of(error: &SqlError) -> i64 {
    -i64::from(error.code)
}

fn trace_id(tenant: TenantId) -> (&'static str, String) {
    ("trace_id", format!("YB42{:08X}-000000-0-0", tenant.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_events_go_first() {
        let mut events = Vec::new();
        for at in 0..=MAX_ROOT_EVENTS as u64 {
            record_start(&mut events, Scn(at), TenantId(1002), &Ok(()));
        }
        assert_eq!((events.len(), events[0].at), (MAX_ROOT_EVENTS, Scn(1)));
    }
}
