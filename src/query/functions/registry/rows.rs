//! Set-returning functions, as expressions whose value is the list of their rows.

use datafusion::logical_expr::Expr;

use super::{Call, adapt, documents, not_implemented, source};
use crate::catalog::facts::FunctionFact;
use crate::catalog::types::PgType;
use crate::error::Result;

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
        _ if documents::rows(fact, &call.arguments).is_some_and(|columns| columns.len() == 1) => {
            Ok(documents::rows(fact, &call.arguments).and_then(|mut columns| columns.pop()).unwrap_or_default())
        }
        "generate_series_int4"
        | "generate_series_step_int4"
        | "generate_series_int8"
        | "generate_series_step_int8"
        | "generate_series_timestamp" => adapt::call(&mut call, "generate_series"),
        "pg_listening_channels" => adapt::call(&mut call, "pg_listening_channels"),
        _ => Err(not_implemented(fact)),
    }
}
