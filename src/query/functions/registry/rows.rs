//! Set-returning functions, as expressions whose value is the list of their rows.

use datafusion::logical_expr::Expr;

use super::{Call, adapt, calendar, not_implemented, patterns, source, strings};
use crate::catalog::facts::FunctionFact;
use crate::catalog::types::PgType;
use crate::error::Result;

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
        "generate_series_int4" | "generate_series_step_int4" | "generate_series_int8" | "generate_series_step_int8" => {
            adapt::call(&mut call, "generate_series")
        }
        "pg_listening_channels" => adapt::call(&mut call, "pg_listening_channels"),
        _ => {
            let planned = patterns::set_returning(&mut call)
                .or_else(|| strings::set_returning(&mut call))
                .or_else(|| calendar::series(&mut call));
            planned.unwrap_or_else(|| Err(not_implemented(fact)))
        }
    }
}
