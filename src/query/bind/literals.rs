//! Literals that DataFusion reads otherwise than PostgreSQL, or not at all.

use datafusion::sql::sqlparser::ast::{
    CaseWhen, CastKind, DataType, ExactNumberInfo, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Parens, UnaryOperator, Value, ValueWithSpan,
};

use super::normalise::{call, cast_call, take};
use crate::catalog::types::PgType;
use crate::error::{CatalogError, Error};
use crate::query::functions::numbers;

/// A number that no bigint holds is a numeric.
pub fn wide_number(expr: &mut Expr) {
    let Some(text) = digits(expr) else { return };
    let text = if matches!(expr, Expr::UnaryOp { op: UnaryOperator::Minus, .. }) {
        format!("-{text}")
    } else {
        text.to_owned()
    };
    if text.parse::<i64>().is_err() {
        let digits = Expr::Value(Value::SingleQuotedString(text.clone()).into());
        *expr = cast_call(digits, &PgType::Numeric(None));
    }
}

/// A minus before anything but a literal. DataFusion has one only for what it takes for numbers.
pub fn minus(expr: &mut Expr) {
    if let Expr::UnaryOp { op: UnaryOperator::Minus, expr: operand } = expr {
        if digits(operand).is_none() {
            let operand = take(operand);
            *expr = call(numbers::NEGATE, vec![operand]);
        }
    }
}

/// A plain integer literal that fits is an `integer` in PostgreSQL; DataFusion reads all as bigint. This
/// matters where the literal itself is a column of the result.
pub fn small_integer(expr: &mut Expr) {
    if is_small(expr) {
        cast_to(expr, DataType::Integer(None));
    }
}

/// Gives the literals of each column of VALUES one type: that of its numbers, when it has any. DataFusion would
/// take numbers beside texts for texts.
pub fn values(rows: &mut [Parens<Vec<Expr>>]) {
    let columns = rows.first().map_or(0, |row| row.content.len());
    for column in 0..columns {
        let cells = || rows.iter().filter_map(|row| row.content.get(column));
        let untyped = |expr: &Expr| match expr {
            Expr::Value(value) => {
                matches!(value.value, Value::SingleQuotedString(_) | Value::EscapedStringLiteral(_) | Value::Null)
            }
            _ => false,
        };
        let literals = cells().all(|cell| is_number(cell) || untyped(cell));
        let numbers = cells().any(is_number);
        let wide = literals && cells().any(|cell| is_number(cell) && !is_small(cell));
        for cell in rows.iter_mut().filter_map(|row| row.content.get_mut(column)) {
            if literals && numbers && untyped(cell) {
                let data_type = if wide { DataType::Numeric(ExactNumberInfo::None) } else { DataType::Integer(None) };
                cast_to(cell, data_type);
            } else if literals && wide {
                cast_to(cell, DataType::Numeric(ExactNumberInfo::None));
            } else {
                small_integer(cell);
            }
        }
    }
}

fn cast_to(expr: &mut Expr, data_type: DataType) {
    let inner = Box::new(take(expr));
    *expr = Expr::Cast { kind: CastKind::Cast, expr: inner, data_type, array: false, format: None };
}

/// `LIMIT '10'` is `LIMIT 10`.
///
/// # Errors
/// 22P02 for a text that is no number.
pub fn quantity(expr: &mut Expr) -> Result<(), Error> {
    let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) = expr else { return Ok(()) };
    match text.trim().parse::<i64>() {
        Ok(number) => *expr = Expr::value(Value::Number(number.to_string(), false)),
        Err(_) => return Err(CatalogError::InvalidText { type_name: "bigint".into(), text: text.clone() }.into()),
    }
    Ok(())
}

/// Is it a number without a type of its own, perhaps with a sign?
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => is_number(expr),
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        _ => false,
    }
}

/// Is it an integer literal, perhaps with a sign, that an integer can hold?
fn is_small(expr: &Expr) -> bool {
    match expr {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => is_small(expr),
        Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) => digits.parse::<i32>().is_ok(),
        _ => false,
    }
}

/// The aggregates whose result type is another one for bigint than for integer.
pub const ADDING: [&str; 2] = ["sum", "avg"];

/// `sum(CASE WHEN … THEN 1 ELSE 0 END)` is a sum of integers. All places of the argument from which its value
/// may come are looked at, for there DataFusion would read a literal as bigint.
pub fn small_addends(function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    for argument in &mut list.args {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument {
            small_value(expr);
        }
    }
}

fn small_value(expr: &mut Expr) {
    match expr {
        Expr::Nested(inner) => small_value(inner),
        Expr::Case { conditions, else_result, .. } => {
            conditions.iter_mut().for_each(|when| small_value(&mut when.result));
            else_result.iter_mut().for_each(|result| small_value(result));
        }
        Expr::Function(function) => {
            let name = function.name.0.last().and_then(|part| part.as_ident()).map(super::names::folded);
            if matches!(name.as_deref(), Some("coalesce" | "nullif" | "greatest" | "least")) {
                small_addends(function);
            }
        }
        other if is_small(other) => *other = cast_call(take(other), &PgType::Int4),
        _ => {}
    }
}

/// `CASE WHEN … THEN 1 ELSE 2.5 END` is numeric for PostgreSQL; DataFusion takes the type of the first result.
/// So the integers among its literals are written as numerics where one of them has a fraction.
pub fn case_numbers(conditions: &mut [CaseWhen], otherwise: Option<&mut Expr>) {
    let mut results: Vec<&mut Expr> = conditions.iter_mut().map(|when| &mut when.result).chain(otherwise).collect();
    let is_integer = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !results.iter().any(|result| digits(result).is_some_and(|text| !is_integer(text))) {
        return;
    }
    for result in &mut results {
        if digits(result).is_some_and(is_integer) {
            **result = cast_call(take(result), &PgType::Numeric(None));
        }
    }
}

/// The text of a number literal, perhaps with a sign before it.
fn digits(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => digits(expr),
        Expr::Value(ValueWithSpan { value: Value::Number(text, _), .. }) => Some(text),
        _ => None,
    }
}
