//! Set-returning functions, as expressions whose value is the list of their rows.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Case, Expr};

use super::{Call, adapt, arrays, calendar, documents, not_implemented, patterns, source, strings};
use crate::base::ids::Oid;
use crate::catalog::facts::{Facts, FunctionFact};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::values;

/// The columns of a function that returns several, each as a list with one element for each row.
///
/// # Errors
/// As [`set_returning`].
pub fn set_of_columns(fact: &FunctionFact, arguments: &[Expr]) -> Result<Vec<Expr>> {
    documents::rows(fact, arguments).ok_or_else(|| not_implemented(fact))
}

/// The call of a set-returning function as a list with one element for each row. NULL is no row, as an empty list is.
/// `result` is the type of the rows.
///
/// # Errors
/// 0A000 for a function that is not implemented, or not for these types.
pub fn set_returning(fact: &FunctionFact, arguments: Vec<Expr>, types: &[PgType], result: &PgType) -> Result<Expr> {
    let list = PgType::Array(Box::new(result.without_typmod()));
    let mut call = Call { fact, source: source(fact), arguments, types, result: &list };
    match call.source.as_str() {
        "array_unnest" => match call.kind(0) {
            PgType::Array(_) => Ok(call.first()),
            _ => Err(not_implemented(fact)),
        },
        _ if arrays::rows(fact, &call.arguments, types).is_some() => {
            Ok(arrays::rows(fact, &call.arguments, types).unwrap_or_default())
        }
        _ if documents::rows(fact, &call.arguments).is_some_and(|columns| columns.len() == 1) => {
            Ok(documents::rows(fact, &call.arguments).and_then(|mut columns| columns.pop()).unwrap_or_default())
        }
        "generate_series_int4" | "generate_series_step_int4" | "generate_series_int8" | "generate_series_step_int8" => {
            adapt::call(&mut call, "generate_series")
        }
        "generate_subscripts" | "generate_subscripts_nodir" => subscripts(&mut call),
        "pg_listening_channels" | "pg_partition_ancestors" => {
            let name = call.source.clone();
            adapt::call(&mut call, &name)
        }
        _ => {
            let planned = patterns::set_returning(&mut call)
                .or_else(|| strings::set_returning(&mut call))
                .or_else(|| calendar::series(&mut call));
            planned.unwrap_or_else(|| Err(not_implemented(fact)))
        }
    }
}

/// The subscripts of a dimension of an array, which are a series from its lower to its upper bound.
fn subscripts(call: &mut Call<'_>) -> Result<Expr> {
    /// `array_lower`, `array_upper` and the series of integers with a step.
    const FUNCTIONS: [Oid; 3] = [2091, 2092, 1066];
    let facts = Facts::shipped();
    let [Some(lower), Some(upper), Some(step)] = FUNCTIONS.map(|oid| facts.function(oid)) else {
        return Err(not_implemented(call.fact));
    };
    let types = [call.kind(0), PgType::Int4];
    let mut arguments = call.take();
    let reverse = if arguments.len() > 2 { arguments.pop() } else { None };
    let bound = |fact: &FunctionFact| super::call(fact, arguments.clone(), &types, &PgType::Int4);
    let (lower, upper) = (bound(lower)?, bound(upper)?);
    let series = |from: Expr, to: Expr, by: i32| {
        let by = values::constant(ScalarValue::Int32(Some(by)), &PgType::Int4);
        set_returning(step, vec![from, to, by], &[PgType::Int4, PgType::Int4, PgType::Int4], &PgType::Int4)
    };
    let forward = series(lower.clone(), upper.clone(), 1)?;
    let Some(reverse) = reverse else { return Ok(forward) };
    let backward = series(upper, lower, -1)?;
    let branches = vec![
        (Box::new(Expr::IsNull(Box::new(reverse.clone()))), Box::new(values::null(call.result)?)),
        (Box::new(reverse), Box::new(backward)),
    ];
    Ok(Expr::Case(Case::new(None, branches, Some(Box::new(forward)))))
}
