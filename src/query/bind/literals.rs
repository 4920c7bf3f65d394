//! Literals that DataFusion reads otherwise than PostgreSQL, or not at all.

use datafusion::sql::sqlparser::ast::{CastKind, DataType, Expr, UnaryOperator, Value, ValueWithSpan};

use super::normalise::take;

/// A number with more digits than any decimal of ours can hold is a float.
pub fn wide_number(expr: &mut Expr) {
    let Expr::Value(ValueWithSpan { value: Value::Number(text, _), .. }) = &*expr else { return };
    // A decimal has at most 76 digits, so shorter texts without an exponent fit.
    if text.len() <= 76 && !text.contains(['e', 'E']) {
        return;
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let count = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let exponent = exponent.parse::<i64>().unwrap_or(i64::MAX);
    let before = count(whole.trim_start_matches('0')).saturating_add(exponent);
    let behind = count(part).saturating_sub(exponent);
    if before.max(0).saturating_add(behind.max(0)) > 76 {
        let digits = Expr::Value(Value::SingleQuotedString(text.clone()).into());
        *expr = Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(digits),
            data_type: DataType::DoublePrecision,
            array: false,
            format: None,
        };
    }
}

/// A plain integer literal that fits is an `integer` in PostgreSQL; DataFusion reads all as bigint. This
/// matters where the literal itself is a column of the result.
pub fn small_integer(expr: &mut Expr) {
    let fits = |expr: &Expr| match expr {
        Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) => digits.parse::<i32>().is_ok(),
        _ => false,
    };
    let is_small = match &*expr {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => fits(expr),
        other => fits(other),
    };
    if is_small {
        let literal = take(expr);
        *expr = Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(literal),
            data_type: DataType::Integer(None),
            array: false,
            format: None,
        };
    }
}
