//! What changes seldom and is dear to read.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::{Depth, History, ReadError, Reading};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::client::QueryError;
use crate::oceanbase::model::{LimitedPlace, TenantId};
use crate::oceanbase::version::Version;
use crate::oceanbase::view::{self, Query, StoreQuery};

/// How often the lag targets are read while statements of ours follow each other: one of them may
/// have changed one. Each server is asked for all its parameters.
const LAG_TARGETS_PAUSE: Duration = Duration::from_secs(5);

/// What a read has brought of limited places.
pub(super) enum Limited {
    /// It was not time to look at them.
    NotRead,
    /// They can not be read, or not all of them.
    Unknown,
    /// All there are, by tenant.
    Known(BTreeMap<TenantId, Vec<LimitedPlace>>),
}

impl Reading<'_> {
    /// The server's version as it is now.
    pub(in crate::oceanbase) async fn version(&mut self) -> Result<Version, ReadError> {
        let answer = self.ask(&Query::Version).await?;
        Ok(view::version(&answer)?.0)
    }

    /// `archive_lag_target` of the tenants, where it is time to look at it.
    pub(super) async fn lag_targets(
        &mut self,
        history: &mut History,
        depth: Depth,
    ) -> Result<Option<BTreeMap<TenantId, Duration>>, ReadError> {
        let read_at = history.lag_targets_at;
        let is_due = match depth {
            Depth::Full => true,
            Depth::AfterCommand => read_at.is_none_or(|at| at.elapsed() >= LAG_TARGETS_PAUSE),
            Depth::Hot => false,
        };
        if !is_due || !self.version.can(Capability::ArchiveLagTarget) {
            return Ok(None);
        }
        history.lag_targets_at = Some(Instant::now());
        let answer = self.ask(&Query::LagTargets).await?;
        Ok(Some(view::lag_targets(&answer)?))
    }

    /// The tenants' places that are limited, where it is time to look at them. A refusal costs only what
    /// is known of limits.
    pub(super) async fn limited(&mut self, depth: Depth) -> Result<Limited, ReadError> {
        if depth == Depth::Hot || !self.version.can(Capability::StoreLimits) {
            return Ok(Limited::NotRead);
        }
        let query = Query::from(StoreQuery::Limits);
        let answer = match self.ask(&query).await {
            Ok(answer) => answer,
            Err(QueryError::Server(error)) => {
                tracing::warn!(code = error.code, "limits of stores can not be read");
                return Ok(Limited::Unknown);
            }
            Err(error) => return Err(error.into()),
        };
        let read = view::store_limits(&answer);
        let is_whole = read.unreadable.is_empty();
        let mut limited = BTreeMap::<_, Vec<_>>::new();
        for (tenant, place) in self.legible(&query, read) {
            limited.entry(tenant).or_default().push(place);
        }
        Ok(if is_whole {
            Limited::Known(limited)
        } else {
            Limited::Unknown
        })
    }
}
