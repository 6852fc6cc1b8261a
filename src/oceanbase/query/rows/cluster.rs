//! The cluster as a whole: upgrades, events of the root service, and what the account may do.

use super::{ParsedRows, ViewError, rows};
use crate::oceanbase::client::Rows;
use crate::oceanbase::error::explain;
use crate::oceanbase::model::{BackupRefusal, Privileges, TenantId};

/// Reads [`crate::oceanbase::query::Query::UpgradeMode`]: whether any server says that the cluster is being upgraded.
pub fn upgrade_mode(answer: &Rows) -> Result<bool, ViewError> {
    for row in rows("upgrade_mode", answer) {
        let value = row.text("VALUE")?;
        if value.eq_ignore_ascii_case("true") || value == "1" {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads [`crate::oceanbase::query::Query::Grants`]: one grant a row, in its only column.
#[must_use]
pub fn privileges(answer: &Rows) -> Privileges {
    let grants = answer.rows.iter();
    Privileges::parse(grants.filter_map(|row| row.first()?.as_deref()))
}

/// Reads [`crate::oceanbase::query::Query::BackupRefusals`] by tenant, and what is wrong with the rows that cannot be read. A
/// backup without a readable refusal still ends as refused, without its number.
#[must_use]
pub fn backup_refusals(answer: &Rows) -> ParsedRows<(TenantId, BackupRefusal)> {
    ParsedRows::of("backup_refusals", answer, |row| {
        let at = row.at("TIMESTAMP")?;
        let at = at.ok_or_else(|| row.error("TIMESTAMP", "is NULL"))?;
        let result = i32::try_from(row.i64("VALUE2")?).unwrap_or(i32::MIN);
        let failure = explain(result);
        Ok((TenantId(row.i64("VALUE1")?), BackupRefusal { at, failure }))
    })
}
