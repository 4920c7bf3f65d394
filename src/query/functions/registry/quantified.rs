//! `left operator ANY (array)` and its siblings, and comparisons that know NULL.

use datafusion::logical_expr::expr::{BinaryExpr, ScalarFunction};
use datafusion::logical_expr::{Expr, Operator};

use super::{casts, compare, not_implemented};
use crate::catalog::facts::FunctionFact;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::functions::array::{self, Quantifier};
use crate::query::functions::cast::Kind;

/// `left operator ANY|ALL (array)`, where `fact` is the function of the operator and `types` are those of the left
/// side and of the array.
///
/// # Errors
/// 0A000 for operators that are no comparisons, and for types that do not compare as they lie in Arrow's arrays.
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
    let own = |data_type: &PgType| {
        !matches!(
            data_type,
            PgType::Interval
                | PgType::Json
                | PgType::Jsonb
                | PgType::Float4
                | PgType::Float8
                | PgType::Array(_)
                | PgType::Oidvector
                | PgType::Int2vector
        )
    };
    if !own(&left_type) || !own(&element) {
        return Err(not_implemented(fact));
    }
    let (left, array) = match (compare::key(left.clone(), &left_type), compare::key(array.clone(), types.1)) {
        (Some(left), Some(array)) => (left, array),
        (None, None) => (left, array),
        _ => return Err(not_implemented(fact)),
    };
    let is_text = |data_type: &PgType| matches!(data_type, PgType::Text | PgType::Varchar(_) | PgType::Name);
    let (left, array) = if left_type == element || (is_text(&left_type) && is_text(&element)) {
        (left, array)
    } else if left_type.size() <= element.size() && is_integer(&left_type) && is_integer(&element) {
        (casts::convert(left, &left_type, &element, Kind::Explicit), array)
    } else if is_integer(&left_type) && is_integer(&element) {
        let wide = PgType::Array(Box::new(left_type));
        (left, casts::convert(array, &types.1.without_typmod(), &wide, Kind::Explicit))
    } else {
        return Err(not_implemented(fact));
    };
    let function = array::quantified(quantifier, operator);
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![left, array])))
}

fn is_integer(data_type: &PgType) -> bool {
    matches!(data_type, PgType::Int2 | PgType::Int4 | PgType::Int8)
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
