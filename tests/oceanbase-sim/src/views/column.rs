//! Short constructors of the common column types.

use super::ColumnDef;
use crate::value::ColumnType;

const fn column(name: &'static str, ty: ColumnType) -> ColumnDef {
    ColumnDef {
        name,
        ty,
        nullable: false,
    }
}

/// Ids, counters, byte counts: `bigint(20)`.
pub(super) const fn int(name: &'static str) -> ColumnDef {
    column(name, ColumnType::BigInt)
}

/// An SCN: nanoseconds since the epoch, `bigint(20) unsigned`.
pub(super) const fn scn(name: &'static str) -> ColumnDef {
    column(name, ColumnType::BigIntUnsigned)
}

/// An SCN as a time, `NULL` while the SCN is 0. `SCN_TO_TIMESTAMP` answers `datetime(6)` in the
/// server's zone.
pub(super) const fn scn_display(name: &'static str) -> ColumnDef {
    or_null(column(name, ColumnType::DateTime))
}

/// A time stored in microseconds: `USEC_TO_TIME` answers `timestamp(6)` in the session's zone.
pub(super) const fn timestamp(name: &'static str) -> ColumnDef {
    column(name, ColumnType::Timestamp)
}

/// `varchar(length)`.
pub(super) const fn text(name: &'static str, length: u32) -> ColumnDef {
    column(name, ColumnType::Varchar(length))
}

/// `longtext`: values pivoted from a key/value table, numbers as well.
pub(super) const fn long_text(name: &'static str) -> ColumnDef {
    column(name, ColumnType::LongText)
}

/// `298.65MB` and the like. The engine computes the length from the expression: 28.
pub(super) const fn bytes_display(name: &'static str) -> ColumnDef {
    text(name, 28)
}

/// `decimal(precision, scale)`.
pub(super) const fn decimal(name: &'static str, precision: u8, scale: u8) -> ColumnDef {
    column(name, ColumnType::Decimal(precision, scale))
}

/// The same column where `NULL` occurs.
pub(super) const fn or_null(column: ColumnDef) -> ColumnDef {
    ColumnDef {
        nullable: true,
        ..column
    }
}
