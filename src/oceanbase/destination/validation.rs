//! Validation of the parts of a destination.

use super::DestinationError;

/// Longest root path that the database accepts, in bytes.
const ROOT_LIMIT: usize = 1024;
/// Longest key that the database accepts, in bytes.
const KEY_LIMIT: usize = 256;

/// Checks a directory. No part may lead out of the storage, neither a field nor the name of a
/// cluster or tenant.
pub(super) fn check_directory(root: &str) -> Result<(), DestinationError> {
    const WHAT: &str = "the directory";
    let (scheme, directory) = root.split_once("://").unwrap_or_default();
    let directory = match scheme {
        "file" => directory.strip_prefix('/').unwrap_or_default(),
        _ => directory,
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let is_name = |part: &str| !matches!(part, "" | "." | "..") && part.chars().all(is_plain);
    if !directory.split('/').all(is_name) {
        return Err(DestinationError::Form {
            what: WHAT,
            form: "parts of letters, digits, '_', '.' and '-' between single '/', none of them '.' \
                   or '..'; the default path consists of the names of cluster and tenant",
        });
    }
    limit(root, WHAT, ROOT_LIMIT)
}

/// Checks a host. Rejects text that the database would interpret differently.
pub(super) fn check_host(host: &str) -> Result<(), DestinationError> {
    const WHAT: &str = "`endpoint`";
    let bare = host
        .strip_prefix("https://")
        .or_else(|| host.strip_prefix("http://"))
        .unwrap_or(host);
    // The operator and the database must agree on the host and the port. Otherwise the Secret could
    // be sent to a host that its annotation does not list.
    let (name, port) = bare.split_once(':').unwrap_or((bare, "443"));
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    let is_port = matches!(port.len(), 1..=5) && port.chars().all(|c| c.is_ascii_digit());
    if !is_name || !is_port {
        return Err(DestinationError::Form {
            what: WHAT,
            form: "a host, with 'https://' or 'http://' before it and ':port' after it where the \
                   storage needs them",
        });
    }
    limit(host, WHAT, KEY_LIMIT)
}

/// Checks the name of a bucket.
pub fn check_bucket(name: &str) -> Result<(), DestinationError> {
    let is_edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_name = name.chars().all(|c| is_edge(c) || matches!(c, '.' | '-'))
        && name.starts_with(is_edge)
        && name.ends_with(is_edge);
    if is_name && (3..=63).contains(&name.len()) {
        return Ok(());
    }
    Err(DestinationError::Form {
        what: "`bucket`",
        form: "3 to 63 lower-case letters, digits, '.' and '-', with a letter or a digit at both \
               ends",
    })
}

/// Checks the value of an option, such as a region.
pub fn check_option(name: &'static str, value: &str) -> Result<(), DestinationError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if value.is_empty() || !value.chars().all(is_plain) {
        return Err(DestinationError::Form {
            what: name,
            form: "letters, digits, '_' and '-'",
        });
    }
    limit(value, name, KEY_LIMIT)
}

/// Checks a key. The storage vendor chose its characters, so that only those are rejected that the
/// database cannot handle.
pub(super) fn check_key(value: &str, what: &'static str) -> Result<(), DestinationError> {
    let bad =
        |c: char| !c.is_ascii_graphic() || matches!(c, '\'' | '"' | '`' | '\\' | '&' | '?' | ',');
    if value.is_empty() || value.chars().any(bad) {
        return Err(DestinationError::Character { what });
    }
    limit(value, what, KEY_LIMIT)
}

fn limit(value: &str, what: &'static str, limit: usize) -> Result<(), DestinationError> {
    if value.len() > limit {
        return Err(DestinationError::Length { what, limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Destination;
    use super::*;

    #[test]
    fn a_directory_that_climbs_or_leaves_its_quotes_is_refused() {
        for bad in [
            "/ob/../x",
            "/ob/./x",
            "/..",
            "//x",
            "/ob//x",
            "ob",
            "/",
            "",
            "/a b",
            "/a'b",
            "/a;b",
            "/a#b",
            "/a?host=x",
            "/a&x=y",
            "/a\\b",
            "/a\nb",
            "/a\0b",
            "/a%2fb",
            "/ä",
            "/a=b",
        ] {
            let error = Destination::file(bad).unwrap_err();
            assert!(matches!(error, DestinationError::Form { .. }), "{bad}");
        }
    }

    #[test]
    fn a_host_that_is_more_than_a_host_is_refused() {
        for bad in [
            "",
            "https://",
            "a/b",
            "https://a/b",
            "a:80@b",
            "a@b",
            "ftp://a",
            "a:",
            "a:x",
            "a:123456",
            "a?x",
            "a&x=y",
            "a b",
            "a'b",
            "a,b",
            "https://https://a",
            "[::1]:80",
        ] {
            let error = Destination::bucket("s3", "bucket/dir", bad, &[], &[]).unwrap_err();
            let form = matches!(
                error,
                DestinationError::Form {
                    what: "`endpoint`",
                    ..
                }
            );
            assert!(form, "{bad}");
        }
    }

    #[test]
    fn a_bucket_is_one_name() {
        for bad in [
            "", "ab", "a/b", "Abc", "-ab", "ab-", "a_b", "a'b", "ab/", "ä12",
        ] {
            assert!(check_bucket(bad).is_err(), "{bad}");
        }
        assert_eq!(check_bucket("ob-backup.1"), Ok(()));
    }

    #[test]
    fn an_option_is_one_word() {
        for bad in ["", "eu 1", "eu-1&host=x", "eu'1", "eu=1", "eu.1"] {
            assert!(check_option("s3_region", bad).is_err(), "{bad}");
        }
    }
}
