//! PostgreSQL's operators over DataFusion's expressions.
//!
//! DataFusion would compare a `uuid` with a string byte by byte, and an `interval` with another one field by
//! field. Here every binary operator is resolved by the PostgreSQL types of its operands first: a literal
//! or parameter without a type takes the type of the other side and is read by that type's input
//! function, at once for a literal (22P02 at bind, as in PostgreSQL). Operands of types that have no such
//! operator are 42883.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::Field;
use datafusion::common::{Column, DFSchema, ExprSchema, Result as DataFusionResult, ScalarValue, TableReference};
use datafusion::functions::string::overlay::OverlayFunc;
use datafusion::logical_expr::expr::{BinaryExpr, Placeholder, ScalarFunction};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, Operator, ScalarUDF};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::output::type_of;
use super::{errors, normalise, refuse};
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::{QueryError, Result};
use crate::query::environment::Environment;
use crate::query::functions::arithmetic::{self, Operation};
use crate::query::functions::{array, bounded, cast, date_part, interval, json, numbers};
use crate::query::values;

/// Plans binary operators for one statement.
#[derive(Debug)]
pub struct Operators {
    environment: Option<Arc<Environment>>,
}

impl Operators {
    /// For a statement of a session.
    pub fn new(environment: &Arc<Environment>) -> Self {
        Self { environment: Some(Arc::clone(environment)) }
    }
}

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> DataFusionResult<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = expr;
        let style = self.environment.as_ref().map(|environment| environment.style.clone()).unwrap_or_default();
        let resolver = Resolver { schema, style: &style };
        let planned = match resolver.plan(&op, left, right).map_err(errors::external)? {
            Planned::Done(expr) => PlannerResult::Planned(expr),
            Planned::Rest(left, right) => PlannerResult::Original(RawBinaryExpr { op, left, right }),
        };
        Ok(planned)
    }

    fn plan_extract(&self, arguments: Vec<Expr>) -> DataFusionResult<PlannerResult<Vec<Expr>>> {
        Ok(PlannerResult::Planned(date_part::extract(arguments)))
    }

    fn plan_overlay(&self, arguments: Vec<Expr>) -> DataFusionResult<PlannerResult<Vec<Expr>>> {
        static FUNCTION: LazyLock<Arc<ScalarUDF>> =
            LazyLock::new(|| bounded::bounded(Arc::new(ScalarUDF::new_from_impl(OverlayFunc::new()))));
        Ok(PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&FUNCTION), arguments))))
    }

    fn plan_compound_identifier(
        &self,
        field: &Field,
        _qualifier: Option<&TableReference>,
        names: &[String],
    ) -> DataFusionResult<PlannerResult<Vec<Expr>>> {
        // `x.n` where `x` is a column: there are no composite types to take a field of, so `x` must be a
        // table, which it is not.
        let name = names.last().cloned().unwrap_or_default();
        Ok(PlannerResult::Planned(Expr::Column(Column::new(Some(field.name().clone()), name))))
    }
}

enum Planned {
    Done(Expr),
    /// The operands are typed; DataFusion's operator does the rest.
    Rest(Expr, Expr),
}

/// Resolves operators whose operands live in one schema.
pub struct Resolver<'a> {
    pub schema: &'a dyn ExprSchema,
    pub style: &'a OutputStyle,
}

impl Resolver<'_> {
    fn plan(&self, op: &BinaryOperator, left: Expr, right: Expr) -> Result<Planned> {
        if let Some(operator) = comparison(op) {
            return Ok(Planned::Done(self.compare(left, operator, right)?));
        }
        match op {
            BinaryOperator::Custom(name) => self.custom(name, left, right),
            BinaryOperator::And | BinaryOperator::Or => {
                let name = if *op == BinaryOperator::And { "AND" } else { "OR" };
                Ok(Planned::Rest(self.boolean(left, name)?, self.boolean(right, name)?))
            }
            BinaryOperator::Plus | BinaryOperator::Minus => self.add(op, left, right),
            BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Modulo => {
                let (left, right) = self.unify(left, right)?;
                self.require_number(op, &left, &right)?;
                Ok(self.arithmetic(op, left, right))
            }
            BinaryOperator::StringConcat => self.concat(left, right),
            BinaryOperator::PGRegexMatch
            | BinaryOperator::PGRegexIMatch
            | BinaryOperator::PGRegexNotMatch
            | BinaryOperator::PGRegexNotIMatch
            | BinaryOperator::PGLikeMatch
            | BinaryOperator::PGILikeMatch
            | BinaryOperator::PGNotLikeMatch
            | BinaryOperator::PGNotILikeMatch => {
                let left = self.text(op, left)?;
                let right = self.text(op, right)?;
                Ok(Planned::Rest(left, right))
            }
            BinaryOperator::Arrow
            | BinaryOperator::LongArrow
            | BinaryOperator::HashArrow
            | BinaryOperator::HashLongArrow => self.json(op, left, right),
            BinaryOperator::AtArrow | BinaryOperator::ArrowAt | BinaryOperator::PGOverlap => {
                let (left, right) = self.unify(left, right)?;
                match (self.type_of(&left), self.type_of(&right)) {
                    (PgType::Array(_), PgType::Array(_)) => Ok(Planned::Rest(left, right)),
                    (PgType::Jsonb, PgType::Jsonb) => Err(refuse::not_supported(format!("operator jsonb {op} jsonb"))),
                    (left, right) => Err(undefined(&left, op, &right)),
                }
            }
            BinaryOperator::Question
            | BinaryOperator::QuestionAnd
            | BinaryOperator::QuestionPipe
            | BinaryOperator::HashMinus
            | BinaryOperator::AtAt
            | BinaryOperator::AtQuestion => Err(refuse::not_supported(format!("operator {op}"))),
            BinaryOperator::Spaceship
            | BinaryOperator::DuckIntegerDivide
            | BinaryOperator::MyIntegerDivide
            | BinaryOperator::Xor => Err(undefined(&self.type_of(&left), op, &self.type_of(&right))),
            _ => {
                let (left, right) = self.unify(left, right)?;
                Ok(Planned::Rest(left, right))
            }
        }
    }

    fn type_of(&self, expr: &Expr) -> PgType {
        type_of(expr, self.schema)
    }

    /// `left op right` for a comparison.
    pub fn compare(&self, left: Expr, operator: Operator, right: Expr) -> Result<Expr> {
        let (left, right) = self.comparable(left, operator, right)?;
        Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right))))
    }

    /// Makes two operands comparable by PostgreSQL's rules.
    pub fn comparable(&self, left: Expr, operator: Operator, right: Expr) -> Result<(Expr, Expr)> {
        let (left, right) = self.unify(left, right)?;
        let (left_type, right_type) = (self.type_of(&left), self.type_of(&right));
        let pair = (left_type.without_typmod(), right_type.without_typmod());
        match &pair {
            (PgType::Unknown, _) | (_, PgType::Unknown) => Ok((left, right)),
            (PgType::Json, _) | (_, PgType::Json) => Err(undefined(&left_type, operator, &right_type)),
            (PgType::Jsonb, PgType::Jsonb) if !is_equality(operator) => {
                Err(refuse::not_supported(format!("operator jsonb {operator} jsonb")))
            }
            (PgType::Jsonb, PgType::Jsonb) => Ok((json::key(left), json::key(right))),
            (PgType::Interval, PgType::Interval) => Ok((interval::span(left), interval::span(right))),
            (PgType::Date | PgType::Timestamp, PgType::Timestamptz) => {
                Ok((self.convert(left, &left_type, &PgType::Timestamptz), right))
            }
            (PgType::Timestamptz, PgType::Date | PgType::Timestamp) => {
                Ok((left, self.convert(right, &right_type, &PgType::Timestamptz)))
            }
            (left_type, right_type) if is_mixed_float(left_type, right_type) => {
                Ok((self.convert(left, left_type, &PgType::Float8), self.convert(right, right_type, &PgType::Float8)))
            }
            (PgType::Numeric(_), PgType::Numeric(_) | PgType::Int2 | PgType::Int4 | PgType::Int8)
            | (PgType::Int2 | PgType::Int4 | PgType::Int8, PgType::Numeric(_)) => {
                let key = |expr, from| numbers::key(numbers::as_numeric(expr, from), &PgType::Numeric(None));
                Ok((key(left, &left_type), key(right, &right_type)))
            }
            (left_type, right_type) if left_type == right_type || are_comparable(left_type, right_type) => {
                Ok((left, right))
            }
            _ => Err(undefined(&left_type, operator, &right_type)),
        }
    }

    fn convert(&self, expr: Expr, from: &PgType, to: &PgType) -> Expr {
        if from == to { expr } else { cast::expression(expr, to, cast::Kind::Explicit) }
    }

    /// Gives an operand without a type the type of the other one.
    pub fn unify(&self, left: Expr, right: Expr) -> Result<(Expr, Expr)> {
        match (self.type_of(&left), self.type_of(&right)) {
            (PgType::Unknown, PgType::Unknown) => Ok((left, right)),
            (PgType::Unknown, right_type) => Ok((self.coerce(left, &right_type)?, right)),
            (left_type, PgType::Unknown) => {
                let right = self.coerce(right, &left_type)?;
                Ok((left, right))
            }
            _ => Ok((left, right)),
        }
    }

    /// Reads a literal without a type as `target`, gives a parameter without a type that type.
    pub fn coerce(&self, expr: Expr, target: &PgType) -> Result<Expr> {
        coerce_unknown(expr, target, self.style)
    }

    fn boolean(&self, expr: Expr, operator: &str) -> Result<Expr> {
        match self.type_of(&expr) {
            PgType::Bool => Ok(expr),
            PgType::Unknown => self.coerce(expr, &PgType::Bool),
            other => Err(QueryError::DatatypeMismatch(format!(
                "argument of {operator} must be type boolean, not type {}",
                other.without_typmod()
            ))
            .into()),
        }
    }

    fn require_number(&self, op: &BinaryOperator, left: &Expr, right: &Expr) -> Result<()> {
        let (left, right) = (self.type_of(left), self.type_of(right));
        let fits = |data_type: &PgType| is_number(data_type) || *data_type == PgType::Unknown;
        if fits(&left) && fits(&right) {
            return Ok(());
        }
        if matches!(left, PgType::Interval) || matches!(right, PgType::Interval) {
            return Err(refuse::not_supported(format!("operator {left} {op} {right}")));
        }
        Err(undefined(&left, op, &right))
    }

    /// Arithmetic of numbers: ours where DataFusion's does not fail.
    fn arithmetic(&self, op: &BinaryOperator, left: Expr, right: Expr) -> Planned {
        let operation = match op {
            BinaryOperator::Plus => Operation::Add,
            BinaryOperator::Minus => Operation::Subtract,
            BinaryOperator::Multiply => Operation::Multiply,
            BinaryOperator::Divide => Operation::Divide,
            _ => Operation::Modulo,
        };
        match arithmetic::result_type(operation, &self.type_of(&left), &self.type_of(&right)) {
            Some(result) => Planned::Done(arithmetic::expression(operation, left, right, result)),
            None if self.is_numeric(&left) || self.is_numeric(&right) => {
                let (left_type, right_type) = (self.type_of(&left), self.type_of(&right));
                let left = numbers::as_numeric(left, &left_type);
                Planned::Done(numbers::operation(operation, left, numbers::as_numeric(right, &right_type)))
            }
            None => Planned::Rest(left, right),
        }
    }

    fn is_numeric(&self, expr: &Expr) -> bool {
        matches!(self.type_of(expr), PgType::Numeric(_))
    }

    fn add(&self, op: &BinaryOperator, left: Expr, right: Expr) -> Result<Planned> {
        let (left_type, right_type) = (self.type_of(&left), self.type_of(&right));
        let is_time = |data_type: &PgType| {
            matches!(data_type, PgType::Timestamp | PgType::Timestamptz | PgType::Date | PgType::Time)
        };
        // Beside a point in time a literal without a type is an interval, except in a difference, where
        // PostgreSQL prefers the same type on both sides.
        let (left, right) = match (&left_type, &right_type) {
            (time, PgType::Unknown) if is_time(time) && *op == BinaryOperator::Plus => {
                let right = self.coerce(right, &PgType::Interval)?;
                (left, right)
            }
            (PgType::Unknown, time) if is_time(time) && *op == BinaryOperator::Plus => {
                (self.coerce(left, &PgType::Interval)?, right)
            }
            _ => self.unify(left, right)?,
        };
        let (left_type, right_type) = (self.type_of(&left).without_typmod(), self.type_of(&right).without_typmod());
        let operator = if *op == BinaryOperator::Plus { Operator::Plus } else { Operator::Minus };
        match (&left_type, &right_type) {
            (PgType::Unknown, _) | (_, PgType::Unknown) => Ok(Planned::Rest(left, right)),
            (l, r) if is_number(l) && is_number(r) => Ok(self.arithmetic(op, left, right)),
            (PgType::Date, PgType::Int2 | PgType::Int4 | PgType::Int8) => {
                Ok(Planned::Done(interval::date_plus_days(left, operator, right)))
            }
            (PgType::Int2 | PgType::Int4 | PgType::Int8, PgType::Date) if operator == Operator::Plus => {
                Ok(Planned::Done(interval::date_plus_days(right, operator, left)))
            }
            (PgType::Date, PgType::Date) if operator == Operator::Minus => {
                Ok(Planned::Done(interval::date_difference(left, right)))
            }
            (
                PgType::Timestamp | PgType::Timestamptz | PgType::Date,
                PgType::Timestamp | PgType::Timestamptz | PgType::Date,
            ) if operator == Operator::Minus => {
                let common = if left_type == PgType::Timestamptz || right_type == PgType::Timestamptz {
                    PgType::Timestamptz
                } else {
                    PgType::Timestamp
                };
                let left = self.convert(left, &left_type, &common);
                let right = self.convert(right, &right_type, &common);
                Ok(Planned::Done(interval::time_difference(left, right)))
            }
            (PgType::Timestamp | PgType::Timestamptz | PgType::Date, PgType::Interval) => {
                let common = if left_type == PgType::Date { PgType::Timestamp } else { left_type.clone() };
                let left = self.convert(left, &left_type, &common);
                Ok(Planned::Done(interval::time_plus_interval(left, operator, right)))
            }
            (PgType::Interval, PgType::Timestamp | PgType::Timestamptz | PgType::Date)
                if operator == Operator::Plus =>
            {
                let common = if right_type == PgType::Date { PgType::Timestamp } else { right_type.clone() };
                let right = self.convert(right, &right_type, &common);
                Ok(Planned::Done(interval::time_plus_interval(right, operator, left)))
            }
            (PgType::Interval, PgType::Interval) => Ok(Planned::Rest(left, right)),
            (PgType::Time | PgType::Interval | PgType::Date, _) | (_, PgType::Time) => {
                Err(refuse::not_supported(format!("operator {left_type} {op} {right_type}")))
            }
            (PgType::Jsonb, _) => Err(refuse::not_supported(format!("operator {left_type} {op} {right_type}"))),
            _ => Err(undefined(&left_type, op, &right_type)),
        }
    }

    fn concat(&self, left: Expr, right: Expr) -> Result<Planned> {
        let (left_type, right_type) = (self.type_of(&left), self.type_of(&right));
        let is_array = |data_type: &PgType| matches!(data_type, PgType::Array(_));
        if is_array(&left_type) || is_array(&right_type) {
            let (left, right) = match (&left_type, &right_type) {
                (array, PgType::Unknown) => (left, self.coerce(right, array)?),
                (PgType::Unknown, array) => (self.coerce(left, array)?, right),
                _ => (left, right),
            };
            return Ok(Planned::Rest(left, right));
        }
        let refused = |data_type: &PgType| matches!(data_type, PgType::Jsonb | PgType::Bytea);
        if refused(&left_type) && (left_type == right_type || right_type == PgType::Unknown)
            || refused(&right_type) && left_type == PgType::Unknown
        {
            return Err(refuse::not_supported(format!("operator {left_type} || {right_type}")));
        }
        let is_text = |data_type: &PgType| is_text(data_type) || *data_type == PgType::Unknown;
        if !is_text(&left_type) && !is_text(&right_type) {
            return Err(undefined(&left_type, "||", &right_type));
        }
        let to_text = |expr: Expr, data_type: &PgType| -> Result<Expr> {
            match data_type {
                PgType::Unknown => self.coerce(expr, &PgType::Text),
                PgType::Text | PgType::Varchar(_) => Ok(expr),
                _ => Ok(cast::expression(expr, &PgType::Text, cast::Kind::Explicit)),
            }
        };
        Ok(Planned::Done(bounded::concat(to_text(left, &left_type)?, to_text(right, &right_type)?)))
    }

    fn text(&self, op: &BinaryOperator, expr: Expr) -> Result<Expr> {
        match self.type_of(&expr) {
            PgType::Unknown => self.coerce(expr, &PgType::Text),
            data_type if is_text(&data_type) => Ok(expr),
            other => Err(undefined(&other, op, &PgType::Unknown)),
        }
    }

    fn json(&self, op: &BinaryOperator, left: Expr, right: Expr) -> Result<Planned> {
        let left_type = self.type_of(&left);
        let result = match (&left_type, op) {
            (PgType::Json | PgType::Jsonb, BinaryOperator::Arrow | BinaryOperator::HashArrow) => left_type.clone(),
            (PgType::Json | PgType::Jsonb, _) => PgType::Text,
            _ => return Err(undefined(&left_type, op, &self.type_of(&right))),
        };
        let is_path = matches!(op, BinaryOperator::HashArrow | BinaryOperator::HashLongArrow);
        let right = match self.type_of(&right) {
            PgType::Unknown if is_path => self.coerce(right, &PgType::Array(Box::new(PgType::Text)))?,
            PgType::Unknown => self.coerce(right, &PgType::Text)?,
            PgType::Array(element) if is_path && is_text(&element) => right,
            data_type if !is_path && (is_text(&data_type) || is_integer(&data_type)) => right,
            other => return Err(undefined(&left_type, op, &other)),
        };
        let function = json::extract(result);
        Ok(Planned::Done(Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![left, right]))))
    }

    fn custom(&self, name: &str, left: Expr, right: Expr) -> Result<Planned> {
        match name {
            normalise::DISTINCT_FROM => Ok(Planned::Done(self.compare(left, Operator::IsDistinctFrom, right)?)),
            normalise::NOT_DISTINCT_FROM => {
                Ok(Planned::Done(self.compare(left, Operator::IsNotDistinctFrom, right)?))
            }
            _ => {
                let (quantifier, operator) = if let Some(operator) = name.strip_prefix(normalise::ANY) {
                    (array::Quantifier::Any, operator)
                } else if let Some(operator) = name.strip_prefix(normalise::ALL) {
                    (array::Quantifier::All, operator)
                } else {
                    return Err(refuse::not_supported(format!("operator {name}")));
                };
                Ok(Planned::Done(self.quantified(quantifier, operator, left, right)?))
            }
        }
    }

    /// `left op ANY (right)` over an array.
    fn quantified(&self, quantifier: array::Quantifier, operator: &str, left: Expr, right: Expr) -> Result<Expr> {
        let Some(operator) = comparison_by_name(operator) else {
            return Err(refuse::not_supported(format!("operator {operator} over an array")));
        };
        let (left, right) = match (self.type_of(&left), self.type_of(&right)) {
            (left_type, PgType::Unknown) => {
                let element = if left_type == PgType::Unknown { PgType::Text } else { left_type };
                let left = self.coerce(left, &element)?;
                let right = self.coerce(right, &PgType::Array(Box::new(element.without_typmod())))?;
                (left, right)
            }
            (PgType::Unknown, right_type) => {
                let Some(element) = right_type.element() else { return Err(not_an_array()) };
                (self.coerce(left, &element)?, right)
            }
            _ => (left, right),
        };
        let Some(element) = self.type_of(&right).element() else { return Err(not_an_array()) };
        let left_type = self.type_of(&left).without_typmod();
        let element = element.without_typmod();
        if left_type != element && !are_comparable(&left_type, &element) {
            return Err(undefined(&left_type, operator, &element));
        }
        if matches!(element, PgType::Json | PgType::Jsonb | PgType::Interval) {
            return Err(refuse::not_supported(format!("comparing {element} with an array")));
        }
        let (left, right) = if is_mixed_float(&left_type, &element) {
            let floats = PgType::Array(Box::new(PgType::Float8));
            let right_type = self.type_of(&right);
            (self.convert(left, &left_type, &PgType::Float8), self.convert(right, &right_type, &floats))
        } else {
            (left, right)
        };
        let function = array::quantified(quantifier, operator);
        Ok(Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![left, right])))
    }
}

/// Reads a literal without a type as `target`, gives a parameter without a type that type; leaves every
/// other expression as it is.
///
/// # Errors
/// The errors of the type's input function, such as 22P02.
pub fn coerce_unknown(expr: Expr, target: &PgType, style: &OutputStyle) -> Result<Expr> {
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)), None) => values::literal(&text, target, style),
        Expr::Literal(ScalarValue::Null | ScalarValue::Utf8(None), _) => values::null(target),
        Expr::Placeholder(Placeholder { id, field: None }) => {
            let field = Some(Arc::new(target.without_typmod().field(id.clone(), true)));
            Ok(Expr::Placeholder(Placeholder { id, field }))
        }
        Expr::Alias(mut alias) => {
            alias.expr = Box::new(coerce_unknown(*alias.expr, target, style)?);
            Ok(Expr::Alias(alias))
        }
        other => Ok(other),
    }
}

fn not_an_array() -> crate::Error {
    QueryError::WrongObject("op ANY/ALL (array) requires array on right side".into()).into()
}

fn undefined(left: &PgType, op: impl std::fmt::Display, right: &PgType) -> crate::Error {
    let (left, right) = (left.without_typmod(), right.without_typmod());
    QueryError::UndefinedOperator(format!("{left} {op} {right}")).into()
}

fn comparison(op: &BinaryOperator) -> Option<Operator> {
    Some(match op {
        BinaryOperator::Eq => Operator::Eq,
        BinaryOperator::NotEq => Operator::NotEq,
        BinaryOperator::Lt => Operator::Lt,
        BinaryOperator::LtEq => Operator::LtEq,
        BinaryOperator::Gt => Operator::Gt,
        BinaryOperator::GtEq => Operator::GtEq,
        _ => return None,
    })
}

fn comparison_by_name(name: &str) -> Option<Operator> {
    Some(match name {
        "=" => Operator::Eq,
        "<>" | "!=" => Operator::NotEq,
        "<" => Operator::Lt,
        "<=" => Operator::LtEq,
        ">" => Operator::Gt,
        ">=" => Operator::GtEq,
        _ => return None,
    })
}

fn is_equality(operator: Operator) -> bool {
    matches!(operator, Operator::Eq | Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom)
}

/// Is there a comparison between these two different types?
pub fn are_comparable(left: &PgType, right: &PgType) -> bool {
    let is_oid = |data_type: &PgType| {
        matches!(
            data_type,
            PgType::Oid | PgType::Regclass | PgType::Regtype | PgType::Regproc | PgType::Regnamespace | PgType::Regrole
        )
    };
    let is_day = |data_type: &PgType| matches!(data_type, PgType::Date | PgType::Timestamp | PgType::Timestamptz);
    (is_number(left) && is_number(right))
        || (is_text(left) && is_text(right))
        || ((is_oid(left) || is_integer(left)) && (is_oid(right) || is_integer(right)))
        || (is_day(left) && is_day(right))
        || matches!((left, right), (PgType::Array(left), PgType::Array(right)) if left == right || are_comparable(left, right))
}

/// A float beside another kind of number: both are compared as `double precision`. DataFusion would make
/// decimals of them, which hold neither the smallest nor the largest floats, nor NaN.
pub fn is_mixed_float(left: &PgType, right: &PgType) -> bool {
    let is_float = |data_type: &PgType| matches!(data_type, PgType::Float4 | PgType::Float8);
    is_number(left) && is_number(right) && is_float(left) != is_float(right)
}

/// Integers, floats and numeric.
pub fn is_number(data_type: &PgType) -> bool {
    is_integer(data_type) || matches!(data_type, PgType::Float4 | PgType::Float8 | PgType::Numeric(_))
}

fn is_integer(data_type: &PgType) -> bool {
    matches!(data_type, PgType::Int2 | PgType::Int4 | PgType::Int8)
}

/// Types that compare as text.
pub fn is_text(data_type: &PgType) -> bool {
    matches!(data_type, PgType::Text | PgType::Varchar(_) | PgType::Name | PgType::Char)
}
