//! Rows about the whole cluster: upgrades, events of the root service, and privileges of the
//! account.

use super::{ParsedRows, ViewError, rows};
use crate::oceanbase::client::Rows;
use crate::oceanbase::error::explain;
use crate::oceanbase::model::{BackupRefusal, Privileges, TenantId};

/// Parses [`crate::oceanbase::query::Query::UpgradeMode`]. Returns whether any server reports an
/// upgrade of the cluster.
pub fn upgrade_mode(answer: &Rows) -> Result<bool, ViewError> {
    for row in rows("upgrade_mode", answer) {
        let value = row.text("VALUE")?;
        if value.eq_ignore_ascii_case("true") || value == "1" {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Parses [`crate::oceanbase::query::Query::Grants`]: one grant per row, in the only column.
#[must_use]
pub fn privileges(answer: &Rows) -> Privileges {
    let grants = answer.rows.iter();
    Privileges::parse(grants.filter_map(|row| row.first()?.as_deref()))
}

/// Parses [`crate::oceanbase::query::Query::BackupRefusals`] by tenant. Also returns the errors of
/// rows that cannot be read. A backup without a readable refusal still ends as refused, but without
/// a number.
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
