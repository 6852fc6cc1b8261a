//! Functions: their arguments and the types of their results.

use sqlparser::ast::{
    CharacterLength, DataType, DuplicateTreatment, ExactNumberInfo, Function as Call, FunctionArg,
    FunctionArgExpr, FunctionArguments,
};

use super::super::aggregate::{Aggregate, Kind};
use super::super::datum::Datum;
use super::super::expression::{Form, Node};
use super::super::moment;
use super::super::operator::{Arithmetic, Function};
use super::super::refusal;
use super::types::{Class, class, length, merge};
use super::{Binder, case};
use crate::value::{ColumnType, SqlError, Value};

impl Binder<'_> {
    pub(super) fn function(&mut self, call: &Call) -> Result<Node, SqlError> {
        let spelled = call.name.to_string();
        let name = spelled.to_ascii_lowercase();
        let plain = call.over.is_none() && call.filter.is_none() && call.within_group.is_empty();
        if !plain {
            return Err(refusal::unsupported("window function"));
        }
        let (arguments, distinct) = match &call.args {
            FunctionArguments::None => (&[][..], false),
            FunctionArguments::List(list) if list.clauses.is_empty() => (
                &list.args[..],
                list.duplicate_treatment == Some(DuplicateTreatment::Distinct),
            ),
            _ => return Err(refusal::unsupported(&format!("function {name}"))),
        };
        if let Some(kind) = Kind::named(&name) {
            return self.aggregate(kind, arguments, distinct, &spelled);
        }
        let mut nodes = Vec::new();
        for argument in arguments {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument else {
                return Err(refusal::unsupported(&format!("function {name}")));
            };
            nodes.push(self.bind(expr)?);
        }
        match self.session_value(&name, &nodes) {
            Some(node) => Ok(node),
            None => scalar(&name, &spelled, nodes),
        }
    }

    fn aggregate(
        &mut self,
        kind: Kind,
        arguments: &[FunctionArg],
        distinct: bool,
        name: &str,
    ) -> Result<Node, SqlError> {
        let Some(aggregates) = self.aggregates.as_deref_mut() else {
            return Err(refusal::misplaced_aggregate());
        };
        let argument = match arguments {
            [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] if kind == Kind::Count => None,
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))] => {
                // Aggregates do not nest, so aggregates are not allowed in the argument.
                let mut inner = Binder::new(self.fields, self.catalog, self.clause);
                inner.depth = self.depth;
                Some(inner.bind(expr)?)
            }
            _ => return Err(refusal::wrong_argument_count(name)),
        };
        let ty = match (kind, &argument) {
            (Kind::Min | Kind::Max, Some(node)) => node.ty,
            (Kind::Sum, Some(node)) => match class(node) {
                Class::Decimal(precision, scale) => {
                    ColumnType::Decimal(precision.saturating_add(22).min(65), scale)
                }
                Class::Int | Class::Unsigned | Class::Null => ColumnType::Decimal(42, 0),
                _ => return Err(refusal::unsupported("sum of text or times")),
            },
            _ => ColumnType::BigInt,
        };
        aggregates.push(Aggregate {
            kind,
            argument,
            distinct,
        });
        Ok(Node {
            ty,
            form: Form::Aggregate(aggregates.len() - 1),
        })
    }

    /// Returns functions with one answer for the whole statement.
    fn session_value(&self, name: &str, arguments: &[Node]) -> Option<Node> {
        let text = |text: Option<String>| {
            let datum = text.map_or(Datum::Null, Datum::Text);
            Some(Node::literal(datum, ColumnType::Varchar(4096)))
        };
        match (name, arguments) {
            ("now" | "current_timestamp" | "localtimestamp" | "sysdate", [] | [_]) => {
                let digits = match arguments {
                    [
                        Node {
                            form: Form::Literal(Datum::Int(digits)),
                            ..
                        },
                    ] => u8::try_from(*digits).ok().filter(|digits| *digits <= 6)?,
                    [] => 0,
                    _ => return None,
                };
                let clock = moment::wall_clock(self.zones().session, self.catalog.now_micros())?;
                let unit = 10_i64.pow(u32::from(6 - digits));
                let clock = clock - clock.rem_euclid(unit);
                Some(Node::literal(
                    Datum::DateTime { clock, digits },
                    ColumnType::DateTime,
                ))
            }
            ("ob_version", []) => text(Some(self.catalog.version().to_string())),
            ("version", []) => {
                let version = self
                    .catalog
                    .variable("version", super::VariableScope::Session);
                text(version.and_then(|version| match version {
                    Value::Text(text) => Some(text),
                    _ => None,
                }))
            }
            ("database" | "schema", []) => text(self.catalog.database()),
            ("user" | "session_user" | "system_user" | "current_user", []) => {
                text(Some(self.catalog.user()))
            }
            _ => None,
        }
    }
}

fn scalar(name: &str, spelled: &str, mut arguments: Vec<Node>) -> Result<Node, SqlError> {
    let count = arguments.len();
    let node = |ty, function, arguments| Node {
        ty,
        form: Form::Call(function, arguments),
    };
    let text_of = |arguments: &[Node]| {
        let total = arguments
            .iter()
            .map(|node| length(node.ty))
            .fold(0_u32, u32::saturating_add);
        ColumnType::Varchar(total)
    };
    Ok(match (name, count) {
        ("ifnull", 2) | ("coalesce", 1..) => node(merge(&arguments), Function::Coalesce, arguments),
        ("nullif", 2) => node(arguments[0].ty, Function::NullIf, arguments),
        ("if", 3) => {
            let mut arguments = arguments.drain(..);
            let (Some(condition), Some(then), Some(otherwise)) =
                (arguments.next(), arguments.next(), arguments.next())
            else {
                return Err(refusal::wrong_argument_count(spelled));
            };
            case(vec![(condition, then)], Some(Box::new(otherwise)))
        }
        ("concat", 1..) => node(text_of(&arguments), Function::Concat, arguments),
        ("lower" | "lcase", 1) => node(text_of(&arguments), Function::Lower, arguments),
        ("upper" | "ucase", 1) => node(text_of(&arguments), Function::Upper, arguments),
        ("time_to_usec", 1) => node(ColumnType::BigInt, Function::TimeToUsec, arguments),
        ("usec_to_time", 1) => node(ColumnType::Timestamp, Function::UsecToTime, arguments),
        ("scn_to_timestamp", 1) => node(ColumnType::DateTime, Function::ScnToTimestamp, arguments),
        ("timestamp_to_scn", 1) => node(
            ColumnType::BigIntUnsigned,
            Function::TimestampToScn,
            arguments,
        ),
        ("abs", 1) => node(number_type(&arguments[0], None)?, Function::Abs, arguments),
        ("mod", 2) => {
            let (Some(right), Some(left)) = (arguments.pop(), arguments.pop()) else {
                return Err(refusal::wrong_argument_count(spelled));
            };
            super::types::arithmetic(Arithmetic::Modulo, left, right)?
        }
        ("round", 1 | 2) | ("truncate", 2) => {
            let scale = digits_argument(arguments.get(1))?;
            arguments.truncate(1);
            let ty = number_type(&arguments[0], Some(scale))?;
            let function = if name == "round" {
                Function::Round(scale)
            } else {
                Function::Truncate(scale)
            };
            node(ty, function, arguments)
        }
        (
            "ifnull" | "coalesce" | "nullif" | "if" | "concat" | "lower" | "lcase" | "upper"
            | "ucase" | "time_to_usec" | "usec_to_time" | "scn_to_timestamp" | "timestamp_to_scn"
            | "abs" | "mod" | "round" | "truncate" | "now" | "ob_version" | "version",
            _,
        ) => return Err(refusal::wrong_argument_count(spelled)),
        _ => return Err(refusal::unsupported(&format!("function {name}"))),
    })
}

/// The second argument of `ROUND` and `TRUNCATE` decides the type, so it must be a literal.
fn digits_argument(node: Option<&Node>) -> Result<u8, SqlError> {
    match node {
        None => Ok(0),
        Some(Node {
            form: Form::Literal(Datum::Int(digits)),
            ..
        }) => { u8::try_from(*digits).map(|digits| digits.min(30)) }
            .map_err(|_| refusal::unsupported("rounding to so many digits")),
        Some(_) => Err(refusal::unsupported(
            "rounding to digits that are not a literal",
        )),
    }
}

/// Returns the type of a number that keeps at most `scale` digits after the point.
fn number_type(node: &Node, scale: Option<u8>) -> Result<ColumnType, SqlError> {
    match class(node) {
        Class::Int | Class::Unsigned => Ok(node.ty),
        Class::Null => Ok(ColumnType::BigInt),
        Class::Decimal(precision, own) => {
            let kept = own.min(scale.unwrap_or(own));
            let whole = precision.saturating_sub(own);
            // One digit more, for what rounding carries.
            Ok(ColumnType::Decimal(
                (whole + u8::from(kept < own) + kept).min(65),
                kept,
            ))
        }
        Class::Text | Class::Timestamp | Class::DateTime => {
            Err(refusal::unsupported("arithmetic on text or time"))
        }
    }
}

pub(super) fn cast(node: Node, to: &DataType) -> Result<Node, SqlError> {
    let own_length = length(node.ty);
    let (ty, function) = match to {
        DataType::Char(None) => (ColumnType::Varchar(own_length), Function::ToText(None)),
        DataType::Char(Some(CharacterLength::IntegerLength { length, unit: None })) => (
            ColumnType::Varchar(u32::try_from(*length).unwrap_or(u32::MAX)),
            Function::ToText(Some(usize::try_from(*length).unwrap_or(usize::MAX))),
        ),
        DataType::Signed | DataType::SignedInteger => (ColumnType::BigInt, Function::ToSigned),
        DataType::Unsigned | DataType::UnsignedInteger => {
            (ColumnType::BigIntUnsigned, Function::ToUnsigned)
        }
        DataType::Decimal(info) => {
            let (precision, scale) = match info {
                ExactNumberInfo::None => (10, 0),
                ExactNumberInfo::Precision(precision) => (*precision, 0),
                ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
            };
            match (u8::try_from(precision), u8::try_from(scale)) {
                (Ok(precision @ ..=65), Ok(scale @ ..=30)) => {
                    (ColumnType::Decimal(precision, scale), Function::ToDecimal)
                }
                _ => return Err(refusal::unsupported(&format!("cast to {to}"))),
            }
        }
        DataType::Datetime(Some(6)) => (ColumnType::DateTime, Function::ToDateTime),
        other => return Err(refusal::unsupported(&format!("cast to {other}"))),
    };
    let is_time = matches!(class(&node), Class::Timestamp | Class::DateTime);
    let to_number = matches!(
        function,
        Function::ToSigned | Function::ToUnsigned | Function::ToDecimal
    );
    if is_time && to_number {
        return Err(refusal::unsupported("cast of a time to a number"));
    }
    Ok(Node {
        ty,
        form: Form::Call(function, vec![node]),
    })
}
