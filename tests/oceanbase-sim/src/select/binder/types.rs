//! The engine's rules for the type of a result.

use super::super::datum::Datum;
use super::super::expression::{Form, Node};
use super::super::operator::Arithmetic;
use super::super::refusal;
use crate::value::{ColumnType, SqlError};

/// Types that the rules distinguish.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The literal `NULL`, which takes any type.
    Null,
    Int,
    Unsigned,
    Decimal(u8, u8),
    Text,
    Timestamp,
    DateTime,
}

pub(super) fn class(node: &Node) -> Class {
    if let Form::Literal(Datum::Null) = node.form {
        return Class::Null;
    }
    match node.ty {
        ColumnType::BigInt => Class::Int,
        ColumnType::BigIntUnsigned => Class::Unsigned,
        ColumnType::Decimal(precision, scale) => Class::Decimal(precision, scale),
        ColumnType::Varchar(_) | ColumnType::LongText => Class::Text,
        ColumnType::Timestamp => Class::Timestamp,
        ColumnType::DateTime => Class::DateTime,
    }
}

/// Returns `(digits before the point, digits after it)` of a number; `None` for text and times.
fn digits(class: Class) -> Option<(u8, u8)> {
    match class {
        Class::Null => Some((1, 0)),
        Class::Int | Class::Unsigned => Some((20, 0)),
        Class::Decimal(precision, scale) => Some((precision.saturating_sub(scale), scale)),
        Class::Text | Class::Timestamp | Class::DateTime => None,
    }
}

/// Returns a decimal within the engine's limits.
fn decimal(whole: u8, scale: u8) -> ColumnType {
    let scale = scale.min(30);
    ColumnType::Decimal(whole.saturating_add(scale).min(65), scale)
}

/// Additional digits of a quotient against the dividend: `div_precision_increment`.
const QUOTIENT_DIGITS: u8 = 4;

pub(super) fn arithmetic(operator: Arithmetic, left: Node, right: Node) -> Result<Node, SqlError> {
    let classes = (class(&left), class(&right));
    let (Some((left_whole, left_scale)), Some((right_whole, right_scale))) =
        (digits(classes.0), digits(classes.1))
    else {
        return Err(refusal::unsupported("arithmetic on text or time"));
    };
    let exact = left_scale.max(right_scale);
    let decimals =
        matches!(classes.0, Class::Decimal(..)) || matches!(classes.1, Class::Decimal(..));
    let ty = match operator {
        Arithmetic::Over => decimal(left_whole, left_scale.saturating_add(QUOTIENT_DIGITS)),
        Arithmetic::Plus | Arithmetic::Minus if decimals => {
            decimal(left_whole.max(right_whole).saturating_add(1), exact)
        }
        Arithmetic::Times if decimals => decimal(
            left_whole.saturating_add(right_whole),
            left_scale.saturating_add(right_scale),
        ),
        Arithmetic::Modulo if decimals => decimal(left_whole, exact),
        // The sign of a remainder is the dividend's.
        Arithmetic::Modulo if classes.0 == Class::Unsigned => ColumnType::BigIntUnsigned,
        Arithmetic::Modulo => ColumnType::BigInt,
        _ if classes.0 == Class::Unsigned || classes.1 == Class::Unsigned => {
            ColumnType::BigIntUnsigned
        }
        _ => ColumnType::BigInt,
    };
    Ok(Node {
        ty,
        form: Form::Arithmetic(operator, Box::new(left), Box::new(right)),
    })
}

/// Refuses to compare a time with a number, which the engine does by reading digits as a date.
pub(super) fn comparable(left: &Node, right: &Node) -> Result<(), SqlError> {
    let is_time = |class| matches!(class, Class::Timestamp | Class::DateTime);
    let is_number = |class| matches!(class, Class::Int | Class::Unsigned | Class::Decimal(..));
    let (left, right) = (class(left), class(right));
    if is_time(left) && is_number(right) || is_number(left) && is_time(right) {
        return Err(refusal::unsupported("comparison of a time with a number"));
    }
    Ok(())
}

/// Returns the type that can show values of all these types.
pub(in super::super) fn merge<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> ColumnType {
    nodes
        .into_iter()
        .filter(|node| class(node) != Class::Null)
        .map(|node| (class(node), node.ty))
        .reduce(|(left, left_ty), (right, right_ty)| {
            let ty = merge_two((left, left_ty), (right, right_ty));
            (class(&Node::literal(Datum::bool(true), ty)), ty)
        })
        .map_or(ColumnType::Varchar(0), |(_, ty)| ty)
}

fn merge_two(
    (left, left_ty): (Class, ColumnType),
    (right, right_ty): (Class, ColumnType),
) -> ColumnType {
    match (left, right) {
        (Class::Timestamp | Class::DateTime, Class::Timestamp | Class::DateTime) => {
            if left == right {
                left_ty
            } else {
                ColumnType::DateTime
            }
        }
        (Class::Int, Class::Int) | (Class::Unsigned, Class::Unsigned) => left_ty,
        // No integer type holds both ranges.
        (Class::Int, Class::Unsigned) | (Class::Unsigned, Class::Int) => ColumnType::Decimal(21, 0),
        _ => match (digits(left), digits(right)) {
            (Some((left_whole, left_scale)), Some((right_whole, right_scale))) => {
                decimal(left_whole.max(right_whole), left_scale.max(right_scale))
            }
            _ => ColumnType::Varchar(length(left_ty).max(length(right_ty))),
        },
    }
}

/// Returns how many characters a value can take as text.
pub(super) fn length(ty: ColumnType) -> u32 {
    match ty {
        ColumnType::BigInt | ColumnType::BigIntUnsigned => 20,
        ColumnType::Decimal(precision, _) => u32::from(precision) + 2,
        ColumnType::Varchar(length) => length,
        ColumnType::LongText => u32::MAX / 4,
        ColumnType::Timestamp | ColumnType::DateTime => 26,
    }
}
