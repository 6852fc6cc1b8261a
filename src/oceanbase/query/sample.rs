//! All queries with sample values.

use jiff::Timestamp;

use super::{CleanupQuery, Query, RestoreQuery, StorageQuery};
use crate::oceanbase::model::{JobId, JobKey, RestoreKey, TenantId};

/// Sample values of the parameters of queries.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Tenant for queries on one tenant.
    pub tenant: TenantId,
    /// Instant for queries on what started since.
    pub since: Timestamp,
    /// Key for queries on backups.
    pub job: JobKey,
    /// Key for queries on restores.
    pub restore: RestoreKey,
}

impl Query {
    /// Returns all queries that the operator can send, with the sample values.
    #[must_use]
    pub fn samples(sample: &Sample) -> Vec<Self> {
        let job = || sample.job.clone();
        let restore = || sample.restore.clone();
        let (tenant, since) = (sample.tenant, sample.since);
        let mut all = vec![
            Query::Version,
            Query::Identity,
            Query::Bootstrap,
            Query::Tenants,
            Query::Rounds,
            Query::ArchiveDests,
            Query::ArchiveDestOf(tenant),
            Query::DataDests,
            Query::DataDestOf(tenant),
            Query::RunningJobs,
            Query::Progress,
            Query::JobHistory(since),
            Query::Sets,
            Query::Pieces,
            Query::Policies,
            Query::LagTargets,
            Query::UpgradeMode,
            Query::Grants,
            Query::BackupRefusals(since),
            Query::RunningJobsByKey(job()),
            Query::JobHistoryByKey(job()),
            Query::OwnJobsByKey(job()),
            Query::OwnJobHistoryByKey(job()),
        ];
        all.extend(
            [
                RestoreQuery::Progress,
                RestoreQuery::History(since),
                RestoreQuery::ProgressByKey(restore()),
                RestoreQuery::HistoryByKey(restore()),
                RestoreQuery::OwnProgressByKey(restore()),
                RestoreQuery::OwnHistoryByKey(restore()),
                RestoreQuery::TableJobs,
                RestoreQuery::TableHistory(since),
                RestoreQuery::TableJobsByKey(restore()),
                RestoreQuery::TableHistoryByKey(restore()),
                RestoreQuery::OwnTableJobsByKey(restore()),
                RestoreQuery::OwnTableHistoryByKey(restore()),
                RestoreQuery::Preview,
                RestoreQuery::Pools,
                RestoreQuery::Units,
                RestoreQuery::Zones,
                RestoreQuery::Servers,
                RestoreQuery::Capacities,
                RestoreQuery::PlacedUnits,
                RestoreQuery::DataVersion,
            ]
            .map(Query::from),
        );
        let history = |idle| CleanupQuery::History { since, idle };
        all.extend(
            [
                CleanupQuery::Jobs,
                history(false),
                history(true),
                CleanupQuery::Items(since),
                CleanupQuery::ItemHistory(since),
                CleanupQuery::OwnJobsAfter(JobId(7)),
                CleanupQuery::OwnHistoryAfter(JobId(7)),
                CleanupQuery::JobsOf(tenant),
            ]
            .map(Query::from),
        );
        let storages = [
            StorageQuery::LogRoots,
            StorageQuery::Checks,
            StorageQuery::Limits,
        ];
        all.extend(storages.map(Query::from));
        all
    }
}
