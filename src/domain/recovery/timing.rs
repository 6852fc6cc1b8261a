//! Delays, timeouts and limits of attempts of a recovery.

use std::time::Duration;

use crate::domain::Next;

/// Delay before the next check of a fact that no watch reports.
pub(super) const SHORT_RETRY: Next = Next::After(Duration::from_secs(30));
/// Age at which a RESTORE with a cut connection is looked up, and sent again if its job is absent.
///
/// The database reads the backup before it writes the job's row, which may take minutes. It admits
/// one restore for each tenant name (9014), and the operator can follow either of two with one key.
/// A statement that arrives after the end of the other finds the resource pool gone.
pub(super) const STATEMENT_ARRIVES_WITHIN: Duration = Duration::from_secs(20);
/// Age after which the job of a RESTORE can no longer appear: the statement's timeout is ten minutes.
///
/// Before that age, a cancel may miss a job that starts later.
pub(super) const RESTORE_ENDED_AFTER: Duration = Duration::from_mins(11);
/// Age after which the job of a RECOVER TABLE can no longer appear: the statement's timeout is a minute.
///
/// No tenant name keeps a second RECOVER TABLE out, so the operator does not send it again earlier.
pub(super) const STATEMENT_ENDED_AFTER: Duration = Duration::from_secs(70);
/// Number of temporary refusals (about ten minutes) after which a recovery fails.
pub(super) const MAX_REFUSALS: i32 = 12;
