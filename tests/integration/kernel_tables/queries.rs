//! Every query, once.

use jiff::Timestamp;
use oceanbase_backup_operator::oceanbase::model::{JobId, JobKey, RestoreKey, TenantId};
use oceanbase_backup_operator::oceanbase::view::{CleanupQuery, Query, RestoreQuery, StoreQuery};

use crate::engine_grammar::kinds_of_queries;

pub(super) fn every_query() -> Vec<Query> {
    let job = || JobKey::new("8b1d2a3e-7f60-4c1e-9d52-0a6f4f1c2b3d", 1).unwrap();
    let restore = || RestoreKey::parse("obr/00112233445566778899aabbccddeeff").unwrap();
    let (tenant, since) = (TenantId(1002), Timestamp::UNIX_EPOCH);
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
    let stores = [StoreQuery::LogRoots, StoreQuery::Checks, StoreQuery::Limits];
    all.extend(stores.map(Query::from));
    all
}

/// A query that is missing above would not be checked.
#[test]
fn every_query_is_checked() {
    let mut names: Vec<_> = every_query().iter().map(Query::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), kinds_of_queries());
}
