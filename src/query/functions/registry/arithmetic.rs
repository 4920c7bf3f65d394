//! Arithmetic operators of integers and floats: checked, with PostgreSQL's errors.

use datafusion::logical_expr::Expr;

use super::Call;
use crate::error::Result;
use crate::query::functions::arithmetic::{self, Operation};

const NUMBERS: [&str; 13] = [
    "int2", "int4", "int8", "int24", "int42", "int28", "int82", "int48", "int84", "float4", "float8", "float48",
    "float84",
];

/// The operation that a function is.
fn operation(source: &str) -> Option<Operation> {
    NUMBERS.iter().find_map(|name| {
        Some(match source.strip_prefix(name)? {
            "pl" => Operation::Add,
            "mi" => Operation::Subtract,
            "mul" => Operation::Multiply,
            "div" => Operation::Divide,
            "mod" => Operation::Modulo,
            _ => return None,
        })
    })
}

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    match call.source.as_str() {
        "int2um" | "int4um" | "int8um" => return Some(Ok(arithmetic::negation(call.first(), call.result.clone()))),
        "float4um" | "float8um" => return Some(Ok(Expr::Negative(Box::new(call.first())))),
        "int2up" | "int4up" | "int8up" | "float4up" | "float8up" => return Some(Ok(call.first())),
        _ => {}
    }
    let operation = operation(&call.source)?;
    let result = call.result.clone();
    let mut arguments = call.take().into_iter();
    let (left, right) = (arguments.next()?, arguments.next()?);
    Some(Ok(arithmetic::expression(operation, left, right, result)))
}
