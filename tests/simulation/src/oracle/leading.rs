//! Invariants of several operators. Only the holder of the Lease acts, and only for a limited time
//! after a renewal.
//!
//! The oracle uses the state in the API server, not the belief of an operator.

#[cfg(test)]
mod tests;

use std::time::Duration;

use api_double::Change;

use super::State;

/// How long the Lease of a simulated world is valid after each renewal.
pub const LEASE: Duration = Duration::from_secs(15);

/// How long the holder may act after a renewal. The last third of the lease is reserved for
/// requests that are still under way.
const ACTING: Duration = Duration::from_secs(10);

/// The state of a Lease.
pub(super) struct Held {
    /// The client that wrote it last; none after it was released.
    by: Option<String>,
    since: Duration,
    /// When it was last written or deleted. The other operators restart their wait then.
    touched_at: Duration,
    /// The longest time without a renewal so far.
    longest_gap: Duration,
}

impl State {
    /// Records a write of the Lease by an operator, or its deletion by another client.
    pub(super) fn leads(&mut self, change: &Change) {
        let now = self.time.elapsed();
        let Some(after) = &change.after else {
            let longest_gap = self.longest_gap();
            if let Some(held) = &mut self.lease {
                (held.touched_at, held.longest_gap) = (now, longest_gap);
            }
            return;
        };
        let holder = after["spec"]["holderIdentity"].as_str().unwrap_or_default();
        let longest_gap = self.longest_gap();
        self.lease = Some(Held {
            by: (!holder.is_empty()).then(|| change.actor.clone()),
            since: now,
            touched_at: now,
            longest_gap,
        });
    }

    /// Returns the longest time without a renewal of the Lease, up to now.
    pub(super) fn longest_gap(&self) -> Duration {
        let gap = |held: &Held| {
            held.longest_gap
                .max(self.time.elapsed().saturating_sub(held.touched_at))
        };
        self.lease.as_ref().map_or(Duration::ZERO, gap)
    }

    /// Returns how long ago it was written.
    fn age(&self, held: &Held) -> Duration {
        self.time.elapsed().saturating_sub(held.since)
    }

    /// Checks a request or statement that changes an object or the database.
    pub(super) fn acts(&mut self, actor: &str, what: &str) {
        if !self.is_elected {
            return;
        }
        let wrong = match &self.lease {
            None => "no operator was elected".to_owned(),
            Some(held) if held.by.as_deref() != Some(actor) => match &held.by {
                Some(holder) => format!("{holder} leads"),
                None => "the lease was given back".to_owned(),
            },
            Some(held) if self.age(held) > ACTING => {
                format!("its lease was renewed {:?} ago", self.age(held))
            }
            Some(_) => return,
        };
        self.violated(&format!("one leader: {actor} sends {what}, but {wrong}"));
    }
}
