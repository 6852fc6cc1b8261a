//! Expressions with resolved names, and their values on a row.

use std::cmp::Ordering;

use super::datum::{Datum, matches_pattern};
use super::decimal::Decimal;
use super::moment::{self, Zones};
use super::operator::{Arithmetic, Comparison, Function, Logic};
use super::refusal;
use crate::value::{ColumnType, SqlError};

/// An expression and the type of its values.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) ty: ColumnType,
    pub(super) form: Form,
}

#[derive(Clone, Debug)]
pub(super) enum Form {
    Literal(Datum),
    Column(usize),
    /// The n-th aggregate of the query.
    Aggregate(usize),
    Not(Box<Node>),
    Negate(Box<Node>),
    Logic(Logic, Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    /// A time moved by microseconds.
    Shift(Box<Node>, i64),
    IsNull(Box<Node>),
    /// `IS TRUE`, `IS FALSE`.
    Is(Box<Node>, bool),
    In(Box<Node>, Vec<Node>),
    Like {
        text: Box<Node>,
        pattern: Box<Node>,
        escape: char,
    },
    Case {
        branches: Vec<(Node, Node)>,
        otherwise: Option<Box<Node>>,
    },
    Call(Function, Vec<Node>),
}

/// The inputs of an expression.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) values: &'a [Datum],
    pub(super) aggregates: &'a [Datum],
    pub(super) zones: Zones<'a>,
}

impl Node {
    pub(super) fn literal(datum: Datum, ty: ColumnType) -> Self {
        Self {
            ty,
            form: Form::Literal(datum),
        }
    }

    pub(super) fn eval(&self, row: Row) -> Result<Datum, SqlError> {
        Ok(match &self.form {
            Form::Literal(datum) => datum.clone(),
            Form::Column(index) => row.values.get(*index).cloned().unwrap_or(Datum::Null),
            Form::Aggregate(index) => row.aggregates.get(*index).cloned().unwrap_or(Datum::Null),
            Form::Not(node) => truth(node.eval(row)?.truth().map(|truth| !truth)),
            Form::Negate(node) => match node.eval(row)? {
                Datum::Int(number) => Datum::Int(-number),
                other => other
                    .number()
                    .map_or(Datum::Null, |number| Datum::Decimal(number.negate())),
            },
            Form::Logic(logic, left, right) => {
                let (left, right) = (left.eval(row)?.truth(), right.eval(row)?.truth());
                truth(match logic {
                    Logic::And => match (left, right) {
                        (Some(false), _) | (_, Some(false)) => Some(false),
                        (Some(true), Some(true)) => Some(true),
                        _ => None,
                    },
                    Logic::Or => match (left, right) {
                        (Some(true), _) | (_, Some(true)) => Some(true),
                        (Some(false), Some(false)) => Some(false),
                        _ => None,
                    },
                    Logic::Xor => left.zip(right).map(|(left, right)| left != right),
                })
            }
            Form::Compare(comparison, left, right) => truth(compare(
                *comparison,
                &left.eval(row)?,
                &right.eval(row)?,
                row.zones,
            )),
            Form::Arithmetic(operator, left, right) => {
                self.arithmetic(*operator, &left.eval(row)?, &right.eval(row)?)?
            }
            Form::Shift(node, micros) => node
                .eval(row)?
                .clock(row.zones)
                .and_then(|clock| clock.checked_add(*micros))
                .map_or(Datum::Null, |clock| Datum::DateTime { clock, digits: 6 }),
            Form::IsNull(node) => Datum::bool(node.eval(row)?.is_null()),
            Form::Is(node, wanted) => Datum::bool(node.eval(row)?.truth() == Some(*wanted)),
            Form::In(node, list) => is_in(&node.eval(row)?, list, row)?,
            Form::Like {
                text,
                pattern,
                escape,
            } => {
                let (text, pattern) = (text.text(row)?, pattern.text(row)?);
                truth(
                    text.zip(pattern)
                        .map(|(text, pattern)| matches_pattern(&text, &pattern, *escape)),
                )
            }
            Form::Case {
                branches,
                otherwise,
            } => self.case(branches, otherwise.as_deref(), row)?,
            Form::Call(function, arguments) => self.call(*function, arguments, row)?,
        })
    }

    /// Returns the value as text, as the node's type shows it.
    pub(super) fn text(&self, row: Row) -> Result<Option<String>, SqlError> {
        Ok(self.eval(row)?.text(self.ty, row.zones))
    }

    /// Returns the value in the type of the surrounding expression.
    fn converted(&self, to: ColumnType, row: Row) -> Result<Datum, SqlError> {
        Ok(self.eval(row)?.convert(self.ty, to, row.zones))
    }

    fn arithmetic(
        &self,
        operator: Arithmetic,
        left: &Datum,
        right: &Datum,
    ) -> Result<Datum, SqlError> {
        let (Some(a), Some(b)) = (left.number(), right.number()) else {
            return Ok(Datum::Null);
        };
        let divides = matches!(
            operator,
            Arithmetic::Over | Arithmetic::WholeOver | Arithmetic::Modulo
        );
        if divides && b.is_zero() {
            return Ok(Datum::Null);
        }
        let result = match operator {
            Arithmetic::Plus => a.plus(b),
            Arithmetic::Minus => a.minus(b),
            Arithmetic::Times => a.times(b),
            Arithmetic::Over => a.over(b),
            Arithmetic::WholeOver => a.over(b).map(|quotient| quotient.truncate(0)),
            Arithmetic::Modulo => a.remainder(b),
        };
        result
            .and_then(|number| self.fitting(number))
            .ok_or_else(|| {
                let kind = match self.ty {
                    ColumnType::BigIntUnsigned => "BIGINT UNSIGNED",
                    ColumnType::BigInt => "BIGINT",
                    _ => "DECIMAL",
                };
                refusal::out_of_range(kind, &format!("{a} {} {b}", operator.symbol()))
            })
    }

    /// Converts a number to the node's type; `None` if it does not fit.
    fn fitting(&self, number: Decimal) -> Option<Datum> {
        let whole = number.whole();
        match self.ty {
            ColumnType::BigInt => i64::try_from(whole).ok().map(|_| Datum::Int(whole)),
            ColumnType::BigIntUnsigned => u64::try_from(whole).ok().map(|_| Datum::Int(whole)),
            _ => Some(Datum::Decimal(number)),
        }
    }

    fn case(
        &self,
        branches: &[(Node, Node)],
        otherwise: Option<&Node>,
        row: Row,
    ) -> Result<Datum, SqlError> {
        for (condition, result) in branches {
            if condition.eval(row)?.truth() == Some(true) {
                return result.converted(self.ty, row);
            }
        }
        otherwise.map_or(Ok(Datum::Null), |node| node.converted(self.ty, row))
    }

    fn call(&self, function: Function, arguments: &[Node], row: Row) -> Result<Datum, SqlError> {
        let Some(first) = arguments.first() else {
            return Ok(Datum::Null);
        };
        match function {
            Function::Coalesce => {
                for node in arguments {
                    let datum = node.converted(self.ty, row)?;
                    if !datum.is_null() {
                        return Ok(datum);
                    }
                }
                Ok(Datum::Null)
            }
            Function::NullIf => {
                let datum = first.eval(row)?;
                let other = arguments
                    .get(1)
                    .map_or(Ok(Datum::Null), |node| node.eval(row))?;
                let equal = datum.compare(&other, row.zones) == Some(Ordering::Equal);
                Ok(if equal { Datum::Null } else { datum })
            }
            Function::Concat => {
                let mut all = String::new();
                for node in arguments {
                    match node.text(row)? {
                        Some(text) => all.push_str(&text),
                        None => return Ok(Datum::Null),
                    }
                }
                Ok(Datum::Text(all))
            }
            Function::Lower => Ok(text(first.text(row)?.map(|text| text.to_lowercase()))),
            Function::Upper => Ok(text(first.text(row)?.map(|text| text.to_uppercase()))),
            Function::ToText(length) => Ok(text(first.text(row)?.map(|text| match length {
                Some(length) => text.chars().take(length).collect(),
                None => text,
            }))),
            _ => self.convert_number_or_time(function, &first.eval(row)?, row.zones),
        }
    }

    fn convert_number_or_time(
        &self,
        function: Function,
        datum: &Datum,
        zones: Zones,
    ) -> Result<Datum, SqlError> {
        let whole = |datum: &Datum| datum.number().and_then(|n| i64::try_from(n.whole()).ok());
        let date_time = |clock: Option<i64>| {
            clock.map_or(Datum::Null, |clock| Datum::DateTime { clock, digits: 6 })
        };
        Ok(match function {
            Function::TimeToUsec => match datum {
                Datum::Timestamp(micros) => Datum::Int((*micros).into()),
                other => other
                    .clock(zones)
                    .and_then(|clock| moment::instant(zones.session, clock))
                    .map_or(Datum::Null, |micros| Datum::Int(micros.into())),
            },
            Function::UsecToTime => whole(datum).map_or(Datum::Null, Datum::Timestamp),
            Function::ScnToTimestamp => {
                let scn = whole(datum).filter(|scn| *scn >= 0);
                let scn = scn.ok_or_else(|| refusal::invalid_argument("scn_to_timestamp"))?;
                date_time(moment::wall_clock(zones.server, scn / 1000))
            }
            Function::TimestampToScn => {
                let micros = datum
                    .clock(zones)
                    .and_then(|c| moment::instant(zones.server, c));
                let micros = micros.filter(|micros| *micros >= 0);
                let micros = micros.ok_or_else(|| refusal::invalid_argument("timestamp_to_scn"))?;
                Datum::Int(i128::from(micros) * 1000)
            }
            Function::ToDateTime => date_time(datum.clock(zones)),
            Function::ToSigned => rounded(datum, |whole| whole.clamp(I64_MIN, I64_MAX)),
            // A negative number wraps around: `CAST(-1 AS UNSIGNED)` is 2^64 - 1.
            Function::ToUnsigned => rounded(datum, |whole| match whole {
                ..0 => whole.max(I64_MIN) + U64_COUNT,
                0.. => whole.min(U64_COUNT - 1),
            }),
            Function::Abs => match datum.number() {
                Some(n) if n.compare(Decimal::integer(0)).is_lt() => self.number(n.negate()),
                Some(n) => self.number(n),
                None => Datum::Null,
            },
            Function::Round(scale) => datum.number().map_or(Datum::Null, |number| {
                self.number(number.round(scale.into()))
            }),
            Function::Truncate(scale) => datum.number().map_or(Datum::Null, |number| {
                self.number(number.truncate(scale.into()))
            }),
            _ => datum
                .number()
                .map_or(Datum::Null, |number| self.number(number)),
        })
    }

    fn number(&self, number: Decimal) -> Datum {
        match self.ty {
            ColumnType::BigInt | ColumnType::BigIntUnsigned => Datum::Int(number.whole()),
            ColumnType::Decimal(_, scale) => Datum::Decimal(number.round(scale.into())),
            _ => Datum::Decimal(number),
        }
    }
}

const I64_MIN: i128 = i64::MIN as i128;
const I64_MAX: i128 = i64::MAX as i128;
const U64_COUNT: i128 = 1 << 64;

fn truth(value: Option<bool>) -> Datum {
    value.map_or(Datum::Null, Datum::bool)
}

fn text(value: Option<String>) -> Datum {
    value.map_or(Datum::Null, Datum::Text)
}

/// Rounds, as `CAST` to an integer does.
fn rounded(datum: &Datum, limit: impl Fn(i128) -> i128) -> Datum {
    datum.number().map_or(Datum::Null, |number| {
        Datum::Int(limit(number.round(0).whole()))
    })
}

fn compare(comparison: Comparison, left: &Datum, right: &Datum, zones: Zones) -> Option<bool> {
    if let Comparison::Same = comparison
        && (left.is_null() || right.is_null())
    {
        return Some(left.is_null() && right.is_null());
    }
    let ordering = left.compare(right, zones)?;
    Some(match comparison {
        Comparison::Equal | Comparison::Same => ordering.is_eq(),
        Comparison::Different => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    })
}

/// Evaluates `IN`: a miss in a list with `NULL` is `NULL`, not false.
fn is_in(datum: &Datum, list: &[Node], row: Row) -> Result<Datum, SqlError> {
    let mut unknown = false;
    for node in list {
        match datum.compare(&node.eval(row)?, row.zones) {
            Some(Ordering::Equal) => return Ok(Datum::bool(true)),
            Some(_) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown {
        Datum::Null
    } else {
        Datum::bool(false)
    })
}
