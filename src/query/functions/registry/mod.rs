//! Stand-in.
use crate::Result;
use crate::catalog::facts::FunctionFact;
use crate::catalog::types::PgType;
use crate::query::bind::refuse;
use datafusion::logical_expr::{AggregateUDF, Expr, WindowFunctionDefinition};
use std::sync::Arc;
pub fn call(fact: &FunctionFact, _a: Vec<Expr>, _t: &[PgType], _r: &PgType) -> Result<Expr> {
    Err(refuse::not_supported(&fact.name))
}
pub fn aggregate(
    fact: &FunctionFact,
    _a: Vec<Expr>,
    _t: &[PgType],
    _r: &PgType,
) -> Result<(Arc<AggregateUDF>, Vec<Expr>)> {
    Err(refuse::not_supported(&fact.name))
}
pub fn window(
    fact: &FunctionFact,
    _a: Vec<Expr>,
    _t: &[PgType],
    _r: &PgType,
) -> Result<(WindowFunctionDefinition, Vec<Expr>)> {
    Err(refuse::not_supported(&fact.name))
}
