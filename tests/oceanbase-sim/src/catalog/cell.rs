//! Values in the forms that the views use.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::Scn;
use crate::value::Value;

pub(super) fn int(number: u64) -> Value {
    Value::Int(i128::from(number))
}

pub(super) fn signed(number: i64) -> Value {
    Value::Int(i128::from(number))
}

pub(super) fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

pub(super) fn scn(scn: Scn) -> Value {
    Value::Int(i128::from(scn.0))
}

/// `*_SCN_DISPLAY`: NULL while the SCN is 0.
pub(super) fn scn_display(scn: Scn) -> Value {
    if scn == Scn::ZERO {
        Value::Null
    } else {
        Value::DateTime(scn.micros())
    }
}

pub(super) fn time(at: Scn) -> Value {
    Value::Timestamp(at.micros())
}

pub(super) fn time_or_null(at: Option<Scn>) -> Value {
    at.map_or(Value::Null, time)
}

pub(super) fn on_off(on: bool) -> Value {
    text(if on { "ON" } else { "OFF" })
}

pub(super) fn yes_no(yes: bool) -> Value {
    text(if yes { "YES" } else { "NO" })
}

/// A decimal with two places.
pub(super) fn decimal2(number: f64) -> Value {
    Value::Decimal(format!("{number:.2}"))
}

/// `*_BYTES_DISPLAY`: two decimals, and MB is the smallest unit.
pub(super) fn bytes_display(bytes: u64) -> Value {
    const UNITS: [(&str, u32); 4] = [("PB", 50), ("TB", 40), ("GB", 30), ("MB", 20)];
    let (unit, shift) = UNITS
        .iter()
        .find(|(_, shift)| bytes >= 1 << shift)
        .copied()
        .unwrap_or(("MB", 20));
    #[allow(clippy::cast_precision_loss)] // two decimals are shown
    let number = bytes as f64 / (1_u64 << shift) as f64;
    text(format!("{number:.2}{unit}"))
}

/// Returns an instant in the form of text columns: the server's zone, six decimals.
pub(super) fn time_text(at: Scn, zone: &TimeZone) -> Value {
    match Timestamp::from_microsecond(at.micros()) {
        Ok(stamp) if at != Scn::ZERO => text(
            stamp
                .to_zoned(zone.clone())
                .strftime("%Y-%m-%d %H:%M:%S%.6f")
                .to_string(),
        ),
        _ => Value::Null,
    }
}

/// Returns an instant as in names of files: `20230111T193020`, in the server's zone.
pub(super) fn compact_time(at: Scn, zone: &TimeZone) -> String {
    let stamp = Timestamp::from_microsecond(at.micros()).unwrap_or_default();
    let stamp = stamp.to_zoned(zone.clone());
    stamp.strftime("%Y%m%dT%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_unit_of_bytes_is_a_megabyte() {
        let shown = |bytes| match bytes_display(bytes) {
            Value::Text(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            [0, 54_533_925, 16_106_127_360].map(shown),
            ["0.00MB", "52.01MB", "15.00GB"]
        );
    }

    #[test]
    fn a_stored_time_is_in_the_servers_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let at = Scn(1_706_670_992_366_131_000);
        assert_eq!(time_text(at, &zone), text("2024-01-31 11:16:32.366131"));
    }
}
