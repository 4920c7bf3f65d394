//! Arithmetic operators of integers, floats and numeric: checked, with PostgreSQL's errors.

use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, Operator};

use super::Call;
use crate::error::Result;
use crate::query::functions::arithmetic::{self, Operation};
use crate::query::functions::division;

const NUMBERS: [&str; 13] = [
    "int2", "int4", "int8", "int24", "int42", "int28", "int82", "int48", "int84", "float4", "float8", "float48",
    "float84",
];

/// The operation that a function is, and whether it is one of numerics.
fn operation(source: &str) -> Option<(Operation, bool)> {
    if let Some(rest) = source.strip_prefix("numeric_") {
        return Some(match rest {
            "add" => (Operation::Add, true),
            "sub" => (Operation::Subtract, true),
            "mul" => (Operation::Multiply, true),
            "div" => (Operation::Divide, true),
            "mod" => (Operation::Modulo, true),
            _ => return None,
        });
    }
    NUMBERS.iter().find_map(|name| {
        Some(match source.strip_prefix(name)? {
            "pl" => (Operation::Add, false),
            "mi" => (Operation::Subtract, false),
            "mul" => (Operation::Multiply, false),
            "div" => (Operation::Divide, false),
            "mod" => (Operation::Modulo, false),
            _ => return None,
        })
    })
}

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    match call.source.as_str() {
        "int2um" | "int4um" | "int8um" => return Some(Ok(arithmetic::negation(call.first(), call.result.clone()))),
        "float4um" | "float8um" | "numeric_uminus" => return Some(Ok(Expr::Negative(Box::new(call.first())))),
        "int2up" | "int4up" | "int8up" | "float4up" | "float8up" | "numeric_uplus" => return Some(Ok(call.first())),
        _ => {}
    }
    let (operation, is_numeric) = operation(&call.source)?;
    let result = call.result.clone();
    let mut arguments = call.take().into_iter();
    let (left, right) = (arguments.next()?, arguments.next()?);
    Some(Ok(match (is_numeric, operation) {
        (false, _) => arithmetic::expression(operation, left, right, result),
        (true, Operation::Divide) => division::divide(left, right),
        (true, _) => {
            let operator = match operation {
                Operation::Add => Operator::Plus,
                Operation::Subtract => Operator::Minus,
                Operation::Multiply => Operator::Multiply,
                _ => Operator::Modulo,
            };
            Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))
        }
    }))
}
