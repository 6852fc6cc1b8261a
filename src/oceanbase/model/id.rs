//! Numbers and names that identify something in OceanBase.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use thiserror::Error;

/// System change number: nanoseconds since 1970, below 2^62 (`bigint unsigned` in the views).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scn(pub u64);

impl Scn {
    /// Returns the instant of the SCN, to the nanosecond.
    #[must_use]
    pub fn at(self) -> Timestamp {
        Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(Timestamp::MAX)
    }

    /// Parses an RFC 3339 text exactly. The offset is required, and the fraction may have up to
    /// nine digits. OceanBase's own texts have six digits and no offset.
    pub fn from_rfc3339(text: &str) -> Result<Self, ScnError> {
        let text = text.to_ascii_uppercase();
        let (civil, offset) = text.split_at(civil_length(&text).ok_or(ScnError::NotATime)?);
        let offset = offset_seconds(offset)?;
        let civil: DateTime = civil.parse().map_err(|_| ScnError::NotATime)?;
        let offset = Offset::from_seconds(offset).map_err(|_| ScnError::NotATime)?;
        // Fails only in the last hours of the year 9999.
        let at = offset.to_timestamp(civil);
        let scn = at
            .ok()
            .and_then(|at| u64::try_from(at.as_nanosecond()).ok());
        scn.filter(|scn| (1..UNLIMITED).contains(scn))
            .map(Self)
            .ok_or(ScnError::OutOfRange)
    }
}

/// SCN without a limit (`RECOVERY_UNTIL_SCN`), above every SCN of a log: 2^62 - 1.
const UNLIMITED: u64 = (1 << 62) - 1;

/// Returns the length of the date, the time and its fraction in an RFC 3339 text.
fn civil_length(text: &str) -> Option<usize> {
    let whole = "dddd-dd-ddTdd:dd:dd";
    let rest = text.get(whole.len()..)?;
    // A leap second has no number of its own and would be read as the previous second.
    if !has_form(&text[..whole.len()], whole) || text[..whole.len()].ends_with("60") {
        return None;
    }
    let Some(rest) = rest.strip_prefix('.') else {
        return Some(whole.len());
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (1..=9)
        .contains(&digits)
        .then_some(whole.len() + 1 + digits)
}

fn offset_seconds(text: &str) -> Result<i32, ScnError> {
    let sign = match text {
        "" => return Err(ScnError::NoOffset),
        "Z" => return Ok(0),
        _ if has_form(text, "+dd:dd") => 1,
        _ if has_form(text, "-dd:dd") => -1,
        _ => return Err(ScnError::NotATime),
    };
    let number = |digits: &str| digits.parse::<i32>().map_err(|_| ScnError::NotATime);
    let (hours, minutes) = (number(&text[1..3])?, number(&text[4..6])?);
    if hours > 23 || minutes > 59 {
        return Err(ScnError::NotATime);
    }
    Ok(sign * (hours * 3600 + minutes * 60))
}

/// Returns whether a text has this form, in which `d` is any digit.
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(letter, wanted)| wanted == letter || wanted == b'd' && letter.is_ascii_digit())
}

/// Reason why a text is not an SCN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ScnError {
    /// The text is not an RFC 3339 time, or is finer than a nanosecond.
    #[error(
        "must be a time such as 2026-11-20T10:42:17.123456+08:00, with at most nine digits after \
         the point"
    )]
    NotATime,
    /// The text has no UTC offset.
    #[error("must end in Z or in an offset such as +08:00")]
    NoOffset,
    /// The time is not after 1970, or its number is not below 2^62 - 1.
    #[error("must be after 1970-01-01T00:00:00Z and before 2116-02-20T23:53:38Z")]
    OutOfRange,
}

impl ScnError {
    /// Returns the stable reason for conditions.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotATime => "InvalidTime",
            Self::NoOffset => "TimeWithoutOffset",
            Self::OutOfRange => "TimeOutOfRange",
        }
    }
}

impl fmt::Display for Scn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// Number of a tenant. 1 is sys; user tenants have even numbers from 1002 on.
    TenantId
);
id!(
    /// Number of a backup job; each tenant has its own numbering.
    JobId
);
id!(
    /// Number of a backup set; each tenant has its own numbering.
    BackupSetId
);

impl TenantId {
    /// The sys tenant, which owns the parents of backup jobs.
    pub const SYS: Self = Self(1);
}

/// Name of a user tenant that is safe in a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantName(String);

impl TenantName {
    /// Accepts letters, digits and `_`, not starting with a digit, at most 63 characters. Rejects
    /// names that the grammar reads as words (`sys`, `all` …), because no tenant has such a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut letters = name.chars();
        let starts = letters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        let goes_on = letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
        let reserved = ["sys", "all", "all_user", "all_meta"]
            .iter()
            .any(|word| name.eq_ignore_ascii_case(word));
        (starts && goes_on && name.len() <= 63 && !reserved).then(|| Self(name.to_owned()))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Key that identifies a BACKUP statement of the operator:
/// `obb/<uid of the task>/<number of the attempt>`. The key is sent as DESCRIPTION and read back in
/// the job views.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey(String);

impl JobKey {
    /// Prefix of all keys.
    pub const PREFIX: &'static str = "obb/";

    /// Returns the key of an attempt; `None` if `uid` is not a Kubernetes UID.
    #[must_use]
    pub fn new(uid: &str, attempt: i32) -> Option<Self> {
        let plain = uid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        (plain && (1..=40).contains(&uid.len()))
            .then(|| Self(format!("{}{uid}/{attempt}", Self::PREFIX)))
    }

    /// Returns the text of the DESCRIPTION.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Identity of a cluster (parameters `cluster` and `cluster_id`) and its creation time.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Name of the cluster.
    pub cluster_name: String,
    /// Number of the cluster.
    pub cluster_id: i64,
    /// Time of the bootstrap: `CREATE_TIME` of the sys tenant, to the microsecond.
    pub created_at: Timestamp,
}

/// Identity of a database. Name and number alone are not unique: by default a cluster is called
/// `obcluster` and has the number 1, and both can be changed later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseId {
    cluster_id: i64,
    created_at: Timestamp,
}

impl DatabaseId {
    /// Returns the database with this number that was bootstrapped at this instant.
    #[must_use]
    pub fn new(cluster_id: i64, created_at: Timestamp) -> Self {
        Self {
            cluster_id,
            created_at,
        }
    }
}

impl fmt::Display for DatabaseId {
    /// Formats the ID as a text that is the same in every release: keys are derived from it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}@{}",
            self.cluster_id,
            self.created_at.as_microsecond()
        )
    }
}

impl Identity {
    /// Returns the identity of the database.
    #[must_use]
    pub fn database(&self) -> DatabaseId {
        DatabaseId::new(self.cluster_id, self.created_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scn(text: &str) -> Result<u64, ScnError> {
        Scn::from_rfc3339(text).map(|scn| scn.0)
    }

    #[test]
    fn a_time_is_read_to_the_nanosecond() {
        for (text, expected) in [
            ("2022-07-20T05:49:19Z", 1_658_296_159_000_000_000),
            ("2022-07-20T13:49:19+08:00", 1_658_296_159_000_000_000),
            ("2022-07-20T00:19:19-05:30", 1_658_296_159_000_000_000),
            ("2022-07-20t05:49:19z", 1_658_296_159_000_000_000),
            ("2022-07-20T05:49:19.7Z", 1_658_296_159_700_000_000),
            (
                "2022-07-20T13:49:19.724047+08:00",
                1_658_296_159_724_047_000,
            ),
            ("2022-07-20T05:49:19.724047123Z", 1_658_296_159_724_047_123),
            ("2022-07-20T05:49:19-00:00", 1_658_296_159_000_000_000),
        ] {
            assert_eq!(scn(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_time_without_an_offset_is_refused() {
        for text in ["2022-07-20T05:49:19", "2022-07-20T05:49:19.724047"] {
            assert_eq!(scn(text), Err(ScnError::NoOffset), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "2022-07-20",
            "2022-07-20T05:49Z",
            "2022-07-20 05:49:19Z",
            "2022-07-20T05:49:19,5Z",
            "2022-07-20T05:49:19.Z",
            "2022-07-20T05:49:19.0123456789Z",
            "2022-07-20T05:49:60Z",
            "2022-07-20T24:00:00Z",
            "2022-02-30T05:49:19Z",
            "2022-07-20T05:49:19+0800",
            "2022-07-20T05:49:19+08",
            "2022-07-20T05:49:19+24:00",
            "2022-07-20T05:49:19+08:60",
            "2022-07-20T05:49:19+08:00[Asia/Shanghai]",
            " 2022-07-20T05:49:19Z",
            "2022-07-20T05:49:19Z ",
            "1658296159724047000",
            "２022-07-20T05:49:19Z",
            "2022-07-20T05:49:1９Z",
        ] {
            assert_eq!(scn(text), Err(ScnError::NotATime), "{text}");
        }
    }

    #[test]
    fn a_time_that_no_scn_stands_for_is_refused() {
        for text in [
            "1969-12-31T23:59:59.999999999Z",
            "1970-01-01T00:00:00Z",
            "1970-01-01T07:59:59+08:00",
            "2116-02-20T23:53:38.427387903Z",
            "9999-12-31T23:59:59-23:59",
            "0000-01-01T00:00:00+23:59",
        ] {
            assert_eq!(scn(text), Err(ScnError::OutOfRange), "{text}");
        }
        assert_eq!(scn("1970-01-01T00:00:00.000000001Z"), Ok(1));
        let last = "2116-02-20T23:53:38.427387902Z";
        assert_eq!(scn(last), Ok(UNLIMITED - 1));
    }

    #[test]
    fn an_instant_that_is_written_is_read_back() {
        for number in [1, 999, 1_658_296_159_724_047_123, UNLIMITED - 1] {
            assert_eq!(scn(&Scn(number).at().to_string()), Ok(number));
        }
    }
}
