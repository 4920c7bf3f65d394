//! `left operator ANY (array)` and its siblings, and comparisons that know NULL.

use arrow::array::ArrayRef;
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, Operator, Volatility};

use super::{casts, compare, not_implemented};
use crate::catalog::facts::FunctionFact;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::environment::Environment;
use crate::query::functions::array::Quantifier;
use crate::query::functions::cast::Kind;
use crate::query::functions::kernel::{self, Kernel};
use crate::query::functions::lists::compare as lists;

/// `left operator ANY|ALL (array)`, where `fact` is the function of the operator and `types` are those of the left
/// side and of the array.
///
/// # Errors
/// 0A000 for operators that are no comparisons, and for types that have no order.
pub fn array_operator(
    fact: &FunctionFact,
    quantifier: Quantifier,
    left: Expr,
    array: Expr,
    types: (&PgType, &PgType),
) -> Result<Expr> {
    let Some(operator) = compare::operator(&fact.source) else { return Err(not_implemented(fact)) };
    let (left_type, Some(element)) = (types.0.without_typmod(), types.1.element()) else {
        return Err(not_implemented(fact));
    };
    let element = element.without_typmod();
    let is_text = |data_type: &PgType| matches!(data_type, PgType::Text | PgType::Varchar(_) | PgType::Name);
    let list = |element: &PgType| PgType::Array(Box::new(element.clone()));
    let array_type = types.1.without_typmod();
    // The two sides may be of different types that an operator compares: both become the wider one.
    let common = match (&left_type, &element) {
        (PgType::Json, _) | (_, PgType::Json) => return Err(not_implemented(fact)),
        (left, right) if left == right || (is_text(left) && is_text(right)) => left.clone(),
        (left, right) if is_integer(left) && is_integer(right) => wider(left, right),
        (left, right) if is_float(left) && is_float(right) => wider(left, right),
        (left, right) if is_day(left) && is_day(right) => later(left, right),
        _ => return Err(not_implemented(fact)),
    };
    let left = if is_text(&common) { left } else { casts::convert(left, &left_type, &common, Kind::Explicit) };
    let array =
        if is_text(&common) { array } else { casts::convert(array, &array_type, &list(&common), Kind::Explicit) };
    let name = format!("pg_{quantifier:?}_{operator}_{}", common.oid()).to_lowercase();
    let work = move |_: &Environment, arrays: &[ArrayRef]| lists::quantified(quantifier, operator, &common, arrays);
    Ok(kernel::call(Kernel::new(name, 2, PgType::Bool, Volatility::Immutable, work), vec![left, array]))
}

fn is_integer(data_type: &PgType) -> bool {
    matches!(data_type, PgType::Int2 | PgType::Int4 | PgType::Int8)
}

fn is_float(data_type: &PgType) -> bool {
    matches!(data_type, PgType::Float4 | PgType::Float8)
}

fn is_day(data_type: &PgType) -> bool {
    matches!(data_type, PgType::Date | PgType::Timestamp | PgType::Timestamptz)
}

fn wider(left: &PgType, right: &PgType) -> PgType {
    if left.size() >= right.size() { left.clone() } else { right.clone() }
}

/// Of date, timestamp and timestamptz the one that has more to say.
fn later(left: &PgType, right: &PgType) -> PgType {
    let rank = |data_type: &PgType| match data_type {
        PgType::Date => 0,
        PgType::Timestamp => 1,
        _ => 2,
    };
    if rank(left) >= rank(right) { left.clone() } else { right.clone() }
}

/// `left IS [NOT] DISTINCT FROM right`, where `fact` is the function of the equality operator.
///
/// # Errors
/// 0A000 for types that do not compare as they lie in Arrow's arrays.
pub fn distinct_from(
    fact: &FunctionFact,
    left: Expr,
    right: Expr,
    types: (&PgType, &PgType),
    negated: bool,
) -> Result<Expr> {
    if compare::operator(&fact.source) != Some(Operator::Eq) {
        return Err(not_implemented(fact));
    }
    let operator = if negated { Operator::IsNotDistinctFrom } else { Operator::IsDistinctFrom };
    let comparable = compare::comparable((left, types.0), (right, types.1));
    let (left, right) = comparable.ok_or_else(|| not_implemented(fact))?;
    Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right))))
}
