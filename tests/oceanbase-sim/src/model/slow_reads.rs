//! RESTORE reads the store before it writes the job's row: for a moment, or for minutes.

use std::time::Duration;

use super::restore::RestoreRequest;
use super::restores::{Restores, Shell};
use super::{Scn, World};

/// A RESTORE whose row is not there yet.
#[derive(Clone, Debug)]
pub(super) struct SlowRead {
    due: Scn,
    request: RestoreRequest,
}

impl Restores {
    /// From now on each RESTORE of a tenant reads the store for so long.
    pub(crate) fn read_for(&mut self, tenant: &str, reads: Duration) {
        self.slow.insert(tenant.to_owned(), reads);
    }

    /// For how long RESTORE of a tenant reads the store.
    pub(crate) fn reads(&self, tenant: &str) -> Duration {
        self.slow.get(tenant).copied().unwrap_or_default()
    }

    /// When the next row is due of those that are read for.
    pub(super) fn reads_due(&self) -> Scn {
        let reading = self.reading.iter().map(|reading| reading.due);
        reading.min().unwrap_or(Scn::NEVER)
    }
}

impl World {
    /// RESTORE, which the engine works on for `limit` at most. It goes on when its client is gone.
    ///
    /// Whether the name is in use is looked at where the row is written. Where it is by then, the
    /// engine answers 9014; here the answer is that of one that comes through, and there is no job.
    pub(crate) fn begin_restore(&mut self, request: RestoreRequest, limit: Duration) -> Shell {
        let now = self.now();
        let name = &request.tenant_name;
        let reads = self.restores.reads(name);
        if reads.is_zero() {
            return self.start_restore(request, now);
        }
        let shell = self.shell(&request);
        if reads <= limit {
            let due = now.plus(reads);
            self.restores.reading.push(SlowRead { due, request });
        }
        Shell {
            after: reads + shell.after,
            ..shell
        }
    }

    /// Writes the rows of those that have read the store.
    pub(super) fn end_reading(&mut self, at: Scn) {
        let is_due = |reading: &mut SlowRead| reading.due <= at;
        let due: Vec<_> = self.restores.reading.extract_if(.., is_due).collect();
        for SlowRead { due, request } in due {
            let name = &request.tenant_name;
            let is_in_use = self.restores.of(name).is_some() || self.tenant(name).is_some();
            if !is_in_use {
                self.start_restore(request, due);
            }
        }
    }
}
