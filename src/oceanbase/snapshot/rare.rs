//! What changes seldom and is dear to read.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::{Depth, History, ReadError, Reading};
use crate::oceanbase::model::TenantId;
use crate::oceanbase::version::{Capability, Version};
use crate::oceanbase::view::{self, Query};

/// How often the lag targets are read while statements of ours follow each other: one of them may
/// have changed one. Each server is asked for all its parameters.
const LAG_TARGETS_PAUSE: Duration = Duration::from_secs(5);

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
}
