//! Storage URIs (`ob_storage_info.cpp`).

use sha1::{Digest, Sha1};

use crate::error;
use crate::value::SqlError;
use crate::views::Version;

/// The kind of storage, from the part before `://`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `file://`: NFS or a local disk.
    File,
    /// `oss://`.
    Oss,
    /// `cos://`.
    Cos,
    /// `s3://` and compatible storage.
    S3,
    /// `azblob://`.
    Azblob,
}

impl Scheme {
    fn of(text: &str, version: Version) -> Option<(Self, &str)> {
        const SCHEMES: [(&str, Scheme, &[Version]); 5] = [
            ("file://", Scheme::File, &[Version::V4_0]),
            ("oss://", Scheme::Oss, &[Version::V4_0]),
            ("cos://", Scheme::Cos, &[Version::V4_2_1]),
            (
                "s3://",
                Scheme::S3,
                &[
                    Version([4, 2, 1, 7]),
                    Version([4, 2, 3, 0]),
                    Version([4, 3, 0, 0]),
                ],
            ),
            (
                "azblob://",
                Scheme::Azblob,
                &[Version([4, 2, 5, 6]), Version([4, 3, 5, 3])],
            ),
        ];
        SCHEMES.iter().find_map(|(prefix, scheme, since)| {
            let rest = text.strip_prefix(prefix)?;
            version.has(since).then_some((*scheme, rest))
        })
    }
}

/// A parsed destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    /// The kind of storage.
    pub scheme: Scheme,
    /// Everything up to the first `?`, without trailing slashes.
    pub root: String,
    /// The parameters, in their order.
    pub(super) params: Vec<(String, String)>,
}

const MAX_DESTINATION: usize = 2048;
const MAX_PATH: usize = 1024;
const MAX_STORAGE_INFO: usize = 1600;
const MAX_KEY: usize = 256;

impl Uri {
    /// Splits at the first `?` and at each `&`, without decoding or escapes.
    ///
    /// # Errors
    /// 9026 for an invalid destination in this version, 1210 for an unknown value of an attribute,
    /// 9113 for a checksum type of another storage.
    pub fn parse(text: &str, version: Version) -> Result<Self, SqlError> {
        if text.contains("encrypt_key") {
            return Err(error::with_code(
                9026,
                "backup destination contains encrypt_key, which is not a valid uri",
            ));
        }
        let (scheme, _) = Scheme::of(text, version).ok_or_else(|| error::invalid_uri(text))?;
        let (path, info) = text.split_once('?').unwrap_or((text, ""));
        let params = info
            .split('&')
            .filter_map(|token| token.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let uri = Self {
            scheme,
            root: path.trim_end_matches('/').to_owned(),
            params,
        };
        let too_long = text.len() > MAX_DESTINATION
            || uri.root.len() > MAX_PATH
            || info.len() > MAX_STORAGE_INFO;
        if too_long || !uri.is_complete() {
            return Err(error::invalid_uri(text));
        }
        uri.check_words()?;
        match uri.param("checksum_type") {
            Some(name) if !uri.knows_checksum(name) => Err(error::checksum_type(name)),
            _ => Ok(uri),
        }
    }

    /// Rejects attributes that no storage knows with 1210; attributes of another storage differ.
    fn check_words(&self) -> Result<(), SqlError> {
        const WORDS: [(&str, &[&str]); 3] = [
            ("delete_mode", &["delete", "tagging"]),
            ("addressing_model", &["virtual_hosted_style", "path_style"]),
            ("checksum_type", &["no_checksum", "md5", "crc32"]),
        ];
        let good = |(key, words): &(&str, &[&str])| {
            self.param(key).is_none_or(|value| words.contains(&value))
        };
        if WORDS.iter().all(good) {
            Ok(())
        } else {
            Err(error::invalid_argument())
        }
    }

    fn param(&self, key: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    fn is_complete(&self) -> bool {
        if self.scheme == Scheme::File {
            const FOREIGN: [&str; 7] = [
                "host",
                "access_id",
                "access_key",
                "role_arn",
                "appid",
                "delete_mode",
                "checksum_type",
            ];
            let absolute = self
                .root
                .strip_prefix("file://")
                .is_some_and(|p| p.starts_with('/'));
            return absolute && FOREIGN.iter().all(|key| self.param(key).is_none());
        }
        let filled = |key| self.param(key).is_some_and(|value| !value.is_empty());
        let keys = filled("access_id") && filled("access_key");
        let role = filled("role_arn");
        let short = |key| self.param(key).is_none_or(|value| value.len() <= MAX_KEY);
        let in_bucket = self
            .root
            .split_once("://")
            .is_some_and(|(_, rest)| !rest.is_empty());
        in_bucket
            && filled("host")
            && keys != role
            && short("access_id")
            && short("access_key")
            && (self.scheme == Scheme::Cos) == filled("appid")
    }

    fn knows_checksum(&self, name: &str) -> bool {
        match self.scheme {
            Scheme::File => false,
            Scheme::S3 => ["no_checksum", "md5", "crc32"].contains(&name),
            Scheme::Oss | Scheme::Cos | Scheme::Azblob => ["no_checksum", "md5"].contains(&name),
        }
    }

    /// Returns whether it is of the S3 family, for which the engine requires a lag target of a
    /// minute.
    #[must_use]
    pub fn is_s3(&self) -> bool {
        self.scheme == Scheme::S3
    }

    /// Returns the endpoint, empty for files.
    #[must_use]
    pub fn host(&self) -> &str {
        self.param("host").unwrap_or_default()
    }

    /// Returns whether it is NFS or a local disk.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.scheme == Scheme::File
    }

    /// Returns whether access uses a role rather than keys.
    #[must_use]
    pub fn has_role(&self) -> bool {
        self.param("role_arn").is_some()
    }

    /// Returns `access_key`.
    #[must_use]
    pub fn access_key(&self) -> Option<&str> {
        self.param("access_key")
    }

    /// Returns a limit: `max_iops` or `max_bandwidth`.
    #[must_use]
    pub fn limit(&self, name: &str) -> Option<&str> {
        self.param(name)
    }

    /// Returns the identity of the location: two endpoints have different buckets of the same name.
    #[must_use]
    pub fn place(&self) -> String {
        match self.scheme {
            Scheme::File => self.root.clone(),
            _ => format!("{}@{}", self.root, self.host()),
        }
    }

    /// Returns the form of the `PATH` columns: the host, but no keys.
    #[must_use]
    pub fn path(&self) -> String {
        match self.scheme {
            Scheme::File => self.root.clone(),
            _ => format!("{}?host={}", self.root, self.host()),
        }
    }

    /// Returns the form of `*_ARCHIVE_DEST` and `*_BACKUP_PARAMETER`: the key is encrypted and the
    /// checksum type is explicit.
    #[must_use]
    pub fn stored(&self) -> String {
        if self.scheme == Scheme::File {
            return self.root.clone();
        }
        format!(
            "{}?host={}&{}&{}",
            self.root,
            self.host(),
            self.authorization(),
            self.extension()
        )
    }

    /// Returns a directory below it, in the form that is read back.
    #[must_use]
    pub fn stored_below(&self, directory: &str) -> String {
        let stored = self.stored();
        let info = stored.strip_prefix(&self.root).unwrap_or_default();
        format!("{}/{directory}{info}", self.root)
    }

    /// Returns whether the keys are those of `other`: storage rejects all other keys.
    #[must_use]
    pub fn has_keys_of(&self, other: &Self) -> bool {
        const KEYS: [&str; 3] = ["access_id", "access_key", "role_arn"];
        KEYS.iter().all(|key| self.param(key) == other.param(key))
    }

    /// Returns `AUTHORIZATION` of `*_BACKUP_STORAGE_INFO`.
    #[must_use]
    pub fn authorization(&self) -> String {
        match (self.param("access_id"), self.param("access_key")) {
            (Some(id), Some(key)) => format!("access_id={id}&encrypt_key={}", encrypt(key)),
            _ => self
                .param("role_arn")
                .map(|role| format!("role_arn={role}"))
                .unwrap_or_default(),
        }
    }

    /// Returns `EXTENSION` of `*_BACKUP_STORAGE_INFO`.
    #[must_use]
    pub fn extension(&self) -> String {
        const NAMED: [&str; 6] = [
            "appid",
            "s3_region",
            "delete_mode",
            "addressing_model",
            "max_iops",
            "max_bandwidth",
        ];
        if self.scheme == Scheme::File {
            return String::new();
        }
        let mut parts: Vec<String> = NAMED
            .iter()
            .filter_map(|key| self.param(key).map(|value| format!("{key}={value}")))
            .collect();
        parts.push(format!(
            "checksum_type={}",
            self.param("checksum_type").unwrap_or("md5")
        ));
        parts.join("&")
    }
}

/// Replaces the engine's encryption: the result is unreadable too, and stable.
fn encrypt(key: &str) -> String {
    hex(&Sha1::digest(key.as_bytes()))
}

/// Returns upper-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: Version = Version::V4_3_5;
    const S3: &str =
        "s3://backup/t1/data?host=s3.example.com&access_id=me&access_key=hush&s3_region=eu";

    #[test]
    fn trailing_slashes_do_not_make_another_place() {
        assert_eq!(
            Uri::parse("file:///backup/t1/", V).unwrap().root,
            "file:///backup/t1"
        );
    }

    #[test]
    fn a_stored_destination_shows_no_key() {
        assert!(!Uri::parse(S3, V).unwrap().stored().contains("hush"));
    }

    #[test]
    fn a_stored_destination_is_not_the_one_that_was_set() {
        let stored = Uri::parse(S3, V).unwrap().stored();
        assert!(
            stored.ends_with("&s3_region=eu&checksum_type=md5"),
            "{stored}"
        );
    }

    #[test]
    fn a_path_column_keeps_the_host_only() {
        assert_eq!(
            Uri::parse(S3, V).unwrap().path(),
            "s3://backup/t1/data?host=s3.example.com"
        );
    }

    #[test]
    fn a_directory_below_has_its_name_before_the_keys() {
        let below = Uri::parse(S3, V).unwrap().stored_below("backup_set_1_full");
        assert!(below.starts_with("s3://backup/t1/data/backup_set_1_full?host="));
    }

    #[test]
    fn s3_came_to_each_line_with_a_release_of_its_own() {
        let code = |version| Uri::parse(S3, version).err().map(|error| error.code);
        let before = [[4, 2, 1, 6], [4, 2, 2, 0]].map(Version);
        assert_eq!(before.map(code), [Some(9026); 2]);
        let since = [[4, 2, 1, 7], [4, 2, 3, 0], [4, 3, 0, 0]].map(Version);
        assert_eq!(since.map(code), [None; 3]);
    }

    #[test]
    fn what_is_no_destination_answers_9026() {
        for text in [
            "nfs:///backup",
            "file://relative",
            "file:///backup?host=h",
            "oss://bucket/dir?host=h",
            "oss://bucket/dir?access_id=i&access_key=k",
            "oss://bucket/dir?host=h&access_id=i&access_key=k&appid=1",
            "cos://bucket/dir?host=h&access_id=i&access_key=k",
            "s3://bucket?host=h&access_id=i&encrypt_key=AB",
        ] {
            assert_eq!(Uri::parse(text, V).unwrap_err().code, 9026, "{text}");
        }
    }

    #[test]
    fn a_word_that_no_attribute_knows_answers_1210() {
        for word in [
            "delete_mode=never",
            "addressing_model=path",
            "checksum_type=crc",
        ] {
            let text = format!("s3://b?host=h&access_id=i&access_key=k&{word}");
            assert_eq!(Uri::parse(&text, V).unwrap_err().code, 1210, "{text}");
        }
    }

    #[test]
    fn a_checksum_of_another_store_answers_9113() {
        let text = "oss://b/d?host=h&access_id=i&access_key=k&checksum_type=crc32";
        assert_eq!(Uri::parse(text, V).unwrap_err().code, 9113);
    }
}
