//! `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST`: new keys or limits for a path.

use super::Caller;
use crate::error;
use crate::model::{NewAccess, World};
use crate::statement::ChangeStorage;
use crate::value::SqlError;
use crate::views::Version;

/// The first release of each line with the statement.
const SINCE: [Version; 2] = [Version([4, 2, 5, 2]), Version([4, 3, 5, 2])];

/// Changes the access. Only a user tenant may run it, for its own paths. The reference does not
/// give the answer to sys, so it is the generic 1235.
pub(super) fn change(
    world: &mut World,
    caller: &Caller,
    asked: &ChangeStorage,
) -> Result<(), SqlError> {
    if !world.version.has(&SINCE) {
        return Err(error::not_supported("change external storage dest is"));
    }
    if caller.is_sys() {
        return Err(error::unsupported());
    }
    if asked.access_info.is_none() && asked.attribute.is_none() {
        return Err(error::internal());
    }
    let new = NewAccess {
        keys: asked.access_info.as_deref().map(keys).transpose()?,
        attributes: match &asked.attribute {
            Some(text) => attributes(text)?,
            None => Vec::new(),
        },
    };
    let (root, info) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let host = info.split('&').find_map(|part| part.strip_prefix("host="));
    world.change_access(caller.tenant, root.trim_end_matches('/'), host, &new)
}

/// Parses `access_id=..&access_key=..`: both, and nothing else.
fn keys(text: &str) -> Result<(String, String), SqlError> {
    let (mut id, mut key) = (None, None);
    for (name, value) in pairs(text)? {
        match name {
            "access_id" => id = Some(value),
            "access_key" => key = Some(value),
            // A role cannot replace keys, and keys cannot replace a role.
            "role_arn" | "external_id" => return Err(error::unsupported()),
            _ => return Err(error::invalid_argument()),
        }
    }
    match (id, key) {
        (Some(id), Some(key)) => Ok((id.to_owned(), key.to_owned())),
        _ => Err(error::invalid_argument()),
    }
}

/// Parses `max_iops=..&max_bandwidth=..`, one or both, the second with a unit. An omitted limit is
/// 0, unlimited (`ObBackupDestAttributeParser`, `update_backup_dest_attribute`).
fn attributes(text: &str) -> Result<Vec<(String, String)>, SqlError> {
    let known = |(name, value): (&str, &str)| {
        let digits = value.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let number = digits.parse::<u64>().is_ok();
        let fits = match name {
            "max_iops" => number && digits == value,
            "max_bandwidth" => number && digits != value,
            _ => false,
        };
        fits.then(|| (name.to_owned(), value.to_owned()))
            .ok_or_else(error::invalid_argument)
    };
    let mut named = pairs(text)?
        .into_iter()
        .map(known)
        .collect::<Result<Vec<_>, _>>()?;
    for limit in ["max_iops", "max_bandwidth"] {
        if named.iter().all(|(name, _)| name != limit) {
            named.push((limit.to_owned(), "0".to_owned()));
        }
    }
    Ok(named)
}

fn pairs(text: &str) -> Result<Vec<(&str, &str)>, SqlError> {
    let pairs = text.split('&').map(|part| part.split_once('='));
    let pairs: Option<Vec<_>> = pairs
        .map(|pair| pair.filter(|(_, value)| !value.is_empty()))
        .collect();
    pairs.ok_or_else(error::invalid_argument)
}
