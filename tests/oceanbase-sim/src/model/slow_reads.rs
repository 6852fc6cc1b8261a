//! The time that RESTORE reads the storage before it writes the job's row.

use std::time::Duration;

use super::restore::RestoreRequest;
use super::restores::{Restores, Shell};
use super::{Scn, World};

/// A RESTORE whose row does not exist yet.
#[derive(Clone, Debug)]
pub(super) struct SlowRead {
    due: Scn,
    request: RestoreRequest,
}

impl Restores {
    /// Makes each RESTORE of a tenant read the storage for this long from now on.
    pub(crate) fn read_for(&mut self, tenant: &str, reads: Duration) {
        self.slow.insert(tenant.to_owned(), reads);
    }

    /// Returns how long RESTORE of a tenant reads the storage.
    pub(crate) fn reads(&self, tenant: &str) -> Duration {
        self.slow.get(tenant).copied().unwrap_or_default()
    }

    /// Returns when the next row of a reading RESTORE is due.
    pub(super) fn reads_due(&self) -> Scn {
        let reading = self.reading.iter().map(|reading| reading.due);
        reading.min().unwrap_or(Scn::NEVER)
    }
}

impl World {
    /// Begins a RESTORE, which may take up to `limit`. It continues without its client.
    ///
    /// The name is checked when the row is written. In the engine, a name that is in use by then
    /// answers 9014. The simulator answers as after a success, and there is no job.
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

    /// Writes the rows of restores that have read the storage.
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
