//! What changes seldom.

use super::{ReadError, Reading};
use crate::oceanbase::version::Version;
use crate::oceanbase::view::{self, Query};

impl Reading<'_> {
    /// The server's version as it is now.
    pub(in crate::oceanbase) async fn version(&mut self) -> Result<Version, ReadError> {
        let answer = self.ask(&Query::Version).await?;
        Ok(view::version(&answer)?.0)
    }
}
