//! What is looked for before a statement is sent.

use crate::oceanbase::destination::Place;
use crate::oceanbase::model::{Destinations, JobKey, TenantId};

/// A look at the database before a statement is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing to look for.
    None,
    /// The statement is not sent when a job with this key exists, running or ended.
    NoJobWithKey(JobKey),
    /// As [`Guard::NoJobWithKey`], and it is sent only when fewer backups of ours run.
    FreePlace {
        /// The job's key.
        key: JobKey,
        /// How many may run at once.
        places: usize,
    },
    /// The statement is sent only when the tenant has no destination of logs: somebody may have
    /// set one since the cluster was last read.
    NoLogDestination(TenantId),
    /// The statement is sent only when the tenant's logs go to this place, or are to go there.
    SameLogDestination {
        /// The tenant.
        tenant_id: TenantId,
        /// Where its logs go.
        place: Place,
    },
    /// The statement is sent only when the tenant has no destination of data backups.
    NoDataDestination(TenantId),
    /// The statement is sent only while the tenant's backups go where they were seen to.
    DestinationsAre {
        /// The tenant.
        tenant_id: TenantId,
        /// Where.
        seen: Destinations,
    },
    /// The statement is sent only while the tenant's policy has this window: somebody may have
    /// replaced it since the cluster was last read.
    PolicyIs {
        /// The tenant.
        tenant_id: TenantId,
        /// The window, as the view shows it.
        recovery_window: String,
    },
    /// The statement is sent only when the job with this key is the tenant's only running one.
    OnlyRunningJob {
        /// The tenant.
        tenant_id: TenantId,
        /// The job's key.
        key: JobKey,
    },
}
