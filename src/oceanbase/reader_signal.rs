//! Signal to the reader of one OceanBaseCluster object. A permit holds the signal and not the object,
//! which refers to the database of the permit.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Signal to the reader of one object.
#[derive(Default)]
pub(super) struct ReaderSignal {
    poke: Notify,
    check_requested: AtomicBool,
}

impl ReaderSignal {
    /// Wakes the reader.
    pub(super) fn poke(&self) {
        self.poke.notify_one();
    }

    /// Requests a check whether the account and the endpoints still work.
    pub(super) fn request_check(&self) {
        self.check_requested.store(true, Ordering::Relaxed);
        self.poke();
    }

    /// Returns whether a check was requested since the last call.
    pub(super) fn take_check_request(&self) -> bool {
        self.check_requested.swap(false, Ordering::Relaxed)
    }

    /// Waits until the reader is woken.
    pub(super) async fn poked(&self) {
        self.poke.notified().await;
    }
}
