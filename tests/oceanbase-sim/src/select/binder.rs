//! Resolves names and infers types: the parser's expressions become [`Node`]s.

mod call;
mod literal;
mod types;

use sqlparser::ast::{BinaryOperator, CaseWhen, Expr, Ident, UnaryOperator, Value as Literal};

use super::aggregate::Aggregate;
use super::datum::Datum;
use super::expression::{Form, Node};
use super::moment;
use super::operator::{Arithmetic, Comparison, Logic};
use super::refusal;
use super::{Catalog, VariableScope};
use crate::value::{ColumnType, SqlError, Value};
pub(super) use types::merge;
use types::{Class, class};

/// A column with its possible names.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// The alias or name of its table.
    pub(super) qualifier: Option<String>,
    pub(super) name: String,
    pub(super) ty: ColumnType,
}

/// An expression of the select list and its name.
pub(super) type Alias = (String, Node);

/// Deeper nesting would overflow the stack, and no query needs it.
const MAX_DEPTH: usize = 64;

pub(super) struct Binder<'a> {
    fields: &'a [Field],
    catalog: &'a dyn Catalog,
    clause: &'static str,
    aliases: &'a [Alias],
    /// Collects the aggregates; `None` if they are not allowed.
    aggregates: Option<&'a mut Vec<Aggregate>>,
    depth: usize,
}

impl<'a> Binder<'a> {
    /// Creates a binder for a clause without aliases and aggregates.
    pub(super) fn new(fields: &'a [Field], catalog: &'a dyn Catalog, clause: &'static str) -> Self {
        Self {
            fields,
            catalog,
            clause,
            aliases: &[],
            aggregates: None,
            depth: 0,
        }
    }

    pub(super) fn with_aliases(self, aliases: &'a [Alias]) -> Self {
        Self { aliases, ..self }
    }

    pub(super) fn with_aggregates(self, aggregates: &'a mut Vec<Aggregate>) -> Self {
        Self {
            aggregates: Some(aggregates),
            ..self
        }
    }

    pub(super) fn bind(&mut self, expr: &Expr) -> Result<Node, SqlError> {
        if self.depth >= MAX_DEPTH {
            return Err(refusal::unsupported("expression nested so deeply"));
        }
        self.depth += 1;
        let node = self.bind_one(expr);
        self.depth -= 1;
        node
    }

    fn boxed(&mut self, expr: &Expr) -> Result<Box<Node>, SqlError> {
        self.bind(expr).map(Box::new)
    }

    fn all<'e>(&mut self, list: impl IntoIterator<Item = &'e Expr>) -> Result<Vec<Node>, SqlError> {
        list.into_iter().map(|expr| self.bind(expr)).collect()
    }

    fn bind_one(&mut self, expr: &Expr) -> Result<Node, SqlError> {
        match expr {
            Expr::Nested(inner) => self.bind(inner),
            Expr::Identifier(name) => self.named(std::slice::from_ref(name)),
            Expr::CompoundIdentifier(names) => self.named(names),
            Expr::Value(value) => literal::literal(&value.value),
            Expr::IsNull(inner) => Ok(boolean(Form::IsNull(self.boxed(inner)?))),
            Expr::IsNotNull(inner) => Ok(not(boolean(Form::IsNull(self.boxed(inner)?)), true)),
            Expr::IsTrue(inner) => Ok(boolean(Form::Is(self.boxed(inner)?, true))),
            Expr::IsNotTrue(inner) => Ok(not(boolean(Form::Is(self.boxed(inner)?, true)), true)),
            Expr::IsFalse(inner) => Ok(boolean(Form::Is(self.boxed(inner)?, false))),
            Expr::IsNotFalse(inner) => Ok(not(boolean(Form::Is(self.boxed(inner)?, false)), true)),
            Expr::InList {
                expr,
                list,
                negated,
            } => {
                let node = self.boxed(expr)?;
                let list = self.all(list)?;
                for item in &list {
                    types::comparable(&node, item)?;
                }
                Ok(not(boolean(Form::In(node, list)), *negated))
            }
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let (node, low, high) = (self.bind(expr)?, self.bind(low)?, self.bind(high)?);
                let above = comparison(Comparison::GreaterOrEqual, node.clone(), low)?;
                let below = comparison(Comparison::LessOrEqual, node, high)?;
                let between = Form::Logic(Logic::And, Box::new(above), Box::new(below));
                Ok(not(boolean(between), *negated))
            }
            Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => {
                let escape = match escape_char {
                    None => '\\',
                    Some(Literal::SingleQuotedString(text)) if text.chars().count() == 1 => {
                        text.chars().next().unwrap_or('\\')
                    }
                    Some(_) => return Err(refusal::unsupported("this ESCAPE")),
                };
                let (text, pattern) = (self.boxed(expr)?, self.boxed(pattern)?);
                Ok(not(
                    boolean(Form::Like {
                        text,
                        pattern,
                        escape,
                    }),
                    *negated,
                ))
            }
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Cast {
                kind: sqlparser::ast::CastKind::Cast,
                expr,
                data_type,
                ..
            } => {
                let node = self.bind(expr)?;
                call::cast(node, data_type)
            }
            Expr::Function(function) => self.function(function),
            other => Err(refusal::unsupported(&format!("expression {other}"))),
        }
    }

    /// Resolves a column, an alias or a system variable.
    fn named(&self, names: &[Ident]) -> Result<Node, SqlError> {
        let spelled: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
        match spelled[..] {
            [first, ..] if first.starts_with("@@") => return self.variable(&spelled),
            [first, ..] if first.starts_with('@') => {
                return Err(refusal::unsupported("user variable"));
            }
            _ => {}
        }
        let (qualifier, column) = match spelled[..] {
            [column] => (None, column),
            [table, column] | [_, table, column] => (Some(table), column),
            _ => return Err(refusal::unknown_column(&spelled.join("."), self.clause)),
        };
        if qualifier.is_none()
            && let Some((_, node)) = self
                .aliases
                .iter()
                .find(|(alias, _)| alias.eq_ignore_ascii_case(column))
        {
            return Ok(node.clone());
        }
        let belongs = |field: &Field| match (qualifier, &field.qualifier) {
            (None, _) => true,
            (Some(wanted), Some(table)) => table.eq_ignore_ascii_case(wanted),
            (Some(_), None) => false,
        };
        let mut found = self
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.name.eq_ignore_ascii_case(column) && belongs(field));
        let (index, field) = found
            .next()
            .ok_or_else(|| refusal::unknown_column(&spelled.join("."), self.clause))?;
        if found.next().is_some() {
            return Err(refusal::ambiguous_column(column, self.clause));
        }
        Ok(Node {
            ty: field.ty,
            form: Form::Column(index),
        })
    }

    fn variable(&self, names: &[&str]) -> Result<Node, SqlError> {
        let (scope, name) = match names {
            [name] => (VariableScope::Session, name.trim_start_matches('@')),
            [scope, name] => match scope.to_ascii_lowercase().as_str() {
                "@@session" | "@@local" => (VariableScope::Session, *name),
                "@@global" => (VariableScope::Global, *name),
                _ => return Err(refusal::unknown_variable(&names.join("."))),
            },
            _ => return Err(refusal::unknown_variable(&names.join("."))),
        };
        let value = self
            .catalog
            .variable(&name.to_ascii_lowercase(), scope)
            .ok_or_else(|| refusal::unknown_variable(name))?;
        let ty = match value {
            Value::Int(_) => ColumnType::BigInt,
            _ => ColumnType::Varchar(4096),
        };
        Ok(Node::literal(Datum::from_value(&value, self.zones()), ty))
    }

    fn zones(&self) -> moment::Zones<'a> {
        moment::Zones {
            session: self.catalog.session_time_zone(),
            server: self.catalog.server_time_zone(),
        }
    }

    fn unary(&mut self, op: UnaryOperator, expr: &Expr) -> Result<Node, SqlError> {
        let node = self.bind(expr)?;
        match op {
            UnaryOperator::Not | UnaryOperator::BangNot => Ok(not(node, true)),
            UnaryOperator::Plus => Ok(node),
            UnaryOperator::Minus => {
                let ty = match class(&node) {
                    Class::Int | Class::Unsigned | Class::Null => ColumnType::BigInt,
                    Class::Decimal(..) => node.ty,
                    _ => return Err(refusal::unsupported("arithmetic on text or time")),
                };
                Ok(Node {
                    ty,
                    form: Form::Negate(Box::new(node)),
                })
            }
            other => Err(refusal::unsupported(&format!("operator {other}"))),
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<Node, SqlError> {
        if let Expr::Interval(interval) = right {
            let micros = literal::interval_micros(interval)?;
            let sign = match op {
                BinaryOperator::Plus => 1,
                BinaryOperator::Minus => -1,
                _ => return Err(refusal::unsupported("this use of INTERVAL")),
            };
            let shift = Form::Shift(self.boxed(left)?, sign * micros);
            return Ok(Node {
                ty: ColumnType::DateTime,
                form: shift,
            });
        }
        let (left, right) = (self.bind(left)?, self.bind(right)?);
        let logic =
            |logic, left, right| Ok(boolean(Form::Logic(logic, Box::new(left), Box::new(right))));
        match op {
            BinaryOperator::And => logic(Logic::And, left, right),
            BinaryOperator::Or => logic(Logic::Or, left, right),
            BinaryOperator::Xor => logic(Logic::Xor, left, right),
            BinaryOperator::Eq => comparison(Comparison::Equal, left, right),
            BinaryOperator::Spaceship => comparison(Comparison::Same, left, right),
            BinaryOperator::NotEq => comparison(Comparison::Different, left, right),
            BinaryOperator::Lt => comparison(Comparison::Less, left, right),
            BinaryOperator::LtEq => comparison(Comparison::LessOrEqual, left, right),
            BinaryOperator::Gt => comparison(Comparison::Greater, left, right),
            BinaryOperator::GtEq => comparison(Comparison::GreaterOrEqual, left, right),
            BinaryOperator::Plus => types::arithmetic(Arithmetic::Plus, left, right),
            BinaryOperator::Minus => types::arithmetic(Arithmetic::Minus, left, right),
            BinaryOperator::Multiply => types::arithmetic(Arithmetic::Times, left, right),
            BinaryOperator::Divide => types::arithmetic(Arithmetic::Over, left, right),
            BinaryOperator::Modulo => types::arithmetic(Arithmetic::Modulo, left, right),
            BinaryOperator::MyIntegerDivide => {
                types::arithmetic(Arithmetic::WholeOver, left, right)
            }
            other => Err(refusal::unsupported(&format!("operator {other}"))),
        }
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Result<Node, SqlError> {
        let operand = operand.map(|expr| self.bind(expr)).transpose()?;
        let mut branches = Vec::new();
        for when in conditions {
            let condition = self.bind(&when.condition)?;
            let condition = match &operand {
                Some(operand) => comparison(Comparison::Equal, operand.clone(), condition)?,
                None => condition,
            };
            branches.push((condition, self.bind(&when.result)?));
        }
        let otherwise = otherwise.map(|expr| self.boxed(expr)).transpose()?;
        Ok(case(branches, otherwise))
    }
}

fn case(branches: Vec<(Node, Node)>, otherwise: Option<Box<Node>>) -> Node {
    let results = branches
        .iter()
        .map(|(_, result)| result)
        .chain(otherwise.as_deref());
    Node {
        ty: merge(results),
        form: Form::Case {
            branches,
            otherwise,
        },
    }
}

fn boolean(form: Form) -> Node {
    Node {
        ty: ColumnType::BigInt,
        form,
    }
}

fn not(node: Node, negated: bool) -> Node {
    if negated {
        boolean(Form::Not(Box::new(node)))
    } else {
        node
    }
}

fn comparison(comparison: Comparison, left: Node, right: Node) -> Result<Node, SqlError> {
    types::comparable(&left, &right)?;
    Ok(boolean(Form::Compare(
        comparison,
        Box::new(left),
        Box::new(right),
    )))
}
