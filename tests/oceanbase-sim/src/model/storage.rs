//! The content of storage: format files, foreign files, and the health of paths.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{DestId, TenantId, Uri};
use crate::error;
use crate::value::SqlError;

/// The purpose of a directory, which is in its format file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// `archive_log`.
    Log,
    /// `backup_data`.
    Data,
}

impl Purpose {
    /// Returns `DEST_TYPE` of `*_BACKUP_STORAGE_INFO`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "archive_log",
            Self::Data => "backup_data",
        }
    }
}

/// The compared content of `format.obbak`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// The cluster that wrote it.
    pub cluster: u64,
    /// The tenant that wrote it.
    pub tenant: TenantId,
    /// The purpose.
    pub purpose: Purpose,
    /// The id that the tenant gave it.
    pub dest: DestId,
}

/// Whether a path can be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// Reading and writing work.
    #[default]
    Ok,
    /// 9070.
    Unreachable,
    /// 9071.
    PermissionDenied,
    /// 9082.
    OutOfSpace,
    /// 9116: the storage does not accept the key, or no longer accepts it.
    KeyRefused,
}

impl Health {
    /// Returns the error of a statement that uses the path.
    #[must_use]
    pub fn error(self) -> Option<SqlError> {
        match self {
            Self::Ok => None,
            Self::Unreachable => Some(error::destination_unreachable()),
            Self::PermissionDenied => Some(error::destination_forbidden()),
            Self::OutOfSpace => Some(error::destination_full()),
            Self::KeyRefused => Some(error::store_permission_denied()),
        }
    }
}

/// All storage that the cluster can reach.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    formats: BTreeMap<String, Format>,
    litter: Vec<String>,
    health: Vec<(String, Health)>,
    keys: Vec<(String, String)>,
}

impl Storage {
    /// Writes a foreign file into a directory.
    pub fn litter(&mut self, root: &str) {
        self.litter.push(root.trim_end_matches('/').to_owned());
    }

    /// Sets the health of a path and everything below it; the latest setting counts.
    pub fn set_health(&mut self, path: &str, health: Health) {
        let path = path.trim_end_matches('/');
        self.health.retain(|(known, _)| known != path);
        self.health.push((path.to_owned(), health));
    }

    /// Returns whether a destination can be used now.
    #[must_use]
    pub fn health(&self, uri: &Uri) -> Health {
        let last = self
            .health
            .iter()
            .rev()
            .find(|(path, _)| is_within(&uri.root, path));
        let health = last.map_or(Health::Ok, |(_, health)| *health);
        if health == Health::Ok && self.opens_for(uri) == Some(false) {
            return Health::KeyRefused;
        }
        health
    }

    /// Makes a path and everything below it accept only this key; the latest setting counts.
    pub fn rotate_key(&mut self, path: &str, access_key: &str) {
        let path = path.trim_end_matches('/');
        self.keys.retain(|(known, _)| known != path);
        self.keys.push((path.to_owned(), access_key.to_owned()));
    }

    /// Returns whether a destination has the key of its storage; `None` without a known key, when
    /// any key is accepted.
    #[must_use]
    pub fn opens_for(&self, uri: &Uri) -> Option<bool> {
        let mut keys = self.keys.iter().rev();
        let (_, key) = keys.find(|(path, _)| is_within(&uri.root, path))?;
        Some(uri.access_key() == Some(key))
    }

    /// Returns the format file of a destination.
    #[must_use]
    pub fn format(&self, uri: &Uri) -> Option<&Format> {
        self.formats.get(&uri.place())
    }

    /// Writes a format file and replaces an existing one.
    pub fn write_format(&mut self, uri: &Uri, format: Format) {
        self.formats.insert(uri.place(), format);
    }

    /// Adopts the content of another cluster's storage, which is the same storage.
    pub fn adopt(&mut self, other: &Self) {
        self.keys.extend(other.keys.iter().cloned());
        let known = other.formats.iter();
        self.formats
            .extend(known.map(|(place, format)| (place.clone(), format.clone())));
    }

    /// Checks a directory as SET does, and returns the id in a format file of the same tenant.
    ///
    /// # Errors
    /// 9070, 9071, 9082 for the storage; 9080 for files without a format file; 9081 for a format
    /// file of another cluster, tenant or purpose.
    pub fn check(
        &self,
        uri: &Uri,
        cluster: u64,
        tenant: TenantId,
        purpose: Purpose,
    ) -> Result<Option<DestId>, SqlError> {
        if let Some(error) = self.health(uri).error() {
            return Err(error);
        }
        match self.format(uri) {
            Some(found)
                if (found.cluster, found.tenant, found.purpose) == (cluster, tenant, purpose) =>
            {
                Ok(Some(found.dest))
            }
            Some(_) => Err(error::format_file_foreign()),
            None if self.has_files(uri) => Err(error::format_file_missing()),
            None => Ok(None),
        }
    }

    /// The parent of a destination is a directory that is not empty and has no format file.
    fn has_files(&self, uri: &Uri) -> bool {
        let place = uri.place();
        let (root, host) = place.split_once('@').unwrap_or((&place, ""));
        let below = |other: &str| {
            let (other_root, other_host) = other.split_once('@').unwrap_or((other, ""));
            host == other_host && root != other_root && is_within(other_root, root)
        };
        self.litter.iter().any(|path| is_within(path, root))
            || self.formats.keys().any(|place| below(place))
    }
}

fn is_within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::Version;

    const ORDERS: TenantId = TenantId(1002);

    fn uri(text: &str) -> Uri {
        Uri::parse(text, Version::V4_3_5).unwrap()
    }

    fn used() -> Storage {
        let mut storage = Storage::default();
        let format = Format {
            cluster: 1,
            tenant: ORDERS,
            purpose: Purpose::Log,
            dest: DestId::FIRST,
        };
        storage.write_format(&uri("file:///b/orders/log"), format);
        storage
    }

    fn code(result: Result<Option<DestId>, SqlError>) -> Option<u16> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn an_own_directory_keeps_its_id() {
        let found = used().check(&uri("file:///b/orders/log"), 1, ORDERS, Purpose::Log);
        assert_eq!(found.unwrap(), Some(DestId::FIRST));
    }

    #[test]
    fn the_same_directory_can_not_hold_data_and_log() {
        let found = used().check(&uri("file:///b/orders/log"), 1, ORDERS, Purpose::Data);
        assert_eq!(code(found), Some(9081));
    }

    #[test]
    fn a_tenant_created_anew_does_not_get_its_old_directory() {
        let found = used().check(
            &uri("file:///b/orders/log"),
            1,
            TenantId(1004),
            Purpose::Log,
        );
        assert_eq!(code(found), Some(9081));
    }

    #[test]
    fn a_parent_of_a_destination_is_not_empty() {
        let found = used().check(&uri("file:///b/orders"), 1, ORDERS, Purpose::Data);
        assert_eq!(code(found), Some(9080));
    }

    #[test]
    fn a_neighbour_with_the_same_prefix_is_empty() {
        let found = used().check(&uri("file:///b/orders/log2"), 1, ORDERS, Purpose::Data);
        assert_eq!(code(found), None);
    }

    #[test]
    fn a_fault_of_a_directory_holds_below_it() {
        let mut storage = used();
        storage.set_health("file:///b", Health::Unreachable);
        let found = storage.check(&uri("file:///b/orders/log"), 1, ORDERS, Purpose::Log);
        assert_eq!(code(found), Some(9070));
    }
}
