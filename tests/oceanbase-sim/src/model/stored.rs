//! Backups that tenants left in storage, and the part that a restore can read.

use jiff::tz::TimeZone;

use super::{Identity, Restorable, Scn, Tenant, Uri, World};
use crate::error;
use crate::value::SqlError;
use crate::views::Version;

/// A tenant that wrote to storage: alive or dropped, of this or another cluster.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its cluster.
    pub cluster: Identity,
    /// Its cluster's version.
    pub version: Version,
    /// The zone of its cluster's clock.
    pub zone: TimeZone,
    /// The present or last state of the tenant.
    pub tenant: Tenant,
    /// The password of its root.
    pub root_password: String,
}

/// The backups at a list of destinations.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The owner of the backups.
    pub stored: Stored,
    /// The location of the sets.
    pub data: Uri,
    /// The locations of the log; empty if only the data destination was given.
    pub logs: Vec<Uri>,
}

impl World {
    /// Returns everything in the storage that this cluster can read.
    #[must_use]
    pub fn stored(&self) -> Vec<Stored> {
        let dropped = self.dropped.iter().map(|(tenant, password)| Stored {
            cluster: self.identity.clone(),
            version: self.version,
            zone: self.zone.clone(),
            tenant: tenant.clone(),
            root_password: password.clone(),
        });
        let alive = self.tenants.iter().map(|tenant| Stored {
            cluster: self.identity.clone(),
            version: self.version,
            zone: self.zone.clone(),
            tenant: tenant.clone(),
            root_password: self.root_password(tenant.id).to_owned(),
        });
        let elsewhere = self.elsewhere.iter().flat_map(Self::stored);
        let mut all: Vec<_> = alive.chain(dropped).chain(elsewhere).collect();
        all.extend(self.neighbours.iter().cloned());
        all
    }

    /// Finds the owner of the backups at these destinations.
    ///
    /// # Errors
    /// 9026, 9070, 9071, 9082 and 9116 for a destination, 4018 without a backup, 1235 for two data
    /// destinations, 4179 for backups of different tenants.
    pub fn sources(&self, texts: &[String]) -> Result<Sources, SqlError> {
        let all = self.stored();
        let mut data: Option<(Uri, &Stored)> = None;
        let mut logs: Vec<(Uri, &Stored)> = Vec::new();
        for text in texts {
            let uri = Uri::parse(text, self.version)?;
            if let Some(refused) = self.storage.health(&uri).error() {
                return Err(refused);
            }
            let sets =
                |stored: &&Stored| stored.data_uris().any(|known| known.place() == uri.place());
            let pieces =
                |stored: &&Stored| stored.log_uris().any(|known| known.place() == uri.place());
            let (found, is_data) = match (all.iter().find(sets), all.iter().find(pieces)) {
                (Some(stored), _) => (stored, true),
                (None, Some(stored)) => (stored, false),
                (None, None) => return Err(error::nothing_to_restore()),
            };
            // Storage with a known key has checked it already; otherwise the keys of the tenant are
            // accepted.
            if self.storage.opens_for(&uri).is_none() {
                found.check_keys(&uri)?;
            }
            match (is_data, &data) {
                (false, _) => logs.push((uri, found)),
                (true, None) => data = Some((uri, found)),
                (true, Some(_)) => {
                    return Err(error::not_supported(
                        "It is not support to restore from multiple tenant backup paths. is",
                    ));
                }
            }
        }
        let (data, stored) = data.ok_or_else(error::nothing_to_restore)?;
        if logs.iter().any(|(_, other)| !other.is_same(stored)) {
            return Err(error::not_allowed(
                "restoring backup pieces of different tenants",
            ));
        }
        Ok(Sources {
            stored: stored.clone(),
            data,
            logs: logs.into_iter().map(|(uri, _)| uri).collect(),
        })
    }
}

impl Stored {
    fn data_uris(&self) -> impl Iterator<Item = &Uri> {
        let sets = self.tenant.backups.sets.iter().map(|set| &set.uri);
        sets.chain(self.tenant.data_dest.iter().map(|dest| &dest.uri))
    }

    fn log_uris(&self) -> impl Iterator<Item = &Uri> {
        let pieces = self.tenant.archive.pieces.iter().map(|piece| &piece.uri);
        pieces.chain(self.tenant.archive_dest.iter().map(|dest| &dest.uri))
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.cluster.id, self.tenant.id) == (other.cluster.id, other.tenant.id)
            && self.cluster.name == other.cluster.name
    }

    /// Checks that the keys are the newest or older keys of the tenant.
    fn check_keys(&self, uri: &Uri) -> Result<(), SqlError> {
        let mut here = self
            .data_uris()
            .chain(self.log_uris())
            .filter(|known| known.place() == uri.place());
        if here.any(|known| known.has_keys_of(uri)) {
            Ok(())
        } else {
            Err(error::store_permission_denied())
        }
    }
}

impl Sources {
    /// Returns whether only the data destination was given.
    #[must_use]
    pub fn is_data_alone(&self) -> bool {
        self.logs.is_empty()
    }

    /// Returns the sets and pieces there.
    #[must_use]
    pub fn restorable(&self) -> Restorable<'_> {
        let tenant = &self.stored.tenant;
        let sets = tenant.backups.sets.iter();
        let pieces = tenant.archive.pieces.iter();
        let is_log = |uri: &Uri| self.logs.iter().any(|log| log.place() == uri.place());
        Restorable::new(
            sets.filter(|set| set.uri.place() == self.data.place()),
            pieces.filter(|piece| is_log(&piece.uri)),
        )
    }

    /// Returns the instant of a time in the source cluster's zone.
    #[must_use]
    pub fn instant(&self, text: &str) -> Option<Scn> {
        parse_time(text, &self.stored.zone)
    }
}

/// Parses `YYYY-MM-DD HH:MM:SS[.fraction]` in a zone.
#[must_use]
pub fn parse_time(text: &str, zone: &TimeZone) -> Option<Scn> {
    let time: jiff::civil::DateTime = text.trim().parse().ok()?;
    let zoned = time.to_zoned(zone.clone()).ok()?;
    let nanos = zoned.timestamp().as_nanosecond();
    u64::try_from(nanos)
        .ok()
        .filter(|nanos| *nanos > 0)
        .map(Scn)
}

impl Tenant {
    /// Returns what all its sets and pieces lead to, at any location.
    #[must_use]
    pub fn restorable(&self) -> Restorable<'_> {
        Restorable::new(&self.backups.sets, &self.archive.pieces)
    }
}
