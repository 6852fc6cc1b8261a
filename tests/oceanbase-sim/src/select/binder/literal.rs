//! Literals of the statement.

use sqlparser::ast::{DateTimeField, Expr, Interval, Value as Literal};

use super::super::datum::Datum;
use super::super::decimal::Decimal;
use super::super::expression::Node;
use super::super::refusal;
use crate::value::{ColumnType, SqlError};

pub(super) fn literal(value: &Literal) -> Result<Node, SqlError> {
    Ok(match value {
        Literal::Null => Node::literal(Datum::Null, ColumnType::Varchar(0)),
        Literal::Boolean(value) => Node::literal(Datum::bool(*value), ColumnType::BigInt),
        Literal::SingleQuotedString(text) | Literal::DoubleQuotedString(text) => {
            let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
            Node::literal(Datum::Text(text.clone()), ColumnType::Varchar(length))
        }
        Literal::Number(text, _) => number(text)?,
        other => return Err(refusal::unsupported(&format!("literal {other}"))),
    })
}

fn number(text: &str) -> Result<Node, SqlError> {
    let refused = || refusal::unsupported(&format!("number {text}"));
    if let Ok(whole) = text.parse::<u64>() {
        let signed = i64::try_from(whole).is_ok();
        let ty = if signed {
            ColumnType::BigInt
        } else {
            ColumnType::BigIntUnsigned
        };
        return Ok(Node::literal(Datum::Int(whole.into()), ty));
    }
    let number = Decimal::parse(text).ok_or_else(refused)?;
    let scale = text
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    let precision = u8::try_from(text.len() - usize::from(scale > 0)).map_err(|_| refused())?;
    let scale = u8::try_from(scale).map_err(|_| refused())?;
    Ok(Node::literal(
        Datum::Decimal(number),
        ColumnType::Decimal(precision, scale),
    ))
}

pub(super) fn interval_micros(interval: &Interval) -> Result<i64, SqlError> {
    let refused = || refusal::unsupported(&format!("{interval}"));
    let Expr::Value(value) = interval.value.as_ref() else {
        return Err(refused());
    };
    let (Literal::Number(text, _) | Literal::SingleQuotedString(text)) = &value.value else {
        return Err(refused());
    };
    let seconds = match interval.leading_field {
        Some(DateTimeField::Second) => 1,
        Some(DateTimeField::Minute) => 60,
        Some(DateTimeField::Hour) => 3600,
        Some(DateTimeField::Day) => 86_400,
        _ => return Err(refused()),
    };
    let count: i64 = text.parse().map_err(|_| refused())?;
    count.checked_mul(seconds * 1_000_000).ok_or_else(refused)
}
