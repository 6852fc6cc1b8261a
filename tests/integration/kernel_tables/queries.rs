//! Samples of every query.

use jiff::Timestamp;
use oceanbase_backup_operator::oceanbase::model::{JobKey, RestoreKey, TenantId};
use oceanbase_backup_operator::oceanbase::query::{Query, Sample};

use crate::engine_grammar::kinds_of_queries;

pub(super) fn every_query() -> Vec<Query> {
    Query::samples(&Sample {
        tenant: TenantId(1002),
        since: Timestamp::UNIX_EPOCH,
        job: JobKey::new("8b1d2a3e-7f60-4c1e-9d52-0a6f4f1c2b3d", 1).unwrap(),
        restore: RestoreKey::parse("obr/00112233445566778899aabbccddeeff").unwrap(),
    })
}

/// A query without a sample would not be checked.
#[test]
fn every_query_is_checked() {
    let mut names: Vec<_> = every_query().iter().map(Query::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), kinds_of_queries());
}
