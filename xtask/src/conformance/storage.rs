//! The directory that contains the backups of a run.

use anyhow::{Context, Result, bail};
use oceanbase_backup_operator::oceanbase::destination::{Destination, Location};
use secrecy::SecretString;

/// Options of a destination that are secret.
const KEYS: [&str; 3] = ["access_id", "access_key", "appid"];
/// Other options of a destination.
const OPTIONS: [&str; 4] = [
    "s3_region",
    "addressing_model",
    "checksum_type",
    "delete_mode",
];

/// A storage address with its keys.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    /// Such as `file:///backup` or `s3://bucket/directory`.
    root: String,
    host: Option<String>,
    keys: Vec<(&'static str, SecretString)>,
    options: Vec<(&'static str, String)>,
}

impl Storage {
    /// Reads `file:///directory` or `s3://bucket/directory?host=…&access_id=…&access_key=…`. An
    /// error never contains the text.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (root, query) = text.split_once('?').unwrap_or((text, ""));
        let mut storage = Self {
            root: root.trim_end_matches('/').to_owned(),
            host: None,
            keys: Vec::new(),
            options: Vec::new(),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                bail!("--storage has an option without a value: write name=value");
            };
            let known = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
            if name == "host" {
                storage.host = Some(value.to_owned());
            } else if let Some(name) = known(&KEYS) {
                storage.keys.push((name, value.to_owned().into()));
            } else if let Some(name) = known(&OPTIONS) {
                storage.options.push((name, value.to_owned()));
            } else {
                let known = [&["host"], &KEYS[..], &OPTIONS[..]].concat().join(", ");
                bail!("--storage has an option that is not known: use {known}");
            }
        }
        // An error is reported before the run begins.
        storage.directory("check")?;
        Ok(storage)
    }

    /// Returns the destination of a directory below this one.
    pub(super) fn directory(&self, path: &str) -> Result<Destination> {
        let directory = format!("{}/{path}", self.root);
        let (scheme, rest) = directory
            .split_once("://")
            .context("--storage has no scheme: write file:///directory or s3://bucket/directory")?;
        let destination = match (scheme, &self.host) {
            ("file", None) => Destination::file(rest),
            ("s3" | "oss" | "cos", Some(host)) => {
                let keys = self.keys.iter().map(|(name, key)| (*name, key));
                let options = self.options.iter();
                let options = options.map(|(name, value)| (*name, value.as_str()));
                let (keys, options) = (keys.collect::<Vec<_>>(), options.collect::<Vec<_>>());
                Destination::bucket(scheme, rest, host, &keys, &options)
            }
            ("file", Some(_)) => bail!("--storage is a directory and has a host: leave it out"),
            ("s3" | "oss" | "cos", None) => bail!("--storage is a bucket without host=: add it"),
            _ => bail!("--storage has the scheme '{scheme}': use file, s3, oss or cos"),
        };
        destination.context("--storage")
    }

    /// Returns the address of a directory below this one, without keys.
    pub(super) fn address(&self, path: &str) -> Result<String> {
        let location: Location = self.directory(path)?.location().clone();
        Ok(location.to_string())
    }

    /// Returns the secrets, which must not be shown.
    pub(super) fn secrets(&self) -> impl Iterator<Item = SecretString> {
        self.keys.iter().map(|(_, key)| key.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_and_bucket_are_read() {
        let file = Storage::parse("file:///backup/").unwrap();
        assert_eq!(file.address("run/data").unwrap(), "file:///backup/run/data");
        let bucket = "s3://bucket/ob?host=https://s3.test&access_id=AKID&access_key=sesame";
        let bucket = Storage::parse(bucket).unwrap();
        assert_eq!(bucket.address("run").unwrap(), "s3://bucket/ob/run");
        assert_eq!(bucket.secrets().count(), 2);
    }

    #[test]
    fn error_shows_no_keys() {
        for bad in [
            "/backup",
            "nfs://backup",
            "file:///backup?host=h",
            "file:///back up",
            "s3://bucket/ob?access_key=sesame",
            "s3://bucket/ob?host=h&access_key=ses'ame",
            "s3://bucket/ob?host=h&accesskey=sesame",
            "s3://bucket/ob?host=h&sesame",
        ] {
            let error = format!("{:#}", Storage::parse(bad).unwrap_err());
            assert!(
                !error.contains("sesame") && !error.contains("ses'"),
                "{error}"
            );
        }
    }
}
