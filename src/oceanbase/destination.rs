//! Destination of backups in OceanBase's syntax: `file:///dir`,
//! `s3://bucket/dir?host=…&access_id=…`.
//!
//! The database neither escapes nor decodes values. A `&`, a blank or a quote in a value breaks its
//! parser, and in some cases its log then shows the key. Therefore everything is checked here
//! first, including values that a schema has checked: an object may be older than the rule of its
//! schema. Names that the database shows have passed no schema at all.

mod validation;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

pub use validation::{check_bucket, check_option};
use validation::{check_directory, check_host, check_key};

use super::model::StorageLimits;

/// Directory in a storage for the data or the logs of one tenant, with the keys to access it.
#[derive(Clone, Debug)]
pub struct Destination {
    location: Location,
    /// Text after `?host=…&`: keys and options.
    options: SecretString,
}

/// Location of a destination, without keys. Destinations are compared by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    root: String,
    host: Option<String>,
}

/// Value that cannot be used in a destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// A character that OceanBase's parser cannot handle.
    #[error(
        "{what} contains a character that OceanBase does not accept in a destination. Use \
         printable ASCII only, without blanks, quotes, backslash, '&', '?' and ','. Create a new \
         access key if it contains one"
    )]
    Character {
        /// Name of the value; never the value itself.
        what: &'static str,
    },
    /// The value does not have the form that the schema of the field requires.
    #[error("{what} must be {form}")]
    Form {
        /// Name of the value; never the value itself.
        what: &'static str,
        /// Required form.
        form: &'static str,
    },
    /// The value is longer than OceanBase accepts.
    #[error("{what} is longer than the {limit} bytes that OceanBase accepts")]
    Length {
        /// Name of the value; never the value itself.
        what: &'static str,
        /// Limit in bytes.
        limit: usize,
    },
}

impl Destination {
    /// Returns a directory on every observer.
    pub fn file(directory: &str) -> Result<Self, DestinationError> {
        let location = Location::new(&format!("file://{directory}"), None)?;
        Ok(Self {
            location,
            options: String::new().into(),
        })
    }

    /// Returns a directory in a bucket. `scheme` is `s3`, `oss` or `cos`, and `directory` starts
    /// with the bucket. `options` are `name=value` pairs without secrets, appended in this order.
    /// `keys` are pairs with secrets.
    pub fn bucket(
        scheme: &str,
        directory: &str,
        host: &str,
        keys: &[(&'static str, &SecretString)],
        options: &[(&'static str, &str)],
    ) -> Result<Self, DestinationError> {
        let location = Location::new(&format!("{scheme}://{directory}"), Some(host))?;
        let mut text = String::new();
        for (name, key) in keys {
            let value = key.expose_secret();
            check_key(value, name)?;
            text.extend(["&", name, "=", value]);
        }
        for (name, value) in options {
            check_option(name, value)?;
            text.extend(["&", name, "=", value]);
        }
        Ok(Self {
            location,
            options: text.into(),
        })
    }

    /// Returns the destination with limits for reads and writes.
    #[must_use]
    pub fn limited(self, limits: StorageLimits) -> Self {
        if limits == StorageLimits::NONE {
            return self;
        }
        let options = format!("{}&{limits}", self.options.expose_secret());
        Self {
            options: options.into(),
            ..self
        }
    }

    /// Returns the location of the destination.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Returns only the keys, as `access_id=…&access_key=…`.
    pub(super) fn access_info(&self) -> SecretString {
        let options = self.options.expose_secret().split('&');
        let keys = options
            .filter(|option| option.starts_with("access_id=") || option.starts_with("access_key="));
        keys.collect::<Vec<_>>().join("&").into()
    }

    /// Returns the text for a statement, which contains the keys.
    pub(super) fn to_sql_text(&self) -> String {
        match &self.location.host {
            Some(host) => {
                format!(
                    "{}?host={host}{}",
                    self.location.root,
                    self.options.expose_secret()
                )
            }
            None => self.location.root.clone(),
        }
    }
}

impl Location {
    /// Returns a location after validation.
    pub fn new(root: &str, host: Option<&str>) -> Result<Self, DestinationError> {
        let root = root.trim_end_matches('/');
        check_directory(root)?;
        if let Some(host) = host {
            check_host(host)?;
        }
        Ok(Self {
            root: root.to_owned(),
            host: host.map(bare_host),
        })
    }

    /// Returns the text for a statement, without keys.
    pub(super) fn to_sql_text(&self) -> String {
        match &self.host {
            Some(host) => format!("{}?host={host}", self.root),
            None => self.root.clone(),
        }
    }

    /// Parses a destination as the database shows it: with encrypted keys and additional options,
    /// and sometimes without a host (`PATH` columns).
    #[must_use]
    pub fn read_back(text: &str) -> Self {
        let (root, options) = text.split_once('?').unwrap_or((text, ""));
        let host = options
            .split('&')
            .find_map(|option| option.strip_prefix("host="));
        Self {
            root: root.trim_end_matches('/').to_owned(),
            host: host.map(bare_host),
        }
    }

    /// Returns whether this location and one that was read back are the same directory. Their texts
    /// differ, because the database encrypts keys and adds options.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.root == other.root
            && (self.host.is_none() || other.host.is_none() || self.host == other.host)
    }

    /// Returns whether the two are the same directory or one contains the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let lies_in = |inner: &Self, outer: &Self| {
            let rest = inner.root.strip_prefix(&outer.root);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_same_host = self.host.is_none() || other.host.is_none() || self.host == other.host;
        is_same_host && (lies_in(self, other) || lies_in(other, self))
    }

    /// Returns the directory at this path below this one.
    pub fn join(&self, path: &str) -> Result<Self, DestinationError> {
        Self::new(&format!("{}/{path}", self.root), self.host.as_deref())
    }

    /// Returns the path from this directory to one below it.
    #[must_use]
    pub fn path_to<'a>(&self, inner: &'a Self) -> Option<&'a str> {
        let is_same_host = self.host.is_none() || inner.host.is_none() || self.host == inner.host;
        let path = inner.root.strip_prefix(&self.root)?.strip_prefix('/')?;
        is_same_host.then_some(path)
    }

    /// Returns the same location at this host.
    #[must_use]
    pub fn at_host(self, host: Option<&str>) -> Self {
        Self {
            host: host.map(bare_host).or(self.host),
            ..self
        }
    }

    /// Returns whether the other location is this directory or lies in it.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        self.is_same_as(other) || self.path_to(other).is_some()
    }

    /// Returns the address without host and keys, such as `s3://bucket/dir`.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

/// Returns a host for comparison. The database keeps the text as entered, with or without a
/// trailing slash.
fn bare_host(host: &str) -> String {
    host.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3(key: &str) -> Result<Destination, DestinationError> {
        let id = SecretString::from("AKID");
        let key = SecretString::from(key.to_owned());
        let keys = [("access_id", &id), ("access_key", &key)];
        let options = [("s3_region", "eu-1"), ("delete_mode", "delete")];
        Destination::bucket("s3", "ob/prod/data/", "https://s3.test", &keys, &options)
    }

    #[test]
    fn a_bucket_is_written_with_host_keys_and_options() {
        assert_eq!(
            s3("secret/+=").unwrap().to_sql_text(),
            "s3://ob/prod/data?host=https://s3.test&access_id=AKID&access_key=secret/+=&s3_region=eu-1&delete_mode=delete"
        );
    }

    #[test]
    fn a_key_that_the_engine_would_cut_is_refused_without_showing_it() {
        for bad in ["a&b", "a b", "a'b", "a,b", "a\\b", "ä", "", "a\nb", "a?b"] {
            let error = s3(bad).unwrap_err();
            assert_eq!(error, DestinationError::Character { what: "access_key" });
        }
    }

    #[test]
    fn the_keys_of_a_place_are_given_alone() {
        let keys = s3("secret/+=").unwrap().access_info();
        assert_eq!(keys.expose_secret(), "access_id=AKID&access_key=secret/+=");
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", s3("sesame").unwrap()).contains("sesame"));
    }

    #[test]
    fn a_destination_is_recognised_in_what_the_engine_shows() {
        let ours = s3("k").unwrap();
        let shown = Location::read_back(
            "s3://ob/prod/data?host=https://s3.test&access_id=AKID&encrypt_key=8F2A&s3_region=eu-1&delete_mode=delete&checksum_type=md5",
        );
        assert!(ours.location().is_same_as(&shown));
    }

    #[test]
    fn the_same_directory_of_another_host_is_another_place() {
        let ours = s3("k").unwrap();
        assert!(
            !ours
                .location()
                .is_same_as(&Location::read_back("s3://ob/prod/data?host=https://other"))
        );
    }

    #[test]
    fn directories_overlap_where_one_is_or_holds_the_other() {
        let logs = Location::read_back("s3://ob/prod/log?host=https://s3.test");
        let overlaps = |text: &str| {
            let other = Location::read_back(text);
            assert_eq!(logs.overlaps(&other), other.overlaps(&logs));
            logs.overlaps(&other)
        };
        for text in ["s3://ob/prod/log", "s3://ob/prod", "s3://ob/prod/log/a"] {
            assert!(overlaps(text), "{text}");
        }
        for text in [
            "s3://ob/prod/log2",
            "s3://ob/prod/lo",
            "s3://ob/prod/data",
            "s3://ob/prod/log?host=https://other",
        ] {
            assert!(!overlaps(text), "{text}");
        }
    }

    #[test]
    fn the_path_to_a_place_is_what_it_has_beyond_the_one_that_holds_it() {
        let storage = Location::new("s3://ob/prod", Some("https://s3.test")).unwrap();
        let path = |text: &str| {
            let location = Location::read_back(text);
            storage.path_to(&location).map(str::to_owned)
        };
        assert_eq!(path("s3://ob/prod/a/log").as_deref(), Some("a/log"));
        for text in [
            "s3://ob/prod",
            "s3://ob/prod2/log",
            "s3://ob/prod/log?host=https://other",
        ] {
            assert_eq!(path(text), None, "{text}");
        }
    }

    #[test]
    fn a_trailing_slash_makes_no_difference() {
        let one = Location::new("file:///ob/data/", None).unwrap();
        assert!(one.is_same_as(&Location::read_back("file:///ob/data")));
    }
}
